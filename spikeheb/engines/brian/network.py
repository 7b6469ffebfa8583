"""All lanes of a job as one explicit Brian2 network.

Within a time step Brian2 runs the state updates (slot ``groups``, in the order cells, held membranes, [post], synapses),
then thresholds, synapses, resets and the record (slot ``end``). Imposed spikes, current steps and rewards are set before
the threshold by generators whose pathways run in ``before_thresholds``, so that they act in their own step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikeheb.cells import Receptor, assemble
from spikeheb.engines.brian import text
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.job import Change, Floats, Job
from spikeheb.engines.values import constants, initial_values, per_input
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate, to_brian
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import actions, clipped, reads_membrane, stepped
from spikeheb.units import CURRENT, NONE, Dimension

CELL_ORDER, HOLD_ORDER, POST_ORDER, SYNAPSE_ORDER, CLIP_ORDER = 0, 1, 2, 3, 4
AFTER_SPIKE_ORDER = 1000


@dataclass
class Built:
    """The network and the objects that an engine reads or sets."""

    network: Any
    clock: Any
    synapses: Any
    cells: Any
    spikes: Any
    values: dict[str, Floats] = field(default_factory=dict)
    """What was set: ``synapses.w`` and so on, to be read back."""


def build(job: Job, *, sweeping: bool = False) -> Built:
    """The network of a job, with every value set.

    With `sweeping`, the cells have an event ``sweep`` in every step of a sweep, for a monitor to record at.

    Raises
    ------
    EngineError
        For what this engine cannot do.
    """
    b2 = brian()
    if job.cell is None and reads_membrane(job.rule):
        raise EngineError(f'the rule "{job.rule.name}" reads the membrane potential; name a cell', path=job.rule.path)
    if job.rule.post is not None and job.rule.post.delayed:
        raise EngineError('delayed reads in [post] need the "kernel" engine', path=job.rule.path, key="post")
    clock = b2.Clock(dt=job.dt * b2.second, name="clock")
    receptor = job.cell.receptor(job.receptor) if job.cell else None
    cells, objects = _cells(job, clock, sweeping)
    objects += _post(job, cells, clock)
    source = _generator(job.pre, job, clock, "pre_spikes", "thresholds")
    synapses = _synapses(job, source, cells, receptor, clock)
    objects += [source, synapses, *_imposed(job, cells, clock)]
    objects += _changes(job.currents, "I_ext", CURRENT, job, cells, clock)
    objects += _changes(job.rewards, "amount", NONE, job, cells, clock)
    if sweeping:
        edges = [(start, 1.0) for start in job.sweeps] + [(start + job.sweep_steps, 0.0) for start in job.sweeps]
        switches = tuple(Change(lane, int(step), value) for step, value in edges if step < job.steps for lane in range(job.lanes))
        objects += _changes(switches, "sweeping", NONE, job, cells, clock)
    spikes = b2.SpikeMonitor(cells, name="spikes")
    built = Built(b2.Network(*objects, spikes), clock, synapses, cells, spikes)
    _set_values(job, built, receptor)
    return built


def _cells(job: Job, clock: Any, sweeping: bool) -> tuple[Any, list[Any]]:
    b2 = brian()
    extra = ["forced : 1"]
    if job.rule.post is not None:
        extra += [f"{e.name} : {e.dimension.brian} (linked)" for e in job.rule.post.equations if e.kind != "subexpression"]
    events = {}
    if any(action.event == "reward" for action in actions(job.rule)) or job.rewards:
        extra.append("amount : 1")
        events["reward"] = "amount != 0"
    if sweeping:
        extra.append("sweeping : 1")
        events["sweep"] = "sweeping > 0.5"
    if job.cell is None:
        cells = b2.NeuronGroup(
            job.lanes,
            "\n".join(extra),
            threshold="forced > 0.5",
            reset="forced = 0",
            events=dict(events),
            clock=clock,
            name="cells",
            namespace={},
        )
    else:
        cells = _membrane_group(job, extra, events, clock)
    if "reward" in events:
        cells.run_on_event("reward", "amount = 0", when="resets", order=1)
    return cells, [cells]


def _membrane_group(job: Job, extra: list[str], events: dict[str, str], clock: Any) -> Any:
    b2 = brian()
    cell = job.cell
    assert cell is not None
    if cell.shape:
        raise EngineError('a spike with a shape needs the "kernel" engine', path=cell.path, key="spike.shape")
    membrane = assemble(cell, job.dt)
    held = cell.refractory > 0
    lines = [text.membrane_model(membrane), "I_ext : amp", *extra, *text.constant_lines(membrane.dimensions)]
    condition = to_brian(cell.threshold)
    reset = text.statements(cell.reset) + "\nforced = 0"
    if held:
        lines += ["v_held : volt", "held_until : second", "refractory_time : second (shared, constant)"]
        condition = f"({condition}) and t >= held_until - 0.5*dt"
        reset += "\nv_held = v\nheld_until = t + refractory_time"
    cells = b2.NeuronGroup(
        job.lanes,
        "\n".join(lines),
        threshold=f"forced > 0.5 or ({condition})",
        reset=reset,
        events=dict(events),
        method=cell.method,
        clock=clock,
        name="cells",
        namespace={},
    )
    cells.state_updater.order = CELL_ORDER
    if held:
        hold = "v = v*int(t >= held_until - 0.5*dt) + v_held*int(t < held_until - 0.5*dt)"
        cells.run_regularly(hold, clock=clock, when="groups", order=HOLD_ORDER)
    return cells


def _generator(trains: Any, job: Job, clock: Any, name: str, when: str) -> Any:
    b2 = brian()
    indices = np.concatenate([np.full(len(train), n) for n, train in enumerate(trains)] or [np.zeros(0)]).astype(int)
    steps = np.concatenate([np.asarray(train, dtype=np.int64) for train in trains] or [np.zeros(0, dtype=np.int64)])
    order = np.lexsort((indices, steps))
    return b2.SpikeGeneratorGroup(
        max(len(trains), 1), indices[order], steps[order] * job.dt * b2.second, clock=clock, name=name, when=when, sorted=True
    )


def _imposed(job: Job, cells: Any, clock: Any) -> list[Any]:
    """Imposed spikes: they raise `forced` before the threshold of their own step."""
    if not any(len(train) for train in job.post):
        return []
    b2 = brian()
    source = _generator(job.post, job, clock, "imposed", "before_thresholds")
    pathway = b2.Synapses(source, cells, on_pre="forced_post = 1", clock=clock, name="imposing", namespace={})
    pathway.connect(i=np.arange(job.lanes), j=np.arange(job.lanes))
    source.order = 0
    pathway.pre.when, pathway.pre.order = "before_thresholds", 1
    return [source, pathway]


def _changes(changes: tuple[Change, ...], variable: str, dimension: Dimension, job: Job, cells: Any, clock: Any) -> list[Any]:
    """Values that are set at their step: one generator neuron a change."""
    if not changes:
        return []
    if variable == "I_ext" and job.cell is None:
        raise EngineError("a current needs a cell")
    b2 = brian()
    source = _generator([[c.step] for c in changes], job, clock, f"source_{variable}", "before_groups")
    pathway = b2.Synapses(
        source,
        cells,
        f"value : {dimension.brian} (constant)",
        on_pre=f"{variable}_post = value",
        clock=clock,
        name=f"set_{variable}",
        namespace={},
    )
    pathway.connect(i=np.arange(len(changes)), j=np.array([c.lane for c in changes]))
    pathway.value_ = np.array([c.value for c in changes])
    source.order = 0
    pathway.pre.when, pathway.pre.order = "before_groups", 1
    return [source, pathway]


def _synapses(job: Job, source: Any, cells: Any, receptor: Receptor | None, clock: Any) -> Any:
    b2 = brian()
    rule, stepping = job.rule, stepped(job.rule)
    known = known_names(rule)
    dimensions = {name: known.get(name, NONE) for name in rule.constants}
    model = [text.synapse_model(rule, stepping), *text.constant_lines(dimensions, job.overrides)]
    if receptor is not None:
        model += [f"unit_{state} : siemens (shared, constant)" for state, _, _ in receptor.parts]
    code: dict[str, dict[str, str]] = {"pre": {}, "post": {}}
    order, delay, event = {}, {}, {}
    for n, action in enumerate(actions(rule)):
        name = f"{action.event}_{n}"
        statements = text.handler_code(rule, action, receptor)
        if not statements:
            continue
        code["pre" if action.event == "pre" else "post"][name] = statements
        order[name] = pathway_order(action.event, n, rule.coincidence)
        delay[name] = round(action.delay / job.dt) * job.dt * b2.second
        event[name] = "reward" if action.event == "reward" else "spike"
    synapses = b2.Synapses(
        source,
        cells,
        model="\n".join(model),
        on_pre=code["pre"] or None,
        on_post=code["post"] or None,
        on_event=event,
        delay=delay,
        order=0,
        method=rule.method or "exact",
        clock=clock,
        name="synapses",
        namespace={},
    )
    for name, position in order.items():
        getattr(synapses, name).order = position
    synapses.connect(i=np.arange(job.inputs), j=job.lane_of_input)
    if synapses.state_updater is not None:
        synapses.state_updater.order = SYNAPSE_ORDER
    moving = any(e.name == rule.weight and e.kind == "differential" for e in rule.equations)
    if moving and rule.bounds.kind != "none":
        limited = to_brian(clipped(t.Name(rule.weight), rule.bounds))
        synapses.run_regularly(f"{rule.weight} = {limited}", clock=clock, when="groups", order=CLIP_ORDER)
    return synapses


def pathway_order(event: str, position: int, coincidence: str) -> int:
    """When a handler runs within the slot of the synapses."""
    base = {"pre": -100 if coincidence == "pre_first" else 100, "post": 0, "reward": 200}[event]
    return base + position


def _post(job: Job, cells: Any, clock: Any) -> list[Any]:
    """The rule's [post] variables: a group of their own that reads v of the cells, which read them in turn."""
    post = job.rule.post
    if post is None:
        return []
    b2 = brian()
    known = known_names(job.rule)
    lines = [text.equation_line(e) for e in post.equations]
    lines += text.constant_lines({name: known.get(name, NONE) for name in job.rule.constants}, job.overrides)
    if job.cell is not None:
        lines.append("v : volt (linked)")
    group = b2.NeuronGroup(job.lanes, "\n".join(lines), method=post.method or "exact", clock=clock, name="post", namespace={})
    if group.state_updater is not None:
        group.state_updater.order = POST_ORDER
    if job.cell is not None:
        group.v = b2.linked_var(cells, "v")
    for equation in post.equations:
        if equation.kind != "subexpression":
            setattr(cells, equation.name, b2.linked_var(group, equation.name))
    objects = [group]
    if post.on_spike:
        renames: dict[str, t.Tree] = {e.name: t.Name(f"{e.name}_post") for e in post.equations}
        renames |= {name: t.Name(f"{name}_post") for name in ("v", *job.rule.constants)}
        pathway = b2.Synapses(cells, group, on_pre=text.statements(post.on_spike, renames), clock=clock, name="after_spike", namespace={})
        pathway.connect(i=np.arange(job.lanes), j=np.arange(job.lanes))
        pathway.pre.order = AFTER_SPIKE_ORDER
        objects.append(pathway)
    return objects


def _set_values(job: Job, built: Built, receptor: Receptor | None) -> None:
    """Every constant and initial value, remembered under ``owner.name`` so that it can be read back."""
    synaptic: dict[str, float | Floats] = {}
    for name, value in constants(job).items():
        synaptic[name] = per_input(job, value) if name in job.overrides else value
    synaptic.update(initial_values(job))
    if receptor is not None:
        synaptic.update({f"unit_{state}": receptor.unit * abs(weight) for state, _, weight in receptor.parts})
    _assign(built, built.synapses, synaptic)
    post = job.rule.post
    if post is not None:
        group = next(obj for obj in built.network.objects if obj.name == "post")
        of_lanes: dict[str, float | Floats] = dict(constants(job))
        known = {name: np.broadcast_to(np.asarray(value, dtype=float), (job.lanes,)) for name, value in of_lanes.items()}
        of_lanes.update({name: np.broadcast_to(evaluate(tree, known), (job.lanes,)).copy() for name, tree in post.initial.items()})  # type: ignore[call-overload]
        _assign(built, group, of_lanes)
    if job.cell is not None:
        membrane = assemble(job.cell, job.dt)
        cellular: dict[str, float | Floats] = dict(membrane.constants)
        cellular.update({name: np.full(job.lanes, value) for name, value in job.cell.rest().items()})
        if job.cell.refractory > 0:
            cellular["refractory_time"] = round(job.cell.refractory / job.dt) * job.dt
        _assign(built, built.cells, cellular)


def _assign(built: Built, group: Any, values: dict[str, float | Floats]) -> None:
    for name, value in values.items():
        variable = group.variables[name]
        setattr(group, name + "_", value)
        built.values[f"{group.name}.{variable.name}"] = np.atleast_1d(np.asarray(value, dtype=float))
