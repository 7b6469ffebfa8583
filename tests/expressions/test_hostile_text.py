"""No text of a rule or cell file runs, hangs or passes: every payload at every place where a file carries text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bait import LIMIT, Steps, attempt, changed, refused, renamed
from payloads import PAYLOADS, VALUES
from places import EXPRESSIONS, KEYS, MEANT, PROSE, WORDS, Place, as_is

from spikeheb.errors import ExpressionError
from spikeheb.expressions.gate import parse_expression


def loaded(payload: str) -> str:
    return payload.replace("CANARY", "__import__('pathlib').Path('flown').touch()")


def test_payload_at_the_gate_itself_is_refused(folder: Path) -> None:
    passed = set()
    for payload in map(loaded, PAYLOADS):
        started = time.process_time()
        try:
            parse_expression(payload)
            passed.add(payload)
        except ExpressionError:
            pass
        assert time.process_time() - started < LIMIT
    assert passed == {"inf/nan", "nan + inf"}  # names that no file may declare, so undeclared ones


def wrongly_read(place: Place, payloads: list[str], folder: Path) -> dict[str, str]:
    label, table, steps, wrap = place
    messages = {payload: refused(changed(table, steps, wrap(loaded(payload))), folder) for payload in payloads}
    return {payload: what for payload, what in messages.items() if what and (label, payload) not in MEANT}


@pytest.mark.parametrize("place", EXPRESSIONS, ids=[place for place, *_ in EXPRESSIONS])
def test_payload_where_an_expression_belongs_is_refused(place: Place, folder: Path) -> None:
    offset = EXPRESSIONS.index(place) % 2
    assert wrongly_read(place, PAYLOADS[offset::2], folder) == {}


@pytest.mark.parametrize("place", WORDS, ids=[place for place, *_ in WORDS])
def test_payload_where_a_word_or_a_quantity_belongs_is_refused(place: Place, folder: Path) -> None:
    offset = WORDS.index(place) % 3
    assert wrongly_read(place, PAYLOADS[offset::3], folder) == {}


@pytest.mark.parametrize(("place", "table", "steps"), KEYS, ids=[place for place, *_ in KEYS])
def test_payload_as_a_name_is_refused(place: str, table: dict[str, object], steps: Steps, folder: Path) -> None:
    free = place in ("claim name", "rule reference key")
    offset = [label for label, *_ in KEYS].index(place) % 3
    names = [payload for payload in PAYLOADS[offset::3] if not (free and payload.isidentifier())]
    messages = {payload: refused(renamed(table, steps, loaded(payload)), folder) for payload in names}
    assert {payload: what for payload, what in messages.items() if what} == {}


@pytest.mark.parametrize(("place", "table", "steps"), PROSE, ids=[place for place, *_ in PROSE])
def test_payload_in_prose_stays_prose(place: str, table: dict[str, object], steps: Steps, folder: Path) -> None:
    for payload in map(loaded, PAYLOADS[::2]):
        error, taken = attempt(changed(table, steps, payload), folder)
        assert taken < LIMIT
        odd = [c for c in payload if not c.isprintable() and (c not in "\n\t" or place.endswith("title"))]
        assert bool(error) == (bool(odd) or len(payload) > (200 if place.endswith("title") else 4000)), (place, payload)


@pytest.mark.parametrize(
    ("place", "table", "steps"),
    [(place, table, steps) for place, table, steps, wrap in EXPRESSIONS + WORDS if wrap is as_is and "model" not in steps] + PROSE,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_value_of_another_type_is_refused(place: str, table: dict[str, object], steps: Steps, folder: Path) -> None:
    messages = {str(value)[:40]: refused(changed(table, steps, value), folder) for value in VALUES if (place, value) != ("claim", True)}
    assert {value: what for value, what in messages.items() if what} == {}
