"""What a rule predicts for each condition of a protocol: the efficacy at the end of induction over that before, without test pulses.

Chance is averaged out. Of a rule that draws, many synapses get the same spikes, and their mean counts, as in an experiment on
many connections; of a protocol that draws, many sessions are held. Where a rule names a ``readout``, that is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.engines.choice import carry_out
from spikeheb.engines.job import Job
from spikeheb.engines.values import constants, efficacy, initial_values, per_input
from spikeheb.errors import ScheduleError
from spikeheb.expressions.printers import evaluate, to_brian
from spikeheb.protocols import Protocol
from spikeheb.rules.meaning import is_noisy, reads_membrane
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Schedule
from spikeheb.studies.session import inputs_under_test, session, settled_step

Floats = npt.NDArray[np.float64]

SYNAPSES = 200
"""Synapses that share a condition, for rules that draw."""
SESSIONS = 16
"""Sessions of a protocol that draws."""
STANDARD_CELL = "l5_pyramidal"


@dataclass(frozen=True, slots=True)
class Prediction:
    """Outcomes of a rule, in the order of the protocol's lanes.

    Attributes
    ----------
    ratio : array of float, shape (lanes,)
        NaN where the efficacy was 0 before.
    chance : array of float, shape (lanes,)
        Standard error of the ratio over synapses or sessions; 0 where nothing is drawn.
    """

    ratio: Floats
    chance: Floats


def cell_of(rule: Rule) -> Cell:
    """The cell that a rule is used with: that of its own paper where it reads the potential and there is one, else the standard cell."""
    if reads_membrane(rule):
        own = {reference.doi for reference in rule.references.values()}
        for name in library.names("cell"):
            cell = library.cell(name)
            if own & {reference.doi for reference in cell.references.values()}:
                return cell
    return library.cell(STANDARD_CELL)


def predict(protocol: Protocol, rule: Rule, cell: Cell | None = None, *, engine: str = "auto", seed: int = 0) -> Prediction:
    """What the rule predicts for each lane of the protocol.

    Parameters
    ----------
    protocol : Protocol
    rule : Rule
    cell : Cell, optional
        By default `cell_of` the rule.
    engine : str
    seed : int

    Raises
    ------
    SpikehebError
        For what cannot be done, and non-finite results.
    """
    counted = rule if rule.readout is None else replace(rule, efficacy=rule.readout)
    one = protocol.schedule(np.random.default_rng([seed, 0x5C4ED])).without_test_pulses()
    schedule = _many_sessions(protocol, one, seed)
    repeats = len(schedule.lanes) // len(one.lanes)
    job = session(schedule, counted, cell or cell_of(rule), seed)
    recording = carry_out(job, engine)
    if draws(rule) and not reads_membrane(rule):
        job = many_synapses(schedule, counted, recording.spikes, seed)
        recording = carry_out(job, engine)
        inputs = np.arange(job.inputs).reshape(job.lanes, SYNAPSES)
    else:
        inputs = inputs_under_test(schedule)
    column = int(np.searchsorted(job.samples, settled_step(schedule)))
    end = recording.efficacy[inputs, column].reshape(repeats, len(one.lanes), -1)
    start = before(job)[inputs].reshape(end.shape)
    return _prediction(start, end)


def draws(rule: Rule) -> bool:
    """Whether two synapses with the same spikes may end differently."""
    return is_noisy(rule) or "rand" in to_brian(rule.initial[rule.weight])


def before(job: Job) -> Floats:
    """The efficacy of each input at the start."""
    known = {name: per_input(job, value) for name, value in constants(job).items()}
    return efficacy(job, initial_values(job), known)


def _many_sessions(protocol: Protocol, one: Schedule, seed: int) -> Schedule:
    """The schedule, or if the protocol draws its spikes, the lanes of many sessions one after the other."""
    again = protocol.schedule(np.random.default_rng([seed, 0x5C4ED, 1])).without_test_pulses()
    if _same_spikes(one, again):
        return one
    more = [protocol.schedule(np.random.default_rng([seed, 0x5C4ED, n])) for n in range(2, SESSIONS)]
    lanes = [lane for schedule in (one, again, *more) for lane in schedule.lanes]
    return replace(one, lanes=tuple(lanes))


def _same_spikes(a: Schedule, b: Schedule) -> bool:
    def trains(schedule: Schedule) -> list[Floats]:
        return [train for lane in schedule.lanes for train in (*lane.pre, lane.post)]

    return all(np.array_equal(x, y) for x, y in zip(trains(a), trains(b), strict=True))


def many_synapses(schedule: Schedule, rule: Rule, spikes: tuple[npt.NDArray[np.int64], ...], seed: int) -> Job:
    """A job of many synapses under each lane's spikes, those of the tested input and of the cell; random initial weights are
    spread evenly over their distribution.

    Raises
    ------
    ScheduleError
        Where a lane has other inputs that a rule could react to through the cell's own variables.
    """
    if rule.post is not None:
        raise ScheduleError("a rule that draws and has variables of the cell cannot be averaged over synapses", path=rule.path)
    job = session(replace(schedule, copies=SYNAPSES, control=False), rule, library.cell(STANDARD_CELL), seed)
    tested = inputs_under_test(replace(schedule, copies=SYNAPSES, control=False)).ravel()
    job = replace(
        job, cell=None, pre=tuple(job.pre[k] for k in tested), lane_of_input=np.repeat(np.arange(job.lanes), SYNAPSES), post=spikes,
        currents=(), clamps=(), sweeps=job.sweeps[:0], sweep_steps=0, receptor=None,
    )  # fmt: skip
    tree = rule.initial[rule.weight]
    if "rand" not in to_brian(tree):
        return job
    known = {name: per_input(job, value) for name, value in constants(job).items()}
    even = np.tile((np.arange(SYNAPSES) + 0.5) / SYNAPSES, job.lanes)
    return replace(job, initial={rule.weight: np.asarray(evaluate(tree, known, {"rand": lambda: even, "randn": lambda: _normal(even)}))})


def _normal(even: Floats) -> Floats:
    from scipy.special import ndtri

    found: Floats = ndtri(even)
    return found


def _prediction(start: Floats, end: Floats) -> Prediction:
    """From efficacies over (session, lane, synapse)."""
    mean_start, mean_end = start.mean(axis=(0, 2)), end.mean(axis=(0, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(mean_start != 0, mean_end / mean_start, np.nan)
        if end.shape[0] > 1:
            chance = (end.mean(axis=2) / mean_start).std(axis=0, ddof=1) / np.sqrt(end.shape[0])
        else:
            chance = end[0].std(axis=1, ddof=min(1, end.shape[2] - 1)) / np.sqrt(end.shape[2]) / np.abs(mean_start)
    return Prediction(ratio, chance)
