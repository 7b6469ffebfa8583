"""Whether two values are the same, arrays in them element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

Kind = TypeVar("Kind", bound=type[Any])


def equal_by_value(kind: Kind) -> Kind:
    """A frozen dataclass whose ``==`` compares arrays element by element; the generated one asks an array whether it is true."""

    def equal(self: Any, other: Any) -> bool:
        return type(self) is type(other) and all(
            _same(getattr(self, field.name), getattr(other, field.name)) for field in fields(self) if field.compare
        )

    kind.__eq__ = equal  # type: ignore[assignment]  # that is the purpose
    return kind


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.array_equal(first, second)
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_same(value, second[name]) for name, value in first.items())
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    return bool(first == second)
