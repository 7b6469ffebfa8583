"""Subtrees that are computed once for each lane instead of at every step or event.

Those depend on constants alone, or on constants and on a few comparisons (``sigma*sqrt((up + down)/tau)``): of these there is
a table, with a value for each outcome of the comparisons.
"""

from __future__ import annotations

from spikeheb.expressions import tree as t

MOST_COMPARISONS = 3
CHEAP = {"int"}


class Hoister:
    """Collects the subtrees that depend on constants alone, to be computed once for each lane."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, t.Tree], str] = {}
        """The name of each subtree, by the space (rule or cell) whose constants it reads."""
        self.tables: dict[t.Tree, str] = {}
        """The name of the table of each subtree."""

    def tree(self, tree: t.Tree, fixed: frozenset[str], space: str) -> t.Tree:
        """The tree with its largest subtrees of `fixed` names replaced by names of their own."""
        names = t.names(tree)
        composed = isinstance(tree, t.Binary | t.Call | t.Negative)
        if composed and names and names <= fixed and not t.functions(tree) & {"rand", "randn"}:
            name = self.names.setdefault((space, tree), f"_fixed_{len(self.names)}")
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

    def tabulated(self, tree: t.Tree, fixed: frozenset[str]) -> t.Tree:
        """The tree with its largest costly subtrees of `fixed` names and comparisons replaced by names of their own."""
        if costly(tree) and 0 < len(comparisons(tree)) <= MOST_COMPARISONS and t.names(decided(tree, 0)) <= fixed:
            return t.Name(self.tables.setdefault(tree, f"_table_{len(self.tables)}"))
        match tree:
            case t.Negative(operand):
                return t.Negative(self.tabulated(operand, fixed))
            case t.Binary(op, left, right):
                return t.Binary(op, self.tabulated(left, fixed), self.tabulated(right, fixed))
            case t.Call(function, arguments):
                return t.Call(function, tuple(self.tabulated(argument, fixed) for argument in arguments))
        return tree


def inverted(tree: t.Tree, fixed: frozenset[str]) -> t.Tree:
    """The tree with products in place of divisions by constants: the inverse is computed once, and a product takes a quarter."""

    def change(node: t.Tree) -> t.Tree:
        match node:
            case t.Binary("/", left, right) if t.names(right) and t.names(right) <= fixed and not t.names(left) <= fixed:
                return t.Binary("*", left, t.Binary("/", t.ONE, right))
        return node

    return t.rebuild(tree, change)


def comparisons(tree: t.Tree) -> tuple[t.Tree, ...]:
    """What stands in ``int(...)``, each once."""
    return tuple(dict.fromkeys(node.arguments[0] for node in t.walk(tree) if isinstance(node, t.Call) and node.function == "int"))


def decided(tree: t.Tree, outcome: int) -> t.Tree:
    """The tree with its comparisons decided: bit n of `outcome` is the n-th of them."""
    decisions = {condition: t.Number(float(outcome >> n & 1)) for n, condition in enumerate(comparisons(tree))}

    def decide(node: t.Tree) -> t.Tree:
        return decisions[node.arguments[0]] if isinstance(node, t.Call) and node.function == "int" else node

    return t.rebuild(tree, decide)


def costly(tree: t.Tree) -> bool:
    """Whether a look into a table is faster."""
    divides = any(isinstance(node, t.Binary) and node.op in ("/", "**") for node in t.walk(tree))
    return divides or bool(t.functions(tree) - CHEAP)
