"""A population of cells as a Brian2 group, and what acts on it: imposed spikes, currents and clamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spikeheb.cells import assemble
from spikeheb.circuits.drives import Change
from spikeheb.dimensions import CURRENT, NONE, VOLTAGE, Dimension
from spikeheb.draws import random
from spikeheb.draws.currents import RandomCurrent
from spikeheb.engines.alone import Alone
from spikeheb.engines.brian import shapes, text
from spikeheb.engines.brian.importing import brian
from spikeheb.engines.brian.names import of_cell, own
from spikeheb.engines.brian.part import CELL_ORDER, CLAMP_ORDER, HOLD_ORDER, JUMP_ORDER, Part
from spikeheb.engines.brian.settings import REFRACTORY_TIME
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.check import known_names

FORCED, AMOUNT, SWEEPING, CURRENT_IN = (own(name) for name in ("forced", "amount", "sweeping", "I_ext"))
CLAMPED, V_CLAMP = own("clamped"), own("v_clamp")
DRAWN = own("drawn")
NO_DRAWS = "a standalone program does not draw the numbers that a cell's threshold draws in the other engines"
V_HELD, HELD_UNTIL, REFRACTORY = own("v_held"), own("held_until"), own(REFRACTORY_TIME)


def population(job: Alone, clock: Any, reaching: Sequence[Part], *, name: str = "cells", sweeping: bool = False) -> Any:
    """The group of the cells of a job, with what the synapses that reach them keep or hear there.

    With `sweeping`, the cells have an event ``sweep`` in every step of a sweep, for a monitor to record at.
    """
    extra = [f"{FORCED} : 1", *(line for part in reaching for line in _linked(part))]
    events: dict[str, str] = {}
    heard = [(part.named(signal), part.flag_of(signal)) for part in reaching for signal in part.job.signals]
    if heard:
        extra += [f"{AMOUNT} : 1", *(f"{flag} : 1" for _, flag in heard)]
        events |= {event: f"{flag} > 0.5" for event, flag in heard}
    if sweeping:
        extra.append(f"{SWEEPING} : 1")
        events["sweep"] = f"{SWEEPING} > 0.5"
    cells = _imposed_only(job, extra, events, clock, name) if job.cell is None else _membranes(job, extra, events, clock, name)
    for event, flag in heard:
        cells.run_on_event(event, f"{flag} = 0", when="resets", order=1)
    return cells


def _linked(part: Part) -> list[str]:
    """The [post] variables of a projection, which synapses read through the cells."""
    rule = part.job.rule
    if rule.post is None:
        return []
    known = known_names(rule)
    lines = [f"{e.name} : {e.dimension.brian} (linked)" for e in rule.post.equations if e.kind != "subexpression"]
    return lines + [f"{name} : {known[name].brian} (linked)" for name in rule.post.delayed]


def _imposed_only(job: Alone, extra: list[str], events: dict[str, str], clock: Any, name: str) -> Any:
    """Cells without a membrane."""
    return brian().NeuronGroup(
        job.lanes, "\n".join(extra), threshold=f"{FORCED} > 0.5", reset=f"{FORCED} = 0", events=dict(events), clock=clock, name=name,
        namespace={},
    )  # fmt: skip


def _membranes(job: Alone, extra: list[str], events: dict[str, str], clock: Any, name: str) -> Any:
    b2 = brian()
    cell = job.cell
    assert cell is not None
    membrane = assemble(cell, job.dt)
    is_held = cell.refractory > 0 or bool(cell.shape)
    names = text.membrane_names(membrane)
    lines = [text.membrane_model(membrane), *extra, *shapes.declarations(cell)]
    condition = to_brian(t.substitute(cell.threshold_with(DRAWN), names))
    lines += [f"{DRAWN} : 1"] if cell.draws else []
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
        name=name,
        namespace={},
    )
    cells.state_updater.order = CELL_ORDER
    if membrane.jumps:
        due = [of_cell(state) for state in membrane.jumps]
        jump = "\n".join([f"v += {' + '.join(due)}", *(f"{state} = 0*volt" for state in due)])
        cells.run_regularly(jump, clock=clock, when="groups", order=JUMP_ORDER)
    shapes.follow(cells, cell, job.dt, reset, V_HELD, HELD_UNTIL)
    if is_held:
        hold = f"v = v*int(t >= {HELD_UNTIL} - 0.5*dt) + {V_HELD}*int(t < {HELD_UNTIL} - 0.5*dt)"
        cells.run_regularly(hold, clock=clock, when="groups", order=HOLD_ORDER)
    if job.clamps:
        cells.run_regularly(f"v = v*(1 - {CLAMPED}) + {V_CLAMP}*{CLAMPED}", clock=clock, when="groups", order=CLAMP_ORDER)
    return cells


def generator(trains: Any, dt: float, clock: Any, name: str, when: str) -> Any:
    """A group that fires at given steps."""
    b2 = brian()
    indices = np.concatenate([np.full(len(train), n) for n, train in enumerate(trains)] or [np.zeros(0)]).astype(int)
    steps = np.concatenate([np.asarray(train, dtype=np.int64) for train in trains] or [np.zeros(0, dtype=np.int64)])
    order = np.lexsort((indices, steps))
    return b2.SpikeGeneratorGroup(
        max(len(trains), 1), indices[order], steps[order] * dt * b2.second, clock=clock, name=name, when=when, sorted=True
    )


def drives(job: Alone, cells: Any, clock: Any, noise: RandomCurrent | None = None) -> list[Any]:
    """All that acts on the cells at given steps, and a random current."""
    currents = changes(job.currents, CURRENT_IN, CURRENT, job.dt, cells, clock) if noise is None else [_random(job, noise, cells, clock)]
    return [*_imposed(job, cells, clock), *currents, *_clamps(job, cells, clock), *_drawn(job, cells, clock)]


def _drawn(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """The number that a threshold draws in each step: that of all other engines."""
    if job.cell is None or not job.cell.draws:
        return []
    streams, drawn = random.streams(job.seed, random.Purpose.DRAWS_OF_THRESHOLD, np.arange(job.lanes)), cells.variables[DRAWN]

    def draw() -> None:
        drawn.set_value(random.uniform(streams, _step(clock)))

    return [brian().NetworkOperation(draw, clock=clock, when="before_thresholds", name=f"drawn_for_{cells.name}")]


def _step(clock: Any) -> int:
    return int(np.ravel(clock.variables["timestep"].get_value())[0])


def _random(job: Alone, noise: RandomCurrent, cells: Any, clock: Any) -> Any:
    """The random current of each step together with the given one."""
    steady, current = np.zeros(job.lanes), cells.variables[CURRENT_IN]

    def flow() -> None:
        now = _step(clock)
        for change in given.get(now, ()):
            steady[change.cell] = change.value
        current.set_value(steady + noise.at(now))

    given = dict[int, list[Change]]()
    for change in job.currents:
        given.setdefault(change.step, []).append(change)
    return brian().NetworkOperation(flow, clock=clock, when="before_groups", name=f"random_current_of_{cells.name}")


def _imposed(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """Imposed spikes: they raise `forced` before the threshold of their own step."""
    if not any(len(train) for train in job.post):
        return []
    b2 = brian()
    source = generator(job.post, job.dt, clock, f"imposed_on_{cells.name}", "before_thresholds")
    pathway = b2.Synapses(source, cells, on_pre=f"{FORCED}_post = 1", clock=clock, name=f"imposing_on_{cells.name}", namespace={})
    pathway.connect(i=np.arange(job.lanes), j=np.arange(job.lanes))
    source.order = 0
    pathway.pre.when, pathway.pre.order = "before_thresholds", 1
    return [source, pathway]


def changes(given: tuple[Change, ...], variable: str, dimension: Dimension, dt: float, cells: Any, clock: Any, mark: str = "") -> list[Any]:
    """Values that are set at their step: one generator neuron a change. The mark tells two that set one variable apart."""
    if not given:
        return []
    b2 = brian()
    source = generator([[c.step] for c in given], dt, clock, f"source_{variable}_of_{cells.name}{mark}", "before_groups")
    pathway = b2.Synapses(
        source,
        cells,
        f"value : {dimension.brian} (constant)",
        on_pre=f"{variable}_post = value",
        clock=clock,
        name=f"set_{variable}_of_{cells.name}{mark}",
        namespace={},
    )
    pathway.connect(i=np.arange(len(given)), j=np.array([c.cell for c in given]))
    pathway.value_ = np.array([c.value for c in given])
    source.order = 0
    pathway.pre.when, pathway.pre.order = "before_groups", 1
    return [source, pathway]


def _clamps(job: Alone, cells: Any, clock: Any) -> list[Any]:
    """Two values for each change: whether the cell is clamped, and at which potential."""
    potentials = tuple(c for c in job.clamps if not np.isnan(c.value))
    flags = tuple(replace(c, value=float(not np.isnan(c.value))) for c in job.clamps)
    return changes(flags, CLAMPED, NONE, job.dt, cells, clock) + changes(potentials, V_CLAMP, VOLTAGE, job.dt, cells, clock)
