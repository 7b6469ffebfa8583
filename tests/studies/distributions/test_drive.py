"""The default drive of a study of weights: rates within physiology, whatever the rule's start and upper bound."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import of_fan_in

import spikeheb as sh
from spikeheb import library
from spikeheb.engines.compiler import compiler
from spikeheb.errors import FormatError, ScheduleError, UnitError
from spikeheb.expressions.gate import parse_expression
from spikeheb.studies.distributions.drive import chosen_drive, driven, efficacies
from spikeheb.studies.inputs import fan_in_inputs

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
BOUNDED = sorted(name for name in library.names("rule") if library.rule(name).bounds.w_max is not None)
STILL = {"A_plus": 0, "A_minus": 0}


def rate_of(rule, inputs, w0, seconds=4.0):
    """Of the cell with weights that do not move, hertz."""
    from spikeheb.engines.kernel import fan_in

    drive = chosen_drive(rule, inputs, 1e-4)
    still = sh.rule("pair", bounds={"kind": "hard", "w_min": 0, "w_max": 1e3}, **STILL)
    cell = driven(library.cell("l5_pyramidal"), drive)
    job = of_fan_in(still, cell, 1e-4, round(seconds / 1e-4), 1, inputs.sources, initial={"w": w0}, current=drive.current, trains=True)
    return float(fan_in.run(job).counts.sum()) / seconds


@needs_compiler
@pytest.mark.parametrize("name", BOUNDED)
def test_the_cell_fires_within_physiology_at_the_start_and_at_the_upper_bound(name):
    rule, inputs = library.rule(name), fan_in_inputs()
    start, bound = efficacies(rule)
    assert 5 < rate_of(rule, inputs, start) < 40
    assert 10 < rate_of(rule, inputs, bound) < 100


@needs_compiler
@pytest.mark.parametrize(("count", "rate"), [(200, "15 Hz"), (1000, "3 Hz"), (4000, "20 Hz")])
def test_the_drive_does_not_depend_on_how_many_inputs_there_are(count, rate):
    rule, inputs = sh.rule("triplet"), fan_in_inputs(count, rate)
    assert 5 < rate_of(rule, inputs, 1.0) < 40
    assert 30 < rate_of(rule, inputs, 10.0) < 100


@pytest.mark.parametrize(
    ("bounds", "w0", "unit", "lacking"),
    [
        ((0, 1), 0.5, 1.0, 0.0),  # 1 nS and no current: as much as a thousand inputs of 15 Hz need
        ((0, 10), 1.0, 0.5 / 9, 0.5 - 0.5 / 9),
        ((0, 1), 0.9, 1.0, 0.0),
        ((0, 1), 1.0, 1.0, 0.0),
        ((0, 2), 0.0, 0.25, 0.5),
        ((0, None), 2.0, 0.25, 0.0),
    ],
)
def test_unit_and_current_by_the_formula(bounds, w0, unit, lacking):
    limits = {"w_min": bounds[0]} | ({} if bounds[1] is None else {"w_max": bounds[1]})
    kind = "hard" if bounds[1] is not None else "law"
    laws = {"F_plus": "1", "F_minus": "1"} if kind == "law" else {}
    rule = sh.rule("pair", bounds={"kind": kind, **laws, **limits})
    drive = chosen_drive(rule, fan_in_inputs(), 1e-4, np.array([w0]))
    assert drive.unit == pytest.approx(unit * 1e-9)
    assert drive.current == pytest.approx(lacking * 1.5e-9, abs=1e-20)


def test_a_start_that_is_drawn_counts_with_its_mean():
    """rho is 1 with probability 0.5, and the efficacy is 1 + (b - 1)*rho with b = 5."""
    assert efficacies(sh.rule("graupner_brunel")) == (pytest.approx(3), None)


@needs_compiler
@pytest.mark.parametrize("name", ["triplet", "bcm:fixed", "graupner_brunel:hippocampal_cultures", "izhikevich_reward"])
def test_defaults_do_not_run_away(name):
    data = sh.weights(name, duration="3 s", seeds=1, snapshots=8)
    assert "beyond physiology" not in data["note"].values[0, 0]
    assert 3 < float(data["rate"][0, 0]) < 100
    assert float(data["lasted"][0, 0]) == pytest.approx(3)
    assert "efficacy 1 is " in data["drive"].values[0]


@needs_compiler
def test_the_note_of_a_stopped_run_quotes_the_rate_that_stopped_it():
    """The cell runs away, and a sliding threshold silences it before the stretch over which its rate is taken has ended."""
    rule = sh.rule("bcm", tau_z="20 s")
    data = sh.weights(rule, "song_2000", sh.poisson_inputs(200, "10 Hz"), "30 s", 1, unit="1 nS", snapshots=6)
    note = re.match(r"stopped after 6 s of 30 s: the cells fired at (\d+) Hz in the last 6 s, above 300 Hz", str(data["note"].values[0, 0]))
    assert note, str(data["note"].values[0, 0])
    assert int(note[1]) > 300
    assert float(data["rate"][0, 0]) < 100  # of the second half
    brief = [
        sh.weights(rule, "song_2000", sh.poisson_inputs(20, "40 Hz"), "2.5 s", 1, unit="5 nS", snapshots=3, engine=engine)
        for engine in ("kernel", "plain")
    ]
    notes = [str(data["note"].values[0, 0]) for data in brief]
    assert "stopped after 1.25 s" in notes[0]
    assert notes[0] == notes[1]


@needs_compiler
def test_each_rule_has_its_drive_beside_others_as_alone_and_the_result_repeats():
    options = {"duration": "1 s", "seeds": 1, "snapshots": 8}
    both = sh.weights(["pair", "triplet"], **options)
    for name in ("pair", "triplet"):
        alone = sh.weights(name, **options)
        np.testing.assert_array_equal(alone["rate"].sel(rule=name), both["rate"].sel(rule=name))
        assert float(alone["conductance"][0]) == float(both["conductance"].sel(rule=name))
    assert both["conductance"].values == pytest.approx([1e-9, 1e-9 / 18])
    assert sh.rerun(both).identical(both)


@needs_compiler
def test_what_is_given_wins():
    options = {"duration": "0.5 s", "seeds": 1, "snapshots": 8}
    assert float(sh.weights("triplet", unit="2 nS", **options)["conductance"][0]) == pytest.approx(2e-9)
    assert float(sh.weights("triplet", unit="2 nS", **options)["current"][0]) == 0
    assert float(sh.weights("triplet", current="100 pA", **options)["current"][0]) == pytest.approx(1e-10)
    own = sh.weights("triplet", "song_2000", **options)
    assert float(own["conductance"][0]) == library.cell("song_2000").receptor(None).unit
    rows = sh.weights(["pair", "triplet"], unit="2 nS, 0.1 nS", current=["0 pA", "50 pA"], **options)
    assert rows["conductance"].values == pytest.approx([2e-9, 1e-10])
    assert rows["current"].values == pytest.approx([0, 5e-11])


def test_a_drive_that_cannot_be_is_refused_by_name():
    with pytest.raises(ScheduleError, match="unit: expected one unit, or one for each of the 1 rules"):
        sh.weights("pair", unit="1 nS, 2 nS", duration="1 s")
    with pytest.raises(ScheduleError, match=r'unit: "auto" is known for the cell l5_pyramidal only \(got song_2000\)'):
        sh.weights("pair", "song_2000", unit="auto", duration="1 s")
    with pytest.raises(FormatError, match="current: has no effect without a cell"):
        sh.weights("pair", imposed="5 Hz", current="1 pA", duration="1 s")
    with pytest.raises(UnitError, match="current: expected a current"):
        sh.weights("pair", current="1 mV", duration="1 s")


@pytest.mark.parametrize(
    ("start", "mean"), [("rand()", 0.5), ("rand()*rand()", 0.25), ("int(rand() < 0.5)*rand()", 0.25), ("randn()*randn()", 0.0)]
)
def test_several_draws_in_one_starting_value_are_independent(start, mean):
    rule = sh.rule("pair", bounds="none")
    drawn = replace(rule, initial={**rule.initial, "w": parse_expression(start, path="a rule", key="initial")})
    assert efficacies(drawn)[0] == pytest.approx(mean, abs=0.03)
