"""Results made by hand, so that every number in a figure is known."""

import numpy as np
import pytest
import xarray as xr

MINUTES = np.concatenate([np.arange(-10, 0) + 0.5, np.arange(1, 41.0)])
TIME = np.arange(-5, 101) * 1e-3


def experiment(conditions, ratios, series=None, published=None, test_pulses=True):
    """An experiment whose EPSP is 1 mV before and `ratios` mV after; efficacies are 1 % above that."""
    ratios = np.asarray(ratios, dtype=float)
    count = ratios.size
    data = xr.Dataset({"efficacy_ratio": ("condition", ratios * 1.01)}).assign_coords(
        {name: ("condition", np.array(values)) for name, values in conditions.items()}
    )
    if test_pulses:
        shape = np.where(TIME > 0, np.exp(-TIME / 0.01), 0.0)
        epsp = np.where(MINUTES < 0, 1e-3, ratios[:, None] * 1e-3)
        data = data.assign(
            epsp=(("condition", "sweep"), epsp),
            epsp_before=("condition", np.full(count, 1e-3)),
            epsp_after=("condition", ratios * 1e-3),
            epsp_ratio=("condition", ratios),
            epsp_ratio_sem=("condition", np.zeros(count)),
            v_before=(("condition", "time"), np.tile(-0.07 + 1e-3 * shape, (count, 1))),
            v_after=(("condition", "time"), -0.07 + ratios[:, None] * 1e-3 * shape),
        ).assign_coords(minutes=("sweep", MINUTES), time=TIME)
        for name in ("epsp", "epsp_before", "epsp_after", "v_before", "v_after"):
            data[name].attrs["units"] = "V"
    if published is not None:
        ratio, sem = published
        data = data.assign(published_ratio=("condition", np.array(ratio)), published_sem=("condition", np.array(sem)))
    if series is not None:
        names = list(dict.fromkeys(name for name in series if name))
        data = data.assign_coords(series=("condition", np.array(series)), series_name=names)
        data = data.assign({f"error_{measure}": ("series_name", np.arange(len(names)) + 0.25) for measure in ("epsp", "efficacy")})
    for name, units in (("delta_t", "s"), ("frequency", "Hz")):
        if name in data.coords:
            data[name].attrs["units"] = units
    data.attrs = {"study": "experiment", "protocol": "made_up", "rule_label": "rule / set"}
    return data


@pytest.fixture
def sjostrom():
    """Two series; in the first, two branches of five frequencies, and in the second single conditions as well."""
    frequency = [0.1, 10, 20, 40, 50] * 2 + [20, 20, 0.1, 50]
    delta_t = [0.01] * 5 + [-0.01] * 5 + [0.025, -0.025, 0.0, 0.0]
    ratios = [1.0, 1.1, 1.2, 1.5, 1.75, 0.7, 0.6, 0.65, 1.2, 1.7, 0.9, 0.8, 1.0, 1.3]
    published = ([*np.array(ratios) + 0.05], [*np.full(13, 0.1), np.nan])
    series = ["frequency"] * 10 + ["timing"] * 4
    return experiment({"frequency": frequency, "delta_t": delta_t}, ratios, series, published)


@pytest.fixture
def made():
    """`experiment` itself."""
    return experiment
