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
        ([0.1], [0.1], {"record": -1.0}, "record is"),
        (["a"], [0.1], {}, "numbers"),
    ],
)
def test_bad_input_is_one_clear_line(pre, post, options, message):
    with pytest.raises(sh.ScheduleError, match=message) as caught:
        replay(pre, post, **options)
    assert "\n" not in str(caught.value)
