"""What the lines of a log must say."""

from __future__ import annotations

from collections.abc import Sequence

from spikeheb.errors import FormatError
from spikeheb.studies.mystery.candidates import level_of
from spikeheb.studies.mystery.log import Record

FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "new": {"level": int, "attempt": int, "signed": bool, "version": str, "mark": str},
    "do": {
        "number": int, "protocol": str, "parameters": dict, "cells": int, "start": (int, float), "baseline": (int, float),
        "follow_up": (int, float), "cost": int, "left": int, "results": list,
    },
    "answer": {"probabilities": dict, "parameters": dict},
}  # fmt: skip
"""What each kind of record must have."""


def check_records(records: Sequence[Record], where: str) -> None:
    """Refuse a log whose lines are not what the commands write.

    Raises
    ------
    FormatError
    """
    for n, record in enumerate(records, 1):
        kind = str(record.get("kind"))
        fields = FIELDS.get(kind)
        known = fields is not None and all(isinstance(record.get(name), types) for name, types in fields.items())
        in_order = (kind == "new") == (n == 1) and (kind != "answer" or n == len(records))
        if not known or not in_order:
            raise FormatError("is not what spikeheb mystery writes here", path=where, key=f"line {n}")
    first = records[0]
    level_of(first["level"])
    owner: dict[str, type] = {"student": str, "assignment": str} if first["signed"] else {"seed": int}
    for name, type_of_value in owner.items():
        if not isinstance(first.get(name), type_of_value):
            raise FormatError(f"has no {name}", path=where, key="line 1")
