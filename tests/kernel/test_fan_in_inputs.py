"""Spike trains of fan-in: what the kernel draws is what `inputs` computes, and it is what the sources say."""

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in
from fan_in_jobs import job, sources
from kernel_rules import DT, LIBRARY

from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed, correlated, early
from spikeheb.draws.expanded import imposed_trains, trains_of
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in
from spikeheb.errors import EngineError, ScheduleError
from spikeheb.rules import choose, read_rule

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
RULE = choose(read_rule(LIBRARY / "rules" / "pair.toml"))


def imposed(*given, steps=50_000, seed=3):
    """A job whose cells do what the trains say."""
    cells = sum(source.count for source in given)
    return of_fan_in(RULE, None, DT, steps, cells, (Poisson(np.zeros(1)),), imposed=given, trains=True, seed=seed)


def drawn(source, seconds, seed=3):
    return imposed_trains(imposed(source, steps=round(seconds / DT), seed=seed))


@needs_compiler
@pytest.mark.parametrize("seed", [0, 3, 2**63 - 1])
def test_the_kernel_draws_the_trains_that_are_computed(seed):
    the_job = imposed(*sources(), seed=seed)
    for threads, stops in ((1, [50_000]), (2, [1, 17, 8192, 8193, 30_000, 50_000])):
        with fan_in.FanIn(the_job, threads) as run:
            for stop in stops:
                run.advance(stop)
            spikes = run.recording().spikes
        for a, b in zip(spikes, imposed_trains(the_job), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_longer_run_begins_like_the_shorter():
    """A train does not depend on how long it is drawn for."""
    long, short = (trains_of(the_job, the_job.plastic) for the_job in (job(RULE, steps=8000), job(RULE, steps=3000)))
    for a, b in zip(long, short, strict=True):
        np.testing.assert_array_equal(a[a < 3000], b)


def test_private_inputs_have_trains_of_their_own_and_imposed_spikes_are_others():
    the_job = but(job(RULE, cells=3, inputs=(Poisson(np.full(4, 50.0)),)), private=True)
    trains = [tuple(train.tolist()) for train in (*trains_of(the_job, the_job.plastic), *imposed_trains(the_job))]
    assert len(set(trains)) == len(trains) == 15


def test_poisson_trains_have_their_rate_and_are_irregular():
    rates = np.array([2.0, 20.0, 500.0])
    for rate, trains in zip(rates, (drawn(Poisson(np.full(40, rate)), 50.0) for rate in rates), strict=True):
        counts = np.array([len(train) for train in trains])
        p, steps = rate * DT, 50.0 / DT
        assert counts.mean() == pytest.approx(rate * 50.0, abs=4 * np.sqrt(p * (1 - p) * steps / 40))
        assert counts.var(ddof=1) / (p * (1 - p) * steps) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 39))
        intervals = np.concatenate([np.diff(train) for train in trains])
        spread = 4 * np.sqrt(2.0 / len(intervals))
        assert intervals.min() >= 1
        assert intervals.std() / intervals.mean() == pytest.approx(np.sqrt(1 - p), abs=spread)


def test_poisson_trains_are_independent():
    binned = _binned(drawn(Poisson(np.full(20, 30.0)), 100.0), 100.0, 0.02)
    off = np.corrcoef(binned)[~np.eye(20, dtype=bool)]
    assert abs(off.mean()) < 4 / np.sqrt(binned.shape[1] * 190)
    assert abs(off).max() < 5 / np.sqrt(binned.shape[1])


def _binned(trains, seconds, width):
    edges = np.arange(0, round(seconds / DT) + 1, round(width / DT))
    return np.array([np.histogram(train, edges)[0] for train in trains])


def test_correlated_trains_have_the_correlation_and_the_time_constant():
    """Counts in windows T correlate by c*(1 - tau/T*(1 - exp(-T/tau)))."""
    rate, c, tau, seconds = 20.0, 0.3, 0.02, 400.0
    trains = drawn(correlated(20, rate, c, tau), seconds)
    counts = np.array([len(train) for train in trains])
    assert counts.mean() == pytest.approx(rate * seconds, rel=0.02)
    for width in (0.01, 0.02, 0.05, 0.2, 1.0):
        binned = _binned(trains, seconds, width)
        correlation = np.corrcoef(binned)[~np.eye(20, dtype=bool)].mean()
        expected = c * (1 - tau / width * (1 - np.exp(-width / tau)))
        assert correlation == pytest.approx(expected, abs=0.02 + 0.15 / np.sqrt(seconds / width / 20))
    intervals = np.concatenate([np.diff(train) for train in trains])
    assert intervals.std() / intervals.mean() == pytest.approx(1.0, abs=0.02)


def test_early_trains_follow_the_event_by_their_latency():
    latencies = np.array([0.0, 0.004, 0.0201])
    first, *others = drawn(early(latencies, 10.0), 20.0)
    assert len(first) == pytest.approx(200, abs=60)
    for latency, train in zip(latencies[1:], others, strict=True):
        late = first + round(latency / DT)
        np.testing.assert_array_equal(train, late[late < round(20.0 / DT)])


def test_members_take_part_by_chance():
    trains = drawn(Group(20.0, 0.25, np.zeros(50)), 50.0)
    events = np.unique(np.concatenate(trains))
    counts = np.array([len(train) for train in trains])
    assert counts.mean() / len(events) == pytest.approx(0.25, abs=0.01)
    assert counts.std() == pytest.approx(np.sqrt(len(events) * 0.25 * 0.75), rel=0.35)


def test_regular_trains_are_rounded_to_the_nearest_step():
    (train,) = drawn(Regular(np.array([0.00033]), np.array([0.00006])), 0.01)
    np.testing.assert_array_equal(train, np.floor(0.6 + 3.3 * np.arange(len(train)) + 0.5))
    assert train[-1] < 100 <= 0.6 + 3.3 * len(train) + 0.5


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (Poisson(np.array([-1.0])), "the rate must be"),
        (Poisson(np.array([20_000.0])), "one spike a step"),
        (Poisson(np.array([np.nan])), "the rate must be"),
        (Group(10.0, 0.0, np.zeros(2)), "share"),
        (Group(10.0, 1.0, np.array([-0.1])), "the latency"),
        (Regular(np.array([0.00005]), np.array([0.0])), "the period"),
        (Regular(np.array([0.1]), np.zeros(2)), "a phase for each"),
        (Replayed((np.array([3, 3]),)), "must rise"),
        (Replayed((np.array([-1, 3]),)), "must rise"),
        (Replayed((np.array([1]), np.array([1])), 2), "for 2 cells"),
    ],
)
def test_trains_that_cannot_be_had(wrong, word):
    with pytest.raises(ScheduleError, match=word):
        of_fan_in(RULE, None, DT, 100, 1, (wrong,))


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"imposed": (Poisson(np.zeros(2)),)}, ScheduleError, "each of the 3 cells"),
        ({"steps": 0}, EngineError, "steps"),
        ({"cells": 0}, EngineError, "cells"),
        ({"precision": "float16"}, EngineError, "float16"),
        ({"snapshots": np.array([100])}, ScheduleError, "snapshots"),
        ({"watch": np.array([5, 5])}, ScheduleError, "watch"),
        ({"watched": np.array([[3, 0]])}, EngineError, "watched"),
        ({"histograms": np.array([5]), "edges": np.array([0.0, 0.0])}, EngineError, "edges"),
    ],
)
def test_jobs_that_cannot_be_done(change, error, word):
    whole = {"steps": 100, "cells": 3, **change}
    with pytest.raises(error, match=word):
        of_fan_in(RULE, None, DT, inputs=(Poisson(np.zeros(1)),), **whole)


def test_a_correlation_of_nothing_is_refused():
    with pytest.raises(ScheduleError, match="independent inputs are Poisson"):
        correlated(3, 10.0, 0.0, 0.01)
