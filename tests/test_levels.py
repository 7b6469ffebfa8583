"""TOML that is nested too deep is refused before it is read, and nothing else is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeheb import tables
from spikeheb.cells import read_cell
from spikeheb.circuits.files import read_circuit
from spikeheb.errors import FormatError
from spikeheb.limits import LEVELS, check_levels
from spikeheb.rules import read_rule

MANY = 19_000
DEEP = {
    "a dotted key": "title = 'a'\na" + ".a" * MANY + " = 1\n",
    "a dotted key with spaces": "title = 'a'\na" + " .\ta" * (MANY // 3) + " = 1\n",
    "a dotted key in quotation marks": "\n" + '"a".' * (MANY // 3) + "'b' = 1\n",
    "a table": "\n[a" + ".a" * MANY + "]\n",
    "an entry of a list of tables": "\n[[a" + ".a" * MANY + "]]\n",
    "a key inside a table": "\nx = { a" + ".a" * MANY + " = 1 }\n",
    "lists": "\na = " + "[" * MANY + "]" * MANY,
    "lists that do not end": "\na = " + "[" * MANY,
    "tables in tables": "\na = " + "{ a = " * (MANY // 3),
    "after a text of several lines": 'a = """x\\"""" # "\na' + ".a" * MANY + " = 1\n",
}


@pytest.mark.parametrize("read", [read_rule, read_cell, read_circuit])
@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_refused_before_it_is_read(name: str, read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.tomllib, "loads", lambda text: pytest.fail("the text is read"))
    path = tmp_path / "mine.toml"
    path.write_text(DEEP[name], encoding="utf-8")
    with pytest.raises(FormatError) as refused:
        read(path)
    words = "line 2: tables and lists more than 7 deep, or a key of more than 7 parts; use fewer levels"
    assert str(refused.value) == f"{path}: {words}"


FLAT = {
    "points in a text": 'a = "......... [[[[[[[[[ {{{{{{{{{"',
    "points in a literal text": "a = '......... [[[[[[[[['",
    "points in a comment": "a = 1 # ......... [[[[[[[[[ \" ' \nb = 2",
    "points in a text of several lines": 'a = """\n....."......""\n\\""" [[[[[[[[[[[\n"""""',
    "points in a literal text of several lines": "a = '''\n.....'......''\n [[[[[[[[[[[\n'''''",
    "a backslash at the end of a literal text": "a = 'c:\\'\nb = '.........'",
    "a quotation mark in a text": 'a = "x\\"........."\nb = "\\\\"\nc = "........."',
    "many numbers": "a = [" + "1.5, " * 20 + "]",
    "many numbers on lines": "".join(f"a{n} = 1.5\n" for n in range(20)),
    "many lists": "a = [" + "[], " * 20 + "]",
    "a table of a name with points": '["a.b.c.d.e.f.g.h.i"]\n"a.b.c.d.e.f.g.h.i" = 1',
    "as deep as may be": "a.b.c.d.e.f.g = 1\n[h.i.j.k.l.m]\nx = 1",
}


@pytest.mark.parametrize("name", FLAT)
def test_points_and_brackets_in_text_are_no_levels(name: str) -> None:
    tomllib.loads(FLAT[name])
    check_levels(FLAT[name], "mine.toml")


PIECES = [*"ab. =\n[]{},\"'\\#", '"""', "'''", "1.5", '"x.y"', "'.['", "a = 1\n", "[[a]]\n"]
pieces = st.sampled_from(PIECES)


def depth(value: object) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((1 + depth(each) for each in inside), default=0)


@given(text=st.lists(pieces, max_size=40).map("".join) | st.lists(pieces, max_size=12).map(lambda p: "a = " + "".join(p)))
@settings(max_examples=1500, deadline=None)
def test_what_is_read_in_full_has_few_levels_and_what_is_flat_is_read(text: str) -> None:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    try:
        check_levels(text, "mine.toml")
    except FormatError:
        assert depth(content) > LEVELS or "[" * (LEVELS + 1) in text.replace(" ", "").replace("\n", "")
