"""The `Synapses` that `sh.synapses` gives: connected, they have the rule's starting values and delays.

What a rule has once for each postsynaptic cell stands in a group beside the target, which reads the target's membrane potential and
is run together with the synapses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from spikeheb.circuits.drives import Drives
from spikeheb.circuits.steps import NO_STEPS
from spikeheb.circuits.usual import given, lanes
from spikeheb.dimensions import TIME, Dimension
from spikeheb.engines.alone import alone
from spikeheb.engines.brian import late, text
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.part import AFTER_SPIKE_ORDER, CLIP_ORDER, LATE_ORDER, POST_ORDER, SYNAPSE_ORDER
from spikeheb.errors import UnitError, unknown_name
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import reads_membrane
from spikeheb.rules.rule import Post, Rule
from spikeheb.units import quantity


@dataclass(frozen=True)
class Pathway:
    """Handlers that run together: their event, how much later than S.pre or S.post, their code and their place in the step."""

    name: str
    event: str
    later: float
    code: str
    order: int


def dimension_of(variable: Any) -> Dimension:
    """The dimension of a Brian2 variable."""
    return Dimension(tuple(Fraction(power).limit_denominator(12) for power in variable.dim._dims[:6]))


class PostVariables:
    """The group of a rule's [post] variables beside the target, and what moves them at a postsynaptic spike.

    Attributes
    ----------
    group : brian2.NeuronGroup
    objects : list
        All that is to be run.
    names : mapping
        What the synapses call each variable.
    """

    def __init__(self, rule: Rule, constants: Mapping[str, Any], target: Any, v: str) -> None:
        b2 = brian()
        assert rule.post is not None
        whole = getattr(target, "source", target) if hasattr(target, "start") and hasattr(target, "stop") else target
        self.rule, self.started = rule, False
        job = alone(lanes(rule, None, float(whole.clock.dt_), 1, np.arange(1), (NO_STEPS,), Drives(imposed=given((NO_STEPS,)))))
        self.job, self.v = job, reads_membrane(rule)
        known = known_names(rule)
        lines = [text.equation_line(e, renames=late.before_advance(job)) for e in rule.post.equations]
        lines += late.declarations(job, known) + (["v : volt (linked)"] if self.v else [])
        namespace = dict(constants)
        self.group = b2.NeuronGroup(
            len(whole), "\n".join(lines), method=rule.post.method or "exact", clock=whole.clock, name="post_variables*", namespace=namespace
        )
        if self.group.state_updater is not None:
            self.group.state_updater.order = POST_ORDER
        if self.v:
            self.group.v = b2.linked_var(whole, v)
        if rule.post.delayed:
            self.group.run_regularly(late.advance(job), when="groups", order=LATE_ORDER)
        variables = (*(e.name for e in rule.post.equations), *rule.post.delayed)
        self.names = {name: f"{name}_of_{self.group.name}_post" for name in variables}
        self.objects = [self.group, *self._at_spikes(rule.post, whole, namespace)]

    def _at_spikes(self, post: Post, whole: Any, namespace: Mapping[str, Any]) -> list[Any]:
        """What happens at a postsynaptic spike, after the synapses' own handlers and before the target's reset."""
        if not post.on_spike:
            return []
        renames: dict[str, t.Tree] = {name: t.Name(f"{name}_post") for name in (*self.names, "v")}
        pathway = brian().Synapses(
            whole, self.group, on_pre=text.statements(post.on_spike, renames),
            clock=whole.clock, name=f"{self.group.name}_at_spikes", namespace=dict(namespace),
        )  # fmt: skip
        pathway.connect(j="i")
        pathway.pre.order = AFTER_SPIKE_ORDER
        return [pathway]

    def start(self) -> None:
        """Starting values, before the first run; where something is set already, all stays as it is."""
        post = self.rule.post
        assert post is not None
        if self.started:
            return
        self.started = True
        moving = [e.name for e in post.equations if e.kind != "subexpression"]
        if any(np.any(_values(self.group, name)) for name in moving):
            return
        for name, tree in post.initial.items():
            setattr(self.group, f"{name}_", to_brian(tree))
        for name, chain in late.links(self.job).items():
            for link in chain:
                setattr(self.group, f"{link}_", post.delayed[name].of)


def _values(group: Any, name: str) -> Any:
    """The values of a variable, or 0 where a device does not know them before the run."""
    try:
        return np.asarray(group.variables[name].get_value())
    except NotImplementedError:  # Brian2's answer of a device that computes later
        return np.zeros(1)


@cache
def rule_synapses() -> Any:
    """The class, made when Brian2 is there."""
    parent: Any = brian().Synapses

    class RuleSynapses(parent):  # type: ignore[misc]  # Brian2 has no types
        """Synapses with the rule's pathways, starting values and delays."""

        def __init__(self, plan: Any, *arguments: Any, **options: Any) -> None:
            self._plan = plan
            self._followed: dict[str, Any] = {}
            super().__init__(*arguments, **options)

        def _create_variables(self, equations: Any, user_dtype: Any = None) -> None:
            super()._create_variables(equations, user_dtype)
            post = self._plan.post
            for name, other in {} if post is None else post.names.items():
                self.variables.add_reference(other, post.group, name, index="_postsynaptic_idx")

        def finish(self, clip: str | None) -> None:
            """Set the order of all that happens within a time step."""
            for pathway in self._plan.pathways:
                getattr(self, pathway.name).order = pathway.order
            if self.state_updater is not None:
                self.state_updater.order = SYNAPSE_ORDER
            if clip is not None:
                self.run_regularly(clip, when="groups", order=CLIP_ORDER)
            if self._plan.post is not None:
                self.contained_objects.extend(self._plan.post.objects)

        @property
        def rule_names(self) -> Mapping[str, t.Tree]:
            """What the synapses call names of the rule that stand for something else in the target."""
            names: Mapping[str, t.Tree] = self._plan.names
            return names

        @property
        def post_variables(self) -> Any:
            """The group of the variables that each postsynaptic cell has once; None where the rule has none."""
            return None if self._plan.post is None else self._plan.post.group

        def connect(self, *arguments: Any, level: int = 0, **options: Any) -> None:
            """Connect as `brian2.Synapses.connect` does, and give the new synapses their starting values and delays."""
            new = slice(_length(self), None)
            super().connect(*arguments, level=level + 1, **options)
            if _length(self) == new.start and new.start is not None:
                return
            for name, tree in self._plan.rule.initial.items():
                _assign(self, f"{name}_", new, to_brian(t.substitute(tree, self._plan.names)))
            self._set_delays(new)

        def _set_delays(self, new: slice) -> None:
            rule = self._plan.rule
            delays = {"pre": rule.axonal_delay, "post": rule.backpropagation_delay, "reward": 0.0, **self._plan.delays}
            for pathway in self._plan.pathways:
                value = delays[pathway.event] + pathway.later
                if np.any(value):
                    _assign(getattr(self, pathway.name), "delay_", new, value)
            self._follow(first=True)

        def _follow(self, first: bool = False) -> None:
            """Later pathways keep their distance to S.pre and S.post, unless the user gave them delays of their own."""
            for pathway in self._plan.pathways:
                if pathway.later:
                    own, leader = getattr(self, pathway.name), getattr(self, pathway.event, None)
                    if first or leader is None:
                        self._followed[pathway.name] = _copied(own)
                    elif np.array_equal(self._followed[pathway.name], _copied(own)) and len(_copied(own)):
                        own.delay_ = _copied(leader) + pathway.later
                        self._followed[pathway.name] = _copied(own)

        def before_run(self, run_namespace: Any) -> None:
            if self._plan.post is not None:
                self._plan.post.start()
            self._follow()
            super().before_run(run_namespace)

    return RuleSynapses


def _assign(owner: Any, name: str, new: slice, value: Any) -> None:
    """Set a variable of the new synapses; of all where a device does not know how many there are."""
    if new.start is None:
        setattr(owner, name, value)
    else:
        getattr(owner, name)[new] = value


def _length(made: Any) -> int | None:
    """How many synapses there are; None where a device knows only after the run."""
    try:
        return len(made.variables["_synaptic_pre"].get_value())
    except NotImplementedError:  # Brian2's answer of a device that computes later
        return None


def _copied(pathway: Any) -> Any:
    """The delays of a pathway in seconds; none where a device does not know them before the run."""
    try:
        return np.array(pathway.variables["delay"].get_value(), dtype=float)
    except NotImplementedError:  # Brian2's answer of a device that computes later
        return np.zeros(0)


def given_delays(delay: Any) -> dict[str, Any]:
    """Seconds, or an array of them, for ``pre`` and ``post``, as far as they are given."""
    if delay is None:
        return {}
    named = delay if isinstance(delay, Mapping) else {"pre": delay}
    for name in named:
        if name not in ("pre", "post"):
            raise unknown_name("pathway", str(name), ("pre", "post"), key="delay")
    return {name: _seconds(value, f"delay of {name}") for name, value in named.items()}


def _seconds(value: Any, key: str) -> Any:
    if isinstance(value, str) or np.ndim(value) == 0:
        seconds: Any = quantity(value, TIME, key=key)
    else:
        seconds = np.array([quantity(item, TIME, key=key) for item in value])
    if np.any(np.asarray(seconds) < 0):
        raise UnitError("expected a time of 0 or more", key=key)
    return seconds
