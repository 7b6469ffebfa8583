"""Other programs that work for this one: the compiler, and Brian2's standalone programs. None outlives what it works for."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from spikeheb.engines.threads import stop_if_asked

LOOK = 0.1
"""Seconds after which a waiting thread looks whether its work is still wanted."""
GRACE = 0.4
"""Seconds that a program has to remove its temporary files."""


def call(
    arguments: Sequence[str],
    *,
    data: bytes = b"",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    patience: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; where the calling work ends earlier, by whatever, so does the program, with all that it started.

    Parameters
    ----------
    arguments : sequence of str
        The program and its arguments.
    data : bytes
        For its standard input.
    folder : Path, optional
        Its working directory.
    environment : mapping of str to str, optional
        Variables that differ from this process's.
    patience : float, optional
        Seconds.

    Raises
    ------
    OSError
        Where it cannot be started.
    subprocess.TimeoutExpired
    """
    program = subprocess.Popen(
        list(arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
        env={**os.environ, **(environment or {})}, start_new_session=os.name == "posix",
    )  # fmt: skip
    end = None if patience is None else time.monotonic() + patience
    unsent: bytes | None = data
    try:
        while True:
            try:
                output, errors = program.communicate(unsent, LOOK)
                return subprocess.CompletedProcess(program.args, program.returncode, output, errors)
            except subprocess.TimeoutExpired:
                unsent = None  # it goes on with what it was given
                stop_if_asked()
                if end is not None and time.monotonic() > end:
                    raise subprocess.TimeoutExpired(program.args, patience or 0.0) from None
    finally:
        _end(program)


def _end(program: subprocess.Popen[bytes]) -> None:
    """End a program that is still at work, and the programs that it started, which may outlive it: first asked, then made to."""
    if program.poll() is None:
        _send(program, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            program.wait(GRACE)
    _send(program, getattr(signal, "SIGKILL", signal.SIGTERM))
    program.wait()
    for stream in (program.stdin, program.stdout, program.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _send(program: subprocess.Popen[bytes], number: int) -> None:
    """The signal to the program and to all of its session."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(program.pid, number)
        else:
            program.send_signal(number)
