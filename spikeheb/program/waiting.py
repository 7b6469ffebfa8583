"""Whether what a postsynaptic spike does to synapses may wait until their next presynaptic spike."""

from __future__ import annotations

from dataclasses import replace

from spikeheb.expressions import tree as t
from spikeheb.program.handlers import random_draws, touched
from spikeheb.program.program import Program
from spikeheb.program.sites import PRE, SYNAPSE, Sites
from spikeheb.rules.meaning import TRANSMIT, Action


def may_wait(program: Program, places: Sites) -> bool:
    """Whether postsynaptic spikes can be carried out later, each as of its own step, and come to the same.

    So it is where they change nothing but variables of the synapse, and read nothing but these and what the source alone moves: both are,
    until the source's next spike, what they were at the postsynaptic one. A synapse that hears of anything else cannot wait.
    """
    if program.stepped is not None or any(action.event not in ("pre", "post") for action in program.actions):
        return False
    posts = [of_synapses(action, places) for action in program.actions if action.event == "post"]
    return any(action.lines for action in posts) and all(_of_source_alone(action, program, places) for action in posts)


def of_synapses(action: Action, places: Sites) -> Action:
    """The handler without the lines that only move what belongs to the neuron that fired."""
    wanted, kept = set[str](), []
    for line in reversed(action.lines):
        if line.target in wanted or line.target == TRANSMIT or places.side.get(line.target) not in (None, action.event):
            kept.append(line)
            wanted |= {name for name in t.names(line.expression) if name.startswith("_")}
        elif line.target not in places.side and not line.target.startswith("_"):
            kept.append(line)  # a variable of the cell
    return replace(action, lines=tuple(reversed(kept)))


def _of_source_alone(action: Action, program: Program, places: Sites) -> bool:
    reads, writes = touched(action, program)
    decays = [decay for decay in program.decays if set(decay.names) & (reads | writes)]
    read = set().union(reads, *(decay.reads for decay in decays), *(t.names(line.expression) for line in action.lines))
    known = {*program.constants, *program.folded, "dt", *(name for name, side in places.side.items() if side in (PRE, SYNAPSE))}
    moved = {line.target for line in action.lines if not line.target.startswith("_")}
    return (
        not random_draws(action)
        and {name for name in read if not name.startswith("_")} <= known
        and all(places.side.get(name) == SYNAPSE for name in moved)
    )
