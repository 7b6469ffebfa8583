"""The constraint study: normalised weights beside the shares of promotions, and what its numbers stand for."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library
from spikeheb.engines.compiler import compiler
from spikeheb.errors import SpikehebError
from spikeheb.studies.distributions.constraint import constraint, rule_of

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
RATES = (10.0, 20.0, 40.0)


@pytest.fixture(scope="module")
def data():
    cell = library.cell("l23_pyramidal")
    return constraint(cell, learning_rates=(0.2, 0.05), duration="3 s", seeds=2, input_rates=RATES)


@needs_compiler
def test_weights_and_hebbian_shares_add_up_to_one(data):
    np.testing.assert_allclose(data["weight"].sum("input"), 1, atol=1e-9)
    np.testing.assert_allclose(data["predicted"].sel(kind="hebbian").sum("input"), 1, atol=1e-9)
    assert (data["weight"] > 0).all()


@needs_compiler
def test_the_bias_is_the_mean_distance_of_weight_and_prediction(data):
    distances = [abs(w - p) for w, p in zip(data["weight"].values.ravel(), data["predicted"].values.ravel(), strict=True)]
    np.testing.assert_allclose(data["bias"].values.ravel(), np.reshape(distances, (-1, len(RATES))).sum(axis=1) / len(RATES))


@needs_compiler
def test_the_result_says_what_was_run(data):
    assert data["kind"].values.tolist() == ["hebbian", "stdp"]
    assert (data["learning_rate"].values.tolist(), data["input_rate"].values.tolist()) == ([0.2, 0.05], list(RATES))
    assert (data.attrs["study"], data.attrs["cell"], data.attrs["seeds"]) == ("constraint", "l23_pyramidal", 2)


@needs_compiler
def test_a_name_stands_for_the_cell_of_the_library(data):
    again = constraint("l23_pyramidal", (0.2, 0.05), "3 s", 2, input_rates=RATES)
    assert again.identical(data)


def test_more_seeds_than_a_run_may_have_are_refused_by_name():
    with pytest.raises(SpikehebError) as refusal:
        constraint(seeds=1_000_000)
    assert refusal.value.key == "seeds"


@pytest.mark.parametrize(("kind", "share"), [("hebbian", 0.0), ("stdp", 0.5)])
def test_the_rule_has_no_depression_or_half_as_much_as_potentiation(kind, share):
    constants = rule_of(kind, 0.02).constants
    assert (constants["A_plus"], constants["A_minus"]) == (0.02, share * 0.02)
    assert sh.rule("pair").constants["tau_plus"] == constants["tau_plus"]
