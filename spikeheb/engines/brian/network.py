"""A circuit as one explicit Brian2 network.

Within a time step Brian2 runs the state updates (slot ``groups``: cells, held and clamped membranes, [post], synapses),
then thresholds, synapses, resets and the record (slot ``end``). Imposed spikes, current steps and rewards are set before
the threshold by generators whose pathways run in ``before_thresholds``, so that they act in their own step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spikeheb.cells import Receptor, assemble
from spikeheb.circuits.connect import Pairwise
from spikeheb.circuits.drives import Change
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.dimensions import CURRENT, NONE, VOLTAGE, Dimension
from spikeheb.draws.expanded import trains_of
from spikeheb.engines.alone import Alone
from spikeheb.engines.brian import late, normalising, shapes, text
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.names import of_cell, own, unit_of
from spikeheb.engines.brian.settings import REFRACTORY_TIME, settings
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import actions, reads_membrane, stepped

CELL_ORDER, HOLD_ORDER, CLAMP_ORDER, POST_ORDER, LATE_ORDER, SYNAPSE_ORDER, CLIP_ORDER = range(7)
AFTER_SPIKE_ORDER = 1000
FORCED, AMOUNT, SWEEPING, CURRENT_IN = (own(name) for name in ("forced", "amount", "sweeping", "I_ext"))
CLAMPED, V_CLAMP = own("clamped"), own("v_clamp")
V_HELD, HELD_UNTIL, REFRACTORY = own("v_held"), own("held_until"), own(REFRACTORY_TIME)


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


def build(job: Alone, *, sweeping: bool = False, inputs: Callable[[Any], Any] | None = None) -> Built:
    """The network of a circuit, with every value set: a group for each population, Synapses for each projection.

    With `sweeping`, the cells have an event ``sweep`` in every step of a sweep, for a monitor to record at. With `inputs`, the
    group that this gives for a clock takes the place of the trains; every lane hears all of it.

    Raises
    ------
    EngineError
        For what this engine cannot do.
    """
    b2 = brian()
    if job.cell is None and reads_membrane(job.rule):
        raise EngineError(f'the rule "{job.rule.name}" reads the membrane potential; name a cell', path=job.rule.path)
    clock = b2.Clock(dt=job.dt * b2.second, name="clock")
    receptor = job.cell.receptor(job.receptor) if job.cell else None
    cells, objects = _cells(job, clock, sweeping)
    objects += _post(job, cells, clock)
    trains, of_input = _distinct(job.pre)
    source = inputs(clock) if inputs else _generator(trains, job, clock, "pre_spikes", "thresholds")
    synapses = _synapses(job, source, of_input if not inputs else np.arange(job.inputs) % len(source), cells, receptor, clock)
    objects += [source, synapses, *_imposed(job, cells, clock), *_unplastic(job, cells, clock)]
    if job.circuit.plastic.normalise is not None:
        objects.append(normalising.operation(job, synapses, clock))
    objects += _changes(job.currents, CURRENT_IN, CURRENT, job, cells, clock)
    objects += _clamps(job, cells, clock)
    objects += _signals(job, cells, clock)
    if sweeping:
        edges = [(start, 1.0) for start in job.sweeps] + [(start + job.sweep_steps, 0.0) for start in job.sweeps]
        switches = tuple(Change(lane, int(step), value) for step, value in edges if step < job.steps for lane in range(job.lanes))
        objects += _changes(switches, SWEEPING, NONE, job, cells, clock)
    spikes = b2.SpikeMonitor(cells, name="spikes")
    built = Built(b2.Network(*objects, spikes), clock, synapses, cells, spikes)
    _set_values(job, built)
    return built


def flag_of(signal: str) -> str:
    """The variable of a cell that says that the signal is there."""
    return own(f"heard_{signal}")


def _cells(job: Alone, clock: Any, sweeping: bool) -> tuple[Any, list[Any]]:
    b2 = brian()
    extra = [f"{FORCED} : 1"]
    if job.rule.post is not None:
        extra += [f"{e.name} : {e.dimension.brian} (linked)" for e in job.rule.post.equations if e.kind != "subexpression"]
        known = known_names(job.rule)
        extra += [f"{name} : {known[name].brian} (linked)" for name in job.rule.post.delayed]
    events: dict[str, str] = {}
    if job.signals:
        extra += [f"{AMOUNT} : 1", *(f"{flag} : 1" for flag in map(flag_of, job.signals))]
        events |= {signal: f"{flag_of(signal)} > 0.5" for signal in job.signals}
    if sweeping:
        extra.append(f"{SWEEPING} : 1")
        events["sweep"] = f"{SWEEPING} > 0.5"
    if job.cell is None:
        cells = b2.NeuronGroup(
            job.lanes,
            "\n".join(extra),
            threshold=f"{FORCED} > 0.5",
            reset=f"{FORCED} = 0",
            events=dict(events),
            clock=clock,
            name="cells",
            namespace={},
        )
    else:
        cells = _membrane_group(job, extra, events, clock)
    for signal in job.signals:
        cells.run_on_event(signal, f"{flag_of(signal)} = 0", when="resets", order=1)
    return cells, [cells]


def _membrane_group(job: Alone, extra: list[str], events: dict[str, str], clock: Any) -> Any:
    b2 = brian()
    cell = job.cell
    assert cell is not None
    membrane = assemble(cell, job.dt)
    is_held = cell.refractory > 0 or bool(cell.shape)
    names = text.membrane_names(membrane)
    lines = [text.membrane_model(membrane), *extra, *shapes.declarations(cell)]
    condition = to_brian(t.substitute(cell.threshold, names))
    reset = text.statements(cell.reset, names)
    if is_held:
        lines += [f"{V_HELD} : volt", f"{HELD_UNTIL} : second", f"{REFRACTORY} : second (shared, constant)"]
        condition = f"({condition}) and t >= {HELD_UNTIL} - 0.5*dt"
        reset += f"\n{V_HELD} = v\n{HELD_UNTIL} = t + {REFRACTORY}"
    at_spike = shapes.begin(cell, 1, job.dt, V_HELD, HELD_UNTIL) if cell.shape else reset
    if job.clamps:
        lines += [f"{CLAMPED} : 1", f"{V_CLAMP} : volt"]
        condition = f"({condition}) and {CLAMPED} < 0.5"
    cells = b2.NeuronGroup(
        job.lanes,
        "\n".join(lines),
        threshold=f"{FORCED} > 0.5 or ({condition})",
        reset=f"{at_spike}\n{FORCED} = 0",
        events={**events, **shapes.events(cell, FORCED)},
        method=cell.method,
        clock=clock,
        name="cells",
        namespace={},
    )
    cells.state_updater.order = CELL_ORDER
    shapes.follow(cells, cell, job.dt, reset, V_HELD, HELD_UNTIL)
    if is_held:
        hold = f"v = v*int(t >= {HELD_UNTIL} - 0.5*dt) + {V_HELD}*int(t < {HELD_UNTIL} - 0.5*dt)"
        cells.run_regularly(hold, clock=clock, when="groups", order=HOLD_ORDER)
    if job.clamps:
        cells.run_regularly(f"v = v*(1 - {CLAMPED}) + {V_CLAMP}*{CLAMPED}", clock=clock, when="groups", order=CLAMP_ORDER)
    return cells


def _generator(trains: Any, job: Alone, clock: Any, name: str, when: str) -> Any:
    b2 = brian()
    indices = np.concatenate([np.full(len(train), n) for n, train in enumerate(trains)] or [np.zeros(0)]).astype(int)
    steps = np.concatenate([np.asarray(train, dtype=np.int64) for train in trains] or [np.zeros(0, dtype=np.int64)])
    order = np.lexsort((indices, steps))
    return b2.SpikeGeneratorGroup(
        max(len(trains), 1), indices[order], steps[order] * job.dt * b2.second, clock=clock, name=name, when=when, sorted=True
    )


def _imposed(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """Imposed spikes: they raise `forced` before the threshold of their own step."""
    if not any(len(train) for train in job.post):
        return []
    b2 = brian()
    source = _generator(job.post, job, clock, "imposed", "before_thresholds")
    pathway = b2.Synapses(source, cells, on_pre=f"{FORCED}_post = 1", clock=clock, name="imposing", namespace={})
    pathway.connect(i=np.arange(job.lanes), j=np.arange(job.lanes))
    source.order = 0
    pathway.pre.when, pathway.pre.order = "before_thresholds", 1
    return [source, pathway]


def _changes(changes: tuple[Change, ...], variable: str, dimension: Dimension, job: Alone, cells: Any, clock: Any) -> list[Any]:
    """Values that are set at their step: one generator neuron a change."""
    if not changes:
        return []
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
    pathway.connect(i=np.arange(len(changes)), j=np.array([c.cell for c in changes]))
    pathway.value_ = np.array([c.value for c in changes])
    source.order = 0
    pathway.pre.when, pathway.pre.order = "before_groups", 1
    return [source, pathway]


def _signals(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """Two values for each signal: that there is one, and the amount of a reward, which may be 0."""
    objects = []
    for signal, changes in job.signals.items():
        if len({(change.cell, change.step) for change in changes}) < len(changes):
            raise EngineError(f'two {signal}s in one time step need the "kernel" engine, or a smaller time step', path=job.rule.path)
        given = tuple(replace(change, value=1.0) for change in changes)
        objects += _changes(given, flag_of(signal), NONE, job, cells, clock)
        objects += _changes(changes, AMOUNT, NONE, job, cells, clock) if signal == "reward" else []
    return objects


def _clamps(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """Two values for each change: whether the cell is clamped, and at which potential."""
    potentials = [c for c in job.clamps if not np.isnan(c.value)]
    flags = tuple(replace(c, value=float(not np.isnan(c.value))) for c in job.clamps)
    return _changes(flags, CLAMPED, NONE, job, cells, clock) + _changes(tuple(potentials), V_CLAMP, VOLTAGE, job, cells, clock)


def _distinct(trains: Sequence[Steps]) -> tuple[list[Steps], Steps]:
    """Each train once, and which of them each input has: inputs that share a train share its generator."""
    places = {number: n for n, number in enumerate(dict.fromkeys(map(id, trains)))}
    return list({id(train): train for train in trains}.values()), np.array([places[id(train)] for train in trains], dtype=np.int64)


def _unplastic(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """The synapses without plasticity."""
    projection = job.circuit.unplastic
    if projection is None or job.cell is None:
        return []
    b2, receptor, connect = brian(), job.cell.receptor(projection.receptor), projection.connect
    assert isinstance(connect, Pairwise)
    trains, of_input = _distinct(trains_of(job.circuit, projection))
    source = _generator(trains, job, clock, "unplastic_spikes", "thresholds")
    synapses = b2.Synapses(
        source,
        cells,
        "\n".join(f"add_{state} : {receptor.dimension.brian} (shared, constant)" for state, _, _ in receptor.parts),
        on_pre="\n".join(f"{of_cell(state)}_post += add_{state}" for state, _, _ in receptor.parts),
        delay=round(projection.fixed_delay / job.dt) * job.dt * b2.second,
        clock=clock,
        name="unplastic",
        namespace={},
    )
    synapses.connect(i=of_input, j=connect.cell)
    for state, _, weight in receptor.parts:
        setattr(synapses, f"add_{state}_", receptor.unit * abs(weight) * projection.fixed_efficacy)
    return [source, synapses]


def _synapses(job: Alone, source: Any, of_input: Steps, cells: Any, receptor: Receptor | None, clock: Any) -> Any:
    b2 = brian()
    rule, stepping = job.rule, stepped(job.rule)
    known = known_names(rule)
    dimensions = {name: known.get(name, NONE) for name in rule.constants}
    model = [text.synapse_model(rule, stepping), *text.constant_lines(dimensions, job.overrides)]
    if receptor is not None:
        model += [f"{unit_of(state)} : {receptor.dimension.brian} (shared, constant)" for state, _, _ in receptor.parts]
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
        event[name] = action.event if action.event in job.signals else "spike"
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
    synapses.connect(i=of_input, j=job.lane_of_input)
    if synapses.state_updater is not None:
        synapses.state_updater.order = SYNAPSE_ORDER
    clip = text.clip_statement(rule)
    if clip:
        synapses.run_regularly(clip, clock=clock, when="groups", order=CLIP_ORDER)
    return synapses


def pathway_order(event: str, position: int, coincidence: str) -> int:
    """When a handler runs within the slot of the synapses."""
    base = {"pre": 100 if coincidence == "post_first" else -100, "post": 0, "reward": 200}.get(event, 300)  # the clock comes last
    return base + position


def _post(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """The rule's [post] variables: a group of their own that reads v of the cells, which read them in turn."""
    post = job.rule.post
    if post is None:
        return []
    b2 = brian()
    known = known_names(job.rule)
    lines = [text.equation_line(e, renames=late.before_advance(job)) for e in post.equations]
    lines += late.declarations(job, known)
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
    for name in post.delayed:
        setattr(cells, name, b2.linked_var(group, name))
    if post.delayed:
        group.run_regularly(late.advance(job), clock=clock, when="groups", order=LATE_ORDER)
    objects = [group]
    if post.on_spike:
        renames: dict[str, t.Tree] = {name: t.Name(f"{name}_post") for name in (*(e.name for e in post.equations), *post.delayed)}
        renames |= {"v": t.Name("v_post")} | {name: t.Name(f"{name}_post") for name in job.rule.constants}
        pathway = b2.Synapses(cells, group, on_pre=text.statements(post.on_spike, renames), clock=clock, name="after_spike", namespace={})
        pathway.connect(i=np.arange(job.lanes), j=np.arange(job.lanes))
        pathway.pre.order = AFTER_SPIKE_ORDER
        objects.append(pathway)
    return objects


def _set_values(job: Alone, built: Built) -> None:
    """Every constant and initial value, remembered under ``owner.name`` so that it can be read back."""
    groups = {group.name: group for group in (*built.network.objects, built.synapses, built.cells)}
    for label, value in settings(job).items():
        owner, _, name = label.partition(".")
        setattr(groups[owner], name + "_", value[0] if groups[owner].variables[name].scalar else value)
        built.values[label] = value
