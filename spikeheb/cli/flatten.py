"""Commands from settings: each setting that a command takes as one value is an option of its own."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from spikeheb import dimensions
from spikeheb.cli.options import Switch
from spikeheb.declared import Declared, fields_of, keywords
from spikeheb.errors import SpikehebError
from spikeheb.settings import dimension_of, item_of

Values = Mapping[str, Any]
"""Settings by name, as they stand on the command line: ``settings: Annotated[Values, Window]``."""

OPTION = type(typer.Option())
QUANTITIES: dict[str, tuple[set[str], set[str]]] = {}
"""By command the options that take one quantity, and those that take several."""
METAVARS = {
    dimensions.TIME: "TIME", dimensions.FREQUENCY: "RATE", dimensions.VOLTAGE: "VOLTAGE", dimensions.CURRENT: "CURRENT",
    dimensions.CONDUCTANCE: "CONDUCTANCE",
}  # fmt: skip


def flattened(command: Callable[..., None]) -> Callable[..., None]:
    """The command with options in the place of each parameter that is annotated with a dataclass of settings.

    ``Annotated[Values, Window]`` gets them by name, for the study to convert, and ``RuleChoices`` a value of that class.
    """
    hints = typing.get_type_hints(command, include_extras=True)
    own = inspect.signature(command).parameters
    groups = {name: cls for name in own if (cls := _settings_of(hints[name])) is not None}
    of_group = {
        name: {key: made for key, each in fields_of(cls).items() if key not in own and (made := option(each)) is not None}
        for name, cls in groups.items()
    }
    options: dict[str, inspect.Parameter] = {}
    for name, parameter in own.items():
        options |= of_group.get(name) or {name: parameter.replace(annotation=hints[name])}

    def call(**values: Any) -> None:
        for name, cls in groups.items():
            given = {key: _plain(values.pop(key), fields_of(cls)[key].default) for key in of_group[name]}
            values[name] = cls(**given) if hints[name] is cls else keywords(cls, given)
        try:
            command(**values)
        except SpikehebError as error:
            raise _of_option(error, flags) from error

    fields = [each for cls in groups.values() for each in fields_of(cls).values()]
    flags = {name: spelled for name, parameter in options.items() if (spelled := _flag(parameter))}
    rows = {flag for each in fields if each.setting.row or item_of(each.kind) is not None for flag in each.flags}
    single = {flag for each in fields if dimension_of(each.kind) is not None for flag in each.flags}
    QUANTITIES[command.__name__] = (single, rows)
    call.__name__, call.__doc__ = command.__name__, command.__doc__
    call.__signature__ = inspect.Signature(list(options.values()))  # type: ignore[attr-defined]  # what typer reads
    return call


def _flag(parameter: inspect.Parameter) -> str:
    """The long form of an option; nothing for an argument."""
    made = next((extra for extra in typing.get_args(parameter.annotation)[1:] if isinstance(extra, OPTION)), None)
    if made is None:
        return ""
    spelled = [text.split("/")[0] for text in (made.default, *(made.param_decls or ())) if isinstance(text, str)]  # as typer keeps them
    return max(spelled, key=len, default=f"--{parameter.name.replace('_', '-')}")


def _of_option(error: SpikehebError, flags: Mapping[str, str]) -> SpikehebError:
    """The error about a keyword as one about the option; keys of a rule, cell or protocol file stay."""
    name, bracket, rest = (error.key or "").partition("[")
    if name not in flags or (error.path or "").endswith((".toml", ".py")):
        return error
    return type(error)(error.message, path=error.path, key=flags[name] + bracket + rest)


def _settings_of(hint: Any) -> type | None:
    """The dataclass that an annotation names, if any."""
    parts = (hint, *typing.get_args(hint)[1:])
    return next((part for part in parts if isinstance(part, type) and dataclasses.is_dataclass(part)), None)


def option(each: Declared) -> inspect.Parameter | None:
    """The option of a setting; None where the command line has none."""
    setting, kind, default = each.setting, each.kind, each.text
    if kind is None and setting.option is None:
        return None
    flags = each.flags
    whole = int in (kind, setting.option if kind is None else None)
    accepted: Any = setting.option if kind is None else kind if kind in (int, bool, float) else str
    if typing.get_origin(accepted) is list:
        default = each.default or None
    if kind is bool and default and not any("/" in flag for flag in flags):
        accepted, default = Switch, Switch.on
    described = typer.Option(
        *flags, metavar=setting.metavar or _metavar(kind), help=_help(setting.doc), rich_help_panel=setting.panel,
        min=setting.least if whole else None,
    )  # fmt: skip
    accepted = accepted if default is not None else accepted | None
    return inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[accepted, described])


def _metavar(kind: Any) -> str | None:
    item = item_of(kind)
    word = METAVARS.get(dimension_of(kind if item is None else item) or dimensions.NONE)
    return word if item is None or word is None else f"{word}S"


def _help(doc: str) -> str:
    """The line with other settings written as options."""
    return re.sub("`([a-z_0-9]+)`", lambda match: f"--{match[1].strip('_').replace('_', '-')}", doc)


def _plain(value: Any, default: Any) -> Any:
    if value is None or value == []:
        return default
    return value is Switch.on if isinstance(value, Switch) else value
