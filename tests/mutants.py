"""Small faults ("mutants") put into the code of one folder, drawn by a seed.

The mutants are those of mutmut, without texts: string literals, messages, annotations, decorators, ``raise`` statements, ``__repr__``,
default arguments of private functions, and the keywords ``dtype`` and ``strict``. A mutant is drawn by a hash of the seed and of its own
statement, so that the same mutants are drawn after a change elsewhere.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

MESSAGES = (cst.FormattedString, cst.ConcatenatedString)
SKIPPED = (cst.Annotation, cst.Decorator, cst.Raise, cst.Import, cst.ImportFrom, cst.SimpleString, *MESSAGES)


@dataclass(frozen=True)
class Mutant:
    """A change of a file: the lines of its statement (none outside functions), and the whole text of the file after it."""

    key: str
    file: str
    place: str
    lines: range
    line: int
    change: str
    text: str


@dataclass(frozen=True)
class Change:
    """A node and what mutmut puts in its place."""

    old: cst.CSTNode
    new: cst.CSTNode
    names: tuple[str, ...]
    statement: cst.CSTNode
    inside: bool


def changes(node: cst.CSTNode, names: tuple[str, ...] = (), statement: cst.CSTNode | None = None, inside: bool = False) -> Iterator[Change]:
    """All changes below a node, which stands within `names` and in a statement, `inside` a function or not."""
    if is_text(node, names):
        return
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        names = (*names, node.name.value)
    if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
        statement = node
    for kind, operator in mutators.mutation_operators:
        for new in operator(node) if isinstance(node, kind) and statement else ():
            if not (isinstance(node, cst.Call) and isinstance(new, cst.Call) and arguments(node) == arguments(new)):
                yield Change(node, new, names, statement, inside)
    for child in node.children:
        body = isinstance(node, cst.FunctionDef) and child is node.body
        yield from changes(child, names, statement, inside or body)


def is_text(node: cst.CSTNode, names: tuple[str, ...]) -> bool:
    """Whether a node holds nothing that a test should notice."""
    match node:
        case cst.FunctionDef(name=cst.Name(value="__repr__" | "__str__")) | cst.If(test=cst.Name(value="TYPE_CHECKING")):
            return True
        case cst.Parameters():
            return bool(names) and names[-1].startswith("_")
        case cst.Assign() | cst.AnnAssign():
            return isinstance(node.value, MESSAGES) or (not names and isinstance(node.value, cst.Subscript))
        case cst.Arg():
            return isinstance(node.value, MESSAGES) or (node.keyword is not None and node.keyword.value in ("dtype", "strict"))
    return isinstance(node, SKIPPED)


def arguments(call: cst.Call) -> list[str]:
    return [code(call.func), *(code(argument) for argument in call.args if not is_text(argument, ()))]


def code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node).strip(" ,\n")


def mutants_of(path: Path, root: Path, seed: int) -> Iterator[tuple[str, Callable[[], Mutant | None]]]:
    """The hash of every mutant of a file, and what makes the mutant (None where it is no change or does not compile)."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
    positions, again, file = wrapper.resolve(PositionProvider), Counter[str](), str(path.relative_to(root))

    def mutant(change: Change, key: str) -> Mutant | None:
        changed = wrapper.module.deep_replace(change.old, change.new)
        text = changed.code if isinstance(changed, cst.Module) else ""
        differences = list(difflib.unified_diff(wrapper.module.code.splitlines(), text.splitlines(), n=0, lineterm=""))[2:]
        with contextlib.suppress(SyntaxError):
            compile(text, file, "exec")
            line = int(differences[0].split()[1].lstrip("-").split(",")[0]) if differences else 0
            first = change.statement if isinstance(change.statement, cst.SimpleStatementLine) else change.old
            lines = range(positions[first].start.line, positions[change.old].end.line + 1) if change.inside else range(0)
            shown = "\n".join(part for part in differences if part[0] in "+-")
            return Mutant(key, file, ".".join(change.names), lines, line, shown, text) if differences else None
        return None

    for change in changes(wrapper.module):
        label = f"{file} {change.names} | {code(change.statement).splitlines()[0]} | {code(change.old)} -> {code(change.new)}"
        again[label] += 1
        key = hashlib.sha256(f"{seed} {label} {again[label]}".encode()).hexdigest()
        yield key, functools.partial(mutant, change, key)


def drawn(folder: Path, root: Path, count: int, seed: int) -> list[Mutant]:
    """The mutants with the smallest hashes, in the order of files and lines."""
    candidates = dict(pair for path in sorted(folder.rglob("*.py")) for pair in mutants_of(path, root, seed))
    chosen: dict[tuple[str, str], Mutant] = {}
    for key in sorted(candidates):
        if len(chosen) < count and (mutant := candidates[key]()):
            chosen.setdefault((mutant.file, mutant.text), mutant)
    return sorted(chosen.values(), key=lambda mutant: (mutant.file, mutant.line, mutant.key))
