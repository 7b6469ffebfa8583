"""The C++ of a kernel: one struct that says what happens, each part under the equation that it came from.

`lanes.hpp` says when it happens. Names of the rule and the cell get an underscore at the end, so that they meet no name of
C++; parameters are members of ``k.p`` (rule) and ``k.q`` (cell), whatever depends only on them of ``k.d``, and the variables
of a synapse, a cell and ``[post]`` members of ``s``, ``z.cell`` and ``z.post``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from spikeheb.engines.emit import bodies, motion, steps
from spikeheb.engines.emit.hoist import Hoister, comparisons, decided, inverted
from spikeheb.engines.emit.text import array, derived, equation_comments, events_of, flawed, indent, mangled, struct
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian, to_cpp
from spikeheb.program import methods
from spikeheb.program.handlers import DRAWS_PER_STEP, describe, random_draws
from spikeheb.program.layout import Layout, layout, synapse_dtype
from spikeheb.program.program import DRAWN, Block, Decay, Program
from spikeheb.program.stretches import can_rest
from spikeheb.rules.meaning import TRANSMIT, Action, reads_membrane
from spikeheb.rules.ties import STEP

Naming = Callable[[str], str]
SYNAPSE_STEP = "(Variables<T> &s, const State<Z> &z, const Late<Z> &late, const Shared &k, Draw &&draw, int64_t now) {"
CELL_STEP = "(State<T> &z, const Late<T> &late, const Shared &k, Draw &&draw, int64_t now) {"
HANDLER = "(Synapse &s, State<double> &z, const Late<double> &late, const Shared &k, int64_t now, double amount, uint64_t draws)"


@lru_cache(maxsize=64)
def generate(program: Program) -> str:
    """The whole file, but for the header that says for which rule it was first built."""
    writer = _Writer(program)
    return writer.file()


def header(program: Program) -> str:
    """Comment lines on the rule and the cell that a library was first built for."""
    rule, cell = program.rule, program.cell
    lines = [f"// Rule: {rule.label}, hash {rule.hash}."]
    if cell is not None:
        lines.append(f"// Cell: {cell.cell.name}, hash {cell.cell.hash}.")
    lines.append("// Their constants are read at run time: every rule and cell of the same structure runs in this library.")
    return "\n".join(lines) + "\n\n"


class _Writer:
    """Prints the parts of a program; remembers what was hoisted out of them."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.layout: Layout = layout(program)
        self.hoister = Hoister()
        self.rule_fixed = frozenset({*program.constants, "dt"})
        self.cell_fixed = frozenset({*program.cell.constants, "dt"}) if program.cell else frozenset()
        self.fields = {name: f"s.{mangled(name)}" for name in program.variables}
        self.fields |= {name: f"z.post.{mangled(name)}" for name in program.post_names}
        self.fields |= {name: f"late.values[{n}]" for n, name in enumerate(program.delayed)}
        self.fields |= {"v": "z.cell.v_", "amount": "amount", "dt": "k.dt", STEP: "double(now)"}
        for decay in program.decays:
            self.fields |= {f"{methods.ELAPSED}_{name}": f"double(now - s.{since(decay)})" for name in decay.names}

    # --- names ---

    def rule_name(self, locals_: Iterable[str] = ()) -> Naming:
        own = set(locals_)

        def name(id_: str) -> str:
            if id_ not in own and id_ in self.fields:
                return self.fields[id_]
            if id_.startswith("_fixed_"):
                return f"k.d.{id_[1:]}"
            if id_.startswith("_table_"):
                return f"k.d.{id_[1:]}[{self.outcome(id_)}]"
            return mangled(id_) if id_ in own or id_.startswith("_") else f"k.p.{mangled(id_)}"

        return name

    def cell_name(self, id_: str) -> str:
        if id_.startswith("_fixed_"):
            return f"k.d.{id_[1:]}"
        if id_ == "dt":
            return "k.dt"
        if id_ == "I_ext":
            return "z.I_ext"
        if id_ in self.layout.cell:
            return f"z.cell.{mangled(id_)}"
        return mangled(id_) if id_.startswith("_") else f"k.q.{mangled(id_)}"

    def rule_text(self, tree: t.Tree, locals_: Iterable[str] = ()) -> str:
        return to_cpp(self.hoister.tree(tree, self.rule_fixed, "rule"), self.rule_name(locals_))

    def step_text(self, tree: t.Tree) -> str:
        """As `rule_text`, made fast: this is computed at every step."""
        return self.rule_text(inverted(self.hoister.tabulated(tree, self.rule_fixed), self.rule_fixed))

    def outcome(self, table: str) -> str:
        """Where to look into a table: a bit for each comparison."""
        (tree,) = (tree for tree, name in self.hoister.tables.items() if name == table)
        bits = [f"({self.rule_text(condition)})" for condition in comparisons(tree)]
        return " + ".join(f"{2**n}*{bit}" if n else bit for n, bit in enumerate(bits))

    def cell_text(self, tree: t.Tree) -> str:
        return to_cpp(self.hoister.tree(inverted(tree, self.cell_fixed), self.cell_fixed, "cell"), self.cell_name)

    # --- the file ---

    def file(self) -> str:
        parts = [
            self.efficacy(),
            *(self.handler(n, action) for n, action in enumerate(self.program.actions)),
            self.dispatch(),
            self.synapse_step(),
        ]
        parts.append(motion.parts(self.program, self.rule_fixed, self.fields, self.rule_text))
        parts += [motion.parts_of_state(*self.moving()), self.cell_parts(), self.post_parts(), self.late()]
        body = "\n".join(part for part in parts if part)
        return "\n".join(
            [
                '#include "lanes.hpp"',
                "",
                "namespace lanes {",
                "namespace {  // else libraries of the same process would share what is constant in the model of the first",
                "struct Model {",
                indent("\n".join([self.facts(), self.structs(), self.constants()])),
                indent(body).rstrip(),
                "};",
                "}  // namespace",
                "}  // namespace lanes",
                "",
                'extern "C" int64_t advance_lanes(const Job *job, int64_t first_lane, int64_t last_lane, int64_t until) {',
                "  return advance<lanes::Model>(*job, first_lane, last_lane, until);",
                "}",
                f"static_assert(sizeof(lanes::Model::Synapse) == {synapse_dtype(self.program).itemsize});",
                f"static_assert(sizeof(lanes::Model::State<double>) == {8 * self.layout.state_size});",
                "",
            ]
        )

    def facts(self) -> str:
        program, places = self.program, self.layout
        moving = program.rule.weight
        facts = {
            "has_cell": program.cell is not None,
            "has_post": program.post is not None,
            "cell_noisy": program.cell is not None and program.cell.block.noisy,
            "threshold_draws": program.cell is not None and program.cell.draws,
            "post_noisy": program.post is not None and program.post.noisy,
            "synapse_noisy": program.stepped is not None and program.stepped.noisy,
            "can_rest": can_rest(program),
            "reads_potential": reads_membrane(program.rule),
        }
        lines = [f"static constexpr bool {name} = {str(value).lower()};" for name, value in facts.items()]
        lines += motion.facts(program, self.rule_fixed) + motion.facts_of_state(*self.moving())
        lines.append(f"static constexpr int actions = {len(program.actions)};")
        lines += events_of(program)
        lines.append(array("int", "draws", [random_draws(action) for action in program.actions]))
        weighty = [any(line.target == moving for line in action.lines) for action in program.actions]
        does = [program.cell is not None or any(line.target != TRANSMIT for line in action.lines) for action in program.actions]
        lines.append(array("bool", "matters", [str(value).lower() for value in does]))
        lines.append(array("bool", "moves_weight", [str(value).lower() for value in weighty]))
        lines.append(f"static constexpr int shape_parts = {len(program.cell.cell.shape) if program.cell else 0};")
        lines.append(f"static constexpr int late_count = {len(program.delayed)};")
        lines.append(f"static constexpr int moving_in_cell = {len(program.cell.block.names) if program.cell else 0};")
        lines.append(f"static constexpr int moving_count = {max(1, len(places.moving))};")
        lines.append(array("int", "moving", places.moving or (0,)))
        return "\n".join(lines) + "\n"

    def structs(self) -> str:
        program, places = self.program, self.layout
        text = [struct("Constants", "double", program.constants, "of the rule")]
        text.append(struct("CellConstants", "double", places.cell_constants, "of the cell"))
        text.append(struct("Variables", "T", program.variables, "of a synapse", template=True))
        text.append("struct Synapse : Variables<double> {")
        if program.decays:
            stamps = ", ".join(since(decay) for decay in program.decays)
            text.append(f"  int64_t {stamps};  // the step of the value that is stored")
        text.append(f"  double weight() const {{ return {mangled(program.rule.weight)}; }}")
        text.append("};")
        text.append(struct("Cell", "T", places.cell, "", template=True))
        text.append(struct("Post", "T", places.post, "", template=True))
        text.append("template <class T> struct State { Cell<T> cell; Post<T> post; T I_ext; };")
        late = ", ".join(program.delayed) or "nothing is read late"
        text.append(f"template <class T> struct Late {{ T values[{max(1, len(program.delayed))}]; }};  // {late}")
        return "\n".join(text) + "\n"

    def constants(self) -> str:
        """What depends on constants alone; collected while the rest was printed, so it is printed last."""
        solved = [(n, decay) for n, decay in enumerate(self.program.decays) if len(decay.names) > 1]
        lines = ["struct Derived {"]
        lines += [f"  double {name[1:]};" for name in self.hoister.names.values()]
        lines += [f"  Table<{2 ** len(comparisons(tree))}> {name[1:]};" for tree, name in self.hoister.tables.items()]
        lines += [f"  Propagator<{len(decay.names)}> flow_{n};" for n, decay in solved]
        lines += ["};", "struct Shared { Constants p; CellConstants q; Derived d; double dt; };", ""]
        lines.append("static void read(Shared &k, const double *constants, const double *cell, double dt) {")
        lines.append("  std::memcpy(&k.p, constants, sizeof k.p);")
        lines.append("  std::memcpy(&k.q, cell, sizeof k.q);")
        lines.append("  k.dt = dt;")
        for (space, tree), name in self.hoister.names.items():
            naming = self.rule_name() if space == "rule" else self.cell_name
            lines.append(f"  k.d.{name[1:]} = {to_cpp(tree, naming)};")
        for tree, name in self.hoister.tables.items():
            values = (decided(tree, outcome) for outcome in range(2 ** len(comparisons(tree))))
            lines += [f"  k.d.{name[1:]}[{n}] = {to_cpp(value, self.rule_name())};" for n, value in enumerate(values)]
        for n, decay in solved:
            lines += steps.prepare_flow(n, decay, "k.d", "dt", lambda tree: to_cpp(tree, self.rule_name()))
        return "\n".join([*lines, "}"]) + "\n"

    # --- synapses ---

    def efficacy(self) -> str:
        lines = [f"// efficacy = {to_brian(self.program.rule.efficacy)}"]
        lines.append("static double efficacy(const Synapse &s, const State<double> &z, const Late<double> &late, const Shared &k) {")
        lines += [f"  return {self.rule_text(self.program.efficacy)};", "}", ""]
        return "\n".join(lines)

    def handler(self, n: int, action: Action) -> str:
        lines = [f"// {action.event}: {describe(action)}", f"static bool on_{n}{HANDLER} {{"]
        declared: set[str] = set()
        stores: list[str] = []
        for index, decay, is_advanced, stored in bodies.loads(action, self.program):
            if is_advanced:
                lines += self.load(index, decay, stored)
                declared |= set(decay.names)
            if stored:
                stores += [f"  s.{mangled(name)} = {mangled(name)};" for name in decay.names] + [f"  s.{since(decay)} = now;"]
        lines += self.assignments(action, declared, {name for decay in self.program.decays for name in decay.names})
        written = dict.fromkeys(line.target for line in action.lines if line.target in self.program.fragile)
        return "\n".join([*lines, *stores, f"  return {flawed([self.fields[name] for name in written])};", "}", ""])

    def dispatch(self) -> str:
        lines = ["// returns whether a number that would not last is not finite", f"template <int action> static bool on{HANDLER} {{"]
        call = "(s, z, late, k, now, amount, draws);"
        lines += [f"  if constexpr (action == {n}) return on_{n}{call}" for n in range(len(self.program.actions))]
        return "\n".join([*lines, "}", ""])

    def load(self, index: int, decay: Decay, stored: bool) -> list[str]:
        """The group's values now, as locals."""
        const = "" if stored else "const "
        if len(decay.names) == 1:
            (line,) = methods.solution(decay)
            return [f"  {const}double {mangled(line.target)} = {self.rule_text(line.expression)};"]
        values = ", ".join(f"s.{mangled(name)}" for name in decay.names)
        rests = ", ".join(self.rule_text(rest) for rest in decay.rests)
        size = len(decay.names)
        lines = [f"  double group_{index}[{size}] = {{{values}}};", f"  const double rests_{index}[{size}] = {{{rests}}};"]
        lines.append(f"  k.d.flow_{index}.advance(group_{index}, rests_{index}, now - s.{since(decay)});")
        return lines + [f"  {const}double {mangled(name)} = group_{index}[{n}];" for n, name in enumerate(decay.names)]

    def assignments(self, action: Action, declared: set[str], solved: set[str]) -> list[str]:
        lines: list[str] = []
        for target, expression, drawn in bodies.lines(action.lines):
            lines += [f"  const double {mangled(name)} = normal(draws, {DRAWS_PER_STEP}*uint64_t(now) + {n});" for name, n in drawn]
            if target == TRANSMIT:
                lines += self.transmission(expression, declared)
                continue
            text = self.rule_text(expression, declared)
            if target.startswith("_"):
                lines.append(f"  const double {mangled(target)} = {text};")
            elif target in solved:
                lines.append(f"  {'' if target in declared else 'double '}{mangled(target)} = {text};")
                declared.add(target)
            else:
                lines.append(f"  {self.fields[target]} = {text};")
        return lines

    def transmission(self, fraction: t.Tree, declared: set[str]) -> list[str]:
        if self.program.cell is None:
            return []
        released = self.rule_text(t.multiply(self.program.efficacy, fraction), declared)
        lines = [f"  const double released = {released};"]
        return lines + [f"  z.cell.{mangled(state)} += k.q.{mangled(unit)}*released;" for state, unit in self.layout.released.items()]

    def synapse_step(self) -> str:
        program = self.program
        lines = []
        noisy = program.stepped is not None and program.stepped.noisy
        lines.append("static bool noise_acts(const Synapse &s, const State<double> &z, const Late<double> &late, const Shared &k) {")
        lines += [f"  return {steps.acts(program.stepped, '0.0', self.step_text) if program.stepped else 'false'};", "}"]
        if program.stepped is not None:
            lines += equation_comments(program.stepped)
        lines += ["// one step, before the weight is held within its limits; returns whether noise acted"]
        lines.append(f"template <class T, class Z, class Draw> static auto move_synapse{SYNAPSE_STEP}")
        if program.stepped is not None:
            lines += self.step_lines(program.stepped, self.step_text, self.fields.__getitem__, "T")
        lines += [
            f"  return {'acts' if noisy else 'false'};",
            "}",
            f"template <class T, class Z, class Draw> static auto step_synapse{SYNAPSE_STEP}",
        ]
        lines.append("  const auto acts = move_synapse(s, z, late, k, draw, now);")
        lines += ["  hold_weight(s, k);" if program.stepped else "", "  return acts;", "}"]
        lines.append("template <class T> static void hold_weight(Variables<T> &s, const Shared &k) {")
        if program.clip is not None:
            lines.append(f"  {self.fields[program.rule.weight]} = {self.rule_text(program.clip)};")
        stepped = program.stepped.names if program.stepped else ()
        seen = [self.fields[name] for name in stepped if name == program.rule.weight or name in program.fragile]
        lines += ["}", "// after a step: what would not last if it were not finite", "static bool flawed(const Synapse &s) {"]
        lines += [f"  return {flawed(seen)};", "}", "static bool any_flawed(const Synapse &s) {"]
        lines.append(f"  return {flawed([self.fields[name] for name in program.variables])};")
        return "\n".join([*lines, "}", ""])

    def moving(self) -> tuple[list[motion.Moved], list[motion.Moved]]:
        """The stepped variables of the cell, and those of ``[post]``."""
        places = {name: n for n, name in enumerate(self.layout.cell)}
        after = {"v": 0} | {name: len(places) + n for n, name in enumerate(self.layout.post)}
        cell = list(motion.moved(self.program.cell.block, self.cell_fixed, places, self.cell_text)) if self.program.cell else []
        return cell, list(motion.moved(self.program.post, self.rule_fixed, after, self.rule_text)) if self.program.post else []

    def step_lines(self, block: Block, text: steps.Printed, field: Naming, kind: str) -> list[str]:
        lines = []
        if block.noisy:
            root = text(t.Call("sqrt", (methods.DT,)))
            lines.append(f"  const auto acts = {steps.acts(block, '0.0', text)};")
            lines.append(f"  const auto _noise_ = noise_where(acts, {root}, draw, now);")
        return lines + [f"  {line}" for line in steps.step(block, kind, field, text)]

    # --- cell and [post] ---

    def cell_parts(self) -> str:
        cell = self.program.cell
        if cell is None:
            return ""
        lines = equation_comments(cell.block)
        lines.append("template <class T, class Draw> static void step_cell(State<T> &z, const Shared &k, Draw &&draw, int64_t now) {")
        lines += self.step_lines(cell.block, self.cell_text, lambda name: f"z.cell.{mangled(name)}", "T")
        lines += ["}", "", f"// threshold: {to_brian(cell.cell.threshold)}"]
        lines.append(f"template <class T> static auto threshold(const State<T> &z, const Shared &k, double {mangled(DRAWN)} = 0.0) {{")
        lines += [f"  (void){mangled(DRAWN)};", f"  return {self.cell_text(cell.threshold)};", "}"]
        due = " || ".join(f"z.cell.{mangled(name)} != 0.0" for name in cell.block.jumps)
        lines += ["// whether the potential is about to jump", "static bool jumps(const State<double> &z) {", "  (void)z;"]
        lines += [f"  return {due or 'false'};", "}", ""]
        lines.append("static void reset(State<double> &z, const Shared &k) {")
        lines += [f"  {self.cell_name(s.target)} = {self.cell_text(s.expression)};" for s in cell.reset]
        lines += ["}", "static double shape_v(const Shared &k, int64_t part) {"]
        lines += [f"  if (part == {n}) return k.q.{mangled(name)};" for n, name in enumerate(self.layout.shape)]
        return "\n".join([*lines, "  return 0.0;", "}", ""])

    def post_parts(self) -> str:
        program = self.program
        lines = equation_comments(program.post) if program.post else []
        if program.post is not None:
            lines.append(f"template <class T, class Draw> static void step_post{CELL_STEP}")
            lines += [*self.step_lines(program.post, self.rule_text, self.fields.__getitem__, "T"), "}", ""]
        lines.append("static void on_spike(State<double> &z, const Late<double> &late, const Shared &k) {")
        lines += [f"  {self.fields[s.target]} = {self.rule_text(s.expression)};" for s in program.on_spike]
        lines += ["}", "static bool post_flawed(const State<double> &z) {"]
        lines.append(f"  return {flawed([self.fields[name] for name in program.post_names if name in program.fragile])};")
        return "\n".join([*lines, "}", ""])

    def late(self) -> str:
        lines = ["template <class T> static T late_source(int which, const State<T> &z) {"]
        for n, (name, (of, _)) in enumerate(self.program.delayed.items()):
            lines.append(f"  if (which == {n}) return {self.fields[of]};  // {name}")
        return "\n".join([*lines, "  return 0.0;", "}", ""])


def since(decay: Decay) -> str:
    """The member that holds the step of a group's stored values."""
    return derived(decay.names[0], "since")
