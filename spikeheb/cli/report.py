"""Results as tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.cli.printing import data_table, note
from spikeheb.studies.experiment import conditions
from spikeheb.tables import number_text

if TYPE_CHECKING:
    import xarray as xr

Table = tuple[list[str], list[list[str]]]

_COLUMNS = {
    "epsp_before": "before",
    "epsp_after": "after",
    "epsp_ratio": "ratio",
    "epsp_ratio_sem": "ratio SEM",
    "efficacy_ratio": "efficacy ratio",
    "control_epsp_ratio": "unstimulated ratio",
    "paired_pulse_ratio_before": "paired pulse before",
    "paired_pulse_ratio_after": "paired pulse after",
    "efficacy_ratio_sem": "efficacy ratio SEM",
    "readout_ratio": "readout ratio",
    "readout_ratio_sem": "readout ratio SEM",
    "published_ratio": "published ratio",
    "published_sem": "published SEM",
    "rejected_sweeps": "rejected sweeps",
}
_RESPONSE = ("epsp_before", "epsp_after", "epsp_ratio", "epsp_ratio_sem")
MICROSECOND = 1e-6


def outcome_table(data: xr.Dataset) -> Table:
    """One row for each condition: before, after, the ratios and the published values."""
    named = conditions.names(data)
    shown = [name for name in _COLUMNS if name in data and _says_something(data, name)]
    response = conditions.response(data) if "v_before" in data else ""
    titles = [f"{response} {_COLUMNS[name]}" if name in _RESPONSE else _COLUMNS[name] for name in shown]
    columns = [conditions.heading(data, name, name) for name in named]
    columns += [conditions.heading(data, name, title) for name, title in zip(shown, titles, strict=True)]
    values = {name: conditions.shown(data, name) for name in shown}
    rows = [
        [conditions.value_text(data, name, n, unit=False) for name in named] + [number_text(float(values[name][n])) for name in shown]
        for n in range(data.sizes["condition"])
    ]
    if "published_outcome" in data:
        columns.append("published")
        rows = [[*row, str(text)] for row, text in zip(rows, data["published_outcome"].values, strict=True)]
    return columns, rows


def _says_something(data: xr.Dataset, name: str) -> bool:
    """Whether a column has anything to show: columns that are empty or hold only zeros are left out."""
    values = np.asarray(data[name].values, dtype=float)
    if name in ("rejected_sweeps", "epsp_ratio_sem", "efficacy_ratio_sem", "readout_ratio_sem"):
        return bool(np.any(values > 1e-9))
    return bool(np.isfinite(values).any()) or not name.startswith("published")


_BESIDE = {
    "epsp_difference": ("difference", 1.0, ""),
    "slope_ratio": ("slope ratio", 1.0, ""),
    "drift": ("drift", 100.0, "%"),
    "slope": ("slope", 1.0, ""),
    "inverse_cv2": ("1/CV^2", 1.0, ""),
    "paired_pulse_ratio": ("paired-pulse ratio", 1.0, ""),
    "latency": ("latency", 1.0, ""),
    "rise_time": ("rise, 20-80 %", 1.0, ""),
    "decay_time": ("decay to 1/e", 1.0, ""),
    "volley": ("fibre volley", 1.0, ""),
    "population_spike": ("population spike", 1.0, ""),
    "input_resistance": ("input resistance", 1.0, ""),
    "series_resistance": ("series resistance", 1.0, ""),
}
"""Further measures of a recording: title, factor on top of the shown unit, and the unit if it is not the variable's own."""


def beside_table(data: xr.Dataset) -> Table:
    """One row for each measure and condition of a recording: before, after, and the comparison of both."""
    several = data.sizes["condition"] > 1
    rows = []
    for n in range(data.sizes["condition"]):
        for name, (title, factor, unit) in _BESIDE.items():
            cells = [_cell(data, f"{name}{when}", n, factor) for when in ("", "_before", "_after")]
            first = next((f"{name}{when}" for when in ("", "_before") if _per_condition(data, f"{name}{when}")), None)
            if first is not None and any(cells):
                shown = unit or conditions.shown_unit(data, first)[0]
                head = f"{title} ({shown})" if shown else title
                rows.append([*([str(data["pathway"].values[n])] if several else []), head, *cells[1:], cells[0]])
    return [*(["pathway"] if several else []), "measure", "before", "after", "after and before"], rows


def _per_condition(data: xr.Dataset, name: str) -> bool:
    return name in data and data[name].dims == ("condition",)


def _cell(data: xr.Dataset, name: str, n: int, factor: float) -> str:
    return number_text(float(conditions.shown(data, name)[n]) * factor) if _per_condition(data, name) else ""


def error_table(data: xr.Dataset) -> Table | None:
    """Pfister and Gerstner's normalised error E of each series and measure; None without data."""
    measures = [
        (name, title)
        for name, title in (("error_epsp", "E (EPSP)"), ("error_efficacy", "E (efficacy)"), ("error_readout", "E (readout)"))
        if name in data
    ]
    if not measures or not data.sizes.get("series_name"):
        return None
    rows = [
        [str(series), *(number_text(float(data[name].values[n])) for name, _ in measures)]
        for n, series in enumerate(data["series_name"].values)
    ]
    return ["series", *(title for _, title in measures)], rows


def window_table(data: xr.Dataset) -> Table:
    """One row for each delta_t and one column for each rule, with its standard error if the rule draws random numbers."""
    change = np.atleast_2d(data["change"].values)
    sems = np.atleast_2d(data["change_sem"].values) if "change_sem" in data else np.full_like(change, np.nan)
    shown = [bool(np.isfinite(row).any()) for row in sems]
    titles = [str(name) for name in data["rule"].values] if "rule" in data.dims else [str(data.attrs["rule_label"])]
    rows = [
        [
            conditions.value_text(data, "delta_t", n, unit=False),
            *(number_text(float(values[n])) for row, sem, has in zip(change, sems, shown, strict=True) for values in (row, sem)[: 1 + has]),
        ]
        for n in range(data.sizes["delta_t"])
    ]
    heads = [f"{what}, {title}" for title, has in zip(titles, shown, strict=True) for what in ("change", "SEM")[: 1 + has]]
    return ["delta_t (ms)", *heads], rows


def replay_table(data: xr.Dataset) -> Table:
    """One row for each lane: the final weight, with all digits."""
    return ["lane", "w"], [[str(lane), repr(float(w))] for lane, w in zip(data["lane"].values, data["w"].values, strict=True)]


def print_outcome(data: xr.Dataset) -> None:
    """Print the tables of an experiment or a recording."""
    data_table(*outcome_table(data))
    if data.attrs.get("study") == "recording":
        print()
        data_table(*beside_table(data))
    errors = error_table(data)
    if errors is not None:
        print()
        data_table(*errors)


def print_notes(data: xr.Dataset) -> None:
    """Print on stderr which engine ran, and the notes of the result."""
    attrs = data.attrs
    if "engine" in attrs:
        note(f"engine: {attrs['engine']}")
    if attrs.get("engine_note"):
        note(f"note: {attrs['engine_note']}")
    if attrs.get("note"):
        note(f"note: {attrs['note']}")
    if float(attrs.get("largest_shift_s", 0)) > MICROSECOND:
        note(f"note: spikes were moved by up to {attrs['largest_shift_s'] * 1e3:.3g} ms to fall on time steps")
    if "own_spikes" in data and np.any(data["own_spikes"].values > 0):
        note("note: in some conditions the cell fired spikes of its own beside the imposed ones (own_spikes in the result)")
    for text in json.loads(attrs.get("notes", "[]")):
        note(f"note: {text}")
    if "notes" not in attrs and "rejected_sweeps" in data and np.any(data["rejected_sweeps"].values > 0):
        count = int(data["rejected_sweeps"].sum())
        note(f"note: {count} {'sweep was' if count == 1 else 'sweeps were'} rejected because the cell spiked")
