"""What the lines of a log must say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from spikeheb.errors import FormatError
from spikeheb.studies.mystery.candidates import level_of
from spikeheb.studies.mystery.log import Record

Whole = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class New(msgspec.Struct, tag_field="kind", tag="new", forbid_unknown_fields=True):
    """The first line."""

    schema: int
    version: str
    level: int
    attempt: Whole
    signed: bool
    mark: str
    seed: Whole | None = None
    student: str | None = None
    assignment: str | None = None


class Measurements(msgspec.Struct, forbid_unknown_fields=True):
    """The cells of one condition: EPSPs before and after in mV, null where the cell was lost."""

    condition: str
    cells: list[tuple[Positive, Positive | None]]


class Do(msgspec.Struct, tag_field="kind", tag="do", forbid_unknown_fields=True):
    """An experiment."""

    number: Whole
    protocol: str
    parameters: dict[str, str]
    condition: Annotated[int, msgspec.Meta(ge=1)] | None
    cells: Annotated[int, msgspec.Meta(ge=1)]
    start: Positive
    baseline: Positive
    follow_up: Positive
    predict: tuple[float, float] | None
    cost: Whole
    left: int
    results: list[Measurements]


class Answer(msgspec.Struct, tag_field="kind", tag="answer", forbid_unknown_fields=True):
    """The last line."""

    probabilities: dict[str, Share]
    parameters: dict[str, float]


def check_records(records: Sequence[Record], where: str) -> None:
    """Refuse a log whose lines are not what the commands write.

    Raises
    ------
    FormatError
    """
    for n, record in enumerate(records, 1):
        kind = record.get("kind")
        if (kind == "new") != (n == 1) or (kind == "answer" and n != len(records)):
            raise FormatError("is not in the order in which spikeheb mystery writes", path=where, key=f"line {n}")
        try:
            msgspec.convert(record, New | Do | Answer)
        except msgspec.ValidationError as error:
            raise FormatError(f"is not what spikeheb mystery writes ({error})", path=where, key=f"line {n}") from None
    first = records[0]
    level = level_of(first["level"])
    for name in ("student", "assignment") if first["signed"] else ("seed",):
        if first.get(name) is None:
            raise FormatError(f"has no {name}", path=where, key="line 1")
    if records[-1]["kind"] == "answer" and set(records[-1]["probabilities"]) != set(level.answers):
        raise FormatError("names other rules than those of its level", path=where, key=f"line {len(records)}")
