"""No pattern tries every split of a long text: two repeats that follow each other never share a character."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import pytest

import spikeheb

CHARACTERS = string.printable + "\u00b5\u2212"
SHORT = {"spikeheb.units._QUANTITY", "spikeheb.expressions.gate._STATEMENT"}
"""Patterns of texts whose length is looked at before: a thousand characters at most."""


class Atom(NamedTuple):
    """A character, or one that is repeated."""

    characters: frozenset[str]
    endless: bool
    optional: bool


def paths(tokens: Any) -> list[list[Atom]]:
    """The ways through a pattern, as characters and repeats of characters in a row."""
    ways: list[list[Atom]] = [[]]
    for operation, argument in tokens:
        if operation is c.SUBPATTERN:
            next_ways = paths(argument[3])
        elif operation is c.BRANCH:
            next_ways = [way for branch in argument[1] for way in paths(branch)]
        elif operation in (c.MAX_REPEAT, c.MIN_REPEAT):
            next_ways = repeated(*argument)
        elif operation in (c.AT, c.ASSERT, c.ASSERT_NOT):
            continue
        elif operation in (c.POSSESSIVE_REPEAT, c.ATOMIC_GROUP):
            next_ways = [[Atom(frozenset(), False, False)]]  # gives nothing back
        else:
            next_ways = [[Atom(matched(operation, argument), False, False)]]
        ways = [way + more for way in ways for more in next_ways]
    return ways


def repeated(least: int, most: int, body: Any) -> list[list[Atom]]:
    ways, endless = paths(body), most is c.MAXREPEAT
    if all(len(way) == 1 for way in ways):
        return [[Atom(way[0].characters, endless, least == 0)] for way in ways]
    return ways + ([[]] if least == 0 else []) + ([way + way for way in ways] if endless else [])


def matched(operation: Any, argument: Any) -> frozenset[str]:
    pattern = parser.SubPattern(parser.State(), [(operation, argument)])
    compiled = importlib.import_module("re._compiler").compile(pattern)
    return frozenset(character for character in CHARACTERS if compiled.fullmatch(character))


def ambiguous(pattern: str, flags: int = 0) -> bool:
    """Whether a repeat can be followed by another of the same characters, with nothing between that must stand there."""
    for way in paths(parser.parse(pattern, flags)):
        for n, atom in enumerate(way):
            for after in way[n + 1 :] if atom.endless else ():
                if after.endless and atom.characters & after.characters:
                    return True
                if not after.optional:
                    break
    return False


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        (r"[0-9]+\.?[0-9]*", True), (r"[0-9]+(?:\.[0-9]*)?", False), (r"(.*?)\s*(?:\(x\))?", True), (r"\(\s*([^()]+?)\s*\)", True),
        (r"\(([^()]+)\)", False), (r"a[\t ,]+[0-9.,]+", True), (r"a[\t ,]++[0-9.,]+", False), (r"(?:x*y?)*", True),
        (r"[a-z]+ +[a-z]+", False),
    ],
)  # fmt: skip
def test_repeats_that_share_characters_are_seen(pattern: str, wrong: bool) -> None:
    assert ambiguous(pattern) is wrong


def test_no_pattern_of_the_program_has_such_repeats() -> None:
    seen, wrong = 0, set()
    for module in pkgutil.walk_packages(spikeheb.__path__, "spikeheb."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                seen += 1
                if ambiguous(value.pattern, value.flags & ~re.UNICODE):
                    wrong.add(f"{module.name}.{name}")
    assert seen > 30
    assert wrong == SHORT
