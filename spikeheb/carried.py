"""Numbers that say their unit themselves: what other libraries' quantities are made of.

Nothing is imported from those libraries; each is known by what its objects offer. `spikeheb.units.quantity` and
`quantities` turn what is found here into SI floats, or refuse it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from spikeheb.errors import UnitError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

BASE = ("m", "kg", "s", "A", "K", "mol")
"""Symbols of the base units, in the order of a dimension's exponents."""
_NAMES = ("dim", "dimensionality", "units", "unit")
_HINT = 'convert it, or write text such as "20 ms"'


def carries_unit(value: object) -> bool:
    """Whether the value says its unit itself, be it text or a quantity of some library."""
    return isinstance(value, str) or is_time_difference(value) or unit_of(value) is not None


def unit_of(value: object) -> object | None:
    """What an object says about its unit, in whatever form; None for a bare number."""
    attributes = getattr(value, "attrs", None)
    if isinstance(attributes, Mapping) and attributes.get("units") not in (None, ""):
        return str(attributes["units"])
    said = (getattr(value, name, None) for name in _NAMES)
    return next((unit for unit in said if unit is not None and not inspect.isroutine(unit)), None)


def converts_itself(value: object) -> bool:
    """Whether the value is a quantity with a method ``to``: pint, astropy, unyt."""
    unit = None if is_of_brian(value) or hasattr(value, "rescale") else unit_of(value)
    return unit is not None and not isinstance(unit, str) and hasattr(value, "to")


def is_of_brian(value: object) -> bool:
    """Whether the value is a quantity of Brian2, whose numbers are SI; what is called ``dim`` elsewhere is a method."""
    return hasattr(value, "dim") and not inspect.isroutine(value.dim)


def is_complex(value: object) -> bool:
    """Whether the value is a complex number, or a row with one."""
    if isinstance(value, complex) or getattr(getattr(value, "dtype", None), "kind", "") == "c":
        return True
    return isinstance(value, list | tuple) and any(map(is_complex, value))


def is_time_difference(value: object) -> bool:
    """Whether the value is a time difference or a date of Python, numpy or pandas."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return isinstance(value, timedelta) or kind in ("m", "M")


def seconds(value: Any) -> float | Floats:
    """A time difference in seconds.

    Raises
    ------
    UnitError
        For a date, and for a difference of numpy that has no unit.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind == "M":
        raise UnitError(f"got the date {shown(value)}")
    if array.dtype.kind == "m" and np.datetime_data(array.dtype)[0] == "generic":
        raise UnitError(f"got {shown(value)}, a time difference without a unit")
    return np.asarray(array / np.timedelta64(1, "ns"), dtype=np.float64) / 1e9


def symbols_of(value: Any) -> tuple[Fraction, dict[str, Fraction]]:
    """Size and powers of the unit's symbols in the package quantities (whose objects Neo's are).

    Raises
    ------
    UnitError
    """
    try:
        powers = {name.symbol: Fraction(power).limit_denominator(12) for name, power in value.dimensionality.items()}
        base = value.units.simplified
        simple = {name.symbol: Fraction(power).limit_denominator(12) for name, power in base.dimensionality.items()}
    except (AttributeError, TypeError, ValueError):
        raise UnitError(f"got {shown(value)}, whose unit is not known here; {_HINT}") from None
    if set(simple) <= set(BASE) and len(powers) > 1:
        return Fraction(repr(float(base.magnitude))), simple
    return Fraction(1), powers


def by_method(value: Any, exponents: Sequence[Fraction]) -> Floats:
    """The numbers of a quantity that converts itself (pint, astropy, unyt), in the SI unit of these exponents.

    Raises
    ------
    UnitError
        Where it does not, whatever the reason.
    """
    unit = "*".join(f"{name}**({power})" for name, power in zip(BASE, exponents, strict=True) if power)
    import numpy as np

    try:
        converted = value.to(unit)
        number = converted.magnitude if hasattr(converted, "magnitude") else converted.value
        return np.asarray(number, dtype=np.float64)
    except Exception as error:  # each library has errors of its own
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise UnitError(f"got {shown(value)}; {reason}; {_HINT}") from None


def in_base_units(value: Any) -> Floats:
    """The numbers of such a quantity in SI base units.

    Raises
    ------
    UnitError
        Where it has no way to say so.
    """
    import numpy as np

    try:
        number = value.to_base_units().magnitude if hasattr(value, "to_base_units") else value.si.value
        return np.asarray(number, dtype=np.float64)
    except Exception as error:  # each library has errors of its own
        raise UnitError(f"got {shown(value)}; {type(error).__name__}; {_HINT}") from None


def is_row(value: object) -> bool:
    """Whether the value is a row or table of numbers rather than a single one; text is single."""
    return not isinstance(value, str | bytes | bytearray) and int(getattr(value, "ndim", isinstance(value, Iterable))) > 0


def shown(value: object) -> str:
    """The value in at most 60 characters, on one line."""
    return " ".join(str(value).split())[:60]
