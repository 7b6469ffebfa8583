"""What ends the program from outside: Ctrl-C, and the requests of the system to end or that the terminal is gone.

The first of these signals raises `Interrupted` where the program stands, so that everything on the way out is put in order. Compilers
that it started are asked to end at once. Libraries that swallow every exception swallow this one too: so it is raised again until it
is on its way out.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

USER_ERROR = 2
INTERRUPTED = 130
SIGNALLED = 128
"""Added to the number of the signal, this is the exit code, as shells count."""
AGAIN = 0.1
"""Seconds until the interruption is raised again if something has swallowed it."""
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(KeyboardInterrupt):
    """The program is to end. After a plain KeyboardInterrupt inside of ``exec``, Python would choose the exit code itself."""


_heard: list[int] = []


def heard() -> tuple[int, ...]:
    """The numbers of the signals that have come, the first one first."""
    return tuple(_heard)


def listen() -> None:
    """From now on the signals raise `Interrupted`; one that whoever started the program wants ignored, as ``nohup`` does, stays so."""
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def stop_listening() -> None:
    """From now on the signals do nothing: the program ends in a moment anyway, and its last words are not disturbed."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def leave(code: int) -> NoReturn:
    """Say that the program was interrupted, and end it at once: Python would first take a large network apart, which takes seconds."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
            if stream is sys.stderr:
                print("interrupted", file=stream)
            stream.flush()
    atexit._run_exitfuncs()  # temporary folders that last as long as the process
    os._exit(code)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def _interrupt(number: int, frame: FrameType | None) -> None:
    """What a signal does, and a timer after it, until the interruption is on its way out."""
    alarm = getattr(signal, "SIGALRM", None)
    if number != alarm:
        _heard.append(number)
        sys.unraisablehook = _say_nothing
    if alarm is not None:
        signal.signal(alarm, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
    if not _on_its_way_out():
        _end_children()
        raise Interrupted


def _on_its_way_out() -> bool:
    """Whether the program is putting things in order because of an interruption."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _say_nothing(_: object) -> None:
    """An interruption that falls into a destructor is raised again elsewhere; nobody needs to read of it."""


def _end_children() -> None:
    """Ask all programs that this one has started, and those that they have started, to end (where the system lists them)."""
    parents = _parents()
    families = {os.getpid()}
    while True:
        more = {process for process, parent in parents.items() if parent in families} - families
        if not more:
            break
        families |= more
    for process in families - {os.getpid()}:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGTERM)


def _parents() -> dict[int, int]:
    """The parent of each process of the machine; nothing where there is no ``/proc``."""
    parents = {}
    with contextlib.suppress(OSError):
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    words = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                    parents[int(folder.name)] = int(words[1])
    return parents
