"""The printers: one tree, several languages.

Every printer is a table of precedence-aware templates over the same walk, so that what one engine computes is what the
other computes, operation by operation and in the same order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from spikeheb.expressions import tree as t
from spikeheb.expressions.limits import constant
from spikeheb.units import unit

_LEVEL = {"or": 1, "and": 2, "not": 3, "compare": 4, "+": 5, "-": 5, "*": 6, "/": 6, "negative": 7, "**": 8}


@dataclass(frozen=True, slots=True)
class Language:
    """How one language writes what differs between languages."""

    number: Callable[[float], str]
    name: Callable[[str], str]
    call: Callable[[str, list[str]], str]
    power: Callable[[t.Tree, t.Tree, Callable[[t.Tree, int], str]], str]
    logic: Mapping[str, str]


def _print(tree: t.Tree, language: Language, level: int = 0) -> str:
    """Text of the tree, in brackets where it binds less tightly than `level`."""

    def below(node: t.Tree, least: int) -> str:
        return _print(node, language, least)

    match tree:
        case t.Number(value):
            text = language.number(value)
            return f"({text})" if value < 0 and level else text
        case t.Name(name):
            return language.name(name)
        case t.Call(function, arguments):
            return language.call(function, [below(argument, 0) for argument in arguments])
        case t.Binary("**", left, right):
            own, text = _LEVEL["**"], language.power(left, right, below)
        case t.Negative(operand):
            own, text = _LEVEL["negative"], "-" + below(operand, _LEVEL["negative"] + 1)
        case t.Binary(op, left, right):
            own = _LEVEL[op]
            space = " " if own == _LEVEL["+"] else ""
            text = f"{below(left, own)}{space}{op}{space}{below(right, own + 1)}"
        case t.Compare(op, left, right):
            own = _LEVEL["compare"]
            text = f"{below(left, own + 1)} {op} {below(right, own + 1)}"
        case t.Logic("not", operands):
            own, text = _LEVEL["not"], f"{language.logic['not']}({below(operands[0], 0)})"
        case t.Logic(word, operands):
            own = 0
            text = f" {language.logic[word]} ".join(f"({below(operand, 0)})" for operand in operands)
    return f"({text})" if own < level or (own == 0 and level) else text


def _plain_number(value: float) -> str:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


# --- Brian2 -----------------------------------------------------------------------------------------------------------


def _brian_call(function: str, arguments: list[str]) -> str:
    if function in ("limited", "within"):
        function = "clip"
    if function == "positive":
        return f"(0.5*(({arguments[0]}) + abs({arguments[0]})))"
    return f"{function}({', '.join(arguments)})"


def _power_operator(left: t.Tree, right: t.Tree, below: Callable[[t.Tree, int], str]) -> str:
    text = below(right, 0)
    return f"{below(left, _LEVEL['**'] + 1)}**{text if text.isidentifier() or text.isdigit() else f'({text})'}"


def to_brian(tree: t.Tree) -> str:
    """Text of the tree for Brian2."""
    words = {"and": "and", "or": "or", "not": "not "}
    return _print(tree, Language(_plain_number, str, _brian_call, _power_operator, words))


def _text_call(function: str, arguments: list[str]) -> str:
    return f"{function}({', '.join(arguments)})"


def to_text(tree: t.Tree) -> str:
    """Text of the tree as a rule file has it, which `spikeheb.expressions.gate` reads back as the same tree."""
    words = {"and": "and", "or": "or", "not": "not "}
    return _print(tree, Language(_plain_number, str, _text_call, _power_operator, words))


# --- numpy ------------------------------------------------------------------------------------------------------------

NUMPY_FUNCTIONS = {"exp": "exp", "log": "log", "sqrt": "sqrt", "abs": "abs"}


def _numpy_number(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"{'-' if value < 0 else ''}_np.inf"


def _numpy_call(function: str, arguments: list[str]) -> str:
    match function:
        case "int":
            return f"_np.where({arguments[0]}, 1.0, 0.0)"
        case "positive":
            return f"(0.5*(({arguments[0]}) + _np.abs({arguments[0]})))"
        case "rand" | "randn":
            return f"_{function}()"
        case _ if function in NUMPY_FUNCTIONS:
            return f"_np.{NUMPY_FUNCTIONS[function]}({arguments[0]})"
        case _:
            return f"_{function}({', '.join(arguments)})"


def to_numpy(tree: t.Tree, name: Callable[[str], str] = str) -> str:
    """Python text of the tree over numpy (as ``_np``), all names SI floats or arrays, each written as `name` says."""
    words = {"and": "&", "or": "|", "not": "_np.logical_not"}
    return _print(tree, Language(_numpy_number, name, _numpy_call, _power_operator, words))


# --- C++ --------------------------------------------------------------------------------------------------------------

_CPP_FUNCTIONS = {"int": "truth", "abs": "magnitude"}


def _cpp_number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else f"{'-' if value < 0 else ''}INFINITY"


def _cpp_call(function: str, arguments: list[str]) -> str:
    return f"{_CPP_FUNCTIONS.get(function, function)}({', '.join(arguments)})"


def _cpp_power(left: t.Tree, right: t.Tree, below: Callable[[t.Tree, int], str]) -> str:
    """Multiplication and square roots where the exponent is a literal multiple of a quarter; else ``power``."""
    quarters = 4 * constant(right) if not t.names(right) else math.nan
    base = below(left, 0)
    if abs(quarters) <= 64 and quarters == int(quarters):
        count = int(quarters)
        for name, part in (("whole", 4), ("halves", 2), ("quarters", 1)):
            if count % part == 0:
                return f"{name}<{count // part}>({base})"
    return f"power({base}, {below(right, 0)})"


def to_cpp(tree: t.Tree, name: Callable[[str], str] = str) -> str:
    """C++ text of the tree, each name written as `name` says; the functions are those of ``runtime.hpp``."""
    words = {"and": "&&", "or": "||", "not": "!"}
    return _print(tree, Language(_cpp_number, name, _cpp_call, _cpp_power, words))


def numpy_scope() -> dict[str, object]:
    """What text that `to_numpy` prints may reach: numpy, and functions that let nothing pass that is not finite.

    ``clip`` of what is no number or infinite, or between such limits, is no number, so that no limit can hide it. ``limited``
    is the same for limits that may be absent, that is, infinite.
    """
    import numpy as np

    def limited(x: Any, low: Any, high: Any) -> Any:
        return np.clip(x, low, high) + np.subtract(x, x)

    def clip(x: Any, low: Any, high: Any) -> Any:
        return limited(x, low, high) + (np.subtract(low, low) + np.subtract(high, high))

    return {"__builtins__": {}, "_np": np, "_clip": clip, "_limited": limited, "_within": limited}


def resolve_units(tree: t.Tree, declared: frozenset[str] | set[str]) -> t.Tree:
    """The tree with each unit name that nobody declared replaced by its SI size."""

    def size(node: t.Tree) -> t.Tree:
        if isinstance(node, t.Name) and node.id not in declared and len(node.id) > 1:
            named_unit = unit(node.id)
            if named_unit:
                return t.Number(named_unit[1])
        return node

    return t.rebuild(tree, size)


def evaluate(tree: t.Tree, values: Mapping[str, object], random: Mapping[str, Callable[[], object]] | None = None) -> object:
    """The value of a tree, given SI floats or numpy arrays for its names.

    Only text printed from a tree is ever evaluated, with numpy and the given values in reach and no builtins. Single numbers
    are computed as numpy does, so that the root of -1 is NaN as it is in an array, and no complex number.
    """
    import numpy as np

    numbers = {name: np.float64(value) if isinstance(value, int | float) else value for name, value in values.items()}
    scope = numpy_scope() | numbers
    for name, draw in (random or {}).items():
        scope["_" + name] = draw
    code = _compiled(tree, frozenset(values))
    with np.errstate(all="ignore"):
        value: object = eval(code, scope)
    return value


@functools.lru_cache(1024)
def _compiled(tree: t.Tree, declared: frozenset[str]) -> CodeType:
    return compile(to_numpy(resolve_units(tree, declared)), "<expression>", "eval")


# --- LaTeX ------------------------------------------------------------------------------------------------------------

_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "chi",
    "psi", "omega", "Gamma", "Delta", "Theta", "Omega",
)  # fmt: skip


def latex_name(name: str) -> str:
    r"""A name in LaTeX: ``tau_plus`` gives ``\tau_{+}``."""
    head, *rest = name.split("_")
    words = {"plus": "+", "minus": "-"}
    head = "\\" + head if head in _GREEK else head if len(head) == 1 else rf"\mathrm{{{head}}}"
    if not rest:
        return head
    parts = [words.get(part) or ("\\" + part if part in _GREEK else part if len(part) < 3 else rf"\mathrm{{{part}}}") for part in rest]
    return f"{head}_{{{','.join(parts)}}}"


def _latex_number(value: float) -> str:
    text = f"{value:.6g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text


def to_latex(tree: t.Tree, level: int = 0) -> str:
    """LaTeX of the tree."""
    match tree:
        case t.Number(value):
            return _latex_number(value)
        case t.Name(name):
            return latex_name(name)
        case t.Negative(operand):
            own, text = 7, "-" + to_latex(operand, 7)
        case t.Binary("/", t.Negative(left), right):
            own, text = 7, rf"-\frac{{{to_latex(left)}}}{{{to_latex(right)}}}"
        case t.Binary("/", left, right):
            own, text = 8, rf"\frac{{{to_latex(left)}}}{{{to_latex(right)}}}"
        case t.Binary("**", left, right):
            own, text = 8, f"{to_latex(left, 9)}^{{{to_latex(right)}}}"
        case t.Binary(op, left, right):
            own = _LEVEL[op]
            sign = {"*": r" \, "}.get(op, f" {op} ")
            after = to_latex(right, own + (op == "-"))
            text = to_latex(left, own) + sign + (rf"\left({after}\right)" if after.startswith("-") else after)
        case t.Compare(op, left, right):
            words = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
            own, text = 4, f"{to_latex(left, 5)} {words.get(op, op)} {to_latex(right, 5)}"
        case t.Logic("not", operands):
            own, text = 3, r"\lnot " + to_latex(operands[0], 4)
        case t.Logic(word, operands):
            own = _LEVEL[word]
            text = (r" \land " if word == "and" else r" \lor ").join(to_latex(operand, own + 1) for operand in operands)
        case t.Call(function, arguments):
            return _latex_call(function, [to_latex(argument) for argument in arguments])
    return rf"\left({text}\right)" if own < level else text


def _latex_call(function: str, arguments: list[str]) -> str:
    match function:
        case "sqrt":
            return rf"\sqrt{{{arguments[0]}}}"
        case "abs":
            return rf"\left|{arguments[0]}\right|"
        case "int":
            return rf"\left[{arguments[0]}\right]"
        case "positive":
            return rf"\left[{arguments[0]}\right]_{{+}}"
        case "randn":
            return r"\mathcal{N}(0,1)"
        case "rand":
            return r"\mathcal{U}(0,1)"
        case "clip":
            return rf"\mathrm{{clip}}\left({', '.join(arguments)}\right)"
        case _:
            return rf"\{function}\left({arguments[0]}\right)"


def equation_latex(kind: str, name: str, tree: t.Tree) -> str:
    """LaTeX of a model line."""
    left = rf"\frac{{d{latex_name(name)}}}{{dt}}" if kind == "differential" else latex_name(name)
    return f"{left} = {to_latex(tree)}"
