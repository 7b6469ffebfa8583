"""Choosing among what a rule file offers: set, interaction, bounds, coincidence, delays, single parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spikeheb.dimensions import TIME
from spikeheb.errors import FormatError, UnitError, unknown_name
from spikeheb.numbers import check_near
from spikeheb.rules.bounds import given_bounds
from spikeheb.rules.check import check_rule
from spikeheb.rules.numbers import LONGEST_DELAY, check_numbers
from spikeheb.rules.rule import COINCIDENCES, Bounds, Rule
from spikeheb.rules.ties import with_ties
from spikeheb.units import quantity

USUAL_DELAY = 1e-3
"""Seconds. A delay without a unit is compared with this value if the rule has no delay."""


def choose(
    rule: Rule,
    *,
    set: str | None = None,
    interaction: str | None = None,
    bounds: str | Mapping[str, object] | Bounds | None = None,
    coincidence: str | None = None,
    axonal_delay: object = None,
    backpropagation_delay: object = None,
    parameters: Mapping[str, object] | None = None,
) -> Rule:
    """The rule with other choices; what is not given stays.

    Parameters
    ----------
    rule : Rule
    set : str, optional
        A published set of the file. It replaces values, starting values, interaction and bounds where it says something about them.
    interaction : str, optional
        A scheme of the file's ``[interactions]``.
    bounds : str or mapping, optional
        A table such as ``{"kind": "hard", "w_min": 0, "w_max": 2}``, which replaces the rule's bounds whole; or a kind alone
        (``"soft"``), which is that kind within the rule's two limits.
    coincidence : {"pre_first", "post_first", "discard"}, optional
        Which side acts first when both spikes arrive at the synapse in one time step; or that the pair counts in neither direction.
    axonal_delay, backpropagation_delay : float or str, optional
        Seconds or text with a unit: from the presynaptic spike, and from the postsynaptic one, to the synapse.
    parameters : mapping, optional
        Single values; text with units, SI floats or quantities that carry their unit. A bare float more than 100 times, or less than
        a hundredth of, the file's own value gets a warning.

    Raises
    ------
    UnknownName, FormatError, ExpressionError, UnitError
    """
    if set is not None:
        rule = _with_set(rule, set)
    if interaction is not None:
        if interaction not in tuple(rule.interactions):
            raise unknown_name("interaction", interaction, rule.interactions, path=rule.path, key="interactions")
        rule = replace(rule, interaction=interaction)
    if bounds is not None:
        rule = replace(rule, bounds=given_bounds(rule.bounds, bounds, rule.weight, path=rule.path))
    if coincidence is not None:
        if coincidence not in COINCIDENCES:
            raise unknown_name("coincidence policy", coincidence, COINCIDENCES, path=rule.path, key="coincidence")
        rule = replace(rule, coincidence=coincidence)
    for name, delay in (("axonal_delay", axonal_delay), ("backpropagation_delay", backpropagation_delay)):
        if delay is not None:
            check_near(delay, getattr(rule, name) or USUAL_DELAY, TIME, name, "delays are near")
            rule = replace(rule, **{name: _delay(delay, rule.path, name)})  # type: ignore[arg-type]  # both are floats
    rule = _with_parameters(rule, parameters or {})
    flags: dict[str, object] = {"interaction": interaction, "bounds": bounds, "coincidence": coincidence}
    flags |= {"axonal_delay": axonal_delay, "backpropagation_delay": backpropagation_delay}
    given = {name for name, value in flags.items() if value is not None}
    rule = with_ties(replace(rule, changed=tuple(sorted({*rule.changed, *given}))))
    if bounds is not None or parameters:
        check_rule(rule)
    elif set is not None or interaction is not None:
        check_numbers(rule)
    return rule


def _delay(value: object, path: str, name: str) -> float:
    delay = quantity(value, TIME, path=path, key=name)
    if delay < 0:
        raise UnitError(f"a delay may not be negative (got {delay:g} s)", path=path, key=name)
    if delay > LONGEST_DELAY:
        raise UnitError(f"a delay may be at most {LONGEST_DELAY:g} s (got {delay:g} s)", path=path, key=name)
    return delay


def _with_set(rule: Rule, name: str) -> Rule:
    if name not in tuple(rule.sets):
        raise unknown_name("set", name, rule.sets, path=rule.path, key="sets")
    if rule.set not in (None, name):
        known = f'the set "{rule.set}" is chosen already'
        message = f'{known}, and its values would stay where "{name}" has none; choose "{name}" for the rule without a set'
        raise FormatError(message, path=rule.path, key=f"sets.{name}")
    chosen = rule.sets[name]
    parameters = {
        key: replace(parameter, value=chosen.values[key], source=chosen.reference) if key in chosen.values else parameter
        for key, parameter in rule.parameters.items()
    }
    return replace(
        rule,
        parameters=parameters,
        set=name,
        interaction=chosen.interaction or rule.interaction,
        bounds=chosen.bounds or rule.bounds,
        initial={**rule.initial, **chosen.initial},
    )


def _with_parameters(rule: Rule, given: Mapping[str, object]) -> Rule:
    parameters = dict(rule.parameters)
    for name, value in given.items():
        if name in parameters:
            number = quantity(value, parameters[name].dimension, path=rule.path, key=f"parameters.{name}")
            check_near(value, parameters[name].value, parameters[name].dimension, name)
            parameters[name] = replace(parameters[name], value=number, source="given by the user")
        elif name in rule.bounds.values:
            message = f'"{name}" belongs to the bounds; give these whole, bounds={{"kind": "{rule.bounds.kind}", ...}}'
            raise FormatError(message, path=rule.path, key=name)
        else:
            raise unknown_name("parameter", name, parameters, path=rule.path, key="parameters")
    changed = tuple(sorted({*rule.changed, *given}))
    return replace(rule, parameters=parameters, changed=changed)
