"""Settings that a frozen dataclass declares: once for the keywords of Python, the options of a command and the attributes of a result.

A study's settings are the fields of one dataclass. Each is annotated with its kind (`spikeheb.settings`) and a `Setting`::

    @dataclass(frozen=True)
    class Window:
        pairs: Annotated[int, Setting("How many pairs.")] = 60
        frequency: Annotated[Frequency, Setting("Pairs per second.", range=(0.1, 100.0), scale="log")] = 1.0

    @takes_settings(Window)
    def window(rule: Rule, settings: Window) -> ...     # is called as window(rule, pairs=60, frequency="1 Hz")
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import textwrap
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from spikeheb import dimensions
from spikeheb.errors import unknown_name
from spikeheb.limits import MOST, whole
from spikeheb.settings import convert, dimension_of, item_of, text_of

Result = TypeVar("Result")

SETTINGS = "settings"
"""The parameter of a function whose place its settings take."""
NAMES = {
    dimensions.TIME: "Time", dimensions.FREQUENCY: "Frequency", dimensions.VOLTAGE: "Voltage", dimensions.CURRENT: "Amperes",
    dimensions.CONDUCTANCE: "Conductance", dimensions.CONCENTRATION: "Concentration", dimensions.NONE: "float",
}  # fmt: skip
UNITS = {
    dimensions.TIME: "_s", dimensions.FREQUENCY: "_Hz", dimensions.VOLTAGE: "_V", dimensions.CURRENT: "_A",
    dimensions.CONDUCTANCE: "_S", dimensions.CONCENTRATION: "_mol_m3",
}  # fmt: skip
"""What stands after the name of an attribute with a unit: SI."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is said of a setting beside its name, its kind and its default.

    Attributes
    ----------
    doc : str
        One line, which is the help of the option. Another setting stands in it as ```name```: on the command line, that is ``--name``.
    more : str
        What the help of Python says beside it.
    least, most : int
        Of a whole number.
    range : pair of float, optional
        Usual values in SI, between which a slider moves.
    scale : {"linear", "log"}
        Of this slider.
    accepts : str
        What Python accepts where the study itself brings the value into its form; empty where the kind says it.
    check : callable, optional
        What converts the value, and says what is wrong with it, in the place of the kind.
    option : type, optional
        What the command line accepts of such a value; None where it has no such option.
    flags : tuple of str
        How the option is written, where that does not follow from the name.
    metavar : str
        What stands for the value in the help of the command.
    panel : str
        The heading there.
    row : bool
        Whether the option takes several quantities, where the kind does not say it.
    unit : str
        What stands after the name of the attribute, where the kind does not say it.
    nested : type, optional
        A dataclass of settings that the value may be made of. Where each setting has a key of its own, its settings stand in the place
        of this one.
    """

    doc: str
    more: str = ""
    least: int = 1
    most: int | None = None
    range: tuple[float, float] | None = None
    scale: Literal["linear", "log"] = "linear"
    accepts: str = ""
    check: Callable[[object], Any] | None = None
    option: type | None = str
    flags: tuple[str, ...] = ()
    metavar: str = ""
    panel: str = "The run"
    row: bool = False
    unit: str = ""
    nested: type | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting with its name, its kind (None where the study itself converts), whether it may be None, and its default."""

    name: str
    kind: Any
    optional: bool
    default: Any
    only_by_name: bool
    setting: Setting

    @property
    def flags(self) -> tuple[str, ...]:
        """How the option is written."""
        return self.setting.flags or (f"--{self.name.strip('_').replace('_', '-')}",)

    @property
    def type(self) -> str:
        """What Python accepts, as it stands in an annotation."""
        text = self.setting.accepts or ("npt.ArrayLike" if item_of(self.kind) is not None else _name(self.kind))
        return f"{text} | None" if self.optional and not text.endswith("None") else text

    @property
    def attribute(self) -> str:
        """What the setting is called in a result: its name, with the unit after it (``dt_s``)."""
        dimension = dimension_of(self.kind if item_of(self.kind) is None else item_of(self.kind))
        return self.name + (self.setting.unit or UNITS.get(dimension or dimensions.NONE, ""))

    @property
    def text(self) -> Any:
        """The default as a person writes it; text that is not a quantity stays as it is."""
        quantity = dimension_of(self.kind) is not None or item_of(self.kind) is not None
        return text_of(self.kind, self.default) if quantity and self.default is not None else self.default

    def convert(self, value: object) -> Any:
        """The value in the form in which the study reads it.

        Raises
        ------
        ScheduleError, UnitError, FormatError
        """
        if self.kind is None or (value is None and self.optional):
            return value
        if self.setting.check is not None:
            return self.setting.check(value)
        if self.kind is int:
            return whole(value, self.name, self.setting.least, MOST if self.setting.most is None else self.setting.most)
        return convert(self.kind, value, key=self.name)


def _name(kind: Any) -> str:
    dimension = dimension_of(kind)
    if dimension is not None:
        return f"{NAMES[dimension]} | str"
    return f"Literal[{', '.join(map(repr, typing.get_args(kind)))}]" if typing.get_origin(kind) is Literal else str(kind.__name__)


@functools.cache
def declared(cls: type[Any]) -> Mapping[str, Declared]:
    """The settings of a dataclass by name, in their order."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return {field.name: _declared(field, hints[field.name]) for field in dataclasses.fields(cls)}


def _declared(field: dataclasses.Field[Any], hint: Any) -> Declared:
    base, *extras = typing.get_args(hint)
    setting = next(extra for extra in extras if isinstance(extra, Setting))
    parts = typing.get_args(base) if typing.get_origin(base) in (typing.Union, types.UnionType) else (base,)
    kinds = [part for part in parts if part is not types.NoneType]
    others = tuple(extra for extra in extras if extra is not setting)
    kind = typing.cast(Any, Annotated)[(kinds[0], *others)] if others else kinds[0]
    default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
    return Declared(field.name, None if setting.accepts else kind, len(parts) > len(kinds), default, bool(field.kw_only), setting)


@functools.cache
def fields_of(cls: type) -> Mapping[str, Declared]:
    """The settings of a dataclass by key, with those of nested settings in the place of these.

    Options of a command, keys of a sweep and sliders are these; `keywords` turns values under such keys into those of the study.
    """
    fields: dict[str, Declared] = {}
    for name, each in declared(cls).items():
        fields |= {name: each} if each.setting.nested is None else fields_of(each.setting.nested)
    return fields


def keywords(cls: type, values: Mapping[str, object]) -> dict[str, Any]:
    """Values by key (`fields_of`) as the keywords of a study: those of nested settings are one value, converted."""
    given: dict[str, Any] = {}
    for name, each in declared(cls).items():
        inner = each.setting.nested
        if inner is None:
            given |= {name: values[name]} if name in values else {}
        elif own := keywords(inner, values):
            given[name] = inner(**{key: declared(inner)[key].convert(value) for key, value in own.items()})
    return given


def described(settings: object) -> dict[str, Any]:
    """The settings as attributes of a result: what is a word, a number or a row of numbers, under the name `Declared.attribute`."""
    attributes: dict[str, Any] = {}
    for name, each in declared(typing.cast(Any, type(settings))).items():
        value = getattr(settings, name)
        if each.setting.nested is not None and isinstance(value, each.setting.nested):
            attributes |= described(value)
        elif isinstance(value, str | int | float):
            attributes[each.attribute] = int(value) if isinstance(value, bool) else value
        elif isinstance(value, tuple | list) and value and all(isinstance(item, int | float) for item in value):
            attributes[each.attribute] = list(value)
    return attributes


def parameters(cls: type) -> list[inspect.Parameter]:
    """The settings as parameters of a function."""
    kinds = {False: inspect.Parameter.POSITIONAL_OR_KEYWORD, True: inspect.Parameter.KEYWORD_ONLY}
    return [
        inspect.Parameter(name, kinds[each.only_by_name], default=each.default, annotation=each.type)
        for name, each in declared(cls).items()
    ]


def takes_settings(cls: type) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """A decorator: the function has each setting as a keyword of its own in the place of its parameter `settings`.

    The keywords stand in its signature and in its help; the parameter gets them as one value of `cls`, converted.
    """

    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        own = inspect.signature(function)
        signature = own.replace(parameters=_in_place(list(own.parameters.values()), parameters(cls)))

        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Result:
            bound = bind(function, signature, arguments, options)
            bound.apply_defaults()
            values = bound.arguments
            settings = cls(**{name: each.convert(values.pop(name)) for name, each in declared(cls).items()})
            inside = inspect.BoundArguments(own, typing.cast(Any, {**values, SETTINGS: settings}))
            return function(*inside.args, **inside.kwargs)

        call.__signature__ = signature  # type: ignore[attr-defined]  # what inspect reads first
        call.__annotations__ = {name: each.annotation for name, each in signature.parameters.items()} | {"return": own.return_annotation}
        call.__doc__ = _documented(inspect.cleandoc(function.__doc__ or ""), cls)
        return call

    return decorate


def bind(
    function: Callable[..., object], signature: inspect.Signature, arguments: tuple[Any, ...], options: Mapping[str, Any]
) -> inspect.BoundArguments:
    """The arguments of a call by name.

    Raises
    ------
    TypeError
        That names the function, and, for a keyword that it does not have, the one that may be meant.
    """
    try:
        return signature.bind(*arguments, **options)
    except TypeError as error:
        known = signature.parameters
        unknown = next((name for name in options if name not in known), None)
        if unknown is None or any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
            raise TypeError(f"{function.__name__}() {error}") from None
        raise TypeError(f"{function.__name__}(): {unknown_name('keyword', unknown, known)}") from None


def _in_place(own: list[inspect.Parameter], settings: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """The parameters of a function, with those of its settings in the place of the one."""
    there = next(n for n, parameter in enumerate(own) if parameter.name == SETTINGS)
    return sorted([*own[:there], *settings, *own[there + 1 :]], key=lambda parameter: parameter.kind)


def _documented(doc: str, cls: type) -> str:
    """The docstring with the settings after its other parameters."""
    parts = [_paragraph(each) for each in declared(cls).values()]
    end = min((at for section in ("Returns", "Raises") if (at := doc.find(f"\n\n{section}\n")) >= 0), default=len(doc))
    return f"{doc[:end]}\n{chr(10).join(parts)}{doc[end:]}"


def _paragraph(each: Declared) -> str:
    text = " ".join(part for part in (each.setting.doc, each.setting.more) if part)
    default = "" if each.default in (None, inspect.Parameter.empty) else f", by default {each.text!r}"
    return f"{each.name} : {each.type}{default}\n{textwrap.fill(text, 120, initial_indent='    ', subsequent_indent='    ')}"
