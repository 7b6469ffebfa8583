"""The command line: parse, hand over to a study, write, exit code.

Tables go to stdout, everything else to stderr. A user's mistake is one line and exit code 2, an interruption exit code
130. Anything else that goes wrong is a fault of the program: one line says so, and --debug shows the traceback.
"""

from __future__ import annotations

import gc
import signal
import sys

from spikeheb.cli.exits import INTERRUPTED

GARBAGE = 50_000
"""New objects until Python looks for cycles among them: what is imported stays, and looking takes a tenth of a short run."""


def main(script: str | None = None) -> None:
    """Carry out the command of ``sys.argv`` and leave Python with its exit code.

    Parameters
    ----------
    script : str, optional
        The path of a protocol, given by the protocol itself when it is run as a script: the arguments are then those of
        ``spikeheb run`` behind the protocol.
    """
    gc.set_threshold(GARBAGE)
    arguments = sys.argv[1:]
    try:
        from spikeheb.cli.app import run

        code = run(arguments if script is None else ["run", script, *arguments])
    except KeyboardInterrupt:  # while modules were imported
        code = INTERRUPTED
    if code == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would only disturb the end
        print("interrupted", file=sys.stderr)
    sys.exit(code)
