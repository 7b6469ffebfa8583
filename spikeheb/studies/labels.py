"""The attributes that say where a result came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spikeheb.cells import Cell
from spikeheb.rules.rule import Rule

if TYPE_CHECKING:
    import xarray as xr

VERSION = "0.1.0"


def provenance(study: str, rule: Rule, cell: Cell | None, engine: Mapping[str, str], seed: int, dt: float) -> dict[str, str | int | float]:
    """Attributes of a result: hashes and full descriptions of rule and cell, engine with versions, seed, step."""
    attributes: dict[str, str | int | float] = {
        "study": study,
        "spikeheb": VERSION,
        "rule": rule.name,
        "rule_set": rule.set or "",
        "rule_label": rule.label,
        "rule_hash": rule.hash,
        "rule_description": rule.description,
        "interaction": rule.interaction or "",
        "bounds": rule.bounds.kind,
        "coincidence": rule.coincidence,
        "axonal_delay_s": rule.axonal_delay,
        "backpropagation_delay_s": rule.backpropagation_delay,
        "seed": seed,
        "dt_s": dt,
    }
    if cell is not None:
        attributes |= {"cell": cell.name, "cell_hash": cell.hash, "cell_description": cell.description}
    return attributes | {f"engine_{name}" if name != "engine" else name: text for name, text in engine.items()}


def describe(data: xr.Dataset, texts: Mapping[str, tuple[str, str]]) -> xr.Dataset:
    """The data set with ``units`` and ``long_name`` on each variable, as a result."""
    from spikeheb.dataset import as_result

    for name, (units, long_name) in texts.items():
        if name in data.variables:
            data.variables[name].attrs.update(units=units, long_name=long_name)
    return as_result(data)
