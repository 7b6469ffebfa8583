"""Circuits from files and as the text of files: reading what was written gives the same, and what is wrong is said in one line."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spikeheb as sh
from spikeheb.circuits import usual
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, OwnCopies, Pairwise
from spikeheb.circuits.drives import EVERY, RELEASED, Change, Drives
from spikeheb.circuits.files import circuit_to_toml, read_circuit
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed
from spikeheb.circuits.steps import NO_STEPS
from spikeheb.cli.app import run
from spikeheb.engines.choice import carry_out

ROOT = Path(__file__).parents[2]
FAN_IN = ROOT / "models" / "networks" / "fan_in.toml"
RULES = {
    "as the file says": sh.rule("pair"),
    "a set and a scheme": sh.rule("pair", set="additive", interaction="restricted"),
    "single values": sh.rule("triplet", set="visual_cortex_all_min", tau_plus="15.3 ms", A2_plus=0.1 / 3),
    "delays and ties": sh.rule("pair", axonal_delay="0.7 ms", backpropagation_delay="1 ms", coincidence="discard"),
    "bounds": sh.rule("pair", bounds={"kind": "power", "w_min": 0.1, "w_max": 0.9, "mu_plus": 0.3, "mu_minus": 0.7}),
    "a law": sh.rule("pair", bounds={"kind": "law", "F_plus": "1 + nu*w*randn()/A_plus", "F_minus": "w", "nu": 0.015, "w_min": 0}),
    "a combination": sh.rule("triplet:visual_cortex_all_min+tsodyks_markram"),
    "a combination with another value": sh.rule("pair+tsodyks_markram", pair_tau_plus="11 ms"),
}
CELLS = (None, sh.cell("l5_pyramidal"), sh.cell("ca1_pyramidal"), sh.cell("l5_pyramidal", E_L="-65.1 mV"))


def plain(value: Any) -> Any:
    """A circuit as nested lists and dictionaries; NaN as text, so that it equals itself."""
    if isinstance(value, sh.Rule | sh.Cell):
        return value
    if dataclasses.is_dataclass(value):
        return type(value).__name__, {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return value.shape, value.tolist()
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return "nan" if isinstance(value, float) and np.isnan(value) else value


def read_text(folder: Path, text: str) -> Circuit:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return read_circuit(path)


# --- what is written is read ---

STEPS = 3000
positive = st.floats(1e-3, 1e3)
amounts = st.floats(-1e3, 1e3, allow_subnormal=False)


def upto(most: float) -> st.SearchStrategy[float]:
    return st.floats(0, most, allow_subnormal=False)


def rows(values: st.SearchStrategy[float], size: int) -> st.SearchStrategy[np.ndarray]:
    """Arrays with a value for each, or with the same for all."""
    different = st.lists(values, min_size=size, max_size=size)
    return st.one_of(different, values.map(lambda value: [value] * size)).map(lambda items: np.array(items, dtype=float))


def rising(most: int = 6) -> st.SearchStrategy[np.ndarray]:
    some = st.lists(st.integers(0, STEPS - 1), max_size=most, unique=True).map(sorted)
    series = st.tuples(st.integers(0, 100), st.integers(1, 50), st.integers(4, 50)).map(lambda x: [x[0] + k * x[1] for k in range(x[2])])
    return st.one_of(some, series).map(lambda steps: np.array(steps, dtype=np.int64))


@st.composite
def sources(draw: st.DrawFn, kinds: str = "pgrt", count: int | None = None, cells: int = 1) -> Any:
    kind, size = draw(st.sampled_from(kinds)), draw(st.integers(1, 4)) if count is None else count
    if kind == "p":
        return Poisson(draw(rows(positive, size)))
    if kind == "g":
        return Group(draw(positive), draw(st.floats(1e-3, 1)), draw(rows(upto(10), size)), draw(upto(10)))
    if kind == "r":
        return Regular(draw(rows(st.floats(0.01, 1e3), size)), draw(rows(upto(1e3), size)))
    return Replayed(tuple(draw(st.lists(rising(), min_size=size * cells, max_size=size * cells))), cells)


def apart(length: int) -> st.SearchStrategy[np.ndarray]:
    """First steps of stretches that do not overlap."""
    return rising().map(lambda steps: np.unique(np.minimum(steps, STEPS - length) // length) * length)


@st.composite
def changes(draw: st.DrawFn, cells: int, values: st.SearchStrategy[float]) -> tuple[Change, ...]:
    each = st.builds(Change, st.one_of(st.just(EVERY), st.integers(0, cells - 1)), st.integers(0, STEPS - 1), values)
    return tuple(draw(st.lists(each, max_size=3)))


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    dt, cells, cell = draw(st.sampled_from([1e-4, 5e-5, 3e-4, 1e-3 / 3, 1.7e-5])), draw(st.integers(1, 3)), draw(st.sampled_from(CELLS))
    connect: Any = draw(st.sampled_from([AllToAll(), OwnCopies(), Pairwise(np.zeros(0, dtype=np.int64))]))
    copies = cells if isinstance(connect, OwnCopies) else 1
    inputs = tuple(draw(st.lists(sources(cells=copies), min_size=1, max_size=3)))
    count = sum(source.count for source in inputs)
    shapes = [(), (count,)]
    if isinstance(connect, Pairwise):
        connect = Pairwise(np.sort(draw(st.lists(st.integers(0, cells - 1), min_size=count, max_size=count))).astype(np.int64))
    else:
        shapes.append((cells, count))
    rule = draw(st.sampled_from(list(RULES.values())))
    shape = draw(st.sampled_from(shapes))
    weight = np.array(draw(st.lists(upto(1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))).reshape(shape)
    initial: Any = {} if draw(st.booleans()) else {rule.weight: weight if shape else float(weight)}
    constant = draw(st.sampled_from(sorted(rule.parameters)))
    plastic = Projection(
        "inputs", "cells", connect, rule, initial=initial,
        receptor=None if cell is None else draw(st.sampled_from([None, *cell.receptors])),
        overrides=draw(st.sampled_from([{}, {constant: draw(rows(positive, cells))}, {constant: np.array(draw(positive))}])),
        normalise=draw(st.none() | st.builds(Normalise, st.sampled_from(["divisive", "subtractive"]), positive, upto(10))),
    )  # fmt: skip
    drives = Drives(
        imposed=draw(st.just(()) | st.tuples(sources(count=cells))),
        currents=() if cell is None else draw(changes(cells, st.floats(-1e-3, 1e-3, allow_subnormal=False))),
        clamps=() if cell is None else draw(changes(cells, st.floats(-10, 10, allow_subnormal=False) | st.just(RELEASED))),
        rewards=draw(changes(cells, amounts)),
    )
    synapses, length = st.tuples(st.integers(0, cells - 1), st.integers(0, count - 1)), draw(st.integers(1, 50))
    probes = Probes(
        **{name: draw(rising()) for name in ("samples", "snapshots", "watch", "histograms")},
        sweeps=NO_STEPS if cell is None else draw(apart(length)), sweep_steps=length,
        edges=np.array([0.0, 0.1 / 3, 1.0]), trains=draw(st.booleans()),
        watched=np.array(draw(st.lists(synapses, max_size=3)), dtype=int).reshape(-1, 2),
    )  # fmt: skip
    circuit = Circuit(
        dt=dt, steps=STEPS, populations={"inputs": Spikes(inputs), "cells": Cells(cells, cell)}, projections={"synapses": plastic},
        drives=draw(st.sampled_from([{}, {"cells": drives}])), probes=probes, seed=draw(st.integers(0, 2**63 - 1)),
        precision=draw(st.sampled_from(["float64", "float32"])), exact=draw(st.booleans()), mirrored=draw(st.booleans()),
    )  # fmt: skip
    if cell is None or draw(st.booleans()):
        return circuit
    beside = (Poisson(draw(rows(positive, count))),)
    receptor = draw(st.sampled_from([None, *cell.receptors]))
    return usual.with_unplastic(circuit, beside, receptor, draw(positive), draw(upto(1)))


@given(circuit=circuits())
@settings(max_examples=60, deadline=None)
def test_reading_what_was_written_gives_the_same_circuit(circuit: Circuit, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = read_text(tmp_path_factory.mktemp("circuit"), circuit_to_toml(circuit))
    assert plain(again) == plain(circuit)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_written_with_all_that_was_chosen(name: str, tmp_path: Path) -> None:
    circuit = usual.fan_in(RULES[name], None, 1e-4, 100, 1, (Poisson(np.ones(2)),))
    assert read_text(tmp_path, circuit_to_toml(circuit)).rule == RULES[name]


@pytest.mark.parametrize("dt", [1e-4, 1e-3 / 3, 7e-5])
def test_every_step_is_read_as_it_was(dt: float, tmp_path: Path) -> None:
    steps = np.unique(np.concatenate([np.arange(2000), 10 ** np.arange(4, 10), 10 ** np.arange(4, 10) - 1]))
    circuit = usual.fan_in(RULES["as the file says"], None, dt, 2**40, 1, (Replayed((steps,)),))
    again = read_text(tmp_path, circuit_to_toml(circuit))
    assert again.steps == 2**40
    np.testing.assert_array_equal(again.sources.sources[0].trains[0], steps)  # type: ignore[union-attr]


def test_files_of_the_user_are_written_by_path_and_read_from_the_folder_of_the_circuit(tmp_path: Path) -> None:
    shutil.copy(ROOT / "models" / "rules" / "pair.toml", tmp_path / "own rule.toml")
    shutil.copy(ROOT / "models" / "cells" / "l5_pyramidal.toml", tmp_path / "own.toml")
    text = FAN_IN.read_text().replace('rule = "pair"', 'rule = "own rule.toml:gutig"').replace('"l5_pyramidal"', '"./own.toml"')
    circuit = read_text(tmp_path, text)
    assert circuit.cell is not None
    assert (circuit.rule.path, circuit.rule.set) == (str(tmp_path / "own rule.toml"), "gutig")
    assert Path(circuit.cell.path) == tmp_path / "own.toml"
    other = tmp_path / "elsewhere"
    other.mkdir()
    assert plain(read_text(other, circuit_to_toml(circuit))) == plain(circuit)


def test_what_no_file_says_is_refused_and_not_left_out(tmp_path: Path) -> None:
    circuit, many = read_circuit(FAN_IN), np.arange(200_000)
    other = replace(circuit.rule, title="Another title")
    cases = {
        "projections.synapses.rule: was changed in a way": circuit.with_plastic(rule=other),
        "more than 2000000 bytes": replace(circuit, populations={**circuit.populations, "inputs": Spikes(usual.given((many,)))}),
        "is not a name": replace(circuit, populations={**circuit.populations, "more cells": Cells(1)}),
    }  # fmt: skip
    for message, wrong in cases.items():
        with pytest.raises(sh.FormatError) as refused:
            circuit_to_toml(wrong)
        assert message in str(refused.value)
        assert "\n" not in str(refused.value)


# --- the example ---


def test_the_example_is_read_and_runs() -> None:
    circuit = read_circuit(FAN_IN)
    assert (circuit.sources.count, circuit.cells.count, circuit.steps * circuit.dt, circuit.rule) == (100, 1, 0.5, sh.rule("pair"))
    assert circuit.cell == sh.cell("l5_pyramidal")
    np.testing.assert_array_equal(circuit.probes.snapshots, [999, 1999, 2999, 3999, 4999])
    recording = carry_out(circuit)
    assert recording.w.shape == (1, 100)
    assert recording.snapshots.shape == (5, 1, 100)
    assert 3 <= recording.counts[0] <= 30
    assert np.count_nonzero(recording.w != 0.5) > 90
    assert np.all((recording.w >= 0) & (recording.w <= 1))


def test_check_recognises_a_network(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["check", str(FAN_IN)]) == 0
    assert capsys.readouterr().out == f"OK network fan_in, 100 sources onto 1 cell: {FAN_IN}\n"
    path = tmp_path / "huge.toml"
    path.write_text(FAN_IN.read_text().replace("count = 100,", "count = 10000000,").replace("count = 1\n", "count = 1000000\n"))
    assert run(["check", str(path)]) == 2
    message = "projections.synapses.connect: that would be 10,000,000,000,000 synapses; at most 2,147,483,647 are possible"
    assert capsys.readouterr().err == f"error: {path}: {message}\n"
    assert run(["show", str(FAN_IN)]) == 2
    assert "is the file of a network" in capsys.readouterr().err
