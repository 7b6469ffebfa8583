"""What the experimenter chooses beside the protocol: bundles of inputs, an unstimulated input, paired pulses, calcium, clamps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import pre_trains

import spikeheb as sh
from spikeheb.schedules import Lane, Schedule
from spikeheb.studies.experiment.session import control_inputs, inputs_under_test, session

TRAIN = np.array([0.0, 0.1])


def schedule(lanes=1, **changes):
    made = tuple(Lane({"k": float(k)}, pre=(TRAIN, TRAIN + 0.05), post=TRAIN + 0.01) for k in range(lanes))
    return Schedule(made, **{"baseline": 60.0, "follow_up": 1800.0, "test_interval": 30.0, **changes})


def job_of(given):
    return session(given, sh.rule("pair"), sh.cell("ca1_pyramidal"))


def short(protocol):
    """Three minutes of baseline and half an hour of follow-up at a slow rhythm."""
    build = protocol.build
    return replace(protocol, build=lambda p, rng: replace(build(p, rng), baseline=180.0, follow_up=1800.0, test_interval=60.0))


def test_copies_get_the_spikes_and_test_pulses_of_their_input():
    job = job_of(schedule(lanes=2, copies=3))
    assert job.cell_of_synapse.tolist() == [0] * 6 + [1] * 6
    for first in (0, 3, 6, 9):
        for other in (1, 2):
            assert np.array_equal(pre_trains(job)[first], pre_trains(job)[first + other])
    assert len(pre_trains(job)[0]) == 2 + 62
    assert len(pre_trains(job)[3]) == 2
    assert inputs_under_test(schedule(lanes=2, copies=3)).tolist() == [[0, 1, 2], [6, 7, 8]]
    assert inputs_under_test(schedule(lanes=2, copies=2, tested=1, control=True)).tolist() == [[2, 3], [7, 8]]


def test_the_control_input_gets_test_pulses_of_its_own_and_nothing_else():
    given = schedule(lanes=2, control=True)
    job = job_of(given)
    assert control_inputs(given).ravel().tolist() == [2, 5]
    own = pre_trains(job)[2] * job.dt
    np.testing.assert_allclose(own, given.pulses - 7.5)
    assert own.min() > 0
    assert own[:2].max() < given.baseline
    assert own[2:].min() > given.induction_end
    assert job.probes.sweeps.size == 2 * given.pulses.size
    assert np.diff(job.probes.sweeps).min() >= job.probes.sweep_steps


def test_paired_pulses_come_in_twos():
    given = schedule(paired_pulse=0.05)
    job = job_of(given)
    pulses = np.round(given.pulses / job.dt).astype(int)
    assert set(pulses) | set(pulses + 500) <= set(pre_trains(job)[0].tolist())
    assert job.probes.sweep_steps == 50 + 1500 + 1
    assert given.without_test_pulses().paired_pulse is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"copies": 0}, r"one copy or more \(got copies = 0\)"),
        ({"paired_pulse": 7.5}, r"up to 7395 ms after the first \(got 7500 ms\)"),
        ({"paired_pulse": 0.0}, "second pulse"),
    ],
)
def test_what_cannot_be_tested(changes, message):
    with pytest.raises(sh.ScheduleError, match=message):
        schedule(**changes)


@pytest.mark.parametrize("calcium", [0.0, -1.0, float("nan"), float("inf")])
def test_calcium_is_a_concentration(calcium):
    with pytest.raises(sh.ScheduleError, match="calcium must be above 0 and finite, in mM"):
        Lane({"k": 0.0}, pre=(TRAIN,), calcium=calcium)


def test_clamps_may_follow_each_other_and_not_overlap():
    first, second = sh.Clamp(0.0, 1.0, -0.04), sh.Clamp(1.0, 0.5, -0.07)
    lane = Lane({"k": 0.0}, pre=(TRAIN,), clamps=(second, first))
    job = session(Schedule((lane,), baseline=0.0, follow_up=0.0), sh.rule("pair"), sh.cell("ca1_pyramidal"))
    assert [c.step for c in job.drive.clamps] == [0, 10_000, 10_000, 15_000]
    assert [c.value for c in job.drive.clamps][:3:2] == [-0.04, -0.07]
    assert np.isnan([c.value for c in job.drive.clamps][1::2]).all()
    with pytest.raises(sh.ScheduleError, match="two voltage clamps overlap"):
        replace(lane, clamps=(first, sh.Clamp(0.9, 0.5, -0.07)))


CALCIUM_RULE = """
schema = 1
name = "thirsty"
title = "A weight that grows with calcium"
doc = "Grows at every presynaptic spike."

[parameters]
Ca = {{ value = "{value}", doc = "external calcium", source = "chosen for illustration" }}
scale = {{ value = "1 {unit}", doc = "unit", source = "chosen for illustration" }}

[synapse]
model = "w : 1"
weight = "w"
initial = {{ w = 1 }}

[[on]]
event = "pre"
do = ["transmit = 1", "ltp = 0.01*Ca/scale"]

[bounds]
kind = "none"
"""


def thirsty(folder, value="2 mM", unit="mM"):
    path = folder / "thirsty.toml"
    path.write_text(CALCIUM_RULE.format(value=value, unit=unit))
    return sh.rule(path)


def test_external_calcium_reaches_the_rules_parameter_Ca(tmp_path):
    data = sh.run("inglebert_2020", thirsty(tmp_path), "ca1_pyramidal", test_pulses=False)
    pairings = np.where(data["delta_t"] > 0, 100, 150)
    np.testing.assert_allclose(data["efficacy_ratio"], 1 + 0.01 * data["external_calcium"].values * pairings, rtol=1e-9)
    assert data.attrs["external_calcium"] == "the rule's parameter Ca"


def test_a_rule_without_calcium_says_that_it_did_not_hear_of_it(tmp_path):
    assert sh.run("inglebert_2020", "pair", test_pulses=False).attrs["external_calcium"] == "not known to the rule"
    voltage = sh.run("inglebert_2020", thirsty(tmp_path, "2 mV", "mV"), test_pulses=False)
    assert voltage.attrs["external_calcium"] == "not known to the rule"
    np.testing.assert_allclose(voltage["efficacy_ratio"][:2], [3, 4])
    assert "external_calcium" not in sh.run("pairing", "pair", test_pulses=False).attrs


def test_the_unstimulated_input_of_a_homosynaptic_rule_stays_what_it_was():
    rule = sh.rule("triplet", set="hippocampus_all_min")
    alone = sh.run(short(sh.protocol("pairing", delta_t="10 ms")), rule, "ca1_pyramidal")
    both = sh.run(short(sh.protocol("pairing", delta_t="10 ms")), rule, "ca1_pyramidal", control=True)
    np.testing.assert_allclose(both["epsp_ratio"], alone["epsp_ratio"], rtol=1e-6)
    assert float(both["epsp_ratio"][0]) > 1.1
    np.testing.assert_allclose(both["control_epsp_ratio"], 1, rtol=1e-6)
    np.testing.assert_allclose(both["control_efficacy_ratio"], 1, rtol=1e-12)
    np.testing.assert_allclose(both["control_epsp_before"], both["epsp_before"], rtol=1e-3)


def test_a_postsynaptic_rule_reaches_the_unstimulated_input(tmp_path):
    text = CALCIUM_RULE.format(value="2 mM", unit="mM").replace('["transmit = 1", "ltp = 0.01*Ca/scale"]', '["transmit = 1"]')
    path = tmp_path / "thirsty.toml"
    path.write_text(text + '\n[[on]]\nevent = "post"\ndo = ["ltd = 0.001"]\n')
    data = sh.run(short(sh.protocol("pairing", delta_t="10 ms")), sh.rule(path), "ca1_pyramidal", control=True)
    np.testing.assert_allclose(data["control_efficacy_ratio"], 0.94)
    np.testing.assert_allclose(data["control_epsp_ratio"], 0.94, rtol=1e-2)


def test_a_bundle_has_a_compound_epsp_and_may_fire_the_cell():
    data = {n: sh.run(short(sh.protocol("dudek_bear_1992", pulses=20)), sh.rule("pair"), "ca1_pyramidal", copies=n) for n in (1, 4, 30)}
    np.testing.assert_allclose(data[4]["epsp_before"], 4 * data[1]["epsp_before"], rtol=0.1)
    assert not data[4]["own_spikes"].any()
    assert np.all(data[30]["own_spikes"] >= 20)
    assert [data[n].attrs["copies"] for n in data] == [1, 4, 30]


def test_paired_pulses_of_a_linear_synapse_give_nearly_one():
    """The second EPSP rides on the end of the first one, so a little less than 1; both halves are labelled."""
    data = sh.run(short(sh.protocol("pairing", delta_t="10 ms")), "pair", "ca1_pyramidal", paired_pulse="80 ms")
    assert 0.95 < float(data["paired_pulse_ratio_before"][0]) < 1
    assert np.isnan(data["inverse_cv2_before"]).all()
    alone = sh.run(short(sh.protocol("pairing", delta_t="10 ms")), "pair", "ca1_pyramidal")
    np.testing.assert_allclose(data["epsp_before"], alone["epsp_before"], rtol=1e-6)
    with pytest.raises(sh.FormatError, match="has no effect without test pulses"):
        sh.run("pairing", "pair", paired_pulse="50 ms", test_pulses=False)
    with pytest.raises(sh.UnitError):
        sh.run("pairing", "pair", paired_pulse="50 mV")


def test_a_voltage_clamp_protocol_runs_on_the_cell():
    """A rule of spike times sees the presynaptic spikes alone; the cell does not fire when it is let go."""
    data = sh.run(short(sh.protocol("ngezahayo_2000")), "pair")
    np.testing.assert_allclose(data["efficacy_ratio"], 1)
    assert not data["own_spikes"].any()
    np.testing.assert_allclose(data["epsp_ratio"], 1, rtol=1e-3)
    np.testing.assert_allclose(data["published_ratio"], [0.984, 0.627, 1.012, 1.71, 2.498])


def test_directions_stand_beside_the_result():
    data = sh.run("letzkus_2006", "pair", test_pulses=False)
    assert data["published_outcome"].values.tolist() == ["", "LTP", "", "LTP", "", "LTD", "LTP", "LTD"]
    assert np.isnan(data["published_ratio"]).all()


@pytest.mark.parametrize(("which", "expected"), [("depressing_1998", 0.6106), ("facilitating_1998", 1.6544)])
def test_the_paired_pulse_ratio_of_short_term_plasticity(which, expected):
    """Second over first release after 200 ms, in closed form: U*x2/U, and u2*x2/u1."""
    rule = sh.rule("tsodyks_markram", set=which)
    data = sh.run(short(sh.protocol("pairing", delta_t="10 ms")), rule, "ca1_pyramidal", paired_pulse="200 ms")
    np.testing.assert_allclose(data["paired_pulse_ratio_before"], expected, rtol=0.01)
    np.testing.assert_allclose(data["paired_pulse_ratio_after"], data["paired_pulse_ratio_before"], rtol=1e-6)
