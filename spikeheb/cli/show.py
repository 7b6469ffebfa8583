"""``spikeheb show``: everything that a file says, to be read."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import RuleChoices, read_rule, split_set
from spikeheb.cli.given import only_with, refuse
from spikeheb.cli.kinds import find
from spikeheb.cli.measured import print_measured
from spikeheb.cli.printing import heading, lines, paragraphs, text_table
from spikeheb.errors import FormatError

if TYPE_CHECKING:
    from spikeheb.cells import Cell
    from spikeheb.expressions.equations import Equation
    from spikeheb.expressions.tree import Statement
    from spikeheb.protocols import Protocol
    from spikeheb.published import Published
    from spikeheb.rules import Bounds, Handler, Rule
    from spikeheb.tables import Parameter, Reference


def show(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help='A rule (or RULE:SET), cell or protocol, by name or path; or "format", the reference of rule files.'
        ),
    ],
    set: options.Set = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print the equations in LaTeX.")] = False,
    kernel: Annotated[bool, typer.Option("--kernel", help="Print what the kernel makes of a rule: analysis, then C++.")] = False,
    cell: Annotated[str | None, typer.Option("--cell", metavar="CELL", help="With --kernel: on this cell.")] = None,
    measure: Annotated[bool, typer.Option("--measure/--no-measure", help="Also measure a rule's window, drift and scores.")] = True,
) -> None:
    """Show a rule, cell or protocol: equations, parameters with units and sources, sets, bounds, references.

    A protocol given as a file, such as `show FILE.py`, is Python and is executed: give only files that you trust.
    "spikeheb show format" prints what a rule file may say.

    Of a rule also what is measured now: its window, its drift under test pulses alone, and its scores against published data.
    """
    from spikeheb import library, rules

    if name == "format":
        only_with(context, "for a rule, cell or protocol", "name")
        typer.echo(rules.format_reference())
        return
    if not kernel:
        refuse(context, "with --kernel", "cell")
    else:
        refuse(context, "without --kernel", "latex")
    if measure and (kernel or latex):
        refuse(context, "without --kernel and --latex", "measure")
    files = [("rule", name)] if library.is_combination(name) else find(split_set(name)[0])
    for kind, path in files:
        if kind == "rule":
            rule = read_rule(f"{path}{name.removeprefix(split_set(name)[0])}", RuleChoices(set=set))
            if kernel:
                _show_kernel(rule, cell)
            else:
                _print_latex(rule) if latex else _show_rule(rule)
            if measure and not kernel and not latex:
                print_measured(rule)
            continue
        if measure:
            refuse(context, "for a rule", "measure")
        if kernel:
            raise FormatError("only a rule has a kernel; name a cell with --cell", path=str(path), key="--kernel")
        if set or split_set(name)[1]:
            raise FormatError(f"a {kind} has no sets", path=str(path))
        if kind == "cell":
            shown = library.cell(path)
            _print_latex(shown) if latex else _show_cell(shown)
        elif latex:
            raise FormatError("a protocol has no equations", path=str(path), key="--latex")
        else:
            _show_protocol(library.protocol(path))


def _show_kernel(rule: Rule, cell: str | None) -> None:
    from spikeheb import library
    from spikeheb.engines.kernel.explain import explain, show_source

    on = library.cell(cell) if cell is not None else None
    typer.echo(explain(rule, on))
    heading("Generated C++")
    typer.echo(show_source(rule, on))


def _print_latex(shown: Rule | Cell) -> None:
    from spikeheb.cli import latex
    from spikeheb.rules import Rule

    typer.echo(latex.rule_text(shown) if isinstance(shown, Rule) else latex.cell_text(shown))


# --- rules ---------------------------------------------------------------------------------------------------------------


def _show_rule(rule: Rule) -> None:
    from spikeheb.expressions.printers import to_brian

    _title("rule", rule.label, rule.title, rule.path, rule.doc)
    heading("Equations of the synapse")
    lines(equation_lines(rule.equations))
    if rule.method:
        lines([f"method: {rule.method}"])
    _show_post(rule)
    for handler in rule.handlers:
        _show_handler(handler)
    heading("Weight")
    lines([f"weight    {rule.weight}", f"efficacy  {to_brian(rule.efficacy)}"])
    lines([f"readout   {to_brian(rule.readout)}"] if rule.readout is not None else [])
    lines([f"initial   {name} = {to_brian(tree)}" for name, tree in rule.initial.items() if to_brian(tree) != "0"])
    lines([f"bounds    {bounds_text(rule.bounds)}"])
    _show_parameters(rule.parameters)
    _show_interactions(rule)
    _show_sets(rule)
    _show_references(rule.references)


def _show_post(rule: Rule) -> None:
    if rule.post is None:
        return
    heading("Equations of the postsynaptic cell")
    lines(equation_lines(rule.post.equations))
    lines([f"{name} = {late.of} as it was {late.by} ago" for name, late in rule.post.delayed.items()])
    lines([f"on each of its spikes: {statement_text(line)}" for line in rule.post.on_spike])


def _show_handler(handler: Handler) -> None:
    what = {"pre": "At a presynaptic spike", "post": "At a postsynaptic spike", "reward": "At a reward"}[handler.event]
    heading(f"{what}{f', {handler.delay} later' if handler.delay else ''}, in this order")
    lines([statement_text(line) for line in handler.lines])


def _show_interactions(rule: Rule) -> None:
    if not rule.interactions:
        return
    heading(f"Interactions ({rule.interaction} is chosen)" if rule.interaction else "Interactions")
    constants = list(dict.fromkeys(name for values in rule.interactions.values() for name in values))
    rows = [[name, *(f"{values[c]:g}" if c in values else "" for c in constants)] for name, values in rule.interactions.items()]
    text_table(["scheme", *constants], rows)


def _show_sets(rule: Rule) -> None:
    from spikeheb.expressions.printers import to_brian

    if not rule.sets:
        return
    heading(f"Published sets ({rule.set} is chosen)" if rule.set else "Published sets (none is chosen: --set NAME)")
    rows = [
        [
            name,
            s.tissue,
            ", ".join(s.fitted_to),
            s.reference,
            s.interaction or "",
            ", ".join(f"{variable} = {to_brian(tree)}" for variable, tree in s.initial.items()),
            bounds_text(s.bounds, factors=s.bounds.kind == "law") if s.bounds else "",
        ]
        for name, s in rule.sets.items()
    ]
    columns = ["set", "tissue", "fitted to", "reference", "interaction", "initial", "bounds"]
    kept = [k for k in range(len(columns)) if any(row[k] for row in rows)]
    text_table([columns[k] for k in kept], [[row[k] for k in kept] for row in rows])
    names = [name for name in rule.parameters if any(name in s.values for s in rule.sets.values())]
    if names:
        typer.echo("")
        rows = [[name, *(_set_value(rule, name, parameter) for parameter in names)] for name, s in rule.sets.items() if s.values]
        text_table(["set", *names], rows)


def _set_value(rule: Rule, name: str, parameter: str) -> str:
    """A parameter in a set; nothing where the set is silent."""
    from spikeheb.units import format_quantity

    values = rule.sets[name].values
    return format_quantity(values[parameter], rule.parameters[parameter].dimension) if parameter in values else ""


def bounds_text(bounds: Bounds, *, factors: bool = True) -> str:
    """``"hard, w_min = 0, w_max = 1"``, if wanted with the two factors where they are not 1."""
    from spikeheb.expressions.printers import to_brian

    parts = [bounds.kind, *(f"{name} = {value:g}" for name, value in bounds.values.items())]
    trees = (("F_plus", bounds.F_plus), ("F_minus", bounds.F_minus)) if factors else ()
    return ", ".join([*parts, *(f"{name} = {to_brian(tree)}" for name, tree in trees if to_brian(tree) != "1")])


# --- cells and protocols -------------------------------------------------------------------------------------------------


def _show_cell(cell: Cell) -> None:
    from spikeheb.expressions.printers import to_brian

    _title("cell", cell.name, cell.title, cell.path, cell.doc)
    heading(f"Equations of the membrane ({cell.method})")
    lines(equation_lines(cell.equations))
    lines([f"at first: {name} = {to_brian(tree)}" for name, tree in cell.initial.items() if to_brian(tree) != "0"])
    heading("Spike")
    lines([f"when {to_brian(cell.threshold)}"])
    lines([f"v is held at {hold.v * 1e3:g} mV for {hold.lasts * 1e3:g} ms" for hold in cell.shape])
    lines([f"then {statement_text(line)}" for line in cell.reset])
    lines([f"refractory for {cell.refractory * 1e3:g} ms"] if cell.refractory else [])
    heading("Receptors (efficacy 1 is the unit conductance)")
    rows = [
        [
            r.name, f"{r.unit * 1e9:g} nS", f"{r.reversal * 1e3:g} mV", "at once" if r.rise is None else f"{r.rise * 1e3:g} ms",
            f"{r.decay * 1e3:g} ms", r.doc, r.source,
        ]
        for r in cell.receptors.values()
    ]  # fmt: skip
    text_table(["receptor", "unit", "reversal", "rise", "decay", "meaning", "source"], rows)
    _show_parameters(cell.parameters)
    _show_references(cell.references)


def _show_protocol(protocol: Protocol) -> None:
    _title("protocol", protocol.name, protocol.title, protocol.path, protocol.doc)
    heading("Parameters (-p name=value)")
    text_table(["name", "default", "takes"], [[name, text, takes(protocol.kinds[name])] for name, text in protocol.texts.items()])
    if protocol.published is not None:
        _show_published("Published points", protocol.published)
    if protocol.not_simulated is not None:
        _show_published("Published, but not simulated", protocol.not_simulated)
    for fit in protocol.fitted:
        heading(f"Fitted window: {fit.citation}")
        lines([f"A_plus = {fit.A_plus:g}, tau_plus = {fit.tau_plus * 1e3:g} ms"])
        lines([f"A_minus = {fit.A_minus:g}, tau_minus = {fit.tau_minus * 1e3:g} ms", *([fit.note] if fit.note else [])])


def _show_published(title: str, published: Published) -> None:
    heading(f"{title}, conditions in SI units ({published.path})")
    rows = []
    for row in published.rows:
        condition = [value if isinstance(value, str) else f"{value:g}" for value in row.condition.values()]
        sem, n = "" if row.sem is None else f"{row.sem:g}", "" if row.n is None else str(row.n)
        ratio = row.outcome or "" if row.ratio is None else f"{row.ratio:g}"
        rows.append([*condition, ratio, sem, n, row.measure or "", row.series or ""])
    text_table([*published.conditions, "ratio", "SEM", "n", "measure", "series"], rows)
    lines(list(dict.fromkeys(row.citation for row in published.rows)))


def takes(kind: object) -> str:
    """What a parameter of a protocol accepts, in words."""
    from spikeheb.dimensions import Dimension

    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return f"list: {takes(arguments[0])}"
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(str(choice) for choice in arguments)
    dimension = next((extra for extra in arguments if isinstance(extra, Dimension)), None)
    if dimension is not None:
        return str(dimension)
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}.get(kind, "")  # type: ignore[call-overload,no-any-return]  # any object may be looked up


# --- parts that several have ---------------------------------------------------------------------------------------------


def _title(kind: str, name: str, title: str, path: str, doc: str) -> None:
    typer.secho(f"{name}: {title}", bold=True)
    typer.echo(f"{kind}, {path}")
    paragraphs(doc)


def equation_lines(equations: Sequence[Equation]) -> list[str]:
    """Model lines as a file has them."""
    from spikeheb.expressions.printers import to_brian

    found = []
    for equation in equations:
        left = f"d{equation.name}/dt" if equation.kind == "differential" else equation.name
        right = f" = {to_brian(equation.expression)}" if equation.expression is not None else ""
        found.append(f"{left}{right} : {equation.dimension.brian}")
    return found


def statement_text(statement: Statement) -> str:
    """``"w += dw"``."""
    from spikeheb.expressions.printers import to_brian

    return f"{statement.target} {statement.op} {to_brian(statement.expression)}"


def _show_parameters(parameters: Mapping[str, Parameter]) -> None:
    if parameters:
        heading("Parameters")
        text_table(["name", "value", "meaning", "source"], [[p.name, p.text, p.doc, p.source] for p in parameters.values()])


def _show_references(references: Mapping[str, Reference]) -> None:
    if references:
        heading("References")
        text_table(["key", "DOI", "place"], [[key, reference.doi, reference.place] for key, reference in references.items()])
