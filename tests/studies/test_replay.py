"""Replay: trains in, weights out."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh


def replay(*arguments, **options):
    return sh.replay(sh.rule("pair", set="additive"), *arguments, engine="brian:numpy", **options)


def test_one_train_is_one_lane_and_lists_are_lanes():
    one = replay([0.0, 0.1], [0.01])
    many = replay([[0.0, 0.1], []], [[0.01], [0.2]])
    assert one.sizes == {"lane": 1}
    assert many.sizes == {"lane": 2}
    assert float(one["w"][0]) == float(many["w"][0])
    assert float(many["w"][1]) == 0.5


def test_the_record_steps_where_spikes_fall():
    data = replay([0.0], [0.01], record=True)
    np.testing.assert_allclose(data["time"], [0, 0.01])
    assert float(data["w_record"][0, 0]) == 0.5
    assert float(data["w_record"][0, 1]) == float(data["w"][0])
    regular = replay([0.0], [0.01], record=0.005)
    np.testing.assert_allclose(regular["time"], [0, 0.005, 0.01])


def test_the_record_holds_changes_that_come_late():
    late = sh.rule("pair", set="additive", axonal_delay="5 ms")
    data = sh.replay(late, [0.02], [0.01], record=True, engine="brian:numpy")
    np.testing.assert_allclose(data["time"], [0, 0.01, 0.02, 0.025])
    assert float(data["w_record"][0, -1]) == float(data["w"][0]) < float(data["w_record"][0, -2])


def test_a_rule_may_be_given_by_name():
    trains = ([0.0, 0.1], [0.01])
    assert float(sh.replay("pair", *trains)["w"][0]) == float(sh.replay(sh.rule("pair"), *trains)["w"][0])
    with pytest.raises(sh.UnknownName, match="did you mean"):
        sh.replay("pare", *trains)


def test_the_largest_shift_by_rounding_is_recorded():
    assert replay([0.00004], [0.01]).attrs["largest_shift_s"] == pytest.approx(4e-5)


def test_a_result_says_where_it_came_from():
    attributes = replay([0.0], [0.01], seed=7).attrs
    assert attributes["rule_label"] == "pair / additive"
    assert attributes["engine"] == "brian:numpy"
    assert attributes["seed"] == 7
    assert attributes["coincidence"] == "pre_first"
    assert len(attributes["rule_hash"]) == 16


@pytest.mark.parametrize(
    ("pre", "post", "options", "message"),
    [
        ([0.2, 0.1], [0.0], {}, "not sorted"),
        ([-0.1], [0.0], {}, "negative"),
        ([np.nan], [0.0], {}, "finite"),
        ([0.1, 0.10002], [0.0], {}, "two spikes in one step"),
        ([[0.1], [0.2]], [[0.1]], {}, "2 lanes and post has 1"),
        ([0.1], [0.1], {"w0": [1.0, 2.0]}, "one finite weight"),
        ([0.1], [0.1], {"w0": np.inf}, "one finite weight"),
        ([0.1], [0.1], {"w0": 5.0}, "5 lies outside the bounds 0 to 1"),
        ([0.1], [0.1], {"record": -1.0}, "record is"),
        (["a"], [0.1], {}, "numbers"),
        ([0.1], [0.1], {"events": [sh.Reward(-0.5)]}, "events: a reward needs a time >= 0"),
        ([0.1], [0.1], {"dt": 0.0}, "dt: expected a time step"),
        ([0.1], [0.1], {"dt": -1e-3}, "dt: expected a time step"),
        ([0.1], [0.1], {"dt": np.nan}, "dt: expected a time step"),
    ],
)
def test_bad_input_is_one_clear_line(pre, post, options, message):
    with pytest.raises(sh.ScheduleError, match=message) as caught:
        replay(pre, post, **options)
    assert "\n" not in str(caught.value)


def test_what_was_changed_stands_in_the_label():
    rule = sh.rule("pair", set="gutig", tau_plus="15 ms", coincidence="post_first")
    assert rule.label == "pair / gutig (coincidence, tau_plus changed)"
    assert sh.rule("pair", set="gutig").label == "pair / gutig"
