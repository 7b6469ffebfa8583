"""What a kernel has to compute for a rule on a cell: the analysis that code is generated from, and that a reader can see.

Synaptic variables fall into three kinds. Plain ones change only in handlers. Decaying ones are linear with coefficients
that hold still between events, so that they are solved exactly from one event to the next. Stepped ones need the clock.
A variable is one-sided if only the spikes of one side ever move it: all synapses of that neuron share its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from spikeheb.cells import Cell, Receptor, assemble
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE, expanded
from spikeheb.expressions.printers import resolve_units
from spikeheb.program import methods
from spikeheb.program.fold import fold, structural
from spikeheb.program.handlers import fragile
from spikeheb.program.magnitude import of_membrane, without_needless_looks
from spikeheb.program.program import DRAWN, Block, CellProgram, Decay, Program
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import Action, actions, affine, clipped, expand, reads_membrane, signals, stepped
from spikeheb.rules.rule import Rule
from spikeheb.rules.ties import STEP


def analyse(rule: Rule, cell: Cell | None, dt: float, *, receptor: str | None = None, varying: frozenset[str] = frozenset()) -> Program:
    """The program for a rule on a cell (or on none).

    Parameters
    ----------
    rule : Rule
    cell : Cell or None
    dt : float
        Seconds; only numbers depend on it, never the structure.
    receptor : str, optional
        The one that the inputs drive; the first of the cell's file if not given.
    varying : set of str
        Constants that differ between lanes.

    Raises
    ------
    EngineError
        For a rule that reads the membrane where there is no cell, or a method that cannot be used.
    """
    key = (rule.hash, rule.label, rule.path, cell.hash if cell else None, cell.path if cell else None, dt, receptor, varying)
    return _analysed(_Asked(key, rule, cell, dt, receptor, varying))


@dataclass(frozen=True)
class _Asked:
    """What `analyse` was asked, known by its hashes; studies ask the same many times."""

    key: tuple[object, ...]
    rule: Rule = field(compare=False)
    cell: Cell | None = field(compare=False)
    dt: float = field(compare=False)
    receptor: str | None = field(compare=False)
    varying: frozenset[str] = field(compare=False)


@lru_cache(maxsize=64)
def _analysed(asked: _Asked) -> Program:
    rule, cell, dt, receptor, varying = asked.rule, asked.cell, asked.dt, asked.receptor, asked.varying
    if cell is None and reads_membrane(rule):
        raise EngineError(f'the rule "{rule.name}" reads the membrane potential; name a cell', path=rule.path)
    folded = structural(rule, varying)
    clean = _Cleaner(rule, folded)
    on_clock = stepped(rule)
    block = _synaptic_block(rule, on_clock, clean)
    decays = _decays(rule, on_clock, clean)
    plain = tuple(e.name for e in rule.equations if e.kind == "variable")
    handlers = _ordered(rule, clean)
    moving = any(e.name == rule.weight and e.kind == "differential" for e in rule.equations)
    clip = clean.tree(clipped(t.Name(rule.weight), rule.bounds)) if moving and rule.bounds.values else None
    post = _post_block(rule, clean)
    on_spike = tuple(t.Statement(s.target, "=", clean.tree(s.value())) for s in rule.post.on_spike) if rule.post else ()
    same = {name: value for name, value in rule.constants.items() if name not in varying}
    handlers = without_needless_looks(handlers, rule.weight, same, decays, rule.initial)
    assigned = (*(line for action in handlers for line in action.lines), *on_spike)
    program = Program(
        rule=rule,
        folded=folded,
        constants=tuple(name for name in rule.constants if name not in folded),
        plain=plain,
        decays=decays,
        stepped=block,
        clip=clip,
        sides=_sides(rule, plain, decays, handlers),
        actions=handlers,
        efficacy=clean.tree(rule.efficacy),
        post=post,
        post_plain=tuple(e.name for e in rule.post.equations if e.kind == "variable") if rule.post else (),
        on_spike=on_spike,
        fragile=fragile(assigned) & {*rule.variables, *(e.name for e in (rule.post.equations if rule.post else ()))},
        cell=None if cell is None else _cell_program(cell, dt, cell.receptor(receptor)),
        delayed={name: (d.of, d.by) for name, d in rule.post.delayed.items()} if rule.post else {},
    )
    for stepped_block in (program.stepped, program.post, program.cell.block if program.cell else None):
        if stepped_block is not None:
            methods.step(stepped_block)
    return program


class _Cleaner:
    """Trees of a rule with subexpressions, units and structural constants put in."""

    def __init__(self, rule: Rule, folded: Mapping[str, float]) -> None:
        self.rule, self.folded = rule, folded
        self.known = {*known_names(rule), NOISE, "amount", "dt", STEP}

    def tree(self, tree: t.Tree) -> t.Tree:
        return fold(resolve_units(expand(tree, self.rule), self.known), self.folded)


def _synaptic_block(rule: Rule, names: frozenset[str], clean: _Cleaner) -> Block | None:
    equations = tuple(e for e in rule.equations if e.name in names)
    if not equations:
        return None
    shown = tuple(e for e in rule.equations if e.name in names or e.kind == "subexpression")
    derivatives = {e.name: clean.tree(e.expression) for e in equations if e.expression is not None}
    return Block(tuple(derivatives), derivatives, rule.method or "exact", shown)


def _post_block(rule: Rule, clean: _Cleaner) -> Block | None:
    if rule.post is None:
        return None
    derivatives = {e.name: clean.tree(e.expression) for e in rule.post.equations if e.kind == "differential" and e.expression is not None}
    return Block(tuple(derivatives), derivatives, rule.post.method or "exact", rule.post.equations)


def _decays(rule: Rule, on_clock: frozenset[str], clean: _Cleaner) -> tuple[Decay, ...]:
    """The variables solved between events, those that feed each other together."""
    derivatives = {
        e.name: clean.tree(e.expression)
        for e in rule.equations
        if e.kind == "differential" and e.name not in on_clock and e.expression is not None
    }
    groups: list[set[str]] = []
    for name, tree in derivatives.items():
        joined = {name} | (t.names(tree) & set(derivatives))
        for group in [group for group in groups if group & joined]:
            groups.remove(group)
            joined |= group
        groups.append(joined)
    ordered = [tuple(name for name in derivatives if name in group) for group in groups]
    return tuple(_decay(names, derivatives) for names in sorted(ordered, key=lambda names: list(derivatives).index(names[0])))


def _decay(names: tuple[str, ...], derivatives: Mapping[str, t.Tree]) -> Decay:
    slopes, rests = [], []
    for name in names:
        parts = affine(derivatives[name], set(names))
        assert parts is not None, "`stepped` keeps only what is affine"
        slopes.append(tuple(parts[0].get(other, t.ZERO) for other in names))
        rests.append(parts[1])
    return Decay(names, tuple(slopes), tuple(rests))


def _ordered(rule: Rule, clean: _Cleaner) -> tuple[Action, ...]:
    """The handlers as they run within a step: pre then post (or the other way round), then rewards, then the clock."""
    first = ("post", "pre") if rule.coincidence == "post_first" else ("pre", "post")
    clean_actions = [_clean_action(action, clean) for action in actions(rule)]
    return tuple(action for event in (*first, *signals(rule)) for action in clean_actions if action.event == event)


def _clean_action(action: Action, clean: _Cleaner) -> Action:
    lines = (t.Statement(line.target, "=", clean.tree(line.expression)) for line in action.lines)
    kept = tuple(line for line in lines if line.expression != t.Name(line.target))
    return replace(action, lines=kept)


def _sides(rule: Rule, plain: tuple[str, ...], decays: tuple[Decay, ...], handlers: tuple[Action, ...]) -> dict[str, str]:
    """The largest set of variables that one side's spikes alone move, from values which that side has alone."""
    decay_of = {name: decay for decay in decays for name in decay.names}
    sides: dict[str, str] = {}
    for name in (*plain, *decay_of):
        writers = [a for a in handlers if any(line.target == name for line in a.lines)]
        events = {action.event for action in writers}
        random = t.functions(rule.initial[name]) & {"rand", "randn"}
        if len(events) == 1 and events <= {"pre", "post"} and len({a.delay for a in writers}) == 1 and not random:
            sides[name] = writers[0].event
    constants = {*rule.constants, "dt", STEP}

    def stays(name: str, side: str) -> bool:
        """Whether all that the variable's changes read is constant or of the same side."""
        read = set().union(*(_read_for(name, a) for a in handlers if any(line.target == name for line in a.lines)))
        if name in decay_of:
            read |= decay_of[name].reads | set(decay_of[name].names)
        return all(other in constants or sides.get(other) == side for other in read)

    while broken := [name for name, side in sides.items() if not stays(name, side)]:
        for name in broken:
            del sides[name]
    return sides


def _read_for(name: str, action: Action) -> set[str]:
    """Everything that the values given to the variable in the action depend on, through the action's own locals."""
    read: set[str] = set()
    wanted = {name}
    for line in reversed(action.lines):
        if line.target in wanted:
            read |= t.names(line.expression)
            read |= {function for function in t.functions(line.expression) if function in ("rand", "randn")}
            wanted |= {other for other in t.names(line.expression) if other.startswith("_")}
    return {other for other in read if not other.startswith("_")}


def _cell_program(cell: Cell, dt: float, receptor: Receptor) -> CellProgram:
    membrane = assemble(cell, dt)
    known = {*membrane.constants, *(e.name for e in membrane.equations), "I_ext", NOISE, "dt"}

    def clean(tree: t.Tree) -> t.Tree:
        return of_membrane(fold(resolve_units(expanded(tree, membrane.equations), known), {}), membrane.constants)

    derivatives = {e.name: clean(e.expression) for e in membrane.equations if e.kind == "differential" and e.expression is not None}
    return CellProgram(
        cell=cell,
        block=Block(tuple(derivatives), derivatives, cell.method, membrane.equations, membrane.jumps),
        plain=tuple(e.name for e in membrane.equations if e.kind == "variable"),
        constants=membrane.constants,
        threshold=clean(cell.threshold_with(DRAWN)),
        reset=tuple(t.Statement(s.target, "=", clean(s.value())) for s in cell.reset),
        receptor=receptor,
    )
