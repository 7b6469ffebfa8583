"""Whether the phases of a network can be: in order, of projections with a rule, with constants that the rule can have on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from spikeheb.cells import Cell
from spikeheb.circuits.phases import MOST_PHASES, Phase
from spikeheb.circuits.places import at
from spikeheb.dimensions import NONE
from spikeheb.errors import ScheduleError, SpikehebError, unknown_name
from spikeheb.expressions.printers import to_text
from spikeheb.program.analysis import analyse
from spikeheb.rules import Rule, choose
from spikeheb.units import format_quantity

Values = Mapping[str, float]


class Ruled(NamedTuple):
    """A projection with a rule, and where it leads."""

    rule: Rule
    cell: Cell | None
    receptor: str | None
    overrides: frozenset[str]


def check_phases(phases: tuple[Phase, ...], ruled: Mapping[str, Ruled], steps: int, dt: float) -> None:
    """Raise for a phase that cannot be.

    Parameters
    ----------
    phases : tuple of Phase
    ruled : mapping of str to Ruled
    steps : int
        Of the run.
    dt : float
        Seconds.

    Raises
    ------
    EngineError, ScheduleError, UnknownName
        With the phase, the projection and the constant as the key.
    """
    if len(phases) > MOST_PHASES:
        raise ScheduleError(f"expected at most {MOST_PHASES:,} phases (got {len(phases):,})", key="phases")
    last, values = -1, dict[str, Values]()
    for n, phase in enumerate(phases):
        if not last < phase.step < steps:
            first = "from step 0 on" if last < 0 else f"after step {last:,}"
            text = f"phases begin one after the other, {first} and before step {steps:,} (got {phase.step:,})"
            raise ScheduleError(text, key=f"phases[{n}].at")
        last = phase.step
        for part in ("plastic", "parameters", "rewire"):
            for name in getattr(phase, part):
                if name not in ruled:
                    raise unknown_name("projection with a rule", name, ruled, key=f"phases[{n}].{part}.{name}")
        for name, given in phase.parameters.items():
            with at(f"phases[{n}].parameters.{name}"):
                _check_fixed(given, ruled[name], dt)
                _check_values(ruled[name].rule, values.get(name, {}), given)
            values[name] = {**values.get(name, {}), **given}


def _check_fixed(given: Values, ruled: Ruled, dt: float) -> None:
    """Raise for a constant that stays as it is while a network runs."""
    rule = ruled.rule
    delays = {handler.delay for handler in rule.handlers} | ({each.by for each in rule.post.delayed.values()} if rule.post else set())
    program = analyse(rule, ruled.cell, dt, receptor=ruled.receptor, varying=ruled.overrides)
    for constant in given:
        if constant not in rule.constants:
            raise unknown_name("constant", constant, rule.constants, key=constant)
        why = None
        if constant in delays:
            why = "is a delay"
        elif constant in program.folded:
            why = "is written into the code"
        elif any(constant in decay.reads for decay in program.decays):
            why = "decides how a variable decays"
        elif constant in ruled.overrides:
            why = "differs between cells"
        if why is not None:
            text = f'{constant} of "{rule.name}" {why}, so that it stays as it is while a network runs'
            raise ScheduleError(f"{text}; leave it out, or choose it for the whole run", key=constant)


def _check_values(rule: Rule, before: Values, given: Values) -> None:
    """Raise where the rule refuses these constants, with the one that it refuses by itself as the key, if there is one."""
    refusal = _refusal(rule, {**before, **given})
    if refusal is None:
        return
    alone = {constant: _refusal(rule, {**before, constant: value}) for constant, value in given.items()}
    constant, reason = next(((name, why) for name, why in alone.items() if why is not None), (None, refusal))
    place = f"{reason.key} of " if reason.key and not reason.key.startswith(("parameters.", "bounds")) else ""
    raise ScheduleError(f'{place}"{rule.name}" refuses this: {reason.message}', key=constant)


def _refusal(rule: Rule, values: Values) -> SpikehebError | None:
    """What the rule says against constants, as if they were chosen for a whole run."""
    own = {name: parameter.dimension for name, parameter in rule.parameters.items()}
    bounds = {name: values.get(name, value) for name, value in rule.bounds.values.items()}
    laws = {"F_plus": to_text(rule.bounds.F_plus), "F_minus": to_text(rule.bounds.F_minus)} if rule.bounds.kind == "law" else {}
    if rule.interaction is not None:
        scheme = {name: values.get(name, value) for name, value in rule.interactions[rule.interaction].items()}
        rule = replace(rule, interactions={**rule.interactions, rule.interaction: scheme})
    try:
        choose(
            rule,
            bounds={"kind": rule.bounds.kind, **bounds, **laws},
            parameters={name: format_quantity(value, own.get(name, NONE)) for name, value in values.items() if name in own},
        )
    except SpikehebError as error:
        return error
    return None
