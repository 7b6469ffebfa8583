"""The window of one or several rules, and the weight of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from spikeheb.plots.style import CYCLE, DASHES, LIGHT, End

if TYPE_CHECKING:
    import xarray as xr

MOST_LANES = 8
"""Largest number of lanes of a replay that get names; more are drawn as thin lines."""
GOES_ON = 0.04
"""The part of a replay's time by which its lines go on after the last event."""


def draw_window(ax: Axes, data: xr.Dataset, *, label: str | None = None) -> Axes:
    """Change of the weight against delta_t: one line for each rule, interrupted where the order of the spikes changes."""
    x = data["delta_t"].values * 1e3
    ax.axhline(0, color=LIGHT, linewidth=1, zorder=0)
    ax.axvline(0, color=LIGHT, linewidth=1, zorder=0)
    before = sum(line.get_label()[:1] != "_" for line in ax.lines)  # type: ignore[index]  # labels are text
    change = np.atleast_2d(data["change"].values)
    sems = np.atleast_2d(data["change_sem"].values) if "change_sem" in data else np.full_like(change, np.nan)
    for n, (row, sem, name) in enumerate(zip(change, sems, _rule_names(data, label), strict=True), start=before):
        style: dict[str, Any] = {"color": CYCLE[n % len(CYCLE)], "linestyle": DASHES[n % len(DASHES)]}
        title = f"{name}: {_population(data)}" if np.isfinite(sem).any() else name
        for part, text in ((x < 0, title), (x > 0, "_")):
            ax.plot(x[part], row[part], marker="o" if part.sum() == 1 else "", label=text, **style)
            if np.isfinite(sem).any():
                ax.fill_between(x[part], (row - sem)[part], (row + sem)[part], color=CYCLE[n % len(CYCLE)], alpha=0.2, linewidth=0)
        ax.plot(x[x == 0], row[x == 0], "o", color=CYCLE[n % len(CYCLE)], markersize=6, label="_")
    ax.set_xlabel("Δt = t_post − t_pre (ms)")
    ax.set_ylabel(f"change{_counted(data)}{_pairs(data)}")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    return ax


def _population(data: xr.Dataset) -> str:
    """The legend of line and band if many synapses were averaged."""
    seeds = len(str(data.attrs.get("seeds", 0)).split(","))
    cells, synapses = int(data.attrs.get("cells", 1)), int(data.attrs.get("synapses", 1))
    count = cells * synapses * seeds
    of = "cells" if synapses == 1 else "synapses"
    return f"mean of {count} {of} ± SEM" if count > 1 else "mean ± SEM"


def _rule_names(data: xr.Dataset, label: str | None) -> list[str]:
    if "rule" in data.dims:
        return [str(name) for name in data["rule"].values]
    return [label or str(data.attrs.get("rule_label", ""))]


def _counted(data: xr.Dataset) -> str:
    """The quantity that changes; empty if the rules differ in it."""
    counted = "weight" if "rule" not in data.dims else ""
    text = str(data.attrs.get("counted", counted))
    return f" of the {text}" if text else ""


def _pairs(data: xr.Dataset) -> str:
    return f"\nafter {data.attrs['pairs']} pairs at {data.attrs['frequency_Hz']:g} Hz" if "pairs" in data.attrs else ""


def draw_replay(ax: Axes, data: xr.Dataset) -> list[End]:
    """Weight against time, a line a lane, with the spikes above it; where only final weights were kept, these.

    Returns the names of the lines.
    """
    lanes = lane_names(data)
    if "w_record" not in data:
        ax.plot(np.arange(len(lanes)), data["w"].values, "o", color=CYCLE[0])
        if len(lanes) <= 2 * MOST_LANES:
            ax.set_xticks(np.arange(len(lanes)), lanes)
            ax.set_xlim(-0.6, len(lanes) - 0.4)
        ax.set_xlabel("lane")
        ax.set_ylabel("weight at the end")
        return []
    time = data["time"].values
    few, on = len(lanes) <= MOST_LANES, _goes_on(data)
    for n, row in enumerate(data["w_record"].values):
        ax.step(time, row, where="post", color=CYCLE[n % len(CYCLE)], linewidth=2.0 if few else 0.8, label=lanes[n] if few else "_")
        ax.plot([time[-1], on], [row[-1]] * 2, color=CYCLE[n % len(CYCLE)], linewidth=2.0 if few else 0.8, label="_")
    ax.set_xlabel("time (s)")
    ax.set_ylabel("weight")
    ax.margins(x=0.02)
    if few and "pre_time" in data:
        _draw_spikes(ax, data)
    ends = [(on, float(row[-1]), lanes[n], CYCLE[n % len(CYCLE)]) for n, row in enumerate(data["w_record"].values)]
    return ends if few and len(lanes) > 1 else []


def lane_names(data: xr.Dataset) -> list[str]:
    """What the lanes of a replay are called."""
    return [f"lane {lane}" if isinstance(lane, np.integer) else str(lane) for lane in data["lane"].values]


def _goes_on(data: xr.Dataset) -> float:
    """The time at which the lines end: a little after the last event, from which on the weight stays."""
    time = data["time"].values
    spikes = [float(data[name].values.max()) for name in ("pre_time", "post_time") if name in data and data[name].size]
    more = GOES_ON * float(time[-1] - time[0])
    return max(float(time[-1]), max(spikes, default=float(time[-1])) + more)


def _draw_spikes(ax: Axes, data: xr.Dataset) -> None:
    """A strip above the Axes: presynaptic spikes over postsynaptic ones, a row a lane, in the lanes' colours."""
    lanes = data.sizes["lane"]
    strip = ax.inset_axes((0.0, 1.02, 1.0, 0.07 + 0.05 * lanes), sharex=ax)
    for side, base in (("post", 0.0), ("pre", lanes + 0.5)):
        for n in range(lanes):
            times = data[f"{side}_time"].values[data[f"{side}_lane"].values == n]
            low = base + lanes - 1 - n
            strip.vlines(times, low + 0.1, low + 0.9, color=CYCLE[n % len(CYCLE)], linewidth=1.4, label=side)
    strip.set_yticks([lanes / 2, 1.5 * lanes + 0.5], ["post", "pre"])
    strip.set_ylim(0, 2 * lanes + 0.5)
    strip.tick_params(axis="both", length=0, labelbottom=False)
    for edge in strip.spines.values():
        edge.set_visible(False)
