"""Every number in the result of a study of weights, against another computation on a case small enough for it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from circuits_by_hand import of_fan_in
from oracles.pair import final_weight
from scipy import stats

import spikeheb as sh
from spikeheb.circuits.sources import Poisson, Replayed
from spikeheb.draws.expanded import imposed_trains, trains_of
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, runner
from spikeheb.theory.drift import stationary

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
RULES = [
    sh.rule("pair", set="additive", A_plus=0.05, A_minus=0.06),
    sh.rule(
        "pair", bounds={"kind": "soft", "w_min": 0, "w_max": 2}, A_plus=0.08, A_minus=0.03, coincidence="post_first", axonal_delay="1 ms"
    ),
]
RATES = np.array([10.0, 20.0, 10.0, 30.0, 15.0, 10.0, 5.0])
SEEDS, CELLS, SECONDS, TIMES = (3, 8), 2, 6.0, 16
INPUTS = sh.Inputs((sh.Poisson(RATES[:4]), sh.Poisson(RATES[4:])))


@pytest.fixture(scope="module")
def data():
    return sh.weights(RULES, None, INPUTS, f"{SECONDS} s", SEEDS, imposed="20 Hz", cells=CELLS, snapshots=TIMES, watch=5)


def spikes(seed):
    """Seconds of the spikes of inputs and cells, that the seed alone decides."""
    sources = (Poisson(RATES[:4]), Poisson(RATES[4:]))
    job = of_fan_in(RULES[0], None, 1e-4, 60000, CELLS, sources, imposed=(Poisson(np.full(CELLS, 20.0)),), seed=seed)
    return [[train * 1e-4 for train in part] for part in (trains_of(job, job.plastic), imposed_trains(job))]


def by_hand(n, pre, post, until):
    """The weight of the n-th rule in its unit after all spikes up to a time."""
    late = 1e-3 if n else 0.0
    arrived = [float(t) + late for t in pre if round((t + late) / 1e-4) < round(until / 1e-4)]
    post = [float(t) for t in post if round(t / 1e-4) < round(until / 1e-4)]
    settings = (
        {"A_plus": 0.05, "A_minus": 0.06} if n == 0
        else {"A_plus": 0.08, "A_minus": 0.03, "bounds": "soft", "w_max": 2.0, "coincidence": "post_first"}
    )  # fmt: skip
    grid = [np.rint(np.asarray(train) / 1e-4) * 1e-4 for train in (arrived, post)]
    return final_weight(*grid, 0.5, **settings) / (1.0, 2.0)[n]


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("k", [0, 1])
def test_weights_and_their_course_are_those_of_the_pair_oracle(data, n, k):
    pre, post = spikes(SEEDS[k])
    expected = [[by_hand(n, train, post[cell], SECONDS) for train in pre] for cell in range(CELLS)]
    np.testing.assert_allclose(data["weight"].values[n, k], expected, rtol=0, atol=1e-9)
    assert data["watched"].values.tolist() == [0, 1, 3, 4, 6]
    for time in (0, 7, TIMES - 1):
        at = float(data["time"][time])
        course = [by_hand(n, pre[i], post[0], at) for i in (0, 1, 3, 4, 6)]
        np.testing.assert_allclose(data["snapshot"].values[n, k, time], course, rtol=0, atol=1e-9)
    assert np.ptp(data["snapshot"].values[n, k], axis=0).min() > 0.01


def test_times(data):
    steps = np.linspace(0, 59999, TIMES).astype(int)
    np.testing.assert_allclose(data["time"], (steps + 1) * 1e-4, rtol=1e-14)
    np.testing.assert_array_equal(data["time_of_rule"], [data["time"]] * 2)
    np.testing.assert_allclose(data["share"], np.linspace(0, 1, TIMES))
    np.testing.assert_array_equal(data["duration"], [6, 6])
    np.testing.assert_allclose(data["lasted"], 6)
    assert data["time"].attrs["units"] == "s"


def test_shapes_of_the_distributions(data):
    for index in np.ndindex(2, 2):
        w = data["weight"].values[index].ravel()
        assert data["mean"].values[index] == pytest.approx(sum(w) / 14, rel=1e-12)
        assert data["cv"].values[index] == pytest.approx(np.sqrt(sum((w - w.mean()) ** 2) / 14) / w.mean(), rel=1e-12)
        assert data["skew"].values[index] == pytest.approx(stats.skew(w), rel=1e-9)
        assert data["near_low"].values[index] == sum(w <= 0.1) / 14
        assert data["near_high"].values[index] == sum(w >= 0.9) / 14
        first, others = data["weight"].values[index][:, :4].mean(), data["weight"].values[index][:, 4:].mean()
        assert data["selectivity"].values[index] == pytest.approx((first - others) / (first + others), rel=1e-12)
        counts = data["histogram"].values[index]
        edges = np.append(data["edge_low"].values, data["edge_high"].values[-1])
        np.testing.assert_array_equal(counts[-1], np.histogram(w, edges)[0])
        assert counts[0, np.searchsorted(edges, (0.5, 0.25)[index[0]], side="right") - 1] == 14
        assert (counts.sum(axis=1) == 14).all()
    np.testing.assert_allclose(np.diff(edges), 0.01)


def test_dip_of_two_heaps_and_of_one():
    """Hartigan's dip of two heaps of equal weights is a quarter; the table of p is that of the package diptest."""
    from spikeheb.measure.weights import dip_test

    dip, p = dip_test(np.repeat([0.0, 1.0], 50))
    assert dip == pytest.approx(0.25, abs=0.01)
    assert p < 1e-3
    assert dip_test(np.linspace(0, 1, 100))[0] == pytest.approx(1 / 200, rel=0.05)


def test_turnover(data):
    for index in np.ndindex(2, 2):
        half = data["snapshot"].values[index][8:]
        expected = [np.mean((half[lag:] - half[: 8 - lag]) ** 2) / (2 * np.mean((half - half.mean()) ** 2)) for lag in range(8)]
        np.testing.assert_allclose(data["turnover"].values[index], expected, rtol=1e-9)


def test_rates_and_intervals(data):
    for k, seed in enumerate(SEEDS):
        post = [train[train >= 3.0] for train in spikes(seed)[1]]
        assert data["rate"].values[0, k] == data["rate"].values[1, k] == pytest.approx(sum(map(len, post)) / 2 / 3.0, rel=1e-12)
        intervals = np.concatenate([train[1:] - train[:-1] for train in post])
        assert data["cv_of_intervals"].values[0, k] == pytest.approx(
            np.sqrt(np.mean((intervals - intervals.mean()) ** 2)) / intervals.mean()
        )
    np.testing.assert_array_equal(data["input_rate"], RATES)
    assert data["group"].values.tolist() == [0] * 4 + [1] * 3


def test_the_theory_and_the_distance_to_it(data):
    for n, rule in enumerate(RULES):
        density = stationary(rule, float(RATES.mean()), float(data["rate"].values[n].mean()), dt=1e-4, points=1000)
        scale = (1.0, 2.0)[n]
        np.testing.assert_allclose(data["theory_weight"].values[n], density.w / scale)
        np.testing.assert_allclose(data["theory_density"].values[n], density.density * scale)
        grid = np.linspace(0, 1, 200001)
        cumulative = np.interp(grid * scale, density.w, density.distribution)
        for k in range(2):
            w = np.sort(data["weight"].values[n, k].ravel())
            empirical = np.searchsorted(w, grid, side="right") / w.size
            assert data["theory_distance"].values[n, k] == pytest.approx(np.trapezoid(np.abs(empirical - cumulative), grid), abs=2e-3)
            assert data["theory_distance"].values[n, k] > 0.02


def test_what_was_run_is_recorded_for_each_rule(data):
    assert data["rule_name"].values.tolist() == ["pair", "pair"]
    assert data["rule_set"].values.tolist() == ["additive", ""]
    assert data["rule_hash"].values.tolist() == [rule.hash for rule in RULES]
    assert [json.loads(text) for text in data["rule_description"].values] == [json.loads(json.dumps(rule.describe())) for rule in RULES]
    assert data["interaction"].values.tolist() == ["all_to_all", "all_to_all"]
    assert data["bounds"].values.tolist() == ["hard", "soft"]
    assert data["coincidence"].values.tolist() == ["pre_first", "post_first"]
    assert data["axonal_delay"].values.tolist() == [0, 1e-3]
    assert data["backpropagation_delay"].values.tolist() == [0, 0]
    assert data["scale"].values.tolist() == [1, 2]
    assert data["lower_limit"].values.tolist() == [0, 0]
    assert data["upper_limit"].values.tolist() == [1, 1]
    assert not [name for name in data.variables if "long_name" not in data[name].attrs and name not in UNTITLED]


UNTITLED = {
    "rule", "seed", "rule_name", "rule_set", "rule_hash", "rule_description", "interaction", "bounds", "coincidence", "engine",
    "engine_details",
}  # fmt: skip


@needs_compiler
def test_each_rule_has_its_own_engine(monkeypatch):
    """A rule that only Brian2 can run stands beside one that the kernel runs."""

    def refuse(kind):
        make = kind.__init__

        def choosy(self, circuit, *arguments, **options):
            if circuit.rule.name == "triplet":
                raise sh.EngineError("for a test")
            make(self, circuit, *arguments, **options)

        monkeypatch.setattr(kind, "__init__", choosy)

    refuse(fan_in.FanIn)
    refuse(runner.Lanes)
    inputs = sh.Inputs((Replayed((np.array([10, 500]), np.array([20]))),))
    mixed = sh.weights(["pair", "triplet"], None, inputs, "0.1 s", 1, imposed="20 Hz", snapshots=4)
    assert mixed["engine"].values.tolist() == ["kernel:fan-in", "brian:numpy"]
    assert mixed.attrs["engine"] == "kernel:fan-in; brian:numpy"
    details = [json.loads(str(text)) for text in mixed["engine_details"].values]
    assert [detail.get("note", "") for detail in details] == ["", "not the kernel: for a test"]


def test_limits_of_the_weight_count_in_the_common_unit():
    """Weights from -1 to 2, w/w_max: the lower limit is -0.5, and weights near it are counted there, and in the histogram."""
    rule = sh.rule("pair", bounds={"kind": "hard", "w_min": -1, "w_max": 2}, A_plus=1e-6, A_minus=0.5)
    result = sh.weights(rule, None, sh.poisson_inputs(30, "40 Hz"), "5 s", 1, imposed="40 Hz", snapshots=8)
    assert float(result["weight"].min()) == pytest.approx(-0.5)
    assert result["near_low"].values[0, 0] == np.mean(result["weight"].values <= -0.5 + 0.1 * 1.5)
    np.testing.assert_array_equal(result["histogram"].sum("bin"), 30)
