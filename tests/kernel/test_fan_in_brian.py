"""Fan-in in the kernel and in Brian2, with the same spikes."""

from itertools import product

import numpy as np
import pytest
from benchmarks.brian_program import standalone
from circuits_by_hand import but
from fan_in_jobs import growth, job, same
from kernel_rules import LIBRARY, one_of, read
from test_kernel_contract import TESTED, deterministic

from spikeheb.circuits.sources import Poisson
from spikeheb.engines.brian import runtime
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in
from spikeheb.errors import EngineError
from spikeheb.rules.meaning import reads_membrane

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
FILES = sorted(path.stem for path in (LIBRARY / "rules").glob("*.toml"))


def compare(the_job, target="numpy", atol=1e-12):
    try:
        expected = runtime.run(the_job, target)
    except EngineError as error:
        pytest.skip(f"not in Brian2: {error.message}")
    recording = fan_in.run(the_job)
    scale = max(1.0, float(np.abs(expected.w).max()))
    rounding = scale * atol + growth(the_job, recording)
    same(recording, expected, atol=rounding + scale * 4 * np.finfo(float).eps * the_job.steps * the_job.dt / 1e-3)
    np.testing.assert_allclose(recording.snapshots, expected.snapshots, rtol=0, atol=10 * rounding)
    np.testing.assert_allclose(recording.watched, expected.watched, rtol=0, atol=10 * rounding)
    np.testing.assert_array_equal(recording.histograms, expected.histograms)
    return recording


RECORDS = {
    "watched": np.array([[2, 3], [0, 0]]),
    "watch": np.array([10, 1999]),
    "histograms": np.array([1000]),
    "edges": np.array([-1e6, 0.123, 0.567, 1e6]),
}


@pytest.mark.parametrize("private", [False, True])
def test_everything_at_once(private, tmp_path):
    inhibition = ((Poisson(np.full(5, 50.0)),), 0.3, "gaba", 0.002)
    rule = read(tmp_path, "pair", axonal_delay="1 ms", backpropagation_delay="0.5 ms")
    recording = compare(job(rule, "ca1_pyramidal", 3, steps=2000, private=private, unplastic=inhibition, **RECORDS))
    assert recording.counts.min() > 3


@pytest.mark.slow
@pytest.mark.parametrize(("name", "on"), one_of(product([*TESTED, *FILES], [None, "ca1_pyramidal", "l5_pyramidal"]), 2))
def test_every_rule(name, on, tmp_path):
    rule = deterministic(tmp_path, name)
    if rule is None or (on is None and reads_membrane(rule)):
        pytest.skip("in distribution only, or with a cell")
    compare(job(rule, on, 5, steps=3000))


@pytest.mark.slow
@pytest.mark.parametrize("on", ["ca1_pyramidal", pytest.param("l5_pyramidal", marks=pytest.mark.full)])
def test_twenty_seconds(on, tmp_path):
    """The same spike steps throughout, then weights to 1e-10."""
    rule = read(tmp_path, "pair", set="additive", parameters={"A_plus": 0.02, "A_minus": 0.021})
    start = np.random.default_rng(1).random((4, 100))
    source = (Poisson(np.full(100, 25.0)),)
    current = 1.5e-10 if on == "ca1_pyramidal" else 6e-10
    the_job = job(
        rule, on, 4, steps=200_000, inputs=source, imposed=(), current=current, initial={"w": start}, snapshots=np.array([199_999])
    )
    recording = compare(the_job, "cython", atol=1e-10)
    assert recording.counts.min() > 40
    assert np.ptp(recording.w) > 0.5


@pytest.mark.slow
def test_standalone_program(tmp_path):
    rule = read(tmp_path, "pair", set="additive")
    the_job = job(rule, "ca1_pyramidal", 2, steps=5000, imposed=(), inputs=(Poisson(np.full(50, 30.0)),))
    given = standalone(the_job)
    np.testing.assert_allclose(fan_in.run(the_job).w, given.w, rtol=0, atol=1e-12)
    own = standalone(the_job, own_spikes=True)
    assert own.w.std() > 0 and not np.array_equal(own.w, given.w)
    assert given.build > 0 < given.run


def test_what_brian_cannot_do(tmp_path):
    rule = read(tmp_path, "pair")
    with pytest.raises(EngineError, match="double"):
        runtime.run(but(job(rule), precision="float32"))
