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

A message reads ``where: key: what was found, what is allowed, what to do``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
        self.message = message
        self.path = path
        self.key = key
        super().__init__(": ".join(part for part in (path, key, message) if part))

    def __str__(self) -> str:
        return str(self.args[0])


class FormatError(SpikehebError, ValueError):
    """A rule, cell, protocol or data file says something it may not."""


class ExpressionError(SpikehebError, ValueError):
    """Equation text that is not allowed."""


class UnitError(SpikehebError, ValueError):
    """A quantity of the wrong kind, or a unit that does not exist."""


class ScheduleError(SpikehebError, ValueError):
    """Spikes, currents or pulses that cannot be carried out as written."""


class UnknownName(SpikehebError, LookupError):
    """No rule, set, cell, protocol or parameter of that name."""


class DuplicateName(SpikehebError, LookupError):
    """One name, several files."""


class OutputExists(SpikehebError, FileExistsError):
    """A result would be overwritten."""


class StorageError(SpikehebError, OSError):
    """A result could not be written, or not be read back whole."""


class BuildError(SpikehebError, RuntimeError):
    """There is no compiler, or it failed."""


class EngineError(SpikehebError, RuntimeError):
    """The engine cannot run this, or did not do what it was asked."""


class NonFiniteError(SpikehebError, FloatingPointError):
    """A weight, parameter or voltage became NaN or infinite."""


def unknown_name(
    kind: str, found: str, known: Iterable[str], *, path: str | None = None, key: str | None = None
) -> UnknownName:
    """An `UnknownName` that offers the nearest names, or lists them all when none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(found, names, n=3, cutoff=0.5)
    if near:
        hint = "did you mean " + " or ".join(f'"{name}"' for name in near) + "?"
    elif names:
        hint = "known: " + ", ".join(names[:20]) + (" ..." if len(names) > 20 else "")
    else:
        hint = "there are none"
    return UnknownName(f'no {kind} named "{found}"; {hint}', path=path, key=key)
