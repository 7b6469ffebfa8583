"""Settings: the kinds of value that parameters may have, and values converted to the form in which they are stored.

A kind is an annotation: ``Time``, ``Frequency`` and the like for quantities (SI floats), ``int``, ``bool``, ``str``, ``float`` for a pure
number, ``Literal[...]`` for a choice, ``tuple[kind, ...]`` for a row of them, and ``tuple[kind, kind]`` for two.

The help of the command line is made of kinds alone, so what needs numpy is imported where values are converted.
"""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from spikeheb import dimensions
from spikeheb.carried import is_row
from spikeheb.errors import FormatError, UnitError
from spikeheb.limits import check_count

Time = Annotated[float, dimensions.TIME]
Frequency = Annotated[float, dimensions.FREQUENCY]
Voltage = Annotated[float, dimensions.VOLTAGE]
Amperes = Annotated[float, dimensions.CURRENT]  # `Current` is a step of it, in `spikeheb.schedules`
Conductance = Annotated[float, dimensions.CONDUCTANCE]
Concentration = Annotated[float, dimensions.CONCENTRATION]

MAX_NUMBER = 1_000_000
"""The largest whole number that a parameter takes: it counts spikes, pairs or repeats."""
MAX_ITEMS = 10_000
NUMBERS = {2: "two", 3: "three"}
SIMPLE = {int: "a whole number", bool: "true or false", str: "a word"}
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def convert(kind: Any, value: object, *, path: str | None = None, key: str | None = None) -> Any:
    """The value as a parameter of that annotation holds it: SI floats, tuples, whole numbers, words.

    Raises
    ------
    UnitError
        For a quantity of another kind.
    FormatError
        For anything else that does not fit.
    """
    item = item_of(kind)
    if item is not None:
        items = _split(value, path, key)
        check_count(len(items), MAX_ITEMS, "values", key or "value")
        _check_length(kind, items, path, key)
        return tuple(convert(item, each, path=path, key=f"{key}[{n}]") for n, each in enumerate(items))
    dimension = dimensions.NONE if kind is float else dimension_of(kind)
    if dimension is not None:
        from spikeheb import units

        return units.quantity(value, dimension, path=path, key=key)
    if typing.get_origin(kind) is Literal:
        return _choice(typing.get_args(kind), value, path, key)
    converted = {int: _whole, bool: _truth, str: _word}[kind](value)
    if converted is None:
        raise FormatError(f"expected {SIMPLE[kind]} (got {value!r})", path=path, key=key)
    if kind is int and isinstance(converted, int):
        check_count(abs(converted), MAX_NUMBER, "of these", key or "value")
    return converted


def item_of(kind: Any) -> Any | None:
    """``X`` of ``tuple[X, ...]`` and of ``tuple[X, X]``."""
    if typing.get_origin(kind) is not tuple:
        return None
    first, *others = typing.get_args(kind)
    return first if others and all(other in (first, Ellipsis) for other in others) else None


def length_of(kind: Any) -> int | None:
    """How many values a row has; None where any number will do."""
    arguments = typing.get_args(kind)
    return None if Ellipsis in arguments else len(arguments)


def _check_length(kind: Any, items: list[Any], path: str | None, key: str | None) -> None:
    length = length_of(kind)
    if length is not None and len(items) != length:
        dimension = dimension_of(item_of(kind)) or dimensions.NONE
        expected = f"expected {NUMBERS.get(length, length)} {str(dimension).removeprefix('a ').removeprefix('an ')}s"
        hint = "" if dimension == dimensions.NONE else f', such as "{" ".join([dimensions.example(dimension)] * length)}"'
        raise FormatError(f"{expected}{hint} (got {len(items)})", path=path, key=key)


def dimension_of(kind: Any) -> dimensions.Dimension | None:
    """The dimension of a kind of quantity; None for any other."""
    if typing.get_origin(kind) is not Annotated:
        return None
    return next((extra for extra in typing.get_args(kind)[1:] if isinstance(extra, dimensions.Dimension)), None)


def _split(value: object, path: str | None, key: str | None) -> list[Any]:
    """The items of a list, or of text with commas, semicolons or spaces; one value alone is a list of one."""
    if isinstance(value, str):
        from spikeheb.numbers import parts

        try:
            return list(parts(value))
        except UnitError as error:
            raise UnitError(error.message, path=path, key=key) from None
    return list(value) if is_row(value) else [value]  # type: ignore[call-overload]  # a row can be walked through


def _choice(choices: tuple[object, ...], value: object, path: str | None, key: str | None) -> object:
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return choice
    for choice in choices:
        if isinstance(value, str) and value == str(choice):
            return choice
    allowed = ", ".join(f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in choices)
    raise FormatError(f"expected one of {allowed} (got {value!r})", path=path, key=key)


def _whole(value: object) -> int | None:
    from spikeheb import units

    try:
        number = float(value) if isinstance(value, str) else units.quantity(value, dimensions.NONE)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if not isinstance(value, bool) and number.is_integer() else None


def _truth(value: object) -> bool | None:
    if isinstance(value, bool) or str(getattr(value, "dtype", "")) == "bool":
        return bool(value)
    return _TRUTH.get(value.lower()) if isinstance(value, str) else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def text_of(kind: Any, value: Any) -> str:
    """The value as a person writes it, with its unit."""
    item = item_of(kind)
    if item is not None:
        return ", ".join(text_of(item, each) for each in value)
    dimension = dimensions.NONE if kind is float else dimension_of(kind)
    if dimension is None:
        return str(value)
    from spikeheb import units

    return units.format_quantity(value, dimension)
