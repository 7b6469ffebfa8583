"""What files of rules, cells and circuits have in common: TOML, references, parameters."""

from __future__ import annotations

import bisect
import copy
import difflib
import functools
import hashlib
import html
import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from spikeheb.dimensions import Dimension
from spikeheb.errors import FormatError, UnitError, one_line, unknown_name
from spikeheb.expressions import gate
from spikeheb.limits import LEVELS, check_levels
from spikeheb.paths import exists, is_file
from spikeheb.units import format_quantity, parse_quantity, quantity

MAX_BYTES = 40_000
MAX_ENTRIES = 100
MAX_PROSE = 4000
MAX_TITLE = 200
REMEMBERED = 256
"""How many files stay parsed."""
LARGEST = 1e100
"""Numbers beyond it are slips, whatever they count."""
_WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list", "object": "a table",
}  # fmt: skip
"""Kinds of values in TOML."""
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where something was published: a DOI (or arXiv number) and the place in it."""

    doi: str
    place: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named constant: SI value, dimension, what it means, where it is from."""

    name: str
    value: float
    dimension: Dimension
    doc: str
    source: str

    @property
    def text(self) -> str:
        """The value with its unit."""
        return format_quantity(self.value, self.dimension)


class ReferenceTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``[references]``."""

    doi: str
    place: str


class ParameterTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``[parameters]``."""

    value: str | int | float
    doc: str
    source: str


Table = TypeVar("Table")


def decode_text(text: str, kind: type[Table], where: str, items: int = MAX_ENTRIES) -> Table:
    """The content of a file as a table of that kind.

    Parameters
    ----------
    text : str
        What `read_text` gives.
    kind : type
    where : str
        The file's name, for errors.
    items : int
        The most that a list may have. A table has at most `MAX_ENTRIES`.

    Raises
    ------
    FormatError
        Where the text is not TOML, lacks a key or has one too many, or holds a value that no such file needs: a name of odd characters,
        control characters, a number that is not finite, a date. Text that is nested too deep is refused before it is read.
    """
    check_levels(text, where)
    return as_table(_load(text, where), kind, where, items)


def as_table(content: dict[str, object], kind: type[Table], where: str, items: int = MAX_ENTRIES) -> Table:
    """The same of content that has been read.

    Raises
    ------
    FormatError
    """
    _check_value(content, "", 0, where, items)
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        key = _locate(content, place.rstrip("`").removeprefix("$").lstrip("."), kind)
        key, message = _explained(message, key, kind)
        raise FormatError(message, path=where, key=key or None) from None


def read_text(path: Path, most: int = MAX_BYTES, remedy: str = "a rule or cell file has about one screen of text") -> str:
    """The text of a file, if it has at most this number of bytes.

    Raises
    ------
    FormatError
        Where it cannot be read, is not a file, is too long or is not UTF-8 text.
    """
    where = str(path)
    try:
        if exists(path) and not is_file(path):
            raise FormatError("is not a file", path=where)
        with path.open("rb") as file:
            raw = file.read(most + 1)
        if len(raw) > most:
            raise FormatError(f"more than {most} bytes; {remedy}", path=where)
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("is not UTF-8 text", path=where) from None
    except (OSError, ValueError) as error:  # a path with a null character is a ValueError
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"cannot be read ({getattr(error, 'strerror', None) or error})", path=where) from None


def _load(text: str, where: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, OverflowError, RecursionError) as error:
        raise FormatError(f"is not TOML ({error})", path=where) from None


def _check_value(value: object, key: str, level: int, path: str, items: int) -> None:
    """Raise a FormatError unless the value is text, a finite number, a truth value, or a small table or list of such."""
    if level > LEVELS:
        raise FormatError(f"tables and lists more than {LEVELS} deep; use fewer levels", path=path, key=key)
    if isinstance(value, dict | list):
        most = items if isinstance(value, list) else MAX_ENTRIES
        if len(value) > most:
            raise FormatError(f"{len(value)} entries; at most {most} are allowed", path=path, key=key or None)
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for name, entry in inside:
            _check_value(entry, _below(key, name, path), level + 1, path, items)
    elif isinstance(value, str):
        check_prose(value, path=path, key=key)
    elif not isinstance(value, int | float):
        raise FormatError(f"expected text or a number (got a {type(value).__name__})", path=path, key=key)
    elif not abs(value) <= LARGEST:
        raise FormatError("a number that is not finite or too large", path=path, key=key)


def _below(key: str, name: str | int, path: str) -> str:
    if isinstance(name, int):
        return f"{key}[{name}]"
    if not _KEY.fullmatch(name):
        raise FormatError(f'the key "{one_line(name, 60)}" is not a name: letters, digits and underscores', path=path, key=key or None)
    return f"{key}.{name}" if key else name


def check_prose(text: str, *, path: str, key: str) -> None:
    """Raise a FormatError for text with characters that do not print (line breaks and tabs apart), or too much of it."""
    limit = MAX_TITLE if key == "title" else MAX_PROSE
    if len(text) > limit:
        raise FormatError(f"{len(text)} characters; at most {limit} are allowed", path=path, key=key)
    allowed = "" if key == "title" else "\n\t"
    odd = next((c for c in text if not c.isprintable() and c not in allowed), None)
    if odd:
        raise FormatError(f'the character "{one_line(odd, 12)}" is not printable and not allowed', path=path, key=key)


def _locate(content: dict[str, object], place: str, kind: type[object]) -> str:
    """The place that msgspec names, with the entry that fails written in for each ``[...]``."""
    content = copy.deepcopy(content)
    while "[...]" in place:
        before, _, after = place.partition("[...]")
        table: dict[str, object] = _reach(content, before)  # type: ignore[assignment]  # msgspec found a table there
        place = f"{before}.{_first_wrong(table, content, kind)}{after}"
    return place


def _first_wrong(table: dict[str, object], content: object, kind: type[object]) -> str:
    """The key of the first entry of the table for which the content is refused as it is; the entries behind it are taken out."""
    failure, entries = _failure(content, kind), list(table.items())

    def fails(count: int) -> bool:
        table.clear()
        table.update(entries[:count])
        return _failure(content, kind) == failure

    number = bisect.bisect_left(range(len(entries)), True, key=fails)
    fails(number)
    return entries[number - 1][0]


def _failure(content: object, kind: type[object]) -> str:
    try:
        msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _steps(place: str) -> list[str]:
    return [step.rstrip("]") for step in re.split(r"[.\[]", place) if step]


def _reach(content: object, place: str) -> object:
    for step in _steps(place):
        content = content[int(step)] if isinstance(content, list) else content[step]  # type: ignore[index]  # a place in it
    return content


def _explained(message: str, key: str, kind: type[object]) -> tuple[str, str]:
    """Key and message in the words of this laboratory."""
    about = re.search("Object (contains unknown|missing required) field `(.*)`", message)
    if not about:
        return key, re.sub("`([a-z| ]+)`", _in_words, message[0].lower() + message[1:].replace(" | null", ""))
    fields = _fields(key, kind)
    near = difflib.get_close_matches(about[2], fields, n=1) if about[1] == "contains unknown" else []
    hint = f'; did you mean "{near[0]}"?' if near else f"; this table has {', '.join(fields)}"
    return f"{key}.{about[2]}".lstrip("."), ("no such key" if about[1] == "contains unknown" else "is missing") + hint


def _in_words(kinds: re.Match[str]) -> str:
    """The kinds of values that msgspec names, as a person calls them."""
    names = kinds[1].split(" | ")
    return " or ".join(_WORDS.get(name, name) for name in names if name != "int" or "float" not in names)


def _fields(place: str, kind: object) -> tuple[str, ...]:
    """The keys of the table at that place."""
    for step in _steps(place):
        kind = _hints(kind)[step] if hasattr(kind, "__struct_fields__") else get_args(kind)[-1]
        kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
        kind = next((k for k in kinds if hasattr(k, "__struct_fields__")), next(k for k in kinds if k is not type(None)))
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    return fields


_hints = functools.cache(get_type_hints)


def read_references(raw: Mapping[str, ReferenceTable]) -> dict[str, Reference]:
    """The references by key."""
    return {key: Reference(entry.doi, entry.place) for key, entry in raw.items()}


def read_parameters(
    raw: Mapping[str, ParameterTable], references: Mapping[str, Reference], *, path: str, endings: bool = False
) -> dict[str, Parameter]:
    """The parameters by name; with `endings` these may be ``_pre`` and ``_post``.

    Raises
    ------
    FormatError, UnitError
        For a name that cannot be declared, a value that is not a quantity, or a source that is neither a reference nor
        the words "chosen for illustration" or "unverified".
    """
    parameters = {}
    for name, entry in raw.items():
        key = f"parameters.{name}"
        gate.check_name(name, constant=endings, path=path, key=key)
        try:
            value, dimension = parse_quantity(str(entry.value))
        except UnitError as error:
            raise UnitError(error.message, path=path, key=f"{key}.value") from None
        check_source(entry.source, references, path=path, key=f"{key}.source")
        parameters[name] = Parameter(name, value, dimension, entry.doc, entry.source)
    return parameters


def check_source(source: str, references: Mapping[str, Reference], *, path: str, key: str) -> None:
    """Raise a FormatError unless the source is a reference of the file, or says that there is none."""
    if source not in references and not any(word in source for word in ("chosen", "convention", "unverified")):
        known = ", ".join(references) or "none"
        raise FormatError(f'"{source}" is not one of the references ({known}) nor "chosen for illustration"', path=path, key=key)


def read_values(raw: Mapping[str, str | int | float], parameters: Mapping[str, Parameter], *, path: str, key: str) -> dict[str, float]:
    """SI values for known parameters.

    Raises
    ------
    UnknownName, UnitError
    """
    values = {}
    for name, value in raw.items():
        if name not in parameters:
            raise unknown_name("parameter", name, parameters, path=path, key=key)
        values[name] = read_quantity(value, parameters[name].dimension, path=path, key=f"{key}.{name}")
    return values


def read_quantity(value: object, dimension: Dimension, *, path: str, key: str) -> float:
    """The SI value that a file gives; what is not a pure number must name its unit.

    Raises
    ------
    UnitError
    """
    bare = isinstance(value, int | float) and not isinstance(value, bool)
    return quantity(f"{value}" if bare else value, dimension, path=path, key=key)


def content_hash(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the value as JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- what a notebook and a prompt show -------------------------------------------------------------------------------------------

MOST_ROWS = 40
"""Rows of an HTML table; of more, the last line says how many there are."""
MOST_CHARACTERS = 160


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text on one line of printable characters, cut where it is longer."""
    plain = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    return plain if len(plain) <= most else plain[: most - 3] + "..."


def summary_line(kind: str, name: str, title: str, *facts: str) -> str:
    """``rule pair / additive: Pair STDP (hard bounds)``: one short line for a prompt."""
    more = ", ".join(shortened(fact, 60) for fact in facts if fact)
    return f"{kind} {shortened(name, 60)}: {shortened(title)}" + (f" ({more})" if more else "")


def number_text(value: float) -> str:
    """The number with four digits, as tables show it; nothing for one that is not known."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


def html_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], most: int = MOST_ROWS) -> str:
    """A small table for a notebook; every text is escaped, so that what a shared file says is never markup."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f'<{tag} style="text-align:left">{html.escape(shortened(cell))}</{tag}>' for cell in cells) + "</tr>"

    body = [line(row, "td") for row in rows[:most]]
    if len(rows) > most:
        body.append(line([f"and {len(rows) - most} more"], "td"))
    return f"<table><caption>{html.escape(shortened(caption))}</caption>{line(columns, 'th')}{''.join(body)}</table>"


def parameter_rows(parameters: Mapping[str, Parameter]) -> list[list[str]]:
    """Name, value with its unit, meaning and source of each parameter."""
    return [[p.name, p.text, p.doc, p.source] for p in parameters.values()]


PARAMETER_COLUMNS = ("parameter", "value", "meaning", "source")


def prompt(thing: Any) -> str:
    """The short line of a rule or a cell at a prompt; as its ``__repr__``."""
    return summary_line(type(thing).__name__.lower(), str(getattr(thing, "label", thing.name)), thing.title, *_facts(thing))


def page(thing: Any) -> str:
    """The small table of a rule or a cell in a notebook; as its ``_repr_html_``."""
    return html_table(prompt(thing), PARAMETER_COLUMNS, parameter_rows(thing.parameters))


def _facts(thing: Any) -> list[str]:
    """What was chosen of a rule; how many receptors a cell has."""
    if hasattr(thing, "bounds"):
        scheme = thing.interaction.replace("_", " ") if thing.interaction else ""
        return [scheme, f"{thing.bounds.kind} bounds" if thing.bounds.kind != "none" else "no bounds"]
    return [f"receptors {', '.join(thing.receptors)}"]
