"""Studies of weights refuse numbers that cannot be, by name and in one line."""

from __future__ import annotations

import pytest

import spikeheb as sh
from spikeheb.errors import SpikehebError
from spikeheb.studies.distributions.constraint import constraint


@pytest.mark.parametrize(
    ("key", "value"),
    [("seeds", 0), ("seeds", -1), ("seeds", 1.5), ("seeds", 1_000_000), ("learning_rates", ()), ("learning_rates", (0.2, 0.0)),
     ("learning_rates", (-0.1,)), ("learning_rates", (float("nan"),)), ("learning_rates", ("x",)), ("input_rates", ()),
     ("input_rates", (5.0, float("inf"))), ("unit", "-1 nS"), ("unit", "0 nS")],
)  # fmt: skip
def test_the_constraint_study_refuses_what_cannot_be(key, value):
    with pytest.raises(SpikehebError) as refusal:
        constraint(**({"duration": "0.1 s", "seeds": 1} | {key: value}))
    assert (refusal.value.key or "").partition("[")[0] == key


@pytest.mark.parametrize("unit", ["-1 nS", "0 nS"])
def test_a_unit_that_is_not_above_0_drives_no_cell(unit):
    with pytest.raises(SpikehebError, match="above 0") as refusal:
        sh.weights(["pair"], "l5_pyramidal", sh.poisson_inputs(3), "0.1 s", unit=unit)
    assert refusal.value.key == "unit"
