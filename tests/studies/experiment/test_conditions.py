"""How the conditions of a result are written and arranged, and windows put side by side."""

import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb.studies.experiment import conditions
from spikeheb.studies.windows.overlay import overlay


def result(series=None, **values):
    data = xr.Dataset({"x": ("condition", np.zeros(len(next(iter(values.values())))))})
    data = data.assign_coords({name: ("condition", np.array(column)) for name, column in values.items()})
    for name, units in (("delta_t", "s"), ("frequency", "Hz")):
        if name in data.coords:
            data[name].attrs["units"] = units
    return data if series is None else data.assign_coords(series=("condition", np.array(series)))


def arranged(data):
    return [(row.series, row.axis, [(b.label, b.index.tolist(), b.sign) for b in row.branches]) for row in conditions.arrange(data)]


def test_the_axis_is_what_takes_most_values():
    data = result(frequency=[20.0, 10.0, 20.0, 10.0, 50.0], delta_t=[0.01, 0.01, -0.01, -0.01, 0.01])
    branches = [("Δt = +10 ms", [1, 0, 4], 1), ("Δt = -10 ms", [3, 2], -1)]
    assert arranged(data) == [("", "frequency", branches)]


def test_delta_t_as_axis_parts_by_sign():
    data = result(delta_t=[0.01, -0.02, 0.0, -0.01], frequency=[1.0] * 4)
    assert arranged(data) == [("", "delta_t", [("post first", [1, 3], -1), ("pre first", [0], 1), ("both at once", [2], 0)])]


def test_each_series_is_a_row():
    data = result(["a", "b", "a"], frequency=[1.0, 2.0, 3.0])
    assert arranged(data) == [("a", "frequency", [("", [0, 2], 0)]), ("b", "", [("", [1], 0)])]


def test_words_keep_the_order_of_the_protocol():
    data = result(drug=["none", "APV", "MK-801"])
    assert arranged(data) == [("", "drug", [("", [0, 1, 2], 0)])]
    assert conditions.value_text(data, "drug", 2) == "MK-801"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("delta_t", 0.01, "+10 ms"), ("delta_t", -0.0025, "-2.5 ms"), ("delta_t", 0.0, "0 ms"), ("frequency", 0.1, "0.1 Hz"), ("n", 3, "3")],
)
def test_values_in_words(name, value, text):
    assert conditions.value_text(result(**{name: [value]}), name, 0) == text


def test_a_value_is_not_shown_with_the_rounding_of_its_unit():
    assert conditions.value_text(result(delta_t=[0.1 + 0.2]), "delta_t", 0) == "+300 ms"


def window(delta_t, label="pair", seed=0):
    data = xr.Dataset({"change": ("delta_t", np.ones(len(delta_t)), {"units": "1"})}, coords={"delta_t": np.array(delta_t)})
    data.attrs = {"study": "window", "rule_label": label, "seed": seed}
    return data


def test_windows_side_by_side():
    both = overlay([window([0.01, 0.02]), window([0.01, 0.02], "triplet", seed=1)])
    assert dict(both.sizes) == {"rule": 2, "delta_t": 2}
    assert both.attrs["study"] == "window"
    assert "seed" not in both.attrs
    assert '"seed": 1' in both.attrs["rules"]
    with pytest.raises(sh.FormatError, match="different delta_t"):
        overlay([window([0.01]), window([0.02])])
    with pytest.raises(sh.FormatError, match="at least one"):
        overlay([])
