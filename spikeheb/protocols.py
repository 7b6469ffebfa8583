"""Protocols: scripts that say what the experimenter does, loaded by path.

A protocol file is Python. Unlike rule and cell files, which are data and pass a gate, it runs with all the rights of the
user as soon as it is loaded: load only protocols that you trust.

A protocol defines a docstring (its first line is the title), a frozen dataclass ``Parameters`` whose fields all have
defaults, and ``schedule(p, rng) -> Schedule``. Optional are ``PUBLISHED`` and ``FITTED``: paths, relative to the script, of
measured values and of windows fitted to them (see `spikeheb.published`); and ``NOT_SIMULATED``, that of measured values
whose conditions no lane stands for, such as those under a drug; and ``MODELLED``, that of outcomes that the authors of a rule
publish for it, with columns ``rule`` and ``set``, and ``schedule`` where there are several. ``TISSUE`` names the preparation:
region, then layers, in the words of the parameter sets that were fitted there.

The fields of ``Parameters`` are annotated with ``int``, ``float`` (a pure number), ``bool``, ``str``, ``Literal[...]``, one
of the kinds below, or ``tuple[..., ...]`` of these::

    delta_t: tuple[sh.Time, ...] = (-0.01, 0.01)     # accepts "-10 ms, 10 ms", numbers in seconds, Brian2 quantities
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import itertools
import sys
import typing
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal

import numpy as np

from spikeheb import dimensions, units
from spikeheb.errors import FormatError, SpikehebError, unknown_name
from spikeheb.limits import check_file
from spikeheb.numbers import check_near
from spikeheb.published import FittedWindow, Published, read_fits, read_published
from spikeheb.schedules import Schedule
from spikeheb.settings import SIMPLE, convert, dimension_of, item_of, text_of
from spikeheb.tables import content_hash, html_table, summary_line

COLUMN_UNITS = {
    dimensions.TIME: ("ms", 1e3), dimensions.FREQUENCY: ("hz", 1.0), dimensions.VOLTAGE: ("mV", 1e3), dimensions.CURRENT: ("pA", 1e12),
    dimensions.CONDUCTANCE: ("nS", 1e9), dimensions.CONCENTRATION: ("mM", 1.0),
}  # fmt: skip
"""Unit at the end of a column's name in a file of data, and the factor from SI to it."""

OF_RUN = (
    "protocol", "rule", "cell", "engine", "seed", "test_pulses", "baseline", "follow_up", "test_interval", "copies", "control",
    "paired_pulse", "w0", "cells", "synapses", "seeds", "exact", "progress", "n", "cv", "name_or_path",
)  # fmt: skip
"""Names that `spikeheb.run`, `spikeheb.slice_of` and `spikeheb.protocol` take themselves, beside the parameters of a protocol."""

MAX_BYTES = 1_000_000
"""The largest size of a script."""
_count = itertools.count()


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A protocol with its parameters chosen.

    Attributes
    ----------
    name, title, doc, path : str
    parameters : object
        The file's ``Parameters``; SI.
    published : Published or None
        Measured values.
    not_simulated : Published or None
        Measured values that no lane represents.
    modelled : Published or None
        Outcomes that the authors of rules published for their own models.
    fitted : tuple of FittedWindow
        Windows that were fitted to measured values.
    tissue : str
        The preparation: ``"visual cortex, layer 5"``; empty where none is named.
    measured_elsewhere : bool
        Whether the user's own measurements replace the published ones.
    source_hash : str
        The first 16 hexadecimal digits of the SHA-256 of the file.
    kinds : mapping of str to annotation
        What each parameter accepts.
    """

    name: str
    title: str
    doc: str
    path: str
    parameters: Any
    published: Published | None
    not_simulated: Published | None
    modelled: Published | None
    fitted: tuple[FittedWindow, ...]
    tissue: str
    source_hash: str
    kinds: Mapping[str, Any] = dataclasses.field(repr=False)
    build: Callable[[Any, np.random.Generator], object] = dataclasses.field(repr=False)
    measured_elsewhere: bool = False

    def __repr__(self) -> str:
        changed = ", ".join(f"{name} = {text}" for name, text in self.changed.items())
        return summary_line("protocol", self.name, self.title, changed, "with published data" if self.published else "")

    def _repr_html_(self) -> str:
        return html_table(repr(self), ("parameter", "value"), [[name, text] for name, text in self.texts.items()])

    def schedule(self, rng: np.random.Generator) -> Schedule:
        """What is done to each cell, and when; two generators in the same state give the same schedule.

        Raises
        ------
        ScheduleError, FormatError
            Naming the file, and for a fault in the script its line.
        """
        with _Blame(self.path):
            schedule = self.build(self.parameters, rng)
        if not isinstance(schedule, Schedule):
            raise FormatError(f"expected a Schedule (got {type(schedule).__name__})", path=self.path, key="schedule")
        return schedule

    @property
    def values(self) -> dict[str, object]:
        """The parameters by name, SI."""
        return {name: getattr(self.parameters, name) for name in self.kinds}

    @property
    def texts(self) -> dict[str, str]:
        """The parameters by name as text that `with_parameters` reads back: ``"10 ms"``."""
        return {name: text_of(self.kinds[name], value) for name, value in self.values.items()}

    @property
    def changed(self) -> dict[str, str]:
        """Those of `texts` that differ from the script's defaults."""
        defaults = type(self.parameters)()
        standard = {name: text_of(kind, convert(kind, getattr(defaults, name))) for name, kind in self.kinds.items()}
        return {name: text for name, text in self.texts.items() if text != standard[name]}

    def column(self, condition: str) -> tuple[str, float]:
        """The column of a condition in a file of data, ``"delta_t_ms"``, and the factor from SI to its unit."""
        known = {} if self.published is None else self.published.columns
        kind = self.kinds.get(condition)
        dimension = dimension_of(kind if item_of(kind) is None else item_of(kind))
        if condition in known:
            name = known[condition]
            suffix = name.removeprefix(condition).removeprefix("_")
            return name, 1 / units.parse_quantity(f"1 {'Hz' if suffix == 'hz' else suffix}")[0]
        unit, factor = COLUMN_UNITS.get(dimension, ("", 1.0)) if dimension is not None else ("", 1.0)
        return (f"{condition}_{unit}" if unit else condition), factor

    def describe(self) -> dict[str, object]:
        """Everything that decides what the protocol does, as plain data."""
        return {"name": self.name, "source": self.source_hash, "parameters": self.values}

    @property
    def hash(self) -> str:
        """Content hash of `describe`."""
        return content_hash(self.describe())


def read_protocol(path: Path | str, given: Mapping[str, object] | None = None) -> Protocol:
    """The protocol of a script, with single parameters changed.

    The script is executed (see the module's first paragraph).

    Raises
    ------
    FormatError
        Naming the file and the line, where it cannot be read or run, or lacks what a protocol needs.
    UnknownName, UnitError
        For a parameter that does not exist or a value that does not fit.
    """
    where = str(path)
    check_file(Path(path), MAX_BYTES)
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path=where) from None
    module, hints = _execute(source, Path(path))
    folder = Path(path).parent
    measured, fits = _optional_text(module, "PUBLISHED", where), _optional_text(module, "FITTED", where)
    others, models = _optional_text(module, "NOT_SIMULATED", where), _optional_text(module, "MODELLED", where)
    title, _, doc = (module.__doc__ or "").strip().partition("\n")
    if not title:
        raise FormatError("expected a docstring whose first line is the title", path=where)
    build = getattr(module, "schedule", None)
    if not callable(build):
        raise FormatError('expected a function "schedule(p, rng)"', path=where)
    return Protocol(
        name=Path(path).stem,
        title=title.rstrip("."),
        doc=doc.strip(),
        path=where,
        parameters=_instance(module.Parameters, hints, {}, given or {}, where),
        published=read_published(folder / measured) if measured else None,
        not_simulated=read_published(folder / others) if others else None,
        modelled=read_published(folder / models) if models else None,
        fitted=read_fits(folder / fits) if fits else (),
        tissue=_optional_text(module, "TISSUE", where) or "",
        source_hash=hashlib.sha256(source).hexdigest()[:16],
        kinds=hints,
        build=build,
    )


def with_parameters(protocol: Protocol, given: Mapping[str, object]) -> Protocol:
    """The protocol with single parameters changed (text with units, SI numbers or Brian2 quantities).

    Raises
    ------
    UnknownName, UnitError, FormatError
    """
    chosen = _instance(type(protocol.parameters), protocol.kinds, protocol.values, given, protocol.path)
    return dataclasses.replace(protocol, parameters=chosen)


class _Blame:
    """Turns what a script raises into one error that names the script, and the line unless it was raised on purpose."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, Exception | SystemExit):
            return
        if isinstance(error, SpikehebError):
            if error.path is None:
                raise type(error)(error.message, path=self.path, key=error.key) from error
            return
        message = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": ")
        if isinstance(error, SyntaxError):
            message = f"SyntaxError: {error.msg}"
        line = _line_in(error, self.path)
        raise FormatError(message, path=self.path, key=f"line {line}" if line else None) from error


def _line_in(error: BaseException, path: str) -> int | None:
    """The last line of the script that the error passed through."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _execute(source: bytes, path: Path) -> tuple[ModuleType, dict[str, Any]]:
    """The script's namespace, and the annotations of its ``Parameters``.

    It runs as a module of a private name, which is known to Python only while it runs; no bytecode is written.
    """
    name = f"_spikeheb_protocol_{next(_count)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise FormatError("expected a Python file (.py)", path=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _Blame(str(path)):
            exec(_compiled(source, str(path)), module.__dict__)
            return module, _annotations(module, str(path))
    finally:
        del sys.modules[name]


@lru_cache(maxsize=64)
def _compiled(source: bytes, path: str) -> CodeType:
    return compile(source, path, "exec", dont_inherit=True)


def _annotations(module: ModuleType, path: str) -> dict[str, Any]:
    kind = getattr(module, "Parameters", None)
    if not isinstance(kind, type) or not dataclasses.is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # every dataclass has it
        raise FormatError('expected a frozen dataclass "Parameters"', path=path)
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise FormatError("needs a default", path=path, key=f"Parameters.{field.name}")
        if field.name in OF_RUN:
            raise FormatError("this name is an argument of sh.run itself; rename the parameter", path=path, key=f"Parameters.{field.name}")
        _check_kind(hints[field.name], path, f"Parameters.{field.name}")
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _check_kind(kind: Any, path: str, key: str) -> None:
    item = item_of(kind)
    if item is not None:
        kind = item
    if kind is not float and kind not in SIMPLE and typing.get_origin(kind) is not Literal and dimension_of(kind) is None:
        raise FormatError(
            "expected int, float, bool, str, Literal[...], sh.Time or another of its kind, or tuple[one of these, ...]", path=path, key=key
        )


def _optional_text(module: ModuleType, name: str, path: str) -> str | None:
    value = getattr(module, name, None)
    if value is not None and not isinstance(value, str):
        raise FormatError("expected text: a path relative to the script, or the name of a tissue", path=path, key=name)
    return value


def _instance(kind: type, hints: Mapping[str, Any], base: Mapping[str, object], given: Mapping[str, object], path: str) -> Any:
    """An instance of the script's ``Parameters``: its defaults, then `base`, then `given`; all checked."""
    for name in given:
        if name not in hints:
            raise unknown_name("parameter", name, hints, path=path, key="parameters")
    with _Blame(path):
        defaults = kind()
    values = {name: getattr(defaults, name) for name in hints} | dict(base) | dict(given)
    for name, value in given.items():
        _check_near(hints[name], value, getattr(defaults, name), name)
    converted = {name: convert(hints[name], value, path=path, key=f"parameters.{name}") for name, value in values.items()}
    with _Blame(path):
        return kind(**converted)


def _check_near(kind: Any, value: object, own: object, name: str) -> None:
    """Warn of a bare number that lies far from the script's own default."""
    dimension = dimension_of(item_of(kind) or kind)
    if dimension is not None:
        standard = convert(kind, own)
        check_near(value, standard, dimension, name)
