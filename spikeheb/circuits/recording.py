"""What an engine recorded of a circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.circuits.equality import equal_by_value
from spikeheb.circuits.steps import NO_STEPS, Floats, Numbers, Steps

Reals = npt.NDArray[np.floating[Any]]
NOTHING: Floats = np.zeros((0, 0))


@equal_by_value
@dataclass(frozen=True, kw_only=True)
class Recording:
    """What an engine recorded; what was not asked for is empty.

    Where every input reaches one cell, synapses are counted by their input; where every input reaches every cell, by cell and input.

    Attributes
    ----------
    w : array, shape (inputs,) or (cells, inputs)
        Weights at the end.
    engine : mapping of str to str
        Which engine ran, with versions and flags.
    spikes : tuple of arrays of int
        Steps of all spikes of each cell, imposed ones included.
    variables : mapping of str to array, shape (inputs,)
        All synaptic variables at the end.
    weight, efficacy : arrays of float, shape (synapses, samples)
        At the samples, in the order of `Circuit.cell_of_synapse`.
    v : array of float, shape (cells, sweeps, sweep_steps)
        Volts.
    counts : array of int, shape (cells,)
        Spikes of each cell, imposed ones included.
    snapshots : array, shape (snapshots, cells, inputs)
    watched : array, shape (watched, watch)
    histograms : array of int, shape (histograms, bins)
    """

    w: Reals
    engine: Mapping[str, str]
    spikes: tuple[Steps, ...] = ()
    variables: Mapping[str, Floats] = field(default_factory=dict)
    weight: Floats = field(default_factory=lambda: NOTHING)
    efficacy: Floats = field(default_factory=lambda: NOTHING)
    v: Floats = field(default_factory=lambda: NOTHING)
    counts: Steps = field(default_factory=lambda: NO_STEPS)
    snapshots: Reals = field(default_factory=lambda: NOTHING)
    watched: Reals = field(default_factory=lambda: NOTHING)
    histograms: Reals | Steps = field(default_factory=lambda: NO_STEPS)


@equal_by_value
@dataclass(frozen=True, kw_only=True)
class Rewiring:
    """What rewiring did to a projection, and how it was before.

    Attributes
    ----------
    step : int
        Before which it was.
    pruned, grown : int
        Synapses that were removed and that are new.
    pre, post : arrays of int, shape (synapses,)
        Source and cell of each synapse before.
    """

    step: int
    pruned: int
    grown: int
    pre: Numbers
    post: Numbers


@equal_by_value
@dataclass(frozen=True, kw_only=True)
class NetworkRecording:
    """What an engine recorded of a network. Synapses stand cell after cell, those of a cell by their source.

    Attributes
    ----------
    engine : mapping of str to str
        Which engine ran, with versions and flags.
    spikes : mapping of str to pair of arrays of int
        For each population of cells step and cell of every spike of those whose spikes are recorded, in order.
    counts : mapping of str to array of int, shape (cells,)
        Spikes of each cell, imposed ones included.
    pre, post : mapping of str to array of int, shape (synapses,)
        Source and cell of the synapses of each projection with a rule, at the end.
    delay : mapping of str to array of int, shape (synapses,)
        Steps from the spike to each.
    w : mapping of str to array, shape (synapses,)
        Their weights at the end.
    snapshots : mapping of str to array, shape (snapshots, synapses)
        Of the synapses as they are then.
    binned : mapping of str to array of int, shape (bins,)
        Spikes of all cells of a population in each whole bin, where they are counted.
    v : mapping of str to array, shape (samples, cells)
        Volts, of the recorded cells of a population.
    currents : mapping of str to array, shape (receptors, samples, cells)
        Amperes, by receptor of `Circuit.driven_cell` through which a current flows: jumps of the potential are none.
    watched_synapses : mapping of str to array of int, shape (watched,)
        The numbers of the watched synapses among those of `pre` and `post`.
    watched : mapping of str to array, shape (watch, watched)
    histograms : mapping of str to array of int, shape (histograms, bins)
    presentations : mapping of str to pair of arrays of int
        For each population with a pattern, first step of each presentation and number of the source that has it.
    dropped : mapping of str to int
        For each population of which a source may leave out a second spike of a train in one step, how many were left out.
    rewirings : mapping of str to tuple of Rewiring
        Of each projection with a rule, in order.
    """

    engine: Mapping[str, str]
    spikes: Mapping[str, tuple[Steps, Steps]]
    counts: Mapping[str, Steps]
    pre: Mapping[str, Numbers]
    post: Mapping[str, Numbers]
    delay: Mapping[str, Numbers]
    w: Mapping[str, Reals]
    snapshots: Mapping[str, Reals]
    binned: Mapping[str, Steps] = field(default_factory=dict)
    v: Mapping[str, Reals] = field(default_factory=dict)
    currents: Mapping[str, Reals] = field(default_factory=dict)
    watched_synapses: Mapping[str, Steps] = field(default_factory=dict)
    watched: Mapping[str, Reals] = field(default_factory=dict)
    histograms: Mapping[str, Steps] = field(default_factory=dict)
    presentations: Mapping[str, tuple[Steps, Steps]] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    rewirings: Mapping[str, tuple[Rewiring, ...]] = field(default_factory=dict)
