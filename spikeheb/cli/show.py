"""``spikeheb show``: the portrait of a rule, cell or protocol, on stdout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.given import only_with, refuse
from spikeheb.cli.printing import heading, lines, note, paragraphs, text_table
from spikeheb.errors import FormatError

if TYPE_CHECKING:
    from spikeheb.cells import Cell
    from spikeheb.protocols import Protocol
    from spikeheb.rates.rate_rule import RateRule
    from spikeheb.rules import Rule
    from spikeheb.studies.portrait import CellPortrait, ProtocolPortrait, RatePortrait, RulePortrait
    from spikeheb.studies.portrait.sections import Section


def show(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help='A rule (or RULE:SET), rate rule, cell or protocol, by name or path; or "format", the reference of rule files.',
        ),
    ],
    set: options.Set = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print the equations in LaTeX.")] = False,
    kernel: Annotated[
        bool, typer.Option("--kernel", help="Print how the kernel runs a rule: the analysis, then the generated C++.")
    ] = False,
    cell: Annotated[str | None, typer.Option("--cell", metavar="CELL", help="With --kernel: analyse the rule on this cell.")] = None,
    measure: Annotated[bool, typer.Option("--measure/--no-measure", help="Also measure a rule's window, drift and scores.")] = True,
) -> None:
    """Show a rule, rate rule, cell or protocol: equations, parameters with units and sources, sets, bounds, references.

    A protocol given as a file, such as `show FILE.py`, is Python and is executed: give only files that you trust.
    "spikeheb show format" prints what a rule file may contain.

    For a rule the command also measures its window, its drift under test pulses alone, and its scores against published data.
    """
    from spikeheb import library, protocols, rules
    from spikeheb.rates.file import only_rate_rule

    if name == "format":
        only_with(context, "for a rule, cell or protocol", "name")
        typer.echo(rules.format_reference())
        return
    if kernel:
        refuse(context, "without --kernel", "latex")
    else:
        refuse(context, "with --kernel", "cell")
    if measure and (kernel or latex):
        refuse(context, "without --kernel and --latex", "measure")
    rate = only_rate_rule(name)
    if rate is not None:
        only_with(context, "for a rule of spikes, cell or protocol", "name", "latex")
        print_rate_rule(rate, latex=latex)
        return
    things = library.read(name, set)
    if latex:  # a protocol that is called like a rule or a cell has no equations
        things = [thing for thing in things if not isinstance(thing, protocols.Protocol)] or things
    for thing in things:
        if not isinstance(thing, rules.Rule):
            _refuse_what_only_a_rule_has(context, thing, kernel=kernel, measure=measure)
        if kernel:
            _print_kernel(thing, cell)  # type: ignore[arg-type]  # a rule, as nothing else has passed
        elif latex:
            _print_latex(thing)
        else:
            _print_portrait(thing, measure=measure)
    if name in library.names("rate"):
        note(f"there is a rate rule of this name too: spikeheb rates show {name}")


def _refuse_what_only_a_rule_has(context: typer.Context, thing: Cell | Protocol, *, kernel: bool, measure: bool) -> None:
    if measure:
        refuse(context, "for a rule", "measure")
    if kernel:
        raise FormatError("only a rule has a kernel; name a cell with --cell", path=thing.path, key="--kernel")


def _print_kernel(rule: Rule, cell: str | None) -> None:
    from spikeheb import library
    from spikeheb.engines.kernel.explain import explain, show_source

    on = library.cell(cell) if cell is not None else None
    typer.echo(explain(rule, on))
    heading("Generated C++")
    typer.echo(show_source(rule, on))


def _print_latex(thing: Rule | Cell | Protocol) -> None:
    from spikeheb.studies.portrait import ProtocolPortrait, portrait

    picture = portrait(thing, measure=False)
    if isinstance(picture, ProtocolPortrait):
        raise FormatError("a protocol has no equations", path=picture.path, key="--latex")
    typer.echo(picture.latex)


def print_rate_rule(rule: RateRule, *, latex: bool) -> None:
    """Print the portrait of a rate rule, or its equations in LaTeX."""
    from spikeheb.studies.portrait import of_rate_rule

    picture = of_rate_rule(rule)
    if latex:
        typer.echo(picture.latex)
    else:
        _print_head(picture)


def _print_portrait(thing: Rule | Cell | Protocol, *, measure: bool) -> None:
    """Print what the file says, then what is measured of a rule, which takes longer."""
    from spikeheb.rules import Rule
    from spikeheb.studies.portrait import measure_rule, portrait

    _print_head(portrait(thing, measure=False))
    if measure and isinstance(thing, Rule):
        _print_sections(measure_rule(thing).sections)


def _print_head(picture: RatePortrait | RulePortrait | CellPortrait | ProtocolPortrait) -> None:
    typer.secho(f"{picture.name}: {picture.title}", bold=True)
    typer.echo(f"{picture.kind}, {picture.path}")
    paragraphs(picture.doc)
    _print_sections(picture.sections)


def _print_sections(sections: Iterable[Section]) -> None:
    for section in sections:
        heading(section.heading)
        for n, table in enumerate(section.tables):
            if n:
                typer.echo("")
            text_table(table.columns, table.rows)
        lines(section.lines)
