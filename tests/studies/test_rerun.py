"""A result says how it was made, well enough to make it again from the file alone."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.sources import Regular, Replayed
from spikeheb.engines.compiler import compiler
from spikeheb.errors import FormatError
from spikeheb.studies.calls import decode, encode
from spikeheb.studies.datasets import with_measurements

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")

CASES = {
    "weights": lambda rule: sh.weights([rule, "triplet"], None, sh.poisson_inputs(12), "2 s", 2, imposed="15 Hz", snapshots=8, epsp="1 mV"),
    "weights of a cell": lambda rule: sh.weights(
        rule, "song_2000", sh.fan_in_inputs(40, early=10, correlated=10, inhibitory=5), "1 s", [3, 5], unit="5 nS", snapshots=8, name=["a"]
    ),
    "run": lambda rule: sh.run("pairing", rule, test_pulses=False, seed=3, pairs=5),
    "window": lambda rule: sh.window(rule, [-0.01, 0.01, 0.02], 5, w0=0.3),
    "replay": lambda rule: sh.replay(rule, [[0.1, 0.2], []], [[0.11], [0.3]], [0.2, 0.4], record=True, events=[sh.Reward(0.15, 2.0)]),
    "score": lambda rule: sh.score([rule], ["bi_poo_1998"], refit=False),
}


def own_rule(folder: Path) -> sh.Rule:
    """A rule of the user's own file, with choices of every kind."""
    path = folder / "mine.toml"
    path.write_text(library.find("rule", "pair").read_text(encoding="utf-8").replace('name = "pair"', 'name = "mine"'), encoding="utf-8")
    bounds = {"kind": "power", "mu_plus": 0.1, "mu_minus": 0.3, "w_min": 0, "w_max": 0.9}
    return sh.rule(
        path,
        set="gutig",
        interaction="symmetric",
        bounds=bounds,
        coincidence="post_first",
        axonal_delay="1 ms",
        A_plus=0.0071,
        tau_minus="33 ms",
    )


@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_a_run_is_repeated_to_the_byte_from_the_file_alone(name, tmp_path):
    rule = own_rule(tmp_path)
    data = CASES[name](rule)
    path = sh.save(data, tmp_path / "result.nc")
    Path(rule.path).unlink()
    again = sh.rerun(path)
    assert again.identical(data)
    assert sh.save(again, tmp_path / "again.nc").read_bytes() == path.read_bytes()
    assert sh.rerun(again).identical(data)


class Milliseconds(np.ndarray):
    """What an array of astropy looks like from outside, in milliseconds."""

    unit = object()

    def to(self, unit):
        assert unit == "s**(1)"
        return self.si

    @property
    def si(self):
        return SimpleNamespace(value=np.asarray(self) / 1000)


def rows_of_times():
    pq, pandas = pytest.importorskip("quantities"), pytest.importorskip("pandas")
    milliseconds = np.array([100.0, 135.0])
    return {
        "astropy": milliseconds.view(Milliseconds),
        "quantities": milliseconds * pq.ms,
        "xarray": xr.DataArray(milliseconds, attrs={"units": "ms"}),
        "numpy": (milliseconds * 1000).astype("m8[us]"),
        "numbers in xarray": xr.DataArray(milliseconds / 1000),
        "pandas": pandas.Series(milliseconds / 1000),
        "pandas with differences": pandas.Series((milliseconds * 1000).astype("m8[us]")),
        "row of quantities": [number * pq.ms for number in milliseconds],
        "objects": np.array([milliseconds / 1000, milliseconds / 1000 + 1], dtype=object),
    }


@pytest.mark.parametrize("library", rows_of_times())
def test_times_of_every_library_are_the_same_when_the_study_is_made_again(library):
    times = rows_of_times()[library]
    post = [0.105, 0.15] if library != "objects" else [[0.105, 0.15], [1.105, 1.15]]
    data = sh.replay("pair", times, post)
    assert np.all(data["w"] > 0.5)
    assert sh.rerun(data).identical(data)


def test_initial_weights_of_a_file_are_in_the_result(tmp_path):
    """The file may change, or go."""
    file = tmp_path / "w.npy"
    for given in (str(file), file):
        np.save(file, np.array([0.3]))
        data = sh.replay("pair", [0.1], [0.11], w0=given)
        shown = sh.window("pair", [0.01], 2, w0=given)
        np.save(file, np.array([0.9]))
        assert sh.rerun(data).identical(data)
        file.unlink()
        assert sh.rerun(data).identical(data)
        assert sh.rerun(shown).identical(shown)


@pytest.mark.parametrize("dependence", ["positive(1 - w)", "abs(1 - w)*int(not w > 2 and w < 3)", "clip(1 - w, 0, 1)**1.5 - -w*0"])
def test_a_weight_dependence_of_any_form_is_made_again(dependence):
    rule = sh.rule("pair", bounds={"kind": "law", "F_plus": dependence, "F_minus": "w", "w_min": 0})
    assert decode(json.loads(json.dumps(encode(rule)))).hash == rule.hash


def changed(data, **values):
    """The result with something else in its recorded call."""
    call = json.loads(data.attrs["call"])
    call["arguments"]["rule"]["rule"] |= values
    other = data.copy()
    other.attrs["call"] = json.dumps(call)
    return other


def test_what_cannot_be_made_again_is_refused_in_one_line(tmp_path):
    data = sh.window("pair", [0.01], 2)
    with pytest.raises(FormatError, match="hash"):
        sh.rerun(changed(data, parameters={"A_plus": 0.5}))
    text = json.loads(data.attrs["call"])["arguments"]["rule"]["rule"]["texts"][0]
    with pytest.raises(FormatError, match="hash"):
        sh.rerun(changed(data, texts=[text.replace("A_minus*y", "2*A_minus*y")]))
    with pytest.raises(FormatError, match="does not hold the file"):
        sh.rerun(changed(data, texts=[None]))
    older = data.copy()
    older.attrs["spikeheb"] = "0.0.9"
    with pytest.raises(FormatError, match=r"made by spikeheb 0\.0\.9"):
        sh.rerun(older)
    for attributes in ({}, {"spikeheb": "0.1.0", "call": np.arange(3)}):
        silent = data.copy()
        silent.attrs = attributes
        with pytest.raises(FormatError, match="does not say how it was made"):
            sh.rerun(silent)
    with pytest.raises(FormatError, match="there is no such file"):
        sh.rerun(tmp_path / "none.nc")
    for thing in (3, None, [data]):
        with pytest.raises(FormatError, match="result: expected a result, or the path of its file"):
            sh.rerun(thing)


@pytest.mark.parametrize(
    "call",
    ["[", "[]", "{}", '{"study": "load", "arguments": {}}', '{"study": "window", "arguments": {"progress": 1}}',
     '{"study": "window", "arguments": {"odd": 1}}', '{"study": "window", "arguments": {"rule": {"rule": {}}}}',
     '{"study": "window", "arguments": {"rule": {"value": "Path", "fields": {}}}}',
     '{"study": "window", "arguments": {"rule": {"unknown": "Mine"}}}'],
)  # fmt: skip
def test_odd_calls_are_refused(call):
    data = sh.window("pair", [0.01], 2)
    data.attrs["call"] = call
    with pytest.raises(FormatError):
        sh.rerun(data)


def test_a_protocol_is_never_taken_from_a_result(tmp_path, monkeypatch):
    """A script outside the library is not looked for, and one of the library that has changed is not executed."""
    folder = tmp_path / "protocols"
    folder.mkdir()
    source = library.find("protocol", "pairing").read_text(encoding="utf-8")
    script = folder / "own_pairing.py"
    script.write_text(source, encoding="utf-8")
    data = sh.run(script, "pair", test_pulses=False, pairs=2)
    with pytest.raises(FormatError, match="a script outside the library"):
        sh.rerun(data)
    monkeypatch.setenv("SPIKEHEB_PATH", str(tmp_path))
    assert sh.rerun(data).identical(data)
    script.write_text(source + "\nraise SystemExit('executed')\n", encoding="utf-8")
    with pytest.raises(FormatError, match="has the hash"):
        sh.rerun(data)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 0.1, "text", [1, [2.5, "a"]], {"a": [1]}, np.arange(3), np.array([[0.1, 1e-300]]), np.float64(0.1),
     sh.Reward(0.2, 3.0), Regular(np.array([0.1]), np.array([0.0])), Replayed((np.array([1, 5]), np.array([2]))),
     sh.fan_in_inputs(9, early=3, inhibitory=2)],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_values_survive_the_way_through_json(value):
    stored = json.dumps(encode(value))
    assert json.dumps(encode(decode(json.loads(stored)))) == stored
    assert type(decode(json.loads(stored))) is (float if isinstance(value, np.floating) else type(value))


@pytest.mark.parametrize("name", sorted(library.names("rule")))
def test_every_rule_and_set_is_made_again(name):
    rule = library.rule(name)
    for chosen in [rule, *(library.rule(name, set=key) for key in rule.sets)]:
        again = decode(json.loads(json.dumps(encode(chosen))))
        assert again.describe() == chosen.describe()


def test_combined_rules_and_changed_cells_are_made_again():
    both = sh.rule("triplet:visual_cortex_all_min+tsodyks_markram", bounds="soft")
    assert decode(encode(both)).hash == both.hash
    cell = sh.cell("song_2000", V_th="-52 mV")
    again = decode(encode(cell))
    assert (again.hash, again.constants) == (cell.hash, cell.constants)


def test_a_file_that_goes_or_changes_before_the_run_is_still_in_the_result(tmp_path):
    files = {name: tmp_path / f"{name}.toml" for name in ("pair", "tsodyks_markram", "l5_pyramidal")}
    for name, path in files.items():
        path.write_text(library.find("cell" if name == "l5_pyramidal" else "rule", name).read_text(encoding="utf-8"), encoding="utf-8")
    rule = sh.rule(f"{files['pair']}+{files['tsodyks_markram']}")
    alone, cell = sh.rule(files["pair"]), sh.cell(files["l5_pyramidal"])
    files["pair"].write_text(files["pair"].read_text(encoding="utf-8").replace("A_plus*x", "2*A_plus*x"), encoding="utf-8")
    files["tsodyks_markram"].unlink()
    files["l5_pyramidal"].unlink()
    for data in (
        sh.replay(rule, [0.1, 0.2], [0.11]),
        sh.replay(alone, [0.1, 0.2], [0.11]),
        sh.weights(alone, cell, sh.poisson_inputs(5), "1 s", 1, unit="5 nS", snapshots=8),
    ):
        assert sh.rerun(sh.save(data, tmp_path / "result.nc", force=True)).identical(data)


WEIGHTS = {
    "weights": lambda w0: sh.weights("pair", None, sh.poisson_inputs(2), "1 s", 1, imposed="15 Hz", snapshots=8, w0=w0),
    "run": lambda w0: sh.run("pairing", "pair", test_pulses=False, pairs=2, synapses=2, w0=w0),
    "window": lambda w0: sh.window("pair", [0.01], 2, synapses=2, w0=w0),
    "replay": lambda w0: sh.replay("pair", [[0.1], [0.2]], [[0.11], [0.22]], w0=w0),
}


@needs_compiler
@pytest.mark.parametrize("study", WEIGHTS)
@pytest.mark.parametrize("as_text", [True, False])
def test_weights_from_a_file_are_in_the_result_whatever_becomes_of_the_file(study, as_text, tmp_path):
    file = tmp_path / "start.csv"
    file.write_text("weight\n0.2\n0.3\n", encoding="utf-8")
    data = WEIGHTS[study](str(file) if as_text else file)
    file.write_text("weight\n0.8\n0.9\n", encoding="utf-8")
    assert sh.rerun(data).identical(data)
    file.unlink()
    assert sh.rerun(data).identical(data)


@needs_compiler
def test_a_board_with_measurements_of_the_users_own_is_repeated_without_their_file(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("delta_t_ms,ratio,sem\n10,1.5,0.1\n-10,0.8,0.1\n", encoding="utf-8")
    protocol = with_measurements(sh.protocol("bi_poo_1998"), file)
    data = sh.score(["pair:additive"], [protocol], refit=False)
    file.unlink()
    again = sh.rerun(sh.save(data, tmp_path / "score.nc"))
    assert again.identical(data)
    np.testing.assert_array_equal(again["published_ratio"], [1.5, 0.8])
