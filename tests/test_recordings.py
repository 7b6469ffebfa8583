"""Files that a user brings: what is read from them, and the one line that a bad one gets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recorded_files import SPIKES, saved, sweeps_of, the_line

from spikeheb.errors import FormatError, UnitError, UnknownName
from spikeheb.measure.epsp import measure_sweeps
from spikeheb.measure.measurement import Measurement
from spikeheb.recordings import read_spikes, read_sweeps

FAST = Measurement(blank=0.0, peak_width=0.0)
"""For sweeps of a few tenths of a millisecond."""

SWEEPS = """\
time_ms,-10.0,-9.5,20.5
-0.1,-70.0,-70.5,-69.0
0.0,-70.0,-70.5,-69.0
0.1,-69.0,-70.0,-67.0
0.2,-69.5,-70.25,-68.0
"""


# --- spikes, CSV ---------------------------------------------------------------------------------------------------------


def test_spikes_become_lanes_with_trains_for_each_input(tmp_path):
    first, second = read_spikes(saved(tmp_path, SPIKES))
    assert first.condition == {"lane": "a"}
    assert [train.tolist() for train in first.pre] == [[0.0, 0.1], [0.5]]
    assert first.post.tolist() == [0.01, 0.11]
    assert second.condition == {"lane": "b"}
    assert [train.tolist() for train in second.pre] == [[]]
    assert second.post.tolist() == [0.2]


@pytest.mark.parametrize(("name", "factor"), [("time", 1.0), ("time_s", 1.0), ("time_ms", 1e-3)])
def test_the_head_of_the_time_column_says_its_unit(name, factor, tmp_path):
    lanes = read_spikes(str(saved(tmp_path, f"side,lane,{name}\npre,x,10\npost,x,25.5\n")))
    assert lanes[0].pre[0].tolist() == [10 * factor]
    assert lanes[0].post.tolist() == [25.5 * factor]


def test_a_byte_order_mark_and_foreign_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "recorded.csv"
    path.write_bytes(b"\xef\xbb\xbf" + SPIKES.replace("\n", "\r\n").encode())
    assert read_spikes(path)[0].post.tolist() == [0.01, 0.11]


BAD_SPIKES = {
    "no lane": ("lane,side", "cell,side", 'line 2: expected one column "lane" (found: cell, side, time, input)'),
    "no side": ("side", "where", 'line 2: expected one column "side"'),
    "no time": ("time", "t", 'line 2: the column "t" is unknown or there twice; allowed: lane, side, time, input, amount,'),
    "two times": ("time,input", "time,time_ms", 'line 2: expected one column "time" or "time_s" or "time_ms"'),
    "a misspelt input": ("input", "inptu", 'line 2: the column "inptu" is unknown or there twice'),
    "colons": (SPIKES, SPIKES.replace(",", ":"), 'line 2: expected one column "lane" (found: lane:side:time:input)'),
    "another side": ("a,post,0.01,", "a,posst,0.01,", 'line 6: side must be "pre", "post" or "reward" (got "posst")'),
    "no name": ("b,post", ",post", "line 8: lane must not be empty"),
    "NaN": ("a,pre,0.1,0", "a,pre,nan,0", 'line 7: time must be a finite number (got "nan")'),
    "infinity": ("a,pre,0.1,0", "a,pre,inf,0", 'line 7: time must be a finite number (got "inf")'),
    "no number": ("a,pre,0.1,0", "a,pre,0.1 s,0", 'line 7: time must be a finite number (got "0.1 s")'),
    "negative": ("a,pre,0.0,0", "a,pre,-0.1,0", "line 3: -0.1 s is negative; shift the lane"),
    "not in order": ("a,post,0.11", "a,post,0.001", "line 9: 0.001 s comes after 0.01 s; sort each train by time"),
    "a short line": ("b,post,0.2,", "b,post,0.2", "line 8: expected 4 columns (got 3)"),
    "an input that is none": ("0.5,1", "0.5,one", 'line 4: input must be a whole number below 100000 (got "one")'),
    "a huge input": ("0.5,1", "0.5,99999999999", "line 4: input must be a whole number below 100000"),
    "an unclosed quote": ("a,pre,0.0,0", 'a,"pre,0.0,0', "is not CSV text"),
    "only a header": (SPIKES[SPIKES.index("a,pre") :], "", "is empty: expected a header and lines below it"),
    "nothing": (SPIKES, "", "is empty: expected a header and lines below it"),
}


@pytest.mark.parametrize("case", BAD_SPIKES)
def test_bad_spikes_get_one_line_with_the_files_line(case, tmp_path):
    old, new, expected = BAD_SPIKES[case]
    assert old in SPIKES
    path = saved(tmp_path, SPIKES.replace(old, new, 1))
    with pytest.raises(FormatError) as error:
        read_spikes(path)
    assert the_line(error, path).startswith(expected)


@pytest.mark.parametrize("read", [read_spikes, read_sweeps])
def test_a_file_that_is_not_there_or_not_text_is_named(read, tmp_path):
    with pytest.raises(FormatError, match=r"nowhere.csv: cannot be read \(No such file"):
        read(tmp_path / "nowhere.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"time_ms,\xff\xfe\x00\n1,2\n")
    with pytest.raises(FormatError, match=r"binary.csv: is not CSV text"):
        read(path)


# --- sweeps, CSV ---------------------------------------------------------------------------------------------------------


def test_sweeps_come_in_volts_and_seconds_from_the_stimulus(tmp_path):
    sweeps = sweeps_of(saved(tmp_path, SWEEPS))
    assert sweeps.v == pytest.approx(np.array([[-70, -70, -69, -69.5], [-70.5, -70.5, -70, -70.25], [-69, -69, -67, -68]]) * 1e-3)
    assert sweeps.time == pytest.approx([-1e-4, 0, 1e-4, 2e-4])
    assert sweeps.minutes.tolist() == [-10.0, -9.5, 20.5]
    assert (sweeps.induction_end, sweeps.unit, sweeps.kind) == (0.0, "V", "epsp")


def test_recorded_sweeps_are_measured_as_simulated_ones_are(tmp_path):
    sweeps = sweeps_of(saved(tmp_path, SWEEPS))
    measures = measure_sweeps(sweeps.v, sweeps.time, sweeps.minutes, sweeps.induction_end, settings=FAST)
    assert measures.amplitude == pytest.approx([1e-3, 0.5e-3, 2e-3])
    assert measures.amplitude_ratio == pytest.approx(2 / 0.75)


def test_currents_in_seconds_with_a_late_stimulus(tmp_path):
    text = SWEEPS.replace("time_ms", "time_s").replace("\n-0.1,", "\n0.9,").replace("\n0.0,", "\n1.0,")
    text = text.replace("\n0.1,", "\n1.1,").replace("\n0.2,", "\n1.2,")
    sweeps = sweeps_of(saved(tmp_path, text), unit="pA", pulse=1.0)
    assert sweeps.v[0, 0] == pytest.approx(-70e-12)
    assert sweeps.time == pytest.approx([-0.1, 0.0, 0.1, 0.2])
    assert (sweeps.unit, sweeps.kind) == ("A", "epsc")


BAD_SWEEPS = {
    "no time": (
        "time_ms",
        "time",
        'line 1: expected a header with one column "time_s" or "time_ms", or such as "Time (ms)", and a column for each sweep '
        "(found: time, -10.0, -9.5, 20.5)",
    ),
    "the time elsewhere": ("time_ms,-10.0", "-10.0,time_ms", "line 1: expected the time in the first column"),
    "no sweep": (SWEEPS, "time_ms\n0\n1\n", "line 1: expected the time in the first column and a sweep in each further one"),
    "a head that is no minute": ("-9.5", "sweep 2", "line 1: the head of a sweep's column, its minute, must be a finite number"),
    "minute 0": ("-9.5", "0", "line 1: minute 0 is the end of the induction"),
    "minutes out of order": ("-9.5", "-11", "sweep 1: minute -11 comes after -10; sort the sweeps by time"),
    "a hole in the times": ("\n0.1,", "\n,", 'line 4: column "time_ms" must be a finite number (got "")'),
    "text in a sweep": ("-67.0", "none", 'line 4: column "20.5" must be a finite number (got "none")'),
    "infinity": ("-67.0", "inf", 'line 4: column "20.5" must be a finite number (got "inf")'),
    "a time that is no number": ("\n0.1,", "\nx,", 'line 4: column "time_ms" must be a finite number (got "x")'),
    "times out of order": ("\n0.2,", "\n0.1,", "line 5: time 0.1 does not come after 0.1"),
    "a long line": ("-67.0", "-67.0,1", "line 4: expected 4 columns (got 5)"),
    "volts said to be millivolts": ("-67.0", "-6700.0", "unit: values reach 6.7 V, so the unit is not the one that was given"),
    "only a header": (SWEEPS[SWEEPS.index("\n") :], "\n", "is empty: expected a header and lines below it"),
}


@pytest.mark.parametrize("case", BAD_SWEEPS)
def test_bad_sweeps_get_one_line_with_the_files_line(case, tmp_path):
    old, new, expected = BAD_SWEEPS[case]
    assert old in SWEEPS
    path = saved(tmp_path, SWEEPS.replace(old, new, 1))
    with pytest.raises(FormatError) as error:
        sweeps_of(path)
    assert the_line(error, path).startswith(expected)


@pytest.mark.parametrize(
    ("options", "kind", "expected"),
    [
        ({"unit": "ms"}, UnitError, 'unit: sweeps are a voltage such as "mV" or a current such as "pA" (got "ms", a time)'),
        ({"unit": "millivolts"}, UnitError, "unit: "),
        ({"unit": "V"}, FormatError, "unit: values reach 70.5 V, so the unit is not the one that was given"),
        ({"pulse": 5.0}, FormatError, "pulse: the pulse lies outside the sweep, which goes from -5.0001 s to -4.9998 s around it"),
        ({"pulse": float("nan")}, FormatError, 'pulse: expected a time such as "20 ms" (got nan)'),
    ],
)
def test_options_that_do_not_fit_are_refused(options, kind, expected, tmp_path):
    path = saved(tmp_path, SWEEPS)
    with pytest.raises(kind) as error:
        sweeps_of(path, **options)
    assert the_line(error, path).startswith(expected)


# --- Neo -----------------------------------------------------------------------------------------------------------------


def spike_file(neo, path: Path, trains: list[tuple[str, list[float], dict[str, object]]], t_start: float = 0.0) -> Path:
    import quantities as pq

    segment = neo.Segment()
    for name, times, notes in trains:
        train = neo.SpikeTrain(np.array(times) * pq.s, t_start=t_start * pq.s, t_stop=10 * pq.s, name=name, **notes)
        segment.spiketrains.append(train.rescale("ms"))
    return written(neo, path, [segment])


def sweep_file(neo, path: Path, v: np.ndarray, unit: str = "mV", rate: float = 10.0) -> Path:
    """One segment a sweep, with the given values in the second channel and rubbish in the first."""
    import quantities as pq

    segments = []
    for sweep in v:
        segment = neo.Segment()
        for name, values in (("monitor", np.full((sweep.size, 1), 7.0)), ("Vm", sweep[:, None])):
            segment.analogsignals.append(neo.AnalogSignal(values, units=unit, sampling_rate=rate * pq.kHz, name=name))
        segments.append(segment)
    return written(neo, path, segments)


def written(neo, path: Path, segments: list[object]) -> Path:
    block = neo.Block()
    block.segments.extend(segments)
    neo.io.NeoMatlabIO(str(path)).write_block(block)
    return path


def test_spike_trains_of_neo_are_told_apart_by_their_names(neo, tmp_path):
    trains = [("pre1", [0.2], {}), ("post", [0.01, 0.11], {}), ("pre0", [0.0, 0.1], {})]
    (lane,) = read_spikes(spike_file(neo, tmp_path / "a.mat", trains))
    assert lane.condition == {"lane": "0"}
    assert [train == pytest.approx(t) for train, t in zip(lane.pre, ([0.0, 0.1], [0.2]), strict=True)] == [True, True]
    assert lane.post == pytest.approx([0.01, 0.11])


def test_annotations_go_before_names_and_tell_lanes_apart(neo, tmp_path):
    trains = [
        ("unit 3", [1.0], {"side": "pre", "lane": "x"}),
        ("unit 4", [1.5], {"side": "post", "lane": "x"}),
        ("pre", [2.0], {"lane": "y"}),
    ]
    x, y = read_spikes(spike_file(neo, tmp_path / "a.mat", trains))
    assert (x.condition["lane"], x.pre[0].tolist(), x.post.tolist()) == ("x", [1.0], [1.5])
    assert (y.condition["lane"], y.pre[0].tolist(), y.post.tolist()) == ("y", [2.0], [])


def test_times_of_neo_count_from_the_start_of_the_trains(neo, tmp_path):
    (lane,) = read_spikes(spike_file(neo, tmp_path / "a.mat", [("pre", [5.0], {}), ("post", [5.5], {})], t_start=4.0))
    assert (lane.pre[0].tolist(), lane.post.tolist()) == ([1.0], [1.5])


def test_trains_without_names_need_their_sides_said(neo, tmp_path):
    path = saved(tmp_path, "0.0\t0.1\n0.01\t0.11\n", "trains.txt")
    with pytest.raises(FormatError, match='spike train 0: "" is neither "pre" nor "post"; name it') as error:
        read_spikes(path, reader="AsciiSpikeTrainIO")
    assert "sides=" in the_line(error, path)
    (lane,) = read_spikes(path, reader="AsciiSpikeTrainIO", sides=("post", "pre"))
    assert lane.pre[0] == pytest.approx([0.01, 0.11])
    assert lane.post == pytest.approx([0.0, 0.1])
    with pytest.raises(FormatError, match="2 spike trains but 1 sides"):
        read_spikes(path, reader="AsciiSpikeTrainIO", sides=("post",))


@pytest.mark.parametrize(
    ("trains", "message"),
    [
        ([("cell", [1.0], {})], 'spike train 0: "cell" is neither "pre" nor "post"'),
        ([("pre", [1.0], {}), ("post", [1.0], {}), ("post", [2.0], {})], "0: 2 postsynaptic spike trains; a lane has one cell"),
        ([("pre", [2.0, 1.0], {})], "spike times are not sorted"),
        ([], "the first segment holds no spike trains"),
    ],
)
def test_spike_trains_that_do_not_fit_are_refused(neo, trains, message, tmp_path):
    path = spike_file(neo, tmp_path / "a.mat", trains)
    with pytest.raises(FormatError) as error:
        read_spikes(path)
    assert message in the_line(error, path)


def test_segments_of_neo_are_sweeps(neo, tmp_path):
    v = np.array([[-70, -70, -69.0, -69.5], [-70, -70, -68.5, -69], [-71, -71, -69, -70], [-70, -70, -68, -69.5]])
    path = sweep_file(neo, tmp_path / "a.mat", v)
    for channel in (1, "Vm"):
        sweeps = sweeps_of(path, channel=channel, pulse=1e-4, interval=600, first_after=2)
        assert sweeps.v == pytest.approx(v * 1e-3)
        assert sweeps.time == pytest.approx([-1e-4, 0, 1e-4, 2e-4])
        assert sweeps.minutes.tolist() == [-20.0, -10.0, 10.0, 20.0]
    measures = measure_sweeps(sweeps.v, sweeps.time, sweeps.minutes, sweeps.induction_end, settings=FAST)
    assert measures.amplitude == pytest.approx([1e-3, 1.5e-3, 2e-3, 2e-3])


def test_the_unit_of_neo_is_the_files_unless_said_otherwise(neo, tmp_path):
    v = np.full((2, 10), -70.0)
    options = {"channel": 1, "interval": 10, "first_after": 1}
    assert sweeps_of(sweep_file(neo, tmp_path / "a.mat", v, "pA"), **options).v[0, 0] == pytest.approx(-70e-12)
    assert sweeps_of(sweep_file(neo, tmp_path / "b.mat", v, "V"), unit="mV", **options).v[0, 0] == pytest.approx(-0.07)
    with pytest.raises(FormatError, match="values reach 70 V, so the unit is not the one that was given"):
        sweeps_of(tmp_path / "b.mat", **options)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, FormatError, "say the interval in seconds and first_after, the first of its 3 sweeps after the induction"),
        ({"interval": -1, "first_after": 1}, FormatError, "interval: expected a time in seconds, more than 0 (got -1)"),
        ({"interval": 1, "first_after": 4}, FormatError, "first_after: the file has 3 sweeps, so expected 0 to 3 (got 4)"),
        ({"interval": 1, "first_after": 1, "channel": 2}, FormatError, "sweep 0: there is no channel 2; the file has 2: monitor, Vm"),
        ({"interval": 1, "first_after": 1, "channel": "Wm"}, UnknownName, 'sweep 0: no channel named "Wm"; did you mean "Vm"?'),
        ({"interval": 1, "first_after": 1, "pulse": 1}, FormatError, "pulse: the pulse lies outside the sweep"),
        ({"interval": 1, "first_after": 1, "reader": "NeoMatlab"}, UnknownName, 'reader: no Neo reader named "NeoMatlab"; did you mean'),
        ({"interval": 1, "first_after": 1, "channel": 1}, FormatError, "sweep 2: sample 3 is inf; none may be infinite"),
    ],
)
def test_sweeps_of_neo_that_do_not_fit_are_refused(neo, options, kind, message, tmp_path):
    v = np.full((3, 10), -70.0)
    v[2, 3] = np.inf
    path = sweep_file(neo, tmp_path / "a.mat", v)
    with pytest.raises(kind) as error:
        sweeps_of(path, **options)
    assert the_line(error, path).startswith(message)


def test_sweeps_of_different_length_are_refused(neo, tmp_path):
    path = sweep_file(neo, tmp_path / "a.mat", [np.full(10, -70.0), np.full(11, -70.0)])
    with pytest.raises(FormatError, match="sweep 1: 11 samples at 10000 Hz in mV; expected 10 at 10000 Hz in mV like sweep 0"):
        sweeps_of(path, channel=1, interval=1, first_after=1)
