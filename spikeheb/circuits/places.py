"""Where in a circuit something is wrong: keys as a file has them, ``projections.ee.delay``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from spikeheb.errors import SpikehebError

TABLES = ("populations", "projections", "drives", "triggers", "phases", "probes")
HEAD = ("dt", "duration", "seed", "precision", "exact", "mirrored", "low_memory")
"""What stands above the tables."""
_TOP = re.compile(r"[^.\[]*")


def whole(place: str, key: str | None) -> str:
    """The whole key of what is wrong at a place: `key` itself where it begins with a table of a file, else that part of the place."""
    if key is None:
        return place
    return key if _TOP.match(key)[0] in (*TABLES, *HEAD) else f"{place}.{key}"  # type: ignore[index]  # it matches everything


def in_tables(key: str | None) -> bool:
    """Whether a key names a place in a table of a file."""
    return key is not None and _TOP.match(key)[0] in TABLES  # type: ignore[index]  # it matches everything


@contextmanager
def at(place: str) -> Iterator[None]:
    """Errors in a part of a circuit get their whole key; those that are about a file keep theirs."""
    try:
        yield
    except SpikehebError as error:
        if error.path is not None:
            raise
        raise type(error)(error.message, key=whole(place, error.key)) from None
