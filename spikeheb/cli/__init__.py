"""The command line: read the options, call a study, write its result, return an exit code.

Tables go to stdout, everything else to stderr. A user's mistake gives one line and exit code 2. Ctrl-C gives exit code 130, and the
signal SIGTERM 143. Anything else that goes wrong is a fault of the program: one line says so, and --debug shows the traceback.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Sequence

from spikeheb.cli.interruption import INTERRUPTED, SIGNALLED, heard, leave, listen, stop_listening

GARBAGE = 50_000
"""New objects before Python collects cyclic garbage: imported objects stay anyway, and collecting takes a tenth of a short run."""


def main(script: str | Sequence[str] | None = None) -> int:
    """Carry out the command of ``sys.argv`` and leave Python with its exit code; a command that is given as a list only returns it.

    Parameters
    ----------
    script : str or sequence of str, optional
        The path of a protocol, given by the protocol itself when it is run as a script. The arguments are then those that
        follow the protocol in ``spikeheb run``. Or the words of a command, such as ``["list", "rules"]``: Python goes on after it.

    Returns
    -------
    int
        The exit code of a command that is given as a list.
    """
    if script is not None and not isinstance(script, str):
        from spikeheb.cli.app import run

        return run([str(word) for word in script])
    try:
        listen()
        gc.set_threshold(GARBAGE)
        code = _carry_out(sys.argv[1:] if script is None else ["run", script, *sys.argv[1:]])
        stop_listening()
    except KeyboardInterrupt:
        stop_listening()
        code = INTERRUPTED
    if heard():
        leave(heard()[0] + SIGNALLED)
    sys.exit(code)


def _carry_out(arguments: list[str]) -> int:
    from spikeheb.cli.app import run

    warnings.showwarning = _warn
    return run(arguments)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """A warning on one line, without the line of the program that it comes from."""
    from spikeheb.cli.printing import note
    from spikeheb.errors import one_line

    note(f"note: {one_line(str(message), 400)}")
