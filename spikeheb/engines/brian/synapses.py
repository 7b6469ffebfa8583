"""A projection as Brian2 Synapses, with what its rule has once for each cell, and the rewards and clocks that its handlers hear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spikeheb.cells import Receptor
from spikeheb.circuits.steps import Floats, Numbers, Steps
from spikeheb.dimensions import NONE
from spikeheb.engines.brian import late, text
from spikeheb.engines.brian.cells import AMOUNT, changes
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.names import own, unit_of
from spikeheb.engines.brian.part import (
    AFTER_SPIKE_ORDER,
    CLIP_ORDER,
    KEEP_ORDER,
    LATE_ORDER,
    POST_ORDER,
    STILL_ORDER,
    SYNAPSE_ORDER,
    Part,
)
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import Action, actions, stepped

PLASTIC, KEPT, BEFORE = (own(name) for name in ("plastic", "kept", "before"))
"""Whether weights may change, and what they were before the step or the handler."""


def synapses(part: Part, source: Any, of_input: Steps | Numbers, cells: Any, clock: Any, delay: Steps | Numbers | None = None) -> Any:
    """The synapses of a projection from the cells `of_input` of a group, connected; `delay` has steps of each beside the rule's own."""
    b2, job, rule = brian(), part.job, part.job.rule
    receptor = job.cell.receptor(job.receptor) if job.cell else None
    code: dict[str, dict[str, str]] = {"pre": {}, "post": {}}
    written = {}
    for n, action in enumerate(actions(rule)):
        statements = text.handler_code(rule, action, receptor)
        if part.stands_still and any(line.target == rule.weight for line in action.lines):
            statements = f"{BEFORE} = {rule.weight}\n{statements}\n{_unless_still(rule.weight, BEFORE)}"
        if statements:
            written[f"{action.event}_{n}"] = action, part.order(action.event, n)
            code["pre" if action.event == "pre" else "post"][f"{action.event}_{n}"] = statements
    made = b2.Synapses(
        source,
        cells,
        model=_model(part, receptor),
        on_pre=code["pre"] or None,
        on_post=code["post"] or None,
        on_event={name: part.named(action.event) if action.event in job.signals else "spike" for name, (action, _) in written.items()},
        delay={name: _own_steps(part, action) * job.dt * b2.second for name, (action, _) in written.items() if not _differs(action, delay)},
        order=0,
        method=rule.method or "exact",
        clock=clock,
        name=part.named("synapses"),
        namespace={},
    )
    made.connect(i=of_input, j=job.lane_of_input)
    for name, (action, order) in written.items():
        getattr(made, name).order = order
        if _differs(action, delay):
            getattr(made, name).delay = (_own_steps(part, action) + np.asarray(delay)) * job.dt * b2.second
    if made.state_updater is not None:
        made.state_updater.order = SYNAPSE_ORDER
    clip = text.clip_statement(rule)
    if clip:
        made.run_regularly(clip, clock=clock, when="groups", order=CLIP_ORDER)
    if part.stands_still and rule.weight in stepped(rule):
        made.run_regularly(f"{KEPT} = {rule.weight}", clock=clock, when="groups", order=KEEP_ORDER)
        made.run_regularly(_unless_still(rule.weight, KEPT), clock=clock, when="groups", order=STILL_ORDER)
    return made


def _unless_still(weight: str, before: str) -> str:
    """The weight as it is, or where it stands still as it was."""
    return f"{weight} = {weight}*{PLASTIC} + {before}*(1 - {PLASTIC})"


def _differs(action: Action, delay: Steps | Numbers | None) -> bool:
    """Whether the delays of a handler are set for each synapse."""
    return delay is not None and action.event == "pre"


def _own_steps(part: Part, action: Action) -> int:
    return round(action.delay / part.job.dt)


def _model(part: Part, receptor: Receptor | None) -> str:
    rule, known = part.job.rule, known_names(part.job.rule)
    model = [text.synapse_model(rule, stepped(rule))]
    model += text.constant_lines({name: known.get(name, NONE) for name in rule.constants}, part.job.overrides)
    if part.stands_still:
        dimension = known.get(rule.weight, NONE).brian
        model += [f"{PLASTIC} : 1 (shared, constant)", f"{KEPT} : {dimension}"]
    if receptor is not None:
        model += [f"{unit_of(state)} : {receptor.dimension.brian} (shared, constant)" for state, _, _ in receptor.parts]
    return "\n".join(model)


def signals(part: Part, cells: Any, clock: Any) -> list[Any]:
    """Two values for each signal: that there is one, and the amount of a reward, which may be 0."""
    objects, job = [], part.job
    for signal, heard in job.signals.items():
        if len({(change.cell, change.step) for change in heard}) < len(heard):
            raise EngineError(f'two {signal}s in one time step need the "kernel" engine, or a smaller time step', path=job.rule.path)
        given = tuple(replace(change, value=1.0) for change in heard)
        objects += changes(given, part.flag_of(signal), NONE, job.dt, cells, clock)
        objects += changes(heard, AMOUNT, NONE, job.dt, cells, clock, part.named("_for")) if signal == "reward" else []
    return objects


def of_post(part: Part, cells: Any, clock: Any) -> list[Any]:
    """The rule's [post] variables: a group of their own that reads v of the cells, which read them in turn; first of the list."""
    job, post = part.job, part.job.rule.post
    if post is None:
        return []
    b2 = brian()
    known = known_names(job.rule)
    lines = [text.equation_line(e, renames=late.before_advance(job)) for e in post.equations]
    lines += late.declarations(job, known)
    lines += text.constant_lines({name: known.get(name, NONE) for name in job.rule.constants}, job.overrides)
    if job.cell is not None:
        lines.append("v : volt (linked)")
    group = b2.NeuronGroup(job.lanes, "\n".join(lines), method=post.method or "exact", clock=clock, name=part.named("post"), namespace={})
    if group.state_updater is not None:
        group.state_updater.order = POST_ORDER
    if job.cell is not None:
        group.v = b2.linked_var(cells, "v")
    for equation in post.equations:
        if equation.kind != "subexpression":
            setattr(cells, equation.name, b2.linked_var(group, equation.name))
    for name in post.delayed:
        setattr(cells, name, b2.linked_var(group, name))
    if post.delayed:
        group.run_regularly(late.advance(job), clock=clock, when="groups", order=LATE_ORDER)
    return [group, *_after_spike(part, cells, group, clock)]


def _after_spike(part: Part, cells: Any, group: Any, clock: Any) -> list[Any]:
    job, post = part.job, part.job.rule.post
    assert post is not None
    if not post.on_spike:
        return []
    renames: dict[str, t.Tree] = {name: t.Name(f"{name}_post") for name in (*(e.name for e in post.equations), *post.delayed)}
    renames |= {"v": t.Name("v_post")} | {name: t.Name(f"{name}_post") for name in job.rule.constants}
    pathway = brian().Synapses(
        cells, group, on_pre=text.statements(post.on_spike, renames), clock=clock, name=part.named("after_spike"), namespace={}
    )
    pathway.connect(i=np.arange(job.lanes), j=np.arange(job.lanes))
    pathway.pre.order = AFTER_SPIKE_ORDER
    return [pathway]


def set_values(values: dict[str, Floats], groups: dict[str, Any]) -> dict[str, Floats]:
    """Set what is named ``owner.name`` in the group of that owner; what was set, under the groups' names in Brian2."""
    given = {}
    for label, value in values.items():
        owner, _, name = label.partition(".")
        if owner in groups:
            group = groups[owner]
            setattr(group, name + "_", value[0] if group.variables[name].scalar else value)
            given[f"{group.name}.{name}"] = value
    return given
