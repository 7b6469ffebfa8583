"""A session carried out without its cell, where nothing is read of the cell and every spike of it is imposed.

The cell is left out only after it has been seen to be silent: each of the different episodes of the session (spikes with a pause of
`PAUSE` after them) is given to the cell once, at `MARGIN` times the strongest input that the session had. Where the cell fires a spike
of its own, or is not back at rest after the pause, the session is carried out with it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import Drives
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.sources import Replayed
from spikeheb.circuits.steps import Steps
from spikeheb.circuits.usual import given, lanes, trains_given, without_cell
from spikeheb.circuits.values import constants, efficacy, initial_values, per_input
from spikeheb.engines.choice import Progress, carry_out
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE
from spikeheb.rules import choose
from spikeheb.rules.meaning import actions, reads_membrane
from spikeheb.studies.population import RANDOM

PAUSE = 0.8
"""Seconds without a spike after which a cell is back at rest, if it ever is."""
AT_REST = 1e-4
"""Volts by which a cell at rest may differ from its initial potential."""
MARGIN = 1.5
"""By how much more than the strongest input a cell must bear in silence: the input is sampled, and rest is not exact."""
VALUES = 2_000_000
"""How many efficacies are recorded at most to know the strongest input."""
SHARE = 0.5
"""A check of more than this share of the session is not worth its time."""

Floats = npt.NDArray[np.float64]
Episode = tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]


def carried_out(circuit: Circuit, engine: str, progress: Progress = None) -> Recording:
    """The recording of a session, without its cell where that changes nothing.

    Parameters
    ----------
    circuit : Circuit
        Lanes on cells.
    engine, progress
        As in `spikeheb.engines.choice.carry_out`.

    Raises
    ------
    SpikehebError
        As `carry_out`.
    """
    if not _is_unread(circuit):
        return carry_out(circuit, engine, progress=progress)
    episodes = _episodes(circuit)
    if not _are_few(circuit, episodes):
        return carry_out(circuit, engine, progress=progress)
    samples = np.union1d(circuit.probes.samples, _sampled(circuit))
    bare = replace(without_cell(circuit), probes=Probes(samples=samples))
    recording = carry_out(bare, engine, progress=progress)
    if not _is_silent(circuit, episodes, MARGIN * _strongest(circuit, recording)):
        return carry_out(circuit, engine, progress=progress)
    wanted = np.searchsorted(samples, circuit.probes.samples)
    return replace(recording, weight=recording.weight[:, wanted], efficacy=recording.efficacy[:, wanted])


def is_silent_by_episodes(circuit: Circuit) -> bool:
    """Whether the different episodes of a session alone show that its cells fire no spikes but the imposed ones.

    Parameters
    ----------
    circuit : Circuit
        Lanes on cells; its efficacies stay as they are at the start.

    Returns
    -------
    bool
        False as well where this cannot be told, or a run of the session costs hardly more.
    """
    if not _is_unread(circuit):
        return False
    episodes = _episodes(circuit)
    return _are_few(circuit, episodes) and _is_silent(circuit, episodes, _largest(circuit, _at_start(circuit)[:, None]))


def _are_few(circuit: Circuit, episodes: list[Episode]) -> bool:
    """Whether a check of the episodes is worth its time."""
    return bool(episodes) and _length(circuit, episodes) * len(episodes) <= SHARE * circuit.steps * circuit.cells.count


def _is_unread(circuit: Circuit) -> bool:
    """Whether nothing is read of the cell, and it gets nothing but given spikes and what its inputs always transmit in full."""
    drive, rule, cell = circuit.drive, circuit.rule, circuit.cell
    if cell is None or circuit.probes.sweeps.size or drive.currents or drive.clamps or reads_membrane(rule):
        return False
    trees = [cell.threshold, *(each.expression for each in cell.equations), *(line.expression for line in cell.reset)]
    if any(tree is not None and (NOISE in t.names(tree) or t.functions(tree) & RANDOM) for tree in trees):
        return False
    if not all(isinstance(source, Replayed) for source in (*drive.imposed, *circuit.sources.sources)):
        return False
    transmitted = [line.expression for handler in rule.handlers for line in handler.lines if line.target == "transmit"]
    return all(tree == t.ONE for tree in transmitted)


def _groups(circuit: Circuit) -> Steps:
    """The first synapse of each group of neighbours that get the same spikes in the same lane."""
    pre, lane = trains_given(circuit.sources.sources), circuit.cell_of_synapse

    def alike(k: int) -> bool:
        return bool(lane[k] == lane[k - 1]) and (pre[k] is pre[k - 1] or np.array_equal(pre[k], pre[k - 1]))

    return np.array([k for k in range(len(pre)) if k == 0 or not alike(k)], dtype=np.int64)


def _episodes(circuit: Circuit) -> list[Episode]:
    """The different episodes of all lanes: steps of every group and of the cell, the first spike of an episode at step 1."""
    pause, different = round(PAUSE / circuit.dt), dict[Episode, None]()
    pre, post, groups = trains_given(circuit.sources.sources), trains_given(circuit.drive.imposed), _groups(circuit)
    for n, imposed in enumerate(post):
        trains = [*(pre[k] for k in groups[circuit.cell_of_synapse[groups] == n]), imposed]
        events = np.unique(np.concatenate(trains))
        starts = events[np.diff(events, prepend=-pause - 1) > pause]
        parts = [np.split(train, np.searchsorted(train, starts[1:])) for train in trains]
        for k, start in enumerate(starts):
            shifted = [tuple((part[k] - start + 1).tolist()) for part in parts]
            different[tuple(shifted[:-1]), shifted[-1]] = None
    return list(different)


def _length(circuit: Circuit, episodes: list[Episode]) -> int:
    """Steps of the longest episode with the pause after it."""
    last = max((train[-1] for pre, post in episodes for train in (*pre, post) if train), default=0)
    return int(last) + round(PAUSE / circuit.dt) + 1


def _sampled(circuit: Circuit) -> Steps:
    """Steps around the arrivals of presynaptic spikes, or as many of these as may be recorded, at equal distances."""
    spikes = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *trains_given(circuit.sources.sources)]))
    delays = {0, *(round(action.delay / circuit.dt) for action in actions(circuit.rule) if action.event == "pre")}
    steps = np.unique(np.concatenate([spikes + delay + side for delay in delays for side in (-1, 0)]))
    steps = steps[(steps >= 0) & (steps < circuit.steps)]
    every = -(-steps.size * circuit.synapse_count // VALUES)
    return steps[:: max(1, every)]


def _strongest(circuit: Circuit, recording: Recording) -> float:
    """The largest efficacy that any input with the same spikes has had, summed over its synapses."""
    return _largest(circuit, np.column_stack([_at_start(circuit), recording.efficacy]))


def _at_start(circuit: Circuit) -> Floats:
    known = {name: per_input(circuit, value) for name, value in constants(circuit).items()}
    return efficacy(circuit, initial_values(circuit), known)


def _largest(circuit: Circuit, values: Floats) -> float:
    """The largest of the efficacies, shape (inputs, times), summed over synapses with the same spikes."""
    return float(np.add.reduceat(np.maximum(values, 0.0), _groups(circuit), axis=0).max())


def _is_silent(circuit: Circuit, episodes: list[Episode], strength: float) -> bool:
    """Whether the cell fires no spike of its own in any episode with inputs of this efficacy, and is at rest after each."""
    if not np.isfinite(strength):
        return False
    fixed = choose(library.rule("pair"), parameters={"A_plus": 0, "A_minus": 0}, bounds="none")
    end, pre = _length(circuit, episodes), [np.array(train, dtype=np.int64) for inputs, _ in episodes for train in inputs]
    post = tuple(np.array(train, dtype=np.int64) for _, train in episodes)
    lane = np.repeat(np.arange(len(episodes)), [len(inputs) for inputs, _ in episodes])
    alone = lanes(
        fixed, circuit.cell, circuit.dt, end, lane, tuple(pre), Drives(imposed=given(post)),
        Probes(sweeps=np.array([0, end - 1]), sweep_steps=1), {fixed.weight: strength}, receptor=circuit.plastic.receptor,
    )  # fmt: skip
    recording = carry_out(alone)
    silent = [len(train) for train in recording.spikes] == [len(train) for train in post]
    return silent and bool(np.all(np.abs(recording.v[:, 1] - recording.v[:, 0]) < AT_REST))
