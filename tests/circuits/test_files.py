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
from spikeheb.circuits.files import MAX_BYTES, circuit_to_toml, read_circuit
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
        currents=() if cell is None else draw(changes(cells, amounts)),
        clamps=() if cell is None else draw(changes(cells, amounts | st.just(RELEASED))),
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
        "projections.synapses.rule: is changed in a way": circuit.with_plastic(rule=other),
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
    message = 'projections: "synapses" would have 10,000,000,000,000 synapses; at most 2,147,483,647 can be numbered'
    assert capsys.readouterr().err == f"error: {path}: {message}\n"
    assert run(["show", str(FAN_IN)]) == 2
    assert "is the file of a network" in capsys.readouterr().err


# --- what is wrong ---

SOURCE = 'sources = [{ kind = "poisson", count = 100, rate = "15 Hz" }]'
RULE = 'rule = "pair"'
AMPA = 'receptor = "ampa"'
CURRENT = 'currents = [{ at = "0 ms", value = "500 pA" }]'
SNAPSHOTS = 'snapshots = { first = "99.9 ms", every = "100 ms", count = 5 }'
FIRST = "populations.inputs.sources[0]"
PROJECTION = "projections.synapses"


def source(text: str) -> tuple[str, str]:
    return SOURCE, f"sources = [{{ {text} }}]"


WRONG = {
    "no TOML": (("schema = 1", "schema ="), "is not TOML (Invalid value (at line 2, column 9))"),
    "another schema": (("schema = 1", "schema = 2"), "schema: this version reads schema 1 (got 2)"),
    "an unknown key": (("seed = 1", "sead = 1"), 'sead: no such key; did you mean "seed"?'),
    "no time step": (('dt = "0.1 ms"', ""), "dt: is missing; this table has schema, dt, duration, populations, projections, "),
    "a time step without a unit": (('dt = "0.1 ms"', "dt = 1e-4"), 'dt: expected a time such as "20 ms" (got "0.0001", a number)'),
    "a time step of 0": (('dt = "0.1 ms"', 'dt = "0 ms"'), "dt: expected a time above 0 (got 0 ms)"),
    "a negative time step": (('dt = "0.1 ms"', 'dt = "-1 ms"'), "dt: expected a time above 0 (got -1 ms)"),
    "a duration of volts": (('"500 ms"', '"500 mV"'), 'duration: expected a time such as "20 ms" (got "500 mV", a voltage)'),
    "an endless duration": (('"500 ms"', '"1e12 s"'), "duration: expected a time from 0 to 1.1e+08 s (got 1e+12 s)"),
    "a negative duration": (('"500 ms"', '"-5 ms"'), "duration: expected a time from 0 to 1.1e+08 s (got -0.005 s)"),
    "no duration": (('"500 ms"', "0"), "duration: expected a time step at least (got 0)"),
    "NaN": (("seed = 1", "seed = nan"), "seed: a number that is not finite or too large"),
    "NaN as text": (('"500 ms"', '"nan ms"'), 'duration: expected a time such as "20 ms" ("nan ms" is not a quantity'),
    "a seed that is too large": (("seed = 1", f"seed = {2**63}"), "seed: expected a whole number from 0 to 9223372036854775807 (got "),
    "a seed of text": (("seed = 1", 'seed = "one"'), "seed: expected `int`, got `str`"),
    "precision": (("seed = 1", 'precision = "float16"'), 'precision: no precision named "float16"; did you mean '),
    "both kinds of population": (("count = 1\n", "count = 1\nsources = []\n"), "populations.cells: expected either sources"),
    "neither kind": (("count = 1\n", ""), "populations.cells: expected either sources (a population that sends spikes) or count (cells)"),
    "a cell that sends spikes": ((SOURCE, SOURCE + '\ncell = "l5_pyramidal"'), "populations.inputs.cell: has no effect beside sources"),
    "no cells": (("count = 1\n", "count = 0\n"), "populations.cells.count: expected a whole number from 1 to 10,000,000 (got 0)"),
    "negative cells": (("count = 1\n", "count = -3\n"), "populations.cells.count: expected a whole number from 1 to 10,000,000 (got -3)"),
    "half a cell": (("count = 1\n", "count = 1.5\n"), "populations.cells.count: expected `int`, got `float`"),
    "an unknown cell": (
        ('"l5_pyramidal"', '"l5_piramidal"'),
        'populations.cells.cell: no cell named "l5_piramidal"; did you mean "l5_pyramidal"',
    ),
    "a parameter of no cell": (
        ('"l5_pyramidal"', '{ name = "l5_pyramidal", parameters = { E_K = "-80 mV" } }'),
        'no parameter named "E_K"; did you mean "E_L"?',
    ),
    "a name with a space": (("[populations.cells]", '[populations."my cells"]'), 'populations: the key "my cells" is not a name: letters'),
    "an unknown kind": (
        source('kind = "poison", count = 1, rate = "1 Hz"'),
        f'{FIRST}.kind: no kind of source named "poison"; did you mean "poisson"?',
    ),
    "no kind": (source('count = 1, rate = "1 Hz"'), f"{FIRST}.kind: is missing; this table has kind, count, rate, "),
    "a rate of seconds": (
        source('kind = "poisson", count = 1, rate = "1 s"'),
        f'{FIRST}.rate: expected a rate such as "10 Hz" (got "1 s", a time)',
    ),
    "a rate without a unit": (
        source('kind = "poisson", rate = ["1 Hz", 15]'),
        f'{FIRST}.rate[1]: expected a rate such as "10 Hz" (got "15", a number)',
    ),
    "a rate of truth": (source('kind = "poisson", count = 1, rate = true'), f"{FIRST}.rate: expected `"),
    "a negative rate": (
        source('kind = "poisson", count = 1, rate = "-1 Hz"'),
        f"{FIRST}: rates of Poisson inputs must be from 0 to 10000 Hz",
    ),
    "negative sources": (
        source('kind = "poisson", count = -1, rate = "1 Hz"'),
        f"{FIRST}.count: expected a whole number from 0 to 10,000,000 (got -1)",
    ),
    "too many sources": (
        source('kind = "poisson", count = 10000000000, rate = "1 Hz"'),
        f"{FIRST}.count: expected a whole number from 0 to 10,000,000",
    ),
    "too many together": (
        (SOURCE, 'sources = [{ kind = "poisson", count = 9999999, rate = "1 Hz" }, { kind = "regular", count = 2, period = "1 s" }]'),
        "populations.inputs.sources[1].count: with this there are 10,000,001 trains, and 10,000,000 are allowed in a file; take fewer",
    ),
    "a count that is not the list's": (
        source('kind = "poisson", count = 3, rate = ["1 Hz", "2 Hz"]'),
        f"{FIRST}.rate: expected one value, or a list of 3 (got 2)",
    ),
    "lists of two lengths": (
        source('kind = "regular", period = ["1 s", "2 s"], phase = ["1 s"]'),
        f"{FIRST}.phase: expected one value, or a list of 2 (got 1)",
    ),
    "no count": (source('kind = "poisson", rate = "1 Hz"'), f"{FIRST}.count: is missing; say how many trains there are, or give a list"),
    "no rate": (source('kind = "poisson", count = 2'), f'{FIRST}.rate: is missing; a source of kind "poisson" needs rate'),
    "a key of another kind": (
        source('kind = "poisson", count = 2, rate = "1 Hz", jitter = "1 ms"'),
        f'{FIRST}.jitter: a source of kind "poisson" has no such key; it has rate, count',
    ),
    "rates of a group": (
        source('kind = "group", rate = ["1 Hz"], share = 0.5'),
        f"{FIRST}.rate: a group has one rate, that of its common events",
    ),
    "a share above 1": (
        source('kind = "group", count = 2, rate = "1 Hz", share = 2'),
        f"{FIRST}: the share of members that follow an event must be from 1e-09 to 1",
    ),
    "a period of a step": (
        source('kind = "regular", count = 2, period = "0.1 ms"'),
        f"{FIRST}: periods must be from 0.0001 to inf s, longer than a step",
    ),
    "a falling train": (
        source('kind = "replayed", trains = [["1 ms"], ["2 ms", "1 ms"]]'),
        f"{FIRST}: the steps of train 1 must rise from 0 on, none twice",
    ),
    "two spikes in a step": (
        source('kind = "replayed", trains = [["1 ms", "1.01 ms"]]'),
        f"{FIRST}: the steps of train 0 must rise from 0 on, none twice",
    ),
    "a spike before the start": (
        source('kind = "replayed", trains = [["-1 ms"]]'),
        f"{FIRST}.trains[0][0]: expected a time from 0 to 1.1e+08 s (got -0.001 s)",
    ),
    "a spike of text": (
        source('kind = "replayed", trains = [["soon"]]'),
        f'{FIRST}.trains[0][0]: expected a time such as "20 ms" ("soon" is not a quantity',
    ),
    "trains of no cells": (
        source('kind = "replayed", trains = [], cells = 0'),
        f"{FIRST}.cells: expected a whole number from 1 to 10,000,000 (got 0)",
    ),
    "trains for other cells": (
        source('kind = "replayed", trains = [["1 ms"], []], cells = 2'),
        "projections: replayed trains are for 2 cells",
    ),
    "no sources": ((SOURCE, "sources = []"), "projections: expected cells and inputs (got 1 and 0)"),
    "a projection from nowhere": (
        ('pre = "inputs"', 'pre = "input"'),
        f'{PROJECTION}.pre: no population named "input"; did you mean "inputs"?',
    ),
    "a projection to nowhere": (
        ('post = "cells"', 'post = "dells"'),
        f'{PROJECTION}.post: no population named "dells"; did you mean "cells"?',
    ),
    "a projection to sources": (
        ('post = "cells"', 'post = "inputs"'),
        f'{PROJECTION}.post: expected a population of cells ("inputs" is one of sources)',
    ),
    "a projection from cells": (
        ('pre = "inputs"', 'pre = "cells"'),
        'projections: "synapses" leads from a population to itself; say autapses = true or false',
    ),
    "no projection": (("[projections.synapses]", "[projection.synapses]"), 'projection: no such key; did you mean "projections"?'),
    "no rule": ((RULE, ""), f"{PROJECTION}.initial: has no effect without a rule"),
    "an unknown way to connect": (
        ('"all_to_all"', '"all_to_some"'),
        f'{PROJECTION}.connect: no way to connect named "all_to_some"; did you mean "all_to_all" or "one_to_one"?',
    ),
    "pairs that are not there": (('"all_to_all"', '"pairwise"'), f"{PROJECTION}.reaches: expected the cell of each of 100 sources (got 0)"),
    "pairs without effect": (
        ('"all_to_all"', '"all_to_all"\nreaches = [0]'),
        f'{PROJECTION}.reaches: has no effect unless connect is "pairwise"',
    ),
    "pairs that fall": (
        (SOURCE, SOURCE.replace("100", "2"), '"all_to_all"', '"pairwise"\nreaches = [1, 0]', "count = 1\n", "count = 2\n"),
        f"{PROJECTION}.reaches: expected cells that do not fall",
    ),
    "a pair with no cell": (
        (SOURCE, SOURCE.replace("100", "2"), '"all_to_all"', '"pairwise"\nreaches = [0, 7]'),
        f"{PROJECTION}.reaches[1]: there is no cell 7 among 1, counted from 0",
    ),
    "an unknown rule": ((RULE, 'rule = "pear"'), f'{PROJECTION}.rule: no rule named "pear"; did you mean "pair"'),
    "a rule file that is not there": ((RULE, 'rule = "none.toml"'), "none.toml: there is no such file"),
    "a rule that is a script": ((RULE, 'rule = "protocols/pairing.py"'), "a rule is a .toml file"),
    "an unknown set": ((RULE, 'rule = { name = "pair", set = "aditive" }'), 'no set named "aditive"; did you mean "additive"?'),
    "an unknown scheme": ((RULE, 'rule = { name = "pair", interaction = "some" }'), 'interactions: no interaction named "some"'),
    "an unknown parameter": ((RULE, 'rule = { name = "pair", parameters = { tau = "1 ms" } }'), 'parameters: no parameter named "tau"'),
    "a parameter without a unit": (
        (RULE, 'rule = { name = "pair", parameters = { tau_plus = 0.02 } }'),
        'parameters.tau_plus: expected a time such as "20 ms" (got "0.02", a number)',
    ),
    "a parameter with the name of a choice": (
        (RULE, 'rule = { name = "pair", parameters = { set = 1, name_or_path = 2 } }'),
        'parameters: no parameter named "set"',
    ),
    "bounds": (
        (RULE, 'rule = { name = "pair", bounds = { kind = "hard", w_min = 2, w_max = 1 } }'),
        "w_min must be below w_max (got 2 and 1)",
    ),
    "a delay without a unit": (
        (RULE, 'rule = { name = "pair", axonal_delay = 1 }'),
        'axonal_delay: expected a time such as "20 ms" (got "1", a number)',
    ),
    "an unknown receptor": ((AMPA, 'receptor = "amda"'), f'{PROJECTION}.receptor: no receptor named "amda"; did you mean "ampa"'),
    "a receptor without a cell": (('cell = "l5_pyramidal"', ""), f"{PROJECTION}.receptor: has no effect without a cell"),
    "an unknown variable": (("{ w = 0.5 }", "{ v = 0.5 }"), f'{PROJECTION}.initial: no variable named "v"'),
    "an initial value with a unit": (
        ("{ w = 0.5 }", '{ w = "1 ms" }'),
        f'{PROJECTION}.initial.w: expected a number such as "0.5" (got "1 ms", a time)',
    ),
    "too few initial values": (
        ("{ w = 0.5 }", "{ w = [0.5, 0.6] }"),
        f"{PROJECTION}.initial.w: expected a number, or shape (1, 100) (got (2,))",
    ),
    "ragged initial values": (
        ("{ w = 0.5 }", "{ w = [[0.5, 0.6], [0.5]] }"),
        f"{PROJECTION}.initial.w: expected a list of numbers, or lists of numbers that are all",
    ),
    "initial values that are not finite": (
        ("{ w = 0.5 }", "{ w = inf }"),
        f"{PROJECTION}.initial.w: a number that is not finite or too large",
    ),
    "overrides of nothing": ((AMPA, "overrides = { A = [1] }"), f'{PROJECTION}.overrides: no constant named "A"'),
    "overrides of other cells": (
        (AMPA, "overrides = { A_plus = [1, 2] }"),
        f"{PROJECTION}.overrides.A_plus: expected one value, or a list of 1 (got 2)",
    ),
    "normalised to 0": (
        (AMPA, 'normalise = { kind = "divisive", target = 0 }'),
        f"{PROJECTION}.normalise: normalisation needs a sum above 0",
    ),
    "normalised oddly": (
        (AMPA, 'normalise = { kind = "fairly", target = 1 }'),
        f'{PROJECTION}.normalise: the weights are normalised "divisive" or "subtractive" (got "fairly")',
    ),
    "drives of nothing": (("[drives.cells]", "[drives.cell]"), 'drives.cell: no population named "cell"; did you mean "cells"?'),
    "drives of sources": (
        ("[drives.cells]", "[drives.inputs]"),
        'drives.inputs: expected a population of cells ("inputs" is one of sources)',
    ),
    "a current of volts": (
        ('"500 pA"', '"5 mV"'),
        'drives.cells.currents[0].value: expected a current such as "400 pA" (got "5 mV", a voltage)',
    ),
    "a current that is released": (
        ('"500 pA"', '"released"'),
        'drives.cells.currents[0].value: expected a current such as "400 pA" ("released" is not',
    ),
    "a current of another cell": (
        ('"500 pA"', '"500 pA", cell = 1'),
        "drives.cells.currents[0].cell: there is no cell 1 among 1, counted from 0",
    ),
    "a current of cell -1": (
        ('"500 pA"', '"500 pA", cell = -1'),
        "drives.cells.currents[0].cell: there is no cell -1 among 1, counted from 0",
    ),
    "a current before the start": (
        ('at = "0 ms"', 'at = "-1 ms"'),
        "drives.cells.currents[0].at: expected a time from 0 to 1.1e+08 s (got -0.001 s)",
    ),
    "imposed trains of other cells": (
        (CURRENT, 'imposed = [{ kind = "poisson", count = 2, rate = "1 Hz" }]'),
        "drives: imposed spikes need a train for each of the 1 cells",
    ),
    "a series without a distance": (
        (SNAPSHOTS, 'snapshots = { every = "0 ms", count = 5 }'),
        "probes.snapshots.every: expected a time above 0 (got 0 ms)",
    ),
    "an endless series": (
        (SNAPSHOTS, 'snapshots = { every = "1 ms", count = 1000000000 }'),
        "probes.snapshots.count: expected a whole number from 0 to 1,000,000",
    ),
    "records after the end": ((SNAPSHOTS, 'snapshots = ["1 ms", "500 ms"]'), "probes: snapshots must rise, from step 0 to step 4999"),
    "samples after the end": (
        (SNAPSHOTS, 'samples = ["1 ms", "500 ms"]'),
        "probes.samples: expected times that do not fall, before the end of the run",
    ),
    "sweeps that fall": (
        (SNAPSHOTS, 'sweeps = ["2 ms", "1 ms"]'),
        "probes.sweeps: expected times that do not fall, before the end of the run",
    ),
    "watched by one number": ((SNAPSHOTS, "watched = [[0]]"), "probes.watched[0]: expected a cell and a source, [0, 3] (got 1 numbers)"),
    "watched and not there": ((SNAPSHOTS, "watched = [[0, 100]]"), "probes: each watched synapse is a cell and an input, counted from 0"),
    "edges that fall": ((SNAPSHOTS, 'histograms = ["1 ms"]\nedges = [1, 0]'), "probes: histograms need rising edges"),
    "a step that is no time": ((SNAPSHOTS, "snapshots = [5]"), 'probes.snapshots[0]: expected a time such as "20 ms" (got "5", a number)'),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line_with_file_and_key(name: str, tmp_path: Path) -> None:
    (*pairs,), message = WRONG[name]
    text = FAN_IN.read_text(encoding="utf-8").replace("# rule =", "#")
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises((sh.FormatError, sh.UnitError, sh.UnknownName)) as refused:
        read_text(tmp_path, text)
    shown = str(refused.value)
    assert shown.startswith(f"{tmp_path / 'mine.toml'}: ")
    assert message in shown
    assert "\n" not in shown
    assert refused.value.path == str(tmp_path / "mine.toml")
    assert refused.value.key or "TOML" in message


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    cases = {
        "large.toml": "more than 2000000 bytes",
        "binary.toml": "is not UTF-8 text",
        "none.toml": "cannot be read",
        ".": "is not a file",
    }
    for name, message in cases.items():
        with pytest.raises(sh.FormatError, match=message) as refused:
            read_circuit(tmp_path / name)
        assert str(tmp_path / name) in str(refused.value)
