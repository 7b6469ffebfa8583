"""What handlers hear beside spikes: when, and with which amount."""

from __future__ import annotations

from collections.abc import Mapping

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import Change
from spikeheb.rules.meaning import signals


def signals_of(circuit: Circuit) -> Mapping[str, tuple[Change, ...]]:
    """The times and amounts of every signal that the rule hears, in the rule's order."""
    return {name: circuit.drive.rewards for name in signals(circuit.rule)}
