"""Whatever is given, every command answers with exit code 2 and one line: no traceback, nothing computed, nothing left behind."""

import os
import signal

import h5netcdf
import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb import limits

HUGE = "1000000000"
TOO_LONG_A_SEED = "99999999999999999999999"


@pytest.fixture(autouse=True)
def patience():
    """What would wait for ever, at a pipe, is ended; nothing here is timed."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def give_up(*_):
        raise TimeoutError("it waited")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def refused(spikeheb, *arguments) -> str:
    outcome = spikeheb(*arguments)
    assert outcome.code == 2, outcome
    assert "Traceback" not in outcome.err
    lines = outcome.err.splitlines()
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("error: ")
    assert lines[0].isprintable()
    assert "fault of spikeheb" not in lines[0]
    return lines[0]


# --- files ------------------------------------------------------------------------------------------------------------------


def csv_text(path, text):
    path.write_text(text, encoding="utf-8")


def netcdf(path, attributes, variables=None):
    xr.Dataset(variables or {"weight": ("x", np.zeros(3))}, attrs=attributes).to_netcdf(path, engine="h5netcdf")


def promising_netcdf(path):
    """A small file of 10^12 numbers, none of which was written."""
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"x": 1_000_000_000_000}
        file.create_variable("weight", ("x",), "f8", chunks=(1_000_000,))
        file.attrs["study"] = "weights"


def promising_npy(path):
    header = {"descr": "<f8", "fortran_order": False, "shape": (1_000_000_000_000,)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)


MAKE = {
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "nothing": lambda path: None,
    "an empty file": lambda path: csv_text(path, ""),
    "zeros": lambda path: path.write_bytes(bytes(1000)),
    "odd bytes": lambda path: path.write_bytes(bytes(range(256)) * 20),
    "one long line": lambda path: csv_text(path, "a" * 300_000),
    "quotes": lambda path: csv_text(path, 'lane,side,time\n"a,pre,1\n' * 3),
    "a huge file": lambda path: (path.touch(), os.truncate(path, 10**12)),
}


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize(
    ("suffix", "arguments"),
    [
        (".csv", ("replay", "--rule", "pair", "--spikes")),
        (".csv", ("analyse",)),
        (".csv", ("score", "--rule", "pair", "--data")),
        (".nc", ("compare",)),
        (".abf", ("analyse",)),
        (".toml", ("check",)),
        (".toml", ("show",)),
        (".toml", ("window", "--rule")),
        (".toml", ("weights", "--rule")),
        (".toml", ("run", "pairing", "--rule", "pair", "--cell")),
        (".py", ("run", "--rule", "pair")),
        (".py", ("show",)),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_is_no_such_file(spikeheb, tmp_path, kind, suffix, arguments):
    path = tmp_path / f"odd{suffix}"
    MAKE[kind](path)
    refused(spikeheb, *arguments, path)
    assert [entry for entry in tmp_path.iterdir() if entry != path] == []


def test_a_file_that_promises_a_trillion_numbers(spikeheb, tmp_path):
    promising_netcdf(tmp_path / "promise.nc")
    assert "1,000,000,000,000 numbers" in refused(spikeheb, "compare", tmp_path / "promise.nc")
    promising_npy(tmp_path / "promise.npy")
    refused(spikeheb, "compare", tmp_path / "promise.npy")


FOREIGN = {
    "no attributes": {},
    "an array for the study": {"study": [1, 2, 3]},
    "a study of another kind": {"study": "replay"},
    "an unknown study": {"study": "\x1b[31mred"},
}


@pytest.mark.parametrize("attributes", FOREIGN)
def test_results_of_other_programs(spikeheb, tmp_path, attributes):
    netcdf(tmp_path / "other.nc", FOREIGN[attributes])
    refused(spikeheb, "compare", tmp_path / "other.nc")


@pytest.mark.parametrize("study", ["experiment", "recording", "window", "replay", "score", "weights", "constraint"])
def test_a_result_that_lacks_everything_is_not_drawn(study):
    data = xr.Dataset({"x": ("y", np.zeros(3))}, attrs={"study": study, "unit": np.array([1, 2])})
    for draw in (sh.plot, __import__("spikeheb.plots", fromlist=["figure"]).figure):
        with pytest.raises(sh.FormatError, match="lacks what"):
            draw(data)


def test_times_that_cannot_be_decoded_are_one_line(tmp_path):
    variable = xr.Variable("time", np.arange(3), attrs={"units": "days since the flood"})
    xr.Dataset({"time": variable}).to_netcdf(tmp_path / "odd.nc", engine="h5netcdf")
    with pytest.raises(sh.FormatError, match="is not a whole NetCDF file"):
        sh.load(tmp_path / "odd.nc")


# --- numbers ----------------------------------------------------------------------------------------------------------------

WEIGHTS = ("weights", "--rule", "pair")
WINDOW = ("window", "--rule", "pair")
RUN = ("run", "pairing", "--rule", "pair")
TOO_MUCH = [
    (*WEIGHTS, "--duration", f"{HUGE} s"),
    (*WEIGHTS, "--duration", "1e300s"),
    (*WEIGHTS, "--duration", "1e300 s", "--imposed", "10 Hz"),
    (*WEIGHTS, "--inputs", HUGE),
    (*WEIGHTS, "--inputs", "1000000000000000000000000"),
    (*WEIGHTS, "--inputs", HUGE, "--correlated", HUGE),
    (*WEIGHTS, "--inputs", HUGE, "--early", HUGE),
    (*WEIGHTS, "--inhibitory", HUGE),
    (*WEIGHTS, "--cells", HUGE),
    (*WEIGHTS, "--cells", HUGE, "--imposed", "10 Hz"),
    (*WEIGHTS, "--seeds", HUGE),
    ("constraint", "--seeds", HUGE),
    (*WEIGHTS, "--duration", "1e-300 s"),
    (*WEIGHTS, "--memory", "nan"),
    (*WEIGHTS, "--rate", "1e300 Hz"),
    (*WINDOW, "--pairs", HUGE),
    (*WINDOW, "--pairs", "9999999"),
    (*WINDOW, "--frequency", "1e-300 Hz"),
    (*WINDOW, "--frequency", "1e-12 Hz"),
    (*WINDOW, "--delta-t", "1e300 s"),
    (*WINDOW, "--seed", TOO_LONG_A_SEED),
    (*RUN, "-p", f"pairs={HUGE}"),
    (*RUN, "-p", "pairs=999999", "-p", "delta_t=" + ", ".join(f"{n} ms" for n in range(1, 90))),
    (*RUN, "-p", "frequency=1e-12 Hz"),
    (*RUN, "-p", "delta_t=" + ", ".join(["1 ms"] * 20_000)),
    (*RUN, "--copies", HUGE),
    (*RUN, "--seed", TOO_LONG_A_SEED),
    ("run", "artola_1990", "--rule", "pair", "-p", f"tetani={HUGE}"),
    ("run", "tbs", "--rule", "pair", "-p", f"repeats={HUGE}"),
    ("score", "--rule", "pair", "--seed", TOO_LONG_A_SEED),
    ("compare", "x.csv", "--seed", TOO_LONG_A_SEED),
]


@pytest.mark.parametrize("arguments", TOO_MUCH, ids=lambda arguments: " ".join(arguments)[:60])
def test_work_without_end_is_refused_before_it_begins(spikeheb, tmp_path, arguments):
    refused(spikeheb, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_estimate_and_the_limit_are_named(spikeheb):
    assert "1,000,000,000 inputs need about 64 GB, and 2 GB are allowed" in refused(spikeheb, *WEIGHTS, "--inputs", HUGE)
    assert "from 1 to 10,000 (got 1000000000)" in refused(spikeheb, *WEIGHTS, "--seeds", HUGE)
    assert f"{limits.STEPS:.3g} are allowed" in refused(spikeheb, *WEIGHTS, "--duration", "1e300s")


SPIKES = "lane,side,time,input\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SPIKES + "".join(f"lane{n},pre,0.1,99999\n" for n in range(2000)), "200,000,000 inputs together"),
        (SPIKES + "a,pre,1e15,0\n", "time steps"),
        (SPIKES + "a,pre,1e300,0\n", "time steps"),
        (SPIKES + "a,pre,0.1,0\na,pre,1e15,0\n", "time steps"),
    ],
)
def test_spikes_beyond_what_can_be_held(spikeheb, tmp_path, text, says):
    csv_text(tmp_path / "spikes.csv", text)
    assert says in refused(spikeheb, "replay", "--rule", "pair", "--spikes", tmp_path / "spikes.csv")


def test_a_record_is_estimated_first():
    """A thousand lanes whose thousand spikes each fall at times of their own would be recorded at a million times."""
    pre = [np.arange(1000) * 1.0 + n * 1e-3 for n in range(1000)]
    with pytest.raises(sh.EngineError, match=r"the weights of 1,000 inputs at 1,000,000 times need about 16 GB, and 2 GB"):
        sh.replay("pair", pre, [[]] * 1000, record=True)
    with pytest.raises(sh.EngineError, match=r"need about .* GB, and 2 GB"):
        sh.replay("pair", pre, [[]] * 1000, record=1e-4)


@pytest.mark.parametrize("text", ["time_ms" + ",1" * 10**6 + "\n0" + ",1" * 10**6 + "\n", "lane,side,time" + "," * 10**6 + "\na,pre,0.1\n"])
@pytest.mark.parametrize("arguments", [("analyse", "--pulse", "1 ms"), ("replay", "--rule", "pair", "--spikes"), ("score", "--data")])
def test_a_table_of_a_million_columns_is_refused(spikeheb, tmp_path, text, arguments):
    csv_text(tmp_path / "wide.csv", text)
    refused(spikeheb, *arguments, tmp_path / "wide.csv")


# --- names ------------------------------------------------------------------------------------------------------------------


def test_terminal_escapes_in_names_are_shown_escaped(spikeheb, tmp_path):
    csv_text(tmp_path / "spikes.csv", "lane,side,time\n\x1b[31mred\x07\u202e,pre,0.1\n\x1b[31mred\x07\u202e,post,0.11\n")
    outcome = spikeheb("replay", "--rule", "pair", "--spikes", tmp_path / "spikes.csv")
    assert outcome.code == 0, outcome.err
    assert "\\x1b[31mred\\x07\\u202e" in outcome.out
    assert not {"\x1b", "\x07", "\u202e"} & set(outcome.out + outcome.err)


def test_an_unbalanced_compiler_is_one_line(spikeheb, tmp_path, monkeypatch):
    from spikeheb.engines.compiler import compiler

    monkeypatch.setenv("CXX", 'g++ "unbalanced')
    compiler.cache_clear()
    try:
        for arguments in (WINDOW, WEIGHTS, RUN, ("score", "--rule", "pair")):
            assert "CXX is not a command" in refused(spikeheb, *arguments)
    finally:
        compiler.cache_clear()
    assert list(tmp_path.iterdir()) == []


def test_folders_of_the_library_that_cannot_be_are_passed_over(spikeheb, monkeypatch):
    monkeypatch.setenv("SPIKEHEB_PATH", os.pathsep.join(["x" * 5000, "/dev/null", "~nobody-of-that-name/x"]))
    assert spikeheb("list", "rules").code == 0


LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", LONG, "--rule", "pair"),
        ("run", f"{LONG}.py", "--rule", "pair"),
        ("run", "pairing", "--rule", f"pair+{LONG}"),
        ("run", "pairing", "--rule", "pair", "--cell", f"{LONG}.toml"),
        ("show", f"{LONG}:x"),
        ("check", f"{LONG}.toml"),
        ("weights", "--rule", "pair", "--w0", f"{LONG}.csv"),
        ("weights", "--rule", "pair", "--name", ""),
        ("compare", f"{LONG}.nc"),
        ("compare", f"{LONG}.csv"),
        ("analyse", f"{LONG}.csv"),
        ("analyse", f"{LONG}.abf"),
        ("replay", "--rule", "pair", "--spikes", f"{LONG}.csv"),
        ("score", "--data", f"{LONG}.csv"),
        ("score", "--join", f"{LONG}.toml"),
        ("data", "template", LONG),
        ("window", "--rule", "pair", "--out", LONG),
    ],
    ids=lambda arguments: " ".join(word[:12] for word in arguments),
)
def test_names_longer_than_a_file_may_have(spikeheb, tmp_path, arguments):
    refused(spikeheb, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_program_is_one_line_too(spikeheb, monkeypatch):
    def fail(*_):
        raise RuntimeError("two\nlines \x1b[31m")

    monkeypatch.setattr("spikeheb.library.names", fail)
    outcome = spikeheb("list", "rules")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "fault of spikeheb" in outcome.err
    assert "Traceback" in spikeheb("list", "rules", "--debug").err


# --- names that no file can have ------------------------------------------------------------------------------------------------

LONG = "a" * 300
COMMANDS = {
    "show": ["show", f"{LONG}.toml"],
    "check": ["check", f"{LONG}.toml"],
    "rule": ["run", "pairing", "--rule", f"{LONG}.toml"],
    "rule with a set": ["run", "pairing", "--rule", f"./{LONG}.toml:s"],
    "rules": ["run", "pairing", "--rule", f"pair+{LONG}"],
    "cell": ["run", "pairing", "--rule", "pair", "--cell", f"{LONG}.toml"],
    "protocol": ["run", f"{LONG}.py", "--rule", "pair"],
    "folder": ["window", "--rule", "pair", "--out", LONG],
    "spikes": ["replay", "--rule", "pair", "--spikes", f"{LONG}.csv"],
    "recording": ["analyse", f"{LONG}.csv", "--pulse", "10 ms"],
    "recording of a program": ["analyse", f"{LONG}.abf", "--pulse", "10 ms"],
    "weights": ["compare", f"{LONG}.csv"],
    "result": ["compare", f"{LONG}.nc"],
    "starting weights": ["window", "--rule", "pair", "--w0", f"{LONG}.npy"],
    "data": ["score", "--data", f"pairing={LONG}.csv"],
    "template": ["data", "template", "pairing", "--out", f"{LONG}.csv"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_that_is_too_long_for_a_file_is_refused_like_any_that_is_not_there(spikeheb, name):
    line = refused(spikeheb, *COMMANDS[name])
    assert "OSError" not in line
    assert "Missing" not in line
    assert "No such option" not in line
