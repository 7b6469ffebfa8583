"""Signals that end the program: Ctrl-C, and those that the system sends to end it or when the terminal has closed.

The first of these signals raises `Interrupted` in the running code, so that files and folders are cleaned up as the exception passes.
Compilers that the program started are asked to end at once. Some libraries catch every exception, and this one too: it is therefore
raised again until it reaches the command line.
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
"""The exit code is this plus the number of the signal, as in shells."""
AGAIN = 0.1
"""Seconds until the interruption is raised again if something has swallowed it."""
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(KeyboardInterrupt):
    """Raised when the program has to end. With a plain KeyboardInterrupt inside ``exec``, Python would choose the exit code itself."""


_heard: list[int] = []


def heard() -> tuple[int, ...]:
    """The numbers of the signals that were received, in their order."""
    return tuple(_heard)


def listen() -> None:
    """Let the signals raise `Interrupted`. A signal that the caller has set to be ignored, as ``nohup`` does, stays ignored."""
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def stop_listening() -> None:
    """Ignore the signals from now on: the program is about to end, and its last messages must not be cut off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def leave(code: int) -> NoReturn:
    """Say that the program was interrupted, and end it at once: Python would take seconds to free a large network first."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the terminal may be closed
            if stream is sys.stderr:
                print("interrupted", file=stream)
            stream.flush()
    atexit._run_exitfuncs()  # temporary folders that last as long as the process
    os._exit(code)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Called by a signal, and then by a timer until the exception is no longer caught on its way."""
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
    """Whether the program is cleaning up after an interruption."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _say_nothing(_: object) -> None:
    """Hide an interruption that was raised inside a destructor: it is raised again elsewhere."""


def _end_children() -> None:
    """Ask all child processes and their own children to end, on systems that list processes."""
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
    """The parent of each process of the machine; empty where there is no ``/proc``."""
    parents = {}
    with contextlib.suppress(OSError):
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    words = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                    parents[int(folder.name)] = int(words[1])
    return parents
