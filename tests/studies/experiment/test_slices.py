"""A simulated slice: drawn weights, mean and standard error over cells, the paired t-test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from test_session import short

import spikeheb as sh
from spikeheb.measure.compare import mean_and_sem, paired_t_test
from spikeheb.studies.experiment.slices import drawn_weights

RULE = {"set": "visual_cortex_all_min"}


@pytest.fixture(scope="module")
def data():
    protocol = short(sh.protocol("pairing", delta_t="-10 ms, 10 ms", pairs=40, frequency="20 Hz"))
    return sh.slice_of(protocol, sh.rule("triplet", **RULE), "ca1_pyramidal", n=6, seed=3)


def test_the_means_are_those_of_the_cells(data):
    assert data["cell_epsp_ratio"].sizes == {"cell": 6, "condition": 2}
    ratios = data["cell_epsp_ratio"].values
    np.testing.assert_allclose(data["epsp_ratio"], ratios.mean(axis=0))
    np.testing.assert_allclose(data["epsp_ratio_sem"], ratios.std(axis=0, ddof=1) / np.sqrt(6))
    expected = stats.ttest_rel(data["cell_epsp_after"], data["cell_epsp_before"], axis=0)
    np.testing.assert_allclose(data["paired_t"], expected.statistic)
    np.testing.assert_allclose(data["paired_p"], expected.pvalue)
    assert data["cells"].values.tolist() == [6, 6]
    assert float(data["epsp_ratio"][0]) < 1 < float(data["epsp_ratio"][1])


def test_an_additive_rule_changes_all_cells_by_the_same_amount(data):
    """So the ratio differs from cell to cell as the inverse of the weight, and the difference does not."""
    change = data["cell_efficacy_end"] - data["cell_efficacy_before"]
    np.testing.assert_allclose(change, change[:1].values.repeat(6, axis=0), rtol=1e-9)
    assert np.ptp(data["cell_efficacy_before"].values, axis=0).min() > 0.3


def test_a_seed_is_a_slice(data):
    protocol = short(sh.protocol("pairing", delta_t="-10 ms, 10 ms", pairs=40, frequency="20 Hz"))
    rule = sh.rule("triplet", **RULE)
    again = sh.slice_of(protocol, rule, "ca1_pyramidal", n=6, seed=3)
    assert again.identical(data)
    fewer, other = (sh.slice_of(protocol, rule, "ca1_pyramidal", n=3, seed=s) for s in (3, 4))
    assert np.array_equal(fewer["cell_epsp_before"], data["cell_epsp_before"][:3])
    assert not np.array_equal(other["cell_epsp_before"], fewer["cell_epsp_before"])


def test_all_is_labelled_and_can_be_saved(data, tmp_path):
    for name in data.data_vars:
        assert data[name].attrs["units"], name
        assert data[name].attrs["long_name"], name
    assert sh.load(sh.save(data, tmp_path / "slice.nc")).identical(data)
    assert (data.attrs["study"], data.attrs["cells"], data.attrs["cv"]) == ("slice", 6, 0.5)


def test_without_test_pulses_the_efficacy_is_tested_and_published_points_stand_beside_it():
    result = sh.slice_of("markram_1997", sh.rule("triplet", **RULE), n=3, test_pulses=False)
    assert "epsp_ratio" not in result
    np.testing.assert_allclose(result["published_ratio"][:2], [0.9886, 1.0161])
    assert np.isfinite(result["error_efficacy"]).all()
    assert result["paired_t"].values.tolist() == [np.inf] * 7 + [-np.inf], "an additive rule changes every cell by the same"
    assert not result["paired_p"].any()


def test_random_trains_are_drawn_anew_for_each_cell():
    result = sh.slice_of("poisson", sh.rule("triplet", **RULE), n=3, cv=0, test_pulses=False, rate="20 Hz")
    assert np.all(result["cell_efficacy_before"] == 1)
    assert len(set(result["cell_efficacy_end"].values.ravel())) == 3


@pytest.mark.parametrize("given", [{"n": 1}, {"n": 2.5}, {"cv": -0.1}, {"cv": float("nan")}])
def test_what_is_no_slice(given):
    with pytest.raises((sh.ScheduleError, sh.UnitError), match=r"^(n|cv): expected"):
        sh.slice_of("pairing", "pair", test_pulses=False, **given)


# drawn weights


def test_drawn_weights_have_the_mean_and_the_variation_asked_for():
    weights = drawn_weights(np.full(200_000, 2.0), 0.5, (0.0, np.inf), np.random.default_rng(0))
    assert weights.mean() == pytest.approx(2.0, abs=5 * 1.0 / np.sqrt(200_000))
    assert weights.std() / weights.mean() == pytest.approx(0.5, abs=0.01)
    assert stats.skew(np.log(weights)) == pytest.approx(0, abs=0.03)


def test_drawn_weights_stay_within_the_limits_and_what_is_not_positive_stays():
    weights = drawn_weights(np.array([0.5] * 10_000 + [0.0, -1.0]), 0.5, (0.0, 1.0), np.random.default_rng(0))
    assert weights[:-2].max() <= 1
    assert weights[:-2].min() > 0
    assert weights[-2:].tolist() == [0, -1]
    assert drawn_weights(np.array([0.5]), 0.0, (0.0, 1.0), np.random.default_rng(0)).tolist() == [0.5]
    with pytest.raises(sh.ScheduleError, match="hardly any weight"):
        drawn_weights(np.array([5.0]), 0.01, (0.0, 1.0), np.random.default_rng(0))


# the test


def test_the_paired_t_test_is_students():
    rng = np.random.default_rng(1)
    before = rng.random((8, 3))
    after = before + rng.normal(0.2, 0.3, (8, 3))
    before[2, 1] = np.nan
    t, p, pairs = paired_t_test(before, after)
    expected = stats.ttest_rel(after, before, axis=0, nan_policy="omit")
    np.testing.assert_allclose(t, np.asarray(expected.statistic))
    np.testing.assert_allclose(p, np.asarray(expected.pvalue))
    assert pairs.tolist() == [8, 7, 8]


def test_equal_differences_and_too_few_pairs():
    t, p, pairs = paired_t_test([[1.0, 1.0, 1.0], [2.0, 2.0, np.nan]], [[1.0, 0.5, 2.0], [2.0, 1.5, 3.0]])
    assert (t[0], p[0]) == (0, 1)
    assert (t[1], p[1]) == (-np.inf, 0)
    assert np.isnan([t[2], p[2]]).all()
    assert pairs.tolist() == [2, 2, 1]


def test_mean_and_sem_leave_out_what_is_missing():
    mean, sem = mean_and_sem([[1.0, np.nan, np.nan], [3.0, 2.0, np.nan]])
    np.testing.assert_allclose(mean, [2, 2, np.nan])
    np.testing.assert_allclose(sem, [1, np.nan, np.nan])


def test_cells_of_a_rule_that_draws_have_many_synapses():
    """One synapse of two states gives a fifth, 1 or 5; a cell gives the mean of its own."""
    rule = sh.rule("graupner_brunel", set="DP")
    data = sh.slice_of("pairing", rule, n=4, test_pulses=False, delta_t="-20 ms, 10 ms")
    assert data.attrs["synapses"] == 50
    np.testing.assert_allclose(data["cell_efficacy_before"], 3.0, rtol=0.02)
    whole = sh.run("pairing", rule, test_pulses=False, delta_t="-20 ms, 10 ms", synapses=2000)
    np.testing.assert_array_less(np.abs(data["efficacy_ratio"] - whole["efficacy_ratio"]), 0.06)


def test_synapses_of_one_input_start_alike():
    data = [sh.slice_of("pairing", "triplet", n=3, test_pulses=False, delta_t="10 ms", synapses=count) for count in (1, 4)]
    np.testing.assert_allclose(data[1]["cell_efficacy_before"], data[0]["cell_efficacy_before"], rtol=1e-12)
    np.testing.assert_allclose(data[1]["cell_efficacy_end"], data[0]["cell_efficacy_end"], rtol=1e-6)


def test_a_slice_counts_the_readout_where_the_rule_has_one():
    data = sh.slice_of("pairing", "graupner_brunel:DP", n=3, synapses=20, pairs=20, delta_t="10 ms", test_pulses=False)
    assert data.attrs["counted"] == "readout"
    before, after = (data[f"cell_readout_{when}"].values for when in ("before", "end"))
    rho_is_up = (after - 1) / 4 * 20
    np.testing.assert_allclose(rho_is_up, np.rint(rho_is_up), atol=1e-9)
    np.testing.assert_allclose(data["readout_ratio"], (after / before).mean(axis=0))
    np.testing.assert_allclose(data["paired_t"], stats.ttest_rel(after, before, axis=0).statistic)
    ax = sh.plot(data)
    drawn = np.concatenate([line.get_ydata() for line in ax.lines if line.get_marker() == "." and line.get_alpha() == 0.5])
    np.testing.assert_allclose(np.sort(drawn), np.sort((after / before).ravel()))
