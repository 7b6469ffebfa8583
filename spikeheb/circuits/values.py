"""The numbers a circuit starts from, the same for every engine."""

from __future__ import annotations

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.steps import Floats
from spikeheb.errors import EngineError, NonFiniteError, unknown_name
from spikeheb.expressions.printers import evaluate
from spikeheb.rules.numbers import check_numbers


def constants(circuit: Circuit) -> dict[str, float | Floats]:
    """The rule's constants: a float each, or an array over lanes where the circuit overrides it.

    Raises
    ------
    UnknownName
        For an override that names no constant of the rule.
    NonFiniteError
    ExpressionError
        Where the overrides make a part of the rule that reads only constants something else than a finite real number.
    """
    values: dict[str, float | Floats] = dict(circuit.rule.constants)
    for name, array in circuit.plastic.overrides.items():
        if name not in values:
            raise unknown_name("constant", name, values, path=circuit.rule.path, key="overrides")
        values[name] = np.asarray(array, dtype=float) if np.ndim(array) else float(array)
    for name, value in values.items():
        if not np.all(np.isfinite(value)):
            raise NonFiniteError(f"the constant {name} is not finite", path=circuit.rule.path)
    if circuit.plastic.overrides:
        check_numbers(circuit.rule, values)
    return values


def per_input(circuit: Circuit, value: float | Floats) -> Floats:
    """A constant as an array over inputs."""
    array = np.asarray(value, dtype=float)
    return array[circuit.cell_of_synapse] if array.ndim else np.full(circuit.synapse_count, float(array))


def initial_values(circuit: Circuit) -> dict[str, Floats]:
    """The synaptic variables at the start, an array over inputs each; ``rand`` and ``randn`` draw from the circuit's seed.

    Raises
    ------
    UnknownName, NonFiniteError
    EngineError
        For given values of another shape.
    """
    rng = np.random.default_rng([circuit.seed, 0x1417])
    known = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    draws = {"rand": lambda: rng.random(circuit.synapse_count), "randn": lambda: rng.standard_normal(circuit.synapse_count)}
    starts: dict[str, Floats] = {}
    for name, tree in circuit.rule.initial.items():
        value = circuit.plastic.initial[name] if name in circuit.plastic.initial else evaluate(tree, known, draws)
        starts[name] = of_synapses(circuit, name, value)
        if not np.all(np.isfinite(starts[name])):
            raise NonFiniteError(f"the initial value of {name} is not finite", path=circuit.rule.path)
    for name in circuit.plastic.initial:
        if name not in starts:
            raise unknown_name("variable", name, starts, path=circuit.rule.path, key="initial")
    return starts


def of_synapses(circuit: Circuit, name: str, value: object) -> Floats:
    """Initial values as an array over all synapses, cell after cell.

    Raises
    ------
    EngineError
        For values of another shape.
    """
    array, shapes = np.asarray(value, dtype=float), initial_shapes(circuit)
    if array.ndim and array.shape not in shapes:
        raise EngineError(f"initial values of {name} have shape {array.shape}, expected {shapes[0]}", path=circuit.rule.path)
    return (array.reshape(shapes[0]) if array.size == circuit.synapse_count else np.broadcast_to(array, shapes[0])).reshape(-1).copy()


def initial_shapes(circuit: Circuit) -> list[tuple[int, ...]]:
    """The shapes that initial values may have beside a single number; they are converted to the first."""
    sources = circuit.sources.count
    return [(sources,)] if circuit.is_pairwise else [(circuit.cells.count, sources), (sources,), (circuit.synapse_count,)]


def efficacy(circuit: Circuit, variables: dict[str, Floats], known: dict[str, Floats]) -> Floats:
    """The efficacy of every input, from the synaptic variables as they stand."""
    from spikeheb.rules.meaning import expand

    tree = expand(circuit.rule.efficacy, circuit.rule)
    value = evaluate(tree, {**known, **variables})
    return np.broadcast_to(np.asarray(value, dtype=float), (circuit.synapse_count,)).copy()
