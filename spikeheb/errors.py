"""Every error that spikeheb raises on purpose.

::

    SpikehebError
    ├── FormatError        (ValueError)         a rule, cell, protocol or data file says something it may not
    ├── ExpressionError    (ValueError)         equation text that is not allowed
    ├── UnitError          (ValueError)         a quantity of the wrong kind
    ├── ScheduleError      (ValueError)         spikes, currents or pulses that cannot be done
    ├── UnknownName        (LookupError)        no rule, set, cell, protocol, parameter of that name
    ├── DuplicateName      (LookupError)        one name, several files
    ├── OutputExists       (FileExistsError)    a result would be overwritten
    ├── StorageError       (OSError)            a result could not be written or read back whole
    ├── BuildError         (RuntimeError)       no compiler, or it failed
    ├── EngineError        (RuntimeError)       the engine cannot run this, or did not do what was asked
    └── NonFiniteError     (FloatingPointError) a weight, parameter or voltage became NaN or infinite

A message reads ``where: key: what was found, what is allowed, what to do``, on one printable line whatever the text
that it quotes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_MESSAGE = 600
MAX_KEY = 120


def one_line(text: str, length: int) -> str:
    """The text in printable ASCII, other characters escaped, cut to at most `length` characters."""
    shown = "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text[: length + 1])
    return shown if len(shown) <= length else shown[: length - 3] + "..."


def printable(text: str) -> str:
    """The text with every character that does not print escaped, so that no name of a file or lane gives orders to a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class SpikehebError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    message : str
        What was found, what is allowed, what to do next.
    path : str, optional
        The file (or object) that the error is about.
    key : str, optional
        The place inside it, such as ``parameters.tau_plus``.
    """

    def __init__(self, message: str, *, path: str | None = None, key: str | None = None) -> None:
        self.message = one_line(message, MAX_MESSAGE)
        self.path = path
        self.key = one_line(key, MAX_KEY) if key else key
        shown = path and printable(path)
        super().__init__(": ".join(part for part in (shown, self.key, self.message) if part))

    def __str__(self) -> str:
        return str(self.args[0])


class FormatError(SpikehebError, ValueError):
    """A rule, cell, protocol or data file, or another value, contains something that is not allowed."""


class ExpressionError(SpikehebError, ValueError):
    """Equation text that is not allowed."""


class UnitError(SpikehebError, ValueError):
    """A quantity of the wrong kind, or a unit that does not exist."""


class ScheduleError(SpikehebError, ValueError):
    """Spikes, currents or pulses that cannot be carried out as written."""


class UnknownName(SpikehebError, LookupError):
    """No rule, set, cell, protocol or parameter of that name."""


class DuplicateName(SpikehebError, LookupError):
    """Several files have the same name."""


class OutputExists(SpikehebError, FileExistsError):
    """A result would be overwritten."""


class StorageError(SpikehebError, OSError):
    """A result could not be written, or could not be read back completely."""


class BuildError(SpikehebError, RuntimeError):
    """There is no compiler, or it failed."""


class EngineError(SpikehebError, RuntimeError):
    """The engine cannot run this, or did not do what it was asked."""


class NonFiniteError(SpikehebError, FloatingPointError):
    """A weight, parameter or voltage became NaN or infinite."""


def check_used(needs: str, *, path: str | None = None, **given: object) -> None:
    """Refuse what was given and would have no effect; what is None was not given.

    Parameters
    ----------
    needs : str
        What it belongs to and is not there.
    **given : object
        The options, by name.

    Raises
    ------
    FormatError
    """
    for key, value in given.items():
        if value is not None:
            raise FormatError(f"has no effect without {needs}", path=path, key=key)


def check_kind(value: object, kind: type | tuple[type, ...], expected: str, *, key: str | None = None) -> None:
    """Refuse a thing of the wrong type; `expected` says in words what was meant.

    Raises
    ------
    FormatError
    """
    if not isinstance(value, kind):
        raise FormatError(f"expected {expected} (got {type(value).__name__})", key=key)


def unknown_name(kind: str, asked: object, known: Iterable[str], *, path: str | None = None, key: str | None = None) -> UnknownName:
    """An `UnknownName` that offers the nearest names, or lists them all when none is near."""
    names = sorted(known)
    if not isinstance(asked, str):
        return UnknownName(f"expected the name of a {kind} (got {type(asked).__name__})", path=path, key=key)
    asked = one_line(asked, 60)
    near = difflib.get_close_matches(asked, names, n=3, cutoff=0.5)
    if near:
        hint = "did you mean " + " or ".join(f'"{name}"' for name in near) + "?"
    elif names:
        hint = "known: " + ", ".join(names[:20]) + (" ..." if len(names) > 20 else "")
    else:
        hint = "there are none"
    return UnknownName(f'no {kind} named "{asked}"; {hint}', path=path, key=key)
