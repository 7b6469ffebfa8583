"""Figures of the studies of rates: one page each, whose panels stand side by side and show the study's claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeheb.plots.style import CYCLE, DASHES, GREY, LIGHT, new_figure

if TYPE_CHECKING:
    import xarray as xr

HANDLE = 3.2
"""Length of the lines in a legend of dashes, in its font's size: in a shorter one the marker in the middle hides the gap."""
Draw = Callable[[Axes, "xr.Dataset"], Axes]
WORDS = {
    "unconstrained": "unconstrained", "diagonal": "diagonal kept", "excitatory_only": "excitatory only, flat inhibition",
    "both": "E and I plastic", "excitatory": "E plastic", "inhibitory": "I plastic", "magnitudes": "magnitudes rise at both",
    "uncancelled": "E and I, common mode left in",
    "sign": "weights", "power_3": "power 3", "power_4": "power 4", "softmax": "softmax",
}  # fmt: skip


def rates_page(data: xr.Dataset) -> Figure:
    """All panels of a study of rates, with the claim above them and its notes below."""
    panels = PANELS[str(data.attrs["study"])]
    page = new_figure(max(9.0, 6.2 * len(panels)), 5.2)
    for ax, draw in zip(np.atleast_1d(page.subplots(1, len(panels))), panels.values(), strict=True):
        draw(ax, data)
    page.suptitle(str(data.attrs.get("claim", "")), x=0.01, ha="left", wrap=True)
    if note := data.attrs.get("note"):
        page.supxlabel(str(note), x=0.01, ha="left", fontsize=11, color=GREY, wrap=True)
    return page


def band(ax: Axes, x: xr.DataArray, y: xr.DataArray, **look: object) -> None:
    """The mean over seeds, with one standard deviation on either side where there are several seeds."""
    middle, spread = y.mean("seed"), y.std("seed", ddof=1) if y.sizes["seed"] > 1 else None
    (line,) = ax.plot(x.values, middle.values, **{"marker": "o", "markersize": 4, **look})  # type: ignore[arg-type]  # matplotlib names its keywords one by one
    if spread is not None:
        ax.fill_between(x.values, (middle - spread).values, (middle + spread).values, color=line.get_color(), alpha=0.15, linewidth=0)


def draw_capacity(ax: Axes, data: xr.Dataset) -> Axes:
    """Overlap against load, with 0.138 marked."""
    _against_load(ax, data, "overlap")
    ax.axvline(0.138, color=GREY, linestyle=":", linewidth=1.5)
    ax.annotate(
        "0.138", (0.138, 1.0), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", color=GREY, fontsize=11
    )
    ax.set_ylabel("overlap after recall")
    ax.legend(loc="lower left", handlelength=HANDLE)
    return ax


def draw_fixed(ax: Axes, data: xr.Dataset) -> Axes:
    """The share of exactly fixed patterns against load, grey what is expected; N/(2 ln N) and N/(4 ln N) of the largest network."""
    _against_load(ax, data, "fixed")
    if "unconstrained" in data["kind"].values:
        for n in range(data.sizes["cells"]):
            expected = data["fixed_expected"].isel(cells=n).sortby("load")
            ax.plot(expected["load"], expected, color=GREY, linewidth=1.2, zorder=1, label=None if n else "expected, unconstrained")
        ax.legend(loc="upper right", handlelength=HANDLE)
    largest = data.isel(cells=int(np.argmax(data["cells"].values)))
    for name, text in (("fixed_theory", "N/(2 ln N)"), ("all_fixed_theory", "N/(4 ln N)")):
        ax.axvline(float(largest[name]), color=GREY, linestyle=":", linewidth=1.5)
        ax.annotate(text, (float(largest[name]), -0.02), (3, 0), textcoords="offset points", color=GREY, fontsize=11, rotation=90)
    ax.set_ylabel("share of patterns exactly fixed")
    return ax


def _against_load(ax: Axes, data: xr.Dataset, name: str) -> None:
    for k, kind in enumerate(data["kind"].values):
        for n, size in enumerate(data["cells"].values):
            curve = data.sel(kind=kind, cells=size).sortby("load")
            words = [WORDS[str(kind)]] if data.sizes["kind"] > 1 else []
            words += [f"N = {size}"] if data.sizes["cells"] > 1 or not words else []
            band(
                ax,
                curve["load"],
                curve[name],
                color=CYCLE[k % len(CYCLE)],
                linestyle=DASHES[(data.sizes["cells"] - 1 - n) % len(DASHES)],
                label=", ".join(words),
            )
    ax.set_xlabel("load: stored patterns / cells")
    ax.set_ylim(-0.05, 1.05)


def draw_letters(ax: Axes, data: xr.Dataset) -> Axes:
    """The states of the first seed as images: a row for each letter, a column for each sweep."""
    rows, columns = int(data.attrs["rows"]), int(data.attrs["columns"])
    states = data["state"].isel(seed=0)
    cues, sweeps = states.sizes["cue"], states.sizes["sweep"]
    board = np.full((cues * (rows + 2), sweeps * (columns + 2)), np.nan)
    for n, m in np.ndindex(cues, sweeps):
        top, left = n * (rows + 2) + 1, m * (columns + 2) + 1
        board[top : top + rows, left : left + columns] = states.isel(cue=n, sweep=m).values.reshape(rows, columns)
    ax.imshow(board, cmap="gray_r", vmin=-1.2, vmax=1.2, interpolation="nearest")
    ax.set_xticks([m * (columns + 2) + columns / 2 for m in range(sweeps)], [str(sweep) for sweep in data["sweep"].values])
    ax.set_yticks([n * (rows + 2) + rows / 2 + 0.5 for n in range(cues)], [str(cue) for cue in data["cue"].values])
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xlabel("sweep (0: the cue)")
    return ax


def draw_energy(ax: Axes, data: xr.Dataset) -> Axes:
    """Energy against sweeps, a line for each letter."""
    for k, cue in enumerate(data["cue"].values):
        band(ax, data["sweep"], data["energy"].sel(cue=cue), color=CYCLE[k % len(CYCLE)], label=str(cue))
    ax.set_xlabel("sweep")
    ax.set_ylabel("energy")
    ax.set_xticks(data["sweep"].values)
    ax.legend(loc="best")
    return ax


def draw_separation(ax: Axes, data: xr.Dataset) -> Axes:
    """The share of exact recalls against the number of stored patterns; grey, what the nearest pattern allows."""
    for n, flips in enumerate(data["flips"].values):
        curve, look = data.sel(flips=flips), DASHES[n % len(DASHES)]
        band(ax, curve["stored"], curve["nearest"], color=LIGHT, linestyle=look, linewidth=5, zorder=0)
        for k, kind in enumerate(data["kind"].values):
            label = f"{WORDS.get(str(kind), str(kind))}, {flips} bits"
            band(ax, curve["stored"], curve["exact"].sel(kind=kind), color=CYCLE[k % len(CYCLE)], linestyle=look, label=label)
    ax.set_xscale("log")
    ax.set_xlabel(f"stored patterns of {data.attrs.get('cells', '?')} cells")
    ax.set_ylabel("share recalled without an error\n(grey: the nearest pattern is right)")
    ax.set_ylim(-0.05, 1.05)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=HANDLE)
    return ax


def draw_error(ax: Axes, data: xr.Dataset) -> Axes:
    """The error of the steady stream against samples, both logarithmic, with a line of slope -1."""
    _errors(ax, data, "steady")
    x = data["sample"].values
    ax.loglog(x, 10.0 / x, ":", color=GREY, linewidth=1.5, label="10/t")
    ax.legend(loc="lower left")
    return ax


def draw_switch(ax: Axes, data: xr.Dataset) -> Axes:
    """The error of the stream whose subspace is switched."""
    _errors(ax, data, "switched")
    ax.axvline(float(data.attrs["switch"]), color=GREY, linestyle=":", linewidth=1.5)
    ax.set_title("subspace switched at the dotted line")
    return ax


def _errors(ax: Axes, data: xr.Dataset, stream: str) -> None:
    for k, rule in enumerate(data["rule"].values):
        label = str(rule).replace("_", " ")
        band(ax, data["sample"], data["error"].sel(stream=stream, rule=rule), color=CYCLE[k % len(CYCLE)], label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("samples")
    ax.set_ylabel("distance from the subspace")


def draw_ages(ax: Axes, data: xr.Dataset) -> Axes:
    """Overlap with the memory against its age: the mean of networks that keep it, and a cross for each that has lost it."""
    for k, tau in enumerate(data["tau"].values):
        at, color = data.sel(tau=tau), CYCLE[k % len(CYCLE)]
        band(ax, data["age"], at["overlap"].where(at["kept"] > 0), color=color, label=f"tau = {tau:g}")
        lost = at["overlap"].where(at["kept"] == 0).transpose("age", "seed").values
        ax.plot(data["age"].values, lost, "x", color=color, markersize=7, markeredgewidth=2)
    if (data["kept"] == 0).any():
        ax.plot([], [], "x", color=GREY, markersize=7, markeredgewidth=2, label="lost (left out of the mean)")
    ax.set_xlabel("age of the memory: patterns / connections")
    ax.set_ylabel("overlap, mean in time")
    ax.set_ylim(-0.05, 1.05)
    ax.legend(loc="lower left")
    return ax


def draw_exponents(ax: Axes, data: xr.Dataset) -> Axes:
    """The largest Lyapunov exponent against age; memories that were lost are left out."""
    for k, tau in enumerate(data["tau"].values):
        at = data.sel(tau=tau)
        band(ax, data["age"], at["lyapunov"].where(at["kept"] > 0), color=CYCLE[k % len(CYCLE)], label=f"tau = {tau:g}")
    ax.axhline(0.0, color=GREY, linewidth=1.2)
    ax.set_xlabel("age of the memory: patterns / connections")
    ax.set_ylabel("largest Lyapunov exponent\n(above 0: chaos around the memory)")
    return ax


def draw_norms(ax: Axes, data: xr.Dataset) -> Axes:
    """Norm of the weights against time, lines for spikes and dashes for rates; beyond a thousand it is cut off."""
    _side_by_side(ax, data, "norm")
    ax.axhline(1.0, color=GREY, linewidth=1.2)
    ax.set_yscale("log")
    ax.set_ylim(bottom=0.1, top=min(1000.0, 2 * float(data["norm"].max())))
    ax.set_ylabel("norm of the weights")
    ax.legend(loc="upper right", ncols=2, columnspacing=1.0, handlelength=HANDLE)
    return ax


def draw_directions(ax: Axes, data: xr.Dataset) -> Axes:
    """Cosine with the leading eigenvector against time."""
    _side_by_side(ax, data, "cosine")
    ax.set_ylabel("cosine with the leading eigenvector")
    return ax


def _side_by_side(ax: Axes, data: xr.Dataset, name: str) -> None:
    for k, rule in enumerate(data["rule"].values):
        for form, look in (("spikes", "-"), ("rates", "--")):
            curve = data[name].sel(rule=rule, form=form)
            band(ax, data["time"], curve, color=CYCLE[k % len(CYCLE)], linestyle=look, marker="", label=f"{rule}, {form}")
    ax.set_xlabel("time (s)")


def draw_prediction(ax: Axes, data: xr.Dataset) -> Axes:
    """The error of prediction of three rules against steps, both logarithmic, a line for each seed; what explodes leaves the page."""
    for k, rule in enumerate(data["rule"].values):
        for n in range(data.sizes["seed"]):
            error = np.maximum(data["error"].isel(seed=n).sel(rule=rule).values[1:], 1e-33)
            label = str(rule) if n == 0 else None
            ax.plot(data["step"].values[1:], error, color=CYCLE[k % len(CYCLE)], label=label)
    ax.axhline(1.0, color=GREY, linewidth=1.2)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(1e-34, 1e15)
    ax.set_xlabel("step")
    ax.set_ylabel("error of prediction (1: no weights)")
    ax.legend(loc="lower left")
    return ax


def draw_predicted_recall(ax: Axes, data: xr.Dataset) -> Axes:
    """Overlap after recall under Dale's law against stored patterns."""
    for k, mode in enumerate(data["common_mode"].values):
        band(ax, data["stored"], data["overlap"].sel(common_mode=mode), color=CYCLE[k % len(CYCLE)], label=f"common mode {mode}")
    ax.set_xlabel(f"stored patterns of {data.attrs.get('recall_cells', '?')} cells")
    ax.set_ylabel("overlap after recall, Dale's law")
    ax.set_ylim(-0.05, 1.05)
    ax.legend(loc="lower left")
    return ax


def draw_association(ax: Axes, data: xr.Dataset) -> Axes:
    """Correlation of attractors against their distance in the sequence."""
    for k, c in enumerate(data["c"].values):
        band(ax, data["distance"], data["correlation"].sel(c=c), color=CYCLE[k % len(CYCLE)], label=f"c = {c:g}")
    ax.axvline(5.0, color=GREY, linestyle=":", linewidth=1.5)
    ax.set_xlabel("distance in the sequence (dotted: the classical limit)")
    ax.set_ylabel("correlation of attractors")
    ax.legend(loc="best", title="c: self-excitation\nless inhibition of a pattern")
    return ax


def draw_pair_ages(ax: Axes, data: xr.Dataset) -> Axes:
    """Error against the age of pairs; dashes for inputs that are not centred."""
    for k, rule in enumerate(data["rule"].values):
        for centred, look in (("centred", "-"), ("raw", "--")):
            label = f"{str(rule).replace('_', ' ')}, {centred}"
            band(ax, data["age"], data["error"].sel(rule=rule, centred=centred), color=CYCLE[k % len(CYCLE)], linestyle=look, label=label)
    ax.axhline(0.5, color=GREY, linewidth=1.2)
    ax.set_xscale("log")
    ax.set_xlabel("age in pairs (oldest of a group)")
    ax.set_ylabel("mean absolute error (0.5: chance)")
    ax.legend(loc="lower right")
    return ax


def draw_reward_paths(ax: Axes, data: xr.Dataset) -> Axes:
    """Trials against the strength of the Hebbian term: a point for each run, a cross for one that failed; the wall is dotted."""
    x, failed = data["ratio"].values, data["failed"] > 0
    steps = data["steps"].transpose("ratio", "seed")
    ax.plot(x, steps.where(~failed).values, "o", color=LIGHT, markersize=4)
    ax.plot(x, steps.where(failed).values, "x", color=CYCLE[1], markersize=7, markeredgewidth=2)
    for ratio, number in zip(x, failed.sum("seed").values, strict=True):
        if number > 0:
            words = f"{number} of {data.sizes['seed']}"
            ax.annotate(
                words, (ratio, float(data.attrs["most"])), (0, 7), textcoords="offset points", ha="center", color=CYCLE[1], fontsize=10
            )
    if failed.any():
        ax.plot([], [], "x", color=CYCLE[1], markersize=7, markeredgewidth=2, label="failed")
    ax.plot(x, np.exp(np.log(steps.values).mean(axis=1)), "o-", color=CYCLE[0], label="geometric mean, failed runs counted")
    ax.axvline({"signed": 0.25, "active": 0.5}[str(data.attrs["form"])], color=GREY, linestyle=":", linewidth=1.5)
    ax.set_yscale("log")
    ax.set_xlabel("Hebbian step / largest depression (dotted: the wall)")
    ax.set_ylabel("trials until all pairs are right")
    ax.set_ylim(top=2.0 * float(data["steps"].max()))
    ax.legend(loc="best")
    return ax


def draw_cued_recall(ax: Axes, data: xr.Dataset) -> Axes:
    """Overlap of the cells that are not cued against the share of cued members, in rates and in spikes."""
    for k, form in enumerate(data["form"].values):
        band(ax, data["share"], data["overlap"].sel(form=form), color=CYCLE[k % len(CYCLE)], label=str(form))
    ax.set_xlabel("share of the members that are cued")
    ax.set_ylabel("overlap of the cells that are not cued")
    ax.set_ylim(-0.05, 1.05)
    ax.legend(loc="best")
    return ax


PANELS: Mapping[str, Mapping[str, Draw]] = {
    "capacity": {"overlap": draw_capacity, "fixed": draw_fixed},
    "recall_course": {"letters": draw_letters, "energy": draw_energy},
    "separation": {"exact": draw_separation},
    "three_rules": {"norm": draw_norms, "cosine": draw_directions},
    "prediction": {"error": draw_prediction, "recall": draw_predicted_recall},
    "cued_recall": {"overlap": draw_cued_recall},
    "association": {"correlation": draw_association},
    "online_pairs": {"error": draw_pair_ages},
    "reward_paths": {"steps": draw_reward_paths},
    "subspace": {"error": draw_error, "switch": draw_switch},
    "forgetting": {"overlap": draw_ages, "lyapunov": draw_exponents},
}
"""By study the panels of its figure, the first one being that of `spikeheb.plot`."""
