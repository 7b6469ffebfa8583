"""Recordings with a known truth, measured on the command line's terms and in Python."""

from __future__ import annotations

import numpy as np
import pytest
from recorded_sweeps import ARTEFACT, FIELD, FOLLOW, MINUTES, PAIRED, TIME, notes, shape, sweeps

import spikeheb as sh
from spikeheb.recordings import Sweeps
from spikeheb.studies.experiment.recorded import analyse

# --- small cases ---------------------------------------------------------------------------------------------------------


def test_the_artefact_of_the_stimulus_does_not_count(command, tmp_path):
    row, _, data = command(ARTEFACT, "--pulse", "1 ms")
    assert [float(row[name]) for name in ("epsp_before (mV)", "epsp_after (mV)", "epsp_ratio")] == pytest.approx([1, 1.5, 1.5])
    again = sh.analyse(tmp_path / "r.csv", pulse="1 ms", follow=FOLLOW)
    assert float(again["epsp_ratio"][0]) == pytest.approx(1.5)
    assert data["epsp"].values == pytest.approx(again["epsp"].values)


def test_a_field_potential_has_no_spike_test(command, tmp_path):
    row, err, _ = command(FIELD, "--pulse", "0 ms")
    assert [float(row[name]) for name in ("epsp_before (mV)", "epsp_after (mV)", "epsp_ratio")] == pytest.approx([-0.5, -0.75, 1.5])
    assert row["rejected_sweeps"] == "0"
    assert "field potential: it is not tested for spikes" in err
    assert "no sample lies in the baseline window: the last one at or before the pulse serves" in err
    assert float(sh.analyse(str(tmp_path / "r.csv"), pulse=0, follow=FOLLOW)["epsp_ratio"][0]) == pytest.approx(1.5)


def test_paired_pulses_count_each_from_its_own_baseline(command, tmp_path):
    row, _, _ = command(PAIRED, "--pulse", "0 ms 50 ms")
    assert float(row["epsp_ratio"]) == pytest.approx(1)
    assert float(row["epsp_before (mV)"]) == pytest.approx(1)
    assert [float(row[f"paired_pulse_ratio_{when}"]) for when in ("before", "after")] == pytest.approx([3, 0.5])
    data = sh.analyse(tmp_path / "r.csv", pulse=(0.0, 0.05), follow=FOLLOW)
    assert data["epsp_of_pulses_after"].values[0] == pytest.approx([1e-3, 0.5e-3])


def test_paired_pulses_count_from_the_first_baseline_on_request(command):
    text = PAIRED.replace("50,-70,-70", "50,-69.5,-69.5")
    own, _, _ = command(text, "--pulse", "0 ms 50 ms")
    first, _, _ = command(text, "--pulse", "0ms, 50ms", "--paired-baseline", "first")
    assert float(own["paired_pulse_ratio_before"]) == pytest.approx(2.5)
    assert float(first["paired_pulse_ratio_before"]) == pytest.approx(3)


def test_without_a_pulse_the_time_is_asked_for(command):
    code, err, _ = command(ARTEFACT)
    assert code == 2
    assert err.count("\n") == 1
    assert "stimulus" in err


# --- rejected sweeps, pathways, groups -----------------------------------------------------------------------------------


def test_an_incomplete_sweep_is_rejected_and_said():
    recording = sweeps()
    recording.v[30, 900:] = np.nan
    data = analyse(recording)
    assert int(data["rejected_sweeps"][0]) == 1
    assert float(data["epsp_ratio"][0]) == pytest.approx(1.5)
    assert "1 sweep was rejected because it is incomplete (number 30)" in notes(data)


def test_a_segment_that_ends_early_is_an_incomplete_sweep(tmp_path):
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    block = neo.Block()
    for n, height in enumerate((1.0, 1.0, 1.5, 9.0)):
        segment = neo.Segment()
        values = (-70 + height * shape(TIME - 2e-3))[: None if n < 3 else 900, None]
        segment.analogsignals.append(neo.AnalogSignal(values, units="mV", sampling_rate=10 * pq.kHz, name="Vm"))
        block.segments.append(segment)
    neo.io.NeoMatlabIO(str(tmp_path / "r.mat")).write_block(block)
    data = sh.analyse(tmp_path / "r.mat", pulse="20 ms", interval="60 s", first_after=2, follow=FOLLOW)
    assert float(data["epsp_ratio"][0]) == pytest.approx(1.5)
    assert "1 sweep was rejected because it is incomplete (number 3)" in notes(data)


@pytest.mark.parametrize("cell", ["", "NaN"])
def test_a_table_may_hold_an_incomplete_sweep(cell, command):
    text = "time_ms,-2,-1,1,2\n-1,-70,-70,-70,-70\n5,-69,-69,-68.5,-69\n9,-70,-70,-70," + cell + "\n"
    row, err, _ = command(text, "--pulse", "0 ms")
    assert float(row["epsp_ratio"]) == pytest.approx(1.5)
    assert row["rejected_sweeps"] == "1"
    assert "note: 1 sweep was rejected because it is incomplete (number 3)" in err


def test_sweeps_are_rejected_as_asked():
    gain = np.where(MINUTES < 0, 1.0, 1.5)
    gain[[3, 30]] = 9.0
    data = analyse(sweeps(gain), reject=(3, 30))
    assert float(data["epsp_ratio"][0]) == pytest.approx(1.5)
    assert np.flatnonzero(data["rejected"].values[0]).tolist() == [3, 30]
    assert "2 sweeps were rejected as asked (numbers 3, 30)" in notes(data)
    with pytest.raises(sh.FormatError, match=r"reject: the recording has 61 sweeps, so expected 0 to 60 \(got 61\)"):
        analyse(sweeps(), reject=[61])


def test_a_spike_is_rejected_and_an_artefact_as_high_is_not():
    recording = sweeps()
    recording.v[:, (TIME > -1e-5) & (TIME < 4e-4)] = 0.02
    recording.v[5, 500:520] = 0.02
    data = analyse(recording)
    assert np.flatnonzero(data["rejected"].values[0]).tolist() == [5]
    assert float(data["epsp_ratio"][0]) == pytest.approx(1.5)


def test_when_all_sweeps_are_rejected_this_is_said():
    recording = sweeps()
    recording.v[:, 500:520] = 0.02
    data = analyse(recording)
    assert np.isnan(data["epsp_ratio"][0])
    assert "all sweeps were rejected" in notes(data)


def test_interleaved_pathways_are_both_reported():
    minutes = np.concatenate([np.arange(-40, 0) / 4, 20 + np.arange(80) / 4])
    gain = np.where(np.arange(minutes.size) % 2 == 0, np.where(minutes < 0, 1.0, 1.5), np.where(minutes < 0, 2.0, 1.6))
    data = analyse(sweeps(gain, minutes=minutes), every=2)
    assert data["pathway"].values.tolist() == [0, 1]
    assert data["epsp_ratio"].values == pytest.approx([1.5, 0.8])
    assert data["epsp_before"].values == pytest.approx([1e-3, 2e-3], rel=1e-3)
    assert np.isfinite(data["epsp"].values).sum(axis=0).tolist() == [1] * 120
    other = analyse(sweeps(gain, minutes=minutes), every=2, from_=1)
    assert other["pathway"].values.tolist() == [1, 0]
    assert other["epsp_ratio"].values == pytest.approx([0.8, 1.5])
    with pytest.raises(sh.SpikehebError, match=r"from_: expected a whole number from 0 to 1 \(got 2\)"):
        analyse(sweeps(), every=2, from_=2)
    sh.plot(data)


def test_sweeps_are_averaged_in_groups_that_do_not_cross_the_induction():
    gain = np.where(MINUTES < 0, 1.0, 1.5) + 0.2 * np.tile([1.0, -1.0], 31)[:61]
    recording = sweeps(gain)
    recording.v[1] = np.nan
    data = analyse(recording, average=4)
    assert data["epsp"].values[0, 0] == pytest.approx(1e-3 * (gain[0] + gain[2] + gain[3]) / 3, rel=1e-3)
    assert data["epsp"].values[0, 1:5] == pytest.approx(np.full(4, 1e-3), rel=1e-3)
    assert data.sizes["sweep"] == 5 + 11
    assert "a last group holds 1 only" in notes(data)
    assert int(data["rejected_sweeps"][0]) == 1


# --- several files, continuous recordings --------------------------------------------------------------------------------


def test_several_files_come_one_after_the_other(tmp_path):
    for name, minutes, values in (("a", "-2,-1", "-69,-69"), ("b", "1,2", "-68.5,-68.5")):
        (tmp_path / f"{name}.csv").write_text(f"time_ms,{minutes}\n0,-70,-70\n2,-70,-70\n5,{values}\n9,-70,-70\n")
    data = sh.analyse([tmp_path / "a.csv", tmp_path / "b.csv"], pulse="2 ms", follow=FOLLOW)
    assert float(data["epsp_ratio"][0]) == pytest.approx(1.5)
    assert data.sizes["sweep"] == 4


def test_a_continuous_recording_is_cut_at_given_times(tmp_path):
    time = np.arange(0, 8, 2e-4)
    v = np.full(time.size, -70.0)
    for n in range(6):
        v += (1.0 if n < 3 else 1.5) * shape(time - (n + 1) * 1.0 - 2e-3)
    np.savetxt(tmp_path / "long.csv", np.column_stack([time, v]), delimiter=",", header="time_s,Vm (mV)", comments="", fmt="%.9g")
    at = "1 s, 2 s, 3 s, 4 s, 5 s, 6 s"
    data = sh.analyse(tmp_path / "long.csv", cut_at=at, first_after=3, follow=FOLLOW)
    assert data.sizes["sweep"] == 6
    assert float(data["epsp_ratio"][0]) == pytest.approx(1.5, rel=0.01)


def test_recordings_that_do_not_fit_are_refused():
    with pytest.raises(sh.FormatError, match="do not lie at the times"):
        analyse([sweeps(), sweeps(unit="A", level=0.0)])
    with pytest.raises(sh.FormatError, match="give the files in the order of their times"):
        analyse([sweeps(), sweeps()])
    with pytest.raises(sh.FormatError, match="expected a file"):
        analyse([])


# --- what is noted -------------------------------------------------------------------------------------------------------


def test_rundown_is_measured_and_noted():
    data = analyse(sweeps(np.where(MINUTES < 0, 1 - 0.02 * (MINUTES + 10), 1.5)))
    assert float(data["drift_before"][0]) == pytest.approx(-0.19 / 0.905, rel=0.01)
    assert "the baseline drifts by -21% of its mean" in notes(data)
    assert "drifts" not in notes(analyse(sweeps(np.where(MINUTES < 0, 1 - 0.005 * (MINUTES + 10), 1.5))))


def test_rundown_after_the_induction_is_noted():
    """Of a response that falls by 1 % a minute all the time, the follow-up falls by more than the baseline does."""
    data = analyse(sweeps(np.where(MINUTES < 0, 1.0, 1.5 * np.exp(-0.01 * MINUTES))))
    drift = float(data["drift_after"][0])
    assert drift < -0.1
    assert f"the response drifts by {drift:+.0%} of its mean over the follow-up" in notes(data)
    assert "baseline drifts" not in notes(data)


def test_a_response_that_is_only_noise_gets_the_difference():
    data = analyse(sweeps(np.zeros(61), noise=0.5))
    for name in ("epsp_ratio", "slope_ratio", "drift_before", "latency_before"):
        assert np.isnan(data[name][0])
    assert np.isfinite(data["epsp_difference"][0])
    assert "no ratio is given; the difference after less before is" in notes(data)
    sh.plot(data)


def test_a_shift_of_latency_is_noted():
    recording = sweeps(noise=0.02)
    late = sweeps(noise=0.02, response=shape(TIME - 3.5e-3))
    recording.v[MINUTES > 0] = late.v[MINUTES > 0]
    assert "the latency shifts by +1.5 ms" in notes(analyse(recording))
    assert "latency" not in notes(analyse(sweeps(noise=0.3)))


def test_a_peak_in_the_artefact_is_noted():
    recording = sweeps()
    recording.v[:, (TIME > 0.45e-3) & (TIME < 0.65e-3)] += 5e-3
    assert "if that is the stimulus artefact, blank it (--blank)" in notes(analyse(recording))
    data = analyse(recording, blank="0.7 ms")
    assert float(data["epsp_before"][0]) == pytest.approx(1e-3, rel=1e-3)
    assert notes(data) == ""


# --- what else is measured -----------------------------------------------------------------------------------------------


def test_times_of_the_response():
    data = analyse(sweeps())
    dense = np.arange(0, 0.1, 1e-6)
    curve = shape(dense)
    top = curve.argmax()
    rise = np.interp([0.2, 0.8], curve[:top], dense[:top])
    fall = np.interp(np.exp(-1), curve[top:][::-1], dense[top:][::-1]) - dense[top]
    for when in ("before", "after"):
        assert float(data[f"rise_time_{when}"][0]) == pytest.approx(rise[1] - rise[0], rel=0.02)
        assert float(data[f"decay_time_{when}"][0]) == pytest.approx(fall, rel=0.01)
        assert float(data[f"latency_{when}"][0]) == pytest.approx(2e-3, abs=1e-4)
    noisy = analyse(sweeps(noise=0.2))
    assert float(noisy["latency_after"][0]) == pytest.approx(2e-3, abs=2e-4)
    assert float(noisy["rise_time_after"][0]) == pytest.approx(rise[1] - rise[0], rel=0.15)
    assert float(noisy["decay_time_after"][0]) == pytest.approx(fall, rel=0.15)


def test_volley_and_population_spike_have_windows_of_their_own():
    volley = -0.3 * np.exp(-(((TIME - 1.5e-3) / 0.2e-3) ** 2))
    field = -1.0 * np.clip((TIME - 3e-3) / 6e-3, 0, 1) * np.exp(-np.maximum(TIME - 9e-3, 0) / 0.03)
    spike = 0.8 * np.clip(1 - np.abs(TIME - 7e-3) / 1e-3, 0, 1)
    recording = sweeps(level=0.0, response=volley + field + spike)
    data = analyse(recording, volley="1 ms 2.5 ms", population_spike="6 ms 8 ms")
    assert data["volley_before"].values == pytest.approx([-0.3e-3], rel=1e-3)
    assert data["population_spike_after"].values == pytest.approx([1.5 * 0.8e-3], rel=1e-3)
    assert data["slope_before"].values == pytest.approx([-1e-3 / 6e-3], rel=0.01)
    assert data["slope_ratio"].values == pytest.approx([1.5])


def test_resistances_from_a_step_under_clamp():
    """10 Mohm in series with 200 Mohm and a membrane that charges within 2 ms; a step of -5 mV from 60 to 90 ms."""
    charging = np.where((TIME >= 60e-3 - 1e-9) & (TIME < 90e-3 - 1e-9), np.exp(-np.maximum(TIME - 60e-3, 0) / 2e-3), 0)
    inside = (TIME >= 60e-3 - 1e-9) & (TIME < 90e-3 - 1e-9)
    gain = -20 * np.where(MINUTES < 0, 1.0, 1.5)
    recording = sweeps(gain, unit="A", level=-50e-12, response=shape(TIME - 2e-3, 1e-3, 5e-3))
    recording.v[:] += -5e-3 / 210e6 * inside + (-5e-3 / 10e6 + 5e-3 / 210e6) * charging
    data = analyse(recording, step="60 ms 90 ms -5 mV", search="50 ms")
    later = analyse(Sweeps(recording.v, TIME + 5e-3, MINUTES, 0.0, "A"), pulse="5 ms", step="65 ms 95 ms -5 mV", search="50 ms")
    assert later["series_resistance_before"].values == pytest.approx(data["series_resistance_before"].values)
    assert data["series_resistance_before"].values == pytest.approx([10e6], rel=0.01)
    assert data["input_resistance_after"].values == pytest.approx([210e6], rel=0.02)
    assert data["input_resistance_after"].attrs["units"] == "ohm"
    assert data["epsp_ratio"].values == pytest.approx([1.5])


@pytest.mark.parametrize("step", ["40 ms 70 ms -5 mV", "40 ms, 70 ms, -5 mV", "40ms;70ms;-5mV", (0.04, "70 ms", -5e-3)])
def test_the_peak_is_not_that_of_the_test_step(step):
    """The step begins 40 ms after the pulse and its transient is five times the response."""
    on = (TIME >= 0.04) & (TIME < 0.07)
    recording = sweeps(level=0.0, unit="A", response=-1.0 * shape(TIME - 2e-3, 5e-4, 5e-3) - on * (1 + 5 * np.exp(-(TIME - 0.04) / 1e-3)))
    data = analyse(recording, pulse="0 ms", step=step)
    assert float(data["epsp_before"][0]) == pytest.approx(-1e-12, rel=0.02)
    assert float(data["epsp_ratio"][0]) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"level": -20e-3}, "every sweep went beyond -30 mV: check the unit"),
        ({"level": -170e-3}, "a level of -170 mV is outside the range of a membrane potential: check the unit"),
        ({"unit": "A", "level": 0.0, "size": 0.1}, "the response before is 0.1 pA, which no recording has: check the unit"),
        ({"level": 0.0, "size": 1e-3}, "the response before is 0.001 mV, which no recording has: check the unit"),
        ({"slower": 1000.0}, "samples are 100 ms apart: check the unit of the time"),
    ],
)
def test_numbers_that_no_recording_has_are_doubted(change, note):
    size, slower = change.pop("size", 1.0), change.pop("slower", 1.0)
    recording = sweeps(np.where(MINUTES < 0, 1.0, 1.5) * size, **({"level": -70e-3} | change))
    recording = Sweeps(recording.v, recording.time * slower, recording.minutes, 0.0, recording.unit)
    data = analyse(recording)
    assert note in notes(data)
    assert "check the unit" not in notes(analyse(sweeps()))


def test_resistances_from_a_step_of_current():
    inside = (TIME >= 60e-3 - 1e-9) & (TIME < 90e-3 - 1e-9)
    recording = sweeps()
    recording.v[:] += -50e-12 * inside * (15e6 + 120e6 * (1 - np.exp(-np.maximum(TIME - 60e-3, 0) / 3e-3)))
    data = analyse(recording, step=(60e-3, 90e-3, "-50 pA"), search="50 ms")
    assert data["input_resistance_before"].values == pytest.approx([135e6], rel=0.02)
    assert data["series_resistance_before"].values == pytest.approx([15e6], rel=0.4)


def test_release_gives_its_inverse_cv_squared():
    """Ten sites of probability .4: mean squared over variance is 10*.4/.6, whatever the noise."""
    rng = np.random.default_rng(4)
    minutes = np.concatenate([np.linspace(-20, -1, 400), np.linspace(20, 40, 400)])
    data = analyse(sweeps(rng.binomial(10, 0.4, 800) / 4, noise=0.4, minutes=minutes))
    assert data["inverse_cv2_before"].values == pytest.approx([10 * 0.4 / 0.6], rel=0.2)
    assert data["inverse_cv2_after"].values == pytest.approx([10 * 0.4 / 0.6], rel=0.2)
