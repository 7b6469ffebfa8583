"""Noise of the kernel against Brian2's, in distribution."""

from __future__ import annotations

import numpy as np
import pytest
from circuits_by_hand import of_lanes
from kernel_rules import DT, read
from scipy.stats import ks_2samp

import spikeheb as sh
from spikeheb.engines.kernel.numpy_lanes import run as run_in_numpy
from spikeheb.engines.kernel.runner import run
from spikeheb.engines.plain.run import run as run_plain
from spikeheb.program.analysis import analyse

LANES = 1500


def both(rule, pre, post, w0):
    weights = [
        sh.replay(rule, [pre] * LANES, [post] * LANES, w0, engine=engine, seed=seed)["w"].values
        for engine, seed in (("kernel", 1), ("kernel", 2), ("brian:numpy", 3))
    ]
    assert not np.array_equal(weights[0], weights[1])
    return weights


@pytest.mark.parametrize("which", ["handlers", "model"])
def test_weights_have_the_same_distribution(which, tmp_path):
    if which == "handlers":
        pairs = np.arange(100) * 0.05
        kernel, again, brian = both(sh.rule("pair", set="van_rossum"), pairs, pairs + 0.01, 3.0)
    else:
        pairs = np.arange(20) * 0.05
        kernel, again, brian = both(read(tmp_path, "calcium"), pairs, pairs + 0.01, 0.5)
    for sample, other in ((kernel, brian), (again, brian), (kernel, again)):
        error = np.sqrt((sample.var() + other.var()) / LANES)
        assert abs(sample.mean() - other.mean()) < 4 * error
        assert sample.std() == pytest.approx(other.std(), rel=4 / np.sqrt(LANES))
        assert ks_2samp(sample, other).pvalue > 1e-3


EVERYTHING = (
    "exp(-w) + log(1 + w**2) - sqrt(w**2 + 1) + clip(w, 0.2, 0.8) - abs(w - 0.4) + (1 + positive(w))**p - w**3 + w**(-2)"
    " + int((c > high) and (w > 0.1)) - int(not (c > high) or (w < 0.3)) + int(c > high)*int(p > 1)"
)
"""Whatever an equation may call, so that no function is missing for synapses side by side."""
FUNCTIONS = """
schema = 1
name = "functions"
title = "functions"
doc = "For a test."
[parameters]
tau = { value = "20 ms", doc = "", source = "chosen" }
p = { value = 1.7, doc = "", source = "chosen" }
high = { value = 0.2, doc = "", source = "chosen" }
[synapse]
model = \"\"\"
dc/dt = -c/tau : 1
dw/dt = (DRIFT)/(10*second) + 0.1*sqrt(c)*int(c > high)*int(p > 1)*xi/second**0.5 : 1
\"\"\"
method = "heun"
weight = "w"
initial = { w = 0.5 }
[[on]]
event = "pre"
do = ["transmit = 1", "c += 1"]
[bounds]
kind = "hard"
w_min = 0
w_max = 10
"""


def test_all_functions_are_there_for_synapses_side_by_side(tmp_path):
    (tmp_path / "functions.toml").write_text(FUNCTIONS.replace("DRIFT", EVERYTHING))
    rule = sh.rule(tmp_path / "functions.toml")
    pre = tuple(np.array([10 * n + 5, 500, 900]) for n in range(10))
    job = of_lanes(rule, None, DT, 1_500, np.zeros(10, dtype=np.int64), pre, (np.array([20]),), seed=1)
    assert len(np.unique(run(job).w)) == 10
    np.testing.assert_allclose(run(job).w, run_plain(job).w, rtol=1e-11)


def synapses_of_one_lane(rule, count, *, apart, exact):
    """Synapses under the same spikes, or each under its own, so that noise begins and ends at other times in each."""
    rng = np.random.default_rng(7)
    drawn = [np.sort(rng.choice(20_000, 12, replace=False)) for _ in range(19)]
    pre = tuple(drawn[k if apart else 0] for k in range(count))
    post = (np.sort(rng.choice(20_000, 15, replace=False)),)
    samples = np.array([5_000, 14_999, 19_999])
    return run(of_lanes(rule, None, DT, 20_000, np.zeros(count, dtype=np.int64), pre, post, samples=samples, seed=5, exact=exact))


@pytest.mark.parametrize("how", [{"apart": True, "exact": True}, {"apart": False, "exact": False}])
@pytest.mark.parametrize("name", ["calcium", "graupner_brunel"])
def test_a_synapse_does_not_depend_on_those_that_are_stepped_beside_it(name, how, tmp_path):
    rule = read(tmp_path, name) if name == "calcium" else sh.rule(name)
    whole = synapses_of_one_lane(rule, 19, **how)
    assert len(set(whole.w)) > 10
    for count in (2, 3, 8, 9, 17):
        part = synapses_of_one_lane(rule, count, **how)
        assert part.w.tobytes() == whole.w[:count].tobytes()
        assert part.weight.tobytes() == whole.weight[:count].tobytes()


@pytest.mark.parametrize("lanes", [(6,), (3, 3), (1, 1, 1, 1, 1, 1)])
def test_mirrored_noise_is_that_of_the_synapse_before_turned_round(lanes):
    """Without drift the two of a pair go as far, one up and one down, however synapses are shared among lanes; in every engine."""
    rule = sh.rule("graupner_brunel", gamma_d=0, gamma_p=0, tau="1e6 s", sigma=100)
    count = sum(lanes)
    pre = (np.arange(0, 2_000, 400),) * count
    job = of_lanes(
        rule, None, DT, 3_000, np.repeat(np.arange(len(lanes)), lanes), pre, (pre[0] + 40,) * len(lanes),
        initial={"rho": np.full(count, 0.5)}, samples=np.array([2_999]), seed=3, mirrored=True,
    )  # fmt: skip
    change = run(job).w - 0.5
    assert np.all(np.abs(change) > 1e-6)
    assert len(np.unique(np.abs(change[::2]))) == count // 2
    np.testing.assert_allclose(change[1::2], -change[::2], rtol=1e-6)
    for other in (run_plain(job), run_in_numpy(job, analyse(rule, None, DT))):
        np.testing.assert_allclose(other.w, run(job).w, rtol=1e-12)


def test_synapses_that_part_company_are_computed_as_well_as_stepped(tmp_path):
    rule = read(tmp_path, "calcium")
    computed, stepped = (synapses_of_one_lane(rule, 19, apart=True, exact=exact) for exact in (False, True))
    np.testing.assert_allclose(computed.weight, stepped.weight, rtol=1e-11)
