"""`sh.synapses`: a rule as Brian2 synapses in a network of the user's own."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.engines.brian.importing import brian, set_target

RULES = {
    "additive": ("pair", {"set": "additive"}),
    "soft, restricted, late": (
        "pair",
        {"bounds": "soft", "interaction": "restricted", "axonal_delay": "2 ms", "backpropagation_delay": "1 ms"},
    ),
    "post first": ("pair", {"coincidence": "post_first"}),
    "triplet": ("triplet", {"set": "visual_cortex_nearest_full"}),
}


def trains(rng):
    """Two trains with ties, in seconds."""
    return tuple(np.sort(rng.choice(400, 30, replace=False)) * 1e-3 for _ in range(2))


def network(rule, pre, post, **options):
    """A source, a target that fires when told to and sums what it is sent, and the rule's synapses between them."""
    b2 = brian()
    set_target("numpy")
    source = b2.SpikeGeneratorGroup(1, np.zeros(len(pre), int), pre * b2.second, name="source")
    target = b2.NeuronGroup(1, "g : 1\nforced : 1", threshold="forced > 0.5", reset="forced = 0", name="target")
    teacher = b2.SpikeGeneratorGroup(1, np.zeros(len(post), int), post * b2.second, when="before_thresholds", order=-1, name="teacher")
    teaching = b2.Synapses(teacher, target, on_pre="forced_post = 1", name="teaching")
    teaching.connect()
    teaching.pre.when = "before_thresholds"
    made = sh.synapses(rule, source, target, name="learning", **options)
    made.connect()
    sh.set_initial(rule, made)
    return b2.Network(source, target, teacher, teaching, made), made, target


@pytest.mark.parametrize("name", RULES)
def test_synapses_learn_what_replay_says(name):
    path, choices = RULES[name]
    rule = sh.rule(path, **choices)
    pre, post = trains(np.random.default_rng(7))
    net, made, _ = network(rule, pre, post)
    start = float(made.w[0])
    net.run(0.5 * brian().second, namespace={})
    expected = float(sh.replay(rule, pre, post, w0=start, engine="brian:numpy")["w"][0])
    assert made.w[0] == pytest.approx(expected, abs=1e-12)
    assert made.w[0] != start


def test_they_drive_the_variable_that_is_named():
    net, made, target = network("pair", np.array([0.001, 0.002]), np.zeros(0), drives="g", by=3.0)
    net.run(5 * brian().ms, namespace={})
    assert target.g[0] == pytest.approx(2 * 3.0 * 0.5)
    assert made.w[0] == 0.5


def test_a_variable_that_the_target_lacks_is_named():
    with pytest.raises(sh.UnknownName, match='no variable of the target named "g_e"'):
        network("pair", np.zeros(1), np.zeros(1), drives="g_e")


RULE = """
schema = 1
name = "mine"
title = "t"
doc = "d"
[synapse]
model = "w : 1"
weight = "w"
[[on]]
event = "pre"
do = ["ltp = 0.1"]
"""


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ('[post]\nmodel = "n : 1"\non_spike = ["n += 1"]\n', "post"),
        ('[[on]]\nevent = "reward"\ndo = ["ltp = amount"]\n', "on"),
    ],
)
def test_what_cannot_stand_alone_is_refused(part, key, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(RULE + part)
    with pytest.raises(sh.EngineError) as caught:
        network(str(file), np.zeros(1), np.zeros(1))
    assert caught.value.key == key
