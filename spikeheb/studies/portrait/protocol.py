"""The portrait of a protocol."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from spikeheb.protocols import Protocol
from spikeheb.published import FittedWindow, Published
from spikeheb.settings import SIMPLE, dimension_of, item_of
from spikeheb.studies.portrait.sections import Section, Table, filled, page, prompt


@dataclass(frozen=True)
class ProtocolPortrait:
    """A protocol.

    Attributes
    ----------
    name, title, doc, path : str
    tissue : str
        The preparation; empty where none is named.
    parameters : mapping of str to (str, str)
        The value of each as text with its unit, and what it takes, in words.
    published, not_simulated : Published or None
        Measured values, and those that no condition of the protocol stands for.
    fitted : tuple of FittedWindow
        Windows that were fitted to measured values.
    """

    kind: ClassVar[str] = "protocol"
    name: str
    title: str
    doc: str
    path: str
    tissue: str
    parameters: Mapping[str, tuple[str, str]]
    published: Published | None
    not_simulated: Published | None
    fitted: tuple[FittedWindow, ...]

    __repr__, _repr_html_ = prompt, page

    @property
    def sections(self) -> tuple[Section, ...]:
        """The portrait in words."""
        parameters = Table(["name", "default", "takes"], [[name, *texts] for name, texts in self.parameters.items()])
        measurements = (("Published points", self.published), ("Published, but not simulated", self.not_simulated))
        return filled(
            [
                Section("Parameters (-p name=value)", (parameters,)),
                *(_published_section(title, published) for title, published in measurements if published is not None),
                *map(_fitted_section, self.fitted),
            ]
        )


def of_protocol(protocol: Protocol) -> ProtocolPortrait:
    """The portrait of a protocol."""
    return ProtocolPortrait(
        name=protocol.name,
        title=protocol.title,
        doc=protocol.doc,
        path=protocol.path,
        tissue=protocol.tissue,
        parameters={name: (text, takes(protocol.kinds[name])) for name, text in protocol.texts.items()},
        published=protocol.published,
        not_simulated=protocol.not_simulated,
        fitted=protocol.fitted,
    )


def takes(kind: object) -> str:
    """What a parameter of a protocol accepts, in words."""
    item, dimension = item_of(kind), dimension_of(kind)
    if item is not None:
        return f"list: {takes(item)}"
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(str(choice) for choice in typing.get_args(kind))
    return str(dimension) if dimension is not None else {**SIMPLE, float: "a number"}[kind]  # type: ignore[index]  # no other kind passes


def _published_section(title: str, published: Published) -> Section:
    rows = []
    for row in published.rows:
        condition = [value if isinstance(value, str) else f"{value:g}" for value in row.condition.values()]
        sem, n = "" if row.sem is None else f"{row.sem:g}", "" if row.n is None else str(row.n)
        ratio = row.outcome or "" if row.ratio is None else f"{row.ratio:g}"
        rows.append([*condition, ratio, sem, n, row.measure or "", row.series or ""])
    table = Table([*published.conditions, "ratio", "SEM", "n", "measure", "series"], rows)
    citations = tuple(dict.fromkeys(row.citation for row in published.rows))
    return Section(f"{title}, conditions in SI units ({published.path})", (table,), citations)


def _fitted_section(fit: FittedWindow) -> Section:
    sides = (("plus", fit.A_plus, fit.tau_plus), ("minus", fit.A_minus, fit.tau_minus))
    lines = tuple(f"A_{side} = {size:g}, tau_{side} = {tau * 1e3:g} ms" for side, size, tau in sides)
    return Section(f"Fitted window: {fit.citation}", lines=(*lines, *([fit.note] if fit.note else [])))
