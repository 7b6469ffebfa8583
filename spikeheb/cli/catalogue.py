"""``spikeheb list`` and ``spikeheb check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spikeheb.cli.kinds import kind_of
from spikeheb.cli.printing import data_table, note
from spikeheb.errors import SpikehebError

if TYPE_CHECKING:
    from spikeheb.rules import Rule


def list_names(
    kind: Annotated[str | None, typer.Argument(metavar="[rules|cells|protocols]", help="What to list; everything where absent.")] = None,
) -> None:
    """List the rules, cells and protocols that can be used by name."""
    from spikeheb.library import catalogue

    listing = catalogue(kind)
    for problem in listing.problems:
        note(f"error: {problem}")
    data_table(["kind", "name", "title"], listing.rows)
    if listing.problems:
        raise typer.Exit(2)


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Rule, cell or protocol files; a protocol is run.")],
) -> None:
    """Check files: one line for each, OK or what is wrong."""
    failed = False
    for path in files:
        try:
            typer.echo(f"OK {_check_file(path)}: {path}")
        except SpikehebError as error:
            failed = True
            note(f"error: {error}")
    if failed:
        raise typer.Exit(2)


def _check_file(path: Path) -> str:
    """Read a file, with all choices that it offers; returns what it is."""
    import numpy as np

    from spikeheb import library
    from spikeheb.cells import read_cell
    from spikeheb.rules import read_rule

    kind = kind_of(path)
    if kind == "protocol":
        protocol = library.protocol(path)
        lanes = len(protocol.schedule(np.random.default_rng(0)).lanes)
        return f"protocol {protocol.name}, {lanes} {'condition' if lanes == 1 else 'conditions'}"
    if kind == "cell":
        return f"cell {read_cell(path).name}"
    return _check_choices(read_rule(path))


def _check_choices(rule: Rule) -> str:
    from spikeheb.rules import choose
    from spikeheb.rules.check import check_rule

    for name in rule.sets:
        check_rule(choose(rule, set=name))
    for name in rule.interactions:
        check_rule(choose(rule, interaction=name))
    return f"rule {rule.name}, {len(rule.sets)} {'set' if len(rule.sets) == 1 else 'sets'}"
