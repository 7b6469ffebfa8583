"""Options that a command line gives and that would do nothing there."""

from __future__ import annotations

import typer

from spikeheb.errors import FormatError


def given(context: typer.Context, *names: str) -> list[str]:
    """Of these options, those that stand on the command line; of all of the command where none is named."""
    return [name for name in names or context.params if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]


def only_with(context: typer.Context, needs: str, *allowed: str) -> None:
    """Refuse all options that are given but these.

    Raises
    ------
    FormatError
        Naming the first, and where it has an effect.
    """
    for name in given(context):
        if name not in allowed:
            raise FormatError(f"has an effect only {needs}", key=spelled(context, name))


def refuse(context: typer.Context, needs: str, *names: str) -> None:
    """Refuse these options where they are given.

    Raises
    ------
    FormatError
        Naming the first, and where it has an effect.
    """
    for name in given(context, *names):
        raise FormatError(f"has an effect only {needs}", key=spelled(context, name))


def spelled(context: typer.Context, name: str) -> str:
    """An option as it is written."""
    option = next(parameter for parameter in context.command.params if parameter.name == name)
    return max(option.opts, key=len)
