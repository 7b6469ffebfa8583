"""Spike times of the stimuli: what is promised about distances, counts and statistics, and one clear line for what cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spikeheb as sh
from spikeheb.circuits.files import circuit_of
from spikeheb.schedules import Current, Lane, Reward, Schedule, to_steps
from spikeheb.studies.experiment.session import session


@given(
    delta_t=st.floats(-0.0199, 0.0199),
    pairs=st.integers(1, 80),
    frequency=st.floats(0.05, 50),
)
def test_every_pair_is_delta_t_apart_and_the_first_spike_is_at_zero(delta_t, pairs, frequency):
    pre, post = sh.pairings(delta_t, pairs, frequency)
    assert pre.shape == post.shape == (pairs,)
    np.testing.assert_allclose(post - pre, delta_t, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.diff(pre), 1 / frequency, rtol=1e-9)
    assert min(pre[0], post[0]) == 0


def test_delta_t_zero_is_an_ordinary_case():
    pre, post = sh.pairings(0, 3, 10)
    assert pre.tolist() == post.tolist() == [0.0, 0.1, 0.2]


def test_numbers_may_be_text():
    pre, post = sh.pairings("-10 ms", 2, "2 Hz", post_pattern=("0 ms", "4 ms"))
    np.testing.assert_allclose(pre, [0.01, 0.51])
    np.testing.assert_allclose(post, [0, 0.004, 0.5, 0.504])


def test_delta_t_counts_between_the_origins_of_the_patterns():
    pre, post = sh.pairings(0.01, 1, 1, post_pattern=(-0.02, -0.01, 0))
    np.testing.assert_allclose(pre, [0.01])
    np.testing.assert_allclose(post, [0, 0.01, 0.02])


def test_one_side_alone():
    pre, post = sh.pairings(0.01, 3, 1, post_pattern=())
    assert (pre.size, post.size) == (3, 0)


@pytest.mark.parametrize("frequency", [3.2, 7, 30, 32, 160 / 3])
def test_rounding_to_the_step_keeps_the_distance(frequency):
    """At 32 Hz pairs fall between two steps; rounding half to even would make 24, 25 and 26 steps of 25."""
    pre, post = sh.pairings(0.0025, 60, frequency)
    assert set(to_steps(post, 1e-4, "post") - to_steps(pre, 1e-4, "pre")) == {25}


@pytest.mark.parametrize("step", range(1, 12))
def test_spikes_rewards_and_currents_of_one_time_between_steps_act_in_one_step(step):
    """Half-way times are rounded alike, whatever happens then."""
    at = (step + 0.5) * 1e-4
    lane = Lane({}, (np.array([at]),), np.array([at]), currents=(Current(at, 1e-3, 1e-10),), rewards=(Reward(at, 1.0),))
    circuit = session(Schedule((lane,), dt=1e-4), sh.rule("izhikevich_reward"), sh.cell("l5_pyramidal"))
    (train,) = circuit.drive.imposed[0].trains
    assert train[0] == circuit.drive.rewards[0].step == circuit.drive.currents[0].step
    written = circuit_of({
        "duration": "5 ms", "populations": {"x": {"sources": [{"kind": "replayed", "trains": [[f"{at} s"]]}]}, "e": {"count": 1}},
        "projections": {"xe": {"pre": "x", "post": "e", "rule": "izhikevich_reward"}},
        "drives": {"e": {"rewards": [{"at": f"{at} s", "value": 1}]}},
    })  # fmt: skip
    assert written.sources.sources[0].trains[0][0] == written.drive.rewards[0].step == step


def test_bursts_repeat_the_train():
    pre, post = sh.bursts(-0.01, 15, 5, 50, interval=10)
    assert pre.size == post.size == 75
    np.testing.assert_allclose(post - pre, -0.01, atol=1e-12)
    np.testing.assert_allclose(pre.reshape(15, 5), pre[:5] + 10 * np.arange(15)[:, None])


def test_train():
    np.testing.assert_allclose(sh.train(4, 100, start=1), [1, 1.01, 1.02, 1.03])


REFUSED = {
    "delta_t: expected less than the period of 20 ms at 50 Hz (got 20 ms)": lambda: sh.pairings(0.02, 5, 50),
    "delta_t: expected less than the period of 20 ms at 50 Hz (got -30 ms)": lambda: sh.pairings(-0.03, 5, 50),
    'delta_t: expected a time such as "20 ms" (got nan)': lambda: sh.pairings(np.nan, 5, 50),
    'delta_t: expected a time such as "20 ms" (got "10 mV", a voltage)': lambda: sh.pairings("10 mV", 5, 50),
    "pairs: expected a whole number from 1 to 10,000,000 (got 0)": lambda: sh.pairings(0.01, 0, 50),
    "pairs: expected a whole number from 1 to 10,000,000 (got 2.5)": lambda: sh.pairings(0.01, 2.5, 50),
    "frequency: expected more than 0 Hz (got 0 Hz)": lambda: sh.pairings(0.01, 5, 0),
    "frequency: expected more than 0 Hz (got -1 Hz)": lambda: sh.pairings(0.01, 5, -1),
    'frequency: expected a rate such as "10 Hz" (got nan)': lambda: sh.pairings(0.01, 5, np.nan),
    "frequency: pairs overlap: one lasts 25 ms, longer than the period of 20 ms at 50 Hz; lower the frequency": lambda: sh.pairings(
        0.015, 5, 50, post_pattern=(0, 0.01)
    ),
    "post_pattern: expected increasing times (got 0.01, 0 s)": lambda: sh.pairings(0.01, 5, 1, post_pattern=(0.01, 0)),
    "pre_pattern: both patterns are empty; give at least one spike": lambda: sh.pairings(0.01, 5, 1, (), ()),
    "interval: bursts overlap: one lasts 0.41 s and the next starts after 0.4 s; give a longer interval": lambda: sh.bursts(
        0.01, 3, 5, 10, interval=0.4
    ),
    "bursts: expected a whole number from 1 to 10,000,000 (got 0)": lambda: sh.bursts(0.01, 0, 5, 10, interval=10),
    "start: expected 0 or more (got -1 s)": lambda: sh.train(3, 10, start=-1),
    "rate: expected 0 or more (got -5)": lambda: sh.poisson(-5, 1, np.random.default_rng(0)),
    "refractory: 500 Hz cannot be reached with a refractory time of 0.002 s": lambda: sh.poisson(500, 1, np.random.default_rng(0), 0.002),
    "rate: 1e+09 Hz for 3600 s are more than 10000000 spikes": lambda: sh.poisson(1e9, 3600, np.random.default_rng(0)),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_done_is_refused_in_one_line(message):
    with pytest.raises(sh.ScheduleError) as caught:
        REFUSED[message]()
    assert str(caught.value) == message


def test_a_pattern_that_just_fits_is_allowed():
    pre, post = sh.pairings(0.005, 3, 50, post_pattern=(0, 0.01))
    assert np.all(np.diff(post) > 0)
    assert post.size == 2 * pre.size


@pytest.mark.parametrize("refractory", [0.0, 0.005, 0.05])
def test_poisson_keeps_its_rate_from_the_start_and_its_dead_time(refractory):
    """Counts in the first 0.1 s and in all: both have mean rate * time, whatever the dead time."""
    rng = np.random.default_rng(1)
    trains = [sh.poisson(15, 2, rng, refractory) for _ in range(4000)]
    assert all(np.all(np.diff(times) >= refractory) and np.all((times >= 0) & (times < 2)) for times in trains)
    for until in (0.1, 2.0):
        counts = np.array([np.count_nonzero(times < until) for times in trains])
        assert abs(counts.mean() - 15 * until) < 4 * counts.std() / np.sqrt(counts.size)


def test_poisson_intervals_are_exponential_behind_the_dead_time():
    intervals = np.diff(sh.poisson(50, 400, np.random.default_rng(2), 0.01))
    mean = 1 / 50 - 0.01
    excess = np.sort(intervals - 0.01)
    expected = 1 - np.exp(-excess / mean)
    distance = np.max(np.abs(expected - (np.arange(excess.size) + 0.5) / excess.size))
    assert distance < 1.63 / np.sqrt(excess.size)  # Kolmogorov-Smirnov, 1 %


def test_poisson_draws_from_the_generator_that_it_is_given():
    first = sh.poisson("20 Hz", "10 s", np.random.default_rng(3))
    assert np.array_equal(first, sh.poisson(20, 10, np.random.default_rng(3)))
    assert not np.array_equal(first, sh.poisson(20, 10, np.random.default_rng(4)))
    assert sh.poisson(0, 10, np.random.default_rng(3)).size == 0
