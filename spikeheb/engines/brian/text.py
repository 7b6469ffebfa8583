"""A rule's and a cell's trees as Brian2 text, printed from what passed the gate and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spikeheb.cells import Membrane, Receptor
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.meaning import TRANSMIT, Action
from spikeheb.rules.rule import Rule
from spikeheb.units import Dimension


def local(name: str) -> str:
    """A handler's own temporary under a name that Brian2 accepts."""
    return "local" + name if name.startswith("_") else name


def outside_names(rule: Rule) -> dict[str, t.Tree]:
    """Names of the postsynaptic side as a synapse reads them."""
    names = {"v", "amount"}
    if rule.post is not None:
        names |= {e.name for e in rule.post.equations} | set(rule.post.delayed)
    return {name: t.Name(f"{name}_post") for name in names}


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
    left = f"d{equation.name}/dt" if equation.kind == "differential" else equation.name
    return f"{left} = {text}{suffix}"


def synapse_model(rule: Rule, stepped: frozenset[str]) -> str:
    """The synaptic equations with Brian2's flags."""
    renames = outside_names(rule)
    flags = {e.name: ("clock-driven" if e.name in stepped else "event-driven") if e.kind == "differential" else "" for e in rule.equations}
    return "\n".join(equation_line(e, flags[e.name], renames) for e in rule.equations)


def renamed_lines(rule: Rule, action: Action) -> tuple[t.Statement, ...]:
    """The handler's lines with the postsynaptic side's names and its own temporaries as Brian2 writes them."""
    renames: dict[str, t.Tree] = dict(outside_names(rule))
    renames |= {line.target: t.Name(local(line.target)) for line in action.lines if line.target.startswith("_")}
    return tuple(t.Statement(local(line.target), line.op, t.substitute(line.expression, renames)) for line in action.lines)


def handler_code(rule: Rule, action: Action, receptor: Receptor | None) -> str:
    """The statements of a handler; `transmit` becomes growth of the receptor's conductance."""
    shared = {e.name for e in rule.post.equations} if rule.post else set()
    lines = []
    for line in renamed_lines(rule, action):
        if line.target == TRANSMIT:
            lines += transmission(rule, line.expression, receptor)
        elif line.target in shared:
            lines.append(f"{line.target}_post += {to_brian(_growth(line))}")
        else:
            lines.append(f"{line.target} = {to_brian(line.expression)}")
    return "\n".join(lines)


def _growth(line: t.Statement) -> t.Tree:
    """What a plain assignment ``x = x + e`` adds."""
    assert isinstance(line.expression, t.Binary)
    return line.expression.right


def transmission(rule: Rule, fraction: t.Tree, receptor: Receptor | None) -> list[str]:
    """Growth of each exponential of the receptor by efficacy times the released fraction (already renamed)."""
    if receptor is None:
        return []
    amount = to_brian(t.multiply(t.substitute(rule.efficacy, outside_names(rule)), fraction))
    return [f"{state}_post += unit_{state}*({amount})" for state, _, _ in receptor.parts]


def membrane_model(membrane: Membrane) -> str:
    """The cell's equations."""
    return "\n".join(equation_line(e) for e in membrane.equations)


def statements(lines: Iterable[t.Statement], renames: Mapping[str, t.Tree] | None = None) -> str:
    """Plain assignments; targets are renamed like everything else."""
    renamed = renames or {}
    text = []
    for line in lines:
        target = to_brian(t.substitute(t.Name(line.target), renamed))
        text.append(f"{target} = {to_brian(t.substitute(line.value(), renamed))}")
    return "\n".join(text)
