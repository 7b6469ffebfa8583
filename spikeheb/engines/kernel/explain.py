"""What the analysis found, in words: the text behind ``spikeheb show RULE --kernel``."""

from __future__ import annotations

from spikeheb.cells import Cell
from spikeheb.engines.emit.lanes import generate, header
from spikeheb.expressions.printers import to_brian
from spikeheb.program.analysis import analyse
from spikeheb.program.handlers import describe
from spikeheb.program.program import Block, Program
from spikeheb.program.stretches import can_rest
from spikeheb.rules.rule import Rule

DT = 1e-4


def explain(rule: Rule, cell: Cell | None = None) -> str:
    """The kinds of the rule's variables, what is stepped and by which method, and the handlers in the order in which they run.

    Raises
    ------
    EngineError
        For a rule that reads the membrane where there is no cell.
    """
    program = analyse(rule, cell, DT)
    lines = [f"{rule.label}" + (f" on {cell.name}" if cell else "")]
    lines += [f"  {name}: {_kind(name, program)}" for name in program.variables]
    lines += _block("[post]", program.post) + (_block("cell", program.cell.block) if program.cell else [])
    if program.folded:
        lines.append("  written into the code: " + ", ".join(f"{name} = {value:g}" for name, value in program.folded.items()))
    lines.append("  read at run time: " + (", ".join(program.constants) or "nothing"))
    lines.append("  in a step: " + "; then ".join(f"{action.event} ({describe(action)})" for action in program.actions))
    return "\n".join([*lines, "  " + _clock(program)])


def show_source(rule: Rule, cell: Cell | None = None) -> str:
    """The C++ that is generated for the rule on the cell."""
    program = analyse(rule, cell, DT)
    return header(program) + generate(program)


def _kind(name: str, program: Program) -> str:
    side = {"pre": "; presynaptic spikes alone move it", "post": "; postsynaptic spikes alone move it"}.get(program.sides.get(name, ""), "")
    decay = next((decay for decay in program.decays if name in decay.names), None)
    if decay is not None:
        others = [other for other in decay.names if other != name]
        return "solved exactly between events" + (f", together with {', '.join(others)}" if others else "") + side
    if program.stepped is not None and name in program.stepped.names:
        return f"stepped on the clock ({program.stepped.method}): d{name}/dt = {to_brian(program.stepped.derivatives[name])}"
    return "changes in handlers only" + side


def _block(place: str, block: Block | None) -> list[str]:
    return [f"  {place} {name}: stepped on the clock ({block.method})" for name in block.names] if block else []


def _clock(program: Program) -> str:
    if not program.clocked:
        return "no clock: it runs from event to event"
    if program.cell is not None and not can_rest(program):
        return "every step is taken"
    return "stepped where something happens; quiet stretches are computed"
