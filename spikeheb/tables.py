"""What rule files and cell files have in common: TOML, references, parameters."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from spikeheb.errors import FormatError, UnitError, unknown_name
from spikeheb.expressions import gate
from spikeheb.units import Dimension, format_quantity, parse_quantity, quantity

MAX_BYTES = 100_000


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


def decode_toml(path: Path, kind: type[Table]) -> Table:
    """The file's content as a table of that kind.

    Raises
    ------
    FormatError
        Where the file cannot be read, is not TOML, lacks a key or has one too many.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise FormatError(f"more than {MAX_BYTES} bytes; rule and cell files are about one screen", path=where)
        content = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=where) from None
    except UnicodeDecodeError:
        raise FormatError("is not UTF-8 text", path=where) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FormatError(f"is not TOML ({error})", path=where) from None
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        key = place.rstrip("`").lstrip(".").replace("[...]", "") or None
        raise FormatError(message[0].lower() + message[1:], path=where, key=key) from None


def read_references(raw: Mapping[str, ReferenceTable]) -> dict[str, Reference]:
    """The references by key."""
    return {key: Reference(entry.doi, entry.place) for key, entry in raw.items()}


def read_parameters(raw: Mapping[str, ParameterTable], references: Mapping[str, Reference], *, path: str) -> dict[str, Parameter]:
    """The parameters by name.

    Raises
    ------
    FormatError, UnitError
        For a name that cannot be declared, a value that is not a quantity, or a source that is neither a reference nor
        the words "chosen for illustration" or "unverified".
    """
    found = {}
    for name, entry in raw.items():
        key = f"parameters.{name}"
        gate.check_name(name, path=path, key=key)
        try:
            value, dimension = parse_quantity(str(entry.value))
        except UnitError as error:
            raise UnitError(error.message, path=path, key=f"{key}.value") from None
        check_source(entry.source, references, path=path, key=f"{key}.source")
        found[name] = Parameter(name, value, dimension, entry.doc, entry.source)
    return found


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
    found = {}
    for name, value in raw.items():
        if name not in parameters:
            raise unknown_name("parameter", name, parameters, path=path, key=key)
        found[name] = quantity(value, parameters[name].dimension, path=path, key=f"{key}.{name}")
    return found


def content_hash(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the value as JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
