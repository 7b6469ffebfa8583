"""Figures: a result in, Axes out. The only importer of matplotlib; nothing is computed here except means for display.

`plot` draws one panel, into Axes of the user's own if given; `figure` makes the whole figure of a result.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.errors import FormatError, SpikehebError, unknown_name
from spikeheb.plots import style
from spikeheb.plots.board import axes_alone, board_page, draw_board
from spikeheb.plots.comparing import comparison
from spikeheb.plots.constraint import constraint_page, draw_bias, draw_diagonal
from spikeheb.plots.course import courses, draw_course, panels_of
from spikeheb.plots.distances import comparison_page, draw_compared_panel
from spikeheb.plots.mystery import draw_cells, draw_posterior, mystery_page
from spikeheb.plots.networks import draw_network_panel, network
from spikeheb.plots.outcome import draw_outcome, legend_handles
from spikeheb.plots.pages import experiment_page, outcome_title, replay_page, window_page
from spikeheb.plots.rates import PANELS as RATES
from spikeheb.plots.rates import rates_page
from spikeheb.plots.shown import show_when_cell_ends
from spikeheb.plots.traces import draw_traces
from spikeheb.plots.weights import draw_panel, weights_page
from spikeheb.plots.windows import draw_replay, draw_window
from spikeheb.results import replace_file
from spikeheb.studies.experiment.conditions import Row, arrange

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["figure", "plot", "write"]

PANELS = {
    "experiment": ("course", "outcome", "traces"),
    "recording": ("course", "traces"),
    "window": ("window",),
    "replay": ("replay",),
    "score": ("board",),
    "constraint": ("diagonal", "bias"),
    "slice": ("outcome",),
    "comparison": ("densities", "distances"),
    "network": ("raster", "rates", "weights", "course", "balance", "answers"),
    "mystery": ("cells",),
    "posterior": ("posterior",),
    "weights": ("histograms", "log_histograms", "course", "against_input", "distances"),
    **{study: tuple(panels) for study, panels in RATES.items()},
}

DRAWN_ALONE = {"board": draw_board, "cells": draw_cells, "posterior": draw_posterior}
"""Panels that need nothing but the result."""


@style.styled
def plot(
    data: xr.Dataset | Sequence[xr.Dataset],
    ax: Axes | None = None,
    *,
    panel: str | None = None,
    series: str | None = None,
    label: str | None = None,
) -> Axes:
    """Draw one panel of a result, or several results of the same kind in one panel.

    A notebook shows the figure if the call is the last line of a cell, or else when the cell has ended.

    Parameters
    ----------
    data : xarray.Dataset, or a list of them
        A result of a study (`run`, `slice_of`, `window`, `replay`, `score`, `weights`, `compare`, `mystery`), or of a recording. Of a list,
        windows are drawn in one panel, experiments of the same conditions by their outcome, and replays by their weights along time.
    ax : matplotlib Axes, optional
        Where to draw; new Axes where absent.
    panel : str, optional
        Of an experiment ``course``: normalised EPSP against minutes (the default where there were test pulses); ``outcome``: result over
        data; ``traces``: averaged EPSPs of the conditions that changed most. Of weights ``histograms``, ``log_histograms``, ``course``,
        ``against_input`` or ``distances``; of a comparison ``densities`` or ``distances``.
    series : str, optional
        Experiments only: the published series to show; the first where absent.
    label : str, optional
        Windows only: the name of the line, where it is not to be that of the rule.

    Returns
    -------
    matplotlib Axes
        Of a new figure (``.figure``) unless Axes were given.

    Raises
    ------
    UnknownName
        For a panel or series that this result does not have.
    FormatError
        For a data set that is not a result, or lacks what the panel shows; for results that cannot be compared.
    """
    if isinstance(data, Sequence):
        drawn = _plot_several(list(data), ax, panel, series, label)
    else:
        with _blame(data):
            drawn = _panel(data, ax, panel, series, label)
    show_when_cell_ends(drawn.get_figure(root=True))
    return drawn


def _panel(data: xr.Dataset, ax: Axes | None, panel: str | None, series: str | None, label: str | None) -> Axes:
    study = _study(data)
    panel = panel or ("outcome" if study == "experiment" and "epsp" not in data else PANELS[study][0])
    if panel not in PANELS[study]:
        raise unknown_name("panel", panel, PANELS[study])
    if panel == "board" and ax is None:
        ax, scale = axes_alone(data)
        return draw_board(ax, data, scale)
    ax = style.new_axes() if ax is None else ax
    if study in RATES:
        return RATES[study][panel](ax, data)
    if panel == "window":
        draw_window(ax, data, label=label).legend(loc="best")
        return ax
    if panel in DRAWN_ALONE:
        return DRAWN_ALONE[panel](ax, data)
    if study == "weights":
        return draw_panel(ax, data, panel)
    if study == "network":
        return draw_network_panel(ax, data, panel)
    if study == "comparison":
        return draw_compared_panel(ax, data, panel)
    if study == "constraint":
        return draw_diagonal(ax, data) if panel == "diagonal" else draw_bias(ax, data)
    ends = draw_replay(ax, data) if panel == "replay" else _draw_experiment(ax, data, panel, series)
    ax.autoscale_view()
    style.end_labels(ax, ends)
    return ax


def _plot_several(results: list[xr.Dataset], ax: Axes | None, panel: str | None, series: str | None, label: str | None) -> Axes:
    """A list of one is drawn like that one; others are checked first, so that nothing is drawn in part."""
    if len(results) == 1:
        return plot(results[0], ax, panel=panel, series=series, label=label)
    if panel is not None or series is not None or label is not None:
        raise FormatError("panel, series and label are for one result; give the results one by one", key="panel")
    draw = comparison([(result, _study(result)) for result in results])
    return draw(style.new_axes() if ax is None else ax)


def _draw_experiment(ax: Axes, data: xr.Dataset, panel: str, series: str | None) -> list[style.End]:
    row = _row(data, series)
    if panel == "traces":
        if "v_before" not in data:
            raise FormatError("there are no sweeps in this result: it was made without test pulses", key="v_before")
        draw_traces(ax, data, row)
        return []
    if panel == "outcome":
        ends = draw_outcome(ax, data, row)
        ax.set_title(outcome_title(data, row))
        names = ax.get_legend()
        ax.legend(handles=legend_handles(data), loc="best")
        if names is not None:
            ax.add_artist(names)
    else:
        ends = draw_course(ax, data, row, [pair for pairs in panels_of(row) for pair in pairs], courses(data))
    style.ratio_axis([ax])
    return ends


@style.styled
def figure(data: xr.Dataset) -> Figure:
    """The whole figure of a result, with all its panels. A notebook shows it in the same way as that of `plot`.

    Raises
    ------
    FormatError
        For a data set that is not a result.
    """
    pages: dict[str, Callable[[xr.Dataset], Figure]] = {
        "experiment": experiment_page,
        "recording": experiment_page,
        "window": window_page,
        "replay": replay_page,
        "score": board_page,
        "weights": weights_page,
        "constraint": constraint_page,
        "slice": experiment_page,
        "comparison": comparison_page,
        "network": network,
        "mystery": mystery_page,
        "posterior": mystery_page,
        **dict.fromkeys(RATES, rates_page),
    }
    with _blame(data):
        page = pages[_study(data)](data)
    show_when_cell_ends(page)
    return page


@contextmanager
def _blame(data: xr.Dataset) -> Iterator[None]:
    """Turn errors about variables that are missing into an error about the data set, which may come from elsewhere."""
    try:
        yield
    except SpikehebError:
        raise
    except (KeyError, ValueError, AttributeError, TypeError, IndexError) as error:
        what = f"lacks what a result of {data.attrs['study']} has"
        raise FormatError(f"{what} ({type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ''})") from error


@style.styled
def write(figure: Figure, path: Path | str) -> Path:
    """Write a figure to a file, whole or not at all; the suffix says the format.

    Raises
    ------
    StorageError
    """
    target = Path(path)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=target.suffix.lstrip(".") or "png")
    replace_file(target, buffer.getvalue())
    return target


def _study(data: xr.Dataset) -> str:
    attributes = getattr(data, "attrs", None)
    study = str(attributes.get("study", "")) if isinstance(attributes, Mapping) else None
    if study not in PANELS:
        got = type(data).__name__ if study is None else f'study = "{study}"'
        raise FormatError(f"expected a result of {', '.join(PANELS)} (got {got})", key="study")
    return study


def _row(data: xr.Dataset, series: str | None) -> Row:
    rows = {row.series: row for row in arrange(data)}
    if series is None:
        return next(iter(rows.values()))
    if series not in rows:
        raise unknown_name("series", series, rows)
    return rows[series]
