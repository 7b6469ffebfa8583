"""The C++ compiler that pip installs: ``pip install "spikeheb[compiler]"`` brings Zig, whose ``zig c++`` is Clang with all that it needs.

It keeps two caches of its own: one for what all programs share, such as the C++ library that it builds before the first program, and
one for a single build. The first stands in the build cache, the second beside the library that is built and goes with it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from spikeheb.engines import cache, cache_folder, children

WHEEL = "ziglang"
FLAGS = ("-fno-sanitize=undefined", "-s")
"""Zig adds checks to whatever is not optimised, which stop the program, and to each library megabytes for debugging."""
PATIENCE = 1800.0
"""Seconds: before the first program the C++ library is built."""
_OPTIONS = ("-P", "-m", WHEEL)
"""The first keeps Python from importing a file of that name from the working directory."""


def command() -> tuple[str, ...] | None:
    """The words that call the wheel's compiler; None where the wheel is not installed."""
    return (sys.executable, *_OPTIONS, "c++") if sys.executable and program() is not None else None


def program() -> Path | None:
    """The program in the wheel, which is another file for every version; None where the wheel is not installed."""
    try:
        spec = importlib.util.find_spec(WHEEL)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    places = [Path(spec.origin).parent / name for name in ("zig", "zig.exe")]
    return next((place for place in places if place.is_file()), None)


def is_called_by(words: tuple[str, ...]) -> bool:
    """Whether a command is that of `command`."""
    return words[1 : 1 + len(_OPTIONS)] == _OPTIONS


def version(words: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """The version of Zig, with the variables that `caches` gives."""
    done = children.call([*words[:-1], "version"], environment=environment, patience=PATIENCE)
    return f"{WHEEL} {done.stdout.decode(errors='replace').strip() or 'of unknown version'}"


@contextmanager
def caches(folder: Path) -> Iterator[Mapping[str, str]]:
    """Variables of the environment that keep Zig's caches where they belong; its cache of one build is removed at the end.

    Parameters
    ----------
    folder : Path
        Where the library is built.

    Raises
    ------
    StorageError
        Where the build cache cannot be written.
    """
    shared = cache_folder.shelf(cache.TOOLS["zig"])
    if next(shared.glob("o/*/libc++.a"), None) is None:
        print("note: the C++ compiler of ziglang builds its C++ library, once, which takes a minute or two", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="zig-", dir=folder, ignore_cleanup_errors=True) as own:
        yield {"ZIG_GLOBAL_CACHE_DIR": os.fspath(shared), "ZIG_LOCAL_CACHE_DIR": own}
