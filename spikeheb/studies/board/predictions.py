"""What a rule predicts for each condition of a protocol: the efficacy at the end of induction over that before, without test pulses.

The cell takes part where the rule reads its potential, or where the inputs may make it fire; else its spikes are the imposed ones,
and the synapse is run without it. Chance is averaged out: of a rule that draws, many synapses get the same spikes and their mean
counts, as in an experiment on many connections; of a protocol that draws, many sessions are held. How many are needed is estimated
from a first, small run, and those that are missing are added. Where a rule names a ``readout``, that is what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.sources import spike_counts
from spikeheb.circuits.usual import given, with_drive, with_inputs, with_lanes, without_cell
from spikeheb.circuits.values import constants, efficacy, initial_values, per_input
from spikeheb.engines.choice import carry_out
from spikeheb.expressions import tree as t
from spikeheb.protocols import Protocol
from spikeheb.rules import choose
from spikeheb.rules.meaning import is_noisy, reads_membrane
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Schedule
from spikeheb.studies.experiment.cell_free import is_silent_by_episodes
from spikeheb.studies.experiment.session import inputs_under_test, session, settled_step
from spikeheb.studies.population import RANDOM, spread_evenly

Floats = npt.NDArray[np.float64]

SYNAPSES, MOST_SYNAPSES = 64, 32_768
"""Synapses that share a condition, of a rule that draws: in the first run, and at most."""
SESSIONS, MOST_SESSIONS = 16, 512
"""Sessions of a protocol that draws: in the first run, and at most."""
SYNAPSES_OF_A_SESSION = 32
"""Synapses that share a condition in each of many sessions, of a rule that draws."""
MARGIN = 1.05
"""This many times more synapses or sessions are taken than the estimate so far demands, because the estimate is uncertain itself."""
ROUNDS = 7
"""Runs at most, the first one included."""
SPIKES_AT_ONCE = 4_000_000
"""Presynaptic spikes of a single job, so that its size in memory stays small."""
STANDARD_CELL = "l5_pyramidal"
STRONGEST = 5.0
"""An efficacy above almost every outcome."""
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
    """The cell that a rule is used with: that of its own paper if it reads the potential and there is one, else the standard cell."""
    if reads_membrane(rule):
        own = {reference.doi for reference in rule.references.values()}
        for name in library.names("cell"):
            cell = library.cell(name)
            if own & {reference.doi for reference in cell.references.values()}:
                return cell
    return library.cell(STANDARD_CELL)


def predict(
    protocol: Protocol,
    rule: Rule,
    cell: Cell | None = None,
    lanes: Index | None = None,
    *,
    allowed: Floats | None = None,
    engine: str = "auto",
    seed: int = 0,
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
    allowed : array of float, shape (lanes,), optional
        The standard error that chance may leave in the ratio of each lane. Where something is drawn, so many synapses or sessions are
        taken, up to `MOST_SYNAPSES` and `MOST_SESSIONS`. By default the first run counts.
    engine : str
    seed : int

    Raises
    ------
    SpikehebError
        For what cannot be done, and non-finite results.
    """
    counted = rule if rule.readout is None else replace(rule, efficacy=rule.readout)
    trial = _Trial(protocol, counted, cell or cell_of(rule), lanes, engine)
    numbers = trial.first_numbers(seed)
    prediction = trial.outcome(numbers, seed)
    for number in range(1, ROUNDS if allowed is not None and np.any(prediction.chance > 0) else 0):
        more = numbers.missing(prediction, np.asarray(allowed))
        if not np.any(more):
            break
        added = trial.added(numbers, more, seed + number)
        prediction, numbers = _pooled(prediction, added, numbers.drawn, more), numbers.plus(more)
    return prediction


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The number of sessions of each lane, and the number of synapses that share the spikes of each lane."""

    sessions: tuple[int, ...]
    synapses: tuple[int, ...]

    @property
    def drawn(self) -> Index:
        """What chance is averaged over, for each lane: sessions where there are several, else synapses."""
        return np.array(self.sessions if self._many_sessions else self.synapses)

    @property
    def _many_sessions(self) -> bool:
        return max(self.sessions) > 1

    def missing(self, prediction: Prediction, allowed: Floats) -> Index:
        """How many more sessions or synapses, in fours, leave no more chance than is allowed, as far as is known."""
        most = MOST_SESSIONS if self._many_sessions else MOST_SYNAPSES
        excess = np.where(prediction.chance > allowed, MARGIN * (prediction.chance / np.maximum(allowed, 1e-12)) ** 2, 1.0)
        wanted = np.minimum(4 * np.ceil(self.drawn * excess / 4), most)
        return np.where(excess > 1, np.maximum(wanted - self.drawn, 0), 0).astype(np.int64)

    def plus(self, more: Index) -> _Numbers:
        """The prediction with this number of further sessions or synapses."""
        total = tuple(int(n) for n in self.drawn + more)
        return replace(self, sessions=total) if self._many_sessions else replace(self, synapses=total)


def _pooled(first: Prediction, second: Prediction, n: Index, m: Index) -> Prediction:
    """The mean over all of n and m sessions or synapses; where m is 0, the first."""
    total, known = n + m, m > 0
    ratio = np.where(known, (n * first.ratio + m * second.ratio) / total, first.ratio)
    chance = np.where(known, np.hypot(n * first.chance, m * second.chance) / total, first.chance)
    return Prediction(ratio, chance)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A rule and a cell under some lanes of a protocol."""

    protocol: Protocol
    rule: Rule
    cell: Cell
    lanes: Index | None
    engine: str

    def first_numbers(self, seed: int) -> _Numbers:
        """Those of the first run; a rule that draws and reads the potential gets a cell for each synapse, as in a session of its own."""
        alone = is_noisy(self.rule) and reads_membrane(self.rule)
        count = len(_drawn(self.protocol, self.lanes, seed, 1).lanes)
        many = is_noisy(self.rule) and not alone
        sessions = SESSIONS if alone or draws_spikes(self.protocol, self.lanes, seed) else 1
        synapses = SYNAPSES if sessions == 1 else SYNAPSES_OF_A_SESSION
        return _Numbers((sessions,) * count, (synapses if many else 1,) * count)

    def outcome(self, numbers: _Numbers, seed: int) -> Prediction:
        """The outcomes of this number of sessions and synapses; every lane has as many sessions as the others."""
        sessions = max(numbers.sessions)
        schedule = _drawn(self.protocol, self.lanes, seed, sessions)
        synapses = np.tile(numbers.synapses, sessions)
        if not reads_membrane(self.rule) and only_imposed_spikes(self.protocol, self.cell):
            imposed = _without_cell(schedule, self.rule, None, synapses, sessions, self.engine, seed)
            if np.all(imposed.ratio <= STRONGEST):
                return imposed
        circuit = session(schedule, self.rule, self.cell, seed)
        recording = carry_out(circuit, self.engine)
        if is_noisy(self.rule) and not reads_membrane(self.rule):
            return _without_cell(schedule, self.rule, recording.spikes, synapses, sessions, self.engine, seed)
        inputs = inputs_under_test(schedule)
        column = int(np.searchsorted(circuit.probes.samples, settled_step(schedule)))
        lane = np.repeat(np.arange(len(inputs)), inputs.shape[1])
        return _prediction(before(circuit)[inputs.ravel()], recording.efficacy[inputs.ravel(), column], lane, sessions)

    def added(self, numbers: _Numbers, more: Index, seed: int) -> Prediction:
        """The outcomes of this number of further sessions or synapses, in lanes with any; several sessions are run lane by lane."""
        several = max(numbers.sessions) > 1
        ratio, chance = np.full(more.size, np.nan), np.full(more.size, np.nan)
        lanes = np.arange(more.size) if self.lanes is None else self.lanes
        chosen = np.flatnonzero(more)
        for part in chosen[:, None] if several else [chosen]:
            wanted, synapses = tuple(more[part].tolist()), tuple(numbers.synapses[k] for k in part)
            own = _Numbers(wanted, synapses) if several else _Numbers((1,) * part.size, wanted)
            prediction = replace(self, lanes=lanes[part]).outcome(own, seed)
            ratio[part], chance[part] = prediction.ratio, prediction.chance
        return Prediction(ratio, chance)


def only_imposed_spikes(protocol: Protocol, cell: Cell, seed: int = 0) -> bool:
    """Whether the cell has no spikes but the imposed ones even when every efficacy is `STRONGEST` and stays so."""
    key = (protocol.hash, cell.hash, seed)
    if key not in _KNOWN:
        sessions = SESSIONS if draws_spikes(protocol, None, seed) else 1
        schedule = _drawn(protocol, None, seed, sessions)
        fixed = choose(library.rule("pair"), parameters={"A_plus": 0, "A_minus": 0}, bounds="none")
        circuit = session(schedule, fixed, cell, seed).starting_at(STRONGEST)
        imposed = spike_counts(circuit.drive.imposed).tolist()
        _KNOWN[key] = is_silent_by_episodes(circuit) or [len(train) for train in carry_out(circuit).spikes] == imposed
    return _KNOWN[key]


_KNOWN: dict[tuple[str, str, int], bool] = {}
"""By protocol, cell and seed; a scoreboard asks the same for every rule."""


def _without_cell(
    schedule: Schedule, rule: Rule, spikes: Spikes | None, synapses: Index, sessions: int, engine: str, seed: int
) -> Prediction:
    circuit = many_synapses(schedule, rule, spikes, synapses, seed)
    lane = np.repeat(np.arange(len(schedule.lanes)), synapses)
    end = np.concatenate([carry_out(part, engine).efficacy[:, 0] for part in _parts(circuit)])
    return _prediction(before(circuit), end, lane, sessions)


def _parts(circuit: Circuit) -> Iterator[Circuit]:
    """The circuit in pieces of at most `SPIKES_AT_ONCE`, each with random numbers of its own."""
    inputs, spikes = circuit.synapse_count, np.cumsum(spike_counts(circuit.sources.sources))
    piece = np.repeat(spikes[::2] // SPIKES_AT_ONCE, 2)[:inputs]  # mirrored pairs stay together
    for number, chosen in enumerate(np.split(np.arange(inputs), np.flatnonzero(np.diff(piece)) + 1)):
        own = circuit.seed if number == 0 else int(np.random.SeedSequence([circuit.seed, 0x9A27, number]).generate_state(1)[0])
        initial = {name: np.asarray(values)[chosen] for name, values in circuit.plastic.initial.items()}
        yield replace(with_inputs(circuit, chosen, circuit.cell_of_synapse[chosen]).with_plastic(initial=initial), seed=own)


def before(circuit: Circuit) -> Floats:
    """The efficacy of each input at the start."""
    known = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    return efficacy(circuit, initial_values(circuit), known)


def draws_spikes(protocol: Protocol, lanes: Index | None = None, seed: int = 0) -> bool:
    """Whether two sessions of the protocol have different spikes."""
    return not _same_spikes(_drawn(protocol, lanes, seed, 1), _drawn(protocol, lanes, seed, 2, first=1))


def _drawn(protocol: Protocol, lanes: Index | None, seed: int, sessions: int, first: int = 0) -> Schedule:
    """The wanted lanes of this number of sessions, one session after the other, without test pulses."""

    def of_session(number: int) -> Schedule:
        schedule = protocol.schedule(np.random.default_rng([seed, 0x5C4ED, *([number] if number else [])])).without_test_pulses()
        return schedule if lanes is None else replace(schedule, lanes=tuple(schedule.lanes[n] for n in lanes))

    schedules = [of_session(number) for number in range(first, sessions)]
    return replace(schedules[0], lanes=tuple(lane for schedule in schedules for lane in schedule.lanes))


def _same_spikes(a: Schedule, b: Schedule) -> bool:
    def trains(schedule: Schedule) -> list[Floats]:
        return [train for lane in schedule.lanes for train in (*lane.pre, lane.post)]

    return all(np.array_equal(x, y) for x, y in zip(trains(a), trains(b), strict=True))


def many_synapses(schedule: Schedule, rule: Rule, spikes: Spikes | None, synapses: Index, seed: int) -> Circuit:
    """A circuit without a cell: in each lane this number of synapses under the spikes of the tested input and of the cell.

    Random initial weights are spread evenly over their distribution. A rule with variables of the cell gets a cell for each synapse.
    `spikes` are steps; the imposed ones if None.
    """
    whole = replace(schedule, copies=1, control=False)
    whole_session = without_cell(session(whole, rule, library.cell(STANDARD_CELL), seed))
    tested = inputs_under_test(whole).ravel()
    lane = np.repeat(np.arange(len(whole.lanes)), synapses)
    circuit = replace(with_inputs(whole_session, tested[lane], lane), mirrored=True)
    if spikes is not None:
        circuit = with_drive(circuit, replace(circuit.drive, imposed=given(spikes)))
    if rule.post is not None and lane.size > len(whole.lanes):
        circuit = with_lanes(circuit, lane)
    tree = rule.initial[rule.weight]
    if not t.functions(tree) & RANDOM:
        return circuit
    known: dict[str, object] = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    rank = np.concatenate([np.arange(count) for count in synapses])
    return circuit.starting_at(spread_evenly(tree, known, rank, np.repeat(synapses, synapses)))


def _prediction(start: Floats, end: Floats, lane: Index, sessions: int) -> Prediction:
    """From the efficacy of each synapse, in the order of lanes; those of a session follow those of the one before."""

    def mean(values: Floats) -> Floats:
        """Over (session, lane)."""
        return np.asarray(np.bincount(lane, values) / np.bincount(lane)).reshape(sessions, -1)

    mean_start, mean_end = mean(start).mean(axis=0), mean(end)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(mean_start != 0, mean_end.mean(axis=0) / mean_start, np.nan)
        error = (
            mean_end.std(axis=0, ddof=1) / np.sqrt(sessions)
            if sessions > 1
            else np.maximum(_error_of_means(end, lane), _unseen(start, lane))
        )
        chance = np.where(mean_start != 0, error / np.abs(mean_start), np.nan)
    return Prediction(ratio, chance)


def _unseen(start: Floats, lane: Index) -> Floats:
    """What the mean of each lane would change by, if one more of its synapses went from the lowest start to the highest.

    A change that one synapse in so many undergoes may well not have been seen.
    """
    count = np.bincount(lane)
    first = np.cumsum(count) - count
    return np.asarray((np.maximum.reduceat(start, first) - np.minimum.reduceat(start, first)) / count)


def _error_of_means(values: Floats, lane: Index) -> Floats:
    """The standard error of the mean of each lane, from the differences of neighbouring pairs; 0 of single synapses.

    Neighbours start at nearly the same weight, so that what the even spread of starting weights takes away does not count as
    chance: the variance of the mean of n values is the sum of ``(a - b)**2`` over all couples of neighbours, over ``n**2``. A value
    here is the mean of two synapses, since the noise of the second is that of the first, turned round.
    """
    if len(np.unique(lane)) == lane.size:
        return np.zeros(lane.size)
    values, lane = (values[::2] + values[1::2]) / 2, lane[::2]
    count = np.bincount(lane)
    place = np.arange(lane.size) - (np.cumsum(count) - count)[lane]
    first = np.flatnonzero((place % 2 == 0) & (place + 1 < count[lane]))
    pairs = np.bincount(lane[first], (values[first] - values[first + 1]) ** 2, minlength=count.size)
    return np.asarray(np.sqrt(pairs) / count)
