"""A portrait in words: sections of tables and lines, for a terminal, a page or a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikeheb.tables import Parameter, Reference, html_table, shortened, summary_line


@dataclass(frozen=True, slots=True)
class Table:
    """Text in rows, each as long as the row of column names."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, then its tables, then its lines."""

    heading: str
    tables: tuple[Table, ...] = ()
    lines: tuple[str, ...] = ()


def filled(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections with a line, or with a row in a table; tables without rows are left out."""
    kept = (Section(each.heading, tuple(table for table in each.tables if table.rows), each.lines) for each in sections)
    return tuple(each for each in kept if each.tables or each.lines)


def table_of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """The table without the columns that are empty in every row."""
    kept = [k for k in range(len(columns)) if any(row[k] for row in rows)]
    return Table([columns[k] for k in kept], [[row[k] for k in kept] for row in rows])


def parameter_section(parameters: Iterable[Parameter]) -> Section:
    """The parameters of a rule or a cell."""
    return Section("Parameters", (Table(["name", "value", "meaning", "source"], [[p.name, p.text, p.doc, p.source] for p in parameters]),))


def reference_section(references: Mapping[str, Reference]) -> Section:
    """Where a rule or a cell was published."""
    rows = [[key, reference.doi, reference.place] for key, reference in references.items()]
    return Section("References", (Table(["key", "DOI", "place"], rows),))


def prompt(portrait: Any) -> str:
    """One line; as the ``__repr__`` of a portrait."""
    return summary_line(f"portrait of the {portrait.kind}", portrait.name, portrait.title)


def page(portrait: Any) -> str:
    """All of it as HTML; as the ``_repr_html_`` of a portrait. Every text is escaped: what a shared file says is never markup."""
    parts = [f"<h3>{_safe(portrait.name)}: {_safe(portrait.title)}</h3>"]
    parts += [f"<p>{_safe(block)}</p>" for block in portrait.doc.split("\n\n") if block]
    for section in portrait.sections:
        parts.append(f"<h4>{_safe(section.heading)}</h4>")
        parts += [html_table("", table.columns, table.rows) for table in section.tables]
        parts += [f"<pre>{'<br>'.join(_safe(line) for line in section.lines)}</pre>"] if section.lines else []
    return f"<div>{''.join(parts)}</div>"


def _safe(text: str) -> str:
    return html.escape(shortened(text, len(text)))
