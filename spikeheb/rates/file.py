"""Reading the file of a rate rule: TOML in, checked `RateRule` out."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from spikeheb import library
from spikeheb.dimensions import NONE
from spikeheb.errors import FormatError, UnknownName, check_kind, unknown_name
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.rates.rate_rule import AMONG, EFFECTS, SETTLE, SOFTMAX, Change, RateRule, Running, Twin
from spikeheb.rules.bounds import parse_bounds
from spikeheb.rules.rule import Bounds
from spikeheb.tables import (
    REMEMBERED,
    Parameter,
    ParameterTable,
    Reference,
    ReferenceTable,
    decode_text,
    read_parameters,
    read_references,
    read_text,
)
from spikeheb.units import quantity

Scalar = str | int | float
MOST_WINNERS = 1_000_000
COLUMN = frozenset({"y", "u", "target", "amount", "t"})
"""What an output cell may read: its activity, its summed input, its target, the reward, and how many samples came before."""
TAKEN = frozenset({"x", "y", "u", "w"}) | COLUMN
"""Names that no parameter and no running value may have."""
_MEANINGS = "x is the input, y the output, u the summed input, t how many samples came before, target the wished output, amount the reward"


class _Activity(msgspec.Struct, forbid_unknown_fields=True):
    output: Scalar
    input: Scalar = "x"
    settle: str = "none"
    winners: int | str | None = None


class _Running(msgspec.Struct, forbid_unknown_fields=True):
    initial: Scalar
    next: str


class _Forward(msgspec.Struct, forbid_unknown_fields=True):
    eta: Scalar
    post: Scalar
    pre: Scalar
    forgets: Scalar | None = None
    among: str = "own"


class _Lateral(msgspec.Struct, forbid_unknown_fields=True):
    eta: Scalar
    post: Scalar
    pre: Scalar
    effect: str
    forgets: Scalar = 0
    diagonal: str = "none"


class _Twin(msgspec.Struct, forbid_unknown_fields=True):
    rule: str
    drift: str


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    name: str
    title: str
    doc: str
    activity: _Activity
    forward: _Forward
    references: dict[str, ReferenceTable] = {}
    parameters: dict[str, ParameterTable] = {}
    input: dict[str, _Running] = {}
    cell: dict[str, _Running] = {}
    lateral: _Lateral | None = None
    bounds: dict[str, Scalar] = msgspec.field(default_factory=lambda: {"kind": "none"})
    twin: _Twin | None = None


def rule(name_or_path: str | Path | RateRule, **parameters: float) -> RateRule:
    """The rate rule of this name or path, or a given one, with some parameters changed.

    Parameters
    ----------
    name_or_path : str, Path or RateRule
    **parameters : float
        Pure numbers.

    Returns
    -------
    RateRule

    Raises
    ------
    UnknownName, DuplicateName, FormatError, ExpressionError, UnitError
    """
    own = name_or_path if isinstance(name_or_path, RateRule) else read_rate_rule(library.find("rate", name_or_path))
    changed = dict(own.parameters)
    for name, value in parameters.items():
        if name not in changed:
            raise unknown_name("parameter", name, changed, path=own.path, key="parameters")
        changed[name] = replace(changed[name], value=quantity(value, NONE, path=own.path, key=f"parameters.{name}"))
    return replace(own, parameters=changed)


def only_rate_rule(name_or_path: str) -> RateRule | None:
    """The rate rule of that name, where no rule of spikes, cell or protocol has it, or of that path; None for anything else.

    Raises
    ------
    SpikehebError
        For a path at which there is no file, and a file that is not as it should be.
    """
    if library.is_combination(name_or_path):
        return None
    if library.is_path(name_or_path):
        path = Path(library.split_set(name_or_path)[0])
        return read_rate_rule(path) if library.kind_of(path) == "rate" else None
    others = [kind for kind in library.SUFFIXES if kind not in ("rate", "network")]
    known = name_or_path in library.names("rate") and not any(name_or_path in library.names(kind) for kind in others)
    return rule(name_or_path) if known else None


def read_rate_rule(path: Path | str) -> RateRule:
    """The rate rule of a file.

    Raises
    ------
    FormatError, ExpressionError, UnitError, UnknownName
        Naming the file and the key, for the first thing that is not allowed.
    """
    check_kind(path, (str, Path), "the path of a rate rule", key="path")
    return parse_rate_rule(read_text(Path(path)), str(path))


@functools.lru_cache(REMEMBERED)
def parse_rate_rule(text: str, where: str) -> RateRule:
    """The same from the text of a file; errors say `where` it is from."""
    table = decode_text(text, _Table, where)
    if table.schema != 1:
        raise FormatError(f"this version reads schema 1 (got {table.schema})", path=where, key="schema")
    gate.check_name(table.name, path=where, key="name")
    references = read_references(table.references)
    reader = _Reader(where, table)
    return RateRule(
        name=table.name,
        title=table.title,
        doc=table.doc,
        path=where,
        references=references,
        parameters=reader.parameters(references),
        enters=reader.tree(table.activity.input, "activity.input", {"x"}, table.input),
        output=reader.tree(table.activity.output, "activity.output", {"u"}, table.cell),
        settle=reader.settle(),
        winners=reader.winners(),
        inputs={name: reader.running("input", name, each, {"x", "t"}, table.input) for name, each in table.input.items()},
        cells={name: reader.running("cell", name, each, COLUMN, table.cell) for name, each in table.cell.items()},
        forward=reader.forward(table.forward),
        lateral=None if table.lateral is None else reader.lateral(table.lateral),
        effect="inhibitory" if table.lateral is None else table.lateral.effect,
        learned_diagonal=table.lateral is not None and table.lateral.diagonal == "learned",
        bounds=reader.bounds(),
        twin=None if table.twin is None else reader.twin(table.twin),
        text=text,
    )


class _Reader:
    """Reads the tables of one file; every error names the file and the key."""

    def __init__(self, path: str, table: _Table) -> None:
        self.path, self.table = path, table

    def refuse(self, message: str, key: str) -> FormatError:
        return FormatError(message, path=self.path, key=key)

    def parameters(self, references: Mapping[str, Reference]) -> dict[str, Parameter]:
        """The parameters, all of them pure numbers and none called like a variable."""
        parameters = read_parameters(self.table.parameters, references, path=self.path)
        for name, parameter in parameters.items():
            self.free(name, f"parameters.{name}")
            if parameter.dimension != NONE:
                raise self.refuse(
                    f"a rate rule has no clock and no units: expected a pure number (got {parameter.text})", f"parameters.{name}.value"
                )
        return parameters

    def free(self, name: str, key: str) -> None:
        """Refuse a name that a variable of every rate rule has."""
        if name in TAKEN:
            raise self.refuse(f'the name "{name}" is taken ({_MEANINGS}); choose another', key)

    def tree(self, value: Scalar, key: str, own: Iterable[str], running: Iterable[str]) -> t.Tree:
        """The expression, if every name in it is one of `own`, a parameter, or one of the running values."""
        tree = gate.parse_expression(str(value), path=self.path, key=key)
        if drawn := {"rand", "randn"} & t.functions(tree):
            raise self.refuse(f"{sorted(drawn)[0]}() is not allowed: a rate rule draws no random numbers", key)
        known = {*own, *self.table.parameters, *running}
        for name in sorted(t.names(tree) - known):
            if name in TAKEN | {*self.table.cell, *self.table.input}:
                raise self.refuse(f'"{name}" cannot be read here; this place has {", ".join(sorted(known))} ({_MEANINGS})', key)
            error = unknown_name("name", name, known)
            raise UnknownName(error.message, path=self.path, key=key)
        return tree

    def running(self, table: str, name: str, raw: _Running, own: Iterable[str], running: Iterable[str]) -> Running:
        """A running value; it starts from parameters and goes on from running values of its own kind."""
        key = f"{table}.{name}"
        gate.check_name(name, path=self.path, key=key)
        self.free(name, key)
        if name in self.table.parameters or (table == "input" and name in self.table.cell):
            raise self.refuse(f'the name "{name}" is used twice', key)
        return Running(self.tree(raw.initial, f"{key}.initial", (), ()), self.tree(raw.next, f"{key}.next", own, running))

    def settle(self) -> str:
        """How lateral weights act; what settles is the summed input itself."""
        settle = self.word("activity.settle", self.table.activity.settle, SETTLE)
        if (settle != "none") != (self.table.lateral is not None):
            raise self.refuse('lateral weights and settle = "linear" or "rectified" need each other', "activity.settle")
        if settle != "none" and self.table.activity.output != "u":
            raise self.refuse(f'with settle = "{settle}" the output is "u"', "activity.output")
        if settle != "none" and self.table.activity.winners is not None:
            raise self.refuse(f'has no effect with settle = "{settle}"', "activity.winners")
        return settle

    def winners(self) -> int | str | None:
        """How many cells stay active."""
        winners = self.table.activity.winners
        if winners is not None and winners != SOFTMAX and not (isinstance(winners, int) and 1 <= winners <= MOST_WINNERS):
            raise self.refuse(f'expected a number of winners or "{SOFTMAX}" (got {winners!r})', "activity.winners")
        return winners

    def forward(self, raw: _Forward) -> Change:
        """How the weights of the inputs change."""
        among = self.word("forward.among", raw.among, AMONG)
        if among != "own" and raw.forgets is not None:
            raise self.refuse(f'has no effect with among = "{among}", which forgets by products of two outputs', "forward.forgets")
        if among != "own" and self.table.twin is not None:
            raise self.refuse(f'a rule with among = "{among}" is not local and has no spiking twin', "twin")
        forgets = 0 if raw.forgets is None else raw.forgets
        column = {"eta": raw.eta, "post": raw.post, "forgets": forgets}
        trees = {name: self.tree(value, f"forward.{name}", COLUMN, self.table.cell) for name, value in column.items()}
        pre = self.tree(raw.pre, "forward.pre", {"x"}, self.table.input)
        return Change(trees["eta"], trees["post"], pre, trees["forgets"], among)

    def lateral(self, raw: _Lateral) -> Change:
        """How the weights between cells change."""
        self.word("lateral.effect", raw.effect, EFFECTS)
        self.word("lateral.diagonal", raw.diagonal, ("none", "learned"))
        each = {"eta": raw.eta, "post": raw.post, "pre": raw.pre, "forgets": raw.forgets}
        trees = {name: self.tree(value, f"lateral.{name}", COLUMN, self.table.cell) for name, value in each.items()}
        return Change(trees["eta"], trees["post"], trees["pre"], trees["forgets"])

    def bounds(self) -> Bounds:
        """Limits of the forward weights: none, or hard."""
        kind = self.table.bounds.get("kind")
        if kind not in ("none", "hard"):
            raise self.refuse(f'expected "none" or "hard" (got "{kind}")', "bounds.kind")
        return parse_bounds(self.table.bounds, "w", path=self.path, key="bounds")

    def twin(self, raw: _Twin) -> Twin:
        """The spiking rule of that name, perhaps with a set, which must exist, and a drift that reads only its parameters."""
        known = library.rule(raw.rule).parameters
        drift = gate.parse_expression(raw.drift, path=self.path, key="twin.drift")
        for name in sorted(t.names(drift) - {"x", "y", "w", *known}):
            error = unknown_name(f"parameter of the rule {raw.rule}", name, known)
            raise UnknownName(error.message, path=self.path, key="twin.drift")
        return Twin(raw.rule, drift)

    def word(self, key: str, word: str, allowed: Iterable[str]) -> str:
        """The word, if it is one of those allowed."""
        if word not in allowed:
            error = unknown_name(f"choice for {key.rpartition('.')[2]}", word, allowed)
            raise UnknownName(error.message, path=self.path, key=key)
        return word
