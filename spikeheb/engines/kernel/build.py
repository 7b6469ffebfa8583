"""From a program to a loaded library: source, compiler, build cache, ctypes."""

from __future__ import annotations

import ctypes
import functools
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from spikeheb.engines import cache, cache_folder
from spikeheb.engines.compiler import SUFFIX, Compiler
from spikeheb.engines.emit.lanes import generate, header
from spikeheb.engines.kernel import contract, rows_contract
from spikeheb.program.program import Program

PARTS = ("runtime", "exponential", "range", "jets", "quiet", "glide", "collocation", "coast", "past", "pack", "single", "rest", "lanes")
HEADERS = tuple(f"{name}.hpp" for name in PARTS)
FLAGS = ("-fno-tree-slp-vectorize",)
"""For lanes: the variables of one synapse would be packed into vectors and unpacked at every event, which costs a fifth."""
OF_FAN_IN = ("-O2", "-ftree-vectorize")
"""For fan-in, in place of the usual level: as fast, and built in two thirds of the time. Lanes would lose a third, networks a tenth."""
SOURCE = "model.cpp"


@dataclass(frozen=True, slots=True)
class Library:
    """A library that is loaded.

    Attributes
    ----------
    path : Path
        The folder with the library and all of its source.
    key : str
        Hash of source, compiler, flags and processor.
    loaded : ctypes.CDLL
        Calls release Python's lock.
    """

    path: Path
    key: str
    loaded: ctypes.CDLL


def build(program: Program, compiler: Compiler) -> Library:
    """The library of a program, compiled where the build cache does not have it.

    Raises
    ------
    BuildError, StorageError
    """
    return load(generate(program), header(program), compiler, HEADERS, FLAGS)


def load(source: str, first_lines: str, chosen: Compiler, headers: tuple[str, ...], flags: tuple[str, ...]) -> Library:
    """The library of a source, compiled with some flags more; `first_lines` is a comment that does not decide which library it is."""
    files, compiler = _texts(headers), replace(chosen, flags=(*chosen.flags, *flags))
    stamped = "\0".join((source, *files.values(), compiler.identity))
    key = hashlib.sha256(stamped.encode()).hexdigest()[:32]

    def compile_in(folder: Path) -> None:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / SOURCE).write_text(first_lines + source, encoding="utf-8")
        compiler.build(folder / SOURCE, folder / f"model{SUFFIX}")

    name = f"model{SUFFIX}"
    place = cache_folder.root() / "kernel" / key / name
    stamp, library = _loaded.get(place, (None, None))
    if library is None or stamp != _stamp(place):
        library = cache.opened("kernel", key, compile_in, (name,), lambda folder: Library(folder, key, ctypes.CDLL(str(folder / name))))
        _loaded[place] = _stamp(place), library
    return library


_loaded: dict[Path, tuple[tuple[int, int, int] | None, Library]] = {}
"""Loaded libraries by place in the cache and by the identity of the file: a library of this process is not checked again."""


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


@functools.cache
def _texts(headers: tuple[str, ...]) -> dict[str, str]:
    here = Path(__file__).parent
    texts = {name: (here / name).read_text(encoding="utf-8") for name in headers} | {"contract.hpp": contract.header()}
    return texts | ({"rows_contract.hpp": rows_contract.header()} if "rows.hpp" in headers else {})
