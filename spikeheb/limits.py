"""Limits on the size of work: what would need too much memory or time, or is not an ordinary file, is refused before work begins."""

from __future__ import annotations

import math
import os
import re
import stat
from numbers import Integral
from pathlib import Path

from spikeheb.errors import EngineError, FormatError, ScheduleError

MEMORY = 2e9
"""Bytes that a run or a file may take where nothing else is said."""
GIGABYTES = "SPIKEHEB_MEMORY"
"""The variable of the environment that says how many gigabytes a run may take."""
STEPS = 2**40
"""Time steps of a run: 3.5 years at 0.1 ms."""
WORK = 1e12
"""Steps of cells and spikes at synapses of a run, together: some hours for the compiled kernel."""
FILE = 200_000_000
"""Bytes of a text file that is read."""
LEVELS = 7
"""The largest depth of tables and lists in a TOML file, and the largest number of parts of a key."""
SEEDS = 10_000
MOST = 10_000_000
"""The largest number of things of a kind, where memory sets no closer limit."""
BYTES_OF_SPIKE = 32.0
"""While a schedule becomes a job, and a job the arrays of an engine."""
BYTES_OF_CELL = 200.0
"""In a network, of one with a few variables, and without the spikes that are under way."""
BYTES_OF_SYNAPSE = 60.0
"""In a network, while it is connected; less afterwards."""
LARGEST_SEED = 2**63 - 1
"""What a result file can hold."""
_OPAQUE = re.compile(
    r'''"""(?:[^"\\]++|\\.|"(?!""))*+"{0,5}|\'\'\'(?:[^']++|'(?!''))*+'{0,5}|"(?:[^"\\\n]++|\\[^\n])*+"?|'[^'\n]*+'?|#[^\n]*+''', re.DOTALL
)
"""Strings and comments of TOML; one that does not end reaches to the end of the line or text."""
_DEEPER = re.compile(r"([\[{])|[\]}]|" + rf"(?P<key>(?:\.[^.=,\n\[\]{{}}]*+){{{LEVELS}}})")


def allowed_memory() -> float:
    """Bytes that a run may take: 2 GB, or what the variable SPIKEHEB_MEMORY says in gigabytes.

    Raises
    ------
    EngineError
    """
    text = os.environ.get(GIGABYTES, "").strip()
    if not text:
        return MEMORY
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = math.nan
    if not 0 < gigabytes < math.inf:
        raise EngineError(f'{GIGABYTES} is a number of gigabytes above 0, such as 16 (got "{text:.40}")')
    return gigabytes * 1e9


def check_memory(needed: float, what: str, *, allowed: float | None = None, path: str | None = None, key: str | None = None) -> None:
    """Refuse what would take more memory than is allowed.

    Parameters
    ----------
    needed : float
        Bytes, estimated.
    what : str
        What needs them, in the plural.
    allowed : float, optional
        Bytes; by default as `allowed_memory` says.

    Raises
    ------
    EngineError
    """
    most = allowed_memory() if allowed is None else allowed
    if not needed <= most:
        more = f", or allow more: {GIGABYTES} is the number of gigabytes" if allowed is None else ""
        text = f"{what} need about {_in_gigabytes(needed)}, and {_in_gigabytes(most)} are allowed; use fewer{more}"
        raise EngineError(text, path=path, key=key)


def check_work(needed: float, what: str, *, allowed: float = WORK, key: str | None = None) -> None:
    """Refuse what would take too long: `needed` counts steps of cells and spikes at synapses.

    Raises
    ------
    EngineError
    """
    if not needed <= allowed:
        work = f"{what} are about {needed:.2g} steps of cells and spikes at synapses"
        text = f"{work}, and {allowed:.0e} are allowed; use fewer of them or a shorter run"
        raise EngineError(text, key=key)


def check_steps(duration: float, dt: float, key: str) -> None:
    """Refuse a duration in seconds that is longer than a run may be.

    Raises
    ------
    ScheduleError
    """
    if not (math.isfinite(duration) and duration / dt <= STEPS):
        most = f"{STEPS:.3g} are allowed ({STEPS * dt:.3g} s)"
        raise ScheduleError(f"{duration:g} s are {duration / dt:.3g} time steps of {dt * 1e3:g} ms, and {most}", key=key)


def check_count(number: int, most: int, what: str, key: str) -> None:
    """Refuse more things of a kind than a run may have.

    Raises
    ------
    ScheduleError
    """
    if not number <= most:
        raise ScheduleError(f"expected at most {most:,} {what} (got {number:,})", key=key)


def whole(value: object, key: str, least: int = 1, most: int = MOST) -> int:
    """The whole number, from `least` to `most`.

    Raises
    ------
    ScheduleError
    """
    number = value if isinstance(value, int) else _single(value)
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise ScheduleError(f"expected a whole number from {least} to {most:,} (got {repr(value)[:40]})", key=key)
    return number


def _single(value: object) -> object:
    """The number in an array of one; None for anything else."""
    try:
        return getattr(value, "item", lambda: None)()
    except (TypeError, ValueError):
        return None


def check_seed(seed: object) -> None:
    """Refuse a seed that is not a whole number, or that a result file could not hold.

    Raises
    ------
    ScheduleError
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) <= LARGEST_SEED:
        raise ScheduleError(f"expected a whole number from 0 to {LARGEST_SEED} (got {repr(seed)[:40]})", key="seed")


def check_file(path: Path, most: float = FILE) -> None:
    """Refuse a path that is not an ordinary file (but a device, a pipe or a folder), and a file with more bytes than are allowed.

    Raises
    ------
    FormatError
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot be read ({getattr(error, 'strerror', None) or error})", path=str(path)) from None
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "a device or a pipe"
        raise FormatError(f"cannot be read (is {what}, not a file)", path=str(path))
    if status.st_size > most:
        text = f"has {status.st_size / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB are allowed; give a part of it"
        raise FormatError(text, path=str(path))


def check_levels(text: str, path: str) -> None:
    """Refuse TOML that is nested too deep, before it is read: time and memory of a key grow with the square of its parts.

    Raises
    ------
    FormatError
    """
    bare = _OPAQUE.sub(lambda opaque: "_" + "\n" * opaque[0].count("\n"), text)
    level = 0
    for match in _DEEPER.finditer(bare):
        level += 0 if match["key"] else 1 if match[1] else -1
        if match["key"] or level > LEVELS:
            text = f"tables and lists more than {LEVELS} deep, or a key of more than {LEVELS} parts; use fewer levels"
            raise FormatError(text, path=path, key=f"line {bare.count(chr(10), 0, match.start()) + 1}")


def _in_gigabytes(size: float) -> str:
    return f"{size / 1e9:.2g} GB"
