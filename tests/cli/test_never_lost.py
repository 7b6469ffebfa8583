"""What was computed is on disk somewhere, whatever happens while it is written, and the line says where."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb.cli import output
from spikeheb.results import plain, save

ODD = {
    "a seed beyond 64 bits": {"seed": 99999999999999999999999},
    "an object": {"what": object()},
    "a mapping": {"what": {"a": 1}},
    "nothing": {"what": None},
    "a name with a slash": {"a/b": 1},
    "a number for a name": {3: 1},
}


def result(**attributes):
    return xr.Dataset({"w": ("lane", np.arange(3.0))}, coords={"lane": ["a", "b", "c"]}, attrs={"study": "replay", **attributes})


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def kept(error, temporary):
    """The result that the line names."""
    assert str(error).isprintable()
    path = str(error).rpartition("; the result is kept in ")[2]
    assert path.startswith(str(temporary))
    return sh.load(path)


@pytest.mark.parametrize("odd", ODD)
def test_attributes_that_no_file_can_hold(tmp_path, temporary, odd):
    data = result()
    data.attrs |= ODD[odd]
    (tmp_path / "out").mkdir()
    try:
        save(data, tmp_path / "out" / "probe.nc")
    except sh.StorageError:
        with pytest.raises(sh.StorageError) as caught:
            output.write(data, tmp_path / "out", force=False)
        again = kept(caught.value, temporary)
        np.testing.assert_array_equal(again["w"], data["w"])
        assert again.attrs["study"] == "replay"
        assert str(99999999999999999999999) == again.attrs["seed"] if "seed" in data.attrs else True
    else:
        assert odd in ("nothing", "a name with a slash"), "this one a file can hold"


def test_objects_among_the_values(tmp_path, temporary):
    data = result().assign(why=("lane", np.array([None, {"a": 1}, "text"], dtype=object)))
    (tmp_path / "out").mkdir()
    with pytest.raises(sh.StorageError, match="cannot be written as NetCDF") as caught:
        output.write(data, tmp_path / "out", force=False)
    assert list(kept(caught.value, temporary)["why"].values) == ["None", "{'a': 1}", "text"]


def test_a_folder_that_is_gone(tmp_path, temporary):
    with pytest.raises(sh.StorageError, match="could not be written whole") as caught:
        output.write(result(), tmp_path / "gone", force=False)
    assert kept(caught.value, temporary).equals(result())


@pytest.mark.parametrize("error", [ValueError("odd"), OverflowError("odd"), RuntimeError("two\nlines"), OSError(28, "No space left")])
def test_any_error_while_it_is_written(tmp_path, temporary, monkeypatch, error):
    import spikeheb.results

    true, calls = spikeheb.results.replace_file, []

    def fail_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise error
        true(*arguments)

    monkeypatch.setattr(spikeheb.results, "replace_file", fail_once)
    with pytest.raises(sh.StorageError) as caught:
        output.write(result(), tmp_path, force=False)
    assert kept(caught.value, temporary).equals(result())


@pytest.mark.parametrize("error", [ValueError("odd"), KeyError("x"), RuntimeError("two\nlines")])
def test_a_figure_that_cannot_be_drawn_leaves_the_result(tmp_path, monkeypatch, error):
    def fail(data):
        raise error

    monkeypatch.setattr("spikeheb.plots.figure", fail)
    with pytest.raises(sh.StorageError, match="the result itself is complete in") as caught:
        output.write(result(), tmp_path, force=False)
    assert str(caught.value).isprintable()
    assert sh.load(tmp_path / "result.nc").equals(result())


def test_plots_that_cannot_be_imported_leave_the_result(tmp_path):
    """As where MPLBACKEND names what is not there."""
    (tmp_path / "spikes.csv").write_text("lane,side,time\na,pre,0.1\na,post,0.11\n", encoding="utf-8")
    command = [sys.executable, "-m", "spikeheb", "replay", "--rule", "pair", "--spikes", "spikes.csv", "--out", "out"]
    ended = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "MPLBACKEND": "nonsense"}, capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert ended.returncode == 2
    assert "the result itself is complete in out/result.nc" in ended.stderr.splitlines()[-1]
    assert (tmp_path / "out" / "result.nc").is_file()


def test_plain_values_are_the_same(tmp_path):
    data = result(seed=1, note="text")
    assert plain(data).equals(data)
    assert plain(data).attrs == {"study": "replay", "seed": "1", "note": "text"}


LONG = "x" * 300
TEMPLATE = ("data", "template", "pairing")


@pytest.mark.parametrize("name", ["result.nc", "figure.png", "result.csv"])
@pytest.mark.parametrize("make", ["mkdir", "mkfifo"])
def test_what_is_no_file_is_seen_before_anything_is_computed_and_stays(spikeheb, tmp_path, spikes, name, make):
    (tmp_path / "out").mkdir()
    getattr(os, make)(tmp_path / "out" / name)
    said = spikeheb("replay", "--rule", "pair", "--spikes", spikes, "--out", "out", "--csv", "--force").refusal
    assert f"out/{name}: cannot be written (is a" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert not (tmp_path / "out" / name).is_file()


@pytest.mark.parametrize("target", ["folder", "pipe"])
def test_a_template_does_not_take_the_place_of_what_is_no_file(spikeheb, tmp_path, target):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert "not a file" in spikeheb(*TEMPLATE, "--out", target, "--force").refusal
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("out", [LONG, f"a/{LONG}", f"{LONG}/a"])
@pytest.mark.parametrize("command", ["replay", "template"])
def test_a_name_that_is_too_long_is_one_line(spikeheb, tmp_path, spikes, temporary, command, out):
    if command == "replay":
        assert "cannot be written (File name too long)" in spikeheb("replay", "--rule", "pair", "--spikes", spikes, "--out", out).refusal
    else:
        said = spikeheb(*TEMPLATE, "--out", f"{out}.csv").refusal
        kept = Path(said.rpartition("the text is kept in ")[2])
        assert kept.read_text(encoding="utf-8").startswith("# Measurements under the protocol pairing")
    assert [path for path in tmp_path.iterdir() if path not in (spikes, temporary)] == []


def test_a_long_name_in_another_script_makes_a_folder(spikeheb, tmp_path, spikes):
    train = spikes.rename(tmp_path / ("\u6f22" * 80 + ".csv"))
    assert spikeheb("replay", "--rule", "pair", "--spikes", train).code == 0
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert sorted(path.name for path in folder.iterdir()) == ["figure.png", "result.nc"]


def test_folders_made_for_nothing_are_taken_away(tmp_path):
    with pytest.raises(KeyboardInterrupt), output.output(tmp_path / "a" / "b" / "c", False):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with pytest.raises(KeyboardInterrupt), output.output(tmp_path / "mine" / "c", False):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


def test_a_seed_is_looked_at_before_anything_is_computed(spikeheb, tmp_path):
    with pytest.raises(sh.ScheduleError, match="seed: expected a whole number from 0 to 9,223,372,036,854,775,807"):
        sh.replay("pair", [[0.1]], [[0.11]], seed=2**63)
    outcome = spikeheb("run", "pairing", "--rule", "pair", "--seed", 2**63 - 1, "-p", "pairs=2", "--test-pulses", "off")
    assert outcome.code == 0, outcome.err
    assert sh.load(tmp_path / "pairing-pair" / "result.nc").attrs["seed"] == 2**63 - 1
    shutil.rmtree(tmp_path / "pairing-pair")
    assert spikeheb("run", "pairing", "--rule", "pair", "--seed", 2**63).code == 2
    assert list(tmp_path.iterdir()) == []
