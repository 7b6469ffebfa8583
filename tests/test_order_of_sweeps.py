"""The order and the times of sweeps: NWB, numbered columns and files, several files, continuous recordings."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_files import VOLTS, block_of, continuous, saved, table

from spikeheb.errors import FormatError
from spikeheb.recordings import read_sweeps
from spikeheb.recordings.heads import numbered_order

# --- order ---------------------------------------------------------------------------------------------------------------


def test_names_sorted_as_text_come_by_their_numbers_and_others_stay() -> None:
    names = [f"s{n}" for n in range(12)]
    assert [sorted(names)[n] for n in numbered_order(sorted(names))] == names
    assert numbered_order(["s3", "s1", "s2"]) == [0, 1, 2]
    assert numbered_order(["Vm", "Vm"]) == [0, 1]
    assert numbered_order(["a2b10", "a2b9", "a10b1"][::-1]) == [0, 1, 2]
    assert numbered_order(["a10b1", "a2b10", "a2b9"]) == [2, 1, 0]


def test_numbered_columns_sorted_as_text_come_by_their_numbers(tmp_path: Path) -> None:
    names = sorted(f"Sweep {n} (mV)" for n in range(1, 13))
    values = [float(name.split()[1]) for name in names]
    text = "\n".join([",".join(["time_ms", *names]), *(",".join(map(str, [t, *values])) for t in (0, 1))])
    assert read_sweeps(saved(tmp_path, text), pulse=0, interval=10, first_after=6).v[:, 0] == pytest.approx(np.arange(1, 13) * 1e-3)


def heights(n: int) -> float:
    return 1.0 if n < 60 else 1.43


@pytest.mark.parametrize("timed", ["starts", "dates", "names"])
def test_three_hundred_sweeps_in_the_order_of_their_names_come_in_the_order_of_time(
    neo: Any, read_block: Any, timed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    order = sorted(range(300), key=lambda n: f"s{n}")
    block = block_of(neo, [(f"s{n}", 10.0 * n if timed == "starts" else 0.0, heights(n)) for n in order], dates=timed == "dates")
    sweeps = read_block(block, interval=10 if timed == "names" else None)
    amplitudes = sweeps.v[:, -1] - sweeps.v[:, 0]
    assert amplitudes[60:].mean() / amplitudes[:60].mean() == pytest.approx(1.43)
    assert np.diff(sweeps.minutes)[:59] == pytest.approx(1 / 6)
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore:.*positional arguments:FutureWarning")  # of pynwb, to Neo
def test_files_written_by_neo_as_nwb_come_in_the_order_of_time(neo: Any, tmp_path: Path) -> None:
    pytest.importorskip("pynwb")
    block = block_of(neo, [(f"s{n}", 10.0 * n, heights(n)) for n in range(120)])
    block.annotate(session_start_time=datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), session_description="x", identifier="x")
    path = tmp_path / "a.nwb"
    neo.io.NWBIO(str(path), mode="w").write_block(block)
    sweeps = read_sweeps(path, pulse=0.01, first_after=60)
    amplitudes = sweeps.v[:, -1] - sweeps.v[:, 0]
    assert amplitudes[60:].mean() / amplitudes[:60].mean() == pytest.approx(1.43)


def test_sweeps_that_are_signals_of_one_segment_come_by_their_starts(neo: Any, read_block: Any) -> None:
    import quantities as pq

    segment = neo.Segment(name="default")
    for n in sorted(range(12), key=lambda n: f"data_{n}"):
        signal = np.full((200, 1), -70.0 + n)
        segment.analogsignals.append(neo.AnalogSignal(signal, units="mV", sampling_rate=10 * pq.kHz, t_start=n * pq.s, name=f"data_{n}"))
    block = neo.Block()
    block.segments.append(segment)
    assert read_block(block, first_after=6).v[:, 0] == pytest.approx((np.arange(12) - 70) * 1e-3)


def test_times_and_tags_come_from_the_file(neo: Any, read_block: Any) -> None:
    import quantities as pq

    def tagged(segment: Any, n: int, start: float) -> None:
        if n == 1:
            segment.events.append(neo.Event([100.0] * pq.s, labels=["tetanus"], name="comments"))

    block = block_of(neo, [("s0", 0.0, 1.0), ("s1", 30.0, 1.0), ("s2", 180.0, 1.0), ("s3", 210.0, 1.0)], tagged)
    sweeps = read_block(block, first_after=2)
    assert sweeps.minutes == pytest.approx([-2.5, -2.0, 0.5, 1.0])  # the induction ended one interval before the third
    assert sweeps.tags == ((pytest.approx(-50 / 60), "tetanus"),)
    with pytest.raises(FormatError, match=r"interval: the file has a sweep every 30 s \(got 10 s\); leave the interval out"):
        read_block(block, first_after=2, interval=10)
    assert read_block(block, first_after=2, interval="30 s").minutes == pytest.approx(sweeps.minutes)


def test_two_sweeps_at_one_time_are_refused(neo: Any, read_block: Any) -> None:
    block = block_of(neo, [("s0", 0.0, 1.0), ("s1", 10.0, 1.0), ("s2", 10.0, 1.0)])
    with pytest.raises(FormatError, match='the sweeps "s1" and "s2" both start at 10 s'):
        read_block(block, first_after=1)


def test_the_stimulus_of_a_neo_file_is_found(neo: Any, read_block: Any) -> None:
    import quantities as pq

    def stimulated(segment: Any, n: int, start: float) -> None:
        v = np.zeros((200, 1))
        v[[50, 51, 120]] = 5.0
        segment.analogsignals.append(neo.AnalogSignal(v, units="V", sampling_rate=10 * pq.kHz, t_start=start * pq.s, name="Trigger"))

    def marked(segment: Any, n: int, start: float) -> None:
        late = 0.003 if n == shifted else 0.0
        segment.events.append(neo.Event([start + 0.005 + late] * pq.s, labels=["stimulus"]))

    sweeps = [(f"s{n}", 10.0 * n, 1.0) for n in range(4)]
    channel = read_block(block_of(neo, sweeps, stimulated), pulse=None, first_after=2)
    assert (channel.pulse, channel.pulses.tolist()) == (pytest.approx(0.005), [0.0, pytest.approx(0.007)])
    shifted = -1
    assert read_block(block_of(neo, sweeps, marked), pulse=None, first_after=2).pulse == pytest.approx(0.005)
    single = read_block(block_of(neo, sweeps[:1], marked), pulse=None, first_after=1, interval=10)
    assert single.pulse == pytest.approx(0.005)
    shifted = 2
    with pytest.raises(FormatError, match="sweep 2: its stimulus comes at another time"):
        read_block(block_of(neo, sweeps, marked), pulse=None, first_after=2)


# --- several files -------------------------------------------------------------------------------------------------------


def test_files_one_after_the_other_go_on(tmp_path: Path) -> None:
    first = saved(tmp_path, table(",", ".", ("time_ms", "-10", "-9")), "a.csv")
    second = saved(tmp_path, table(",", ".", ("time_ms", "20", "21")), "b.csv")
    assert read_sweeps([first, second], pulse=0).minutes.tolist() == [-10.0, -9.0, 20.0, 21.0]
    assert read_sweeps([first, second], pulse=0).v == pytest.approx(np.concatenate([VOLTS, VOLTS]))
    with pytest.raises(FormatError, match="minute -10 comes after 21"):
        read_sweeps([second, first], pulse=0)


def test_numbered_files_sorted_as_text_come_by_their_numbers(tmp_path: Path) -> None:
    for n in range(1, 12):
        heads = ("time_ms", "Sweep 1 (mV)")
        saved(tmp_path, f"{','.join(heads)}\n0,{n}\n1,{n}\n", f"cell{n}.csv")
    sweeps = read_sweeps(sorted(tmp_path.glob("*.csv")), pulse=0, interval=60, first_after=5)
    assert sweeps.v[:, 0] == pytest.approx(np.arange(1, 12) * 1e-3)
    assert sweeps.minutes.tolist() == [-5.0, -4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    first = saved(tmp_path, table(",", ".", ("time_ms", "-10", "-9")), "a.csv")
    for heads, words in [
        (("time_s", "20", "21"), "its sweeps have other times"),
        (("time_ms", "20 (pA)", "21 (pA)"), "is in pA and"),
        (("time_ms", "x", "y"), "has minutes in its column heads"),
    ]:
        other = saved(tmp_path, table(",", ".", heads), "b.csv")
        with pytest.raises(FormatError, match=words):
            read_sweeps([first, other], pulse=0)
    with pytest.raises(FormatError, match="expected at least one file"):
        read_sweeps([], pulse=0)


# --- continuous recordings -----------------------------------------------------------------------------------------------


def test_a_continuous_recording_is_cut_at_given_times(tmp_path: Path) -> None:
    path = continuous(tmp_path)
    for times in ([0.5, 1, 2], "500 ms, 1 s, 2 s"):
        sweeps = read_sweeps(path, cut_at=times, around=("-10 ms", "20 ms"), first_after=2, interval=None)
        assert sweeps.v.shape == (3, 31)
        assert sweeps.time == pytest.approx(np.arange(-10, 21) * 1e-3)
        assert sweeps.v[:, 10] == pytest.approx(np.array([500, 1000, 2000]) * 1e-6)
        assert sweeps.minutes == pytest.approx((np.array([0.5, 1, 2]) - 1.5) / 60)


def test_a_continuous_recording_is_cut_at_its_stimuli(tmp_path: Path) -> None:
    sweeps = read_sweeps(continuous(tmp_path, ",trigger"), cut_at="stimulus", first_after=1)
    assert sweeps.v.shape == (3, 211)
    assert sweeps.v[:, 105] == pytest.approx(np.array([500, 1000, 2000]) * 1e-6)


def test_a_continuous_recording_of_neo_is_cut_at_its_events(neo: Any, read_block: Any) -> None:
    import quantities as pq

    segment = neo.Segment()
    signal = np.arange(3000.0)[:, np.newaxis]
    segment.analogsignals.append(neo.AnalogSignal(signal, units="uV", sampling_rate=1 * pq.kHz, t_start=100 * pq.s, name="Vm"))
    segment.events.append(neo.Event([101.0, 100.5, 102.0, 102.5] * pq.s, labels=["test", "test", "test", "other"]))
    block = neo.Block()
    block.segments.append(segment)
    options = {"pulse": None, "first_after": 1, "around": (-0.01, 0.02)}
    assert read_block(block, cut_at="test", **options).v[:, 10] == pytest.approx(np.array([500, 1000, 2000]) * 1e-6)
    assert read_block(block, cut_at="events", **options).v.shape[0] == 4
    with pytest.raises(FormatError, match=r'cut_at: no event for "none"; the file has 4 events \(other, test\)'):
        read_block(block, cut_at="none", **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cut_at": "events"}, 'cut_at: no event for "events"; the file has no events'),
        ({"cut_at": [0.05, 1.0]}, "around: the sweep of -105 to 105 ms around 0.05 s reaches beyond the file"),
        ({"cut_at": [1.0], "around": (0.1, 0.2)}, "around: expected two times"),
        ({"cut_at": "5 mV"}, "cut_at: "),
        ({"cut_at": [np.nan]}, "cut_at: expected finite times"),
    ],
)
def test_cuts_that_cannot_be_made_are_refused(options: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as error:
        read_sweeps(continuous(tmp_path), first_after=0, **options)
    assert words in str(error.value)


def test_sweeps_are_not_cut_again(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cut_at: has 2 sweeps already"):
        read_sweeps(saved(tmp_path, table(",")), cut_at=[0.1])
