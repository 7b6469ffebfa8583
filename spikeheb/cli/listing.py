"""``spikeheb list`` and ``spikeheb check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli.printing import data_table, note
from spikeheb.errors import SpikehebError

if TYPE_CHECKING:
    from spikeheb.cells import Cell
    from spikeheb.circuits.circuit import Circuit
    from spikeheb.rules import Rule

TRIAL_RULE, TRIAL_CELL = "pair", "l5_pyramidal"
"""The rule with which a cell is tried, and the cell on which a rule is tried."""


def list_names(
    kind: Annotated[
        str | None, typer.Argument(metavar="[rules|cells|networks|rates|protocols]", help="What to list; by default everything.")
    ] = None,
) -> None:
    """List the rules, cells, networks, rate rules and protocols that can be used by name."""
    from spikeheb.library import catalogue

    listing = catalogue(kind)
    for problem in listing.problems:
        note(f"error: {problem}")
    data_table(["kind", "name", "title"], listing.rows)
    if listing.problems:
        raise typer.Exit(2)


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Rule, rate rule, cell, network or protocol files; a protocol file is executed.")
    ],
) -> None:
    """Check files. For each file one line says OK, or what is wrong.

    Every line of a rule or a cell is computed once from the starting values, with every published set and every interaction scheme, and
    then one time step is taken: OK means that it runs. For a network, its rule is tried on one of its cells.
    "spikeheb show format" prints what a rule file may contain.
    """
    failed = False
    for path in files:
        try:
            typer.echo(f"OK {_check_file(path)}: {path}")
        except SpikehebError as error:
            failed = True
            note(f"error: {error}")
    if failed:
        raise typer.Exit(2)


def _check_file(path: Path) -> str:
    """Read and try a file, with all its sets and schemes; returns what it is, in words."""
    import numpy as np

    from spikeheb import library
    from spikeheb.cells import read_cell
    from spikeheb.rules import read_rule

    kind = library.kind_of(path)
    if kind == "protocol":
        protocol = library.protocol(path)
        lanes = len(protocol.schedule(np.random.default_rng(0)).lanes)
        return f"protocol {protocol.name}, {lanes} {'condition' if lanes == 1 else 'conditions'}"
    if kind == "network":
        return _check_network(path)
    if kind == "rate":
        from spikeheb.cli.rates import check_rule
        from spikeheb.rates.file import read_rate_rule

        return check_rule(read_rate_rule(path))
    if kind == "cell":
        return _check_cell(read_cell(path))
    return _check_choices(read_rule(path))


def _check_cell(cell: Cell) -> str:
    """Take one time step of the cell with a rule of the library."""
    from spikeheb import library
    from spikeheb.engines import trial

    trial.run(library.rule(TRIAL_RULE), cell)
    return f"cell {cell.name}"


def _check_network(path: Path) -> str:
    """Take a few time steps of its rule on one of its cells."""
    from spikeheb.circuits.files import read_circuit
    from spikeheb.engines import trial

    circuit = read_circuit(path)
    if circuit.is_network:
        return _check_network_of_cells(path, circuit)
    trial.run(circuit.rule, circuit.cell)
    _note_on_ties(circuit.rule, f"{path}: {', '.join(f'projections.{name}' for name in circuit.projections)}")
    sources, cells = circuit.sources.count, circuit.cells.count
    return f"network {path.stem}, {sources:,} {'source' if sources == 1 else 'sources'} onto {cells:,} {'cell' if cells == 1 else 'cells'}"


def _check_network_of_cells(path: Path, circuit: Circuit) -> str:
    """Take a few time steps of each of its rules on one of the cells that it reaches."""
    from spikeheb.circuits.populations import Cells
    from spikeheb.engines import trial

    cells = {name: population for name, population in circuit.populations.items() if isinstance(population, Cells)}
    for name, projection in circuit.projections.items():
        if projection.rule is not None:
            trial.run(projection.rule, cells[projection.post].cell)
            _note_on_ties(projection.rule, f"{path}: projections.{name}")
    synapses = sum(map(circuit.expected_synapses, circuit.projections))
    return f"network {path.stem}, {sum(each.count for each in cells.values()):,} cells, about {synapses:,.0f} synapses"


def _check_choices(rule: Rule) -> str:
    """Compute every line once and take one time step: with the rule as it stands, with each set, and with each scheme."""
    from spikeheb import library
    from spikeheb.engines.trial import try_in_numpy
    from spikeheb.rules import choose
    from spikeheb.rules.check import check_rule
    from spikeheb.rules.trial import compared_for_equality, try_rule

    cell = library.cell(TRIAL_CELL)
    sets = [choose(rule, set=name) for name in rule.sets]
    schemes = [choose(rule, interaction=name) for name in rule.interactions]
    for key, sentence in compared_for_equality(rule):
        note(f"note: {rule.path}: {key}: {sentence}")
    for chosen in (rule, *sets, *schemes):
        check_rule(chosen)
        try_rule(chosen)
        try_in_numpy(chosen, cell)
    return f"rule {rule.name}, {len(rule.sets)} {'set' if len(rule.sets) == 1 else 'sets'}"


def _note_on_ties(rule: Rule, place: Path | str) -> None:
    from spikeheb.rules.ties import without_effect

    if sentence := without_effect(rule):
        note(f"note: {place}: {sentence}")
