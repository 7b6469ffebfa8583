"""Importing Brian2 without its side effects.

Importing Brian2 evaluates a file ``brian_preferences`` of the working directory as Python and replaces
``sys.excepthook`` and what Ctrl-C does. Here it is imported from an empty folder, these are put back, and its compiled modules are kept in
a cache folder of our own whose files are checked before they are loaded: a truncated shared object kills the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from spikeheb.dimensions import Dimension
from spikeheb.engines import cache as build_cache
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
        folder = build_cache.shelf(CYTHON)
        with build_cache.writing():
            remove_damaged(folder)
        b2.prefs.codegen.runtime.cython.cache_dir = str(folder)


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


CYTHON = ".cython"
"""The folder of Cython's modules in the cache; not an entry, because Brian2 adds to it as it runs."""
_RECORD = "checksums.json"


def remove_damaged(folder: Path) -> list[str]:
    """Remove compiled modules that differ from what was recorded after they were built; their names."""
    recorded = _read_record(folder)
    removed = []
    for module in sorted(folder.glob("*.so")):
        if recorded.get(module.name) not in (None, _checksum(module)) or not _complete_elf(module):
            module.unlink()
            removed.append(module.name)
    return removed


def record_modules(folder: Path) -> None:
    """Record the checksums of compiled modules that have none yet."""
    recorded = _read_record(folder)
    modules = {path.name: path for path in folder.glob("*.so")}
    known = {name: recorded.get(name) or _checksum(path) for name, path in modules.items()}
    if known != recorded:
        temporary = folder / f"{_RECORD}.{os.getpid()}"
        temporary.write_text(json.dumps(known))
        temporary.replace(folder / _RECORD)


def _read_record(folder: Path) -> dict[str, str]:
    try:
        record = json.loads((folder / _RECORD).read_text())
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in record.items()} if isinstance(record, dict) else {}


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _complete_elf(path: Path) -> bool:
    """Whether an ELF file is as long as its section table says; other formats pass."""
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or len(data) < 64:
        return bool(data) and data[:4] != b"\x7fELF"
    offset = int.from_bytes(data[40:48], "little")
    size, count = int.from_bytes(data[58:60], "little"), int.from_bytes(data[60:62], "little")
    return len(data) >= offset + size * count
