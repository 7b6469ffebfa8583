"""Combining rules: several of them on one synapse, such as a lasting one and a short-term one.

Every name of a rule gets the rule's own name in front (``triplet_tau_plus``), except the weight. Rules that move a weight
share it; initial value and bounds are those of the first of them. Handlers run in the named order, and the conductance
grows by the product: the shared weight's efficacy, times what each rule without a weight of its own makes of it, times
what each transmits. Whatever a rule does before it transmits comes first, so every rule's factor is what it would have
been alone, and the weight is read before the spike changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

from spikeheb.dimensions import NONE
from spikeheb.errors import FormatError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.rules.check import check_rule
from spikeheb.rules.meaning import TRANSMIT
from spikeheb.rules.names import Renaming, declared
from spikeheb.rules.rule import Handler, Post, Rule
from spikeheb.rules.ties import with_ties, without_ties
from spikeheb.tables import Parameter, Reference

MAX_RULES = 4
Entry = TypeVar("Entry")


def combine(rules: Sequence[Rule]) -> Rule:
    """One rule that does what all of them do.

    Parameters
    ----------
    rules : sequence of Rule
        At least two, of different names, with their sets and interactions chosen. The first that moves its weight gives
        the shared weight its name, initial value and bounds.

    Raises
    ------
    FormatError
        For a rule beside itself, unequal delays or coincidence policies, methods that differ, a release that has no single
        place, or weights that make different things of the conductance.
    """
    _check_choices(rules)
    rules = [without_ties(rule) for rule in rules]
    owner = next((rule for rule in rules if moves_weight(rule)), rules[0])
    parts = [_named(rule, owner.weight, share=rule is owner or moves_weight(rule)) for rule in rules]
    first = next(part for part in parts if part.rule is owner)
    combined = replace(
        owner,
        name="+".join(rule.name for rule in rules),
        title=" with ".join(rule.title for rule in rules),
        doc="\n".join(rule.doc for rule in rules),
        path=" + ".join(rule.path for rule in rules),
        texts=tuple(text for rule in rules for text in rule.texts),
        references=_merged(part.references() for part in parts),
        parameters=_merged(part.own_parameters() for part in parts),
        equations=_equations(parts, owner.weight),
        efficacy=_efficacy(parts, lambda rule: rule.efficacy),
        readout=_efficacy(parts, lambda rule: rule.readout or rule.efficacy) if any(r.readout is not None for r in rules) else None,
        initial={owner.weight: first.tree(owner.initial[owner.weight]), **_merged(part.own_initial() for part in parts)},
        method=_one_of({rule.method for rule in rules}, "synapse.method", rules),
        post=_post(parts),
        handlers=_handlers(parts),
        bounds=first.bounds(owner.bounds),
        interactions=_interactions(parts),
        interaction="+".join(rule.interaction for rule in rules if rule.interaction) or None,
        sets={},
        set="+".join(rule.set or "default" for rule in rules) if any(rule.set for rule in rules) else None,
        claims=_claims(rules, owner),
        changed=tuple(f"{rule.name}_{name}" for rule in rules for name in rule.changed),
        refit=tuple(part.name(name) for part in parts for name in part.rule.refit),
    )
    combined = with_ties(combined)
    check_rule(combined)
    return combined


def moves_weight(rule: Rule) -> bool:
    """Whether anything in the rule ever changes its weight."""
    targets = {line.target for handler in rule.handlers for line in handler.lines}
    flows = any(e.name == rule.weight and e.kind == "differential" for e in rule.equations)
    return flows or bool(targets & {"ltp", "ltd", rule.weight})


def _check_choices(rules: Sequence[Rule]) -> None:
    if not 2 <= len(rules) <= MAX_RULES:
        raise FormatError(f"from 2 to {MAX_RULES} rules can be combined (got {len(rules)})", key="rule")
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise FormatError(f'"{name}" cannot be combined with itself', path=rules[0].path, key="name")
    for choice in ("coincidence", "axonal_delay", "backpropagation_delay"):
        if len({getattr(rule, choice) for rule in rules}) > 1:
            raise FormatError("differs between the rules; choose it for the combination", path=rules[0].path, key=choice)


def _one_of(values: set[str | None], key: str, rules: Sequence[Rule]) -> str | None:
    named = sorted(value for value in values if value is not None)
    if len(named) > 1:
        raise FormatError(f"differs between the rules ({' and '.join(named)})", path=" + ".join(r.path for r in rules), key=key)
    return named[0] if named else None


# --- names ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part(Renaming):
    """A rule of the combination, and what its names become."""

    rule: Rule
    shares: bool

    def references(self) -> dict[str, Reference]:
        return {f"{self.rule.name}_{key}": reference for key, reference in self.rule.references.items()}

    def own_parameters(self) -> dict[str, Parameter]:
        """The rule's parameters with their sources under the names that `references` gives these."""
        known = self.rule.references
        return {
            name: replace(parameter, source=f"{self.rule.name}_{parameter.source}" if parameter.source in known else parameter.source)
            for name, parameter in self.parameters(self.rule).items()
        }

    def own_initial(self) -> dict[str, t.Tree]:
        return self.initial({name: tree for name, tree in self.rule.initial.items() if name != self.rule.weight})


def _named(rule: Rule, weight: str, *, share: bool) -> _Part:
    """The rule with its names to be; the weight of a rule that never moves it is its initial value."""
    names: dict[str, t.Tree] = {name: t.Name(f"{rule.name}_{name}") for name in declared(rule)}
    if share:
        return _Part(names | {rule.weight: t.Name(weight)}, rule, share)
    fixed = t.substitute(rule.initial[rule.weight], names)
    if t.functions(fixed) & {"rand", "randn"}:
        raise FormatError(
            "a rule whose weight is drawn at the start and never changes cannot be combined",
            path=rule.path,
            key=f"synapse.initial.{rule.weight}",
        )
    return _Part(names | {rule.weight: fixed}, rule, share)


def _merged(tables: Iterable[Mapping[str, Entry]]) -> dict[str, Entry]:
    """All entries in one table; a name that two rules use is an error."""
    merged: dict[str, Entry] = {}
    for table in tables:
        for name, entry in table.items():
            if name in merged:
                raise FormatError(f'two of the rules use the name "{name}"; rename a rule', key=name)
            merged[name] = entry
    return merged


# --- what the synapse is -------------------------------------------------------------------------------------------------


def _equations(parts: Sequence[_Part], weight: str) -> tuple[Equation, ...]:
    """All lines, then the shared weight, whose derivative is the sum of the rules' own."""
    lines: list[Equation] = []
    flow: t.Tree = t.ZERO
    for part in parts:
        for equation in part.rule.equations:
            if equation.name != part.rule.weight:
                lines.append(part.equation(equation))
            elif part.shares and equation.expression is not None:
                flow = t.add(flow, part.tree(equation.expression))
    kind, tree = ("differential", flow) if flow != t.ZERO else ("variable", None)
    return (*lines, Equation(kind, weight, tree, NONE))


def _efficacy(parts: Sequence[_Part], read: Callable[[Rule], t.Tree]) -> t.Tree:
    """What rules that share the weight agree it to be worth, times the factors of the others."""
    shared = {part.tree(read(part.rule)): part.rule for part in parts if part.shares}
    if len(shared) > 1:
        first, other = list(shared.values())[:2]
        message = f"{first.name} and {other.name} use the weight that they would share in different ways"
        raise FormatError(message, path=other.path, key="synapse.efficacy")
    total = next(iter(shared), t.ONE)
    for part in parts:
        if not part.shares:
            total = t.multiply(total, part.tree(read(part.rule)))
    return total


def _post(parts: Sequence[_Part]) -> Post | None:
    posts = [(part, part.rule.post) for part in parts if part.rule.post is not None]
    if not posts:
        return None
    return Post(
        equations=tuple(part.equation(equation) for part, post in posts for equation in post.equations),
        method=_one_of({post.method for _, post in posts}, "post.method", [part.rule for part, _ in posts]),
        on_spike=tuple(part.line(line) for part, post in posts for line in post.on_spike),
        initial=_merged(part.initial(post.initial) for part, post in posts),
        delayed=_merged(part.delayed(post) for part, post in posts),
    )


def _interactions(parts: Sequence[_Part]) -> dict[str, Mapping[str, float]]:
    """Every scheme of one rule with every scheme of the others: ``all_to_all+rests_at_U``."""
    tables = [part.interactions(part.rule) for part in parts if part.rule.interactions]
    if not tables:
        return {}
    return {"+".join(names): _merged(table[n] for table, n in zip(tables, names, strict=True)) for names in product(*tables)}


def _claims(rules: Sequence[Rule], owner: Rule) -> dict[str, bool]:
    claims = {name: True for name in ("noisy", "pre_alone_acts") if any(rule.claims.get(name) for rule in rules)}
    if all("event_driven" in rule.claims for rule in rules):
        claims["event_driven"] = all(rule.claims["event_driven"] for rule in rules)
    return claims | {name: owner.claims[name] for name in ("bounded", "inhibitory") if name in owner.claims}


# --- what happens at a spike ---------------------------------------------------------------------------------------------


def _handlers(parts: Sequence[_Part]) -> tuple[Handler, ...]:
    """What stands before each rule's release, the release of the product, then the rest, rule by rule."""
    before: list[Handler] = []
    lines: list[t.Statement] = []
    rest: list[Handler] = []
    released: t.Tree = t.ONE
    for part in parts:
        place, line = _release(part.rule)
        factor = part.rule.handlers[place].lines[line].expression if line is not None else t.ONE
        released = t.multiply(released, part.tree(factor))
        for n, handler in enumerate(part.rule.handlers):
            moved = part.handler(handler)
            own = moved.lines
            early = n < place and handler.event == "pre" and handler.delay is None
            if n == place:
                lines += own[: line or 0]
                own = own[line + 1 :] if line is not None else own
            if own:
                (before if early else rest).append(replace(moved, lines=own))
    release = Handler("pre", None, (*lines, t.Statement(TRANSMIT, "=", released)))
    return (*before, release, *rest)


def _release(rule: Rule) -> tuple[int, int | None]:
    """Which handler releases, and at which of its lines; None where it says nothing, and all is released at the top.

    Raises
    ------
    FormatError
        Where there is more than one such line, a delayed one, or one in the middle of a change of the weight.
    """
    places = [(n, m) for n, handler in enumerate(rule.handlers) for m, line in enumerate(handler.lines) if line.target == TRANSMIT]
    if not places:
        return next(n for n, handler in enumerate(rule.handlers) if handler.event == "pre" and handler.delay is None), None
    (n, m), key = places[0], f"on[{places[0][0]}]"
    if len(places) > 1 or rule.handlers[n].delay is not None:
        raise FormatError("to be combined, a rule must transmit once, without a delay", path=rule.path, key=key)
    moving = [k for k, line in enumerate(rule.handlers[n].lines) if line.target in ("ltp", "ltd", rule.weight)]
    if moving and moving[0] < m < moving[-1]:
        raise FormatError(
            "transmits between two changes of the weight; to combine the rule, move this line before or after them", path=rule.path, key=key
        )
    return n, m
