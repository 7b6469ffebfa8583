"""The window of one or several rules, and the weight of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from spikeheb.plots.style import CYCLE, DASHES, LIGHT, End

if TYPE_CHECKING:
    import xarray as xr

MOST_LANES = 8
"""Lanes of a replay that are named; of more, all are drawn thin."""


def draw_window(ax: Axes, data: xr.Dataset, *, label: str | None = None) -> Axes:
    """Change of the weight against delta_t: one line a rule, broken where the order of the spikes turns."""
    x = data["delta_t"].values * 1e3
    ax.axhline(0, color=LIGHT, linewidth=1, zorder=0)
    ax.axvline(0, color=LIGHT, linewidth=1, zorder=0)
    before = sum(line.get_label()[:1] != "_" for line in ax.lines)  # type: ignore[index]  # labels are text
    change = np.atleast_2d(data["change"].values)
    sems = np.atleast_2d(data["change_sem"].values) if "change_sem" in data else np.full_like(change, np.nan)
    for n, (row, sem, name) in enumerate(zip(change, sems, _rule_names(data, label), strict=True), start=before):
        style = {"color": CYCLE[n % len(CYCLE)], "linestyle": DASHES[n % len(DASHES)]}
        for part, text in ((x < 0, name), (x > 0, "_")):
            ax.plot(x[part], row[part], marker="o" if part.sum() == 1 else "", label=text, **style)  # type: ignore[arg-type]
            if np.isfinite(sem).any():
                ax.fill_between(x[part], (row - sem)[part], (row + sem)[part], color=CYCLE[n % len(CYCLE)], alpha=0.2, linewidth=0)
        ax.plot(x[x == 0], row[x == 0], "o", color=CYCLE[n % len(CYCLE)], markersize=6, label="_")
    ax.set_xlabel("Δt = t_post − t_pre (ms)")
    ax.set_ylabel(f"change{_counted(data)}{_pairs(data)}")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    return ax


def _rule_names(data: xr.Dataset, label: str | None) -> list[str]:
    if "rule" in data.dims:
        return [str(name) for name in data["rule"].values]
    return [label or str(data.attrs.get("rule_label", ""))]


def _counted(data: xr.Dataset) -> str:
    """Of what the change is; nothing where rules differ in that."""
    counted = "weight" if "rule" not in data.dims else ""
    text = str(data.attrs.get("counted", counted))
    return f" of the {text}" if text else ""


def _pairs(data: xr.Dataset) -> str:
    return f"\nafter {data.attrs['pairs']} pairs at {data.attrs['frequency_Hz']:g} Hz" if "pairs" in data.attrs else ""


def draw_replay(ax: Axes, data: xr.Dataset) -> list[End]:
    """Weight against time, a line a lane; where only final weights were kept, these. Returns the names of the lines."""
    lanes = [f"lane {lane}" if isinstance(lane, np.integer) else str(lane) for lane in data["lane"].values]
    if "w_record" not in data:
        ax.plot(np.arange(len(lanes)), data["w"].values, "o", color=CYCLE[0])
        ax.set_xticks(np.arange(len(lanes)), lanes) if len(lanes) <= 2 * MOST_LANES else None
        ax.set_xlabel("lane")
        ax.set_ylabel("weight at the end")
        return []
    time, weights = data["time"].values, data["w_record"].values
    few = len(lanes) <= MOST_LANES
    for n, row in enumerate(weights):
        ax.step(time, row, where="post", color=CYCLE[n % len(CYCLE)], linewidth=2.0 if few else 0.8, label=lanes[n] if few else "_")
    ax.set_xlabel("time (s)")
    ax.set_ylabel("weight")
    ax.margins(x=0.02)
    ends = [(float(time[-1]), float(row[-1]), lanes[n], CYCLE[n % len(CYCLE)]) for n, row in enumerate(weights)]
    return ends if few and len(lanes) > 1 else []
