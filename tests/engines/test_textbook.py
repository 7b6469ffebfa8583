"""`sh.synapses`: a rule as Brian2 synapses in a network of the user's own."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb import library
from spikeheb.cells import read_cell
from spikeheb.circuits.drives import Change
from spikeheb.engines.alone import alone
from spikeheb.engines.brian import lanes as engine_lanes
from spikeheb.engines.brian.importing import brian, set_target
from spikeheb.engines.brian.names import of_cell, own
from spikeheb.engines.brian.owned import of_rule
from spikeheb.rules.combine import moves_weight
from spikeheb.rules.meaning import actions, is_noisy, reads_membrane

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


# connecting, delays, names


def plain_groups(count=3, model="g : 1\nforced : 1", **options):
    """A source and a target of some cells that never fire."""
    b2 = brian()
    set_target("numpy")
    b2.start_scope()
    source = b2.SpikeGeneratorGroup(count, [0, 1, 2], [1, 1, 1] * b2.ms, name="source")
    return b2, source, b2.NeuronGroup(count, model, threshold="False", name="target", **options)


def test_pathways_are_pre_and_post_and_delays_are_per_synapse():
    b2, source, target = plain_groups()
    made = sh.synapses("pair", source, target, drives="g", by=1)
    made.connect(j="i")
    made.delay = "i*ms"
    assert made.pre.delay_[:].tolist() == pytest.approx([0, 1e-3, 2e-3])
    made.post.delay = [3, 2, 1] * b2.ms
    assert made.post.delay_[:].tolist() == pytest.approx([3e-3, 2e-3, 1e-3])
    monitor = b2.StateMonitor(target, "g", record=True, when="end")
    b2.Network(source, target, made, monitor).run(5 * b2.ms, namespace={})
    assert [int(np.argmax(row > 0)) for row in monitor.g] == [10, 20, 30]


@pytest.mark.parametrize("delay", ["2 ms", 2e-3, [0.002, 0.002, 0.002], {"pre": "2 ms"}])
def test_a_delay_is_taken_in_every_form(delay):
    _, source, target = plain_groups()
    made = sh.synapses("pair", source, target, delay=delay)
    made.connect(j="i")
    assert made.delay_[:].tolist() == pytest.approx([2e-3] * 3)
    assert not made.post.delay_[:].any()


def test_delays_of_the_rule_are_set_and_a_later_handler_keeps_its_distance():
    b2, source, target = plain_groups()
    made = sh.synapses(sh.rule("graupner_2016", axonal_delay="1 ms"), source, target)
    made.connect(j="i")
    later = made.namespace["D"] / b2.second
    assert made.delay_[:].tolist() == pytest.approx([1e-3] * 3)
    assert made.pre_D.delay_[:].tolist() == pytest.approx([1e-3 + later] * 3)
    made.delay = [4, 5, 6] * b2.ms
    net = b2.Network(source, target, made)
    net.run(0.1 * b2.ms, namespace={})
    assert made.pre_D.delay_[:].tolist() == pytest.approx([4e-3 + later, 5e-3 + later, 6e-3 + later])
    made.pre_D.delay = 9 * b2.ms
    made.delay = 7 * b2.ms
    net.run(0.1 * b2.ms, namespace={})
    assert made.pre_D.delay_[:].tolist() == pytest.approx([9e-3] * 3)


@pytest.mark.parametrize(
    ("delay", "error", "text"),
    [
        ("-1 ms", sh.UnitError, "expected a time of 0 or more"),
        ("1 mV", sh.UnitError, 'expected a time such as "20 ms"'),
        ({"axon": "1 ms"}, sh.UnknownName, 'no pathway named "axon"'),
    ],
)
def test_a_wrong_delay_is_refused_at_once(delay, error, text):
    _, source, target = plain_groups()
    with pytest.raises(error, match=text):
        sh.synapses("pair", source, target, delay=delay)


def test_new_synapses_start_as_the_rule_says_and_old_ones_stay():
    _, source, target = plain_groups()
    made = sh.synapses("triplet", source, target)
    made.connect(i=[0], j=[0])
    made.w = 0.3
    count = 2
    made.connect(condition="i < count and j == 2")
    assert made.w[:].tolist() == [0.3, 1.0, 1.0]
    assert count == made.N - 1


@pytest.mark.parametrize(
    ("by", "text"), [(None, "say what efficacy 1 adds"), (1, "with its unit"), ("1 mV", "conductance"), ("x", "conductance")]
)
def test_a_wrong_or_missing_by_is_refused_at_once(by, text):
    _, source, target = plain_groups(model="g : siemens")
    with pytest.raises(sh.UnitError, match=text) as caught:
        sh.synapses("pair", source, target, drives="g", by=by)
    assert caught.value.key == "by"
    assert "\n" not in str(caught.value)


def test_by_without_a_variable_is_refused():
    _, source, target = plain_groups()
    with pytest.raises(sh.EngineError, match="name the variable too"):
        sh.synapses("pair", source, target, by=1)


def test_a_variable_that_the_target_lacks_is_named():
    with pytest.raises(sh.UnknownName, match='no variable of the target that spikes can change named "g_e"'):
        network("pair", np.zeros(1), np.zeros(1), drives="g_e", by=1)


@pytest.mark.parametrize("drives", ["U", "i", "t", "N", "dt", "lastspike", "not_refractory", "_spikespace", "twice", "fixed", "common"])
def test_only_what_a_user_may_drive_is_listed(drives):
    b2 = pytest.importorskip("brian2")
    _, source, _ = plain_groups()
    equations = "dg/dt = -g/(5*ms) : 1 (unless refractory)\np : 1\ntwice = 2*g : 1\nfixed : 1 (constant)\ncommon : 1 (shared)"
    target = b2.NeuronGroup(2, equations, threshold="g > 100", refractory=2 * b2.ms, name="driven")
    with pytest.raises(sh.UnknownName) as caught:
        sh.synapses("pair", source, target, drives=drives, by=1)
    listed = str(caught.value).partition(";")[2]
    assert "g, p" in listed
    assert not [name for name in target.variables if name not in ("g", "p") and re.search(rf"\b{name}\b", listed)]


def test_a_membrane_potential_of_another_name():
    _, source, target = plain_groups(model="V : volt\nu : volt")
    with pytest.raises(sh.EngineError, match='the target has no "v"; say which variable it is, such as v="V"'):
        sh.synapses("bcm" if reads_membrane(sh.rule("bcm")) else "clopath", source, target)
    made = sh.synapses("clopath", source, target, v="V")
    made.connect()
    assert made.post_variables is not None
    with pytest.raises(sh.UnitError, match="expected a variable in volts"):
        sh.synapses("clopath", source, plain_groups(model="V : 1")[2], v="V")


def test_a_variable_of_the_target_named_like_one_of_the_rule_is_refused():
    _, source, target = plain_groups(model="w : amp")
    with pytest.raises(sh.EngineError, match='the target has a variable "w", and so has the rule') as caught:
        sh.synapses("pair", source, target)
    assert caught.value.key == "w"


def test_a_constant_of_the_target_named_like_one_of_the_rule_is_not_read():
    """Brian2 reads a variable of the target before a name of the namespace."""
    pre, post = trains(np.random.default_rng(5))
    expected = float(sh.replay("pair", pre, post, engine="brian:numpy")["w"][0])
    b2 = brian()
    set_target("numpy")
    b2.start_scope()
    source = b2.SpikeGeneratorGroup(1, np.zeros(len(pre), int), pre * b2.second, name="source")
    model = "tau_plus : second\nA_plus : 1\nw_max : 1\nforced : 1"
    target = b2.NeuronGroup(1, model, threshold="forced > 0.5", reset="forced = 0", name="target")
    target.tau_plus, target.A_plus, target.w_max = 1 * b2.ms, 77, 0.1
    teacher = b2.SpikeGeneratorGroup(1, np.zeros(len(post), int), post * b2.second, when="before_thresholds", order=-1, name="teacher")
    teaching = b2.Synapses(teacher, target, on_pre="forced_post = 1", name="teaching")
    teaching.connect()
    teaching.pre.when = "before_thresholds"
    made = sh.synapses("pair", source, target)
    made.connect()
    b2.Network(source, target, teacher, teaching, made).run(0.5 * b2.second, namespace={})
    assert made.w[0] == pytest.approx(expected, abs=1e-12)


def test_what_the_rule_decides_cannot_be_given():
    _, source, target = plain_groups()
    with pytest.raises(sh.EngineError, match="the rule decides this"):
        sh.synapses("pair", source, target, on_pre="g_post += 1")


def test_a_reward_needs_an_event_of_the_target_and_the_message_says_which():
    _, source, target = plain_groups()
    text = r'add "amount : 1" and "rewarded : boolean" to the equations of the target, and create it with events=\{"reward": "rewarded"\}'
    with pytest.raises(sh.EngineError, match=text):
        sh.synapses("izhikevich_reward", source, target)


def rewarded_groups(more="forced : 1"):
    """A target that knows rewards."""
    return plain_groups(model=f"amount : 1\nrewarded : boolean\n{more}", events={"reward": "rewarded"})


def test_a_reward_acts_once():
    b2, source, target = rewarded_groups()
    made = sh.synapses("izhikevich_reward", source, target)
    made.connect(j="i")
    net = b2.Network(source, target, made)
    target.amount, target.rewarded = 0.5, True
    net.run(1 * b2.ms, namespace={})
    assert not target.amount[:].any() and not target.rewarded[:].any()
    assert made.d[:].tolist() == pytest.approx([0.5] * 3, rel=0.01)


def test_two_projections_onto_one_cell_have_post_variables_of_their_own():
    b2, source, target = plain_groups(model="v : volt")
    first, second = (sh.synapses("clopath", source, target) for _ in range(2))
    for made in (first, second):
        made.connect()
    target.v = -50 * b2.mV
    b2.Network(source, target, first, second).run(1 * b2.ms, namespace={})
    assert first.post_variables is not second.post_variables
    assert first.post_variables.u_minus_[:].tolist() == pytest.approx([-0.05] * 3)


def test_a_part_of_a_group_has_the_post_variables_of_its_own_cells():
    b2, source, target = plain_groups(model="v : volt")
    made = sh.synapses("clopath", source, target[1:])
    made.connect()
    target.v = [-70, -60, -20] * b2.mV
    b2.Network(source, target, made).run(0.1 * b2.ms, namespace={})
    assert made.post_variables.u_minus_[:].tolist() == pytest.approx([-0.07, -0.06, -0.02])
    seen = getattr(made, made._plan.post.names["u_minus"] + "_")[:]
    assert seen[np.asarray(made.j) == 1].tolist() == pytest.approx([-0.02] * 3)


def test_the_example_of_the_documentation_runs():
    set_target("numpy")
    brian().start_scope()
    brian().seed(1)
    scope = {}
    examples = doctest.DocTestParser().get_examples(sh.synapses.__doc__)
    assert len(examples) > 8
    for example in examples[:-1]:
        exec(example.source, scope)
    assert str(eval(examples[-1].source, scope)) == examples[-1].want.strip()


# every rule of the library, held to replay

CELL = """
schema = 1
name = "leaky"
title = "t"
doc = "d"
[parameters]
E_rest_ = { value = "-70 mV", doc = "rest", source = "chosen for illustration" }
[membrane]
model = "dv/dt = (E_rest_ - v)/(10*ms) + (I_syn + I_ext)/(100*pF) : volt"
method = "euler"
threshold = "v > -40*mV"
initial = { v = "E_rest_" }
[spike]
reset = ["v = -60*mV"]
[receptors.ampa]
unit = "2 nS"
reversal = "0 mV"
decay = "5 ms"
"""

DRAWS = {"sigma": 0}
"""Constants that silence a rule's noise."""


def quiet(name):
    """A rule of the library without noise, and the initial weight that takes the place of a draw."""
    rule = sh.rule(name)
    return sh.rule(rule, **{key: value for key, value in DRAWS.items() if key in rule.parameters})


def of_library(rule, cell, trains, rewards, dt=1e-4):
    """The rule through `sh.synapses` between the trains and the engine's own cells; the weights at the end and at the start."""
    b2 = brian()
    set_target("numpy")
    b2.start_scope()
    steps = [np.rint(train / dt).astype(int) for train in trains]
    rewarded = tuple(Change(0, round(reward.time / dt), reward.amount) for reward in rewards)
    job = of_lanes(rule, cell, dt, 10_000, np.arange(1), (steps[0],), (steps[1],), rewards=rewarded)
    built = engine_lanes.build(alone(of_rule(job)))
    others = [part for part in built.network.objects if part.name not in ("synapses", "pre_spikes")]
    source = b2.SpikeGeneratorGroup(1, np.zeros(len(steps[0]), int), steps[0] * dt * b2.second, clock=built.clock, name="own_source")
    drives = {} if cell is None else {"drives": of_cell("g_ampa"), "by": cell.receptor(None).unit * b2.siemens}
    made = sh.synapses(rule, source, built.cells, name="own", clock=built.clock, amount=own("amount"), **drives)
    made.connect(i=[0], j=[0])
    return b2.Network(*others, source, made), made


ONE_OF_THREE = [name if n % 3 == 0 else pytest.param(name, marks=pytest.mark.full) for n, name in enumerate(sorted(library.names("rule")))]


@pytest.mark.parametrize("name", ONE_OF_THREE)
def test_every_rule_of_the_library_learns_what_replay_says(name, tmp_path):
    """Every third of them; all where full experiments are asked for."""
    rule = quiet(name)
    if any(handler.event == "clock" for handler in rule.handlers):
        with pytest.raises(sh.SpikehebError, match='handlers of the event "clock" are not available here'):
            of_library(rule, None, (np.array([0.1]), np.array([0.2])), [])
        return
    (tmp_path / "leaky.toml").write_text(CELL)
    cell = read_cell(tmp_path / "leaky.toml") if reads_membrane(rule) else None
    rng = np.random.default_rng(3)
    pre, post = (np.sort(rng.choice(540, 60, replace=False)) * 1e-3 for _ in range(2))
    rewards = [sh.Reward(0.2, 0.7), sh.Reward(0.4, -0.2)] if any(action.event == "reward" for action in actions(rule)) else []
    net, made = of_library(rule, cell, (pre, post), rewards)
    if is_noisy(rule):
        setattr(made, rule.weight, 0.75)
    start = float(getattr(made, rule.weight)[0])
    options = {} if cell is None else {"cell": cell}
    replayed = sh.replay(rule, pre, post, w0=start, events=rewards or None, record=0.01, engine="brian:numpy", **options)
    net.run((float(replayed["time"][-1]) + 1e-4) * brian().second, namespace={})
    final, expected = float(getattr(made, rule.weight)[0]), float(replayed["w_record"][0, -1])
    assert final == pytest.approx(expected, abs=1e-12)
    assert (final != start) == moves_weight(rule)


def test_names_of_the_target_and_of_the_users_namespace_change_nothing(tmp_path):
    """A start that reads a constant reads the rule's, also when it is set once more; another meaning of a constant is refused."""
    b2 = brian()
    text = Path(sh.rule("pair").path).read_text(encoding="utf-8").replace("w = 0.5", 'w = "40*A_plus"')
    (tmp_path / "pair.toml").write_text(text, encoding="utf-8")
    source = b2.SpikeGeneratorGroup(1, [0], [1] * b2.ms)
    target = b2.NeuronGroup(1, "A_plus : 1\nge : 1", threshold="False")
    target.A_plus = 7
    made = sh.synapses(tmp_path / "pair.toml", source, target)
    made.connect()
    assert made.w[0] == pytest.approx(0.2)
    made.w = 0
    sh.set_initial(tmp_path / "pair.toml", made)
    assert made.w[0] == pytest.approx(0.2)
    with pytest.raises(sh.EngineError, match=r"tau_plus.*sh\.rule"):
        sh.synapses("pair", source, target, namespace={"tau_plus": 1 * b2.second})
    assert sh.synapses("pair", source, target, namespace={"mine": 3}).namespace["mine"] == 3
