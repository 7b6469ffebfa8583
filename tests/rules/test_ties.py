"""Ties that are discarded: the pair counts in neither direction, in every engine and shape."""

from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import of_fan_in

import spikeheb as sh
from spikeheb import library
from spikeheb.circuits.sources import Replayed
from spikeheb.cli.app import run
from spikeheb.draws.expanded import expanded
from spikeheb.engines.brian import runtime
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes
from spikeheb.program.analysis import analyse
from spikeheb.rules.meaning import reads_membrane
from spikeheb.rules.ties import without_effect

DT = 1e-4
FAN_IN = Path(__file__).parents[2] / "models" / "networks" / "fan_in.toml"


def by_hand(pre, post, w, *, A_plus, A_minus, tau_plus, tau_minus, soft=False):
    """Pair STDP spike by spike, all to all; both changes of a tie read what was before either spike."""
    x = y = 0.0
    last = 0
    for step in sorted({*pre, *post}):
        x, y = x * np.exp(-(step - last) * DT / tau_plus), y * np.exp(-(step - last) * DT / tau_minus)
        last = step
        down = A_minus * y * (w if soft else 1.0) if step in pre else 0.0
        up = A_plus * x * (1 - w if soft else 1.0) if step in post else 0.0
        w = float(np.clip(np.clip(w - down, 0, 1) + up, 0, 1))
        x, y = x + (step in pre), y + (step in post)
    return w


def trains(seed):
    """Random trains with many ties, and some with nothing else."""
    rng = np.random.default_rng(seed)
    pre = np.unique(rng.integers(0, 3000, 60))
    post = np.unique(np.concatenate([rng.integers(0, 3000, 40), pre[::3]]))
    return (pre, pre) if seed == 0 else (pre, post)


ENGINES = ("kernel", "plain", "brian:numpy", "numpy", "fan-in", "brian fan-in")


def weight(rule, pre, post, engine, w0=0.5):
    if engine in ("kernel", "plain", "brian:numpy"):
        return float(sh.replay(rule, pre * DT, post * DT, w0=w0, dt=DT, engine=engine)["w"][0])
    job = of_fan_in(rule, None, DT, 3200, 1, (Replayed((pre,)),), imposed=(Replayed((post,)),), initial={rule.weight: w0})
    if engine == "numpy":
        lanes = expanded(job)
        return float(numpy_lanes.run(lanes, analyse(lanes.rule, None, DT)).w[0])
    return float((fan_in if engine == "fan-in" else runtime).run(job).w[0, 0])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_as_by_hand(seed, soft, engine):
    if engine == "fan-in" and compiler() is None:
        pytest.skip("no C++ compiler here")
    numbers = {"A_plus": 0.02, "A_minus": 0.03, "tau_plus": 0.017, "tau_minus": 0.034}
    bounds = {"kind": "soft" if soft else "hard", "w_min": 0, "w_max": 1}
    rule = sh.rule("pair", coincidence="discard", bounds=bounds, A_plus=0.02, A_minus=0.03, tau_plus="17 ms", tau_minus="34 ms")
    pre, post = trains(seed)
    assert weight(rule, pre, post, engine) == pytest.approx(by_hand(pre.tolist(), post.tolist(), 0.5, soft=soft, **numbers), abs=1e-12)


def test_a_single_tie_changes_nothing_whoever_is_asked():
    changes = [
        float(sh.window(sh.rule("pair", coincidence=name), [0.0], 1)["change"][0]) for name in ("pre_first", "discard", "post_first")
    ]
    assert changes[0] > 0 == changes[1] > changes[2]


def test_ties_are_those_of_arrival_at_the_synapse():
    """Delays come first: a postsynaptic spike 2 ms before meets a backpropagation delay of 2 ms."""
    rule = sh.rule("pair", coincidence="discard", backpropagation_delay="2 ms")
    data = sh.window(rule, [-2e-3, 0.0], 1)
    assert float(data["change"][0]) == 0
    assert float(data["change"][1]) > 0


@pytest.mark.parametrize("name", sorted(library.names("rule")))
def test_without_ties_it_is_as_ever(name):
    """Every rule without a shared time step gives the same weight under each policy, to the last digits."""
    rng = np.random.default_rng(5)
    pre = np.unique(rng.integers(0, 1500, 50)) * 2
    post = np.unique(rng.integers(0, 1500, 50)) * 2 + 1
    cell = {"cell": "l5_pyramidal"} if reads_membrane(sh.rule(name)) else {}
    try:
        rules = [sh.rule(name, coincidence=policy) for policy in ("pre_first", "discard")]
    except sh.FormatError as error:
        assert "of [post]" in str(error)
        return
    first, second = (sh.replay(rule, pre * DT, post * DT, engine="kernel", **cell)["w"].values for rule in rules)
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-12)


def test_choosing_another_policy_takes_the_kept_variables_away():
    rule = sh.rule("pair", coincidence="discard")
    assert rule.before and len(rule.variables) > len(sh.rule("pair").variables)
    assert sh.rule(rule, coincidence="pre_first").variables == sh.rule("pair").variables
    assert sh.rule(rule, coincidence="pre_first").before == {}


def test_combined_rules_discard_together():
    rule = sh.rule("pair+tsodyks_markram", coincidence="discard")
    assert set(rule.before) <= set(rule.variables)
    change = sh.window(rule, [0.0], 1)["change"]
    assert float(change[0]) == 0


@pytest.mark.parametrize("name", ["pair", "triplet", "pair+tsodyks_markram"])
def test_a_result_is_made_again(name):
    data = sh.replay(sh.rule(name, coincidence="discard"), [[0.1, 0.2]], [[0.1, 0.21]])
    np.testing.assert_array_equal(sh.rerun(data)["w"], data["w"])


def test_a_rule_whose_weight_no_spike_changes_has_nothing_to_discard(tmp_path, capsys):
    """The note is there exactly where the policy changes nothing but the order; a pair rule and another policy get none."""
    for name in ("izhikevich_2007", "covariance_reward", "graupner_brunel"):
        rule = sh.rule(name, coincidence="discard")
        assert rule.before == {}
        assert without_effect(rule) is not None
        assert without_effect(sh.rule(name, coincidence="post_first")) is None
    for name in ("pair", "vogels", "oja", "pair+tsodyks_markram"):
        assert without_effect(sh.rule(name, coincidence="discard")) is None
    for name, noted in (("izhikevich_reward", True), ("pair", False)):
        chosen = sh.rule(name, coincidence="discard")
        assert any(warning.startswith('coincidence: "discard" has no effect here') for warning in sh.portrait(chosen).warnings) == noted
        path = tmp_path / f"{name}.toml"
        text = FAN_IN.read_text(encoding="utf-8").replace('rule = "pair"\n', f'rule = {{ name = "{name}", coincidence = "discard" }}\n')
        path.write_text(text, encoding="utf-8")
        assert run(["check", str(path)]) == 0
        err = capsys.readouterr().err
        assert (
            f'note: {path}: projections.synapses: coincidence: "discard" has no effect here, since no spike changes the weight' in err
        ) == noted
        assert noted or err == ""
