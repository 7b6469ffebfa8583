"""A lock on a file, among threads and processes: the operating system frees it when its holder dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spikeheb.engines.threads import stop_if_asked

LOOK = 0.05
"""Seconds between two looks at a lock that another holds."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made where it is missing; whoever waits for it can be stopped.

    Raises
    ------
    OSError
        Where the file cannot be made, or its file system knows no locks; it names the file.
    """
    with path.open("a+b") as file:
        try:
            while not _acquire(file.fileno()):
                stop_if_asked()
                time.sleep(LOOK)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        try:
            yield
        finally:
            _release(file.fileno())


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock of a file now; one that is not there is free."""
    if not path.exists():
        return True
    with path.open("r+b") as file:
        if not _acquire(file.fileno()):
            return False
        _release(file.fileno())
        return True


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> bool:
        with suppress(OSError):
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            return True
        return False

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _acquire(descriptor: int) -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
