"""Cell files: what a good one says, and the one line that a bad one gets."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from spikeheb.cells import Hold, assemble, read_cell, with_parameters
from spikeheb.dimensions import CURRENT as CURRENT_DIMENSION
from spikeheb.errors import SpikehebError
from spikeheb.expressions.printers import to_brian

CELLS = Path(__file__).parents[2] / "models" / "cells"
files = pytest.mark.parametrize("path", sorted(CELLS.glob("*.toml")), ids=lambda path: path.stem)

GOOD = """
schema = 1
name = "cell"
title = "A cell"
doc = "For tests."
[parameters]
C = { value = "200 pF", doc = "capacitance", source = "chosen for illustration" }
g_L = { value = "10 nS", doc = "leak", source = "chosen for illustration" }
E_L = { value = "-70 mV", doc = "rest", source = "chosen for illustration" }
[membrane]
model = "dv/dt = (g_L*(E_L - v) + I_syn + I_ext)/C : volt"
method = "exponential_euler"
threshold = "v > -50*mV"
initial = { v = "E_L" }
[spike]
reset = ["v = E_L"]
refractory = "2 ms"
[receptors.ampa]
unit = "1 nS"
reversal = "0 mV"
rise = "0.5 ms"
decay = "3 ms"
"""


def written(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in GOOD
    path = folder / "cell.toml"
    path.write_text(GOOD.replace(old, new, 1) if old else GOOD)
    return path


# what to replace, by what, and the beginning of the line after the file's path
BAD = {
    "another schema": ("schema = 1", "schema = 2", "schema: this version reads schema 1 (got 2)"),
    "a name that cannot be one": ('name = "cell"', 'name = "a cell"', 'name: "a cell" is not a name'),
    "a table that does not exist": ("[spike]", "[spikes]", "spikes: no such key"),
    "a missing key": ("reset = [", "resets = [", "spike.resets: no such key"),
    "a typo in a receptor": ("rise =", "rose =", "receptors.ampa.rose: no such key"),
    "no receptor": (GOOD[GOOD.index("[receptors") :], "[receptors]\n", "receptors: a cell needs at least one receptor"),
    "an unknown method": ("exponential_euler", "exponential-euler", 'membrane.method: no method named "exponential-euler"; did you mean'),
    "a parameter of no known source": (
        "chosen for illustration",
        "folklore",
        'parameters.C.source: "folklore" is not one of the references',
    ),
    "a receptor of no known source": (
        'rise = "0.5 ms"',
        'source = "folklore"',
        'receptors.ampa.source: "folklore" is not one of the references',
    ),
    "a unit that is a voltage": (
        'unit = "1 nS"',
        'unit = "1 mV"',
        'receptors.ampa.unit: expected a conductance such as "4 nS" (got "1 mV", a voltage)',
    ),
    "a unit of nothing": ('unit = "1 nS"', 'unit = "0 nS"', "receptors.ampa.unit: expected more than 0 (got 0 nS)"),
    "a rise slower than the decay": (
        '"0.5 ms"',
        '"4 ms"',
        "receptors.ampa.rise: the rise (4 ms) must be faster than the decay (3 ms), or as long for an alpha function",
    ),
    "a kind of receptor that does not exist": (
        'unit = "1 nS"',
        'kind = "currant"\nunit = "1 nS"',
        'receptors.ampa.kind: no kind named "currant"; did you mean "current"?',
    ),
    "a current in siemens": (
        'unit = "1 nS"\nreversal = "0 mV"',
        'kind = "current"\nunit = "1 nS"',
        'receptors.ampa.unit: expected a current such as "400 pA" (got "1 nS", a conductance)',
    ),
    "a current of nothing": (
        'unit = "1 nS"\nreversal = "0 mV"',
        'kind = "current"\nunit = "0 pA"',
        "receptors.ampa.unit: expected a current other than 0 (got 0 pA)",
    ),
    "a current with a reversal potential": (
        'unit = "1 nS"',
        'kind = "current"\nunit = "1 pA"',
        "receptors.ampa.reversal: a current has no reversal potential; leave it out",
    ),
    "a conductance without a reversal potential": (
        'reversal = "0 mV"\n',
        "",
        "receptors.ampa.reversal: is missing; a conductance has a reversal potential",
    ),
    "a jump that decays": (
        'unit = "1 nS"\nreversal = "0 mV"\nrise = "0.5 ms"',
        'kind = "jump"\nunit = "1 mV"',
        "receptors.ampa.decay: a jump has no decay; leave it out",
    ),
    "a jump that rises": (
        'unit = "1 nS"\nreversal = "0 mV"\nrise = "0.5 ms"\ndecay = "3 ms"',
        'kind = "jump"\nunit = "1 mV"\nrise = "1 ms"',
        "receptors.ampa.rise: a jump has no rise; leave it out",
    ),
    "a jump in amperes": (
        'unit = "1 nS"\nreversal = "0 mV"\nrise = "0.5 ms"\ndecay = "3 ms"',
        'kind = "jump"\nunit = "1 pA"',
        'receptors.ampa.unit: expected a voltage such as "-70 mV" (got "1 pA", a current)',
    ),
    "a jump of nothing": (
        'unit = "1 nS"\nreversal = "0 mV"\nrise = "0.5 ms"\ndecay = "3 ms"',
        'kind = "jump"\nunit = "0 mV"',
        "receptors.ampa.unit: expected a jump other than 0 (got 0 mV)",
    ),
    "a jump with a reversal potential": (
        'unit = "1 nS"\nreversal = "0 mV"\nrise = "0.5 ms"\ndecay = "3 ms"',
        'kind = "jump"\nunit = "1 mV"\nreversal = "0 mV"',
        "receptors.ampa.reversal: a jump has no reversal potential; leave it out",
    ),
    "a conductance without a decay": (
        'decay = "3 ms"\n',
        "",
        'receptors.ampa.decay: is missing; a conductance has a decay such as "5 ms"',
    ),
    "a threshold that draws twice": (
        '"v > -50*mV"',
        '"rand() < 1*Hz*dt or rand() < 0.5"',
        'membrane.threshold: a threshold may draw one number, with rand(), as in "rand() < rate*dt" (got rand(), rand())',
    ),
    "a threshold that draws a normal number": (
        '"v > -50*mV"',
        '"v > -50*mV + randn()*mV"',
        'membrane.threshold: a threshold may draw one number, with rand(), as in "rand() < rate*dt" (got randn())',
    ),
    "a chance with a unit": ('"v > -50*mV"', '"rand() < 100*Hz"', 'membrane.threshold: in threshold: "<" of a number and a rate'),
    "a step in the membrane": ("(g_L*", "(dt/ms*g_L*", 'membrane.model: in dv/dt: undeclared name "dt"'),
    "a random reset": ('["v = E_L"]', '["v = E_L*rand()"]', "spike.reset[0]: a cell may not draw random numbers here"),
    "a negative conductance": ('unit = "1 nS"', 'unit = "-1 nS"', "receptors.ampa.unit: expected more than 0 (got -1 nS)"),
    "a reset of a receptor to a voltage": (
        '["v = E_L"]',
        '["g_ampa_rise = E_L"]',
        "spike.reset[0]: g_ampa_rise should be a conductance, but its expression is a voltage",
    ),
    "a reset of a receptor that is not there": ('["v = E_L"]', '["g_gaba = 0*nS"]', 'spike.reset[0]: no variable named "g_gaba"'),
    "a negative refractory time": ('"2 ms"', '"-2 ms"', "spike.refractory: expected 0 or more (got -2 ms)"),
    "a part of the shape without length": (
        "[spike]",
        '[spike]\nshape = [{ v = "30 mV", lasts = "0 ms" }]',
        "spike.shape[0].lasts: expected more than 0 (got 0 ms)",
    ),
    "no equation for v": ("dv/dt", "du/dt", 'membrane.initial: no variable named "v"'),
    "v in amperes": (": volt", ": amp", 'membrane.model: expected an equation "dv/dt = ... : volt"'),
    "unequal sides": (")/C : volt", ") : volt", "membrane.model: dv/dt should be a quantity in"),
    "a sum of unlike terms": ("+ I_ext", "+ C", 'membrane.model: in dv/dt: "+" of a current and a capacitance'),
    "an undeclared name": ("+ I_ext", "+ I_ext - w_ad", 'membrane.model: in dv/dt: undeclared name "w_ad"'),
    "synapses that nothing reads": ("+ I_syn ", "", 'membrane.model: nothing reads "I_syn", so synapses would do nothing'),
    "current that nothing reads": (" + I_ext", "", 'membrane.model: nothing reads "I_ext", so injected current would do nothing'),
    "noise with exponential Euler": (
        'model = "dv/dt = (',
        'model = "dv/dt = 0.001*volt*xi*second**-0.5 + (',
        'membrane.method: noise needs method = "euler" (got "exponential_euler")',
    ),
    "a random membrane": ("(g_L*", "(randn()*g_L*", "membrane.model: a cell may not draw random numbers here"),
    "a random start": ('v = "E_L" }', 'v = "E_L*rand()" }', "membrane.initial.v: a cell may not draw random numbers here"),
    "an infinite start": ('v = "E_L" }', 'v = "E_L*exp(1000)" }', 'membrane.initial.v: "exp(1000)" is not a finite real number'),
    "a start of another variable": ('v = "E_L" }', 'u = "E_L" }', 'membrane.initial: no variable named "u"'),
    "a start of another kind": (
        'v = "E_L" }',
        'v = "g_L" }',
        "membrane.initial.v: v should be a voltage, but its expression is a conductance",
    ),
    "a threshold that is a number": ("v > -50*mV", "v", "membrane.threshold: a number where a comparison is expected"),
    "a threshold of another kind": ("v > -50*mV", "v > g_L", 'membrane.threshold: in threshold: ">" of a voltage and a conductance'),
    "a threshold the wrong way round": ("v > -50*mV", "v < -50*mV", 'membrane.threshold: "v < -50*mV" already holds at the initial values'),
    "a reset of a parameter": ('["v = E_L"]', '["E_L = v"]', 'spike.reset[0]: no variable named "E_L"'),
    "a reset to a conductance": (
        '["v = E_L"]',
        '["v = g_L"]',
        "spike.reset[0]: v should be a voltage, but its expression is a conductance",
    ),
    "code in a reset": ('["v = E_L"]', '["v = __import__(1)"]', "spike.reset[0]: only plain decimal numbers"),
    "a name of the receptor's": ("g_L = {", "tau_g_ampa_rise = {", 'membrane.model: "tau_g_ampa_rise" belongs to a receptor; rename it'),
    "a name declared twice": ("C = {", "v = {", 'membrane.model: "v" is declared twice; rename one'),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gets_one_line_that_says_where_and_what(case, tmp_path):
    old, new, expected = BAD[case]
    path = written(tmp_path, old, new)
    with pytest.raises(SpikehebError) as error:
        read_cell(path)
    line = str(error.value)
    assert line.startswith(f"{path}: {expected}")
    assert "\n" not in line
    assert error.value.path == str(path)


def test_the_file_that_the_bad_ones_were_made_from_is_good(tmp_path):
    cell = read_cell(written(tmp_path))
    assert cell.refractory == 2e-3
    assert cell.rest() == {"v": -0.07}
    assert cell.receptor(None).source == "chosen for illustration"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SpikehebError, match=r"nowhere.toml: cannot be read"):
        read_cell(tmp_path / "nowhere.toml")


@files
def test_every_cell_has_the_name_of_its_file_and_both_kinds_of_receptor(path):
    cell = read_cell(path)
    assert cell.name == path.stem
    assert list(cell.receptors)[:2] == ["ampa", "gaba"]
    ampa, gaba = cell.receptor(None), cell.receptor("gaba")
    assert ampa.kind == gaba.kind
    assert ampa.reversal == 0 if ampa.kind == "conductance" else ampa.unit > 0
    assert gaba.reversal <= cell.rest()["v"] if gaba.kind == "conductance" else gaba.unit < 0
    assert all(receptor.doc and receptor.source for receptor in cell.receptors.values())
    assert len(path.read_text().splitlines()) <= 75


@files
def test_every_cell_assembles_with_all_its_constants(path):
    cell = read_cell(path)
    membrane = assemble(cell, 1e-4)
    assert set(membrane.constants) == set(membrane.dimensions)
    states = {kind: {e.name for e in membrane.equations if e.kind == kind} for kind in ("differential", "variable")}
    assert states["differential"] >= {"v", *(state for receptor in cell.conducting for state in receptor.states)}
    assert states["variable"] >= set(membrane.jumps)
    assert set(membrane.jumps) == {f"g_{name}" for name, receptor in cell.receptors.items() if receptor.kind == "jump"}


def test_a_receptor_peaks_at_its_unit():
    import numpy as np

    for path in CELLS.glob("*.toml"):
        for receptor in read_cell(path).conducting:
            times = np.linspace(0, 10 * receptor.decay, 100_001)
            shape = times / receptor.decay if receptor.is_alpha else 1.0
            total = sum(weight * shape * np.exp(-times / tau) for _, tau, weight in receptor.parts)
            assert total.max() == pytest.approx(1, abs=1e-6)


def test_clopaths_spike_is_held_for_two_milliseconds():
    cell = read_cell(CELLS / "l5_clopath.toml")
    assert cell.shape == (Hold(0.0294, 1e-3), Hold(0.032862, 1e-3))
    assert [line.target for line in cell.reset] == ["v", "w_ad", "z", "V_T"]


def test_the_adaptation_of_a_spike_is_the_source_papers_and_can_be_changed():
    cell = read_cell(CELLS / "l5_pyramidal.toml")
    assert cell.constants["b"] == 80.5e-12
    changed = with_parameters(cell, {"b": "0.0805 pA"})
    assert changed.constants["b"] == pytest.approx(0.0805e-12)
    assert changed.hash != cell.hash


CURRENT = ('unit = "1 nS"\nreversal = "0 mV"', 'kind = "current"\nunit = "-2 pA"')


def test_a_current_may_inhibit_and_enters_the_membrane_as_it_is(tmp_path):
    cell = read_cell(written(tmp_path, *CURRENT))
    receptor = cell.receptor(None)
    assert (receptor.kind, receptor.unit, receptor.reversal) == ("current", pytest.approx(-2e-12), None)
    membrane = assemble(cell, 1e-4)
    assert {e.dimension for e in membrane.equations if e.name.startswith("g_")} == {CURRENT_DIMENSION}
    assert "E_ampa" not in membrane.constants
    synaptic = next(e.expression for e in membrane.equations if e.name == "I_syn")
    assert to_brian(synaptic) == "mean_g_ampa_decay*g_ampa_decay - mean_g_ampa_rise*g_ampa_rise"


def test_a_rise_as_long_as_the_decay_is_an_alpha_function_of_two_states(tmp_path):
    cell = read_cell(written(tmp_path, '"0.5 ms"', '"3 ms"'))
    assert cell.receptor(None).states == ("g_ampa_decay", "g_ampa_rise")
    assert cell.receptor(None).parts == (("g_ampa_rise", 3e-3, math.e),)
    lines = {e.name: to_brian(e.expression) for e in assemble(cell, 1e-4).equations if "_ampa" in e.name}
    assert lines == {
        "g_ampa_decay": "(fed_g_ampa_decay*g_ampa_rise - g_ampa_decay)/tau_g_ampa_decay",
        "g_ampa_rise": "-g_ampa_rise/tau_g_ampa_rise",
    }
    with pytest.raises(SpikehebError, match=r'"fed_g_ampa_decay" belongs to a receptor'):
        read_cell(written(tmp_path, "g_L = {", "fed_g_ampa_decay = {"))


def test_a_conductance_and_a_current_of_the_same_numbers_are_two_cells(tmp_path):
    conductance = read_cell(written(tmp_path))
    current = read_cell(written(tmp_path, 'unit = "1 nS"\nreversal = "0 mV"', 'kind = "current"\nunit = "1 nA"'))
    assert conductance.receptor(None).unit == current.receptor(None).unit
    assert conductance.hash != current.hash


def test_a_reset_may_write_the_states_of_a_receptor(tmp_path):
    cell = read_cell(written(tmp_path, '["v = E_L"]', '["v = E_L", "g_ampa_rise = 0*nS", "g_ampa_decay *= 0.5"]'))
    assert [line.target for line in cell.reset] == ["v", "g_ampa_rise", "g_ampa_decay"]


def test_a_receptor_that_the_reset_names_is_kept_though_nothing_drives_it(tmp_path):
    more = "".join(f'[receptors.{name}]\nunit = "1 nS"\nreversal = "-80 mV"\ndecay = "8 ms"\n' for name in ("gaba", "slow"))
    (tmp_path / "cell.toml").write_text(GOOD.replace('["v = E_L"]', '["v = E_L", "g_gaba += 3*nS"]') + more)
    cell = read_cell(tmp_path / "cell.toml")
    assert list(cell.driven({"ampa"}).receptors) == ["ampa", "gaba"]
    assert list(cell.driven({"slow"}).receptors) == ["gaba", "slow"]
