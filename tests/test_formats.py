"""The files that laboratories have: text of many dialects, Axon Text Files, and what cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_files import VOLTS, continuous, saved, table

from spikeheb.errors import FormatError, SpikehebError, UnknownName
from spikeheb.recordings import read_spikes, read_sweeps

# --- dialects ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("delimiter", "mark"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")])
@pytest.mark.parametrize("name", ["recorded.csv", "recorded.tsv", "recorded.txt", "recorded.dat", "recorded.asc"])
def test_tables_of_every_dialect_say_the_same(delimiter: str, mark: str, name: str, tmp_path: Path) -> None:
    sweeps = read_sweeps(saved(tmp_path, table(delimiter, mark), name), pulse=0)
    assert sweeps.v == pytest.approx(VOLTS)
    assert sweeps.time.tolist() == [0.0, 0.0005, 0.001]
    assert sweeps.minutes.tolist() == [-10.0, 20.0]


def test_quotation_marks_the_line_of_excel_and_a_last_separator(tmp_path: Path) -> None:
    quoted = '"time_ms","-10","20"\n"0","-70","-70,5"\n"0,5","-69,5","-69"\n"1","-68,25","-67"\n'
    assert read_sweeps(saved(tmp_path, quoted), pulse=0).v == pytest.approx(VOLTS)
    assert read_sweeps(saved(tmp_path, "sep=;\r\n" + table(";", ",").replace("\n", "\r\n")), pulse=0).v == pytest.approx(VOLTS)
    assert read_sweeps(saved(tmp_path, table(";", ",").replace("\n", ";\n")), pulse=0).v == pytest.approx(VOLTS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_microvolts_of_every_encoding(encoding: str, tmp_path: Path) -> None:
    text = table(";", ",", ("Time (\u00b5s)", "-10 (\u00b5V)", "20 (\u00b5V)"))
    sweeps = read_sweeps(saved(tmp_path, text, encoding=encoding), pulse=0)
    assert sweeps.v == pytest.approx(VOLTS * 1e-3)
    assert sweeps.time == pytest.approx([0, 0.5e-6, 1e-6])


@pytest.mark.parametrize("sign", ["\u00b5", "\u03bc", "u"])
def test_both_micro_signs_are_read_in_heads_and_options(sign: str, tmp_path: Path) -> None:
    heads = (f"Time [{sign}s]", f"-10 [{sign}V]", f"20 [{sign}V]")
    assert read_sweeps(saved(tmp_path, table("\t", ".", heads)), pulse=0).v == pytest.approx(VOLTS * 1e-3)
    assert read_sweeps(saved(tmp_path, table(",")), pulse=f"0 {sign}s", unit=f"{sign}V").v == pytest.approx(VOLTS * 1e-3)


@pytest.mark.parametrize("head", ["time_ms", "Time (ms)", "TIME [ms]", "t (ms)", "time/ms", "Time_ms", "Time (msec)"])
def test_heads_of_the_time(head: str, tmp_path: Path) -> None:
    assert read_sweeps(saved(tmp_path, table(";", ".", (head, "-10", "20"))), pulse=0).time.tolist() == [0.0, 0.0005, 0.001]
    lanes = read_spikes(saved(tmp_path, f"Lane;Side;{head}\nx;pre;10\nx;post;25,5\n"))
    assert (lanes[0].pre[0].tolist(), lanes[0].post.tolist()) == ([0.01], [pytest.approx(0.0255)])


def test_named_sweeps_need_their_times_said(tmp_path: Path) -> None:
    path = saved(tmp_path, table(",", ".", ("Time (ms)", "Sweep 1 (mV)", "Sweep 2 (mV)")))
    sweeps = read_sweeps(path, pulse=0, interval="10 s", first_after=1)
    assert sweeps.v == pytest.approx(VOLTS)
    assert sweeps.minutes == pytest.approx([-1 / 6, 1 / 6])
    with pytest.raises(FormatError, match="say the interval in seconds and first_after"):
        read_sweeps(path, pulse=0)


REFUSED = {
    "a decimal comma where commas part": (
        table(",", ","),
        "expected 3 columns (got 4), separated by commas; with a decimal comma, separate columns",
    ),
    "two decimal marks": (table(";", ",").replace("-69,5", "-69.5"), '"-69.5" and "-70,5" (line 2) have different decimal marks'),
    "points between thousands": (table(";", ",").replace("-69,5", "-1.069,5"), 'column "-10" must be a finite number (got "-1.069,5")'),
    "commas between thousands": (table(";").replace("-69.5", "-1,069,500"), 'column "-10" must be a finite number (got "-1,069,500")'),
    "an underscore": (table(",").replace("-69.5", "-6_9.5"), 'column "-10" must be a finite number (got "-6_9.5")'),
    "a number and no unit": (
        table(",", ".", ("time", "-10", "20")),
        'expected a header with one column "time_s" or "time_ms", or such as "Time (ms)"',
    ),
    "a time in volts": (table(",", ".", ("Time (mV)", "-10", "20")), "expected a header with one column"),
    "two units": (table(",", ".", ("time_ms", "Sweep 1 (mV)", "Sweep 2 (pA)")), "the sweeps must have one unit (found: mV, pA)"),
    "two sizes of one unit": (table(",", ".", ("time_ms", "-10 (mV)", "20 (V)")), "the sweeps must have one unit (found: mV, V)"),
    "names and minutes": (
        table(",", ".", ("time_ms", "-10", "Sweep 2")),
        "the head of a sweep's column, its minute, must be a finite number",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    text, expected = REFUSED[case]
    path = saved(tmp_path, text)
    with pytest.raises(FormatError) as error:
        read_sweeps(path, pulse=0)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_what_the_options_say_must_agree_with_the_heads(tmp_path: Path) -> None:
    path = saved(tmp_path, table(",", ".", ("time_ms", "-10 (mV)", "20 (mV)")))
    with pytest.raises(FormatError, match=r"unit: the heads say mV \(got pA\)"):
        read_sweeps(path, pulse=0, unit="pA")
    with pytest.raises(FormatError, match="the heads of the columns are minutes already"):
        read_sweeps(path, pulse=0, first_after=1)


def test_the_stimulus_is_never_assumed(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="pulse: the file does not say when the stimulus comes"):
        read_sweeps(saved(tmp_path, table(",")))
    lines = ["time_ms,-10,20,Stimulus (V)", *(f"{n},{-70 + (n > 3)},{-70 + 2 * (n > 3)},{5 if n in (3, 4, 7) else 0}" for n in range(10))]
    sweeps = read_sweeps(saved(tmp_path, "\n".join(lines)))
    assert sweeps.pulse == pytest.approx(0.003)
    assert sweeps.pulses == pytest.approx([0.0, 0.004])
    assert sweeps.v.shape == (2, 10)
    assert sweeps.time[3] == 0.0


# --- Axon Text File ------------------------------------------------------------------------------------------------------

ATF = """\
ATF\t1.0
7\t5
"AcquisitionMode=Episodic Stimulation"
"Comment="
"YTop=2000,20"
"SyncTimeUnits=20"
"SweepStartTimesMS=0.000,10000.000"
"SignalsExported=Vm,Im"
"Signals="\t"Vm"\t"Im"\t"Vm"\t"Im"
"Time (s)"\t"Trace #1 (mV)"\t"Trace #1 (pA)"\t"Trace #2 (mV)"\t"Trace #2 (pA)"
0\t-70\t1\t-70.5\t3
0.0005\t-69.5\t1\t-69\t3
0.001\t-68.25\t2\t-67\t4
"""


@pytest.mark.parametrize("name", ["a.atf", "a.ATF", "a.txt"])
def test_an_axon_text_file_says_signals_and_start_times(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path, ATF.replace("\n", "\r\n"), name)
    for channel in (0, "Vm"):
        sweeps = read_sweeps(path, pulse=0, first_after=1, channel=channel)
        assert sweeps.v == pytest.approx(VOLTS)
        assert sweeps.minutes == pytest.approx([-5 / 60, 5 / 60])
    currents = read_sweeps(path, pulse=0, first_after=1, channel="Im")
    assert (currents.unit, currents.v[:, 2].tolist()) == ("A", [pytest.approx(2e-12), pytest.approx(4e-12)])
    with pytest.raises(UnknownName, match='no channel named "Wm"'):
        read_sweeps(path, pulse=0, first_after=1, channel="Wm")
    with pytest.raises(FormatError, match="leave the interval out"):
        read_sweeps(path, pulse=0, first_after=1, interval=20)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("ATF\t1.0", "AFT\t1.0", "line 1: is no Axon Text File"),
        ("7\t5", "7\t6", "line 10: expected 6 titles (got 5)"),
        ("7\t5", "seven", "line 1: is no Axon Text File"),
        ("-69.5", "x", "line 12: column"),
        ("0.000,10000.000", "0.000,1.0,2.0", "3 start times for 2 sweeps"),
    ],
)
def test_a_damaged_axon_text_file_is_refused_with_its_line(old: str, new: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as error:
        read_sweeps(saved(tmp_path, ATF.replace(old, new, 1), "a.atf"), pulse=0, first_after=1)
    assert words in str(error.value)


# --- what Neo cannot read ------------------------------------------------------------------------------------------------


def matlab(path: Path, content: dict[str, Any]) -> Path:
    import scipy.io

    scipy.io.savemat(path, content)
    return path


def hdf5(path: Path) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(10.0))
    return path


FOREIGN = {
    "a table of numbers": lambda folder: matlab(folder / "a.mat", {"x": np.arange(10.0)}),
    "a block that is none": lambda folder: matlab(folder / "a.mat", {"block": np.arange(10.0)}),
    "segments that are none": lambda folder: matlab(folder / "a.mat", {"block": {"segments": np.arange(3.0)}}),
    "signals without units": lambda folder: matlab(
        folder / "a.mat", {"block": {"segments": {"analogsignals": {"signal": np.zeros((3, 1)), "name": "v"}}}}
    ),
    "Matlab 7.3": lambda folder: hdf5(folder / "a.mat"),
    **{
        f"HDF5 as {suffix}": lambda folder, suffix=suffix: hdf5(folder / f"a{suffix}")
        for suffix in (".h5", ".hdf5", ".nwb", ".nix", ".abf")
    },
    "text": lambda folder: saved(folder, "nothing here", "a.txt"),
    "nothing": lambda folder: saved(folder, "", "a.txt"),
    "a folder": lambda folder: folder,
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_file_that_neo_cannot_read_gets_one_line(neo: Any, case: str, tmp_path: Path) -> None:
    path = FOREIGN[case](tmp_path)
    for read in (lambda: read_sweeps(path, pulse=0.001, interval=10, first_after=1), lambda: read_spikes(path)):
        with pytest.raises(SpikehebError) as error:
            read()
        assert str(error.value).startswith(f"{path}: ")
        assert "\n" not in str(error.value)


# --- tables that no one should read ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["igor.txt", "igor.dat", "igor.asc"])
def test_text_without_a_column_of_times_never_goes_to_a_reader_that_invents_them(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path, "wave0\twave1\n" + "-70.1\t-70.2\n" * 50, name)
    with pytest.raises(FormatError, match=r"expected a header with one column .* \(found: wave0, wave1\)"):
        read_sweeps(path, pulse="10 ms", interval="10 s", first_after=1)


@pytest.mark.parametrize("reader", ["AsciiSignalIO", "RawBinarySignalIO"])
def test_readers_that_invent_a_sampling_rate_are_not_used(reader: str, tmp_path: Path) -> None:
    pytest.importorskip("neo")
    path = tmp_path / "raw.bin"
    path.write_bytes(np.full(4000, -70.0, dtype=np.float32).tobytes())
    with pytest.raises(FormatError, match="would invent a sampling rate"):
        read_sweeps(path, pulse="10 ms", interval="10 s", first_after=1, reader=reader)


def test_what_a_reader_logs_does_not_stand_beside_the_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("neo")
    scipy_io = pytest.importorskip("scipy.io")
    scipy_io.savemat(tmp_path / "a.mat", {"v": np.zeros((3, 3))})
    with pytest.raises(FormatError):
        read_sweeps(tmp_path / "a.mat", pulse="10 ms", interval="10 s", first_after=1)
    assert capfd.readouterr() == ("", "")


def test_sweeps_in_rows_are_refused(tmp_path: Path) -> None:
    head = "time_ms," + ",".join(f"{0.05 + n / 10:g}" for n in range(200))
    path = saved(tmp_path, head + "".join(f"\n{minute}," + ",".join(["-70"] * 200) for minute in (-2, -1, 21, 22)) + "\n")
    with pytest.raises(FormatError, match="200 sweeps of 4 samples: each sweep must be a column; exchange rows and columns"):
        read_sweeps(path, pulse="0 ms")


def test_a_file_is_not_read_twice(tmp_path: Path) -> None:
    path = saved(tmp_path, table(","))
    with pytest.raises(FormatError, match="is given twice"):
        read_sweeps([path, tmp_path / "." / path.name], pulse="0 ms")


@pytest.mark.parametrize("times", ["0.5 s, 1 s, 2 s", "0.5 s 1 s 2 s", "500ms;1s;2s", ".5 s 1 s 2 s", [0.5, 1, 2], ["500 ms", 1, "2 s"]])
def test_times_are_parted_by_commas_semicolons_or_spaces(times: object, tmp_path: Path) -> None:
    sweeps = read_sweeps(continuous(tmp_path), cut_at=times, around="-10 ms 20 ms", pulse=0, first_after=1)
    assert sweeps.v[:, 10] * 1e6 == pytest.approx([500, 1000, 2000])
