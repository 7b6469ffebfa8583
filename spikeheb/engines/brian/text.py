"""A rule's and a cell's trees as Brian2 text, printed from what passed the gate and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from spikeheb.cells import Membrane, Receptor
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.meaning import TRANSMIT, Action, clipped, expand
from spikeheb.rules.rule import Rule
from spikeheb.units import Dimension


def local(name: str) -> str:
    """A handler's own temporary under a name that Brian2 accepts."""
    return "local" + name if name.startswith("_") else name


def of_rule(name: str) -> str:
    """A constant of the rule: Brian2 gives the endings _pre and _post a meaning of its own."""
    return f"{name}_of_rule" if name.endswith(("_pre", "_post")) else name


def of_cell(name: str) -> str:
    """A name of the cell's file: apart from v it must not meet one of the rule's."""
    return name if name == "v" else f"{name}_of_cell"


def synapse_names(rule: Rule) -> dict[str, t.Tree]:
    """Names as a synapse writes them: the postsynaptic side's, and constants that need another."""
    outside = {"v", "amount"}
    if rule.post is not None:
        outside |= {e.name for e in rule.post.equations} | set(rule.post.delayed)
    renames: dict[str, t.Tree] = {"v": t.Name("v_post"), "amount": t.Name(f"{of_cell('amount')}_post")}
    renames |= {name: t.Name(f"{name}_post") for name in outside - {"v", "amount"}}
    return renames | constant_names(rule)


def constant_names(rule: Rule) -> dict[str, t.Tree]:
    """Constants of the rule that Brian2 must know by another name."""
    return {name: t.Name(of_rule(name)) for name in rule.constants if of_rule(name) != name}


def constant_lines(dimensions: Mapping[str, Dimension], varying: Iterable[str] = ()) -> list[str]:
    """Declarations of constants: shared, or one per element where they vary."""
    varying = set(varying)
    return [f"{of_rule(n)} : {d.brian} ({'constant' if n in varying else 'shared, constant'})" for n, d in dimensions.items()]


def equation_line(equation: Equation, flag: str = "", renames: Mapping[str, t.Tree] | None = None) -> str:
    """One model line."""
    suffix = f" : {equation.dimension.brian}" + (f" ({flag})" if flag else "")
    if equation.expression is None:
        return equation.name + suffix
    text = to_brian(t.substitute(equation.expression, renames or {}))
    left = f"d{equation.name}/dt" if equation.kind == "differential" else equation.name
    return f"{left} = {text}{suffix}"


def synapse_model(rule: Rule, stepped: frozenset[str], renames: Mapping[str, t.Tree] | None = None) -> str:
    """The synaptic equations with Brian2's flags; the names are those of `synapse_names` unless others are given."""
    renames = synapse_names(rule) if renames is None else renames
    flags = {e.name: ("clock-driven" if e.name in stepped else "event-driven") if e.kind == "differential" else "" for e in rule.equations}
    return "\n".join(equation_line(e, flags[e.name], renames) for e in rule.equations)


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
            lines.append(f"{line.target}_post += {to_brian(growth(line))}")
        else:
            lines.append(f"{line.target} = {to_brian(line.expression)}")
    return "\n".join(lines)


def growth(line: t.Statement) -> t.Tree:
    """What a plain assignment ``x = x + e`` adds."""
    assert isinstance(line.expression, t.Binary)
    return line.expression.right


def transmission(rule: Rule, fraction: t.Tree, receptor: Receptor | None) -> list[str]:
    """Growth of each exponential of the receptor by efficacy times the released fraction (already renamed)."""
    if receptor is None:
        return []
    amount = to_brian(t.multiply(t.substitute(rule.efficacy, synapse_names(rule)), fraction))
    return [f"{of_cell(state)}_post += {of_cell('unit_' + state)}*({amount})" for state, _, _ in receptor.parts]


def membrane_names(membrane: Membrane) -> dict[str, t.Tree]:
    """The cell's names as its group has them."""
    names = {"I_ext", *membrane.constants, *(e.name for e in membrane.equations)}
    return {name: t.Name(of_cell(name)) for name in names}


def membrane_model(membrane: Membrane) -> str:
    """The cell's equations and constants."""
    renames = membrane_names(membrane)
    lines = [equation_line(replace(e, name=of_cell(e.name)), renames=renames) for e in membrane.equations]
    lines += [f"{of_cell(name)} : {dimension.brian} (shared, constant)" for name, dimension in membrane.dimensions.items()]
    return "\n".join([*lines, f"{of_cell('I_ext')} : amp"])


def statements(lines: Iterable[t.Statement], renames: Mapping[str, t.Tree] | None = None) -> str:
    """Plain assignments; targets are renamed like everything else."""
    renamed = renames or {}
    text = []
    for line in lines:
        target = to_brian(t.substitute(t.Name(line.target), renamed))
        text.append(f"{target} = {to_brian(t.substitute(line.value(), renamed))}")
    return "\n".join(text)


def clip_statement(rule: Rule) -> str | None:
    """The weight held within its limits after a step, where the model moves it."""
    moving = any(e.name == rule.weight and e.kind == "differential" for e in rule.equations)
    limited = clipped(t.Name(rule.weight), rule.bounds)
    return f"{rule.weight} = {to_brian(limited)}" if moving and limited != t.Name(rule.weight) else None
