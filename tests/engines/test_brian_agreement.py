"""Targets of the reference engine against each other and against the oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jobs import DT, lanes, random_trains, rule
from oracles import pair, triplet

from spikeheb.engines.brian import runtime

BATCH = 50
train = st.lists(st.integers(0, 4000), max_size=25, unique=True).map(lambda s: np.array(sorted(s)) * DT)
batches = st.lists(st.tuples(train, train), min_size=BATCH, max_size=BATCH)


def tolerance(job, w):
    end = job.steps * job.dt
    return (1e-12 + 4 * np.finfo(float).eps * end / 0.0168) * max(1.0, float(np.max(np.abs(w))))


@pytest.mark.parametrize("scheme", ["all_to_all", "symmetric", "presynaptic_centred", "restricted"])
@settings(max_examples=4, deadline=None)
@given(trains=batches)
def test_every_pairing_scheme_equals_its_spike_by_spike_oracle(scheme, trains):
    for coincidence in ("pre_first", "post_first"):
        pre, post = zip(*trains, strict=True)
        job = lanes(rule(interaction=scheme, coincidence=coincidence), pre, post)
        weights = runtime.run(job, "numpy").w
        expected = [pair.final_weight(p, q, 0.5, scheme=scheme, coincidence=coincidence) for p, q in trains]
        np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("which", ["visual_cortex_all_full", "visual_cortex_nearest_full"])
@settings(max_examples=2, deadline=None)
@given(trains=batches)
def test_the_triplet_rule_equals_its_oracle(which, trains):
    the_rule = rule("triplet", set=which)
    pre, post = zip(*trains, strict=True)
    weights = runtime.run(lanes(the_rule, pre, post), "numpy").w
    values = {name: p.value for name, p in the_rule.parameters.items()}
    expected = [triplet.final_weight(p, q, 1.0, **values, scheme=the_rule.interaction) for p, q in trains]
    np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "which"), [("pair", "gutig"), ("triplet", "visual_cortex_all_full")])
def test_numpy_and_cython_agree_on_given_spikes(name, which):
    """As numpy and a standalone program do in `test_brian_failures`, which needs one."""
    the_rule = rule(name, set=which)
    pre, post = random_trains(np.random.default_rng(3), 20)
    job = lanes(the_rule, pre, post)
    reference = runtime.run(job, "numpy").w
    np.testing.assert_allclose(runtime.run(job, "cython").w, reference, rtol=0, atol=tolerance(job, reference))
