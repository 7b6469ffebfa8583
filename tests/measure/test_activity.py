"""Measures of activity on spikes made by hand, on processes whose answers are known, and beside elephant where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikeheb.errors import EngineError, FormatError
from spikeheb.measure.activity import (
    balance,
    completion,
    interval_cv,
    motifs,
    overlap,
    pairwise_correlation,
    rate_course,
    rates,
    spike_counts,
    synchrony,
    winner,
)

TIMES = [0.0, 0.1, 0.1, 0.3, 0.7, 1.0]
CELLS = [0, 0, 2, 0, 2, 1]
SURE = 4.0
"""Standard errors; by chance one comparison in 16,000 is further off."""


def poisson(rate, count, stop, seed):
    """Independent Poisson trains of one rate, as rising times and their cells."""
    rng = np.random.default_rng(seed)
    number = rng.poisson(rate * stop * count)
    return np.sort(rng.uniform(0, stop, number)), rng.integers(0, count, number)


def with_common_part(common, own, cells, bins, seed):
    """Poisson counts: a train of its own for each cell, and one that all cells share."""
    rng = np.random.default_rng(seed)
    return rng.poisson(own, (cells, bins)) + rng.poisson(common, bins)


def all_pairs(counts):
    """Mean of numpy's correlation coefficients over pairs, each pair in turn."""
    matrix = np.corrcoef(counts)
    return matrix[np.triu_indices(len(matrix), 1)].mean()


def test_rates_count_the_spikes_of_the_window_without_its_end():
    np.testing.assert_allclose(rates(TIMES, CELLS, 4, 0.0, 1.0), [3, 0, 2, 0])
    np.testing.assert_allclose(rates(TIMES, CELLS, 4, 0.1, 1.1), [2, 1, 2, 0])
    np.testing.assert_array_equal(rates([], [], 3, 0.0, 1.0), np.zeros(3))


def test_a_time_on_an_edge_belongs_to_the_bin_that_it_opens_whatever_its_rounding():
    steps = np.arange(1000)
    for times in (steps * 0.1, np.cumsum(np.full(1000, 0.1)) - 0.1, steps / 10):
        counts = spike_counts(times, np.zeros(1000, dtype=int), 1, 0.0, 100.0, 0.1)
        np.testing.assert_array_equal(counts, np.ones((1, 1000)))
        np.testing.assert_allclose(rates(times, np.zeros(1000, dtype=int), 1, 3 * 0.1, 0.7), [10])


def test_counts_add_up_to_rates():
    times, cells = poisson(20, 50, 2.0, 1)
    counts = spike_counts(times, cells, 50, 0.5, 2.0, 0.05)
    assert counts.shape == (50, 30)
    np.testing.assert_allclose(counts.sum(axis=1) / 1.5, rates(times, cells, 50, 0.5, 2.0))
    np.testing.assert_allclose(rate_course(times, 50, 0.5, 2.0, 0.05), counts.mean(axis=0) / 0.05)
    for cell, k in ((0, 0), (49, 29), (17, 12)):
        inside = (cells == cell) & (times >= 0.5 + 0.05 * k) & (times < 0.5 + 0.05 * (k + 1))
        assert counts[cell, k] == inside.sum()


def test_intervals_of_a_clock_do_not_vary_and_those_made_by_hand_do():
    clock = np.arange(10) * 0.1
    np.testing.assert_allclose(interval_cv(clock, np.zeros(10, dtype=int), 1, 0.0, 1.0), [0], atol=1e-12)
    cv = interval_cv(TIMES, CELLS, 3, 0.0, 2.0)
    assert cv[0] == pytest.approx(np.std([0.1, 0.2]) / 0.15)
    assert np.isnan(cv[1:]).all()


def test_intervals_of_poisson_trains_vary_by_their_mean():
    """A CV from n intervals of a Poisson train has a variance of about 1/n and a bias of about -1/n."""
    count, n = 400, 1000.0
    cv = interval_cv(*poisson(10, count, n / 10, 2), count, 0.0, n / 10)
    assert cv.mean() == pytest.approx(1, abs=1 / n + SURE / math.sqrt(n * count))


def test_few_intervals_bias_their_variation_as_the_documentation_says():
    cv = interval_cv(*poisson(10, 20_000, 1.0, 3), 20_000, 0.0, 1.0)
    assert np.nanmean(cv) == pytest.approx(0.85, abs=0.02)


def test_refractory_trains_vary_as_their_dead_time_says():
    rng = np.random.default_rng(4)
    dead, mean, cells, spikes = 0.02, 0.05, 100, 2000
    times = np.cumsum(dead + rng.exponential(mean - dead, (cells, spikes)), axis=1)
    order = np.argsort(times, axis=None)
    cv = interval_cv(times.ravel()[order], np.repeat(np.arange(cells), spikes)[order], cells, 0.0, float(times.max()) + 1)
    assert cv.mean() == pytest.approx(1 - dead / mean, abs=1 / spikes + SURE / math.sqrt(cells * spikes))


def test_mean_correlation_is_that_of_all_pairs_without_cells_that_do_not_vary():
    counts = with_common_part(1.0, 2.0, 12, 300, 5)
    assert pairwise_correlation(counts) == pytest.approx(all_pairs(counts), abs=1e-12)
    with_still_ones = np.vstack([counts, np.zeros((3, 300), dtype=int), np.full((1, 300), 4)])
    assert pairwise_correlation(with_still_ones) == pytest.approx(pairwise_correlation(counts), abs=1e-12)
    assert pairwise_correlation([counts[0], counts[0]]) == pytest.approx(1)
    assert pairwise_correlation([counts[0], 9 - counts[0]]) == pytest.approx(-1)
    assert math.isnan(pairwise_correlation([[0, 0], [1, 2]]))


def test_independent_trains_are_not_correlated():
    cells, bins = 200, 1000
    counts = spike_counts(*poisson(10, cells, 100.0, 6), cells, 0.0, 100.0, 0.1)
    error = math.sqrt(2 / (cells * (cells - 1) * bins))
    assert pairwise_correlation(counts) == pytest.approx(0, abs=SURE * error)
    assert synchrony(counts) == pytest.approx(1 / math.sqrt(cells), abs=SURE / math.sqrt(2 * cells * bins))


def test_a_shared_train_correlates_by_its_share_of_the_variance():
    cells, common, own = 100, 1.0, 3.0
    share = common / (common + own)
    values = [with_common_part(common, own, cells, 2000, seed) for seed in range(20)]
    for measure, truth in ((pairwise_correlation, share), (lambda x: synchrony(x) ** 2, share + (1 - share) / cells)):
        measured = np.array([measure(counts) for counts in values])
        assert measured.std() > 0
        assert measured.mean() == pytest.approx(truth, abs=SURE * measured.std(ddof=1) / math.sqrt(20))


def test_cells_that_do_the_same_are_in_full_synchrony():
    wave = np.sin(np.linspace(0, 20, 500))
    assert synchrony(np.tile(wave, (7, 1))) == pytest.approx(1)
    assert synchrony([wave, -wave]) == pytest.approx(0, abs=1e-12)
    assert math.isnan(synchrony(np.full((3, 5), 0.1)))


def test_balance_tells_cancelling_means_from_currents_that_follow_each_other():
    rng = np.random.default_rng(7)
    e = 1e-10 * (1 + rng.random((3, 400)))
    i = np.stack([-e[0], -2 * e[1], np.full(400, -e[2].mean())])
    result = balance(e, i)
    np.testing.assert_allclose(result.correlation, [1, 1, np.nan])
    np.testing.assert_allclose(result.ratio, [1, 0.5, 1])
    alone = balance(e, np.zeros_like(e))
    assert np.isnan(alone.ratio).all()
    assert np.isnan(alone.correlation).all()
    np.testing.assert_allclose(balance([[1.0, 2.0, 4.0]], [[-3.0, -1.0, 1.0]]).correlation, np.corrcoef([1, 2, 4], [3, 1, -1])[0, 1])


def test_overlap_is_one_for_the_pattern_and_zero_for_equal_rates():
    pattern = np.repeat([1, 0], [20, 80])
    for rate in (1.0, 37.5):
        assert overlap(rate * pattern, pattern) == pytest.approx(1)
        assert overlap(np.full(100, rate), pattern) == pytest.approx(0, abs=1e-12)
        assert overlap(rate * (1 - pattern), pattern) == pytest.approx(-0.2 / 0.8)
    assert math.isnan(overlap(np.zeros(100), pattern))


def test_overlap_of_binary_states_is_that_of_hopfield_networks():
    """Of a full rate of 1: sum((p - f) s)/(N f (1 - f)), by hand for 2 of 4 members and 1 of 6 others."""
    pattern, state = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0, 0, 0, 0]
    assert overlap(state, pattern, 1.0) == pytest.approx((2 * 0.6 - 0.4) / (10 * 0.4 * 0.6))
    assert overlap(state, pattern) == pytest.approx((2 / 3 - 0.4) / 0.6)
    np.testing.assert_allclose(overlap(np.stack([state, pattern], axis=1), pattern, 2.0), [(2 * 0.6 - 0.4) / 4.8, 0.5])


def test_completion_compares_uncued_members_with_others():
    rate = np.array([50, 40, 20, 10, 2, 4, 99.0])
    result = completion(rate, [0, 1], [2, 3], [4, 5])
    assert (result.cued, result.uncued, result.others, result.ratio) == (45, 15, 3, 5)
    flags = [np.isin(np.arange(7), group) for group in ([0, 1], [2, 3], [4, 5])]
    assert completion(rate, *flags) == result
    assert completion([1, 1, 0], [0], [1], [2]).ratio == math.inf
    assert math.isnan(completion([1, 0, 0], [0], [1], [2]).ratio)


def test_winner_is_the_difference_over_the_sum():
    assert winner(3.0, 1.0) == winner(1, 3) == 0.5
    assert winner(2.0, 2.0) == 0
    assert winner(0.0, 5.0) == 1
    assert math.isnan(winner(0.0, 0.0))


def test_motifs_of_five_cells_by_hand():
    """0 <-> 1 (one way twice), 1 -> 2, 3 -> 4 weak, 2 onto itself."""
    pre, post = [0, 1, 0, 1, 3, 2], [1, 0, 1, 2, 4, 2]
    result = motifs(pre, post, [True, True, True, True, False, True], 5)
    assert (result.unconnected, result.one_directional, result.bidirectional) == (8, 1, 1)
    p = 3 / 20
    expected = (result.expected_unconnected, result.expected_one_directional, result.expected_bidirectional)
    assert expected == pytest.approx((10 * (1 - p) ** 2, 10 * 2 * p * (1 - p), 10 * p**2))
    assert motifs([], [], np.zeros(0, dtype=bool), 2).unconnected == 1


def test_independent_connections_form_the_motifs_that_are_expected():
    rng = np.random.default_rng(8)
    pre, post = np.nonzero(rng.random((600, 600)) < 0.1)
    result = motifs(pre, post, np.ones(pre.size, dtype=bool), 600)
    pairs = 600 * 599 / 2
    assert result.unconnected + result.one_directional + result.bidirectional == pairs
    assert result.bidirectional == pytest.approx(result.expected_bidirectional, abs=SURE * math.sqrt(pairs * 0.01))
    assert result.one_directional == pytest.approx(result.expected_one_directional, abs=SURE * math.sqrt(pairs * 0.18 * 0.82))


REFUSED = {
    "times that fall": (lambda: rates([0.2, 0.1], [0, 0], 1, 0, 1), "times: expected rising times (number 1 is 0.1 s, after 0.2 s)"),
    "a time that is no number": (lambda: rates([0.1, math.nan], [0, 0], 1, 0, 1), "times: expected finite numbers (got nan)"),
    "times as text": (lambda: rates(["0.1"], [0], 1, 0, 1), "times: expected numbers in one row (got <U3 of shape (1,))"),
    "ragged times": (lambda: rate_course([[0.1], [0.1, 0.2]], 1, 0, 1, 0.1), "times: expected numbers in one row (got rows of different"),
    "a table of times": (lambda: rate_course([[0.1]], 1, 0, 1, 0.1), "times: expected numbers in one row (got float64 of shape (1, 1))"),
    "complex times": (lambda: rates([1j], [0], 1, 0, 1), "times: expected numbers in one row (got complex128"),
    "too few cells": (lambda: interval_cv([0.1, 0.2], [0], 1, 0, 1), "cells: expected one cell for each of 2 times (got 1)"),
    "a cell that is not there": (lambda: rates([0.1], [3], 3, 0, 1), "cells: expected cells from 0 to 2 (got 3)"),
    "a negative cell": (lambda: spike_counts([0.1], [-1], 3, 0, 1, 0.1), "cells: expected cells from 0 to 2 (got -1)"),
    "half a cell": (lambda: rates([0.1], [0.5], 3, 0, 1), "cells: expected whole numbers in one row (got float64"),
    "no cell": (lambda: rates([], [], 0, 0, 1), "count: expected a whole number of cells from 1"),
    "too many cells": (
        lambda: rates([], [], 10**12, 0, 1),
        "count: expected a whole number of cells from 1 to 10000000 (got 10000",
    ),
    "a count that is not whole": (lambda: rate_course([], 2.5, 0, 1, 0.1), "count: expected a whole number of cells"),
    "an empty window": (lambda: rates([], [], 1, 1.0, 1.0), "stop: expected a window that stops after its start, 1 s (got 1 s)"),
    "an endless window": (lambda: rates([], [], 1, 0, math.inf), "stop: expected a finite number (got inf)"),
    "a window as text": (lambda: rates([], [], 1, "0 s", 1), "start: expected a finite number (got '0 s')"),
    "no width": (lambda: rate_course([], 1, 0, 1, 0.0), "width: expected a number above 0 (got 0.0)"),
    "a width beyond the window": (lambda: rate_course([], 1, 0, 1, 3.0), "width: bins of 3 s do not fill a window of 1 s"),
    "bins that leave a rest": (lambda: spike_counts([], [], 1, 0, 1, 0.3), "width: bins of 0.3 s do not fill a window of 1 s"),
    "counts in a row": (lambda: pairwise_correlation([1, 2]), "counts: expected numbers in a table (got int64 of shape (2,))"),
    "no counts": (lambda: synchrony(np.zeros((3, 0))), "counts: expected at least one cell and one time (got a table of 3 x 0)"),
    "currents of unequal length": (
        lambda: balance(np.ones((2, 3)), np.ones((2, 4))),
        "inhibitory: expected the shape of excitatory, (2, 3) (got (2, 4))",
    ),
    "a current that is infinite": (lambda: balance([[np.inf]], [[1.0]]), "excitatory: expected finite numbers (got inf)"),
    "a pattern of one kind": (
        lambda: overlap([1, 2], [1, 1]),
        "pattern: expected a 0 or a 1 for each of 2 cells, and at least one of each",
    ),
    "a pattern of the wrong length": (lambda: overlap([1, 2], [1, 0, 0]), "pattern: expected a 0 or a 1 for each of 2 cells"),
    "a pattern that is not binary": (lambda: overlap([1, 2], [0.5, 0]), "pattern: expected a 0 or a 1 for each of 2 cells"),
    "negative activity": (lambda: overlap([1, -2], [1, 0]), "activity: expected no negative activity (got -2)"),
    "nothing as full activity": (lambda: overlap([1, 2], [1, 0], 0), "full: expected a number above 0 (got 0)"),
    "a cell in two groups": (lambda: completion([1, 2, 3], [0], [1], [1]), "cell 1 is in two of the groups cued, uncued and others"),
    "a group without cells": (lambda: completion([1, 2, 3], [], [1], [2]), "cued: expected at least one cell"),
    "a group without flags": (lambda: completion([1, 2, 3], [0], [False] * 3, [2]), "uncued: expected at least one cell"),
    "flags for too few cells": (lambda: completion([1, 2, 3], [0], [1], [True]), "others: expected one truth value for each of 3 cells"),
    "a member that is not there": (lambda: completion([1, 2, 3], [0], [1], [7]), "others: expected cells from 0 to 2 (got 7)"),
    "a negative rate": (lambda: winner(1.0, -1.0), "rate_b: expected a finite number from 0 on (got -1.0)"),
    "strengths in place of flags": (lambda: motifs([0], [1], [0.7], 2), "strong: expected truth values in one row (got float64"),
    "too few flags": (
        lambda: motifs([0, 1], [1, 0], [True], 2),
        "strong: expected pre, post and strong of the same length (got 2, 2 and 1)",
    ),
    "no pair of cells": (lambda: motifs([], [], [], 1), "count: expected a whole number of cells from 2"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_measured_is_refused_in_one_line(what):
    call, words = REFUSED[what]
    with pytest.raises(FormatError) as caught:
        call()
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_more_bins_than_memory_holds_are_refused_at_once():
    with pytest.raises(EngineError, match="width: counts of spikes need about"):
        spike_counts([], [], 1000, 0.0, 1e6, 1e-4)
    with pytest.raises(EngineError, match="width: counts of spikes need about"):
        rate_course([], 1, 0.0, 1.0, 1e-320)


@pytest.fixture(scope="module")
def trains():
    """Elephant's own view of Poisson trains with a common part: (module of statistics, of correlation, trains, times, cells)."""
    statistics = pytest.importorskip("elephant.statistics")
    correlation = pytest.importorskip("elephant.spike_train_correlation")
    conversion, neo, pq = pytest.importorskip("elephant.conversion"), pytest.importorskip("neo"), pytest.importorskip("quantities")
    rng = np.random.default_rng(9)
    common = rng.uniform(0, 5, 100)
    own = [np.unique(np.round(np.concatenate([common, rng.uniform(0, 5, n)]), 4)) for n in rng.integers(20, 100, 20)]
    own = [train[train < 5] for train in own]
    times, cells = np.concatenate(own), np.repeat(np.arange(20), [train.size for train in own])
    order = np.argsort(times, kind="stable")
    spike_trains = [neo.SpikeTrain(train * pq.s, t_start=0 * pq.s, t_stop=5 * pq.s) for train in own]
    binned = conversion.BinnedSpikeTrain(spike_trains, bin_size=50 * pq.ms, tolerance=1e-8)
    return statistics, correlation, spike_trains, binned, times[order], cells[order]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_rates_variation_counts_and_correlation_are_those_of_elephant(trains):
    statistics, correlation, spike_trains, binned, times, cells = trains
    expected = [float(statistics.mean_firing_rate(train).rescale("Hz")) for train in spike_trains]
    np.testing.assert_allclose(rates(times, cells, 20, 0.0, 5.0), expected)
    expected = [float(statistics.cv(statistics.isi(train))) for train in spike_trains]
    np.testing.assert_allclose(interval_cv(times, cells, 20, 0.0, 5.0), expected)
    counts = spike_counts(times, cells, 20, 0.0, 5.0, 0.05)
    np.testing.assert_array_equal(counts, binned.to_array())
    matrix = correlation.correlation_coefficient(binned)
    assert pairwise_correlation(counts) == pytest.approx(matrix[np.triu_indices(20, 1)].mean())
