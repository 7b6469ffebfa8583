"""The C++ of loops over many cells: one struct that says what happens to cells and synapses side by side.

`tile.hpp` (fan-in) and `rows.hpp` (networks) say when it happens. Names of the rule and the cell get an underscore at the
end and are locals of the loops; constants are members of ``u.p`` (rule), ``u.q`` (cell) and ``u.d`` (whatever depends on them alone).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from spikeheb.cells import Cell, Receptor
from spikeheb.engines.emit import steps
from spikeheb.engines.emit.placements import DENSE, Shape
from spikeheb.engines.emit.text import array, equation_comments, events_of, flawed, indent, mangled, pointer
from spikeheb.engines.emit.tile_handlers import FLAW, HandlerWriter
from spikeheb.engines.emit.tile_text import COPY, Text
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian, to_cpp
from spikeheb.program.handlers import describe
from spikeheb.program.program import DRAWN, Program
from spikeheb.program.sites import PRE, SYNAPSE, Sites

WIDTH = {"float64": 4, "float32": 8}
"""Cells of a block: half a cache line of weights, since presynaptic spikes meet blocks across and postsynaptic ones along."""


def generate(
    program: Program,
    sites: Sites,
    *,
    width: int = 1,
    precision: str,
    inhibitory: Receptor | None = None,
    mirrored: bool = False,
    shape: Shape = DENSE,
) -> str:
    """The whole file, but for the header that says for which rule it was first built.

    Parameters
    ----------
    program : Program
    sites : Sites
    width : int
        Cells of a block.
    precision : {"float64", "float32"}
    inhibitory : Receptor or None
        The one that inputs without plasticity drive.
    mirrored : bool
        Whether the noise of every second synapse is that of the one before it, turned round.
    shape : Shape

    Raises
    ------
    EngineError
        For equations that this engine cannot solve.
    """
    return _Writer(program, sites, width, precision, inhibitory, mirrored, shape).file()


def inhibitory_constants(inhibitory: Receptor | None) -> dict[str, str]:
    """For each exponential of the receptor, the constant that says how much a spike adds to it."""
    return {state: f"_inhibit_{state}" for state, _, _ in inhibitory.parts} if inhibitory else {}


class _Writer:
    """Prints the parts of a program."""

    def __init__(
        self, program: Program, sites: Sites, width: int, precision: str, inhibitory: Receptor | None, mirrored: bool, shape: Shape
    ) -> None:
        self.program, self.sites, self.width, self.shape = program, sites, width, shape
        self.text = Text(program, sites, precision)
        self.handlers = HandlerWriter(program, sites, self.text, shape, mirrored)
        self.inhibitory = inhibitory_constants(inhibitory)
        self.real = {"float64": "double", "float32": "float"}[precision]

    def file(self) -> str:
        parts = [self.handlers.handler(n, action) for n, action in enumerate(self.program.actions)]
        parts += [self.dispatch(), self.handlers.efficacy(), self.handlers.step_synapses()]
        parts += [self.step_cells(), self.step_post(), self.spikes(), self.inhibit()]
        model = "\n".join([self.facts(), self.shared(), self.rebase(), *(part for part in parts if part)])
        return "\n".join(
            [
                "#if defined(__AVX512F__) && !defined(__clang__)",
                '#pragma GCC target("prefer-vector-width=512")',
                "#endif",
                "#include <cstdint>",
                f"using real = {self.real};",
                f"constexpr int W = {self.width};  // cells of a block",
                *self.shape.facts,
                f'#include "{self.shape.header}"',
                "",
                self.numbers(),
                "namespace {  // else libraries of the same process would share what is constant in the model of the first",
                "struct Model : Functions<real> {",
                indent(model).rstrip(),
                "};",
                "}  // namespace",
                f"{self.shape.entries}(Model)",
                "",
            ]
        )

    # --- what `tile.hpp` asks ---

    def facts(self) -> str:
        program, sites = self.program, self.sites
        holds = program.cell is not None and (program.cell.cell.refractory > 0 or bool(program.cell.cell.shape))
        truths = {
            "has_cell": program.cell is not None,
            "has_post": program.post is not None,
            "has_inhibition": bool(self.inhibitory),
            "holds": holds,
            "stepped_synapses": program.stepped is not None,
        }
        numbers = {
            "actions": len(program.actions),
            "synapse_count": len(sites.names(SYNAPSE)),
            "pre_count": len(sites.names(PRE)),
            "lane_count": len(sites.rows),
            **{f"{where if where != 'post' else 'lane'}_since_count": len(decays) for where, decays in sites.lazy.items()},
            "weight": sites.row[program.rule.weight],
            "held": sites.row_of("loop", "held"),
            "current": sites.row_of("loop", "I_ext"),
            "shape_parts": len(program.cell.cell.shape) if program.cell else 0,
            "late_count": len(program.delayed),
            "late": sites.row_of("late", next(iter(program.delayed))) if program.delayed else 0,
        }
        sources = [sites.row_that_rule_reads(of) for of, _ in program.delayed.values()]
        lines = [f"static constexpr bool {name} = {str(value).lower()};" for name, value in truths.items()]
        lines += [f"static constexpr int {name} = {value};" for name, value in numbers.items()]
        lines += events_of(program)
        lines.append(array("int", "late_source", sources or [0]))
        lines += [f"// for each {where}: {', '.join(names)}" for where in ("input", "synapse") if (names := self.kept_by(where))]
        lines.append(f"// for each cell: {', '.join(sites.rows)}")
        return "\n".join(lines) + "\n"

    def kept_by(self, where: str) -> Sequence[str]:
        return self.sites.names(PRE if where == "input" else SYNAPSE)

    # --- numbers ---

    def members(self) -> dict[str, Sequence[str]]:
        """Names in ``u.p`` and ``u.q``."""
        return {"Constants": self.program.constants, "CellConstants": (*self.sites.places.cell_constants, *self.inhibitory.values())}

    def numbers(self) -> str:
        """Constants, and what depends on them alone; collected while the rest was printed, so it is printed last."""
        lines = []
        for name, members in self.members().items():
            shown = ", ".join(map(mangled, members)) or "none"
            lines.append(f"template <class T> struct {name} {{ T {shown}; }};")
        derived = ", ".join(name[1:] for name in self.text.hoister.names.values()) or "none"
        lines.append(f"template <class T> struct Derived {{ T {derived}; }};")
        lines.append("template <class T> struct Numbers { Constants<T> p; CellConstants<T> q; Derived<T> d; T dt; };")
        lines += ["", "static void derive(Numbers<double> &u) {"]
        for (space, tree), name in self.text.hoister.names.items():
            naming = self.text.rule_constant if space == "rule" else self.text.cell_constant
            lines.append(f"  u.d.{name[1:]} = {to_cpp(tree, naming)};")
        return "\n".join([*lines, "}", ""])

    def shared(self) -> str:
        count = len(self.sites.scaled)
        coupled = [(n, decay) for n, decay in enumerate(self.text.lazy) if len(decay.names) > 1]
        lines = ["struct Shared : Numbers<real> {"]
        lines.append(f"  const real *F[{count + 1}], *G[{count + 1}];  // by step of the epoch: exp(s*t) and exp(-s*t)")
        lines += [f"  Propagator<{len(decay.names)}> flow_{n};" for n, decay in coupled]
        lines += [
            "  int64_t epoch;",
            "};",
            "template <class Job> static void read(Shared &k, const Job &job) {",
            "  Numbers<double> exact;",
        ]
        lines += ["  std::memcpy(&exact.p, job.constants, sizeof exact.p);", "  std::memcpy(&exact.q, job.cell, sizeof exact.q);"]
        lines += ["  exact.dt = job.dt;", "  derive(exact);"]
        lines.append('  static_assert(sizeof exact % 8 == 0 && sizeof(Numbers<real>) == sizeof exact / 8 * sizeof(real), "no gaps");')
        lines += ["  double values[sizeof exact / 8];", "  real rounded[sizeof exact / 8];", "  std::memcpy(values, &exact, sizeof exact);"]
        lines.append("  for (size_t n = 0; n < sizeof exact / 8; ++n) rounded[n] = real(values[n]);")
        lines += ["  std::memcpy(static_cast<Numbers<real> *>(&k), rounded, sizeof rounded);", "  k.epoch = job.epoch;"]
        lines.append(f"  for (int n = 0; n < {count}; ++n) {{")
        lines += ["    k.F[n] = job.factors + 2*n*(job.epoch + 1);", "    k.G[n] = k.F[n] + job.epoch + 1;", "  }"]
        lines += [f"  {COPY}"] if coupled else []
        for n, decay in coupled:
            lines += steps.prepare_flow(n, decay, "k", "job.dt", self.text.rule)
        return "\n".join([*lines, "}", ""])

    def rebase(self) -> str:
        """A new epoch begins: stored values are multiplied by the decay over the last."""
        lines = ["template <class T> static void rebase(T &t, const Shared &__restrict k) {", "  (void)t; (void)k;"]
        for n, decay in enumerate(self.sites.scaled):
            (name,) = decay.names
            where, count = self.text.whole_array(name, self.shape.count)
            lines += ["  {", f"    real *__restrict z = {where};", f"    const real factor = k.F[{n}][k.epoch];  // {name}"]
            lines += [f"    for (int64_t n = 0; n < {count}; ++n) z[n] *= factor;", "  }"]
        return "\n".join([*lines, "}", ""])

    def dispatch(self) -> str:
        arguments = "(T &t, const Shared &__restrict k, int64_t which, int64_t now, int64_t at, real amount)"
        lines = ["// returns whether a number that would not last is not finite"]
        lines.append(f"template <int action, class T> static bool on{arguments} {{")
        lines += [f"  if constexpr (action == {n}) return on_{n}(t, k, which, now, at, amount);" for n in range(len(self.program.actions))]
        lines += ["}"]
        if self.shape.of_one is not None:
            lines.append("template <int action, class T>")
            lines.append("static bool later(T &t, const Shared &__restrict k, int64_t e, int64_t i, int64_t now, int64_t at) {")
            posts = [n for n, action in enumerate(self.program.actions) if action.event == "post"]
            lines += [f"  if constexpr (action == {n}) return later_{n}(t, k, e, i, now, at);" for n in posts]
            lines += ["  return false;", "}"]
        return "\n".join([*lines, ""])

    # --- the cells ---

    def over_lanes(self, body: Iterable[str]) -> list[str]:
        """A loop over all cells of the tile, a block at a time."""
        head = ["  const int64_t lanes = t.blocks*W;", "  SIDE_BY_SIDE", "  for (int64_t c = 0; c < lanes; ++c) {"]
        return [*head, *(f"    {line}" for line in body), "  }"]

    def pointers(self, rows: Mapping[str, int], written: Iterable[str]) -> list[str]:
        changed = set(written)
        return [
            f"  {'' if name in changed else 'const '}real *__restrict const {pointer(name)} = t.lane[{row}];" for name, row in rows.items()
        ]

    def step_cells(self) -> str:
        """One step of all cells; which of them are beyond the threshold, and whether any is."""
        cell = self.program.cell
        if cell is None:
            return ""
        names = (*self.sites.places.cell, "I_ext")
        holds = cell.cell.refractory > 0 or bool(cell.cell.shape)
        lines = [*equation_comments(cell.block), f"// threshold: {to_brian(cell.cell.threshold)}"]
        lines += [
            "template <class T> static bool step_cells(T &t, const Shared &__restrict k, int64_t now) {",
            "  (void)now;",
            f"  {COPY}",
            "  Flag any = 0;",
        ]
        lines += self.pointers({name: self.sites.row_that_cell_reads(name) for name in names}, cell.block.written)
        lines += ["  real *__restrict const holding = t.lane[held];"] if holds else []
        lines.append("  auto *__restrict const fired = t.fired;")
        body = [f"{'' if name in cell.block.written else 'const '}real {mangled(name)} = {pointer(name)}[c];" for name in names]
        body += ["const real before = v_;", "const real left = holding[c];"] if holds else []
        body += self.text.step_lines(cell.block, self.text.cell, "NOISE_OF_CELL", "t.first_cell + c")
        body += ["v_ = left > real(0) ? before : v_;"] if holds else []
        body += [f"{pointer(name)}[c] = {mangled(name)};" for name in cell.block.written]
        if cell.draws:
            drawn = "uniform(stream(t.seed, DRAWS_OF_THRESHOLD, uint64_t(t.first_cell + c)), uint64_t(now))"
            body.append(f"const real {mangled(DRAWN)} = real({drawn});")
        body.append(f"Flag on = ({self.text.cell(cell.threshold)}) ? 1 : 0;")
        body += ["on = left > real(0) ? 0 : on;", "holding[c] = left - (left > real(0) ? real(1) : real(0));"] if holds else []
        body += ["fired[c] = on;", "any |= on;"]
        return "\n".join([*lines, *self.over_lanes(body), "  return any != 0;", "}", ""])

    def step_post(self) -> str:
        post = self.program.post
        if post is None:
            return ""
        read = frozenset().union(*map(t.names, post.derivatives.values())) | set(post.names)
        outside = [name for name in self.text.outside if name in read]
        lines = [
            *equation_comments(post),
            "template <class T> static bool step_post(T &t, const Shared &__restrict k, int64_t now) {",
            "  (void)now;",
            f"  {COPY}",
            FLAW,
        ]
        lines += self.pointers({name: self.sites.row_that_rule_reads(name) for name in outside}, post.names)
        body = [f"{'' if name in post.names else 'const '}real {mangled(name)} = {pointer(name)}[c];" for name in outside]
        body += self.text.step_lines(post, self.text.rule, "NOISE_OF_POST", "t.first_cell + c")
        body += [f"{pointer(name)}[c] = {mangled(name)};" for name in post.names]
        seen = [mangled(name) for name in post.names if name in self.program.fragile]
        body += [f"flaw |= {flawed(seen)} ? 1 : 0;"] if seen else []
        return "\n".join([*lines, *self.over_lanes(body), "  return flaw != 0;", "}", ""])

    def spikes(self) -> str:
        """What the cell that fired does: [post].on_spike, the parts of the spike's shape, the reset."""
        places, cell = self.sites.places, self.program.cell

        def assignments(
            statements: Iterable[t.Statement], known: Iterable[str], row: Callable[[str], int], text: Callable[[t.Tree], str]
        ) -> list[str]:
            lines = []
            for statement in statements:
                names = sorted({statement.target, *t.names(statement.expression)} & set(known))
                loads = " ".join(f"real {mangled(name)} = t.lane[{row(name)}][c];" for name in names)
                lines.append(f"  {{ {loads} t.lane[{row(statement.target)}][c] = {text(statement.expression)}; }}")
            return lines

        lines = [
            "template <class T> static bool on_spike(T &t, const Shared &__restrict k, int64_t c) {",
            "  (void)t; (void)c;",
            f"  {COPY}",
        ]
        row = self.sites.row_that_rule_reads
        lines += assignments(self.program.on_spike, self.text.outside, row, self.text.rule)
        seen = [
            f"t.lane[{row(name)}][c]" for name in dict.fromkeys(s.target for s in self.program.on_spike) if name in self.program.fragile
        ]
        lines += [f"  return {flawed(seen)};", "}"]
        if cell is not None:
            lines += ["template <class T> static void reset(T &t, const Shared &__restrict k, int64_t c) {", f"  {COPY}"]
            lines += [
                *assignments(cell.reset, (*places.cell, "I_ext"), self.sites.row_that_cell_reads, self.text.cell),
                "}",
                "static real shape_v(const Shared &k, int64_t part) {",
                f"  (void)part; {COPY}",
            ]
            lines += [f"  if (part == {n}) return u.q.{mangled(name)};" for n, name in enumerate(places.shape)]
            lines += ["  return real(0);", "}"]
        return "\n".join([*lines, ""])

    def inhibit(self) -> str:
        lines = [
            "template <class T> static void inhibit(T &t, const Shared &__restrict k, real spikes) {",
            f"  (void)t; (void)spikes; {COPY}",
        ]
        for state, unit in self.inhibitory.items():
            row = self.sites.row_of("cell", state)
            lines.append(f"  for (int64_t c = 0; c < t.blocks*W; ++c) t.lane[{row}][c] += u.q.{mangled(unit)}*spikes;")
        return "\n".join([*lines, "}", ""])


def header(program: Program, cell: Cell | None) -> str:
    """Comment lines on what a library was first built for, its handlers included."""
    lines = [f"// Fan-in. Rule: {program.rule.label}, hash {program.rule.hash}."]
    if cell is not None:
        lines.append(f"// Cell: {cell.name}, hash {cell.hash}.")
    lines += [f"//   {action.event}: {describe(action)}" for action in program.actions]
    lines.append("// Their constants are read at run time: every rule and cell of the same structure runs in this library.")
    return "\n".join(lines) + "\n\n"


def epoch(slopes: Iterable[float], dt: float, precision: str) -> int:
    """Steps of an epoch: a power of two, within which no variable decays beyond what the numbers can hold."""
    most = {"float64": 500.0, "float32": 60.0}[precision]
    fastest = max((abs(slope) * dt for slope in slopes), default=0.0)
    longest = 1024.0 if fastest == 0 else min(1024.0, most / fastest)
    return 1 << max(0, math.floor(math.log2(max(longest, 1.0))))
