"""Trains of sources: those that are drawn together are what each is by itself."""

import numpy as np
import pytest

from spikeheb.circuits.sources import Poisson
from spikeheb.draws.trains import INPUTS, Clock, trains

RATES = {
    "alike": np.full(4000, 5.0),
    "of all kinds": np.r_[0.0, 1000.0, np.geomspace(0.01, 9000.0, 60), np.full(20, 1.0)],
    "one fast and many slow ones": np.r_[np.full(300, 0.5), 5000.0],
}


@pytest.mark.parametrize("rates", RATES.values(), ids=RATES)
@pytest.mark.parametrize("steps", [1, 200, 30_000])
def test_a_train_does_not_depend_on_those_that_are_drawn_with_it(rates, steps):
    clock = Clock(7, 1e-4, steps)
    together = trains([Poisson(rates)], clock, INPUTS)
    alone = trains([Poisson(rates[n : n + 1]) for n in range(len(rates))], clock, INPUTS)
    assert len(together) == len(rates)
    for mine, its in zip(together, alone, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert all(np.all(np.diff(train) > 0) and np.all((train >= 0) & (train < steps)) for train in together)
