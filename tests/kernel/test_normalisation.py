"""Normalisation: the sum holds after every event, the limits hold, and both engines do the same."""

import numpy as np
import pytest
from circuits_by_hand import but
from fan_in_jobs import job, same
from kernel_rules import read

from spikeheb.circuits.projections import Normalise
from spikeheb.engines.brian import runtime as brian
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in
from spikeheb.errors import EngineError

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
TARGET = 8.0
KINDS = ["divisive", "subtractive"]


def normalised(tmp_path, kind, every=0.0, on=None, **more):
    rng = np.random.default_rng(3)
    rule = read(tmp_path, "pair", parameters={"A_plus": 0.05, "A_minus": 0.04})
    cells = more.pop("cells", 3)
    steps = more.get("steps", 4000)
    more.setdefault("snapshots", np.arange(0, steps, 7))
    return job(
        rule, on, cells, normalise=Normalise(kind, TARGET, every), initial={"w": rng.random((cells, 21))}, **{"steps": steps, **more}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_holds_after_every_event_and_so_do_the_limits(kind, tmp_path):
    recording = fan_in.run(normalised(tmp_path, kind))
    np.testing.assert_allclose(recording.snapshots.sum(axis=2), TARGET, rtol=1e-12)
    assert recording.snapshots.min() >= 0
    assert recording.snapshots.max() <= 1
    assert np.ptp(recording.w, axis=1).min() > 0.3


@pytest.mark.parametrize("on", [None, "l23_pyramidal"])
@pytest.mark.parametrize("every", [0.0, 0.05])
@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_do_the_same(kind, every, on, tmp_path):
    the_job = normalised(tmp_path, kind, every, on, steps=3000, snapshots=np.array([0, 1500, 2999]))
    same(fan_in.run(the_job), brian.run(the_job), atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_slow_normalisation_acts_at_its_times_alone(kind, tmp_path):
    recording = fan_in.run(normalised(tmp_path, kind, 0.05, snapshots=np.array([498, 499, 510, 998, 999])))
    at_its_time = np.abs(recording.snapshots.sum(axis=2) - TARGET).max(axis=1) < 1e-10
    assert at_its_time[[1, 4]].all()
    assert not at_its_time[[0, 3]].any()


def test_divisive_keeps_ratios_and_subtractive_keeps_differences(tmp_path):
    start = np.linspace(0.2, 0.6, 21)
    for kind, measure in (("divisive", lambda w: w[1:] / w[:-1]), ("subtractive", np.diff)):
        the_job = but(normalised(tmp_path, kind, cells=1, steps=5, snapshots=np.array([0])), initial={"w": start}, imposed=())
        w = fan_in.run(the_job).snapshots[0, 0]
        np.testing.assert_allclose(measure(w), measure(start), rtol=1e-9)
        assert w.sum() == pytest.approx(TARGET)


def test_a_sum_that_the_limits_do_not_allow_is_approached(tmp_path):
    the_job = but(normalised(tmp_path, "divisive"), normalise=Normalise("divisive", 30.0))
    assert fan_in.run(the_job).w.sum(axis=1) == pytest.approx(21.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_nothing(threads, tmp_path):
    the_job = normalised(tmp_path, "subtractive", cells=9)
    assert fan_in.run(the_job, threads=threads).w.tobytes() == fan_in.run(the_job, threads=1).w.tobytes()


@pytest.mark.parametrize("wrong", [("multiplicative", 1.0), ("divisive", 0.0), ("divisive", 1.0, -1.0)])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(EngineError, match="normalis"):
        Normalise(*wrong)
