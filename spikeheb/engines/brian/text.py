"""A rule's and a cell's trees as Brian2 text, printed from what passed the gate and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spikeheb.cells import Membrane, Receptor
from spikeheb.engines.brian.names import Naming, as_declared, of_cell, of_rule
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.meaning import TRANSMIT, Action, clipped, expand
from spikeheb.rules.rule import Rule
from spikeheb.units import Dimension


def local(name: str) -> str:
    """A handler's own temporary under a name that Brian2 accepts."""
    return "local" + name if name.startswith("_") else name


def synapse_names(rule: Rule, naming: Naming = as_declared) -> dict[str, t.Tree]:
    """Names as a synapse writes them: its own, and the postsynaptic side's."""
    renames: dict[str, t.Tree] = {"v": t.Name("v_post"), "amount": t.Name(f"{of_cell('amount')}_post")}
    if rule.post is not None:
        outside = [*(e.name for e in rule.post.equations), *rule.post.delayed]
        renames |= {name: t.Name(f"{naming(name)}_post") for name in outside}
    return renames | own_names(rule, naming)


def own_names(rule: Rule, naming: Naming = as_declared) -> dict[str, t.Tree]:
    """Constants and synaptic variables of the rule that Brian2 must know by another name."""
    names = [*rule.constants, *(e.name for e in rule.equations)]
    return {name: t.Name(naming(name)) for name in names if naming(name) != name}


def post_names(rule: Rule) -> dict[str, t.Tree]:
    """Constants and [post] variables as the group of [post] has them."""
    names = list(rule.constants)
    if rule.post is not None:
        names += [*(e.name for e in rule.post.equations), *rule.post.delayed]
    return {name: t.Name(of_rule(name)) for name in names}


def constant_lines(dimensions: Mapping[str, Dimension], varying: Iterable[str] = ()) -> list[str]:
    """Declarations of constants: shared, or one per element where they vary."""
    varying = set(varying)
    return [f"{of_rule(n)} : {d.brian} ({'constant' if n in varying else 'shared, constant'})" for n, d in dimensions.items()]


def equation_line(equation: Equation, flag: str = "", renames: Mapping[str, t.Tree] | None = None) -> str:
    """One model line."""
    suffix = f" : {equation.dimension.brian}" + (f" ({flag})" if flag else "")
    name = renamed(equation.name, renames)
    if equation.expression is None:
        return name + suffix
    text = to_brian(t.substitute(equation.expression, renames or {}))
    left = f"d{name}/dt" if equation.kind == "differential" else name
    return f"{left} = {text}{suffix}"


def renamed(name: str, renames: Mapping[str, t.Tree] | None) -> str:
    """The name that takes the place of a name."""
    return to_brian(t.substitute(t.Name(name), renames or {}))


def synapse_model(rule: Rule, stepped: frozenset[str], naming: Naming = as_declared) -> str:
    """The synaptic equations with Brian2's flags."""
    renames = synapse_names(rule, naming)
    flags = {e.name: ("clock-driven" if e.name in stepped else "event-driven") if e.kind == "differential" else "" for e in rule.equations}
    return "\n".join(equation_line(e, flags[e.name], renames) for e in rule.equations)


def renamed_lines(rule: Rule, action: Action, naming: Naming = as_declared) -> tuple[t.Statement, ...]:
    """The handler's lines with the postsynaptic side's names and its own temporaries as Brian2 writes them.

    Subexpressions are put in: in a handler Brian2 computes them before it brings event-driven variables up to date.
    """
    renames = synapse_names(rule, naming)
    renames |= {line.target: t.Name(local(line.target)) for line in action.lines if line.target.startswith("_")}
    targets = {line.target: line.target if line.target == TRANSMIT else renamed(line.target, renames) for line in action.lines}
    trees = [t.substitute(expand(line.expression, rule), renames) for line in action.lines]
    return tuple(t.Statement(targets[line.target], line.op, tree) for line, tree in zip(action.lines, trees, strict=True))


def handler_code(rule: Rule, action: Action, receptor: Receptor | None) -> str:
    """The statements of a handler; `transmit` becomes growth of the receptor's conductance."""
    shared = {f"{of_rule(e.name)}_post" for e in rule.post.equations} if rule.post else set()
    lines = []
    for line in renamed_lines(rule, action, of_rule):
        if line.target == TRANSMIT:
            lines += transmission(rule, line.expression, receptor)
        elif line.target in shared:
            lines.append(f"{line.target} += {to_brian(_growth(line))}")
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
    amount = to_brian(t.multiply(t.substitute(rule.efficacy, synapse_names(rule, of_rule)), fraction))
    return [f"{of_cell(state)}_post += {of_cell('unit_' + state)}*({amount})" for state, _, _ in receptor.parts]


def membrane_names(membrane: Membrane) -> dict[str, t.Tree]:
    """The cell's names as its group has them."""
    names = {"I_ext", *membrane.constants, *(e.name for e in membrane.equations)}
    return {name: t.Name(of_cell(name)) for name in names}


def membrane_model(membrane: Membrane) -> str:
    """The cell's equations and constants."""
    renames = membrane_names(membrane)
    lines = [equation_line(e, renames=renames) for e in membrane.equations]
    lines += [f"{of_cell(name)} : {dimension.brian} (shared, constant)" for name, dimension in membrane.dimensions.items()]
    return "\n".join([*lines, f"{of_cell('I_ext')} : amp"])


def statements(lines: Iterable[t.Statement], renames: Mapping[str, t.Tree] | None = None) -> str:
    """Plain assignments; targets are renamed like everything else."""
    return "\n".join(f"{renamed(line.target, renames)} = {to_brian(t.substitute(line.value(), renames or {}))}" for line in lines)


def clip_statement(rule: Rule, naming: Naming = as_declared) -> str | None:
    """The weight held within its limits after a step, where the model moves it."""
    names = own_names(rule, naming)
    moving = any(e.name == rule.weight and e.kind == "differential" for e in rule.equations)
    limited = clipped(t.Name(rule.weight), rule.bounds)
    if not moving or limited == t.Name(rule.weight):
        return None
    return f"{renamed(rule.weight, names)} = {to_brian(t.substitute(limited, names))}"
