"""A layer against plain loops, against principal components, and against wrong input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.rates.competition import compete, rectified
from spikeheb.rates.data import orthonormality, spiked, subspace_error

MANY = range(20)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return abs(float(a @ b)) / float(np.linalg.norm(a) * np.linalg.norm(b))


def test_similarity_matching_is_the_plain_loop() -> None:
    """Written once more, sample by sample and cell by cell, from Pehlevan, Hu & Chklovskii (2015)."""
    samples, _ = spiked(50, 6, (3, 2), rng=np.random.default_rng(3))
    layer = sh.rates.Layer("similarity_matching", 2, seed=1)
    w = sh.rates.Layer("similarity_matching", 2, seed=1).partial_fit(samples[:1] * 0).weights_.copy()
    m, a = np.zeros((2, 2)), np.full(2, 10.0)
    for x in samples:
        y = np.linalg.solve(np.eye(2) + m, w @ x)
        a = a + y**2
        m_before = m.copy()
        for i in range(2):
            w[i] += y[i] * (x - y[i] * w[i]) / a[i]
            for j in range(2):
                if i != j:
                    m[i, j] += y[i] * (y[j] - y[i] * m_before[i, j]) / a[i]
    layer.fit(samples)
    np.testing.assert_allclose(layer.weights_, w, rtol=0, atol=1e-13)
    np.testing.assert_allclose(layer.lateral_, m, rtol=0, atol=1e-13)
    np.testing.assert_allclose(layer.transform(samples), np.linalg.solve(np.eye(2) + m, w @ samples.T).T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(layer.transform(samples), samples @ layer.components_.T, rtol=0, atol=1e-12)


def test_fit_begins_anew_and_partial_fit_goes_on() -> None:
    samples, _ = spiked(40, 8, rng=np.random.default_rng(0))
    whole = sh.rates.Layer("oja", 2, seed=4).fit(samples)
    parts = sh.rates.Layer("oja", 2, seed=4).partial_fit(samples[:15]).partial_fit(samples[15:])
    assert np.array_equal(whole.weights_, parts.weights_)
    assert whole.n_samples_seen_ == parts.n_samples_seen_ == 40
    assert np.array_equal(whole.fit(samples).weights_, parts.weights_)
    assert list(whole.get_feature_names_out()) == ["oja0", "oja1"]


def test_winners() -> None:
    u = np.array([[1.0, 3.0, 3.0, 2.0]])
    assert compete(u, u, 1).tolist() == [[0, 3, 0, 0]]
    assert compete(u, u, 3).tolist() == [[0, 3, 3, 2]]
    shared = compete(1000 * u, u, "softmax")
    assert shared.tolist() == [[0, 0.5, 0.5, 0]]
    layer = sh.rates.Layer("instar", 3, winners=1, w0=np.eye(3)).fit(np.array([[0.1, 0.9, 0.2]]))
    assert np.array_equal(layer.weights_[[0, 2]], np.eye(3)[[0, 2]])
    np.testing.assert_allclose(layer.weights_[1], [0.00009, 1 - 0.0009 + 0.00081, 0.00018], atol=1e-15)


def test_rectified_cells_settle_where_each_is_its_own_equation() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(5, 5))
    opposing, u = root @ root.T + np.eye(5), rng.normal(size=(7, 5))
    y = rectified(opposing, u)
    slack = u - y @ opposing
    assert (y >= 0).all()
    assert np.abs(slack[y > 0]).max() < 1e-9
    assert (slack[y == 0] <= 1e-9).all()


def test_hard_bounds_hold(tmp_path) -> None:
    path = tmp_path / "kept.toml"
    text = sh.rates.rule("hebb").text
    path.write_text(text + '\n[bounds]\nkind = "hard"\nw_min = 0\nw_max = 1\n')
    opposed = np.random.default_rng(0).normal(size=(200, 1)) * [[10.0, -10.0]]
    assert np.sort(sh.rates.Layer(path, 1, w0=[[0.6, 0.4]]).fit(opposed).weights_).tolist() == [[0, 1]]


def test_running_values_take_the_sample_in_before_the_weights() -> None:
    layer = sh.rates.Layer("covariance", 1, w0=[[1.0, 0.0]]).fit([[2.0, 0.0]])
    x_mean, y_mean = np.array([0.02, 0.0]), 0.02
    assert layer.running_["x_mean"].tolist() == x_mean.tolist()
    np.testing.assert_allclose(layer.weights_, [[1.0, 0.0]] + 0.001 * (2 - y_mean) * (np.array([2.0, 0.0]) - x_mean), atol=1e-15)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[1.0, np.nan]], r"X: expected finite numbers \(got nan at \[0, 1\]\)"),
        ([["a", "b"]], "X: expected a table of numbers, a row for each sample"),
        ([], "X: expected a table of numbers, a row for each sample"),
        (np.ones((2, 2, 2)), "X: expected a table of numbers, a row for each sample"),
    ],
)
def test_wrong_samples(samples: object, message: str) -> None:
    with pytest.raises(sh.SpikehebError, match=message):
        sh.rates.Layer("oja", 2).fit(samples)


def test_what_grows_without_bound_is_named_by_its_sample() -> None:
    with pytest.raises(sh.NonFiniteError, match=r"hebb: sample [0-9]+: the outputs are not finite any more"):
        sh.rates.Layer(sh.rates.rule("hebb", eta=10), 1).fit(np.ones((400, 4)))


def test_the_instar_needs_inputs_that_are_not_zero_on_average() -> None:
    """As its file says: on inputs of mean 0 it diverges, or at a small eta reaches tens; shifted, it settles."""
    samples, _ = spiked(5000, 20, (3, 2), rng=np.random.default_rng(0))
    with pytest.raises(sh.NonFiniteError, match=r"instar: sample [0-9]+: the outputs are not finite any more"):
        sh.rates.Layer(sh.rates.rule("instar", eta=0.01), 1).fit(samples)
    assert np.linalg.norm(sh.rates.Layer("instar", 1).fit(samples).weights_) > 9
    start = np.full((1, 20), 0.1)
    shifted = sh.rates.Layer("instar", 1, w0=start).fit(samples + 2.0).weights_
    assert np.abs(shifted - 2.0).max() < 0.5


def test_other_wrong_things() -> None:
    layer = sh.rates.Layer("oja", 2)
    with pytest.raises(sh.FormatError, match="has no weights yet; call fit"):
        layer.transform([[1.0]])
    with pytest.raises(sh.FormatError, match="expected 3 columns"):
        layer.fit(np.eye(3)).partial_fit(np.eye(2))
    with pytest.raises(sh.ScheduleError, match="units"):
        sh.rates.Layer("oja", 0)
    with pytest.raises(sh.EngineError, match=r"the weights .* need about .* GB"):
        sh.rates.Layer("oja", 1_000_000).fit(np.ones((1, 1000)))
    with pytest.raises(sh.FormatError, match="expected 2 rows, one for each sample"):
        sh.rates.Layer("hebbian_descent", 1).fit(np.eye(2), [[1.0]])
    with pytest.raises(sh.UnknownName, match='no running value named "nu"'):
        sh.rates.Layer("hebbian_descent", 1, start={"nu": 1})


# --- figures of the reference table; each bound holds for every seed ---------------------------------------------------------


def test_hebb_grows_with_the_leading_eigenvalue() -> None:
    """Row 1c."""
    for seed in MANY:
        samples, components = spiked(3000, rng=np.random.default_rng(seed))
        layer = sh.rates.Layer(sh.rates.rule("hebb", eta=1e-3), 1, seed=seed)
        logarithms = [np.log(abs(float(layer.partial_fit(part).weights_[0] @ components[0]))) for part in np.split(samples, 30)]
        slope = np.polyfit(np.arange(100, 3001, 100), logarithms, 1)[0] / (1e-3 * 5)
        assert 0.88 < slope < 1.12, seed


@pytest.mark.parametrize("seeds", [range(8), pytest.param(MANY, marks=pytest.mark.full)])
def test_oja_with_a_falling_rate(seeds: range, tmp_path: Path) -> None:
    """Row 1b'. The part along e2 falls as 200/(200 + t) relative to that along e1, so a start nearly orthogonal to e1 is not there yet."""
    path = tmp_path / "falling.toml"
    path.write_text(sh.rates.rule("oja").text.replace('eta = "eta"', 'eta = "1/(200 + t)"'))
    for seed in seeds:
        samples, components = spiked(10_000, rng=np.random.default_rng(seed))
        start = sh.rates.Layer(path, 1, seed=seed).fit(np.zeros((1, 64))).weights_[0] @ components.T
        reached = cosine(sh.rates.Layer(path, 1, seed=seed).fit(samples).weights_[0], components[0])
        assert reached > (0.99 if abs(start[1] / start[0]) < 12 else 0.95), seed


@pytest.mark.full
def test_oja_finds_the_first_component() -> None:
    """Row 1b: the table's bound of 0.99 for the cosine does not hold for every seed, by the theory of the rule itself.

    Around e1 the weights fluctuate with the variance ``eta l1 lj/(2 (l1 - lj))`` along each ej, most along e2. So ``1 - cos`` has the mean
    0.0045 (0.0050 with 300 networks), and one network in ten is below 0.99; with 20 seeds none is with a probability of 0.12.
    """
    cosines = []
    for seed in MANY:
        samples, components = spiked(40_000, rng=np.random.default_rng(seed))
        weights = sh.rates.Layer("oja", 1, seed=seed).fit(samples).weights_[0]
        assert abs(np.linalg.norm(weights) - 1) < 0.01, seed
        cosines.append(cosine(weights, components[0]))
    assert 1 - np.mean(cosines) == pytest.approx(0.0045, abs=4 * 0.0035 / np.sqrt(20))
    assert np.sum(np.array(cosines) > 0.99) >= 15


def test_sanger_finds_the_components_in_their_order() -> None:
    samples, components = spiked(20_000, 20, (8, 5, 3), rng=np.random.default_rng(0))
    weights = sh.rates.Layer(sh.rates.rule("sanger", eta=0.002), 3).fit(samples).weights_
    assert min(cosine(a, b) for a, b in zip(weights, components, strict=True)) > 0.99


def test_the_2018_form_finds_the_subspace_too() -> None:
    samples, components = spiked(10_000, 64, np.linspace(5, 3, 4), rng=np.random.default_rng(0))
    layer = sh.rates.Layer("similarity_matching_2018", 4).fit(samples)
    assert subspace_error(layer.components_, components) < 0.003
    assert orthonormality(layer.components_) < 0.002


def test_bcm_cells_become_selective() -> None:
    """Of two inputs that are equally frequent a cell comes to answer to one."""
    rng = np.random.default_rng(0)
    inputs = np.array([[1.0, 0.2], [0.2, 1.0]])
    for seed in range(3):
        start = [[0.5, 0.5]] + 0.05 * np.random.default_rng(seed).normal(size=(1, 2))
        layer = sh.rates.Layer(sh.rates.rule("bcm", eta=0.003), 1, w0=start)
        answers = np.sort(layer.fit(inputs[rng.integers(0, 2, 16_000)]).transform(inputs)[:, 0])
        assert answers[0] < 0.1 * answers[1]
        assert answers[1] == pytest.approx(1.96, abs=0.25)  # theta with this sample is (1/50 + 49/50/2)*y**2, and y = theta


def test_competing_units_share_out_clusters() -> None:
    rng = np.random.default_rng(1)
    centres = np.linalg.qr(rng.normal(size=(12, 3)))[0].T
    samples = centres[rng.integers(0, 3, 3000)] + 0.05 * rng.normal(size=(3000, 12))
    layer = sh.rates.Layer("competing_units", 3, seed=2, w0=0.3 * centres + 0.05 * rng.normal(size=(3, 12))).fit(samples)
    assert np.array_equal(layer.transform(centres).argmax(axis=1), [0, 1, 2])
    assert np.abs(np.linalg.norm(layer.weights_, axis=1) - 1).max() < 0.05
