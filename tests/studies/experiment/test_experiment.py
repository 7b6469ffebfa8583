"""The virtual experiment on a short protocol."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import post_trains, pre_trains

import spikeheb as sh
from spikeheb.studies.experiment.experiment import run, session


def short(**parameters):
    """`pairing` with three minutes of baseline and half an hour of follow-up at a slow rhythm."""
    protocol = sh.protocol("pairing", **parameters)
    build = protocol.build

    def brief(p, rng):
        return replace(build(p, rng), baseline=180.0, follow_up=1800.0, test_interval=60.0)

    return replace(protocol, build=brief)


@pytest.fixture(scope="module")
def data():
    protocol = short(delta_t="-10 ms, 0 ms, 10 ms", pairs=20, frequency="10 Hz")
    return run(protocol, sh.rule("triplet", set="visual_cortex_all_min"), "ca1_pyramidal", engine="brian:numpy", seed=1)


def test_the_epsp_follows_the_efficacy(data):
    assert data.sizes["condition"] == 3
    np.testing.assert_allclose(data["epsp_before"], 1.47e-3, rtol=0.02)
    np.testing.assert_allclose(data["epsp_ratio"], data["efficacy_ratio"], rtol=0.05)
    assert float(data["efficacy_ratio"][0]) < 1 < float(data["efficacy_ratio"][2])


def test_sweeps_have_minutes_and_all_is_labelled(data):
    np.testing.assert_allclose(data["minutes"][:3], [-2.5, -1.5, -0.5])
    np.testing.assert_allclose(data["minutes"][3:], np.arange(1, 31))
    assert not data["rejected"].any()
    np.testing.assert_allclose(data["drift_before"], 0, atol=1e-9)
    assert np.all(data["drift_after"] == 0)
    for name in data.data_vars:
        assert data[name].attrs["units"], name
        assert data[name].attrs["long_name"], name


def test_bare_induction_has_the_same_efficacy_ratio(data):
    bare = run(
        sh.protocol("pairing", delta_t="-10 ms, 0 ms, 10 ms", pairs=20, frequency="10 Hz"),
        sh.rule("triplet", set="visual_cortex_all_min"), "ca1_pyramidal", engine="brian:numpy", test_pulses=False,
    )  # fmt: skip
    np.testing.assert_allclose(bare["efficacy_ratio"], data["efficacy_ratio"], rtol=1e-12)
    assert "epsp" not in bare


def test_saved_results_come_back_the_same(data, tmp_path):
    path = sh.save(data, tmp_path / "result.nc")
    assert sh.load(path).identical(data)
    with pytest.raises(sh.OutputExists, match="--force"):
        sh.save(data, path)
    sh.save(data, path, force=True)


def test_a_truncated_file_is_not_a_result(data, tmp_path):
    path = sh.save(data, tmp_path / "result.nc")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(sh.FormatError, match="not a whole NetCDF"):
        sh.load(path)


def test_sweeps_with_a_spike_are_rejected_and_counted():
    """A cell so excitable that the potentiated EPSP fires it, and the first one does not."""
    excitable = sh.cell("ca1_pyramidal", V_th="-63.4 mV", V_r="-65 mV")
    rule = sh.rule("pair", A_plus=0.05, bounds={"kind": "hard", "w_max": 5})
    result = run(short(delta_t="10 ms", pairs=20), rule, excitable, engine="brian:numpy")
    assert int(result["rejected_sweeps"][0]) == 30
    assert int(result["own_spikes"][0]) >= 30
    assert not result["rejected"][0, :3].any()
    assert np.isnan(result["epsp_ratio"][0])


def test_inductions_of_different_length_end_together():
    protocol = sh.protocol("sjostrom_2001")
    schedule = protocol.schedule(np.random.default_rng(0))
    job = session(schedule, sh.rule("triplet"), sh.cell("l5_pyramidal"))
    passed = round(schedule.induction_end / job.dt)
    ends = {max(int(p[p <= passed][-1]), int(q[-1])) for p, q in zip(pre_trains(job), post_trains(job), strict=True)}
    assert ends == {round(schedule.induction_end / job.dt)}


def test_unknown_names_offer_the_nearest():
    with pytest.raises(sh.UnknownName, match="sjostrom_2001"):
        run("sjostrom", "triplet")
    with pytest.raises(sh.UnknownName, match="l5_pyramidal"):
        run("pairing", "triplet", "l5_pyramidl")
    with pytest.raises(sh.UnknownName, match="brian:numpy"):
        run("pairing", "triplet", engine="brian:nump")


def test_parameters_reach_a_protocol_that_was_read_before():
    data = run(short(pairs=20), "pair", sh.cell("ca1_pyramidal"), test_pulses=False, engine="brian:numpy", delta_t="5 ms")
    np.testing.assert_allclose(data["delta_t"], [0.005])
    with pytest.raises(sh.UnknownName, match="parameter"):
        run(short(), "pair", test_pulses=False, delta="5 ms")


def test_the_experimenter_chooses_the_test_pulses():
    times = {"baseline": "2 min", "follow_up": 600, "test_interval": "30 s"}
    data = run("pairing", "triplet", "ca1_pyramidal", delta_t="10 ms", pairs=10, frequency="10 Hz", **times)
    np.testing.assert_allclose(data["minutes"], [*(np.arange(4) / 2 - 1.75), *((np.arange(20) + 1) / 2)])
    assert data["epsp_after"].attrs["long_name"] == "EPSP amplitude 5-10 min after induction"
    np.testing.assert_allclose(data["epsp_after"], data["epsp"][:, -11:].mean("sweep"), rtol=1e-12)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"baseline": "0 s"}, "baseline: is too short for a test pulse"),
        ({"follow_up": "5 s"}, "follow_up: is too short for a test pulse"),
        ({"test_interval": "11 min"}, "baseline: is too short for a test pulse"),
        ({"test_interval": "0.1 s"}, "test_interval: "),
        ({"follow_up": "-1 s"}, "follow_up: "),
        ({"baseline": "1 mV"}, "baseline: expected a time"),
        ({"follow_up": "1 min", "test_pulses": False}, "follow_up: has no effect without test pulses"),
    ],
)
def test_times_of_test_pulses_that_cannot_be(times, words):
    with pytest.raises(sh.SpikehebError, match=words):
        run("pairing", "triplet", **times)
