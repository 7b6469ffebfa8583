"""Refuse options that would have no effect."""

from __future__ import annotations

import typer

from spikeheb.errors import FormatError


def given(context: typer.Context, *names: str) -> list[str]:
    """Those of the named options that the user gave; without names, all options that the user gave."""
    return [name for name in names or context.params if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]


def only_with(context: typer.Context, needs: str, *allowed: str) -> None:
    """Refuse every option that the user gave, except the allowed ones.

    Raises
    ------
    FormatError
        Naming the first, and where it has an effect.
    """
    for name in given(context):
        if name not in allowed:
            raise FormatError(f"has an effect only {needs}", key=spelled(context, name))


def refuse(context: typer.Context, needs: str, *names: str) -> None:
    """Refuse the named options if the user gave them.

    Raises
    ------
    FormatError
        Naming the first, and where it has an effect.
    """
    for name in given(context, *names):
        raise FormatError(f"has an effect only {needs}", key=spelled(context, name))


def spelled(context: typer.Context, name: str) -> str:
    """The long form of an option, such as ``--latex``."""
    option = next(parameter for parameter in context.command.params if parameter.name == name)
    return max(option.opts, key=len)
