"""The command line: parse, hand over to a study, write, exit code.

Tables go to stdout, everything else to stderr. A user's mistake is one line and exit code 2, an interruption exit code
130; anything else that goes wrong is a fault of the program and keeps its traceback.
"""

from __future__ import annotations

import gc
import sys

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
    from spikeheb.cli.app import run

    arguments = sys.argv[1:]
    sys.exit(run(arguments if script is None else ["run", script, *arguments]))
