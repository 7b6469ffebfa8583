"""The gate: text in, tree out, and nothing else gets through.

Brian2 evaluates text inside equations as Python, so a rule file that a stranger sent is a program. Here the text must
be plain ASCII of a few characters, must parse to a handful of node types, and may call only the known functions. What
passes is handed on as a tree; the text itself goes nowhere. What the tree may amount to is bounded in `limits`.
"""

from __future__ import annotations

import ast
import keyword
import re

from spikeheb.errors import ExpressionError, one_line
from spikeheb.expressions import limits
from spikeheb.expressions import tree as t
from spikeheb.expressions.constants import check_constants
from spikeheb.units import unit

FUNCTIONS = {
    "exp": 1, "log": 1, "sqrt": 1, "abs": 1, "int": 1, "positive": 1, "clip": 3, "randn": 0, "rand": 0,
}  # fmt: skip
"""The known functions and how many arguments each takes."""

MAX_TEXT = 1000
MAX_DEPTH = 32
MAX_LINES = 60

_WORDS = (
    "t dt xi I_syn I_ext amount transmit ltp ltd "
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "asm bool catch class delete export false friend mutable namespace new operator private protected public "
    "template this throw true try typeid typename using virtual alignas alignof char8_t char16_t char32_t concept "
    "consteval constexpr constinit co_await co_return co_yield decltype dynamic_cast explicit noexcept nullptr "
    "reinterpret_cast requires static_assert static_cast thread_local wchar_t and_eq bitand bitor compl not_eq or_eq "
    "xor xor_eq None True False"
)
RESERVED = frozenset(_WORDS.split())
"""Names that belong to the laboratory, to C++ or to Python, and cannot be declared. What Brian2 takes is renamed on the way there."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_ALLOWED = re.compile(r"[A-Za-z0-9_ .,+\-*/()<>=!\t]*")
_STATEMENT = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*(=|\+=|-=|\*=|/=)(?!=)[ \t]*(.+)")
_SWAPPED = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]*)(?:[ \t]*=([+*/])|[ \t]+=(-)|[ \t]*=(-)[ \t])")
"""An operation behind its sign, as in ``x =+ 1``; ``x = -1`` and ``x=-1`` are what they seem."""
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?(?![A-Za-z0-9_.])")
_ODD_NUMBER = re.compile(r"(?<![A-Za-z0-9_])[0-9.]")
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def strip_comment(line: str) -> str:
    """The line without what follows ``#``."""
    return line.split("#", 1)[0].strip()


def check_name(name: str, *, constant: bool = False, path: str | None = None, key: str | None = None) -> str:
    """The name itself, if a file may declare it; a `constant` may end in ``_pre`` or ``_post``, a variable may not.

    Raises
    ------
    ExpressionError
        For a name of another form, a reserved word, a function, a unit, or an ending by which Brian2 means the variables
        of the cells on either side.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or "__" in name:
        raise _refusal(f'"{_shown(name)}" is not a name: letters, digits and single underscores, 40 at most', path, key)
    if name in RESERVED or name in FUNCTIONS or keyword.iskeyword(name):
        raise _refusal(f'the name "{name}" is reserved; choose another, such as "{name}_1"', path, key)
    if len(name) > 1 and unit(name):
        raise _refusal(f'the name "{name}" is a unit; choose another', path, key)
    if name.endswith(("_pre", "_post")) and not constant:
        raise _refusal(f'the name "{name}" may not end in _pre or _post; choose another', path, key)
    return name


def parse_expression(text: str, *, path: str | None = None, key: str | None = None) -> t.Tree:
    """The tree of an arithmetic expression.

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
    return _parse(text, path, key, truth=False)


def parse_condition(text: str, *, path: str | None = None, key: str | None = None) -> t.Tree:
    """The tree of a comparison such as ``"v > V_T"``, or of several joined by and, or, not.

    Raises
    ------
    ExpressionError
        For anything else.
    """
    return _parse(text, path, key, truth=True)


def _parse(text: str, path: str | None, key: str | None, *, truth: bool) -> t.Tree:
    _check_text(text, path, key)
    try:
        parsed = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refusal(f'"{_shown(text)}" is not an expression{_hint(text)}', path, key) from None
    reader = _Reader(text, path, key)
    result = reader.truth(parsed.body, 0) if truth else reader.number(parsed.body, 0)
    limits.check_limits(result, f'"{_shown(text)}"', path=path, key=key)
    check_constants(result, path=path, key=key)
    return result


def parse_statement(text: str, *, path: str | None = None, key: str | None = None) -> t.Statement:
    """The statement ``name (=|+=|-=|*=|/=) expression``.

    Raises
    ------
    ExpressionError
        For any other form.
    """
    if isinstance(text, str) and "\n" in text:
        raise _refusal(f'"{_shown(text)}" is more than one line', path, key)
    line = strip_comment(text) if isinstance(text, str) else text
    _check_text(line, path, key)
    if swapped := _SWAPPED.match(line):
        name, sign = swapped[1], swapped[swapped.lastindex or 1]
        plain = f' or "{name} = -..."' if sign == "-" else ""
        raise _refusal(f'"{_shown(line)}" has the sign behind the equals sign; write "{name} {sign}= ..."{plain}', path, key)
    match = _STATEMENT.fullmatch(line)
    if not match:
        raise _refusal(f'"{_shown(line)}" is not a statement of the form "name = expression"{_hint(line)}', path, key)
    return t.Statement(match[1], match[2], parse_expression(match[3], path=path, key=key))


def lines(text: str, *, path: str | None = None, key: str | None = None) -> list[str]:
    """The lines of a block with comments and empty lines gone."""
    if not isinstance(text, str):
        raise _refusal(f"expected text (got {type(text).__name__})", path, key)
    kept = [line for line in (strip_comment(raw) for raw in text.split("\n")) if line]
    if len(kept) > MAX_LINES:
        raise _refusal(f"{len(kept)} lines; at most {MAX_LINES} are allowed", path, key)
    return kept


def _refusal(message: str, path: str | None, key: str | None) -> ExpressionError:
    return ExpressionError(message, path=path, key=key)


def _shown(text: object) -> str:
    """A short printable form of what was found."""
    return one_line(text if isinstance(text, str) else type(text).__name__, 60)


_HINTS = (
    (r"\^", "a power is written x**2"),
    (r"[0-9],[0-9]", "a decimal point is a point: 0.01"),
    (r"&&?", 'two conditions are joined by "and": int(x > 0 and y > 0)'),
    (r"\|\|?", 'two conditions are joined by "or": int(x > 0 or y > 0)'),
    (r"\b(if|else)\b|\?", "there is no if: multiply by int(condition), as in x += int(y > 0)*A"),
    (r"\b(and|or|not)\b", "and, or, not join comparisons inside int(...): int(x > 0 and y > 0)"),
    (r"[-+*/][ \t]+=", "an operation and its sign are written together: x += 1"),
    (r"(?<![<>=!+*/-])=(?!=)", 'a comparison for equality is written "=="'),
    (r"![^=]", 'the opposite of a condition is written "not": int(not x > 0)'),
    (r"\+\+|--", "write x += 1 to add 1, and x -= 1 to subtract 1"),
    (r"[<>]", "a comparison becomes a number by int(...): int(x > 0)"),
    (r"\b(max|min)\(", "write clip(x, low, high), or positive(x) for the larger of x and 0"),
)
"""What people write who come from another language, and what is written here; the first that fits is shown."""


def _hint(text: str) -> str:
    """A hint at what may be meant, or nothing."""
    return next((f"; {hint}" for pattern, hint in _HINTS if re.search(pattern, text)), "")


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
        raise _refusal(f'the character "{_shown(text[end])}" is not allowed in "{_shown(text)}"{_hint(text)}', path, key)
    if "__" in text or _ODD_NUMBER.search(_NUMBER.sub(" ", text)):
        message = "only plain decimal numbers (exponents of two digits) and single underscores are allowed"
        raise _refusal(f'{message} in "{_shown(text)}"{_hint(text)}', path, key)
    if re.search(r"([-+][ \t]*){3,}|(not[ \t]*){3,}", text):
        raise _refusal(f'several signs in a row in "{_shown(text)}"', path, key)
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
        return _refusal(f'{message} in "{_shown(self.text)}"{_hint(self.text)}', self.path, self.key)

    def number(self, node: ast.AST, depth: int) -> t.Tree:
        tree = self.read(node, depth)
        if isinstance(tree, t.Compare | t.Logic):
            raise self.refuse("a comparison where a number is expected; write int(...) around it")
        return tree

    def truth(self, node: ast.AST, depth: int) -> t.Tree:
        tree = self.read(node, depth)
        if not isinstance(tree, t.Compare | t.Logic):
            raise self.refuse("a number where a comparison is expected")
        return tree

    def read(self, node: ast.AST, depth: int) -> t.Tree:
        if depth > 3 * MAX_DEPTH:
            raise self.refuse("too many levels")
        match node:
            case ast.Constant(value=bool()):
                raise self.refuse("True and False are not allowed")
            case ast.Constant(value=int() | float() as value):
                return self.literal(value)
            case ast.Name(id=name):
                if not _NAME.fullmatch(name):
                    raise self.refuse(f'the name "{_shown(name)}" is not allowed')
                return t.Name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return t.Negative(self.number(operand, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.number(operand, depth + 1)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return t.Logic("not", (self.truth(operand, depth + 1),))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self.binary(_BINARY[type(op)], left, right, depth)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return t.Compare(_COMPARE[type(op)], self.number(left, depth + 1), self.number(right, depth + 1))
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                return t.Logic(word, tuple(self.truth(value, depth + 1) for value in values))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(name, arguments, depth)
        raise self.refuse(f'"{type(node).__name__}" is not allowed')

    def literal(self, value: int | float) -> t.Number:
        if not abs(value) <= 1e100:
            raise self.refuse("a number that is not finite or too large")
        return t.Number(float(value))

    def binary(self, op: str, left: ast.AST, right: ast.AST, depth: int) -> t.Tree:
        result = t.Binary(op, self.number(left, depth + 1), self.number(right, depth + 1))
        if op == "**" and any(isinstance(node, t.Binary) and node.op == "**" for side in t.children(result) for node in t.walk(side)):
            raise self.refuse("a power of a power")
        return result

    def call(self, name: str, arguments: list[ast.expr], depth: int) -> t.Tree:
        if name not in FUNCTIONS:
            raise self.refuse(f'unknown function "{_shown(name)}" (known: {" ".join(FUNCTIONS)})')
        if len(arguments) != FUNCTIONS[name]:
            raise self.refuse(f"{name} takes {FUNCTIONS[name]} arguments (got {len(arguments)})")
        read = self.truth if name == "int" else self.number
        return t.Call(name, tuple(read(argument, depth + 1) for argument in arguments))
