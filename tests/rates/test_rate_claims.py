"""What the studies of rates claim, at the settings and with the bounds of the reference table; the longest runs only where asked for."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import spikeheb as sh


def test_letters_come_back_and_the_energy_falls() -> None:
    data = sh.rates.recall_course()
    assert (data["overlap"].isel(sweep=-1) == 1).all()
    assert float(data["energy"].diff("sweep").max()) <= 0
    assert ((data["state"].isel(sweep=0) != data["state"].isel(sweep=-1)).sum("cell") == 16).all()


def test_the_softmax_memory_is_attention() -> None:
    data = sh.rates.separation(2, stored=(100, 10_000), flips=(6,), kinds=("softmax",))
    assert float(data["attention_difference"].max()) < 1e-12
    assert (data["exact"] == 1).all()


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.full), pytest.param(2, marks=pytest.mark.full)])
def test_similarity_matching_falls_as_one_over_t_and_follows_a_switch_if_it_forgets(seed: int) -> None:
    """Rows 13 and 13c, each bound for every seed; the switch is read 3 000 samples later."""
    data = sh.rates.subspace(1, seed=seed, rules=(), samples=(100, 200, 300, 500, 1000, 2000, 3000, 6000, 10_000)).squeeze("seed")
    steady = data.sel(stream="steady", rule="similarity_matching")
    for sample, most in ((1000, 0.0137), (3000, 0.0050), (10_000, 0.0016)):
        assert float(steady["error"].sel(sample=sample)) < most
    assert float(steady["orthonormality"].sel(sample=10_000)) < 0.0012
    assert float(np.abs(steady["slope"] + 1)) < 0.22
    switched = data["error"].sel(stream="switched", sample=6000)
    assert float(switched.sel(rule="similarity_matching")) > 1
    assert float(switched.sel(rule="similarity_matching, keeps 0.997")) < 0.018


@pytest.mark.full
def test_a_switched_subspace_over_eight_seeds() -> None:
    """Row 13c, each bound for every seed."""
    error = sh.rates.subspace(8, rules=(), keeps=(1.0, 0.999, 0.997), samples=(6000,)).sel(stream="switched", sample=6000)["error"]
    assert float(error.sel(rule="similarity_matching").min()) > 1
    assert float(error.sel(rule="similarity_matching, keeps 0.999").max()) < 0.045
    assert float(error.sel(rule="similarity_matching, keeps 0.997").max()) < 0.018


@pytest.mark.full
def test_similarity_matching_over_twenty_seeds() -> None:
    """Row 13: the means of the table, and each bound for every seed."""
    data = sh.rates.subspace(20, rules=(), keeps=(1.0,), samples=(100, 300, 1000, 3000, 10_000), switch=10_000).sel(stream="steady")
    error = data["error"].mean("seed").squeeze()
    for sample, mean in ((100, 0.120), (300, 0.0353), (1000, 0.0099), (3000, 0.0034), (10_000, 0.00102)):
        assert float(error.sel(sample=sample)) == pytest.approx(mean, rel=0.2)
    for sample, most in ((1000, 0.0137), (3000, 0.0050), (10_000, 0.0016)):
        assert float(data["error"].sel(sample=sample).max()) < most
    assert float(data["orthonormality"].sel(sample=10_000).max()) < 0.0012
    assert float(np.abs(data["slope"] + 1).max()) < 0.22
    assert float(data["slope"].mean()) == pytest.approx(-1.0, abs=0.05)


@pytest.mark.full
def test_the_capacity_curve_is_steeper_in_a_larger_network() -> None:
    """Row 14b, 2 000 cells, 60 patterns recalled.

    At load 0.17 a pattern stays near 1 or comes to about 0.35, so that the mean of 60 scatters by 0.04 between networks (the table has 0.02
    of five): its bound of 0.49 holds for the mean and for four of these five networks, whose mean is 0.45.
    """
    data = sh.rates.capacity(5, cells=(500, 2000), loads=(0.1, 0.17)).squeeze("kind")["overlap"]
    assert float(data.sel(cells=2000, load=0.1).min()) > 0.996
    large = data.sel(cells=2000, load=0.17)
    assert float(large.mean()) < 0.49
    assert int((large < 0.49).sum()) >= 4
    assert float((data.sel(cells=500, load=0.17) - large).min()) > 0.17


@pytest.mark.full
def test_plastic_inhibition_buys_its_share_of_the_capacity() -> None:
    """Row 16H, each bound for every seed: both plastic against excitation alone 1/(1 - 0.2) = 1.25, and as without Dale's law."""
    loads = (0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.17, 0.18)
    data = sh.rates.capacity(4, cells=(1000,), loads=loads, kinds=("unconstrained", "both", "excitatory"), recalled=40)
    half = data["half_load"].squeeze("cells")
    ratio = half.sel(kind="both") / half.sel(kind="excitatory")
    assert 1.12 < float(ratio.min()) < float(ratio.max()) < 1.36
    assert float(np.abs(half.sel(kind="both") / half.sel(kind="unconstrained") - 1).max()) < 0.06


@pytest.mark.full
def test_clipping_at_zero_costs_and_inhibition_alone_keeps_its_small_share() -> None:
    """Row 16H: the column w0 = 0, in which half of the weights are 0, and inhibition alone, within four standard errors of the table."""
    loads = (0.09, 0.10, 0.11, 0.12, 0.13, 0.14, 0.15)
    clipped = sh.rates.capacity(4, cells=(1000,), loads=loads, kinds=("both", "excitatory"), recalled=40, w0=0)["half_load"].squeeze()
    assert float(clipped.sel(kind="both").mean()) == pytest.approx(0.131, abs=4 * 0.003 / np.sqrt(4))
    assert float(clipped.sel(kind="excitatory").mean()) == pytest.approx(0.109, abs=4 * 0.004 / np.sqrt(4))
    loads = (0.02, 0.03, 0.034, 0.038, 0.042, 0.05)
    alone = sh.rates.capacity(4, cells=(1000,), loads=loads, kinds=("inhibitory",), recalled=40)["half_load"].squeeze()
    assert float(alone.mean()) == pytest.approx(0.038, abs=4 * 0.002 / np.sqrt(4))
    rising = sh.rates.capacity(4, cells=(1000,), loads=(0.05,), kinds=("magnitudes",), recalled=50)["kept"]
    assert float(rising.mean()) == pytest.approx(0.89, abs=4 * 0.03 / np.sqrt(4))


def test_magnitudes_that_rise_at_both_keep_nothing_at_equal_shares() -> None:
    """Row 16H, and that without cancelling the common mode the memory fails, from cues with 10 % of their bits flipped."""
    data = sh.rates.capacity(2, cells=(500,), loads=(0.05,), kinds=("both", "magnitudes"), inhibitory=0.5)["overlap"].squeeze()
    assert float(data.sel(kind="both").min()) > 0.99
    assert float(np.abs(data.sel(kind="magnitudes")).max()) < 0.06
    for w0, mean, sd in ((1, 0.77, 0.12), (3, 0.28, 0.12)):
        mixed = sh.rates.capacity(4, cells=(500,), loads=(0.05,), kinds=("both", "uncancelled"), w0=w0, flips=50)["overlap"].squeeze()
        assert float(mixed.sel(kind="both").min()) > 0.99
        assert float(mixed.sel(kind="uncancelled").mean()) == pytest.approx(mean, abs=4 * sd / np.sqrt(4))


def test_an_older_memory_is_chaotic() -> None:
    """Row 18, the one bound that costs least."""
    old = sh.rates.forgetting(1, tau=(0.6,), ages=(0.08,)).squeeze()
    assert float(old["lyapunov"]) > 0.1
    assert float(old["overlap"]) > 0.6


@pytest.mark.full
def test_recent_memories_are_fixed_points_and_older_ones_chaotic() -> None:
    """Row 18, and the gain of 2.5 as the control that is not chaotic."""
    assert float(sh.rates.forgetting(8, tau=(0.3,), ages=(0,), transient=150, measured=150)["lyapunov"].max()) < -0.3
    old = sh.rates.forgetting(6, tau=(0.6,), ages=(0.08,))
    assert float(old["lyapunov"].min()) > 0.1
    assert float(old["overlap"].min()) > 0.6
    pair = sh.rates.forgetting(3, tau=(0.45,), ages=(0, 0.1))["lyapunov"].mean("seed").squeeze()
    assert float(pair[1] - pair[0]) > 0.2
    control = sh.rates.forgetting(5, tau=(0.6,), ages=(0,), gain=2.5, connections=60)
    assert float(control["lyapunov"].max()) < -0.3


@pytest.mark.parametrize("seeds", [2, pytest.param(6, marks=pytest.mark.full)])
def test_three_rules_learn_alike_in_rates_and_spikes(seeds: int) -> None:
    """Row 1d, its bounds for each seed: the mean weights of the second half."""
    data = sh.rates.three_rules(seeds)
    spikes = data.sel(form="spikes")
    assert float(np.abs(spikes["late_norm"].sel(rule="oja") - 1).max()) < 0.04
    assert float(spikes["late_cosine"].sel(rule=["instar", "oja"]).min()) > 0.997
    assert (data["at_bound"].sel(rule="hebb") == 1).all()
    assert (data["at_bound"].sel(rule=["instar", "oja"]) == 0).all()
    assert float(np.abs(data["late_norm"].sel(form="rates", rule="oja") - 1).max()) < 0.01
    instar = data["late_norm"].sel(rule="instar")
    assert float(np.abs(instar.sel(form="spikes") / instar.sel(form="rates") - 1).max()) < 0.05


def test_the_gradient_stores_the_published_sign_diverges_and_its_extension_explodes() -> None:
    """Row 17, each bound for each seed."""
    data = sh.rates.prediction(8, stored=(5,), recall_cells=30, flips=3)
    last = data["error"].isel(step=-1)
    assert float(last.sel(rule="corrected").max()) < 1e-20
    assert float(last.sel(rule="published").min()) > 1e5
    assert float(data["exploded"].sel(rule="extended").max()) < 200
    assert np.isnan(data["exploded"].sel(rule=["corrected", "published"])).all()
    assert float(data["agreement"].sel(weights="zero").min()) > 1 - 1e-12
    assert float(data["agreement"].sel(weights="random").max()) < 0.8
    growth = np.log10(last.sel(rule="published"))
    assert float(growth.mean()) == pytest.approx(6.19, abs=4 * 0.05 / np.sqrt(8))


@pytest.mark.full
def test_prediction_under_dales_law_over_three_loads() -> None:
    """Row 17b: with the common mode left in .98, .58 and .05 of 20, 40 and 60 patterns."""
    data = sh.rates.prediction(8, cells=20, patterns=4)
    assert (data["fixed"] == 1).all()
    mean = data["overlap"].mean("seed")
    np.testing.assert_allclose(mean.sel(common_mode="left in"), [0.98, 0.58, 0.054], atol=0.06)
    assert float(data["overlap"].sel(common_mode="cancelled", stored=[20, 40]).min()) > 0.99
    assert float(mean.sel(common_mode="cancelled", stored=60)) > 0.85


def test_inhibition_of_each_pattern_links_distant_attractors() -> None:
    """Row 8b: the paired rise at distance 4, mean of four networks."""
    data = sh.rates.association(4, c=(1.5, -1.5), distances=(2, 4))
    rise = data["correlation"].sel(c=-1.5) - data["correlation"].sel(c=1.5)
    assert float(rise.sel(distance=4).mean()) > 0.1
    assert float(rise.sel(distance=2).min()) > 0
    assert float(data["moving"].max()) < 0.02


@pytest.mark.full
def test_inhibition_of_each_pattern_links_distant_attractors_of_24_000_cells() -> None:
    """Row 8: the paired rise at 6 and 8 of each network."""
    data = sh.rates.association(6, cells=24_000, patterns=81, c=(1.5, -1.5), distances=(4, 6, 8))["correlation"]
    rise = data.sel(c=-1.5) - data.sel(c=1.5)
    assert float(rise.sel(distance=6).min()) > 0.3
    assert float(rise.sel(distance=8).min()) > 0.28
    assert data.sel(c=1.5, distance=4).mean() == pytest.approx(0.443, abs=4 * 0.019 / np.sqrt(6))
    assert rise.sel(distance=6).mean() == pytest.approx(0.379, abs=4 * 0.011 / np.sqrt(6))


@pytest.mark.parametrize("seeds", [2, pytest.param(8, marks=pytest.mark.full)])
def test_hebbian_descent_learns_a_pair_at_one_sight(seeds: int) -> None:
    """Row 6 and 6b, with random inputs in the place of digits; the same bounds hold of those, where scikit-learn is there."""
    kinds = [{}]
    if importlib.util.find_spec("sklearn") is not None:
        kinds.append({"inputs": "digits"})
    for kind in kinds:
        data = sh.rates.online_pairs(seeds, **kind)
        newest = data["newest"].mean("seed")
        centred = newest.sel(centred="centred")
        descent, delta, hebb = (float(centred.sel(rule=rule)) for rule in ("hebbian_descent", "delta_rule", "targets_hebb"))
        assert descent < 0.30 < delta < 0.40 < hebb
        assert descent < float(newest.sel(rule="hebbian_descent", centred="raw")) - 0.06
        ages = data["error"].mean("seed").sel(rule="hebbian_descent", centred="centred")
        assert float(ages.diff("age").min()) > 0


def test_a_hebbian_term_helps_until_a_wall() -> None:
    """Row 9: a shift that all cells share counts for nothing, so that yx with twice the step takes the same trials."""
    data = sh.rates.reward_paths(6, ratios=(0.0, 0.2))
    middle = np.exp(np.log(data["steps"]).mean("seed"))
    assert float(middle.sel(ratio=0.0) / middle.sel(ratio=0.2)) > 3
    assert not data["failed"].sel(ratio=0.2).any()
    active = sh.rates.reward_paths(6, ratios=(0.0, 0.4), form="active")
    assert np.array_equal(active["steps"].values, data["steps"].values)
    assert sh.rates.reward_paths(3, ratios=(0.26,), most=1500)["failed"].all()


@pytest.mark.full
def test_a_hebbian_term_over_sixteen_runs() -> None:
    """Row 9: no run fails at 0.2 and all do at 0.26; geometric means of the table, whose trials scatter by a factor of about e."""
    data = sh.rates.reward_paths(16, ratios=(0.0, 0.1, 0.2, 0.26))
    middle = np.exp(np.log(data["steps"]).mean("seed"))
    assert float(middle.sel(ratio=0.0) / middle.sel(ratio=0.2)) > 3
    assert not data["failed"].sel(ratio=[0.1, 0.2]).any()
    assert data["failed"].sel(ratio=0.0).any()
    assert data["failed"].sel(ratio=0.26).all()


def test_the_spiking_memory_recalls_less_than_its_rate_counterpart() -> None:
    data = sh.rates.cued_recall(1, patterns=3, shares=(0.5,)).squeeze()
    assert float(data["overlap"].sel(form="rates")) > 0.99
    assert 0.6 < float(data["overlap"].sel(form="spikes")) < 1
    assert float(data["members"]) > 5 * float(data["others"])


@pytest.mark.full
def test_a_larger_cue_recalls_more() -> None:
    """Of twenty patterns the network's file has .31, .61 and .68 from cues to 20, 50 and 80 % of the members."""
    overlap = sh.rates.cued_recall(3, patterns=20)["overlap"].mean("seed")
    np.testing.assert_allclose(overlap.sel(form="spikes"), [0.31, 0.61, 0.68], atol=0.02)
    assert (overlap.sel(form="rates") >= overlap.sel(form="spikes")).all()
