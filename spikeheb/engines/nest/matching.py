"""Whether a rule or a cell computes what a pattern says, up to the names that its file uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spikeheb.expressions import tree as t
from spikeheb.rules.rule import VERBS

Bound = Mapping[str, t.Tree]
"""What each name of a pattern stands for."""


@dataclass(frozen=True)
class Reader:
    """How expressions are compared with a pattern.

    Attributes
    ----------
    variables : frozenset of str
        Names of the pattern that stand for one variable each, no two for the same one.
    constants : frozenset of str
        Names of the model that are numbers. Every other name of a pattern stands for an expression that reads these alone.
    """

    variables: frozenset[str]
    constants: frozenset[str]

    def same(self, pattern: t.Tree, tree: t.Tree, bound: Bound) -> Iterator[Bound]:
        """Every way in which the tree is the pattern; factors and summands may be exchanged."""
        match pattern, tree:
            case t.Name(name), _:
                yield from self._named(name, tree, bound)
            case t.Number(a), t.Number(b) if a == b:
                yield bound
            case t.Binary(op, left, right), t.Binary(other, a, b) if op == other:
                yield from self.all_same((left, right), (a, b), bound)
                if op in "+*":
                    yield from self.all_same((left, right), (b, a), bound)
            case (t.Compare(op), t.Compare(other)) if op == other:
                yield from self.all_same(t.children(pattern), t.children(tree), bound)
            case (t.Negative(), t.Negative()):
                yield from self.all_same(t.children(pattern), t.children(tree), bound)

    def all_same(self, patterns: Sequence[t.Tree], trees: Sequence[t.Tree], bound: Bound) -> Iterator[Bound]:
        """Every way in which each tree is the pattern at its place."""
        if len(patterns) != len(trees):
            return
        if not patterns:
            yield bound
            return
        for first in self.same(patterns[0], trees[0], bound):
            yield from self.all_same(patterns[1:], trees[1:], first)

    def lines(self, patterns: Sequence[t.Statement], lines: Sequence[t.Statement], bound: Bound) -> Iterator[Bound]:
        """Every way in which the assignments are those of the pattern, in its order."""
        pairs = list(zip(patterns, lines, strict=False))
        if len(patterns) != len(lines) or any({a.target, b.target} & set(VERBS) and a.target != b.target for a, b in pairs):
            return
        targets = [pair for pair in pairs if pair[0].target not in VERBS]
        left = [*(t.Name(pattern.target) for pattern, _ in targets), *(pattern.expression for pattern in patterns)]
        right = [*(t.Name(line.target) for _, line in targets), *(line.expression for line in lines)]
        yield from self.all_same(left, right, bound)

    def _named(self, name: str, tree: t.Tree, bound: Bound) -> Iterator[Bound]:
        if name in bound:
            if bound[name] == tree:
                yield bound
        elif name in self.variables:
            if isinstance(tree, t.Name) and tree.id not in self.constants and tree not in bound.values():
                yield {**bound, name: tree}
        elif t.names(tree) <= self.constants and not t.functions(tree) & {"rand", "randn"}:
            yield {**bound, name: tree}
