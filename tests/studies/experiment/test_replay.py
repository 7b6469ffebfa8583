"""Replay: trains in, weights out."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh


def replay(*arguments, **options):
    return sh.replay(sh.rule("pair", set="additive"), *arguments, engine="brian:numpy", **options)


def test_one_train_is_one_lane_and_lists_are_lanes():
    single = replay([0.0, 0.1], [0.01])
    many = replay([[0.0, 0.1], []], [[0.01], [0.2]])
    assert single.sizes == {"lane": 1}
    assert many.sizes == {"lane": 2}
    assert float(single["w"][0]) == float(many["w"][0])
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
        ([0.1], [0.1], {"record": np.inf}, "record is"),
        ([0.1], [0.1], {"record": "5 mV"}, "record: expected a time"),
        (["a"], [0.1], {}, "numbers"),
        ([0.1], [0.1], {"events": [sh.Reward(-0.5)]}, "events: a reward needs a time >= 0"),
        (
            [0.1],
            [0.1],
            {"events": [sh.Reward(0.5), [sh.Reward(0.2)]]},
            "events: expected rewards for all lanes, or a list",
        ),
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


def test_delays_of_lanes_are_those_of_the_rule() -> None:
    delays = ["0 ms", "1 ms", 0.01]
    for name in ("axonal_delay", "backpropagation_delay"):
        alone = [float(sh.replay(sh.rule("pair", **{name: delay}), [0.1, 0.2], [0.105], engine="brian:numpy")["w"][0]) for delay in delays]
        together = sh.replay("pair", [[0.1, 0.2]] * 3, [[0.105]] * 3, engine="brian:numpy", **{name: delays})
        assert len(set(alone)) == 3
        np.testing.assert_allclose(together["w"], alone, rtol=0, atol=1e-15)
        np.testing.assert_allclose(together[name], [0.0, 0.001, 0.01])


def test_one_delay_replaces_the_rules_own() -> None:
    rule = sh.rule("pair", axonal_delay="3 ms", backpropagation_delay="3 ms")
    data = sh.replay(rule, [0.1], [0.105], axonal_delay="0 ms", backpropagation_delay="1 ms", engine="brian:numpy")
    expected = sh.replay(sh.rule("pair", backpropagation_delay="1 ms"), [0.1], [0.105], engine="brian:numpy")
    assert float(data["w"][0]) == float(expected["w"][0])
    assert (data.attrs["axonal_delay_s"], data.attrs["backpropagation_delay_s"]) == (0.0, 0.001)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axonal_delay": [0.0, 0.001]}, "axonal_delay: expected one time of 0 or more, or one for each of 1 lanes"),
        ({"axonal_delay": -0.001}, "axonal_delay: expected one time of 0 or more"),
        ({"axonal_delay": "1 mV"}, "axonal_delay"),
        ({"backpropagation_delay": np.nan}, "backpropagation_delay: expected one time of 0 or more|got nan"),
    ],
)
def test_delays_that_cannot_be_are_refused(options, message):
    with pytest.raises(sh.ScheduleError, match=message):
        replay([0.1], [0.105], **options)


def test_with_a_cell_the_lanes_share_the_backpropagation_delay() -> None:
    with pytest.raises(sh.ScheduleError, match="backpropagation_delay: with a cell all lanes share one"):
        sh.replay("clopath", [[0.1]] * 2, [[0.105]] * 2, cell="l5_pyramidal", backpropagation_delay=[0.0, 0.001])


def test_trains_of_text_and_their_lanes() -> None:
    expected = replay([[0.1, 0.2], [0.1]], [[0.105], [0.105, 0.3]])["w"].values
    assert replay(["100 ms, 200 ms", "0.1 s"], ["105 ms", "105 ms, 0.3 s"])["w"].values.tolist() == expected.tolist()
    assert replay(["100 ms", "200 ms"], "105 ms")["w"].values.tolist() == expected[:1].tolist()


def test_rewards_that_a_rule_does_not_read_are_noted():
    pair, rewarded = ([0.1], [0.11]), [sh.Reward(0.12, 1.0)]
    assert "the rewards have no effect, because the rule does not read any" in sh.replay("pair", *pair, events=rewarded).attrs["note"]
    assert "note" not in sh.replay("pair", *pair).attrs
    assert "note" not in sh.replay("izhikevich_reward", *pair, events=rewarded, w0=0.2).attrs
