"""The standard figure of plasticity experiments: normalised EPSP against minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from spikeheb.errors import FormatError
from spikeheb.measure.course import PerMinute, normalised, per_minute
from spikeheb.plots.style import GREY, LIGHT, End, branch_colours, shades
from spikeheb.studies.experiment.conditions import Branch, Row, bare, label, named_text, response, value_text

if TYPE_CHECKING:
    import xarray as xr

Coloured = tuple[Branch, str]

MOST_PANELS = 3
MOST = 6
"""Conditions with their own colour in one panel; of more, some are picked and the others are grey."""
TOGETHER = 0.025
"""Lines that end within this fraction of the row's range share a name."""


def courses(data: xr.Dataset) -> PerMinute:
    """Means over minutes of the normalised EPSPs of all conditions.

    Raises
    ------
    FormatError
        For a result without test pulses.
    """
    if "epsp" not in data:
        raise FormatError("there is no EPSP in this result: it was made without test pulses", key="epsp")
    return per_minute(data["minutes"].values, normalised(data["epsp"].values, data["minutes"].values, 0.0))


def panels_of(row: Row) -> list[list[Coloured]]:
    """The branches, with colours, of each panel.

    A branch of several conditions has a panel of its own, the others share one; where that would be too many panels, those
    of one sign of delta_t share one.
    """
    coloured = list(zip(row.branches, branch_colours([branch.sign for branch in row.branches]), strict=True))
    alone = [[pair] for pair in coloured if len(pair[0].index) > 1]
    rest = [pair for pair in coloured if len(pair[0].index) == 1]
    panels = [*alone, rest] if rest else alone
    if len(panels) <= MOST_PANELS:
        return panels
    by_sign = [[pair for pair in coloured if pair[0].sign == sign] for sign in (1, 0, -1)]
    return [panel for panel in by_sign if panel]


def draw_course(ax: Axes, data: xr.Dataset, row: Row, panel: Sequence[Coloured], means: PerMinute) -> list[End]:
    """The conditions of some branches: mean EPSP of each minute over the baseline; returns the names of the lines."""
    ax.axhline(1, color=LIGHT, linewidth=1, zorder=0)
    ax.axvline(0, color=GREY, linewidth=1, linestyle=(0, (2, 2)), zorder=0)
    if data.sizes["condition"] == 1:
        _draw_sweeps(ax, data)
    chosen = _picked([int(n) for branch, _ in panel for n in branch.index], means)
    ends: list[End] = []
    for branch, colour in panel:
        own = [int(n) for n in branch.index if int(n) in chosen]
        tints = dict(zip(own, shades(colour, len(own)), strict=True))
        for n in branch.index:
            _draw_line(ax, data, means, int(n), tints.get(int(n)))
        ends += _names(data, row, branch if len(panel) > 1 else None, means, tints)
    ax.update_datalim([(float(means.minutes[n]), 1.0) for n in (0, -1)])  # also if sweeps at either end were rejected
    ax.set_xlabel("minutes from induction")
    ax.set_ylabel(f"{response(data)} / baseline")
    ax.margins(x=0.03)
    return ends


def _draw_sweeps(ax: Axes, data: xr.Dataset) -> None:
    """Single sweeps of the only condition, as dots."""
    single = normalised(data["epsp"].values, data["minutes"].values, 0.0)[0]
    ax.plot(data["minutes"].values, single, ".", color=LIGHT, markersize=5, zorder=0.5, label="single sweeps")


def _draw_line(ax: Axes, data: xr.Dataset, means: PerMinute, n: int, colour: str | None) -> None:
    """Draw one condition, in grey if it has no colour; the line is interrupted at the induction."""
    style = {"color": colour, "marker": "o", "markersize": 3.5, "linewidth": 1.0, "zorder": 2.0}
    if colour is None:
        style = {"color": LIGHT, "linewidth": 1.0, "zorder": 1.0}
    for part, name in ((means.minutes < 0, "_"), (means.minutes >= 0, label(data, n))):
        ax.plot(means.minutes[part], means.mean[n, part], label=name, **style)  # type: ignore[arg-type]  # line styles


def _picked(index: Sequence[int], means: PerMinute) -> set[int]:
    """All conditions of a panel, or `MOST` of them that spread over the range of outcomes."""
    last = _last(means)[list(index)]
    if len(index) <= MOST or np.isnan(last).all():
        return set(index[:MOST])
    return {index[int(np.nanargmin(np.abs(last - value)))] for value in np.linspace(np.nanmin(last), np.nanmax(last), MOST)}


def _last(means: PerMinute) -> npt.NDArray[np.float64]:
    """The end of each line: its last known value, because later sweeps may have been rejected."""
    there = np.isfinite(means.mean)
    position = means.mean.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return np.asarray(means.mean[np.arange(len(means.mean)), position])


def _names(data: xr.Dataset, row: Row, branch: Branch | None, means: PerMinute, tints: dict[int, str]) -> list[End]:
    """Ends of the lines of one branch with their names; lines that end nearly together share one."""
    last = _last(means)
    of_row = last[[int(n) for other in row.branches for n in other.index]]
    near = TOGETHER * float(np.nanmax(of_row) - np.nanmin(of_row)) if np.isfinite(of_row).any() else 0.0
    groups: list[list[int]] = []
    for n in sorted((n for n in tints if np.isfinite(last[n])), key=lambda n: last[n]):
        if groups and last[n] - last[groups[-1][0]] < near:
            groups[-1].append(n)
        else:
            groups.append([n])
    order = list(tints)
    members = [sorted(group, key=order.index) for group in groups]
    return [
        (float(means.minutes[-1]), float(np.mean(last[group])), _text(data, row, branch, group, order), tints[group[-1]])
        for group in members
    ]


def _text(data: xr.Dataset, row: Row, branch: Branch | None, group: Sequence[int], order: Sequence[int]) -> str:
    """``"10, 40 Hz"``, ``"0.1 to 20 Hz"`` for neighbours; all that varies where the branch is a single condition."""
    if branch is not None and len(branch.index) == 1:
        return ", ".join(named_text(data, name, group[0]) for name in row.varied)
    own = [value_text(data, row.axis, n, unit=n == group[-1]) for n in group] if row.axis else []
    adjacent = len(group) > 2 and order.index(group[-1]) - order.index(group[0]) == len(group) - 1
    text = f"{own[0]} to {own[-1]}" if adjacent else ", ".join(own)
    text = f"{row.axis} {text}" if row.axis and bare(data, row.axis) else text
    return text if branch is None or row.axis == "delta_t" else f"{text} ({branch.label})"
