"""Rewards that cells bring about, and random currents, in files: written and read, and what is wrong is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.drives import Drives, Noise
from spikeheb.circuits.file_text import difference
from spikeheb.circuits.files import circuit_to_toml, read_circuit
from spikeheb.circuits.triggers import Trigger

TEXT = """
schema = 1
dt = "0.1 ms"
duration = "1 s"

[populations.x]
sources = [{ kind = "poisson", count = 3, rate = "5 Hz" }]

[populations.e]
count = 5
cell = "l5_pyramidal"

[projections.ee]
pre = "e"
post = "e"
connect = { kind = "all_to_all", autapses = false }
rule = "izhikevich_reward"
receptor = "ampa"

[drives.e]
noise = { low = "-1 nA", high = "1.5 nA", every = "1 ms" }

[triggers.reward]
first = { population = "x", cell = 2 }
then = { population = "e", cell = 4 }
within = "20 ms"
value = 0.5
after = ["1 s", "3 s"]
rewards = ["e"]
"""


def read(text: str, folder: Path) -> Circuit:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return read_circuit(path)


def test_they_are_read_and_written(tmp_path: Path) -> None:
    circuit = read(TEXT, tmp_path)
    assert circuit.drives == {"e": Drives(noise=Noise(low=-1e-9, high=1.5e-9, every=1e-3))}
    assert circuit.triggers == {"reward": Trigger(first=("x", 2), then=("e", 4), within=0.02, value=0.5, after=(1.0, 3.0), rewards=("e",))}
    assert difference(circuit, read(circuit_to_toml(circuit), tmp_path)) is None


CASES = {
    "no cell": (("cell = 4", "cell = 5"), "triggers.reward.then.cell: there is no cell 5; there are 5, counted from 0"),
    "no population": (('population = "x"', 'population = "y"'), 'triggers.reward.first.population: no population named "y"'),
    "a cell without a population": (('population = "x", ', ""), "triggers.reward.first.population: is missing"),
    "a source that is rewarded": (('rewards = ["e"]', 'rewards = ["x"]'), 'triggers.reward.rewards[0]: expected a population of cells'),
    "no one is rewarded": (('rewards = ["e"]', "rewards = []"), "triggers.reward.rewards: name at least one population"),
    "one delay": (('["1 s", "3 s"]', '["1 s"]'), 'triggers.reward.after: expected the shortest and the longest delay, ["1 s", "3 s"]'),
    "delays that fall": (
        ('["1 s", "3 s"]', '["3 s", "1 s"]'),
        "triggers.reward.after: the reward comes after 0 to 10 s, between a shortest",
    ),
    "a delay that is too long": (('"3 s"]', '"11 s"]'), "triggers.reward.after: the reward comes after 0 to 10 s"),
    "a delay without a unit": (('["1 s", "3 s"]', "[1, 3]"), 'triggers.reward.after[0]: expected a time such as "20 ms"'),
    "no time between": (('"20 ms"', '"0 ms"'), "triggers.reward.within: the second cell must fire within a time above 0"),
    "itself": (('population = "x", cell = 2', 'population = "e", cell = 4'), "triggers.reward.then: a cell cannot fire soon after itself"),
    "a rule without reward": (('"izhikevich_reward"', '"pair"'), 'triggers.reward.rewards: no rule of a projection onto "e" reads rewards'),
    "an unknown key": (("value = 0.5", "amount = 0.5"), 'triggers.reward.amount: no such key; this table has first, then, within'),
    "a random current that is none": (
        ('high = "1.5 nA"', 'high = "-1 nA"'),
        "drives.e.noise.low: the bounds of a random current must rise",
    ),
    "a random current of volts": (('low = "-1 nA"', 'low = "-1 mV"'), "drives.e.noise.low: expected a current"),
    "a random current too often": (
        ('every = "1 ms"', 'every = "1 us"'),
        "drives.e.noise.every: a random current stays for a time step, 0.0001 s, at least (got 1e-06 s)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_in_one_line(case: str, tmp_path: Path) -> None:
    (old, new), words = CASES[case]
    assert old in TEXT
    with pytest.raises(sh.SpikehebError) as refused:
        read(TEXT.replace(old, new, 1), tmp_path)
    assert words in str(refused.value)
    assert str(tmp_path / "mine.toml") in str(refused.value)
    assert "\n" not in str(refused.value)
