"""The phases of a network in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikeheb.circuits.file_tables import PhaseTable, RewireTable
from spikeheb.circuits.file_values import Reading
from spikeheb.circuits.phases import Phase, Rewire
from spikeheb.circuits.projections import Projection
from spikeheb.dimensions import NONE
from spikeheb.errors import unknown_name
from spikeheb.rules.rule import Rule


def read_phases(raw: Sequence[PhaseTable], projections: Mapping[str, Projection], end: int, file: Reading) -> tuple[Phase, ...]:
    """The phases of a run that ends before step `end`.

    Raises
    ------
    FormatError, UnitError, UnknownName
    """
    phases = tuple(_phase(table, projections, file, f"phases[{n}]") for n, table in enumerate(raw))
    for n, phase in enumerate(phases):
        if phase.step >= end:
            raise file.error(f"phases[{n}].at", f"expected a time before the end of the run, {end * file.dt:g} s (got {raw[n].at})")
        if n and phase.step <= phases[n - 1].step:
            raise file.error(f"phases[{n}].at", f"expected a time after that of the phase before, {raw[n - 1].at} (got {raw[n].at})")
    return phases


def _phase(raw: PhaseTable, projections: Mapping[str, Projection], file: Reading, key: str) -> Phase:
    """A phase; constants and limits have the dimensions that the rules of the projections give them."""
    named = [(part, name) for part in ("parameters", "rewire") for name in getattr(raw, part)]
    rules = {name: _rule(name, projections, file, f"{key}.{part}.{name}") for part, name in named}
    parameters: dict[str, dict[str, float]] = {}
    for name, values in raw.parameters.items():
        rule = rules[name]
        kinds = {constant: rule.parameters[constant].dimension if constant in rule.parameters else NONE for constant in rule.constants}
        for constant in values:
            if constant not in kinds:
                raise unknown_name("constant", constant, kinds, path=file.where, key=f"{key}.parameters.{name}")
        parameters[name] = {
            constant: file.number(value, kinds[constant], f"{key}.parameters.{name}.{constant}") for constant, value in values.items()
        }
    rewire = {name: _rewire(table, rules[name], file, f"{key}.rewire.{name}") for name, table in raw.rewire.items()}
    return Phase(step=file.step(raw.at, f"{key}.at"), plastic=raw.plastic, parameters=parameters, rewire=rewire)


def _rule(name: str, projections: Mapping[str, Projection], file: Reading, key: str) -> Rule:
    rule = projections[name].rule if name in projections else None
    if rule is None:
        raise file.error(key, "is not a projection with a rule")
    return rule


def _rewire(raw: RewireTable, rule: Rule, file: Reading, key: str) -> Rewire:
    below = file.number(raw.below, rule.dimension_of_weight, f"{key}.below")
    with file.at(key):
        return Rewire(below, raw.keep)
