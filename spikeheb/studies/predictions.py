"""What a rule predicts for each condition of a protocol: the efficacy at the end of induction over that before, without test pulses.

The cell takes part where the rule reads its potential, or where the inputs may make it fire; else its spikes are the imposed ones,
and the synapse is run without it. Chance is averaged out: of a rule that draws, many synapses get the same spikes and their mean
counts, as in an experiment on many connections; of a protocol that draws, many sessions are held. Where a rule names a
``readout``, that is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.engines.choice import carry_out
from spikeheb.engines.job import Job, Recording
from spikeheb.engines.values import constants, efficacy, initial_values, per_input
from spikeheb.errors import ScheduleError
from spikeheb.expressions.printers import evaluate, to_brian
from spikeheb.protocols import Protocol
from spikeheb.rules import choose
from spikeheb.rules.meaning import is_noisy, reads_membrane
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Schedule
from spikeheb.studies.session import inputs_under_test, session, settled_step

Floats = npt.NDArray[np.float64]

SYNAPSES = 128
"""Synapses that share a condition, for rules that draw."""
SESSIONS = 16
"""Sessions of a protocol that draws."""
STANDARD_CELL = "l5_pyramidal"
STRONGEST = 5.0
"""An efficacy that hardly any outcome reaches."""
Index = npt.NDArray[np.int64]
Spikes = tuple[Index, ...]


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


def predict(
    protocol: Protocol, rule: Rule, cell: Cell | None = None, lanes: Index | None = None, *, engine: str = "auto", seed: int = 0
) -> Prediction:
    """What the rule predicts for each lane of the protocol.

    Parameters
    ----------
    protocol : Protocol
    rule : Rule
    cell : Cell, optional
        By default `cell_of` the rule.
    lanes : array of int, optional
        The lanes that are wanted, in the order of the outcome; all if not given.
    engine : str
    seed : int

    Raises
    ------
    SpikehebError
        For what cannot be done, and non-finite results.
    """
    counted = rule if rule.readout is None else replace(rule, efficacy=rule.readout)
    body = cell or cell_of(rule)
    schedule, sessions = _sessions(protocol, lanes, seed)
    if not reads_membrane(rule) and only_imposed_spikes(protocol, body, seed):
        found = _without_cell(schedule, counted, None, sessions, engine, seed)
        if np.all(found.ratio <= STRONGEST):
            return found
    job = session(schedule, counted, body, seed)
    recording = carry_out(job, engine)
    if draws(rule) and not reads_membrane(rule):
        return _without_cell(schedule, counted, recording.spikes, sessions, engine, seed)
    return _outcome(job, recording, inputs_under_test(schedule), schedule, sessions)


def only_imposed_spikes(protocol: Protocol, cell: Cell, seed: int = 0) -> bool:
    """Whether the cell has no spikes but the imposed ones even when every efficacy is `STRONGEST` and stays so."""
    key = (protocol.hash, cell.hash, seed)
    if key not in _KNOWN:
        schedule, _ = _sessions(protocol, None, seed)
        fixed = choose(library.rule("pair"), parameters={"A_plus": 0, "A_minus": 0}, bounds="none")
        job = session(schedule, fixed, cell, seed)
        job = replace(job, initial={fixed.weight: np.full(job.inputs, STRONGEST)})
        spikes = carry_out(job).spikes
        _KNOWN[key] = all(len(found) == len(imposed) for found, imposed in zip(spikes, job.post, strict=True))
    return _KNOWN[key]


_KNOWN: dict[tuple[str, str, int], bool] = {}
"""By protocol, cell and seed; a scoreboard asks the same for every rule."""


def _without_cell(schedule: Schedule, rule: Rule, spikes: Spikes | None, sessions: int, engine: str, seed: int) -> Prediction:
    job = many_synapses(schedule, rule, spikes, SYNAPSES if draws(rule) else 1, seed)
    return _outcome(job, carry_out(job, engine), np.arange(job.inputs).reshape(job.lanes, -1), schedule, sessions)


def _outcome(job: Job, recording: Recording, inputs: Index, schedule: Schedule, sessions: int) -> Prediction:
    column = int(np.searchsorted(job.samples, settled_step(schedule)))
    end = recording.efficacy[inputs, column].reshape(sessions, len(schedule.lanes) // sessions, -1)
    return _prediction(before(job)[inputs].reshape(end.shape), end)


def draws(rule: Rule) -> bool:
    """Whether two synapses with the same spikes may end differently."""
    return is_noisy(rule) or "rand" in to_brian(rule.initial[rule.weight])


def before(job: Job) -> Floats:
    """The efficacy of each input at the start."""
    known = {name: per_input(job, value) for name, value in constants(job).items()}
    return efficacy(job, initial_values(job), known)


def _sessions(protocol: Protocol, lanes: Index | None, seed: int) -> tuple[Schedule, int]:
    """The wanted lanes, and if the protocol draws its spikes, those of many sessions one after the other; how many sessions."""

    def one(*more: int) -> Schedule:
        schedule = protocol.schedule(np.random.default_rng([seed, 0x5C4ED, *more])).without_test_pulses()
        return schedule if lanes is None else replace(schedule, lanes=tuple(schedule.lanes[n] for n in lanes))

    first, second = one(), one(1)
    if _same_spikes(first, second):
        return first, 1
    all_lanes = [lane for schedule in (first, second, *map(one, range(2, SESSIONS))) for lane in schedule.lanes]
    return replace(first, lanes=tuple(all_lanes)), SESSIONS


def _same_spikes(a: Schedule, b: Schedule) -> bool:
    def trains(schedule: Schedule) -> list[Floats]:
        return [train for lane in schedule.lanes for train in (*lane.pre, lane.post)]

    return all(np.array_equal(x, y) for x, y in zip(trains(a), trains(b), strict=True))


def many_synapses(schedule: Schedule, rule: Rule, spikes: Spikes | None, copies: int, seed: int) -> Job:
    """A job without a cell: in each lane so many synapses under the spikes of the tested input and of the cell.

    Random initial weights are spread evenly over their distribution. `spikes` are steps; the imposed ones if None.

    Raises
    ------
    ScheduleError
        For several synapses of a rule with variables of the cell, which they would share.
    """
    if rule.post is not None and copies > 1:
        raise ScheduleError("a rule that draws and has variables of the cell cannot be averaged over synapses", path=rule.path)
    whole = replace(schedule, copies=copies, control=False)
    job = session(whole, rule, library.cell(STANDARD_CELL), seed)
    tested = inputs_under_test(whole).ravel()
    job = replace(
        job, cell=None, pre=tuple(job.pre[k] for k in tested), lane_of_input=np.repeat(np.arange(job.lanes), copies),
        post=job.post if spikes is None else spikes, currents=(), clamps=(), receptor=None,
    )  # fmt: skip
    tree = rule.initial[rule.weight]
    if "rand" not in to_brian(tree):
        return job
    known = {name: per_input(job, value) for name, value in constants(job).items()}
    even = np.tile((np.arange(copies) + 0.5) / copies, job.lanes)
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
