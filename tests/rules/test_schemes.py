"""The rule files against the oracles: each scheme is what its definition says, spike by spike, ties included."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import pair, triplet

from spikeheb.expressions.printers import evaluate
from spikeheb.rules import Rule, choose, read_rule
from spikeheb.rules.meaning import actions

LIBRARY = Path(__file__).parents[2] / "models" / "rules"
PAIR, TRIPLET = read_rule(LIBRARY / "pair.toml"), read_rule(LIBRARY / "triplet.toml")
STEP = 1e-3


def replayed(rule: Rule, pre: list[int], post: list[int], w0: float) -> float:
    """The weight after spikes at these milliseconds, line by line as the rule says; traces decay exactly between them."""
    decays = {
        name: f"tau_{suffix}" for name, suffix in {"x": "plus", "y": "minus", "r1": "plus", "o1": "minus", "r2": "x", "o2": "y"}.items()
    }
    state: dict[str, object] = {**dict.fromkeys(rule.variables, 0.0), "w": w0}
    constants, order = rule.constants, ["pre", "post"]
    if rule.coincidence == "post_first":
        order.reverse()
    now = 0
    for step in sorted({*pre, *post}):
        for name in set(decays) & set(state):
            state[name] = float(state[name]) * math.exp(-(step - now) * STEP / constants[decays[name]])  # type: ignore[arg-type]
        now = step
        for side in order:
            if step in (pre if side == "pre" else post):
                for line in next(action.lines for action in actions(rule) if action.event == side):
                    state[line.target] = evaluate(line.expression, {**constants, **state})
    return float(state["w"])  # type: ignore[arg-type]


TRAINS = st.lists(st.integers(0, 300), max_size=25, unique=True).map(sorted)
COINCIDENCES = st.sampled_from(["pre_first", "post_first"])
BOUNDS = {
    "hard": {"kind": "hard", "w_min": 0, "w_max": 1},
    "soft": {"kind": "soft", "w_min": 0, "w_max": 1},
    "power": {"kind": "power", "w_min": 0, "w_max": 1, "mu_plus": 0.4, "mu_minus": 0.7},
    "none": {"kind": "none"},
}


@pytest.mark.parametrize("scheme", ["all_to_all", "symmetric", "presynaptic_centred", "restricted"])
@settings(max_examples=40, deadline=None)
@given(pre=TRAINS, post=TRAINS, coincidence=COINCIDENCES, bounds=st.sampled_from(sorted(BOUNDS)), w0=st.sampled_from([0.0, 0.5, 1.0]))
def test_pair_file_does_what_the_scheme_says(
    scheme: str, pre: list[int], post: list[int], coincidence: str, bounds: str, w0: float
) -> None:
    parameters = {"A_plus": 0.05, "A_minus": 0.06, "tau_plus": "17 ms", "tau_minus": "34 ms"}
    rule = choose(PAIR, interaction=scheme, bounds=BOUNDS[bounds], coincidence=coincidence, parameters=parameters)
    expected = pair.final_weight(
        np.array(pre) * STEP, np.array(post) * STEP, w0, A_plus=0.05, A_minus=0.06, tau_plus=17e-3, tau_minus=34e-3,
        scheme=scheme, coincidence=coincidence, bounds=bounds, mu_plus=0.4, mu_minus=0.7,
    )  # fmt: skip
    assert replayed(rule, pre, post, w0) == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("name", TRIPLET.sets)
@settings(max_examples=15, deadline=None)
@given(pre=TRAINS, post=TRAINS, coincidence=COINCIDENCES)
def test_triplet_file_does_what_the_paper_says(name: str, pre: list[int], post: list[int], coincidence: str) -> None:
    rule = choose(TRIPLET, set=name, coincidence=coincidence)
    values = {key: value for key, value in rule.constants.items() if key in TRIPLET.parameters}
    expected = triplet.final_weight(
        np.array(pre) * STEP, np.array(post) * STEP, 1.0, scheme=str(rule.interaction), coincidence=coincidence, **values
    )  # fmt: skip
    assert replayed(rule, pre, post, 1.0) == pytest.approx(expected, rel=0, abs=1e-12)


def test_van_rossum_set_draws_one_noise_per_spike_and_has_no_upper_bound() -> None:
    rule = choose(PAIR, set="van_rossum")
    assert (rule.bounds.w_min, rule.bounds.w_max) == (0.0, None)
    draws = {"randn": lambda: 2.0}
    values = {**rule.constants, "w": 3.0, "x": 0.5, "y": 0.5}
    post, pre = ([line.expression for line in action.lines if line.target == "w"] for action in reversed(actions(rule)))
    assert evaluate(post[0], values, draws) == pytest.approx(3.0 + 0.5 * (0.01 + 0.015 * 3.0 * 2.0))  # type: ignore[arg-type]
    assert evaluate(pre[0], values, draws) == pytest.approx(3.0 - 0.5 * (0.003 * 3.0 - 0.015 * 3.0 * 2.0))  # type: ignore[arg-type]
