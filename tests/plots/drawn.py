"""What tests of figures ask of the Axes, and a window to draw."""

import numpy as np
import xarray as xr


def line(ax, name):
    """The x and y of the lines of that label, one after the other."""
    drawn = [each.get_xydata() for each in ax.lines if each.get_label() == name]
    assert drawn, f"no line {name} among {[each.get_label() for each in ax.lines]}"
    return np.concatenate(drawn)


def texts(ax):
    return [each.get_text() for each in ax.texts]


def reaches(page):
    """How far the drawn parts of a figure, its words above all, reach beyond its edges, in pixels; 0 if they do not."""
    page.draw_without_rendering()
    box, own = page.get_tightbbox(), page.bbox_inches
    return page.dpi * max(0.0, own.x0 - box.x0, own.y0 - box.y0, box.x1 - own.x1, box.y1 - own.y1)


def window(label="pair", change=(-0.2, 0.1, 0.4)):
    data = xr.Dataset({"change": ("delta_t", np.array(change))}, coords={"delta_t": [-0.01, 0.0, 0.01]})
    data.attrs = {"study": "window", "rule_label": label, "pairs": 60, "frequency_Hz": 1.0}
    return data
