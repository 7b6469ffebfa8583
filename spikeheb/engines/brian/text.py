"""A rule's and a cell's trees as Brian2 text, printed from what passed the gate and from nothing else.

A name that is made here, of a user's name or for the engine itself, has two underscores in a row, which no user's name has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace

from spikeheb.cells import Membrane, Receptor
from spikeheb.dimensions import Dimension
from spikeheb.engines.brian.names import of_cell, own, unit_of
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation, expanded
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.meaning import TRANSMIT, Action, actions, clipped, expand
from spikeheb.rules.rule import Rule
from spikeheb.rules.ties import STEP


def local(name: str) -> str:
    """A handler's own temporary under a name that Brian2 accepts."""
    return f"local{name}" if name.startswith("_") else name


def synapse_names(rule: Rule) -> dict[str, t.Tree]:
    """Names of the postsynaptic side as a synapse writes them."""
    outside = {"v", "amount"}
    if rule.post is not None:
        outside |= {e.name for e in rule.post.equations} | set(rule.post.delayed)
    renames: dict[str, t.Tree] = {"v": t.Name("v_post"), "amount": t.Name(f"{own('amount')}_post")}
    renames |= {name: t.Name(f"{name}_post") for name in outside - {"v", "amount"}}
    return renames | {STEP: t.Name("t_in_timesteps")}


def constant_lines(dimensions: Mapping[str, Dimension], varying: Iterable[str] = ()) -> list[str]:
    """Declarations of constants: shared, or one per element where they vary."""
    varying = set(varying)
    return [f"{n} : {d.brian} ({'constant' if n in varying else 'shared, constant'})" for n, d in dimensions.items()]


def equation_line(equation: Equation, flag: str = "", renames: Mapping[str, t.Tree] | None = None) -> str:
    """One model line."""
    suffix = f" : {equation.dimension.brian}" + (f" ({flag})" if flag else "")
    if equation.expression is None:
        return equation.name + suffix
    text = to_brian(t.substitute(equation.expression, renames or {}))
    if equation.expression == t.ZERO:  # of any dimension here, but not for Brian2
        text = f"0*({equation.dimension.brian})" + ("/second" if equation.kind == "differential" else "")
    left = f"d{equation.name}/dt" if equation.kind == "differential" else equation.name
    return f"{left} = {text}{suffix}"


def synapse_model(rule: Rule, stepped: frozenset[str], renames: Mapping[str, t.Tree] | None = None) -> str:
    """The synaptic equations with Brian2's flags; the names are those of `synapse_names` unless others are given.

    Subexpressions of ``[post]`` are put in, because Brian2 links no subexpressions of another group.
    """
    renames = synapse_names(rule) if renames is None else renames
    flags = {e.name: ("clock-driven" if e.name in stepped else "event-driven") if e.kind == "differential" else "" for e in rule.equations}
    post = rule.post.equations if rule.post is not None else ()
    own = [replace(e, expression=None if e.expression is None else expanded(e.expression, post)) for e in rule.equations]
    return "\n".join(equation_line(e, flags[e.name], renames) for e in own)


def renamed_lines(rule: Rule, action: Action, names: Mapping[str, t.Tree] | None = None) -> tuple[t.Statement, ...]:
    """The handler's lines with the postsynaptic side's names and its own temporaries as Brian2 writes them.

    Subexpressions are put in: in a handler Brian2 computes them before it brings event-driven variables up to date.
    """
    renames = dict(synapse_names(rule) if names is None else names)
    renames |= {line.target: t.Name(local(line.target)) for line in action.lines if line.target.startswith("_")}
    return tuple(t.Statement(local(line.target), line.op, t.substitute(expand(line.expression, rule), renames)) for line in action.lines)


def handler_code(rule: Rule, action: Action, receptor: Receptor | None) -> str:
    """The statements of a handler; `transmit` becomes growth of the receptor's conductance."""
    shared = {e.name for e in rule.post.equations} if rule.post else set()
    lines = []
    for line in renamed_lines(rule, action):
        if line.target == TRANSMIT:
            lines += transmission(rule, line.expression, receptor)
        elif line.target in shared:
            lines.append(f"{line.target}_post += {to_brian(guarded(growth(line)))}")
        else:
            lines += assignment(line)
    return "\n".join(lines)


TOTAL = own("total")


def assignment(line: t.Statement) -> list[str]:
    """An assignment; one to a weight with limits keeps what is not finite, which Brian2's clip would make a limit of."""
    match line.expression:
        case t.Call("limited", (value, low, high)):
            total = t.Name(TOTAL)
            kept = unless_flawed(t.Call("limited", (total, low, high)), [total])
            return [f"{TOTAL} = {to_brian(guarded(value))}", f"{line.target} = {to_brian(kept)}"]
    return [f"{line.target} = {to_brian(guarded(line.expression))}"]


def cancels(rule: Rule) -> bool:
    """Whether some line has ``x - x`` or ``x/x``, which Brian2's optimisation makes 0 and 1 of, whatever x is."""
    nodes = (node for action in actions(rule) for line in action.lines for node in t.walk(expand(line.expression, rule)))
    return any(isinstance(node, t.Binary) and node.op in "-/" and node.left == node.right and t.names(node.left) for node in nodes)


def unless_flawed(value: t.Tree, seen: Iterable[t.Tree]) -> t.Tree:
    """The value itself where all that is `seen` is finite, else none that is.

    A product with 1, or a division by 0. Brian2 would make 0 of ``x - x``.
    """
    for tree in seen:
        finite = t.Compare("<=", t.Call("abs", (tree,)), t.Number(sys.float_info.max))
        value = t.Binary("/", value, t.Call("int", (finite,)))
    return value


def guarded(tree: t.Tree) -> t.Tree:
    """The tree with ``clip`` no number where its value or a limit is not finite; what draws is not written twice."""

    def guard(node: t.Tree) -> t.Tree:
        if not (isinstance(node, t.Call) and node.function == "clip"):
            return node
        return unless_flawed(node, [a for a in node.arguments if t.names(a) and "randn" not in t.functions(a)])

    return t.rebuild(tree, guard)


def growth(line: t.Statement) -> t.Tree:
    """What a plain assignment ``x = x + e`` adds."""
    assert isinstance(line.expression, t.Binary)
    return line.expression.right


def transmission(rule: Rule, fraction: t.Tree, receptor: Receptor | None) -> list[str]:
    """Growth of each exponential of the receptor by efficacy times the released fraction (already renamed)."""
    if receptor is None:
        return []
    efficacy = expanded(rule.efficacy, rule.post.equations if rule.post is not None else ())
    amount = to_brian(t.multiply(t.substitute(efficacy, synapse_names(rule)), fraction))
    return [f"{of_cell(state)}_post += {unit_of(state)}*({amount})" for state, _, _ in receptor.parts]


def membrane_names(membrane: Membrane) -> dict[str, t.Tree]:
    """The cell's names as its group has them."""
    names: dict[str, t.Tree] = {name: t.Name(of_cell(name)) for name in membrane.constants}
    names |= {e.name: t.Name(of_cell(e.name)) for e in membrane.equations}
    return names | {"I_ext": t.Name(own("I_ext"))}


def membrane_model(membrane: Membrane) -> str:
    """The cell's equations and constants."""
    renames = membrane_names(membrane)
    lines = [equation_line(replace(e, name=of_cell(e.name)), renames=renames) for e in membrane.equations]
    lines += [f"{of_cell(name)} : {dimension.brian} (shared, constant)" for name, dimension in membrane.dimensions.items()]
    return "\n".join([*lines, f"{own('I_ext')} : amp"])


def statements(lines: Iterable[t.Statement], renames: Mapping[str, t.Tree] | None = None) -> str:
    """Plain assignments; targets are renamed like everything else."""
    renamed = renames or {}
    text = []
    for line in lines:
        target = to_brian(t.substitute(t.Name(line.target), renamed))
        text.append(f"{target} = {to_brian(t.substitute(line.value(), renamed))}")
    return "\n".join(text)


def clip_statement(rule: Rule, own: Mapping[str, str] | None = None) -> str | None:
    """The weight clipped to its limits after a step, if the model changes it; `own` are other names of the limits."""
    moving = any(e.name == rule.weight and e.kind == "differential" for e in rule.equations)
    limited = t.substitute(clipped(t.Name(rule.weight), rule.bounds), {name: t.Name(other) for name, other in (own or {}).items()})
    if not moving or limited == t.Name(rule.weight):
        return None
    return f"{rule.weight} = {to_brian(unless_flawed(limited, [t.Name(rule.weight)]))}"
