"""Weight dependence and limits: the kinds of ``[bounds]``.

With ``u = (w - w_min)/(w_max - w_min)``, the pair (F_plus, F_minus) is (1, 1) for ``hard``, (1 - u, u) for ``soft``,
((1 - u)**mu_plus, u**mu_minus) for ``power`` and two expressions of the file's own for ``law``; ``none`` does not clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spikeheb.dimensions import NONE
from spikeheb.errors import FormatError, UnitError, unknown_name
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.rules.rule import BOUND_KINDS, Bounds
from spikeheb.units import quantity

_NUMBERS = {
    "hard": ("w_min", "w_max"),
    "soft": ("w_min", "w_max"),
    "power": ("w_min", "w_max", "mu_plus", "mu_minus"),
    "none": (),
}

W_MIN = 0.0
"""The lower limit where a table of hard, soft or power bounds is silent about it."""


def parse_bounds(raw: Mapping[str, object], weight: str, *, path: str | None, key: str) -> Bounds:
    """The bounds that a table says.

    Raises
    ------
    FormatError
        For an unknown kind, a missing or surplus number, or ``w_min >= w_max``.
    """
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in BOUND_KINDS:
        raise unknown_name("kind of bounds", str(kind), BOUND_KINDS, path=path, key=f"{key}.kind")
    given = {name: value for name, value in raw.items() if name != "kind"}
    laws = {name: given.pop(name, None) for name in ("F_plus", "F_minus")} if kind == "law" else {}
    values = {name: _number(value, path, f"{key}.{name}") for name, value in given.items()}
    if kind in ("hard", "soft", "power"):
        values = {"w_min": W_MIN, **values}
    needed = _NUMBERS.get(kind, ())
    for name in needed:
        if name not in values:
            raise FormatError(f'"{kind}" needs {", ".join(needed)}', path=path, key=f"{key}.{name}")
    if kind != "law":
        takes = f"only {', '.join(needed)}" if needed else "no numbers"
        for name in values:
            if name not in needed:
                raise FormatError(f'"{kind}" takes {takes}', path=path, key=f"{key}.{name}")
    for name in ("mu_plus", "mu_minus") if kind == "power" else ():
        if values[name] < 0:
            raise FormatError(f"an exponent of the bounds is 0 or more (got {values[name]:g})", path=path, key=f"{key}.{name}")
    if "w_min" in values and "w_max" in values and not values["w_min"] < values["w_max"]:
        raise FormatError(f"w_min must be below w_max (got {values['w_min']:g} and {values['w_max']:g})", path=path, key=key)
    f_plus, f_minus = _dependence(kind, t.Name(weight), laws, values, path, key)
    return Bounds(kind, values, f_plus, f_minus)


def _number(value: object, path: str | None, key: str) -> float:
    try:
        return quantity(value, NONE, path=path, key=key)
    except UnitError as error:
        raise FormatError(error.message, path=path, key=key) from None


def _dependence(
    kind: str, w: t.Name, laws: Mapping[str, object], values: Mapping[str, float], path: str | None, key: str
) -> tuple[t.Tree, t.Tree]:
    if kind == "law":
        trees = []
        for name, text in laws.items():
            if not isinstance(text, str):
                raise FormatError('"law" needs an expression', path=path, key=f"{key}.{name}")
            trees.append(gate.parse_expression(text, path=path, key=f"{key}.{name}"))
        return trees[0], trees[1]
    if kind in ("hard", "none"):
        return t.ONE, t.ONE
    low, high = t.Name("w_min"), t.Name("w_max")
    span = t.Binary("-", high, low)
    rise = t.Binary("/", t.Binary("-", high, w), span)
    fall = t.Binary("/", t.Binary("-", w, low), span)
    if kind == "soft":
        return rise, fall
    return t.Binary("**", rise, t.Name("mu_plus")), t.Binary("**", fall, t.Name("mu_minus"))


def given_bounds(old: Bounds, given: object, weight: str, *, path: str | None) -> Bounds:
    """Bounds given by keyword or flag, which replace the rule's whole: nothing of `old` stays that is not written.

    Text may be a table, ``kind=power, mu_plus=0.1, mu_minus=0.1, w_min=0, w_max=1``. A kind alone (``soft``) is that kind
    within the two limits of `old`.

    Raises
    ------
    FormatError, UnknownName
        For a table that does not say all that its kind needs; the message shows what to write.
    """
    if isinstance(given, Bounds):
        return replace(given)
    if isinstance(given, str) and "=" not in given:
        return _same_limits(old, given.strip(), weight, path)
    if isinstance(given, str):
        given = dict(_pair(item, path) for item in given.split(","))
    if not isinstance(given, Mapping):
        raise FormatError(f"expected a kind ({', '.join(BOUND_KINDS)}) or a table (got {given!r})", path=path, key="bounds")
    if "kind" not in given:
        raise FormatError(f"bounds must be complete: name the kind too ({example(old.kind, old, given)})", path=path, key="bounds.kind")
    _check_complete(old, given, path)
    return parse_bounds(given, weight, path=path, key="bounds")


def _same_limits(old: Bounds, kind: str, weight: str, path: str | None) -> Bounds:
    if kind not in BOUND_KINDS:
        raise unknown_name("kind of bounds", kind, BOUND_KINDS, path=path, key="bounds.kind")
    if kind in ("power", "law"):
        raise FormatError(f'"{kind}" needs more than its name: {example(kind, old, {})}', path=path, key="bounds")
    if kind == "none":
        return parse_bounds({"kind": kind}, weight, path=path, key="bounds")
    for name, limit in (("w_min", old.w_min), ("w_max", old.w_max)):
        if limit is None:
            message = f'"{kind}" needs a {name}, but the rule has none ({example(kind, old, {})})'
            raise FormatError(message, path=path, key=f"bounds.{name}")
    return parse_bounds({"kind": kind, "w_min": old.w_min, "w_max": old.w_max}, weight, path=path, key="bounds")


def _check_complete(old: Bounds, given: Mapping[str, object], path: str | None) -> None:
    """Raise for a table that leaves out what its kind needs."""
    kind = str(given["kind"])
    for name in (*_NUMBERS.get(kind, ()), *(("F_plus", "F_minus") if kind == "law" else ())):
        if name not in given and name != "w_min":
            message = f'"{kind}" needs {name}, and nothing is taken from the rule\'s own bounds ({example(kind, old, given)})'
            raise FormatError(message, path=path, key=f"bounds.{name}")


def example(kind: str, old: Bounds, given: Mapping[str, object]) -> str:
    """What to write: the numbers that are given, else those that the bounds `old` have."""
    names = (*_NUMBERS.get(kind, ()), *(("F_plus", "F_minus") if kind == "law" else ()))
    defaults = {"w_min": W_MIN, "w_max": 1, "mu_plus": 0.1, "mu_minus": 0.1, "F_plus": "1 - w", "F_minus": "w", **old.values}
    parts = [f"kind={kind}", *(f"{name}={_shown(given.get(name, defaults[name]))}" for name in names)]
    return f'such as "{", ".join(parts)}"'


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _pair(item: str, path: str | None) -> tuple[str, object]:
    name, _, value = item.partition("=")
    if not value:
        raise FormatError(f'expected name=value (got "{item.strip()}")', path=path, key="bounds")
    return name.strip(), value.strip()
