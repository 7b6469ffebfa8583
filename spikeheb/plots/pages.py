"""Whole figures: which panels a result has, and how they are arranged."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.measure.course import PerMinute
from spikeheb.plots.course import Coloured, courses, draw_course, panels_of
from spikeheb.plots.outcome import draw_outcome, legend_handles
from spikeheb.plots.style import End, end_labels, minus, new_figure, ratio_axis
from spikeheb.plots.traces import draw_traces
from spikeheb.plots.weights import legend_columns
from spikeheb.plots.windows import draw_replay, draw_window
from spikeheb.studies.experiment.conditions import Row, arrange, response

if TYPE_CHECKING:
    import xarray as xr

HEIGHT = 3.7
TRACES, COURSE, ONLY_COURSE, OUTCOME, BARE = 3.3, 3.0, 4.6, 4.4, 5.8
"""Height of a row and widths of its panels, in inches."""
MOST_DIGITS = 4
ROUNDING = 1e-9
LONGEST = 60
"""Characters of changed parameters that a title holds."""


def experiment_page(data: xr.Dataset) -> Figure:
    """One row a series: averaged EPSPs, EPSP against minutes, result over data; the ratios of a row share one scale."""
    rows = arrange(data)
    page = _full_page(data, rows) if "epsp" in data else _bare_page(data, rows)
    page.suptitle(title(data), x=0.01, ha="left", fontweight="bold", wrap=True)
    handles = legend_handles(data) if _has_outcome(data) else []
    if handles:
        columns = legend_columns([str(handle.get_label()) for handle in handles], float(page.get_size_inches()[0]))
        page.legend(handles=handles, loc="outside lower right", ncols=columns, borderpad=0.1)
    return page


def _full_page(data: xr.Dataset, rows: tuple[Row, ...]) -> Figure:
    means = courses(data)
    panels = [panels_of(row) for row in rows]
    widths = _widths(data, max(len(of_row) for of_row in panels))
    page = new_figure(sum(widths), HEIGHT * len(rows) + 0.6)
    grid = page.add_gridspec(len(rows), len(widths), width_ratios=widths)
    for n, row in enumerate(rows):
        axes = [page.add_subplot(grid[n, k]) for k in range(len(widths))]
        _fill(axes, data, row, panels[n], means)
    return page


def _bare_page(data: xr.Dataset, rows: tuple[Row, ...]) -> Figure:
    """Without test pulses there is only the result over data."""
    page = new_figure(BARE * len(rows), HEIGHT + 0.9)
    for n, row in enumerate(rows):
        ax = page.add_subplot(1, len(rows), n + 1)
        ends = draw_outcome(ax, data, row)
        ax.set_title(outcome_title(data, row))
        _share([ax])
        end_labels(ax, ends)
    return page


def _widths(data: xr.Dataset, courses_of_a_row: int) -> list[float]:
    course = COURSE if courses_of_a_row > 1 else ONLY_COURSE
    return [TRACES, *[course] * courses_of_a_row, *[OUTCOME] * _has_outcome(data)]


def _has_outcome(data: xr.Dataset) -> bool:
    """Pathways of a recording stand side by side, and no line leads from one to the next."""
    return "epsp" not in data or (data.sizes["condition"] > 1 and data.attrs["study"] != "recording")


def _fill(axes: list[Axes], data: xr.Dataset, row: Row, panels: list[list[Coloured]], means: PerMinute) -> None:
    """One row of panels; places that are left over stay empty."""
    ratios: list[tuple[Axes, list[End]]] = []
    draw_traces(axes[0], data, row)
    axes[0].set_title(f"averaged {response(data)}s")
    for ax, panel in zip(axes[1:], panels, strict=False):
        ratios.append((ax, draw_course(ax, data, row, panel, means)))
        ax.set_title(minus(_panel_title(panel)))
    if _has_outcome(data):
        ratios.append((axes[-1], draw_outcome(axes[-1], data, row)))
        axes[-1].set_title(outcome_title(data, row))
    drawn = [ax for ax, _ in ratios]
    for ax in axes:
        if ax not in drawn and ax is not axes[0]:
            ax.set_axis_off()
    _share(drawn)
    for ax, ends in ratios:
        end_labels(ax, ends)


def _share(axes: list[Axes]) -> None:
    """One scale of ratios for all; only the first of the courses and the outcome say what it is."""
    for ax in axes[1:]:
        ax.sharey(axes[0])
    ratio_axis(axes)
    low, high = min(ax.dataLim.y0 for ax in axes), max(ax.dataLim.y1 for ax in axes)
    margin = 0.05 * (high - low) if axes[0].get_yscale() == "linear" else 0.0
    axes[0].set_ylim(low * 0.94 if not margin else low - margin, high * 1.06 if not margin else high + margin)
    for ax in axes[1:-1]:
        ax.set_ylabel("")
        ax.tick_params(labelleft=False)


def _panel_title(panel: list[Coloured]) -> str:
    return panel[0][0].label if len(panel) == 1 else ""


def title(data: xr.Dataset) -> str:
    """The title: the protocol, the rule and what was changed."""
    attrs = data.attrs
    if attrs["study"] == "recording":
        return f"{attrs.get('recording', 'recording')}: {_measured_ratios(data)}"
    text = textwrap.shorten(str(attrs.get("protocol_changed", "")), LONGEST)
    changed = f" ({text})" if text else ""
    return f"{attrs.get('protocol', '')}{changed}: {attrs.get('rule_label', '')}"


def _measured_ratios(data: xr.Dataset) -> str:
    """The ratio of a recording with its standard error, or of each of its pathways."""
    pairs = zip(data["epsp_ratio"].values, data["epsp_ratio_sem"].values, strict=True)
    texts = [_with_error(float(ratio), float(sem)) for ratio, sem in pairs]
    if texts == ["unknown"]:
        return f"{response(data)} cannot be distinguished from noise before induction"
    if len(texts) == 1:
        return f"{response(data)} ratio {texts[0]}"
    named = [f"{text} (pathway {pathway})" for text, pathway in zip(texts, data["pathway"].values, strict=True)]
    return f"{response(data)} ratio\n{', '.join(named)}"


def _with_error(ratio: float, sem: float) -> str:
    """``"1.50 ± 0.02"``: as many digits as the standard error justifies; an error that is only rounding is left out."""
    if not math.isfinite(ratio):
        return "unknown"
    if not (math.isfinite(sem) and sem > ROUNDING * abs(ratio)):
        return f"{ratio:.3g}"
    digits = min(max(-math.floor(math.log10(sem)), 0), MOST_DIGITS)
    return f"{ratio:.{digits}f} ± {sem:.{digits}f}"


def outcome_title(data: xr.Dataset, row: Row) -> str:
    """The name of the series, and the model's error on it."""
    name = f"{row.series} series" if row.series else "result over data" if "published_ratio" in data else "result"
    errors = []
    for measure, text in (("epsp", "EPSP"), ("efficacy", "efficacy")):
        if f"error_{measure}" in data and row.series in data["series_name"].values:
            value = float(data[f"error_{measure}"].sel(series_name=row.series))
            if not np.isfinite(value):
                continue
            errors.append(f"{value:.3g} ({text})" if value < 1000 else f"{value:.0f} ({text})")
    return f"{name}\nE = {', '.join(errors)}" if errors else name


def window_page(data: xr.Dataset) -> Figure:
    """The windows of one or several rules."""
    page = new_figure(7.5, 4.8)
    ax = draw_window(page.add_subplot(), data)
    page.legend(handles=ax.get_legend_handles_labels()[0], loc="outside upper left", borderpad=0.1)
    return page


def replay_page(data: xr.Dataset) -> Figure:
    """The weight of a replay."""
    page = new_figure(7.5, 4.8)
    ax = page.add_subplot()
    end_labels(ax, draw_replay(ax, data))
    page.suptitle(str(data.attrs.get("rule_label", "")), x=0.01, ha="left", fontweight="bold", wrap=True)
    return page
