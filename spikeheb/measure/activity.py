"""Measures of the activity of populations, and of what their connections form.

The spikes of a population are two arrays of equal length, `times` (seconds, rising) and `cells` (counted from 0). A window goes from
`start` up to, but without, `stop`; a time that differs from an edge by rounding lies on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.limits import check_memory
from spikeheb.measure import checked
from spikeheb.measure.checked import ROUNDING, Floats, Integers


@dataclass(frozen=True, slots=True)
class Balance:
    """How closely inhibition follows excitation, by cell.

    Attributes
    ----------
    correlation : array of float, shape (cells,)
        Pearson's correlation over time of the excitatory and the negative of the inhibitory current; NaN where one of them is constant.
    ratio : array of float, shape (cells,)
        Mean excitatory current over the negative of the mean inhibitory one: 1 where they cancel; NaN where there is no inhibition.
    """

    correlation: Floats
    ratio: Floats


@dataclass(frozen=True, slots=True)
class Completion:
    """Mean rates (Hz) of three groups of cells after a cue.

    Attributes
    ----------
    cued, uncued, others : float
        Cells that were cued, the other members of their assembly, and cells outside it.
    ratio : float
        Uncued members over others: 1 where nothing is recalled; infinite where only the others are silent, NaN where both are.
    """

    cued: float
    uncued: float
    others: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Motifs:
    """Pairs of cells by their connections, and how many there would be if connections were independent.

    Attributes
    ----------
    unconnected, one_directional, bidirectional : int
    expected_unconnected, expected_one_directional, expected_bidirectional : float
    """

    unconnected: int
    one_directional: int
    bidirectional: int
    expected_unconnected: float
    expected_one_directional: float
    expected_bidirectional: float


def rates(times: npt.ArrayLike, cells: npt.ArrayLike, count: int, start: float, stop: float) -> Floats:
    """Spikes of each cell over the length of the window.

    Parameters
    ----------
    times : array of float, shape (spikes,)
        Seconds, rising.
    cells : array of int, shape (spikes,)
        From 0 to `count` - 1.
    count : int
        Cells of the population.
    start, stop : float
        Seconds.

    Returns
    -------
    array of float, shape (count,)
        Hertz.

    Raises
    ------
    FormatError
        For times that do not rise, cells that are not there, or an empty window.
    """
    _, cell = checked.spikes_in(times, cells, count, start, stop)
    return np.asarray(np.bincount(cell, minlength=count) / (stop - start))


def rate_course(times: npt.ArrayLike, count: int, start: float, stop: float, width: float) -> Floats:
    """Mean rate of the cells of a population, in bins of `width` seconds.

    Returns
    -------
    array of float, shape (bins,)
        Hertz.

    Raises
    ------
    FormatError
        As `rates`, and where the window is not filled by bins of this width.
    EngineError
        For more bins than there is memory for.
    """
    at, cells = checked.numbers(times, "times"), checked.cell_count(count)
    return np.asarray(spike_counts(at, np.zeros(at.size, dtype=int), 1, start, stop, width)[0] / (width * cells))


def interval_cv(times: npt.ArrayLike, cells: npt.ArrayLike, count: int, start: float, stop: float) -> Floats:
    """Coefficient of variation of the intervals between the spikes of each cell: 0 for a clock, 1 for a Poisson process.

    It is the standard deviation of the intervals that were seen (divided by their number) over their mean. Few intervals bias it: of
    Poisson trains with about 10 spikes in the window the mean is about .85.

    Parameters
    ----------
    times, cells, count, start, stop
        As for `rates`.

    Returns
    -------
    array of float, shape (count,)
        NaN for fewer than 3 spikes in the window.

    Raises
    ------
    FormatError
        As `rates`.
    """
    at, cell = checked.spikes_in(times, cells, count, start, stop)
    order = np.argsort(cell, kind="stable")
    own = np.diff(cell[order]) == 0
    intervals, owner = np.diff(at[order])[own], cell[order][1:][own]
    number = np.bincount(owner, minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(owner, intervals, minlength=count) / number
        variance = np.bincount(owner, np.square(intervals - mean[owner]), minlength=count) / number
        return np.where(number > 1, np.sqrt(variance) / mean, np.nan)


def spike_counts(times: npt.ArrayLike, cells: npt.ArrayLike, count: int, start: float, stop: float, width: float) -> Integers:
    """Spikes of each cell in bins of `width` seconds.

    Parameters
    ----------
    times, cells, count, start, stop
        As for `rates`.
    width : float
        Seconds; the window holds a whole number of bins.

    Returns
    -------
    array of int, shape (count, bins)

    Raises
    ------
    FormatError
        As `rates`, and where the window is not filled by bins of this width.
    EngineError
        For more bins than there is memory for.
    """
    at, cell = checked.spikes_in(times, cells, count, start, stop)
    width = checked.positive(width, "width")
    check_memory(16.0 * count * ((stop - start) / width), "counts of spikes", key="width")
    bins = round((stop - start) / width)
    if not bins or abs(bins * width - (stop - start)) > ROUNDING * bins:
        raise FormatError(f"bins of {width:g} s do not fill a window of {stop - start:g} s; choose another window or width", key="width")
    place = np.minimum(np.maximum((at - start + ROUNDING) / width, 0).astype(np.int64), bins - 1)
    return np.bincount(cell * bins + place, minlength=count * bins).reshape(count, bins)


def pairwise_correlation(counts: npt.ArrayLike) -> float:
    """Mean of Pearson's correlation over all pairs of cells.

    With z the counts of a cell less their mean, over their standard deviation, the variance of the sum of z over n cells is
    ``n + n*(n - 1)*r``, where r is the mean over the pairs; no pair needs to be looked at.

    Parameters
    ----------
    counts : array, shape (cells, bins)
        Numbers of spikes, as from `spike_counts`. Cells whose counts are all equal, such as silent ones, are left out.

    Returns
    -------
    float
        NaN where fewer than two cells are left.

    Raises
    ------
    FormatError
    """
    table = checked.table(counts, "counts")
    table = table[np.ptp(table, axis=1) > 0]
    n = len(table)
    if n < 2:
        return math.nan
    total = (1 / table.std(axis=1)) @ table
    return float((total.var() - n) / (n * (n - 1)))


def synchrony(counts: npt.ArrayLike) -> float:
    """Golomb and Rinzel's chi: 1 where all cells do the same, about 1/sqrt(cells) where they are independent.

    Its square is the variance over time of the mean over cells, over the mean of the cells' own variances (Golomb & Rinzel 1993, Phys. Rev.
    E 48:4810; Golomb 2007, Scholarpedia 2:1347). They took potentials, which may be given here too.

    Parameters
    ----------
    counts : array, shape (cells, bins)

    Returns
    -------
    float
        NaN where no cell varies.

    Raises
    ------
    FormatError
    """
    table = checked.table(counts, "counts")
    own = float(table.var(axis=1).mean()) if np.ptp(table, axis=1).any() else 0.0
    return math.sqrt(float(table.mean(axis=0).var()) / own) if own > 0 else math.nan


def balance(excitatory: npt.ArrayLike, inhibitory: npt.ArrayLike) -> Balance:
    """Whether the currents into each cell cancel, on average (ratio) and from moment to moment (correlation).

    Parameters
    ----------
    excitatory, inhibitory : arrays of float, shape (cells, samples)
        In one unit and with their signs: where one pushes the cell up and the other down, one is positive and the other negative.

    Returns
    -------
    Balance

    Raises
    ------
    FormatError
        Where the shapes differ, or a value is not finite.
    """
    e, i = checked.table(excitatory, "excitatory"), -checked.table(inhibitory, "inhibitory")
    if e.shape != i.shape:
        raise FormatError(f"expected the shape of excitatory, {e.shape} (got {i.shape})", key="inhibitory")
    off_e, off_i = (np.where(np.ptp(x, axis=1, keepdims=True) > 0, x - x.mean(axis=1, keepdims=True), 0.0) for x in (e, i))
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = np.linalg.norm(off_e, axis=1) * np.linalg.norm(off_i, axis=1)
        mean = i.mean(axis=1)
        return Balance((off_e * off_i).sum(axis=1) / sizes, np.where(mean != 0, e.mean(axis=1) / mean, np.nan))


def by_sign(currents: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The currents through receptors as an excitatory and an inhibitory one of each cell, as `balance` takes them.

    A receptor excites where the mean of its current, over all cells and samples, is above 0, and inhibits where it is below. So each
    receptor is on one side throughout, also in moments in which its driving force has the other sign.

    Parameters
    ----------
    currents : array of float, shape (receptors, samples, cells)
        In one unit; above 0 where the current pushes the potential up.

    Returns
    -------
    excitatory, inhibitory : arrays of float, shape (cells, samples)

    Raises
    ------
    FormatError
        Where a value is not finite.
    """
    values = checked.numbers(currents, "currents", (3,))
    excites = values.mean(axis=(1, 2)) > 0
    return values[excites].sum(axis=0).T, values[~excites].sum(axis=0).T


def overlap(activity: npt.ArrayLike, pattern: npt.ArrayLike, full: float | None = None) -> Floats:
    """Overlap of activity with a stored pattern: 1 for the pattern itself, 0 where members are as active as others.

    For N cells and a pattern p of coding level f (the share of ones) it is ``sum((p - f)*r)/(N*f*(1 - f)*full)``, the overlap of Hopfield
    networks with sparse patterns (Tsodyks & Feigel'man 1988, Europhys. Lett. 6:101).

    Parameters
    ----------
    activity : array of float, shape (cells,) or (cells, bins)
        Rates or counts of spikes, 0 or more.
    pattern : array, shape (cells,)
        1 for members and 0 for others.
    full : float, optional
        The activity of a member when the pattern is fully recalled: members at half of it, others silent, give 0.5. Where absent, it is
        what members would have if they alone had all the activity, so that only the share of the members counts, not how active they are.

    Returns
    -------
    array of float, shape () or (bins,)
        NaN where no cell is active and `full` is not given.

    Raises
    ------
    FormatError
        For negative activity, a pattern that is not of zeros and ones or has only one of them.
    """
    r, p = checked.activity(activity, "activity", (1, 2)), checked.numbers(pattern, "pattern", kinds="biuf")
    if p.size != len(r) or not np.isin(p, (0, 1)).all() or p.min() == p.max():
        raise FormatError(f"expected a 0 or a 1 for each of {len(r)} cells, and at least one of each", key="pattern")
    f = p.mean()
    scale = r.sum(axis=0) / p.sum() if full is None else checked.positive(full, "full")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((p - f) @ r / (p.size * f * (1 - f) * scale))


def completion(rates: npt.ArrayLike, cued: npt.ArrayLike, uncued: npt.ArrayLike, others: npt.ArrayLike) -> Completion:
    """How far the cue to a part of an assembly recalls the rest of it.

    Parameters
    ----------
    rates : array of float, shape (cells,)
        Hertz.
    cued, uncued, others : arrays of int (numbers of cells), or of bool, shape (cells,)
        No cell belongs to two of them; some may belong to none.

    Returns
    -------
    Completion

    Raises
    ------
    FormatError
        For an empty group, cells that are not there, or a cell in two groups.
    """
    r = checked.activity(rates, "rates", (1,))
    groups = [checked.members(group, r.size, name) for name, group in (("cued", cued), ("uncued", uncued), ("others", others))]
    if (np.sum(groups, axis=0) > 1).any():
        raise FormatError(f"cell {int(np.argmax(np.sum(groups, axis=0)))} is in two of the groups cued, uncued and others; keep it in one")
    a, b, c = (float(r[group].mean()) for group in groups)
    return Completion(a, b, c, b / c if c > 0 else (math.inf if b > 0 else math.nan))


def winner(rate_a: float, rate_b: float) -> float:
    """How far one of two populations has won, ``|a - b|/(a + b)``: 0 for equal rates, 1 where one is silent, NaN where both are.

    Raises
    ------
    FormatError
        For a rate that is negative or not finite.
    """
    a, b = checked.number(rate_a, "rate_a", 0.0), checked.number(rate_b, "rate_b", 0.0)
    return abs(a - b) / (a + b) if a + b > 0 else math.nan


def motifs(pre: npt.ArrayLike, post: npt.ArrayLike, strong: npt.ArrayLike, count: int) -> Motifs:
    """Pairs of cells of one population that strong connections join in no, one or both directions.

    If connections were independent, each there with the share p of the ``count*(count - 1)`` possible ones that is there, these shares
    of all pairs would be ``(1 - p)**2``, ``2*p*(1 - p)`` and ``p**2`` (Song et al. 2005, PLoS Biol. 3:e68). A connection of a cell to
    itself does not count, and several connections from one cell to another count as one.

    Parameters
    ----------
    pre, post : arrays of int, shape (synapses,)
        Cells, from 0 to `count` - 1.
    strong : array of bool, shape (synapses,)
        The connections that count.
    count : int
        Cells of the population, at least 2.

    Returns
    -------
    Motifs

    Raises
    ------
    FormatError
    """
    total = checked.cell_count(count, 2)
    a, b = (checked.cell_numbers(cells, total, name) for name, cells in (("pre", pre), ("post", post)))
    chosen = checked.numbers(strong, "strong", kinds="b").astype(bool)
    if not a.shape == b.shape == chosen.shape:
        raise FormatError(f"expected pre, post and strong of the same length (got {a.size}, {b.size} and {chosen.size})", key="strong")
    chosen &= a != b
    joined = np.unique(a[chosen] * total + b[chosen])
    low, high = np.minimum(joined // total, joined % total), np.maximum(joined // total, joined % total)
    connected = np.unique(low * total + high).size
    both, pairs = joined.size - connected, total * (total - 1) // 2
    p = joined.size / (2 * pairs)
    return Motifs(pairs - connected, connected - both, both, pairs * (1 - p) ** 2, pairs * 2 * p * (1 - p), pairs * p**2)
