"""A circuit under names that Brian2 cannot take for its own (see `names`), and its recording under those of the rule's file."""

from __future__ import annotations

from dataclasses import replace

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.values import initial_values
from spikeheb.engines.brian.names import owned, users
from spikeheb.rules.names import renamed


def of_rule(circuit: Circuit, number: int | None = None) -> Circuit:
    """The circuit with the names of its rule owned; an error about a value that is not finite at the start uses the names of the file.

    In a network `number` is that of the projection.
    """

    def own(name: str) -> str:
        return owned(name, number)

    initial_values(circuit)
    plastic = circuit.plastic
    return circuit.with_plastic(
        rule=renamed(circuit.rule, own),
        initial={own(name): value for name, value in plastic.initial.items()},
        overrides={own(name): value for name, value in plastic.overrides.items()},
    )


def under_users_names(recording: Recording) -> Recording:
    """The recording with the names of the rule's file."""
    return replace(recording, variables={users(name): values for name, values in recording.variables.items()})
