"""The conditions of a result: how they are written as text, and how they are arranged in tables and figures.

A reader follows one quantity (frequency, delta_t) along an axis, in one branch for each combination of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikeheb.results import SHOWN

if TYPE_CHECKING:
    import xarray as xr

_PREFERRED = ("frequency", "delta_t")
_SIGNED = "delta_t"
_TITLES = {"delta_t": "Δt"}
_FIRST = {1: "pre first", -1: "post first", 0: "both at once"}
_NOT_CONDITIONS = ("series",)


@dataclass(frozen=True)
class Branch:
    """Conditions that differ in the quantity of the axis only, in its order.

    Attributes
    ----------
    label : str
        ``"Δt = +10 ms"``, or which side comes first; empty where there is only one branch.
    index : array of int
        Positions along ``condition``; in the order of the protocol where the axis has words.
    sign : int
        Of delta_t; 0 where it is 0 or no condition.
    """

    label: str
    index: npt.NDArray[np.int64]
    sign: int


@dataclass(frozen=True)
class Row:
    """A series of the protocol: what belongs into one figure.

    Attributes
    ----------
    series : str
        Name of the published series, or nothing.
    axis : str
        Name of the condition along the axis; empty where none varies.
    varied : tuple of str
        Names of all conditions that vary.
    branches : tuple of Branch
        Those of many conditions come first.
    """

    series: str
    axis: str
    varied: tuple[str, ...]
    branches: tuple[Branch, ...]


def names(data: xr.Dataset) -> list[str]:
    """Names of the conditions, in the order of the protocol."""
    return [str(name) for name, values in data.coords.items() if values.dims == ("condition",) and name not in _NOT_CONDITIONS]


def shown_unit(data: xr.Dataset, name: str) -> tuple[str, float]:
    """The unit in which a variable is shown, and the factor from SI to it."""
    units = str(data[name].attrs.get("units", ""))
    return SHOWN.get(units, (units, 1.0))


def shown(data: xr.Dataset, name: str) -> npt.NDArray[np.float64]:
    """The values of a variable in the unit in which it is shown."""
    values: npt.NDArray[np.float64] = np.asarray(data[name].values, dtype=float) * shown_unit(data, name)[1]
    return values


def heading(data: xr.Dataset, name: str, title: str | None = None) -> str:
    """``"Δt (ms)"``."""
    unit = shown_unit(data, name)[0]
    text = title if title is not None else _TITLES.get(name, name)
    return f"{text} ({unit})" if unit else text


def response(data: xr.Dataset) -> str:
    """``"EPSP"``, or ``"EPSC"`` where currents were measured."""
    return "EPSC" if data["v_before"].attrs.get("units") == "A" else "EPSP"


def value_text(data: xr.Dataset, name: str, position: int, *, unit: bool = True) -> str:
    """One condition in words: ``"+10 ms"``."""
    value = data[name].values[position]
    if not isinstance(value, np.number | np.bool_):
        return str(value)
    text, factor = shown_unit(data, name)
    number = float(f"{float(value) * factor:.6g}")
    sign = "+" if name == _SIGNED and number > 0 else ""
    return f"{sign}{number:g}{' ' + text if unit and text else ''}"


def bare(data: xr.Dataset, name: str) -> bool:
    """Whether the values of a condition are numbers without a unit, which need its name beside them."""
    return data[name].dtype.kind in "fiu" and not shown_unit(data, name)[0]


def named_text(data: xr.Dataset, name: str, position: int) -> str:
    """One condition in words that are clear by themselves: ``"+10 ms"``, ``"repeats 3"``."""
    text = value_text(data, name, position)
    return f"{_TITLES.get(name, name)} {text}" if bare(data, name) else text


def label(data: xr.Dataset, position: int, among: Sequence[str] | None = None) -> str:
    """Some conditions of a lane in words: ``"20 Hz, Δt = +10 ms"``."""
    chosen = names(data) if among is None else among
    parts = [(f"{_TITLES.get(n, n)} = " if n != "frequency" else "") + value_text(data, n, position) for n in chosen]
    return ", ".join(parts)


def arrange(data: xr.Dataset) -> tuple[Row, ...]:
    """The conditions of a result as rows and branches."""
    count = data.sizes["condition"]
    series = [str(s) for s in data["series"].values] if "series" in data.coords else [""] * count
    return tuple(
        _row(data, name, np.array([n for n in range(count) if series[n] == name], dtype=np.int64)) for name in dict.fromkeys(series)
    )


def _row(data: xr.Dataset, series: str, index: npt.NDArray[np.int64]) -> Row:
    varied = [name for name in names(data) if len(set(data[name].values[index].tolist())) > 1]
    axis = max(varied, key=lambda name: _priority(data, name, index), default="")
    others = [name for name in varied if name != axis]
    groups: dict[tuple[object, ...], list[int]] = {}
    for n in index:
        key: tuple[object, ...] = tuple(data[name].values[n] for name in others)
        groups.setdefault((*key, _sign(data, n)) if axis == _SIGNED else key, []).append(int(n))
    branches = [_branch(data, axis, others, members) for members in groups.values()]
    return Row(series, axis, tuple(varied), tuple(sorted(branches, key=lambda branch: -len(branch.index))))


def _priority(data: xr.Dataset, name: str, index: npt.NDArray[np.int64]) -> tuple[int, int, int]:
    """Numbers before words, then the most values, then the usual axes."""
    values = data[name].values[index]
    return int(values.dtype.kind in "fiu"), len(set(values.tolist())), len(_PREFERRED) - _PREFERRED.index(name) if name in _PREFERRED else 0


def _branch(data: xr.Dataset, axis: str, others: Sequence[str], members: list[int]) -> Branch:
    order = sorted(members, key=lambda n: data[axis].values[n]) if axis and data[axis].dtype.kind in "fiu" else members
    sign = _sign(data, order[0])
    words = [label(data, order[0], others)] if others else []
    words += [_FIRST[sign]] if axis == _SIGNED else []
    return Branch(", ".join(words), np.array(order, dtype=np.int64), sign)


def _sign(data: xr.Dataset, position: int) -> int:
    return int(np.sign(data[_SIGNED].values[position])) if _SIGNED in data.coords and data[_SIGNED].dtype.kind in "fiu" else 0
