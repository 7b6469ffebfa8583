"""All commands under one name, and how errors are reported."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from spikeheb.cli.analyse import analyse
from spikeheb.cli.cache import cache
from spikeheb.cli.compare import compare
from spikeheb.cli.constraint import constraint
from spikeheb.cli.course import course
from spikeheb.cli.data import data
from spikeheb.cli.experiment import run as run_protocol
from spikeheb.cli.flatten import QUANTITIES
from spikeheb.cli.interruption import INTERRUPTED, USER_ERROR
from spikeheb.cli.listing import check, list_names
from spikeheb.cli.mystery import mystery
from spikeheb.cli.net import net
from spikeheb.cli.rates import rates
from spikeheb.cli.replay import replay
from spikeheb.cli.score import score
from spikeheb.cli.show import show
from spikeheb.cli.weights import weights
from spikeheb.cli.window import window
from spikeheb.cli.words import joined
from spikeheb.errors import SpikehebError, one_line

DEBUG = "--debug"

_UsageError: Any = typer.BadParameter.__mro__[2]


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line.

    Parameters
    ----------
    arguments : sequence of str
        Without the program's name.

    Returns
    -------
    int
        The exit code.
    """
    _survive_odd_characters()
    debug = DEBUG in arguments
    try:
        code = build()(args=_joined([a for a in arguments if a != DEBUG]), prog_name="spikeheb", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SpikehebError as error:
        return _refuse(str(error), debug)
    except _UsageError as error:
        return _refuse(_usage(error), debug)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except MemoryError:
        return _refuse("there is not enough memory for this; use fewer synapses, lanes or records", debug)
    except Exception as error:  # a fault of this program: the user still gets one line, not a traceback
        return _refuse(_fault(error), debug)
    return int(code or 0)


def _joined(arguments: list[str]) -> list[str]:
    """The arguments with the words of each quantity as one."""
    first = [argument for argument in arguments if not argument.startswith("-")][:2]  # a command, or a group and its command
    command = next((word for word in first if word in QUANTITIES), "")
    return joined(arguments, *QUANTITIES.get(command, ((), ())))


def build() -> typer.Typer:
    """The commands."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, context_settings={"help_option_names": ["--help", "-h"]}
    )
    app.callback()(_everything)
    app.command("list")(list_names)
    app.command("show")(show)
    app.command("check")(check)
    app.command("run")(run_protocol)
    app.command("window")(window)
    app.command("replay")(replay)
    app.command("score")(score)
    app.command("weights")(weights)
    app.command("compare")(compare)
    app.command("constraint")(constraint)
    app.command("net")(net)
    app.command("analyse")(analyse)
    app.command("cache")(cache)
    app.add_typer(data, name="data")
    app.add_typer(mystery, name="mystery")
    app.add_typer(course, name="course")
    app.add_typer(rates, name="rates")
    return app


def _version(wanted: bool) -> None:
    if wanted:
        import spikeheb

        typer.echo(f"spikeheb {spikeheb.__version__}")  # type: ignore[attr-defined]  # loaded when asked for
        raise typer.Exit


def _everything(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show the traceback of an error (may stand anywhere on the line).")] = False,
) -> None:
    """A virtual plasticity laboratory: any plasticity rule, any induction protocol, EPSP before and after."""


def _refuse(message: str, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"error: {message}", file=sys.stderr)
    return USER_ERROR


def _fault(error: Exception) -> str:
    """The one line for an unexpected error, with the place in the code where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = one_line(f"{type(error).__name__}: {error}", 300)
    return f"{what} (at {Path(place.filename).name}:{place.lineno}); this is a fault of spikeheb, and --debug shows where it comes from"


def _usage(error: Any) -> str:
    """A usage error on one line, with where to find help."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return "a command is missing; see spikeheb --help"
    hint = f" (see {context.command_path} --help)" if context is not None else ""
    return one_line(" ".join(error.format_message().split()), 400) + hint


def _survive_odd_characters() -> None:
    """Characters that the terminal cannot show are written as escapes instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
