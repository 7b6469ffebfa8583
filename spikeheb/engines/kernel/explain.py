"""What the analysis found, in words: the text behind ``spikeheb show RULE --kernel``."""

from __future__ import annotations

from spikeheb.cells import Cell
from spikeheb.engines.kernel.source import generate, header
from spikeheb.expressions.printers import to_brian
from spikeheb.program.analysis import analyse
from spikeheb.program.handlers import describe
from spikeheb.program.program import Block, Plan
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
    plan = analyse(rule, cell, DT)
    lines = [f"{rule.label}" + (f" on {cell.name}" if cell else "")]
    lines += [f"  {name}: {_kind(name, plan)}" for name in plan.variables]
    lines += _block("[post]", plan.post) + (_block("cell", plan.cell.block) if plan.cell else [])
    if plan.folded:
        lines.append("  written into the code: " + ", ".join(f"{name} = {value:g}" for name, value in plan.folded.items()))
    lines.append("  read at run time: " + (", ".join(plan.constants) or "nothing"))
    lines.append("  in a step: " + "; then ".join(f"{action.event} ({describe(action)})" for action in plan.actions))
    return "\n".join([*lines, "  " + _clock(plan)])


def show_source(rule: Rule, cell: Cell | None = None) -> str:
    """The C++ that is generated for the rule on the cell."""
    plan = analyse(rule, cell, DT)
    return header(plan) + generate(plan)


def _kind(name: str, plan: Plan) -> str:
    side = {"pre": "; presynaptic spikes alone move it", "post": "; postsynaptic spikes alone move it"}.get(plan.sides.get(name, ""), "")
    decay = next((decay for decay in plan.decays if name in decay.names), None)
    if decay is not None:
        others = [other for other in decay.names if other != name]
        return "solved exactly between events" + (f", together with {', '.join(others)}" if others else "") + side
    if plan.stepped is not None and name in plan.stepped.names:
        return f"stepped on the clock ({plan.stepped.method}): d{name}/dt = {to_brian(plan.stepped.derivatives[name])}"
    return "changes in handlers only" + side


def _block(place: str, block: Block | None) -> list[str]:
    return [f"  {place} {name}: stepped on the clock ({block.method})" for name in block.names] if block else []


def _clock(plan: Plan) -> str:
    if not plan.clocked:
        return "no clock: it runs from event to event"
    if plan.cell is not None and not can_rest(plan):
        return "every step is taken"
    return "stepped where something happens; quiet stretches are computed"
