"""Numbers of studies held against what they are said to be, computed anew or read from other fields of the result."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import of_fan_in, post_trains

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.recording import Recording
from spikeheb.circuits.sources import Poisson, Regular
from spikeheb.errors import FormatError
from spikeheb.expressions import tree as t
from spikeheb.rules.rule import Post
from spikeheb.schedules import Current, Lane, Reward, Schedule
from spikeheb.studies.board.entries import Entry, line
from spikeheb.studies.board.predictions import before, many_synapses, predict
from spikeheb.studies.datasets import data_sets
from spikeheb.studies.distributions import runs
from spikeheb.studies.distributions.files import read_weight_table
from spikeheb.studies.distributions.plan import Plan
from spikeheb.studies.distributions.settling import exact
from spikeheb.studies.experiment.replay import run_length
from spikeheb.studies.experiment.session import session, settled_step
from spikeheb.studies.start_weights import read_weights
from spikeheb.studies.windows.drift import drift

PAIR, NOISY = sh.rule("pair", set="additive"), sh.rule("pair", set="van_rossum")


# --- one session ----------------------------------------------------------------------------------------------------------


def test_a_session_without_test_pulses_ends_with_the_step_at_which_the_efficacy_is_read():
    schedule = Schedule((Lane({"k": 0.0}, pre=(np.array([0.1]),), post=np.array([0.11])),)).without_test_pulses()
    job = session(schedule, PAIR, sh.cell("ca1_pyramidal"))
    assert job.steps == settled_step(schedule) + 1
    assert job.probes.samples.tolist() == [settled_step(schedule)]


def test_currents_and_rewards_reach_their_lane_at_their_step_and_currents_end():
    def lane(k):
        return Lane({"k": k}, pre=(np.array([0.1]),), currents=(Current(0.2, 0.3, 1e-9 * k),), rewards=(Reward(0.4, k),))

    job = session(Schedule((lane(1.0), lane(2.0)), baseline=0.0, follow_up=0.0), PAIR, sh.cell("ca1_pyramidal"))
    assert [(c.cell, c.step, c.value) for c in job.drive.currents] == [(0, 2000, 1e-9), (0, 5000, 0.0), (1, 2000, 2e-9), (1, 5000, 0.0)]
    assert [(c.cell, c.step, c.value) for c in job.drive.rewards] == [(0, 4000, 1.0), (1, 4000, 2.0)]


def test_an_experiment_says_from_which_weight_it_started():
    options = {"test_pulses": False, "delta_t": "10 ms", "pairs": 2, "frequency": "20 Hz"}
    assert sh.run("pairing", PAIR, w0=0.25, **options).attrs["w0"] == 0.25
    assert json.loads(sh.run("pairing", PAIR, w0=[0.25, 0.5], synapses=2, **options).attrs["w0"]) == [0.25, 0.5]
    assert "w0" not in sh.run("pairing", PAIR, **options).attrs


def test_a_replay_of_nothing_is_one_step_long_and_a_delay_is_waited_for():
    nothing = np.zeros(0, dtype=np.int64)
    assert run_length(PAIR, (nothing,), 1e-4) == 1
    assert run_length(sh.rule("pair", axonal_delay="2 ms"), (nothing, np.array([7])), 1e-4) == 7 + 20 + 1


def test_test_pulses_alone_do_not_move_a_rule_that_needs_both_spikes():
    assert drift(PAIR) == 0
    assert drift(sh.rule("vogels")) != 0


# --- predictions ----------------------------------------------------------------------------------------------------------


def test_lanes_are_predicted_in_the_order_that_is_asked_for():
    protocol = sh.protocol("pairing", delta_t="-10 ms, 10 ms, 20 ms")
    whole = predict(protocol, PAIR).ratio
    np.testing.assert_array_equal(predict(protocol, PAIR, lanes=np.array([2, 0])).ratio, whole[[2, 0]])
    assert len(set(whole)) == 3


def test_many_synapses_of_a_lane_hear_its_spikes_without_a_cell_and_start_evenly_spread():
    schedule = sh.protocol("pairing", delta_t="-10 ms, 10 ms", pairs=3).schedule(np.random.default_rng(0)).without_test_pulses()
    drawn = replace(NOISY, initial={**NOISY.initial, "w": t.Call("rand", ())})
    job = many_synapses(schedule, drawn, None, np.array([2, 4]), 0)
    assert (job.cell, job.cell_of_synapse.tolist(), job.cells.count) == (None, [0, 0, 1, 1, 1, 1], 2)
    np.testing.assert_allclose(job.plastic.initial["w"], [0.25, 0.75, 0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(before(job), job.plastic.initial["w"])


def test_each_synapse_of_a_rule_with_variables_of_the_cell_hears_the_postsynaptic_spikes_of_its_lane():
    schedule = sh.protocol("pairing", delta_t="-10 ms, 10 ms", pairs=3).schedule(np.random.default_rng(0)).without_test_pulses()
    lanes = [np.array([1]), np.array([2, 3])]
    job = many_synapses(schedule, replace(NOISY, post=Post((), None, (), {}, {})), tuple(lanes), np.array([1, 2]), 0)
    assert [train.tolist() for train in post_trains(job)] == [[1], [2, 3], [2, 3]]
    assert job.cell_of_synapse.tolist() == [0, 1, 2]


# --- the board ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def board():
    return sh.score([sh.rule("triplet", set="visual_cortex_all_min"), "vogels"], ["sjostrom_2001"], refit=False)


def test_aic_is_the_deviance_and_twice_the_free_parameters(board):
    free = board["free_parameters"].values
    assert set(free[np.isfinite(free)]) == {0.0, 3.0}
    np.testing.assert_allclose(board["aic"].values, board["deviance"].values + free + free)


def test_directions_are_counted_where_a_rule_applies_and_only_there(board):
    applies = board["standing"].values != "not applicable"
    assert applies.any(axis=1).tolist() == [True] + 4 * [False]
    np.testing.assert_array_equal(np.isfinite(board["signs_right"].values), applies)


def test_the_board_says_which_protocols_and_seed_it_stands_for(board):
    assert board.attrs["seed"] == 0
    hashes = {data.label: data.protocol.hash for data in data_sets(sh.protocol("sjostrom_2001"))}
    assert dict(zip(board["data_set"].values.tolist(), board["protocol_hash"].values.tolist(), strict=True)) == hashes


def test_each_point_of_a_square_is_predicted_as_its_lane_is_alone():
    """The series of one protocol are computed together, and each gets its own lanes."""
    frequency, *_ = data = data_sets(sh.protocol("sjostrom_2001", schedule="idealised"))[:1]
    (square,) = line(Entry(PAIR), data, None, "auto", 0)
    expected = predict(frequency.protocol, PAIR).ratio[frequency.lanes]
    np.testing.assert_array_equal(square.ratio, expected)
    assert square.fitted.startswith("gain = ")
    assert square.left_out.shape == square.ratio.shape


@pytest.mark.parametrize("name", ["sjostrom_2001", "wang_2005", "bi_poo_1998"])
def test_each_point_has_the_condition_of_its_lane(name):
    for data in data_sets(sh.protocol(name)):
        lanes = data.protocol.schedule(np.random.default_rng(0)).lanes
        assert data.conditions == tuple(lanes[n].condition for n in data.lanes)


def test_a_protocol_without_published_points_or_window_has_no_data():
    assert data_sets(sh.protocol("pairing")) == ()


# --- weights --------------------------------------------------------------------------------------------------------------


def plan(rules, unit_name="w/w_max", **changes):
    made = {
        "rules": tuple(rules), "body": None, "inputs": sh.poisson_inputs(9, "5 Hz"), "steps": (1000,) * len(rules), "seeds": (0,),
        "cells": 1, "imposed": (), "dt": 1e-4, "scales": (1.0,) * len(rules), "unit_name": unit_name, "snapshots": 5, "watch": 4,
        "normalise": None,
    }  # fmt: skip
    return Plan(**(made | changes))


def test_the_weights_that_are_watched_are_spread_from_the_first_input_to_the_last():
    assert plan([PAIR]).watched.tolist() == [0, 2, 5, 8]
    assert plan([PAIR], watch=20).watched.tolist() == list(range(9))


@pytest.mark.parametrize("bounds", ["none", {"kind": "law", "F_plus": "1", "F_minus": "w", "w_min": 0}])
def test_bins_without_an_upper_limit_reach_a_million_starts_and_below_0_where_weights_may(bounds):
    edges = plan([sh.rule("pair", bounds=bounds)], "w/w0").unit_edges
    assert (np.diff(edges) > 0).all()
    assert edges[-1] == pytest.approx(1e6, rel=1e-12)
    assert edges[0] == (pytest.approx(-1e6, rel=1e-12) if bounds == "none" else 0)
    assert edges.size == 101


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"normalise": ("divisive", 0.0)}, False),
        ({"body": library.cell("l5_pyramidal")}, False),
        ({"inputs": replace(sh.poisson_inputs(2), sources=(Poisson(np.array([5.0, 6.0])),))}, False),
        ({"inputs": replace(sh.poisson_inputs(2), sources=(Regular(np.array([0.2, 0.2]), np.zeros(2)),))}, False),
    ],
)
def test_the_theory_is_about_independent_poisson_spikes_of_one_rate(changes, expected):
    assert exact(plan([PAIR], **changes)) is expected


def fired(asked):
    """An engine that cannot be paused: a second of 10 Hz, one of 400 Hz, one of 10 Hz, whatever the job; it keeps what it was asked."""
    train = np.r_[0:1000:100, 1000:1800:2, 2000:3000:100]

    def run(job, engine):
        asked.append((job.steps, job.probes.watch.tolist(), job.probes.histograms.tolist()))
        return Recording(
            w=np.ones((1, 1)), counts=np.ones(1, int), spikes=(train,), watched=np.ones((1, 3)), histograms=np.ones((3, 1), int), engine={}
        )

    return run


def test_a_run_is_stopped_at_the_first_second_in_which_the_cells_have_run_away(monkeypatch):
    """The mean of the first two seconds is below 300 Hz, and that of the second alone is not."""
    watch, cell, sources = np.array([999, 1999, 2999]), library.cell("l5_pyramidal"), (Poisson(np.array([5.0])),)
    job = of_fan_in(PAIR, cell, 1e-3, 3000, 1, sources, watch=watch, histograms=watch, edges=np.array([0.0, 1.0]))
    asked = []
    monkeypatch.setattr(runs, "carry_out", fired(asked))
    stopped = runs._whole(job, "brian")
    assert (stopped.steps, stopped.reached) == (2000, 2)
    assert (stopped.recording.watched.shape, stopped.recording.histograms.shape) == ((1, 2), (2, 1))
    assert asked == [(3000, [999, 1999, 2999], [999, 1999, 2999]), (2000, [999, 1999], [999, 1999])]


# --- files of weights -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "layout"), [((0,), None), ((0, 5), "rows"), ((5, 0), "columns"), ((0, 0), "one")])
def test_a_table_of_no_weights_is_refused(tmp_path, shape, layout):
    np.save(tmp_path / "w.npy", np.zeros(shape))
    with pytest.raises(FormatError):
        read_weight_table(tmp_path / "w.npy", layout)


def test_an_array_of_another_shape_is_refused_with_its_shape(tmp_path):
    np.save(tmp_path / "w.npy", np.zeros((2, 3)))
    with pytest.raises(FormatError, match=r"got float64 of shape \(2, 3\)"):
        read_weights(tmp_path / "w.npy")


@pytest.mark.parametrize("ending", ["npy", "NPY"])
def test_an_array_is_known_by_its_ending_in_any_letters(tmp_path, ending):
    with (tmp_path / f"w.{ending}").open("wb") as file:
        np.save(file, np.array([0.25, 0.5]))
    assert read_weights(tmp_path / f"w.{ending}").tolist() == [0.25, 0.5]


def test_a_wrong_weight_of_a_table_is_quoted_with_its_line(tmp_path):
    (tmp_path / "w.csv").write_text("i,weight\n0,0.5\n1, half\n")
    with pytest.raises(FormatError, match=r'line 3: .*got "half"'):
        read_weights(tmp_path / "w.csv")
