"""Weight dependence and limits: the kinds of ``[bounds]``.

With ``u = (w - w_min)/(w_max - w_min)``, the pair (F_plus, F_minus) is (1, 1) for ``hard``, (1 - u, u) for ``soft``,
((1 - u)**mu_plus, u**mu_minus) for ``power`` and two expressions of the file's own for ``law``; ``none`` does not clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spikeheb.errors import FormatError, UnitError, unknown_name
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.rule import BOUND_KINDS, Bounds
from spikeheb.units import NONE, quantity

_NUMBERS = {
    "hard": ("w_min", "w_max"),
    "soft": ("w_min", "w_max"),
    "power": ("w_min", "w_max", "mu_plus", "mu_minus"),
    "none": (),
}
_OPTIONAL = {"law": ("w_min", "w_max"), "none": ("w_min", "w_max")}


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
    needed = _NUMBERS.get(kind, ())
    for name in needed:
        if name not in values:
            raise FormatError(f'"{kind}" needs {", ".join(needed)}', path=path, key=f"{key}.{name}")
    if kind != "law":
        for name in values:
            if name not in needed + _OPTIONAL.get(kind, ()):
                raise FormatError(f'"{kind}" takes only {", ".join(needed) or "no numbers"}', path=path, key=f"{key}.{name}")
    if kind == "none":
        values = {}
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


def override_bounds(old: Bounds, given: object, weight: str, *, path: str | None) -> Bounds:
    """Bounds given by keyword or flag: a kind (limits stay), or a table.

    Text may be a kind, or ``kind=power, mu_plus=0.1, mu_minus=0.1``.
    """
    if isinstance(given, Bounds):
        return replace(given)
    if isinstance(given, str):
        given = dict(_pair(item, path) for item in given.split(",")) if "=" in given else {"kind": given.strip()}
    if not isinstance(given, Mapping):
        raise FormatError(f"expected a kind ({', '.join(BOUND_KINDS)}) or a table (got {given!r})", path=path, key="bounds")
    raw: dict[str, object] = {"kind": old.kind, **given}
    kept: dict[str, object] = {"w_min": 0.0, **old.values} if raw["kind"] != "none" else {}
    if raw["kind"] == old.kind == "law":
        kept |= {"F_plus": to_brian(old.F_plus), "F_minus": to_brian(old.F_minus)}
    else:
        numbers = ("w_min", "w_max", "mu_plus", "mu_minus") if raw["kind"] == "power" else ("w_min", "w_max")
        kept = {name: value for name, value in kept.items() if name in numbers}
    raw = {**kept, **raw}
    if raw["kind"] in ("hard", "soft", "power") and "w_max" not in raw:
        raise FormatError(f'"{raw["kind"]}" needs a w_max, and the rule has none', path=path, key="bounds.w_max")
    return parse_bounds(raw, weight, path=path, key="bounds")


def _pair(item: str, path: str | None) -> tuple[str, object]:
    name, _, value = item.partition("=")
    if not value:
        raise FormatError(f'expected name=value (got "{item.strip()}")', path=path, key="bounds")
    return name.strip(), value.strip()
