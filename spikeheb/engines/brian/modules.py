"""The modules that Brian2 has Cython build, in a folder of our own: what is damaged or half built is removed.

A truncated shared object kills the process that loads it. So every module is recorded with its checksum after it was built, and one
that differs is built again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from spikeheb.engines import cache_folder
from spikeheb.engines.locks import is_free

CYTHON = ".cython"
"""The folder of Cython's modules in the cache; not an entry, because Brian2 adds to it as it runs."""
_RECORD = "checksums.json"


def folder_of_modules() -> Path:
    """The folder, made where it is missing, without modules that are damaged or half built.

    Raises
    ------
    StorageError
    """
    folder = cache_folder.shelf(CYTHON)
    with cache_folder.writing():
        remove_half_built(folder)
        remove_damaged(folder)
    return folder


@contextlib.contextmanager
def built_for(target: str) -> Iterator[None]:
    """While Brian2 works for a target: new modules are recorded after it, and where it is broken off no half of one is left."""
    if target != "cython":
        yield
        return
    folder = cache_folder.shelf(CYTHON)
    try:
        yield
        record_modules(folder)
    except BaseException:
        remove_half_built(folder)
        raise


def remove_half_built(folder: Path) -> None:
    """Remove what was left of modules whose building was broken off; those that another process is building stay.

    Brian2 writes the source of a module first and removes it last, and holds the module's lock in between.
    """
    for source in folder.glob("*.pyx"):
        lock = source.with_suffix(".lock")
        if is_free(lock):
            for left in (*folder.glob(f"{source.stem}.*"), *folder.rglob(f"{source.stem}.o*")):
                left.unlink(missing_ok=True)


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
