"""Files of circuits that are wrong: each is refused in one line, with the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.files import MAX_BYTES, read_circuit

ROOT = Path(__file__).parents[2]
FAN_IN = ROOT / "models" / "networks" / "fan_in.toml"


def read_text(folder: Path, text: str) -> Circuit:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return read_circuit(path)


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
    "no duration": (('"500 ms"', "0"), "duration: expected at least one time step (got 0)"),
    "NaN": (("seed = 1", "seed = nan"), "seed: a number that is not finite or too large"),
    "NaN as text": (('"500 ms"', '"nan ms"'), 'duration: expected a time such as "20 ms" ("nan ms" is not a quantity'),
    "a seed that is too large": (("seed = 1", f"seed = {2**63}"), "seed: expected a whole number from 0 to 9223372036854775807 (got "),
    "a seed of text": (("seed = 1", 'seed = "one"'), "seed: expected a whole number, got text"),
    "precision": (("seed = 1", 'precision = "float16"'), 'precision: no precision named "float16"; did you mean '),
    "both kinds of population": (("count = 1\n", "count = 1\nsources = []\n"), "populations.cells: expected either sources"),
    "neither kind": (("count = 1\n", ""), "populations.cells: expected either sources (a population that sends spikes) or count (cells)"),
    "a cell that sends spikes": (
        (SOURCE, SOURCE + '\ncell = "l5_pyramidal"'),
        "populations.inputs.cell: has no effect where sources are given",
    ),
    "no cells": (("count = 1\n", "count = 0\n"), "populations.cells.count: expected a whole number from 1 to 10,000,000 (got 0)"),
    "negative cells": (("count = 1\n", "count = -3\n"), "populations.cells.count: expected a whole number from 1 to 10,000,000 (got -3)"),
    "half a cell": (("count = 1\n", "count = 1.5\n"), "populations.cells.count: expected a whole number, got a number"),
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
    "a rate of truth": (
        source('kind = "poisson", count = 1, rate = true'),
        f"{FIRST}.rate: expected a number or text or a list, got true or false",
    ),
    "a negative rate": (
        source('kind = "poisson", count = 1, rate = "-1 Hz"'),
        f"{FIRST}.rate: the rate must be from 0 to 10000 Hz, one spike a step at most (got -1 Hz)",
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
        "populations.inputs.sources[1].count: with this there are 10,000,001 trains, and 10,000,000 are allowed in a file; use fewer",
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
        f"{FIRST}.share: the share of members that follow an event must be from 1e-09 to 1",
    ),
    "a period of a step": (
        source('kind = "regular", count = 2, period = "0.1 ms"'),
        f"{FIRST}.period: the period must be from 0.0001 to 1e+09 s, longer than a time step (got 0.0001 s)",
    ),
    "a falling train": (
        source('kind = "replayed", trains = [["1 ms"], ["2 ms", "1 ms"]]'),
        f"{FIRST}.trains[1]: the steps of train 1 must rise from 0 on, none twice",
    ),
    "two spikes in a step": (
        source('kind = "replayed", trains = [["1 ms", "1.01 ms"]]'),
        f"{FIRST}.trains[0]: the steps of train 0 must rise from 0 on, none twice",
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
        "populations.inputs.sources[0].cells: replayed trains are for 2 cells",
    ),
    "no sources": ((SOURCE, "sources = []"), "projections: expected at least one input (got 0)"),
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
        f'{PROJECTION}.post: expected a population of cells ("inputs" is a population of sources)',
    ),
    "a projection from cells": (
        ('pre = "inputs"', 'pre = "cells"'),
        "projections.synapses.connect.autapses: it leads from a population to itself; say autapses = true or false",
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
        f"{PROJECTION}.reaches: expected cells in rising order",
    ),
    "a pair with no cell": (
        (SOURCE, SOURCE.replace("100", "2"), '"all_to_all"', '"pairwise"\nreaches = [0, 7]'),
        f"{PROJECTION}.reaches[1]: there is no cell 7; there are 1, counted from 0",
    ),
    "an unknown rule": ((RULE, 'rule = "pear"'), f'{PROJECTION}.rule: no rule named "pear"; did you mean "pair"'),
    "a rule file that is not there": ((RULE, 'rule = "none.toml"'), "none.toml: there is no such file"),
    "a rule that is a script": ((RULE, 'rule = "protocols/pairing.py"'), "a rule is a .toml file"),
    "an unknown set": ((RULE, 'rule = { name = "pair", set = "aditive" }'), 'no set named "aditive"; did you mean "additive"?'),
    "an unknown scheme": (
        (RULE, 'rule = { name = "pair", interaction = "some" }'),
        f'{PROJECTION}.rule.interaction: no interaction named "some"',
    ),
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
        f"{PROJECTION}.initial.w: expected a list of numbers, or lists of numbers that all have",
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
        f"{PROJECTION}.normalise.target: normalisation needs a sum above 0",
    ),
    "normalised oddly": (
        (AMPA, 'normalise = { kind = "fairly", target = 1 }'),
        f'{PROJECTION}.normalise.kind: the weights are normalised "divisive" or "subtractive" (got "fairly")',
    ),
    "drives of nothing": (("[drives.cells]", "[drives.cell]"), 'drives.cell: no population named "cell"; did you mean "cells"?'),
    "drives of sources": (
        ("[drives.cells]", "[drives.inputs]"),
        'drives.inputs: expected a population of cells ("inputs" is a population of sources)',
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
        "drives.cells.currents[0].cell: there is no cell 1; there are 1, counted from 0",
    ),
    "a current of cell -1": (
        ('"500 pA"', '"500 pA", cell = -1'),
        "drives.cells.currents[0].cell: there is no cell -1; there are 1, counted from 0",
    ),
    "a current before the start": (
        ('at = "0 ms"', 'at = "-1 ms"'),
        "drives.cells.currents[0].at: expected a time from 0 to 1.1e+08 s (got -0.001 s)",
    ),
    "imposed trains of other cells": (
        (CURRENT, 'imposed = [{ kind = "poisson", count = 2, rate = "1 Hz" }]'),
        "drives.cells.imposed: imposed spikes need a train for each of the 1 cells (got 2)",
    ),
    "a series without a distance": (
        (SNAPSHOTS, 'snapshots = { every = "0 ms", count = 5 }'),
        "probes.snapshots.every: expected a time above 0 (got 0 ms)",
    ),
    "an endless series": (
        (SNAPSHOTS, 'snapshots = { every = "1 ms", count = 1000000000 }'),
        "probes.snapshots.count: expected a whole number from 0 to 1,000,000",
    ),
    "records after the end": (
        (SNAPSHOTS, 'snapshots = ["1 ms", "500 ms"]'),
        "probes.snapshots: expected rising times before the end of the run",
    ),
    "samples after the end": (
        (SNAPSHOTS, 'samples = ["1 ms", "500 ms"]'),
        "probes.samples: expected rising times before the end of the run",
    ),
    "sweeps that fall": (
        (SNAPSHOTS, 'sweeps = ["2 ms", "1 ms"]'),
        "probes.sweeps: expected rising times before the end of the run",
    ),
    "watched by one number": (
        (SNAPSHOTS, "watched = [[0]]"),
        "probes.watched[0]: expected a cell and a source, such as [0, 3] (got 1 numbers)",
    ),
    "watched and not there": (
        (SNAPSHOTS, "watched = [[0, 100]]"),
        "probes.watched: each watched synapse is a cell below 1 and an input below 100, counted from 0",
    ),
    "edges that fall": ((SNAPSHOTS, 'histograms = ["1 ms"]\nedges = [1, 0]'), "probes.edges: the edges of histograms must rise"),
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
