"""Predictions: typed in before the result is shown, kept in the notebook's process, shown beside the result, and never graded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeheb.errors import FormatError

_predictions: dict[str, Any] = {}
_revealed: set[str] = set()


def predict(key: str, value: Any, *, among: Sequence[str | float] = ()) -> None:
    """Keep a prediction.

    Once the result has been shown, the first prediction stays: a prediction afterwards is none.

    Parameters
    ----------
    key : str
        The name of what is predicted.
    value : object
        A number, text such as ``"20 ms"`` or ``"up"``, or several of these.
    among : sequence of str or float, optional
        The words or numbers from which the prediction, or each of several, is chosen. Any other is refused, with the words.

    Raises
    ------
    NotImplementedError
        Where the value is still to be written (None or ``...``).
    FormatError
        For one that is not among those.
    """
    _named(key)
    if value is None or value is ...:
        raise NotImplementedError("write your prediction first; it is never graded, and you learn more from a wrong one than from none")
    for choice in value if isinstance(value, list | tuple) else [value]:
        if among and choice not in among:
            offered = ", ".join(map(_quoted, among))
            raise FormatError(f"{_quoted(choice)} is none of {offered}; choose from these", key=f"prediction {key}")
    if key in _revealed and key in _predictions:
        print(f"The result has been shown already, so your first prediction stays: {shown(_predictions[key])}.")
        return
    _predictions[key] = value
    print(f"Your prediction is kept: {shown(value)}. Now run the next cell.")


def predicted(key: str) -> Any:
    """What was predicted, to draw it beside the result; None where nothing was."""
    return _predictions.get(_named(key))


def reveal(key: str, value: Any, unit: str = "") -> None:
    """Print the prediction and the result side by side.

    Parameters
    ----------
    key : str
        As in `predict`.
    value : object
        The result.
    unit : str
        Printed after a number.
    """
    _revealed.add(_named(key))
    mine = shown(_predictions[key], unit) if key in _predictions else "nothing; next time write your prediction before you look"
    print(f"You predicted  {mine}\nThe result is  {shown(value, unit)}")


def shown(value: Any, unit: str = "") -> str:
    """A value for reading: four digits, long rows shortened; a unit after numbers."""
    unit = f" {unit}" if unit else ""
    if isinstance(value, str | bool | np.bool_) or value is None:
        return str(value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(entry, unit.strip())}" for key, entry in value.items())
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return _without_place(value)
    if numbers.ndim == 0:
        return f"{float(numbers):.4g}{unit}"
    if numbers.size > 6:
        return f"{numbers.size} values: {numbers.flat[0]:.4g}, {numbers.flat[1]:.4g}, ..., {numbers.flat[-1]:.4g}{unit}"
    return "[" + ", ".join(f"{number:.4g}" for number in numbers.flat) + f"]{unit}"


def _without_place(value: Any) -> str:
    """A value that is no number: a function by its name, any other as Python writes it, without its place in the memory."""
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(shown(entry) for entry in value[:6]) + (", ...]" if len(value) > 6 else "]")
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))[:80]


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else shown(value)


def _named(key: str) -> str:
    if not isinstance(key, str) or not key:
        raise FormatError("expected the name of what is predicted, as text", key="key")
    return key
