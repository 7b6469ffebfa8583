"""What is neither a name nor a path nor a result is refused in words, wherever it is handed over."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import spikeheb as sh

CALLS = {
    "analyse": sh.analyse,
    "cell": sh.cell,
    "cell of run": lambda wrong: sh.run("pairing", "pair", cell=wrong),
    "compare": sh.compare,
    "figure": sh.figure,
    "plot": sh.plot,
    "portrait": sh.portrait,
    "protocol": sh.protocol,
    "protocol of run": lambda wrong: sh.run(wrong, "pair"),
    "protocol of score": lambda wrong: sh.score("pair", wrong),
    "protocol of slice_of": lambda wrong: sh.slice_of(wrong, "pair"),
    "rerun": sh.rerun,
    "rule": sh.rule,
    "rule of run": lambda wrong: sh.run("pairing", wrong),
    "rule of score": sh.score,
    "rule of weights": sh.weights,
    "rule of window": sh.window,
    "table": lambda wrong: sh.to_csv(wrong, "never.csv"),
}
WRONG = {"whole": 3, "number": 2.5, "object": object(), "bytes": b"x", "table": {"a": 1}, "row": [object()]}
FUNCTIONS = [name for name in sh.__all__ if inspect.isfunction(getattr(sh, name)) and name not in ("main", "set_initial", "synapses")]
RIGHT = {
    "rule": "pair", "protocol": "pairing", "name_or_path": "pair", "name": "pair",
    "pre": [0.1], "post": [0.11], "rng": np.random.default_rng(0), "path": "never.nc", "data": None, "result": None,
}  # fmt: skip
QUICK = {"seeds", "force", "measure", "progress", "exact", "refit", "test_pulses", "control", "match_rates"}
"""Truth values and numbers, of which hardly anything is wrong and what is right takes long."""


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("wrong", [3, 2.5, object()], ids=["whole", "number", "object"])
def test_it_is_refused_in_words(what, wrong):
    with pytest.raises(sh.SpikehebError):
        CALLS[what](wrong)


@pytest.mark.parametrize("wrong", [b"x", bytearray(b"x"), b"10, 20"])
def test_bytes_are_no_row_of_numbers(wrong):
    with pytest.raises(sh.SpikehebError, match=r"input_rates.*expected a rate"):
        sh.constraint(input_rates=wrong)


def arguments():
    """Every argument of every public function that is no number."""
    for name in FUNCTIONS:
        for parameter in inspect.signature(getattr(sh, name)).parameters.values():
            if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in QUICK:
                yield name, parameter.name


@pytest.mark.parametrize(("name", "argument"), list(arguments()))
@pytest.mark.parametrize("kind", ["object", "bytes", "table", "row"])
def test_every_argument_is_looked_at(name, argument, kind, tmp_path, monkeypatch):
    """Whatever is handed over, the study runs or says in one line what is wrong; Python's own errors reach nobody."""
    monkeypatch.chdir(tmp_path)
    function = getattr(sh, name)
    given = {
        parameter.name: RIGHT.get(parameter.name, 1.0)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    try:
        function(**{**given, argument: WRONG[kind]})
    except sh.SpikehebError as error:
        assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize("wrong", [3, 2.5, object(), b"x", None], ids=["whole", "number", "object", "bytes", "nothing"])
@pytest.mark.parametrize("write", [sh.save, sh.to_csv])
def test_a_path_is_a_path(write, wrong):
    data = sh.window("pair", "10 ms", 1)
    with pytest.raises(sh.FormatError, match="path: expected a path"):
        write(data, wrong)
    for read in (sh.load, sh.read_spikes):
        with pytest.raises(sh.FormatError, match="path: expected a path"):
            read(wrong)


@pytest.mark.parametrize("wrong", [3, object(), "x", None, [1.0]], ids=["whole", "object", "text", "nothing", "row"])
def test_only_a_result_is_saved(wrong, tmp_path):
    for write in (sh.save, sh.to_csv):
        with pytest.raises(sh.FormatError, match="expected a result"):
            write(wrong, tmp_path / "never.nc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("argument", ["source", "target", "drives", "v", "amount", "rewarded"])
@pytest.mark.parametrize("kind", WRONG)
def test_synapses_between_groups_alone(argument, kind):
    b2 = pytest.importorskip("brian2")
    groups = [b2.NeuronGroup(1, "g : 1", threshold="g > 1", name=name) for name in ("from_here", "to_there")]
    given = {"source": groups[0], "target": groups[1], "drives": "g", "by": 1.0}
    with pytest.raises(sh.SpikehebError) as caught:
        sh.synapses("pair", **{**given, argument: WRONG[kind]})
    assert "\n" not in str(caught.value)


def test_starting_values_go_to_synapses():
    for wrong in WRONG.values():
        with pytest.raises(sh.FormatError, match="made: expected the synapses"):
            sh.set_initial("pair", wrong)
