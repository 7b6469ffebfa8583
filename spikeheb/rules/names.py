"""A rule under other names: for several rules on one synapse, and for engines in which a user's name might meet another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.rules.rule import VERBS, Bounds, Delayed, Handler, Post, Rule
from spikeheb.tables import Parameter

LIMITS = ("w_min", "w_max")
"""Names that the meaning of bounds itself reads."""


def declared(rule: Rule) -> list[str]:
    """Every name that the rule declares, those of its bounds apart."""
    names = [*rule.parameters, *(equation.name for equation in rule.equations)]
    names += sorted({constant for scheme in rule.interactions.values() for constant in scheme})
    if rule.post is not None:
        names += [*(equation.name for equation in rule.post.equations), *rule.post.delayed]
    return names


@dataclass(frozen=True)
class Renaming:
    """What the names of a rule become; a name may become an expression."""

    names: Mapping[str, t.Tree]

    def name(self, name: str) -> str:
        """The new name."""
        new = self.names.get(name)
        return new.id if isinstance(new, t.Name) else name

    def tree(self, tree: t.Tree) -> t.Tree:
        """An expression in the new names."""
        return t.substitute(tree, self.names)

    def line(self, line: t.Statement) -> t.Statement:
        """A line of a handler; what it does with the weight or the release keeps its name."""
        return t.Statement(line.target if line.target in VERBS else self.name(line.target), line.op, self.tree(line.expression))

    def equation(self, equation: Equation) -> Equation:
        """A line of a model."""
        tree = None if equation.expression is None else self.tree(equation.expression)
        return replace(equation, name=self.name(equation.name), expression=tree)

    def handler(self, handler: Handler) -> Handler:
        """A handler, its delay's parameter included."""
        delay = None if handler.delay is None else self.name(handler.delay)
        return replace(handler, delay=delay, lines=tuple(map(self.line, handler.lines)))

    def initial(self, initial: Mapping[str, t.Tree]) -> dict[str, t.Tree]:
        """Initial values."""
        return {self.name(name): self.tree(tree) for name, tree in initial.items()}

    def parameters(self, rule: Rule) -> dict[str, Parameter]:
        """The rule's parameters."""
        return {self.name(name): replace(parameter, name=self.name(name)) for name, parameter in rule.parameters.items()}

    def interactions(self, rule: Rule) -> dict[str, Mapping[str, float]]:
        """The constants of each interaction scheme."""
        return {
            scheme: {self.name(constant): value for constant, value in constants.items()} for scheme, constants in rule.interactions.items()
        }

    def before(self, rule: Rule) -> dict[str, tuple[str, str]]:
        """What is kept for ties."""
        return {self.name(name): (self.name(kept), self.name(written)) for name, (kept, written) in rule.before.items()}

    def delayed(self, post: Post) -> dict[str, Delayed]:
        """The delayed reads of ``[post]``."""
        return {self.name(name): Delayed(self.name(late.of), self.name(late.by)) for name, late in post.delayed.items()}

    def bounds(self, bounds: Bounds) -> Bounds:
        """Bounds whose expressions read the new names."""
        values = {self.name(name): value for name, value in bounds.values.items()}
        return replace(bounds, values=values, F_plus=self.tree(bounds.F_plus), F_minus=self.tree(bounds.F_minus))

    def post(self, post: Post) -> Post:
        """The whole of ``[post]``."""
        return Post(
            equations=tuple(map(self.equation, post.equations)),
            method=post.method,
            on_spike=tuple(map(self.line, post.on_spike)),
            initial=self.initial(post.initial),
            delayed=self.delayed(post),
        )


def renamed(rule: Rule, name: Callable[[str], str]) -> Rule:
    """The same rule with another name for everything that it declares, the limits of its bounds apart.

    Parameters
    ----------
    rule : Rule
    name : callable
        The new name of each; different names must stay different.
    """
    own = [*declared(rule), *(each for each in rule.bounds.values if each not in LIMITS)]
    renaming = Renaming({each: t.Name(name(each)) for each in own})
    return replace(
        rule,
        parameters=renaming.parameters(rule),
        equations=tuple(map(renaming.equation, rule.equations)),
        weight=renaming.name(rule.weight),
        efficacy=renaming.tree(rule.efficacy),
        readout=None if rule.readout is None else renaming.tree(rule.readout),
        initial=renaming.initial(rule.initial),
        post=None if rule.post is None else renaming.post(rule.post),
        handlers=tuple(map(renaming.handler, rule.handlers)),
        bounds=renaming.bounds(rule.bounds),
        interactions=renaming.interactions(rule),
        before=renaming.before(rule),
    )
