"""Importing Brian2 without its side effects.

Importing Brian2 evaluates a file ``brian_preferences`` of the working directory as Python and replaces
``sys.excepthook`` and what Ctrl-C does. Here it is imported from an empty folder, and these are put back.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from spikeheb.dimensions import Dimension
from spikeheb.engines.brian.modules import folder_of_modules
from spikeheb.errors import EngineError


@cache
def brian() -> Any:
    """The module ``brian2``, imported once.

    Raises
    ------
    EngineError
        Where Brian2 cannot be imported, with its own reason.
    """
    hook, here, on_interrupt = sys.excepthook, Path.cwd(), signal.getsignal(signal.SIGINT)
    with tempfile.TemporaryDirectory(prefix="spikeheb-") as empty:
        os.chdir(empty)
        try:
            import brian2
        except Exception as error:
            raise EngineError(f"Brian2 cannot be imported ({type(error).__name__}: {error}); reinstall it") from error
        finally:
            os.chdir(here)
            sys.excepthook = hook
            with contextlib.suppress(ValueError, TypeError):  # another thread than the main one; a handler unknown to Python
                signal.signal(signal.SIGINT, on_interrupt)
    brian2.BrianLogger.log_level_error()
    return brian2


def versions() -> dict[str, str]:
    """Brian2's and numpy's versions, for the record."""
    import numpy as np

    return {"brian2": str(brian().__version__), "numpy": np.__version__}


def quantity(value: float, dimension: Dimension) -> Any:
    """The Brian2 quantity of an SI value."""
    b2 = brian()
    return b2.Quantity(value, dim=b2.get_or_create_dimension([float(power) for power in (*dimension.exponents, 0)]))


def set_target(target: str, *, literal: bool = False) -> None:
    """Choose numpy or cython as the target of Brian2's generated code; `literal` code is not simplified.

    The Cython cache is our own folder; modules that do not match their recorded checksum are removed first, so that
    Cython builds them again.
    """
    b2 = brian()
    b2.set_device("runtime")
    b2.prefs.codegen.target = target
    b2.prefs.codegen.loop_invariant_optimisations = not literal
    b2.prefs.core.stop_on_keyboard_interrupt = False  # else a run ends early without an error
    if target == "cython":
        b2.prefs.codegen.runtime.cython.cache_dir = str(folder_of_modules())


@contextlib.contextmanager
def refusals(path: str) -> Iterator[None]:
    """What Brian2 cannot build becomes one line that names the rule's file.

    Raises
    ------
    EngineError
    """
    b2 = brian()
    try:
        yield
    except b2.core.base.BrianObjectException as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = str(cause).strip().splitlines() or [type(cause).__name__]
        raise EngineError(f"Brian2 cannot build this ({reason[0][:200]})", path=path) from error
