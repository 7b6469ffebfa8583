"""Wang, Gerkin, Nauen & Bi (2005), 10.1038/nn1387, Figs. 2-3: the order of a triplet's spikes decides, not its pairs alone."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.studies.board.predictions import predict
from spikeheb.studies.datasets import data_sets

TRIPLETS = data_sets(sh.protocol("wang_2005"))[0]
HIPPOCAMPAL = [f"hippocampus_{spikes}_{size}" for spikes in ("all", "nearest") for size in ("full", "min")]


def outcomes(rule):
    """Change in percentage points by motif and its two distances in ms."""
    ratios = predict(TRIPLETS.protocol, rule, lanes=TRIPLETS.lanes).ratio
    lanes = TRIPLETS.protocol.schedule(np.random.default_rng(0)).lanes
    keys = [(c["motif"], *(round(1e3 * c[f"delta_t_{k}"]) for k in (1, 2))) for c in (lanes[n].condition for n in TRIPLETS.lanes)]
    return dict(zip(keys, 100 * (ratios - 1), strict=True))


@pytest.mark.parametrize("which", HIPPOCAMPAL)
def test_post_pre_post_potentiates_and_pre_post_pre_does_nothing_in_the_hippocampal_triplet_sets(which):
    """Fig. 2 (symmetric, 10 ms)."""
    change = outcomes(sh.rule("triplet", set=which))
    assert change["post-pre-post", -10, 10] >= 15
    assert abs(change["pre-post-pre", 10, -10]) <= 5


@pytest.mark.parametrize("scheme", ["all_to_all"])
@pytest.mark.parametrize("delta_t", [5, 10])
def test_an_additive_pair_rule_cannot_tell_the_two_apart(scheme, delta_t):
    """Same pairs, same change: the reason why the rule needs triplets. No bound is reached."""
    rule = sh.rule("pair", set="additive", interaction=scheme, bounds="none")
    change = outcomes(rule)
    difference = change["post-pre-post", -delta_t, delta_t] - change["pre-post-pre", delta_t, -delta_t]
    assert difference / 100 == pytest.approx(0, abs=1e-9)


def test_the_other_triplet_sets_do_not_explain_the_culture():
    """Negative control: visual-cortex sets, without pair LTP, miss the potentiation."""
    change = outcomes(sh.rule("triplet", set="visual_cortex_nearest_min"))
    assert change["post-pre-post", -10, 10] < 15 or abs(change["pre-post-pre", 10, -10]) > 5
