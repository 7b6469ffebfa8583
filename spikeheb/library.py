"""The library: rules, cells and protocols, found by name or given by path.

A path to a file is taken as it is. A name is looked for in the folders of the environment variable ``SPIKEHEB_PATH``
(separated as in ``PATH``; each may hold ``rules/*.toml``, ``cells/*.toml`` and ``protocols/*.py``) and among the built-in
files. No file hides another: one name found twice is an error that lists both.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikeheb.cells import Cell, read_cell
from spikeheb.cells import with_parameters as with_cell_parameters
from spikeheb.errors import DuplicateName, FormatError, SpikehebError, UnknownName, unknown_name
from spikeheb.numbers import check_near
from spikeheb.paths import home_resolved, is_file, is_folder, kind_at
from spikeheb.protocols import Protocol, read_protocol
from spikeheb.protocols import with_parameters as with_protocol_parameters
from spikeheb.rules import Bounds, Rule, choose, combine, read_rule
from spikeheb.tables import MAX_BYTES, html_table, read_text, shortened

VARIABLE = "SPIKEHEB_PATH"
SUFFIXES = {"rule": ".toml", "cell": ".toml", "network": ".toml", "rate": ".toml", "protocol": ".py"}
_MARKS = {
    kind: re.compile(rb"^[ \t]*\[[ \t]*" + table + rb"[ \t]*[.\]]", re.MULTILINE)
    for kind, table in (("cell", b"membrane"), ("network", b"populations"), ("rate", b"forward"))
}
"""Tables by which the kind of a TOML file is known."""
MOST_OF_NETWORK = 2_000_000
"""Bytes of a network's file."""
_SET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names(kind: str) -> dict[str, Path]:
    """All files of a kind, ``"rule"``, ``"cell"``, ``"network"``, ``"rate"`` or ``"protocol"``, by name.

    Raises
    ------
    DuplicateName
        Where two files have one name.
    """
    files = _found(kind)
    return {name: _only(kind, name, files[name]) for name in sorted(files)}


def find(kind: str, name_or_path: str | Path) -> Path:
    """The file of that name, or the path itself.

    Text is a path if it ends in the suffix of a file (``.toml``, ``.py``) or holds a path separator.

    Raises
    ------
    UnknownName
        Where there is no such file; the nearest names are offered.
    DuplicateName
        Where the name is found twice.
    FormatError
        For a file of another kind, and for what is no name and no path.
    """
    _suffix(kind)
    if not isinstance(name_or_path, str | Path):
        raise FormatError(f"expected the name or path of a {kind} (got {type(name_or_path).__name__})", key=kind)
    if isinstance(name_or_path, Path) or is_path(name_or_path):
        return _given(kind, Path(name_or_path))
    files = _found(kind, name_or_path) or _found(kind)
    if name_or_path not in files:
        error = unknown_name(kind, name_or_path, files)
        missing = [str(folder) for folder in _user_folders() if not is_folder(folder)]
        hint = f" ({VARIABLE} names {', '.join(missing)}, which does not exist)" if missing else ""
        raise UnknownName(error.message + hint)
    return _only(kind, name_or_path, files[name_or_path])


def row(things: Any) -> list[Any]:
    """Several things as a list; a single name, path or rule is one."""
    return list(things) if isinstance(things, Iterable) and not isinstance(things, str | bytes | bytearray) else [things]


def rule(
    name_or_path: str | Path | Rule,
    *,
    set: str | None = None,
    interaction: str | None = None,
    bounds: str | Mapping[str, object] | Bounds | None = None,
    coincidence: str | None = None,
    axonal_delay: object = None,
    backpropagation_delay: object = None,
    **parameters: object,
) -> Rule:
    """The rule of this name or path, or a given `Rule`, with a set, parameters and other options chosen.

    Parameters
    ----------
    name_or_path : str, Path or Rule
        A name or path may be followed by a colon and a published set, ``"triplet:hippocampus_all_full"``. Names joined by ``+``
        are combined (`spikeheb.rules.combine`), each perhaps with its own set: ``"triplet:visual_cortex_all_min+tsodyks_markram"``.
    set, interaction, bounds, coincidence, axonal_delay, backpropagation_delay
        As in `spikeheb.rules.choose`.
    **parameters
        Values of single parameters: text with units, SI numbers or Brian2 quantities.

    Raises
    ------
    UnknownName, DuplicateName, FormatError, ExpressionError, UnitError
    """
    if isinstance(name_or_path, str) and is_combination(name_or_path):
        if set is not None:
            raise FormatError(f'a combination names the set of each rule, such as "pair:{set}+tsodyks_markram"', key="set")
        name_or_path = combine([rule(name) for name in name_or_path.split("+")])
    elif not isinstance(name_or_path, Rule):
        name_or_path, set = _with_own_set(str(name_or_path), set)
    return choose(
        name_or_path if isinstance(name_or_path, Rule) else read_rule(find("rule", name_or_path)),
        set=set,
        interaction=interaction,
        bounds=bounds,
        coincidence=coincidence,
        axonal_delay=axonal_delay,
        backpropagation_delay=backpropagation_delay,
        parameters=parameters,
    )


def is_combination(text: str) -> bool:
    """Whether the text names several rules, ``triplet+tsodyks_markram``, and not a file with such a name."""
    return "+" in text and not is_file(text)


def split_set(text: str) -> tuple[str, str | None]:
    """``"triplet:hippocampus_all_full"`` as name and set.

    The names of files, and the folders on the way to them, may hold colons of their own: what is a file, or the name of a rule, as
    it stands names no set.
    """
    name, colon, last = text.rpartition(":")
    if not colon or not name or is_file(text) or text in _found("rule"):
        return text, None
    known = is_file(name) if is_path(name) else name in _found("rule")
    return (name, last) if known or _SET.fullmatch(last) else (text, None)


def _with_own_set(text: str, set: str | None) -> tuple[str, str | None]:
    """Name and set, where the set may stand with the name or be given beside it.

    Raises
    ------
    FormatError
        Where both are given and differ.
    """
    name, own = split_set(text)
    if own is not None and set is not None and own != set:
        raise FormatError(f'"{text}" names the set "{own}", and the set "{set}" is given as well; give only one', key="set")
    return name, set if own is None else own


def cell(name_or_path: str | Path | Cell, **parameters: object) -> Cell:
    """The cell of this name or path, or a given `Cell`, with some parameters changed.

    Raises
    ------
    UnknownName, DuplicateName, FormatError, ExpressionError, UnitError
    """
    own = name_or_path if isinstance(name_or_path, Cell) else read_cell(find("cell", name_or_path))
    for name in parameters.keys() & own.parameters.keys():
        check_near(parameters[name], own.parameters[name].value, own.parameters[name].dimension, name)
    return with_cell_parameters(own, parameters)


def protocol(name_or_path: str | Path | Protocol, **parameters: object) -> Protocol:
    """The protocol of this name or path, or a given `Protocol`, with some parameters changed.

    The file is Python and is executed: give only files that you trust.

    Raises
    ------
    UnknownName, DuplicateName, FormatError, UnitError
    """
    if isinstance(name_or_path, Protocol):
        return with_protocol_parameters(name_or_path, parameters) if parameters else name_or_path
    return read_protocol(find("protocol", name_or_path), parameters)


def kind_of(path: Path) -> str:
    """``"protocol"`` for a script; a TOML file with ``[membrane]`` is a cell, ``[populations]`` a network, ``[forward]`` a rate rule,
    any other a rule.

    Raises
    ------
    UnknownName
        Where there is no such file.
    FormatError
        For any other file.
    """
    if path.suffix not in (".py", ".toml"):
        raise FormatError("rules, cells and networks are .toml files, protocols .py files", path=str(path))
    if kind_at(path) != "file":
        raise UnknownName(f"is a {kind_at(path)}" if kind_at(path) else "there is no such file", path=str(path))
    if path.suffix == ".py":
        return "protocol"
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES)
        return next((kind for kind, mark in _MARKS.items() if mark.search(text)), "rule")
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=str(path)) from None


def read(name_or_path: str, set: str | None = None) -> list[Rule | Cell | Protocol]:
    """Every rule, cell and protocol of that name, or what the file of that path is; a rule perhaps with its set.

    A protocol is Python and is executed: give only files that you trust.

    Raises
    ------
    UnknownName
        Where there is none; the nearest names of all kinds are offered.
    FormatError
        For a set of what is no rule, and for two different sets.
    SpikehebError
        As `rule`, `cell` and `protocol`.
    """
    if is_combination(name_or_path):
        return [rule(name_or_path, set=set)]
    name, set = _with_own_set(name_or_path, set)
    if is_path(name):
        return [_read(kind_of(Path(name)), Path(name), set)]
    files = {kind: names(kind) for kind in SUFFIXES}
    kinds = [kind for kind, paths in files.items() if name in paths]
    shown = [kind for kind in kinds if kind not in ("network", "rate")] or kinds  # these may be called like their cell or spiking rule
    things = [_read(kind, files[kind][name], set) for kind in shown]
    if not things:
        raise unknown_name("rule, cell or protocol", name, {known for paths in files.values() for known in paths})
    return things


def _read(kind: str, path: Path, set: str | None) -> Rule | Cell | Protocol:
    if kind == "rule":
        return rule(read_rule(path), set=set)
    if kind == "network":
        raise FormatError('is the file of a network; "spikeheb net" runs it', path=str(path))
    if kind == "rate":
        raise FormatError("is the file of a rate rule, which has no spikes; spikeheb.rates reads it", path=str(path))
    if set is not None:
        raise FormatError(f"a {kind} has no sets", path=str(path))
    return cell(path) if kind == "cell" else protocol(path)


KINDS = ("rules", "cells", "networks", "rates", "protocols")


@dataclass(frozen=True)
class Listing:
    """What there is, a line each; a table in a notebook.

    Attributes
    ----------
    rows : tuple of (kind, name, title)
    problems : tuple of str
        Files that cannot be used, and why.
    """

    rows: tuple[tuple[str, str, str], ...]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        widths = [max((len(row[k]) for row in self.rows), default=0) for k in range(2)]
        return "\n".join(f"{kind:{widths[0]}}  {name:{widths[1]}}  {shortened(title, 100)}" for kind, name, title in self.rows)

    def _repr_html_(self) -> str:
        return html_table("spikeheb", ("kind", "name", "title"), self.rows, most=len(self.rows))


def catalogue(kind: str | None = None) -> Listing:
    """The rules, cells, networks, rate rules and protocols that can be used by name, with their titles; no protocol file is executed.

    Parameters
    ----------
    kind : {"rules", "cells", "networks", "rates", "protocols"}, optional
        Everything where absent.

    Raises
    ------
    UnknownName
        For another kind.
    DuplicateName
        Where two files have one name.
    """
    if kind is not None and kind not in KINDS:
        raise unknown_name("kind of thing", kind, KINDS)
    rows, problems = [], []
    for plural in KINDS if kind is None else (kind,):
        singular = plural.removesuffix("s")
        for name, path in names(singular).items():
            try:
                title = _title(singular, path)
            except SpikehebError as error:
                problems.append(str(error))
                title = "(not usable)"
            rows.append((singular, name, title))
    return Listing(tuple(rows), tuple(problems))


def _title(kind: str, path: Path) -> str:
    """Title of a file; of a script the first line of its docstring, without running it."""
    if kind in ("network", "rate"):
        try:
            title = tomllib.loads(read_text(path, MOST_OF_NETWORK)).get("title", "")
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise FormatError(f"is not TOML ({str(error).splitlines()[0]})", path=str(path)) from None
        return title if isinstance(title, str) else ""
    if kind != "protocol":
        return (read_rule if kind == "rule" else read_cell)(path).title
    try:
        text = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormatError(f"cannot be read as Python ({str(error).splitlines()[0]})", path=str(path)) from None
    return text.partition("\n")[0].rstrip(".")


def _suffix(kind: str) -> str:
    if kind not in SUFFIXES:
        raise unknown_name("kind of file", kind, SUFFIXES)
    return SUFFIXES[kind]


def is_path(text: str) -> bool:
    """Whether the text is a path: it ends in the suffix of a file (``.toml``, ``.py``) or holds a path separator."""
    separators = [separator for separator in (os.sep, os.altsep, "/") if separator]
    return text.endswith(tuple(SUFFIXES.values())) or any(separator in text for separator in separators)


def _given(kind: str, path: Path) -> Path:
    if path.suffix != _suffix(kind):
        raise FormatError(f"a {kind} is a {_suffix(kind)} file", path=str(path))
    if kind_at(path) != "file":
        raise UnknownName(f"is a {kind_at(path)}" if kind_at(path) else "there is no such file", path=str(path))
    return path


def _only(kind: str, name: str, paths: list[Path]) -> Path:
    if len(paths) > 1:
        listed = " and ".join(str(path) for path in paths)
        raise DuplicateName(f'there are {len(paths)} files of the {kind} "{name}": {listed}; rename one, or give a path')
    return paths[0]


def _found(kind: str, name: str = "*") -> dict[str, list[Path]]:
    """Every different file of a kind, or those of one name, by name."""
    files: dict[str, dict[Path, Path]] = {}
    for folder in filter(is_folder, _folders(kind)):
        for path in sorted(folder.glob(f"*{_suffix(kind)}")) if name == "*" else [folder / f"{name}{_suffix(kind)}"]:
            if kind_at(path) == "file" and not path.name.startswith((".", "_")):
                files.setdefault(path.stem, {}).setdefault(path.resolve(), path)
    return {name: list(paths.values()) for name, paths in files.items()}


def _folders(kind: str) -> Iterator[Path]:
    _suffix(kind)
    for folder in _user_folders():
        yield folder / f"{kind}s"
    package = Path(__file__).parent
    root = package / "_library" if (package / "_library").is_dir() else package.parent
    yield root / "protocols" if kind == "protocol" else root / "models" / f"{kind}s"


def _user_folders() -> list[Path]:
    return [home_resolved(entry) for entry in os.environ.get(VARIABLE, "").split(os.pathsep) if entry]
