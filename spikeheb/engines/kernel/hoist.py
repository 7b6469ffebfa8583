"""Subtrees that depend on constants alone: computed once for each lane instead of at every step or event."""

from __future__ import annotations

from spikeheb.expressions import tree as t


class Hoister:
    """Collects the subtrees that depend on constants alone, to be computed once for each lane."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, t.Tree], str] = {}
        """The name of each subtree, by the space (rule or cell) whose constants it reads."""

    def tree(self, tree: t.Tree, fixed: frozenset[str], space: str) -> t.Tree:
        """The tree with its largest subtrees of `fixed` names replaced by names of their own."""
        names = t.names(tree)
        composed = isinstance(tree, t.Binary | t.Call | t.Negative)
        if composed and names and names <= fixed and not t.functions(tree) & {"rand", "randn"}:
            name = self.found.setdefault((space, tree), f"_fixed_{len(self.found)}")
            return t.Name(name)
        match tree:
            case t.Number() | t.Name():
                return tree
            case t.Negative(operand):
                return t.Negative(self.tree(operand, fixed, space))
            case t.Binary(op, left, right):
                return t.Binary(op, self.tree(left, fixed, space), self.tree(right, fixed, space))
            case t.Compare(op, left, right):
                return t.Compare(op, self.tree(left, fixed, space), self.tree(right, fixed, space))
            case t.Logic(op, operands):
                return t.Logic(op, tuple(self.tree(operand, fixed, space) for operand in operands))
            case t.Call(function, arguments):
                return t.Call(function, tuple(self.tree(argument, fixed, space) for argument in arguments))
