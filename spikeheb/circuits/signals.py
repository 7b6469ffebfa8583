"""Events other than spikes that handlers receive: when, and with which amount."""

from __future__ import annotations

from collections.abc import Mapping

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import EVERY, Change
from spikeheb.errors import EngineError
from spikeheb.limits import BYTES_OF_SPIKE, check_memory
from spikeheb.rules.meaning import signals


def signals_of(circuit: Circuit) -> Mapping[str, tuple[Change, ...]]:
    """The times and amounts of every signal that the rule receives, in the rule's order."""
    clocks = {handler.heard: ticks(circuit, handler.every) for handler in circuit.rule.handlers if handler.event == "clock"}
    return {name: clocks.get(name, circuit.drive.rewards) for name in signals(circuit.rule)}


def ticks(circuit: Circuit, every: float) -> tuple[Change, ...]:
    """The times of a handler on the clock, in every cell: the first is one interval after the start.

    Raises
    ------
    EngineError
        For a time shorter than the time step.
    """
    period = round(every / circuit.dt)
    if period < 1:
        text = f"the clock of {every:g} s is faster than the time step of {circuit.dt:g} s"
        raise EngineError(text, path=circuit.rule.path, key="every")
    count = (circuit.steps - 1) // period
    check_memory(BYTES_OF_SPIKE * count, f"{count:,} times of the clock", key="duration")
    return tuple(Change(EVERY, step, 0.0) for step in range(period, circuit.steps, period))
