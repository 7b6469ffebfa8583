"""Portraits: all that is known about a rule, a cell or a protocol, as values that a terminal, a page or a notebook can show."""

from __future__ import annotations

from pathlib import Path

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.errors import DuplicateName, FormatError
from spikeheb.protocols import Protocol
from spikeheb.rates.file import only_rate_rule
from spikeheb.rates.rate_rule import RateRule
from spikeheb.rules import Rule
from spikeheb.studies.portrait.cell import CellPortrait, of_cell
from spikeheb.studies.portrait.measured import Measured, measure_rule
from spikeheb.studies.portrait.protocol import ProtocolPortrait, of_protocol
from spikeheb.studies.portrait.rate import RatePortrait, of_rate_rule
from spikeheb.studies.portrait.rule import RulePortrait, of_rule

__all__ = [
    "CellPortrait",
    "Measured",
    "ProtocolPortrait",
    "RatePortrait",
    "RulePortrait",
    "measure_rule",
    "of_cell",
    "of_protocol",
    "of_rate_rule",
    "of_rule",
    "portrait",
]


def portrait(
    name: str | Path | Rule | RateRule | Cell | Protocol, *, measure: bool = True
) -> RulePortrait | RatePortrait | CellPortrait | ProtocolPortrait:
    """All that is known about a rule, a rate rule, a cell or a protocol.

    Parameters
    ----------
    name : str, Path, Rule, RateRule, Cell or Protocol
        A name or path, a rule perhaps with its set, ``"pair:additive"``. A protocol given as a file is Python and is executed: give only
        files that you trust.
    measure : bool
        Also measure a rule's window, its drift and its scores, which takes some seconds.

    Returns
    -------
    RulePortrait, RatePortrait, CellPortrait or ProtocolPortrait
        An object of plain values, which a notebook shows as a page.

    Raises
    ------
    DuplicateName
        Where two of a rule, a cell and a protocol have the same name.
    SpikehebError
        As `spikeheb.rule`, `spikeheb.cell` and `spikeheb.protocol`.
    """
    rate = name if isinstance(name, RateRule) else only_rate_rule(str(name)) if isinstance(name, str | Path) else None
    if rate is not None:
        return of_rate_rule(rate)
    if isinstance(name, str | Path):
        things = library.read(str(name))
        if len(things) > 1:
            paths = " and ".join(thing.path for thing in things)
            raise DuplicateName(f'several files have the name "{name}": {paths}; give one of these paths')
        return portrait(things[0], measure=measure)
    if isinstance(name, Rule):
        return of_rule(name, measure=measure)
    if isinstance(name, Cell | Protocol):
        return of_cell(name) if isinstance(name, Cell) else of_protocol(name)
    raise FormatError(f"expected a name, a path, a rule, a cell or a protocol (got {type(name).__name__})", key="name")
