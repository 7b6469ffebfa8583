"""When a protocol has data: published points, or a window that was fitted to them; neither is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import spikeheb as sh
from spikeheb.studies.datasets import data_sets


def test_a_protocol_of_pairs_without_a_fitted_window_has_no_data():
    protocol = sh.protocol("bi_poo_1998")
    assert protocol.published is None
    assert data_sets(replace(protocol, fitted=())) == ()


def test_a_fitted_window_gives_the_direction_of_each_pair():
    protocol = sh.protocol("bi_poo_1998")
    (data,) = data_sets(protocol)
    lags = [float(condition["delta_t"]) for condition in data.conditions]
    changes = np.array([protocol.fitted[0].ratio(lag) - 1 for lag in lags])
    clear = np.abs(changes) > 0.1
    np.testing.assert_array_equal(data.points.sign[clear], np.sign(changes[clear]))
    assert clear.any()
