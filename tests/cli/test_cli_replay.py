"""``spikeheb replay``: files without names, rewards, delays of lanes."""

from __future__ import annotations

from pathlib import Path

import pytest

import spikeheb as sh


@pytest.fixture
def run(spikeheb):
    """Run the command in an empty folder; its exit code, what it printed and what it complained about."""

    def call(*arguments: str) -> tuple[int, str, str]:
        outcome = spikeheb("replay", "--no-progress", "--engine", "brian:numpy", *arguments)
        return outcome.code, outcome.out, outcome.err

    return call


def weights(out: str) -> dict[str, float]:
    return {name: float(value) for name, value in (line.rsplit("\t", 1) for line in out.splitlines()[1:])}


def test_sides_and_reader_are_said_on_the_command_line(run):
    pytest.importorskip("neo")
    Path("trains.txt").write_text("0.105\t0.3\n0.1\t0.31\n")
    options = ("--rule", "pair", "--spikes", "trains.txt", "--reader", "AsciiSpikeTrainIO")
    code, out, _ = run(*options, "--sides", "post, pre")
    assert code == 0
    assert weights(out) == {"0": pytest.approx(float(sh.replay("pair", [0.1, 0.31], [0.105, 0.3], engine="brian:numpy")["w"][0]))}
    code, _, err = run(*options, "--sides", "post", "--force")
    assert (code, err.count("\n")) == (2, 1)
    assert "2 spike trains but 1 sides" in err


def test_rewards_of_the_table_arrive(run):
    lines = ["lane;side;time_ms;amount", "first;pre;100,0;", "first;post;105;", "first;reward;200;0,5", "second;pre;100;"]
    lines += ["second;post;105;", "third;pre;100;", "third;post;105;", "third;reward;200;"]
    Path("spikes.csv").write_text("\n".join(lines))
    code, out, _ = run("--rule", "izhikevich_reward", "--spikes", "spikes.csv")
    trains = [[0.1]] * 3, [[0.105]] * 3
    rewards = [[sh.Reward(0.2, 0.5)], [], [sh.Reward(0.2)]]
    expected = sh.replay("izhikevich_reward", *trains, events=rewards, engine="brian:numpy")["w"].values
    assert code == 0
    assert len(set(expected)) == 3
    assert list(weights(out).values()) == pytest.approx(expected)


def test_each_lane_may_have_delays_of_its_own(run):
    lines = [
        "lane,side,time_ms,axonal_delay,backpropagation_delay",
        "a,pre,100,3 ms,",
        "a,post,105,,",
        "b,pre,100,,2 ms",
        "b,post,105,,2 ms",
    ]
    Path("spikes.csv").write_text("\n".join([*lines, "c,pre,100,,", "c,post,105,,"]))
    code, out, _ = run("--rule", "pair", "--spikes", "spikes.csv", "--axonal-delay", "1 ms")
    delays = {"a": ("3 ms", "0 ms"), "b": ("1 ms", "2 ms"), "c": ("1 ms", "0 ms")}
    assert code == 0
    for lane, (axonal, back) in delays.items():
        rule = sh.rule("pair", axonal_delay=axonal, backpropagation_delay=back)
        assert weights(out)[lane] == pytest.approx(float(sh.replay(rule, [0.1], [0.105], engine="brian:numpy")["w"][0]))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a,reward,-1,,", "line 2: -0.001 s is negative"),
        ("a,reward,1,much,", "line 2: amount must be a finite number"),
        ("a,pre,1,1,", "line 2: only a reward has an amount"),
        ("a,pre,1,,3", "line 2: axonal_delay: expected a time"),
        ("a,pre,1,,3 mV", "line 2: axonal_delay: expected a time"),
        ("a,pre,1,,-3 ms", "line 2: axonal_delay must be 0 or more"),
        ("a,pre,1,,3 ms\na,pre,2,,4 ms", "line 3: axonal_delay must be 0 or more, and the same in all lines of a lane"),
    ],
)
def test_rewards_and_delays_that_cannot_be_get_one_line(run, line, words):
    Path("spikes.csv").write_text(f"lane,side,time_ms,amount,axonal_delay\n{line}\n")
    code, out, err = run("--rule", "pair", "--spikes", "spikes.csv")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_a_table_says_the_sides_itself(run):
    Path("spikes.csv").write_text("lane,side,time\na,pre,1\n")
    code, _, err = run("--rule", "pair", "--spikes", "spikes.csv", "--sides", "pre")
    assert code == 2
    assert "leave out sides" in err
