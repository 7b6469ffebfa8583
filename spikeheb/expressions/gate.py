"""The gate: text in, tree out, and nothing else gets through.

Brian2 evaluates text inside equations as Python, so a rule file that a stranger sent is a program. Here the text must
be plain ASCII of a few characters, must parse to a handful of node types, and may call only the known functions. What
passes is handed on as a tree; the text itself goes nowhere. Sizes and exponents are bounded, because an algebra system
hangs on ``9**9**9**9`` as surely as it obeys ``__import__``.
"""

from __future__ import annotations

import ast
import keyword
import math
import re

from spikeheb.errors import ExpressionError
from spikeheb.expressions import tree as t
from spikeheb.units import unit

FUNCTIONS = {
    "exp": 1, "log": 1, "sqrt": 1, "abs": 1, "int": 1, "positive": 1, "clip": 3, "randn": 0, "rand": 0,
}  # fmt: skip
"""The known functions and how many arguments each takes."""

MAX_TEXT = 1000
MAX_DEPTH = 32
MAX_NODES = 300
MAX_EXPONENT = 16.0
MAX_TERMS = 256
MAX_LINES = 60

RESERVED = frozenset(
    "t dt i j N pi e inf nan xi I_syn I_ext lastupdate lastspike not_refractory transmit ltp ltd amount "
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "asm bool catch class delete export false friend mutable namespace new operator private protected public "
    "template this throw true try typeid typename using virtual alignas alignof char8_t char16_t char32_t concept "
    "consteval constexpr constinit co_await co_return co_yield decltype dynamic_cast explicit noexcept nullptr "
    "reinterpret_cast requires static_assert static_cast thread_local wchar_t and_eq bitand bitor compl not_eq or_eq "
    "xor xor_eq print None True False "
    "sin cos tan sinh cosh tanh arcsin arccos arctan floor ceil sign timestep log10 log1p expm1 exprel diff poisson "
    "binomial".split()
)
"""Names that belong to the laboratory, to Brian2, to C++ or to Python, and cannot be declared."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_ALLOWED = re.compile(r"[A-Za-z0-9_ .,+\-*/()<>=!\t]*")
_STATEMENT = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*(=|\+=|-=|\*=|/=)(?!=)\s*(.+)")
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def strip_comment(line: str) -> str:
    """The line without what follows ``#``."""
    return line.split("#", 1)[0].strip()


def check_name(name: str, *, path: str | None = None, key: str | None = None) -> str:
    """The name itself, if a file may declare it.

    Raises
    ------
    ExpressionError
        For a name of another form, a reserved word, a function, or the endings that Brian2 gives a meaning of its own.
    """
    if not _NAME.fullmatch(name) or "__" in name:
        raise _refusal(f'"{_shown(name)}" is not a name: letters, digits and single underscores, 40 at most', path, key)
    if name in RESERVED or name in FUNCTIONS or keyword.iskeyword(name):
        raise _refusal(f'the name "{name}" is reserved; choose another', path, key)
    if len(name) > 1 and unit(name):
        raise _refusal(f'the name "{name}" is a unit; choose another', path, key)
    if name.endswith(("_pre", "_post")):
        raise _refusal(f'the name "{name}" may not end in _pre or _post; choose another', path, key)
    return name


def parse_expression(text: str, *, path: str | None = None, key: str | None = None) -> t.Tree:
    """The tree of an expression.

    Parameters
    ----------
    text : str
        Such as ``"A_minus*y"``.
    path, key : str, optional
        Where the text stands, for the message.

    Raises
    ------
    ExpressionError
        For anything that is not an arithmetic expression of names, numbers and known functions, or is too large.
    """
    _check_text(text, path, key)
    try:
        parsed = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refusal(f'"{_shown(text)}" is not an expression', path, key) from None
    result = _Reader(text, path, key).read(parsed.body, 0)
    _check_size(result, text, path, key)
    return result


def parse_statement(text: str, *, path: str | None = None, key: str | None = None) -> t.Statement:
    """The statement ``name (=|+=|-=|*=|/=) expression``.

    Raises
    ------
    ExpressionError
        For any other form.
    """
    line = strip_comment(text) if isinstance(text, str) else text
    _check_text(line, path, key)
    match = _STATEMENT.fullmatch(line)
    if not match:
        raise _refusal(f'"{_shown(line)}" is not a statement of the form "name = expression"', path, key)
    return t.Statement(match[1], match[2], parse_expression(match[3], path=path, key=key))


def lines(text: str, *, path: str | None = None, key: str | None = None) -> list[str]:
    """The lines of a block with comments and empty lines gone."""
    if not isinstance(text, str):
        raise _refusal(f"expected text (got {type(text).__name__})", path, key)
    found = [line for line in (strip_comment(raw) for raw in text.split("\n")) if line]
    if len(found) > MAX_LINES:
        raise _refusal(f"{len(found)} lines; at most {MAX_LINES} are allowed", path, key)
    return found


def _refusal(message: str, path: str | None, key: str | None) -> ExpressionError:
    return ExpressionError(message, path=path, key=key)


def _shown(text: object) -> str:
    """A short printable form of what was found."""
    shown = ascii(text)[1:-1] if isinstance(text, str) else str(type(text).__name__)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _check_text(text: object, path: str | None, key: str | None) -> None:
    if not isinstance(text, str):
        raise _refusal(f"expected text (got {type(text).__name__})", path, key)
    if len(text) > MAX_TEXT:
        raise _refusal(f"{len(text)} characters in one expression; at most {MAX_TEXT} are allowed", path, key)
    if not text.strip():
        raise _refusal("an expression is empty", path, key)
    allowed = _ALLOWED.match(text)
    end = allowed.end() if allowed else 0
    if end < len(text):
        raise _refusal(f'the character "{_shown(text[end])}" is not allowed in "{_shown(text)}"', path, key)
    if re.search(r"(?<![A-Za-z0-9_.])[\d.]+_|__|(?<![A-Za-z0-9_.])0[xXoObB0-9]", text):
        raise _refusal(f'only plain decimal numbers and single underscores are allowed in "{_shown(text)}"', path, key)
    if re.search(r"([-+]\s*){3,}|(not\s*){3,}", text):
        raise _refusal(f'a pile of signs in "{_shown(text)}"', path, key)
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise _refusal(f"brackets nested {deepest} deep; at most {MAX_DEPTH} are allowed", path, key)


class _Reader:
    """Turns Python's syntax tree into ours, refusing every node that is not on the list."""

    def __init__(self, text: str, path: str | None, key: str | None) -> None:
        self.text, self.path, self.key = text, path, key

    def refuse(self, message: str) -> ExpressionError:
        return _refusal(f'{message} in "{_shown(self.text)}"', self.path, self.key)

    def read(self, node: ast.AST, depth: int) -> t.Tree:
        if depth > 3 * MAX_DEPTH:
            raise self.refuse("too many levels")
        match node:
            case ast.Constant(value=bool()):
                raise self.refuse("True and False are not allowed")
            case ast.Constant(value=int() | float() as value):
                return self.number(value)
            case ast.Name(id=name):
                if not _NAME.fullmatch(name):
                    raise self.refuse(f'the name "{_shown(name)}" is not allowed')
                return t.Name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return t.Negative(self.read(operand, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, depth + 1)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return t.Logic("not", (self.truth(operand, depth + 1),))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self.binary(_BINARY[type(op)], left, right, depth)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return t.Compare(_COMPARE[type(op)], self.read(left, depth + 1), self.read(right, depth + 1))
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                return t.Logic(word, tuple(self.truth(value, depth + 1) for value in values))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(name, arguments, depth)
        raise self.refuse(f'"{type(node).__name__}" is not allowed')

    def number(self, value: int | float) -> t.Number:
        if not math.isfinite(value) or abs(value) > 1e100:
            raise self.refuse("a number that is not finite or too large")
        return t.Number(float(value))

    def truth(self, node: ast.AST, depth: int) -> t.Tree:
        found = self.read(node, depth)
        if not isinstance(found, t.Compare | t.Logic):
            raise self.refuse("and, or, not take comparisons")
        return found

    def binary(self, op: str, left: ast.AST, right: ast.AST, depth: int) -> t.Tree:
        result = t.Binary(op, self.read(left, depth + 1), self.read(right, depth + 1))
        if op == "**":
            self.check_power(result)
        return result

    def check_power(self, power: t.Binary) -> None:
        if any(isinstance(node, t.Binary) and node.op == "**" for side in (power.left, power.right) for node in t.walk(side)):
            raise self.refuse("a power of a power")
        if any(isinstance(node, t.Call) for node in t.walk(power.right)):
            raise self.refuse("a function in an exponent")
        if not t.names(power.right):
            exponent = constant(power.right)
            if not abs(exponent) <= MAX_EXPONENT:
                raise self.refuse(f"an exponent beyond {MAX_EXPONENT:g}")
        if not t.names(power.left) and not t.functions(power.left) and not abs(constant(power.left)) <= 1e6:
            raise self.refuse("a power of a number beyond 1e6")

    def call(self, name: str, arguments: list[ast.expr], depth: int) -> t.Tree:
        if name not in FUNCTIONS:
            raise self.refuse(f'unknown function "{_shown(name)}" (known: {" ".join(FUNCTIONS)})')
        if len(arguments) != FUNCTIONS[name]:
            raise self.refuse(f"{name} takes {FUNCTIONS[name]} arguments (got {len(arguments)})")
        read = tuple(self.read(argument, depth + 1) for argument in arguments)
        if (name == "int") != (bool(read) and isinstance(read[0], t.Compare | t.Logic)):
            raise self.refuse("int takes a comparison, other functions take numbers")
        return t.Call(name, read)


def constant(tree: t.Tree) -> float:
    """The value of a tree of numbers; infinity where it has none."""
    match tree:
        case t.Number(value):
            return value
        case t.Negative(operand):
            return -constant(operand)
        case t.Binary(op, left, right):
            a, b = constant(left), constant(right)
            try:
                value = {"+": a + b, "-": a - b, "*": a * b}.get(op)
                result = a / b if op == "/" else a**b if value is None else value
            except (OverflowError, ZeroDivisionError):
                return math.inf
            return result if isinstance(result, float) else math.inf
    return math.inf


def _check_size(tree: t.Tree, text: str, path: str | None, key: str | None) -> None:
    if sum(1 for _ in t.walk(tree)) > MAX_NODES:
        raise _refusal(f'more than {MAX_NODES} terms in "{_shown(text)}"', path, key)
    if _terms(tree) > MAX_TERMS:
        raise _refusal(f'"{_shown(text)}" has more than {MAX_TERMS} terms when multiplied out', path, key)


def _terms(tree: t.Tree) -> float:
    """How many terms the tree has when it is multiplied out, the largest such number anywhere in it."""
    match tree:
        case t.Binary("+" | "-", left, right):
            return _terms(left) + _terms(right)
        case t.Binary("*", left, right):
            return _terms(left) * _terms(right)
        case t.Binary("**", left, right):
            exponent = 1.0 if t.names(right) else abs(constant(right))
            return max(1.0, _terms(left) ** max(1.0, exponent))
        case _:
            return max((_terms(child) for child in t.children(tree)), default=1.0)
