"""What changes in a network while it runs: where plasticity stands still, and constants of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spikeheb.circuits.projections import Projection
from spikeheb.errors import ScheduleError, unknown_name


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What holds from a step on. What a phase does not name stays as it was before.

    Attributes
    ----------
    step : int
    plastic : mapping of str to bool
        By projection whether its weights may change; where not, traces run on.
    parameters : mapping of str to mapping of str to float
        By projection new values of constants of its rule, SI. Time constants and delays stay.
    """

    step: int
    plastic: Mapping[str, bool] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def check_phases(phases: tuple[Phase, ...], projections: Mapping[str, Projection], steps: int) -> None:
    """Raise for a phase that cannot be.

    Raises
    ------
    ScheduleError, UnknownName
    """
    last = 0
    for phase in phases:
        if not last < phase.step < steps:
            raise ScheduleError(f"phases begin one after the other, after step {last:,} and before step {steps:,} (got {phase.step:,})")
        last = phase.step
        ruled = {name: projection.rule for name, projection in projections.items() if projection.rule is not None}
        for name in (*phase.plastic, *phase.parameters):
            if name not in ruled:
                raise unknown_name("projection with a rule", name, ruled, key="phases")
        for name, values in phase.parameters.items():
            rule = ruled[name]
            fixed = {handler.delay for handler in rule.handlers} | (
                {delayed.by for delayed in rule.post.delayed.values()} if rule.post else set()
            )
            for constant in values:
                if constant not in rule.constants:
                    raise unknown_name("constant", constant, rule.constants, path=rule.path, key="phases")
                if constant in fixed:
                    raise ScheduleError(f'{constant} of "{name}" is a delay, which stays as it is while a network runs', key="phases")


def at(phases: tuple[Phase, ...], name: str, step: int) -> tuple[bool, dict[str, float]]:
    """Whether a projection is plastic at a step, and the constants of its rule that are not those of its file."""
    plastic, values = True, dict[str, float]()
    for phase in phases:
        if phase.step <= step:
            plastic = phase.plastic.get(name, plastic)
            values |= phase.parameters.get(name, {})
    return plastic, values
