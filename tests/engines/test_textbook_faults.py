"""`sh.synapses`: rewards of amount 0, and what is not finite, in a network of the user's own."""

from __future__ import annotations

import numpy as np
import pytest
from test_textbook import rewarded_groups

import spikeheb as sh
from spikeheb.engines.brian.importing import set_target

COUNTING = """
schema = 1
name = "counting"
title = "t"
doc = "d"
[synapse]
model = \"\"\"
w : 1
rewards : 1
\"\"\"
weight = "w"
efficacy = "w"
initial = { w = 0 }
method = "euler"
[[on]]
event = "pre"
do = ["ltp = 0*w"]
[[on]]
event = "reward"
do = ["rewards += 1", "w += amount"]
[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""


def test_a_reward_of_amount_zero_is_one(tmp_path):
    (tmp_path / "counting.toml").write_text(COUNTING, encoding="utf-8")
    b2, source, target = rewarded_groups()
    made = sh.synapses(tmp_path / "counting.toml", source, target)
    made.connect(j="i")
    net = b2.Network(source, target, made)
    for amount, cells in ((0, slice(None)), (0.25, slice(1, None)), (0, slice(2, None))):
        target.amount[cells] = amount
        target.rewarded[cells] = True
        net.run(1 * b2.ms, namespace={})
    assert made.rewards[:].tolist() == [1, 2, 3]
    assert made.w[:].tolist() == [0, 0.25, 0.25]


FLAWED = {
    "no number": ("w : 1", "ltp = sqrt(rewards - 1)"),
    "an infinite increment": ("w : 1", "ltp = exp(2000*(1 - rewards))"),
    "a clip in a handler": ("w : 1", "ltp = clip(sqrt(rewards - 1), 0, 1)"),
    "a change in place": ("w : 1", "w -= exp(2000*(1 - rewards))"),
    "a weight that moves by itself": ("dw/dt = (exp(2000*(1 - rewards)) - w)/second : 1", "ltp = 0*w"),
}


COMPILED = [
    pytest.param(flaw, False, "cython", marks=() if flaw in ("no number", "a change in place") else pytest.mark.full) for flaw in FLAWED
]


@pytest.mark.parametrize(
    ("flaw", "named", "target_language"), [*((flaw, named, "numpy") for flaw in FLAWED for named in (False, True)), *COMPILED]
)
def test_limits_hide_nothing_that_is_not_finite(flaw, named, target_language, tmp_path):
    equation, line = FLAWED[flaw]
    text = COUNTING.replace("\nw : 1", f"\n{equation}").replace("ltp = 0*w", line)
    (tmp_path / "counting.toml").write_text(text, encoding="utf-8")
    b2, source, target = rewarded_groups("w_max : 1" if named else "forced : 1")
    set_target(target_language)
    made = sh.synapses(tmp_path / "counting.toml", source, target)
    made.connect(j="i")
    try:
        with np.errstate(all="ignore"):
            b2.Network(source, target, made).run(2 * b2.ms, namespace={})
    except b2.BrianObjectException as error:  # Cython checks divisions
        assert isinstance(error.__cause__, ZeroDivisionError)
    else:
        assert not np.isfinite(made.w[:]).any()
    finally:
        set_target("numpy")
