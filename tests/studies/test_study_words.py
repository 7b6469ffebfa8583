"""What studies say in words and attributes: names of refused values, notes, units, remarks."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.sources import Poisson, Regular, Replayed, correlated, early
from spikeheb.errors import SpikehebError
from spikeheb.recordings import Sweeps
from spikeheb.settings import Frequency, convert
from spikeheb.studies.board.entries import Entry, unverified_of
from spikeheb.studies.calls import decode, encode
from spikeheb.studies.changes import Events, change_note
from spikeheb.studies.distributions.comparison import Sample, compared, shapes_table, theory_table
from spikeheb.studies.experiment.remarks import remarks
from spikeheb.studies.experiment.sweeps import Files, in_groups
from spikeheb.studies.inputs import fan_in_inputs, kind_of, with_unit

PAIR = sh.rule("pair", set="additive")


# --- names of refused values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "key"),
    [({"inputs": -1}, "inputs"), ({"correlated": -1}, "correlated"), ({"early": -1}, "early"), ({"inhibitory": -1}, "inhibitory"),
     ({"rate": "1 mV"}, "rate"), ({"inhibitory": 1, "inhibitory_rate": "1 mV"}, "inhibitory_rate"),
     ({"correlated": 1, "correlation_time": "1 mV"}, "correlation_time"), ({"inputs": 1, "early": 2}, "correlated, early")],
)  # fmt: skip
def test_inputs_that_cannot_be_are_refused_by_name(given, key):
    with pytest.raises(SpikehebError) as refusal:
        fan_in_inputs(**given)
    assert refusal.value.key == key


@pytest.mark.parametrize(
    ("given", "key"),
    [({"dt": "1 mV"}, "dt"), ({"frequency": "1 mV"}, "frequency"), ({"delta_t": ["1 mV"]}, "delta_t[0]"), ({"seeds": 0}, "seeds"),
     ({"cells": 0}, "cells"), ({"synapses": 0}, "synapses")],
)  # fmt: skip
def test_a_window_that_cannot_be_is_refused_by_name(given, key):
    with pytest.raises(SpikehebError) as refusal:
        sh.window(PAIR, **given)
    assert refusal.value.key == key


@pytest.mark.parametrize("key", ["dt", "imposed", "normalise_every", "duration", "cells", "memory"])
def test_a_study_of_weights_that_cannot_be_is_refused_by_name(key):
    given = {"imposed": "5 Hz", "duration": "1 s"} | {key: "1 mV"}
    with pytest.raises(SpikehebError) as refusal:
        sh.weights([PAIR], None, sh.poisson_inputs(3), **given)
    assert refusal.value.key == key


@pytest.mark.parametrize(("pre", "post", "key"), [([["1 mV"]], [[0.1]], "pre[0]"), ([[0.1], [0.2]], [[0.1], [0.3, 0.2]], "post[1]")])
def test_trains_that_cannot_be_are_refused_by_side_and_lane(pre, post, key):
    with pytest.raises(SpikehebError) as refusal:
        sh.replay(PAIR, pre, post)
    assert key in str(refusal.value)


# --- names of things --------------------------------------------------------------------------------------------------


def test_kinds_of_inputs_have_names():
    sources = {
        "early": early(np.array([0.0, 0.01]), 5.0), "correlated": correlated(3, 5.0, 0.1, 0.02), "independent": Poisson(np.full(2, 5.0)),
        "regular": Regular(np.array([0.1]), np.array([0.0])), "replayed": Replayed((np.array([0.1]),)),
    }  # fmt: skip
    assert [kind_of(source) for source in sources.values()] == list(sources)


def test_a_unit_is_given_to_the_first_receptor_alone():
    cell = library.cell("l5_pyramidal")
    changed = with_unit(cell, "3 nS")
    first, *others = cell.receptors
    assert changed.receptors[first].unit == pytest.approx(3e-9)
    assert [changed.receptors[name] for name in others] == [cell.receptors[name] for name in others]


def test_quantities_of_the_package_quantities_are_stored_in_si():
    pq = pytest.importorskip("quantities")
    assert encode(np.array([1.0, 2.0]) * pq.ms)["array"] == pytest.approx([0.001, 0.002])


def test_a_rule_of_another_coincidence_and_delay_is_made_again():
    rule = sh.rule("pair", coincidence="post_first", axonal_delay="2 ms", backpropagation_delay="1 ms")
    again = decode(encode(rule))
    assert (again.coincidence, again.axonal_delay, again.backpropagation_delay, again.hash) == ("post_first", 0.002, 0.001, rule.hash)


@pytest.mark.parametrize(("text", "hertz"), [("5 Hz, 7 Hz", (5.0, 7.0)), ("5 Hz", (5.0,)), ("0.1 kHz", (100.0,))])
def test_several_quantities_stand_in_one_text(text, hertz):
    assert convert(tuple[Frequency, ...], text) == pytest.approx(hertz)
    assert convert(tuple[Frequency, ...], text.split(", ")) == pytest.approx(hertz)


def test_files_are_read_from_their_first_channel():
    assert Files().channel == 0


# --- notes --------------------------------------------------------------------------------------------------------------


def test_weights_that_start_at_a_bound_and_stay_are_explained_by_it():
    rule = sh.rule("pair", set="additive", A_plus=0.0)
    events = Events(np.array([1]), np.array([1]))
    assert "they start at a bound (w_min = 0, w_max = 1)" in change_note(rule, [[0.0]], [[0.0]], events)
    assert "A_plus = 0, which makes the corresponding change 0" in change_note(rule, [[0.5]], [[0.5]], events)


def test_a_result_without_a_remark_has_no_note():
    assert "note" not in sh.replay(PAIR, [0.0], [0.01]).attrs


def test_what_a_set_cites_as_unverified_is_named_by_its_reference():
    text = unverified_of(Entry(sh.rule("pair", set="van_rossum")))
    assert "van_rossum_2000: " in text
    assert unverified_of(Entry(sh.rule("pair", set="additive"))) == ""


# --- comparison -----------------------------------------------------------------------------------------------------


def test_a_table_of_shapes_counts_what_lies_near_each_limit():
    """Of ten weights from 0 to 0.9 in limits 0 and 1, two lie within a tenth of the lower, one of the upper, limits included."""
    values = np.array([0.0, 0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95])
    columns, (row,) = shapes_table([Sample("a", (values,), 0.0, 1.0)])
    shown = dict(zip(columns, row, strict=True))
    assert (shown["near lower bound"], shown["near upper bound"], shown["count"]) == ("0.2", "0.1", "10")
    assert dict(zip(columns, shapes_table([Sample("a", (values,), None, None)])[1][0], strict=True))["near lower bound"] == ""


def test_distances_to_a_theory_are_those_of_the_pooled_weights():
    """Weights in the middle of [0, 1] against an even density: half of the range away at most, a quarter in the mean."""
    grid = np.linspace(0, 1, 1001)
    sample = Sample("half", (np.full(5, 0.5), np.full(5, 0.5)), 0.0, 1.0, (grid, np.ones(1001)))
    data = compared([sample])
    assert float(data.sel(sample="half")["wasserstein_to_theory"]) == pytest.approx(0.25, abs=0.002)
    assert float(data["kolmogorov_smirnov_to_theory"][0]) == pytest.approx(0.5, abs=0.002)
    assert theory_table([sample])[1][0][0] == "half"


# --- recordings ---------------------------------------------------------------------------------------------------------


def measures(resistance):
    """The measures of a steady recording whose series resistance alone is looked at."""
    still = SimpleNamespace(latency=0.002, latency_error=0.0, rise_time=0.001)
    return SimpleNamespace(
        rejected=np.zeros(len(resistance), dtype=bool), baseline_stands_in=False, peak_time=0.01, before=still, after=still,
        amplitude_before=1.0, amplitude_ratio=1.0, drift=SimpleNamespace(slope=0.0), drift_after=SimpleNamespace(slope=0.0),
        series_resistance=np.asarray(resistance, dtype=float),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("resistance", "words"),
    [([10, 10, 10, 10, 13, 13], ["+30%"]), ([10, 10, 20, 20, 10, 10], []), ([10, 10, 12, 13, 11, 11], []), ([10], [])],
)
def test_the_series_resistance_is_compared_between_the_first_and_the_last_third(resistance, words):
    settings = SimpleNamespace(blank=0.0)
    texts = list(remarks(measures(resistance), settings, "V"))
    assert len(texts) == len(words)
    assert all(word in text for word, text in zip(words, texts, strict=True))


@pytest.mark.parametrize(("latency", "error", "said"), [(0.004, 0.0, True), (0.004, 0.01, False), (0.00201, 0.0, False)])
def test_a_latency_that_shifts_by_more_than_its_errors_is_remarked(latency, error, said):
    made = measures([10])
    made.after = SimpleNamespace(latency=latency, latency_error=error, rise_time=0.001)
    assert bool(list(remarks(made, SimpleNamespace(blank=0.0), "V"))) == said


def test_groups_of_sweeps_part_at_the_induction_and_keep_the_sweep_of_its_moment():
    minutes = np.array([-2.0, -1.0, 0.0, 0.5, 1.0])
    sweeps = Sweeps(np.arange(5.0)[:, None] * np.ones((1, 3)), np.arange(3.0), minutes, 0.0, "V")
    averaged, out, notes = in_groups(sweeps, np.zeros(5, dtype=bool), 2)
    assert averaged.v[:, 0].tolist() == [0.5, 2.5, 4.0]
    assert averaged.minutes.tolist() == [-1.5, 0.25, 1.0]
    assert (out.tolist(), len(notes)) == ([False] * 3, 1)


@pytest.mark.parametrize(("unit", "units"), [("A", {"epsp": "A", "slope": "A/s", "time": "s"}), ("V", {"epsp": "V", "slope": "V/s"})])
def test_recorded_currents_have_the_units_of_currents(unit, units):
    time, minutes = np.arange(-100, 500) * 1e-4, np.concatenate([np.arange(-10.0, 0), 20 + np.arange(20.0)])
    response = np.where(time > 0.002, np.exp(-(time - 0.002) / 0.02), 0)
    level = {"A": 1e-12, "V": 1e-3}[unit]
    data = sh.analyse(Sweeps(level * response * np.ones((30, 1)), time, minutes, 0.0, unit), signal={"A": "current", "V": "field"}[unit])
    assert {name: data[name].attrs["units"] for name in units} == units
