"""Several results of one kind in one panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from spikeheb.errors import FormatError
from spikeheb.plots.outcome import at_the_end, draw_published
from spikeheb.plots.style import CYCLE, DASHES, GREY, LIGHT, end_labels, minus, ratio_axis
from spikeheb.plots.windows import draw_window, lane_names
from spikeheb.studies.experiment.conditions import Branch, Row, arrange, heading, names, shown, value_text

if TYPE_CHECKING:
    import xarray as xr

Draw = Callable[[Axes], Axes]

WHY_NOT = {
    "score": "score boards are plotted one by one; give all rules to one call of score",
    "weights": "give all rules to one call of weights, which compares them under the same input spikes",
    "comparison": "give all weights to one call of compare",
    "constraint": "results of this study are plotted one by one",
    "recording": "recordings are plotted one by one; their tables stand side by side in the CSV files",
}


def comparison(results: Sequence[tuple[xr.Dataset, str]]) -> Draw:
    """A function that draws the results over one another on Axes.

    Parameters
    ----------
    results : sequence of (data, study)

    Raises
    ------
    FormatError
        Without results, for results of several kinds, and for results that cannot be compared.
    """
    kinds = sorted({study for _, study in results})
    if not results:
        raise FormatError("expected at least one result")
    if len(kinds) > 1:
        raise FormatError(f"expected results of one kind (got {', '.join(kinds)}); plot them one by one")
    if kinds[0] in WHY_NOT:
        raise FormatError(f"several results of {kinds[0]} cannot be drawn in one panel: {WHY_NOT[kinds[0]]}")
    data = [result for result, _ in results]
    texts = _labels(data)
    if kinds[0] == "window":
        return lambda ax: _windows(ax, data, texts)
    if kinds[0] == "replay":
        _check_recorded(data)
        return lambda ax: _replays(ax, data, texts)
    _check_conditions(data)
    return lambda ax: _outcomes(ax, data, texts)


def _labels(results: Sequence[xr.Dataset]) -> list[str]:
    """The name of each result: its rule, with the protocol, cell or seed where the rules alone are not different."""
    texts = [str(result.attrs.get("rule_label", "")) for result in results]
    for key in ("protocol", "protocol_changed", "cell", "seed"):
        values = [str(result.attrs.get(key, "")) for result in results]
        if len(set(texts)) < len(texts) and len(set(values)) > 1:
            texts = [
                f"{text}, {'seed ' if key == 'seed' else ''}{value}".removesuffix(", ") for text, value in zip(texts, values, strict=True)
            ]
    return [f"{text} ({texts[: n + 1].count(text)})" if texts.count(text) > 1 else text for n, text in enumerate(texts)]


def _windows(ax: Axes, results: Sequence[xr.Dataset], texts: Sequence[str]) -> Axes:
    for result, text in zip(results, texts, strict=True):
        draw_window(ax, result, label=text)
    _legend_above(ax)
    return ax


def _legend_above(ax: Axes) -> None:
    """Put the names above the Axes, where they do not cover a line."""
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.01), borderaxespad=0.0, borderpad=0.0)


def _check_recorded(results: Sequence[xr.Dataset]) -> None:
    if any("w_record" not in result for result in results):
        raise FormatError("replays are compared along time; make each with record=True", key="w_record")


def _replays(ax: Axes, results: Sequence[xr.Dataset], texts: Sequence[str]) -> Axes:
    for n, (result, text) in enumerate(zip(results, texts, strict=True)):
        several = result.sizes["lane"] > 1
        for k, (lane, weight) in enumerate(zip(lane_names(result), result["w_record"].values, strict=True)):
            name = f"{text}, {lane}" if several else text
            ax.step(result["time"].values, weight, where="post", color=CYCLE[n % len(CYCLE)], linestyle=DASHES[k % len(DASHES)], label=name)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("weight")
    _legend_above(ax)
    return ax


def _check_conditions(results: Sequence[xr.Dataset]) -> None:
    """Experiments are compared condition by condition."""
    first = results[0]
    for other in results[1:]:
        same = names(other) == names(first) and other.sizes["condition"] == first.sizes["condition"]
        if not same or any(not np.array_equal(other[name].values, first[name].values) for name in names(first)):
            raise FormatError(
                f"the experiments have different conditions ({_conditions(first)} and {_conditions(other)}); run the same ones",
                key="condition",
            )
    if len({"epsp_ratio" in result for result in results}) > 1:
        raise FormatError("one experiment measured EPSPs and another only efficacies; run all with test pulses, or all without")


def _conditions(data: xr.Dataset) -> str:
    return f"{data.sizes['condition']} of {', '.join(names(data)) or 'no name'}"


def _measure(data: xr.Dataset) -> str:
    return "epsp_ratio" if "epsp_ratio" in data else at_the_end(data)


def _outcomes(ax: Axes, results: Sequence[xr.Dataset], texts: Sequence[str]) -> Axes:
    """The first series: a colour for each result, a line style for each branch, and the published points once in grey."""
    row = arrange(results[0])[0]
    numbers = bool(row.axis) and results[0][row.axis].dtype.kind in "fiu"
    ax.axhline(1, color=LIGHT, linewidth=1, zorder=0)
    ends = []
    for k, branch in enumerate(row.branches):
        x = shown(results[0], row.axis)[branch.index] if numbers else np.asarray(branch.index, dtype=float)
        draw_published(ax, results[0], branch, x, GREY)
        for n, (result, text) in enumerate(zip(results, texts, strict=True)):
            y = result[_measure(result)].values[branch.index]
            ax.plot(
                x, y, color=CYCLE[n % len(CYCLE)], linestyle=_dashes(row, k), marker="s" if len(x) == 1 else ".",
                markerfacecolor="none" if len(x) == 1 else CYCLE[n % len(CYCLE)], label=text if k == 0 else "_",
            )  # fmt: skip
        ends += _branch_name(results, row.axis, branch, x)
    ax.set_xlabel(heading(results[0], row.axis) if row.axis else "")
    if not numbers:
        index = [int(n) for branch in row.branches for n in branch.index]
        ax.set_xticks(index, [minus(value_text(results[0], row.axis, n)) if row.axis else "" for n in index])
    measures = dict.fromkeys(_measure(result).removesuffix("_ratio").replace("epsp", "EPSP") for result in results)
    ax.set_ylabel(f"after / before ({' or '.join(measures)})")
    _legend_above(ax)
    ratio_axis([ax])
    ax.autoscale_view()
    end_labels(ax, ends)
    return ax


def _dashes(row: Row, k: int) -> Any:
    """The line style of a branch; along delta_t the two sides of 0 need none of their own."""
    alike = sum(other.sign == row.branches[k].sign for other in row.branches[:k]) if row.axis == "delta_t" else k
    return DASHES[alike % len(DASHES)]


def _branch_name(results: Sequence[xr.Dataset], axis: str, branch: Branch, x: np.ndarray) -> list[tuple[float, float, str, str]]:
    """A branch's name at the right end of its lines, where there are several branches along a number."""
    if axis == "delta_t" or not branch.label:
        return []
    last = [float(result[_measure(result)].values[branch.index[-1]]) for result in results]
    return [(float(x[-1]), float(np.nanmean(last)), branch.label, GREY)] if np.isfinite(last).any() else []
