"""Handlers as loops: a presynaptic spike over the cells of a tile, a postsynaptic one over the inputs of its cell.

What belongs to the neuron that fired is computed once, before and after the loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spikeheb.engines.emit import bodies
from spikeheb.engines.emit.placements import ONE_SYNAPSE, Loop, Shape
from spikeheb.engines.emit.text import derived, equation_comments, flawed, mangled, pointer
from spikeheb.engines.emit.tile_text import COPY, Text
from spikeheb.expressions import tree as t
from spikeheb.program import methods
from spikeheb.program.fold import fold
from spikeheb.program.handlers import DRAWS_PER_STEP, describe, random_draws, touched
from spikeheb.program.program import Decay, Program
from spikeheb.program.sites import POST, PRE, SYNAPSE, Sites
from spikeheb.program.waiting import of_synapses
from spikeheb.rules.meaning import TRANSMIT, Action

SIZES = "  const int64_t blocks = t.blocks, inputs = t.inputs; (void)blocks; (void)inputs; " + COPY
FLAW = "  Flag flaw = 0;"
OF_ARRAY = {PRE: "pre", POST: "lane", SYNAPSE: "synapse"}


@dataclass(frozen=True)
class Needs:
    """What a handler touches.

    Attributes
    ----------
    plain : tuple of str
        Variables that have no solution of their own, in the rule's order.
    decays : tuple of Decay
        Those whose value now is needed.
    stored : tuple of Decay
        Those whose value is stored anew.
    outside : tuple of str
        Names of the cell.
    written : frozenset of str
    """

    plain: tuple[str, ...]
    decays: tuple[Decay, ...]
    stored: tuple[Decay, ...]
    outside: tuple[str, ...]
    written: frozenset[str]


class HandlerWriter:
    """Prints the handlers of a program, and the step of its synapses, whose noise may be mirrored."""

    def __init__(self, program: Program, sites: Sites, text: Text, shape: Shape, mirrored: bool) -> None:
        self.program, self.sites, self.text, self.shape, self.mirrored = program, sites, text, shape, mirrored
        self.decay_of = {name: decay for decay in program.decays for name in decay.names}

    # --- a handler ---

    def handler(self, n: int, action: Action) -> str:
        """One handler as a function; where a part of it may wait, that is one of its own."""
        waiting = ""
        if self.shape.of_one is not None and action.event == "post":
            waiting = self._waiting(n, of_synapses(action, self.sites), self.shape.of_one)
            action = replace(action, lines=tuple(line for line in action.lines if self.sites.side.get(line.target) in (None, POST)))
        return self._at_once(n, action) + waiting

    def _waiting(self, n: int, action: Action, loop: Loop) -> str:
        """What a handler does to a synapse, at a step that may be behind."""
        needs = self._needs(action)
        lines = [f"// {action.event}, for one synapse: {describe(action)}"]
        arguments = "(T &t, const Shared &__restrict k, int64_t e, int64_t i, int64_t now, int64_t at)"
        lines += [f"template <class T> static bool later_{n}{arguments} {{", "  (void)e; (void)i; (void)now; (void)at;", SIZES, FLAW]
        lines += self._factors(needs)
        lines += [f"  {line}" for line in self._loop(loop, needs, self._assignments(action.lines, loop, 0), frozenset())]
        return "\n".join([*lines, "  return flaw != 0;", "}", ""])

    def _at_once(self, n: int, action: Action) -> str:
        loop = self.shape.of_pre if action.event == "pre" else self.shape.of_post
        needs = self._needs(action)
        which = "i" if action.event == "pre" else "c"
        lines = [f"// {action.event}: {describe(action)}"]
        arguments = f"(T &t, const Shared &__restrict k, int64_t {which}, int64_t now, int64_t at, real amount)"
        lines += [f"template <class T> static bool on_{n}{arguments} {{", "  (void)now; (void)at; (void)amount;", SIZES, FLAW]
        lines += self._factors(needs)
        own = self._own_side(action)
        lines += [f"  {line}" for line in self._loads(needs, loop, inside=False)]
        used = [line for line in action.lines if line.target not in own or self._read_later(line, action)]
        if any(line.target not in own for line in used):
            lines += [f"  {line}" for line in self._loop(loop, needs, self._assignments(used, loop, random_draws(action)), own)]
        if own:
            lines += ["  {", *(f"    {line}" for line in self._own_lines(action, needs, loop, own)), "  }"]
        return "\n".join([*lines, "  return flaw != 0;", "}", ""])

    def _looked_at(self, names: Iterable[str]) -> list[str]:
        """A line that notes whether one of these values, which may not last, is not finite."""
        seen = [mangled(name) for name in names if name in self.program.fragile]
        return [f"flaw |= {flawed(seen)} ? 1 : 0;"] if seen else []

    def _own_side(self, action: Action) -> frozenset[str]:
        """Variables of the side that fired that the handler moves."""
        return frozenset({line.target for line in action.lines if self.sites.side.get(line.target) == action.event})

    def _read_later(self, line: t.Statement, action: Action) -> bool:
        return any(line.target in t.names(other.expression) for other in action.lines) or line.target in t.names(self.program.efficacy)

    def _needs(self, action: Action) -> Needs:
        """What the action reads and writes."""
        reads, writes = touched(action, self.program)
        loads = bodies.loads(action, self.program, self.text.lazy)
        decays, stored = [load.decay for load in loads if load.is_advanced], [load.decay for load in loads if load.stored]
        read = set(reads) | set().union(*(decay.reads for decay in decays))
        names = set().union(*(t.names(line.expression) for line in action.lines))
        outside = {line.target for line in action.lines} | names | read | (t.names(self.program.efficacy) if self.program.cell else set())
        plain = tuple(name for name in self.program.variables if name not in self.decay_of and name in read | writes)
        outside_names = tuple(name for name in self.text.outside if name in outside)
        return Needs(plain, tuple(decays), tuple(stored), outside_names, frozenset(line.target for line in action.lines))

    def _factors(self, needs: Needs) -> list[str]:
        """The decay since the beginning of the epoch, of each variable that is stored relative to it."""
        lines = []
        for n, decay in enumerate(self.sites.scaled):
            (name,) = decay.names
            if decay in needs.decays:
                lines.append(f"  const real {derived(name, 'decayed')} = k.F[{n}][at];")
            if decay in needs.stored:
                lines.append(f"  const real {derived(name, 'grown')} = k.G[{n}][at];")
        return lines

    def _rest(self, decay: Decay) -> t.Tree:
        """What a scaled variable decays to."""
        slope, rest = fold(decay.slopes[0][0], {}), fold(decay.rests[0], {})
        return t.ZERO if rest == t.ZERO else t.Negative(t.Binary("/", rest, slope))

    # --- loops ---

    def _loop(self, loop: Loop, needs: Needs, body: Iterable[str], own: frozenset[str]) -> list[str]:
        lines = [*loop.head, *(f"  {line}" for line in self._pointers(needs, loop)), f"  {loop.hint}", f"  {loop.inner}"]
        lines += [f"    {line}" for line in self._loads(needs, loop, inside=True)]
        lines += [f"    {line}" for line in (*self._own_locals(needs, loop, own), *self._set_anew(needs), *body)]
        lines += [f"    {line}" for line in self._stores(needs, loop)]
        return [*lines, "  }", "}"]

    def _own_locals(self, needs: Needs, loop: Loop, own: frozenset[str]) -> list[str]:
        """The variables of the side that fired under the names that the lines know."""
        side = [name for name, where in self.sites.side.items() if where == loop.own]
        lines = [f"real {mangled(name)} = {derived(name, 'own')};" for name in side if self._loaded(name, needs)]
        return lines + [f"real {mangled(name)} = real(0);" for name in side if name in own and not self._loaded(name, needs)]

    def _set_anew(self, needs: Needs) -> list[str]:
        """The synapse's variables that are set without being read."""
        names = [name for decay in needs.stored for name in decay.names if self._of_synapse(name)]
        return [f"real {mangled(name)} = real(0);" for name in names if not self._loaded(name, needs)]

    def _of_synapse(self, name: str) -> bool:
        return self.sites.side[name] == SYNAPSE

    def _loaded(self, name: str, needs: Needs) -> bool:
        return name in needs.plain or any(name in decay.names for decay in needs.decays)

    def _pointers(self, needs: Needs, loop: Loop) -> list[str]:
        """Pointers to what differs from synapse to synapse."""
        lines = []
        for name in (*needs.plain, *(name for decay in {*needs.decays, *needs.stored} for name in decay.names)):
            side = self.sites.side[name]
            if side in loop.element:
                const = "" if side == SYNAPSE else "const "
                array = f"t.{OF_ARRAY[side]}[{self.sites.row[name]}] + {loop.start[side]}"
                lines.append(f"{const}real *__restrict const {pointer(name)} = {array};")
        for side, decays in self.sites.lazy.items():
            for n, decay in enumerate(decays):
                if side in loop.element and decay in (*needs.decays, *needs.stored):
                    const = "" if side == SYNAPSE else "const "
                    start = f"t.{OF_ARRAY[side]}_since[{n}] + {loop.start[side]}"
                    lines.append(f"{const}int64_t *__restrict const {derived(decay.names[0], 'since')} = {start};")
        if POST in loop.element:
            for name in needs.outside:
                row = self.sites.row_that_rule_reads(name)
                lines.append(f"real *__restrict const {pointer(name)} = t.lane[{row}] + {loop.start[POST]};")
            for state in self._raised(needs):
                row = self.sites.row_of("cell", state)
                lines.append(f"real *__restrict const {derived(state, 'raised')} = t.lane[{row}] + {loop.start[POST]};")
        return sorted(lines)

    def _raised(self, needs: Needs) -> Iterable[str]:
        """The conductances of the cell that the handler raises."""
        return self.sites.places.released if TRANSMIT in needs.written else ()

    def _loads(self, needs: Needs, loop: Loop, *, inside: bool) -> list[str]:
        """Values now, as locals: those that differ from synapse to synapse inside the loop, the others before it."""
        lines = []
        if (POST in loop.element) == inside:
            for name in needs.outside:
                at = f"{pointer(name)}{loop.element[POST]}" if inside else f"t.lane[{self.sites.row_that_rule_reads(name)}][c]"
                lines.append(f"real {mangled(name)} = {at};")
        for name in needs.plain:
            if (self.sites.side[name] in loop.element) == inside:
                lines.append(f"real {self._local(name, loop)} = {self._stored_at(name, loop)};")
        for decay in needs.decays:
            if (self.sites.side[decay.names[0]] in loop.element) == inside:
                lines += self._load_decay(decay, loop)
        return lines

    def _local(self, name: str, loop: Loop) -> str:
        """The local of a variable; before the loop, that of the side that fired has a name of its own."""
        return derived(name, "own") if self.sites.side[name] == loop.own else mangled(name)

    def _stored_at(self, name: str, loop: Loop) -> str:
        side = self.sites.side[name]
        if side in loop.element:
            return f"{pointer(name)}{loop.element[side]}"
        return f"t.{OF_ARRAY[side]}[{self.sites.row[name]}][{loop.start[side]}]"

    def _since_at(self, decay: Decay, loop: Loop) -> str:
        side = self.sites.side[decay.names[0]]
        if side in loop.element:
            return f"{derived(decay.names[0], 'since')}{loop.element[side]}"
        return f"t.{OF_ARRAY[side]}_since[{self.sites.lazy[side].index(decay)}][{loop.start[side]}]"

    def _load_decay(self, decay: Decay, loop: Loop) -> list[str]:
        if decay in self.sites.scaled:
            (name,) = decay.names
            value = f"{self._stored_at(name, loop)}*{derived(name, 'decayed')}"
            rest = self._rest(decay)
            return [f"real {self._local(name, loop)} = {value}" + (f" + {self.text.rule(rest)};" if rest != t.ZERO else ";")]
        fields = {name: self._stored_at(name, loop) for name in decay.names}
        if len(decay.names) == 1:
            (line,) = methods.solution(decay)
            fields[f"{methods.ELAPSED}_{line.target}"] = f"real(now - {self._since_at(decay, loop)})"
            return [f"real {self._local(line.target, loop)} = {self.text.rule(line.expression, fields)};"]
        n, size = self.text.lazy.index(decay), len(decay.names)
        values, rests = ", ".join(fields.values()), ", ".join(self.text.rule(rest) for rest in decay.rests)
        lines = [f"double group_{n}[{size}] = {{{values}}};", f"const double rests_{n}[{size}] = {{{rests}}};"]
        lines.append(f"k.flow_{n}.advance(group_{n}, rests_{n}, now - {self._since_at(decay, loop)});")
        return lines + [f"real {self._local(name, loop)} = real(group_{n}[{place}]);" for place, name in enumerate(decay.names)]

    def _stores(self, needs: Needs, loop: Loop) -> list[str]:
        """What the loop changes for each synapse, and for each cell."""
        lines = [self._store(name, loop) for name in needs.plain if self._written_here(name, needs)]
        for decay in needs.stored:
            if self.sites.side[decay.names[0]] == SYNAPSE:
                lines += self._store_decay(decay, loop)
        if POST in loop.element:
            lines += [
                f"{pointer(name)}{loop.element[POST]} = {mangled(name)};" for name in needs.outside if name in self._posts_written(needs)
            ]
        stored = dict.fromkeys([*needs.plain, *(name for decay in needs.stored for name in decay.names)])
        return lines + self._looked_at(name for name in stored if self._written_here(name, needs))

    def _store(self, name: str, loop: Loop) -> str:
        place = f"{pointer(name)}{loop.element[SYNAPSE]}"
        unless_still = f"{loop.still} ? {place} : " if loop.still and name == self.program.rule.weight else ""
        return f"{place} = {unless_still}{mangled(name)};"

    def _written_here(self, name: str, needs: Needs) -> bool:
        return self._of_synapse(name) and name in needs.written

    def _posts_written(self, needs: Needs) -> frozenset[str]:
        return needs.written & frozenset(self.sites.places.post)

    def _store_decay(self, decay: Decay, loop: Loop) -> list[str]:
        if decay in self.sites.scaled:
            (name,) = decay.names
            rest = self._rest(decay)
            value = mangled(name) if rest == t.ZERO else f"({mangled(name)} - ({self.text.rule(rest)}))"
            return [f"{self._stored_at(name, loop)} = {value}*{derived(name, 'grown')};"]
        lines = [f"{self._stored_at(name, loop)} = {mangled(name)};" for name in decay.names]
        return [*lines, f"{self._since_at(decay, loop)} = now;"]

    # --- lines ---

    def _assignments(self, statements: Iterable[t.Statement], loop: Loop, draws: int) -> list[str]:
        lines: list[str] = []
        if draws:
            lines.append(f"const uint64_t draws = stream(t.seed, DRAWS_OF_HANDLER, uint64_t({loop.number}));")
        at = f"{DRAWS_PER_STEP}*uint64_t(now)"
        for target, expression, drawn in bodies.lines(statements):
            lines += [f"const real {mangled(name)} = real(normal(draws, {at} + {n}));" for name, n in drawn]
            if target == TRANSMIT:
                lines += self._transmission(expression, loop)
            else:
                lines.append(f"{'const real ' if target.startswith('_') else ''}{mangled(target)} = {self.text.rule(expression)};")
        return lines

    def _transmission(self, fraction: t.Tree, loop: Loop) -> list[str]:
        if self.program.cell is None:
            return []
        lines = [f"const real released = {self.text.rule(t.multiply(self.program.efficacy, fraction))};"]
        cell = loop.element[POST]
        lines += [
            f"{derived(state, 'raised')}{cell} += u.q.{mangled(unit)}*released;" for state, unit in self.sites.places.released.items()
        ]
        return ["{", *(f"  {line}" for line in lines), "}"]

    def _own_lines(self, action: Action, needs: Needs, loop: Loop, own: frozenset[str]) -> list[str]:
        """The lines that move variables of the side that fired, once."""
        wanted, kept = set(own), []
        for line in reversed(action.lines):
            if line.target in wanted:
                kept.append(line)
                wanted |= {name for name in t.names(line.expression) if name.startswith("_")}
        lines = self._own_locals(needs, loop, own)
        lines += self._assignments(reversed(kept), loop, 0)
        lines += [f"{self._stored_at(name, loop)} = {mangled(name)};" for name in needs.plain if name in own]
        for decay in needs.stored:
            if self.sites.side[decay.names[0]] == action.event:
                lines += self._store_decay(decay, loop)
        return lines + self._looked_at(sorted(own))

    # --- records ---

    def efficacy(self) -> str:
        """The efficacy of one synapse; variables that are solved between events are not in it."""
        read = t.names(self.program.efficacy)
        plain, outside = (tuple(name for name in names if name in read) for names in (self.program.variables, self.text.outside))
        lines = ["template <class T> static real efficacy(const T &t, const Shared &__restrict k, int64_t c, int64_t i) {"]
        lines += ["  (void)c; (void)i;", SIZES]
        lines += [f"  {line}" for line in self._loads(Needs(plain, (), (), outside, frozenset()), ONE_SYNAPSE, inside=False)]
        return "\n".join([*lines, f"  return {self.text.rule(self.program.efficacy)};", "}", ""])

    # --- synapses on the clock ---

    def step_synapses(self) -> str:
        """All synapses of the tile over one step."""
        block = self.program.stepped
        if block is None:
            return ""
        read = frozenset().union(*map(t.names, block.derivatives.values()))
        read |= t.names(self.program.clip) if self.program.clip is not None else frozenset()
        plain = tuple(name for name in self.program.variables if name in read | set(block.names))
        outside = tuple(name for name in self.text.outside if name in read)
        needs = Needs(plain, (), (), outside, frozenset(block.names))
        loop = self.shape.of_all
        body = list(self.text.step_lines(block, self.text.rule, "NOISE_OF_SYNAPSE", loop.number, mirrored=self.mirrored))
        if self.program.clip is not None:
            body.append(f"{mangled(self.program.rule.weight)} = {self.text.rule(self.program.clip)};")
        arguments = "(T &t, const Shared &__restrict k, int64_t now, int64_t at)"
        lines = [
            *equation_comments(block),
            f"template <class T> static bool step_synapses{arguments} {{",
            "  (void)now; (void)at;",
            SIZES,
            FLAW,
        ]
        once = [f"  real {mangled(name)} = {self._stored_at(name, loop)};" for name in plain if self.sites.side[name] == PRE]
        looped, head = self._loop(loop, needs, body, frozenset()), len(loop.head)
        return "\n".join([*lines, *(f"  {line}" for line in [*looped[:head], *once, *looped[head:]]), "  return flaw != 0;", "}", ""])
