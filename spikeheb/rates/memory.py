"""One associative memory, of patterns of -1 and 1: Hopfield's with weights, and the dense ones that keep the patterns themselves.

The order of updates and the number of flipped bits are always said, since published capacities depend on both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, ScheduleError, unknown_name
from spikeheb.limits import check_seed, whole
from spikeheb.rates import checked
from spikeheb.rates.data import flipped, overlap

Floats = npt.NDArray[np.float64]
Separation = Literal["sign", "power", "softmax"]
Order = Literal["asynchronous", "at_once"]
SEPARATIONS, ORDERS = get_args(Separation), get_args(Order)
BLOCK = 2_000_000
"""Numbers of a block of similarities, so that 10^5 patterns need no large table."""
SWEEPS = 100
AHEAD = 32
"""Cells of the order of updates that are looked at together: where none of them flips in any state, none has to be looked at alone."""


@dataclass(frozen=True, eq=False)
class Memory:
    """Stored patterns, and how they are recalled.

    Parameters
    ----------
    stored : array
        For ``separation="sign"`` effective weights, shape (cells, cells), as `spikeheb.rates.hebbian` and its neighbours make them; else
        the patterns, shape (patterns, cells), of -1 and 1.
    order : {"asynchronous", "at_once"}
        Whether cells are updated one after the other, in an order that is drawn anew for each sweep, or all at once.
    separation : {"sign", "power", "softmax"}
        What becomes of the similarity of the state with each pattern before it votes: nothing (then weights can hold all there is); its
        power, rectified (Krotov & Hopfield 2016); or its exponential, normalised over patterns (attention).
    power : int
        For "power": the energy is the sum over patterns of this power. 2 is Hopfield's.
    beta : float
        For "softmax".
    cancels_common_mode : bool
        For "sign": subtract the mean input over cells from each, as fast global inhibition does.

    Raises
    ------
    FormatError, UnknownName, EngineError, NonFiniteError
    """

    stored: Floats
    order: Order
    separation: Separation = "sign"
    power: int = 2
    beta: float = 1.0
    cancels_common_mode: bool = False

    def __post_init__(self) -> None:
        if self.separation not in SEPARATIONS:
            raise unknown_name("separation", self.separation, SEPARATIONS, key="separation")
        if self.order not in ORDERS:
            raise unknown_name("order of updates", self.order, ORDERS, key="order")
        table = checked.rows(self.stored, "stored") if self.separation == "sign" else checked.patterns(self.stored, "stored")
        if self.separation == "sign" and table.shape[0] != table.shape[1]:
            shape = f"{table.shape[0]} x {table.shape[1]}"
            raise FormatError(f"expected weights, as many rows as columns (got {shape}); hebbian(patterns) makes them", key="stored")
        if self.separation == "softmax" and self.order == "asynchronous":
            raise FormatError('the softmax memory updates all cells at once; use order="at_once"', key="order")
        if self.cancels_common_mode and self.separation != "sign":
            raise FormatError('has no effect without separation="sign"', key="cancels_common_mode")
        whole(self.power, "power", 2, 20)
        if not (math.isfinite(self.beta) and self.beta > 0):
            raise FormatError(f"expected a number above 0 (got {self.beta!r:.40})", key="beta")
        object.__setattr__(self, "stored", cancel_common_mode(table) if self.cancels_common_mode else table)

    def __repr__(self) -> str:
        return f"Memory({self.cells} cells, separation={self.separation!r}, order={self.order!r})"

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return int(self.stored.shape[1])

    @cached_property
    def _columns(self) -> Floats:
        """What each cell sends, a row for each cell."""
        return np.ascontiguousarray(self.stored.T)

    @cached_property
    def _tie(self) -> float:
        """The largest input that is the rounding of 0: sums of weights that cancel are common where few patterns are stored."""
        return 1e-14 * len(self.stored) * float(np.abs(self.stored).max()) if self.separation == "sign" else 0.0

    def recall(self, cues: npt.ArrayLike, *, flips: int = 0, sweeps: int = SWEEPS, seed: int = 0) -> Floats:
        """The states that cues come to.

        Parameters
        ----------
        cues : array, shape (cues, cells)
            Of -1 and 1.
        flips : int
            How many BITS of each cue are flipped first, at random.
        sweeps : int
            Updates of all cells at most; fewer where nothing changes any more.
        seed : int
            Of the flipped bits and the order of updates.

        Returns
        -------
        array, shape (cues, cells)

        Raises
        ------
        FormatError, ScheduleError, EngineError
        """
        check_seed(seed)
        count, rng = whole(sweeps, "sweeps"), np.random.default_rng(seed)
        states = flipped(checked.patterns(cues, "cues", self.cells), flips, rng=rng)
        moving = np.arange(len(states))
        for _ in range(count):
            after = self.updated(states[moving], rng)
            changed = (after != states[moving]).any(axis=1)
            states[moving] = after
            moving = moving[changed]
            if not moving.size:
                break
        return states

    def course(self, cues: npt.ArrayLike, *, flips: int = 0, sweeps: int = SWEEPS, seed: int = 0) -> Floats:
        """The states on the way, shape (sweeps + 1, cues, cells), the cues with their flipped bits first.

        Raises
        ------
        FormatError, ScheduleError, EngineError
        """
        check_seed(seed)
        rng = np.random.default_rng(seed)
        states = flipped(checked.patterns(cues, "cues", self.cells), flips, rng=rng)
        checked.room({"the course": float(whole(sweeps, "sweeps") + 1) * states.size}, "sweeps")
        course = [states]
        for _ in range(sweeps):
            course.append(self.updated(course[-1], rng))
        return np.array(course)

    def updated(self, states: Floats, rng: np.random.Generator) -> Floats:
        """The states after each cell was updated once; a cell whose input is 0 keeps its state."""
        if self.order == "at_once":
            inputs = self.inputs(states)
            return np.where(np.abs(inputs) <= self._tie, states, np.sign(inputs))
        if self.separation == "sign":
            return _weights_in_turn(self._columns, self.inputs(states), states, self._tie, rng)
        return _powers_in_turn(self.stored, states, self.power, rng)

    def inputs(self, states: npt.ArrayLike) -> Floats:
        """The input h of each cell, shape (states, cells); an update takes its sign. For "softmax" it is the retrieved average itself.

        For "power", as for asynchronous updates, h is half the difference of the energy between the two states of the cell.
        """
        table = checked.rows(states, "states", self.cells)
        if self.separation == "sign":
            return np.asarray(table @ self.stored.T)
        checked.room({"the states": 4.0 * table.size}, "states")
        step = max(1, BLOCK // len(self.stored))
        blocks = [table[n : n + step] for n in range(0, len(table), step)]
        if self.separation == "softmax":
            return np.concatenate([softmax(self.beta * (block @ self.stored.T)) @ self.stored for block in blocks])
        return np.concatenate([_power_inputs(self.stored, block, self.power) for block in blocks])

    def energy(self, states: npt.ArrayLike) -> Floats:
        """The energy of each state, which asynchronous updates never raise where weights are symmetric.

        ``-s'Ws/2`` for "sign"; ``-sum [xi.s]_+^n`` for "power"; ``-log(sum exp(beta xi.s))/beta + s.s/2`` for "softmax".
        """
        table = checked.rows(states, "states", self.cells)
        if self.separation == "sign":
            return np.asarray(-0.5 * np.einsum("ci,ci->c", table @ self.stored.T, table))
        similar = table @ self.stored.T
        if self.separation == "power":
            return np.asarray(-(np.maximum(similar, 0.0) ** self.power).sum(axis=1))
        top = similar.max(axis=1)
        spread = np.log(np.exp(self.beta * (similar - top[:, None])).sum(axis=1)) / self.beta
        return np.asarray(-(top + spread) + 0.5 * (table**2).sum(axis=1))

    def fixed(self, patterns: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which patterns no cell wants to leave, shape (patterns,)."""
        table = checked.patterns(patterns, "patterns", self.cells)
        return np.asarray((self.inputs(table) * table >= -self._tie).all(axis=1))

    def overlaps(self, patterns: npt.ArrayLike, *, flips: int = 0, sweeps: int = SWEEPS, seed: int = 0) -> Floats:
        """The overlap of each pattern with what it comes to after so many of its BITS were flipped, shape (patterns,)."""
        return overlap(self.recall(patterns, flips=flips, sweeps=sweeps, seed=seed), patterns)


def cancel_common_mode(weights: npt.ArrayLike) -> Floats:
    """The weights less their mean over the other target cells, ``U_ij - c_j`` with c_j the mean over i != j: fast global inhibition.

    Under Dale's law weights do not sum to 0, and without this one common mode drowns the memories. A cell's weight to itself stays as it
    is: were c_j subtracted from it as well, each excitatory cell would oppose its own state, which costs a fifth of the capacity.

    Parameters
    ----------
    weights : array, shape (cells, cells)
        Effective ones, rows are target cells.
    """
    table = checked.rows(weights, "weights")
    own = np.diag(table).copy()
    cancelled = table - (table.sum(axis=0) - own) / max(len(table) - 1, 1)
    np.fill_diagonal(cancelled, own)
    return np.asarray(cancelled)


def softmax(values: npt.ArrayLike) -> Floats:
    """Exponentials along the last axis, normalised to a sum of 1; of 100 000 numbers as of two."""
    table = np.asarray(values, dtype=np.float64)
    shifted = np.exp(table - table.max(axis=-1, keepdims=True))
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return np.asarray(shifted)


def nearest(cues: npt.ArrayLike, patterns: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The number of the pattern that has most bits in common with each cue; of equals the first."""
    cue, stored = checked.patterns(cues, "cues"), checked.patterns(patterns)
    step = max(1, BLOCK // len(stored))
    return np.concatenate([(cue[n : n + step] @ stored.T).argmax(axis=1) for n in range(0, len(cue), step)])


def _weights_in_turn(columns: Floats, inputs: Floats, states: Floats, tie: float, rng: np.random.Generator) -> Floats:
    """One sweep: the inputs of all states are kept, and what a flipped cell changes in them is added."""
    states, order = states.copy(), rng.permutation(states.shape[1])
    for block in np.split(order, range(AHEAD, len(order), AHEAD)):
        if (inputs[:, block] * states[:, block] >= -tie).all():
            continue
        for i in block:
            flips = inputs[:, i] * states[:, i] < -tie
            if flips.any():
                states[flips, i] *= -1.0
                inputs[flips] += 2.0 * states[flips, i, None] * columns[i]
    return states


def _powers_in_turn(patterns: Floats, states: Floats, power: int, rng: np.random.Generator) -> Floats:
    """One sweep of the dense memory; a cell takes the state of lower energy."""
    states = states.copy()
    if len(states) * len(patterns) > BLOCK:
        step = max(1, BLOCK // len(patterns))
        parts = [_powers_in_turn(patterns, states[n : n + step], power, rng) for n in range(0, len(states), step)]
        return np.concatenate(parts)
    cells, columns = states.shape[1], np.ascontiguousarray(patterns.T)
    gains, similar = _gains(cells, power), np.rint(states @ patterns.T).astype(np.int64) + cells
    steps = columns.astype(np.int64)
    for i in rng.permutation(cells):
        old = states[:, i].astype(np.int64)
        h = gains[similar - old[:, None] * steps[i]] @ columns[i]
        flips = h * old < 0
        if flips.any():
            states[flips, i] *= -1.0
            similar[flips] -= 2 * old[flips, None] * steps[i]
    return states


def _power_inputs(patterns: Floats, states: Floats, power: int) -> Floats:
    cells, columns = states.shape[1], np.ascontiguousarray(patterns.T)
    gains, similar = _gains(cells, power), np.rint(states @ patterns.T).astype(np.int64) + cells
    steps = columns.astype(np.int64)
    own = states.astype(np.int64)
    return np.stack([0.5 * (gains[similar - own[:, i, None] * steps[i]] @ columns[i]) for i in range(cells)], axis=1)


def _gains(cells: int, power: int) -> Floats:
    """``[m + 1]_+^n - [m - 1]_+^n`` for each similarity m of a pattern with all cells but one, from -cells to cells."""
    similarity = np.arange(-cells, cells + 1, dtype=np.float64)
    return np.asarray(np.maximum(similarity + 1, 0.0) ** power - np.maximum(similarity - 1, 0.0) ** power)


def check_load(patterns: int, cells: int) -> None:
    """Refuse a network whose weights do not fit into memory before patterns are drawn.

    Raises
    ------
    EngineError, ScheduleError
    """
    if patterns < 1:
        raise ScheduleError(f"expected at least one pattern (got {patterns})", key="loads")
    checked.room({"the weights": 3.0 * cells**2, "the patterns": 3.0 * cells * patterns}, "cells")
