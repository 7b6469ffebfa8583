"""Files that are hostile as a whole: bombs, bytes that are no text, paths that are no file, comments; and the canary would sing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from bait import CANARY, CELL, LIMIT, RULE, changed, refused, toml_file

from spikeheb.cells import read_cell
from spikeheb.errors import SpikehebError
from spikeheb.rules import read_rule


def with_model(lines: list[str]) -> dict[str, object]:
    return changed(RULE, ("synapse", "model"), [*RULE["synapse"]["model"], *lines])  # type: ignore[index]


CHAIN = [f"s{n + 1} = s{n}*s{n} + s{n} : 1" for n in range(50)]
BOMBS = {
    "subexpressions that double": with_model(["s0 = w : 1", *CHAIN]),
    "subexpressions that double, upside down": with_model([*reversed(CHAIN), "s0 = w : 1"]),
    "subexpressions that deepen": with_model(["s0 = w : 1", *(f"s{n + 1} = {'-(' * 30}s{n}{')' * 30} : 1" for n in range(30))]),
    "a circle": with_model(["p = q + 1 : 1", "q = p + 1 : 1"]),
    "a circle of one": with_model(["p = p + p : 1"]),
    "a power in two lines": with_model(["p = 9**9 : 1", "q = 9**p : 1"]),
    "a power in three lines": with_model(["p = 9**9 + w - w : 1", "q = p + 1 : 1", "r = 9**q : 1"]),
    "a tower in lines": with_model(["s0 = 9*w/w : 1", *(f"s{n + 1} = s{n}**16 : 1" for n in range(9))]),
    "an exponential of an exponential in two lines": with_model(["p = exp(1000000000000000) : 1", "q = exp(p) : 1"]),
    "a logarithm in two lines": with_model(["p = log(9) : 1", "q = exp(99999999*p) : 1"]),
    "a product of sums in two lines": with_model(["p = (w + x)**8 : 1", "q = p*p : 1"]),
    "a division by zero in two lines": with_model(["p = 1 - 1 : 1", "q = 1/p : 1"]),
    "a power in a handler": changed(with_model(["p = 9**9 : 1"]), ("on", 2, "do", 1), "y += 9**p"),
    "a power in the efficacy": changed(with_model(["p = 9**9 : 1"]), ("synapse", "efficacy"), "9**p"),
    "a power in F_plus": changed(with_model(["p = 9**9 : 1"]), ("bounds", "F_plus"), "9**p"),
    "a power in [post]": changed(RULE, ("post", "model"), ["du/dt = (v - u)/tau : volt", "z : 1", "p = 9**9 : 1", "q = 9**p : 1"]),
    "a power in a cell": changed(CELL, ("membrane", "model"), [*CELL["membrane"]["model"], "p = 9**9 : 1", "q = 9**p : 1"]),  # type: ignore[index]
    "sixty-one lines": with_model([f"p{n} : 1" for n in range(61)]),
    "many lines": with_model([f"p{n} : 1" for n in range(5000)]),
    "many handlers": {**RULE, "on": [RULE["on"][0]] * 5000},  # type: ignore[index]
    "many lines in a handler": changed(RULE, ("on", 2, "do"), ["y += 1"] * 5000),
    "many parameters": {**RULE, "parameters": {f"p{n}": {"value": 1, "doc": "", "source": "paper"} for n in range(5000)}},
    "many references and a wrong one": changed(
        {**RULE, "references": {"q" * 30 + str(n): {"doi": "", "place": ""} for n in range(99)}}, ("parameters", "tau", "source"), "q" * 28
    ),
    "many keys": {**RULE, **{f"key{n}": 1 for n in range(3000)}},
    "a long line": changed(RULE, ("on", 2, "do", 1), "y += " + "(w + x)*" * 4000 + "1"),
    "a large file": {**RULE, "doc": "x" * 200_000},
    "a second statement after a comment": changed(RULE, ("on", 2, "do", 1), "y += 1 # one\nx = 1"),
    "a dotted key of a thousand parts": {**RULE, "claims": {"raw": "1\n" + ".".join(["a"] * 1000) + " = 1"}},
    "tables in tables": {**RULE, "claims": {"raw": "{ a = " * 40 + "1" + " }" * 40}},
    "a name of a receptor in the rule": changed(RULE, ("synapse", "model", 3), "I_syn : 1"),
    "a limit read by a handler": changed(RULE, ("on", 2, "do", 1), "y += w_max"),
    "random numbers in a model": changed(RULE, ("synapse", "model", 2), "s = rand() : 1"),
    "random numbers in [post]": changed(RULE, ("post", "model"), ["du/dt = (v - u)*rand()/tau : volt", "z : 1"]),
    "noise in a handler": changed(RULE, ("on", 2, "do", 1), "y += xi"),
    "an initial value that reads a variable": changed(RULE, ("synapse", "initial", "w"), "x"),
    "a bare number for a time": changed(RULE, ("sets", "first", "values", "tau"), 20),
    "a bare number for a voltage": changed(CELL, ("spike", "shape", 0, "v"), 20),
    "a bare number for a refractory time": changed(CELL, ("spike", "refractory"), 2),
    "a data set outside": changed(RULE, ("sets", "first", "fitted_to", 0), "../../etc/passwd"),
    "a rule outside": {**RULE, "name": "../../x"},
}


@pytest.mark.parametrize("table", BOMBS.values(), ids=list(BOMBS))
def test_file_that_is_hostile_as_a_whole_is_refused(table: dict[str, object], folder: Path) -> None:
    assert refused(table, folder) == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbfschema = 1",
        b"schema = 1\x00",
        b"x" * 1_000_000,
        b"[" * 100_000,
        b"a=" + b"[" * 9000,
        b"= 1",
        b"a = {",
    ],
    ids=lambda raw: ascii(raw[:12]),
)
def test_bytes_that_are_no_rule_are_refused(raw: bytes, folder: Path) -> None:
    path = folder / "hostile.toml"
    path.write_bytes(raw)
    for read in (read_rule, read_cell):
        started = time.process_time()
        with pytest.raises(SpikehebError) as caught:
            read(path)
        assert time.process_time() - started < LIMIT
        assert str(caught.value).startswith(str(path)) and str(caught.value).isprintable()


def test_path_that_is_no_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.toml")
    for path in (
        folder / "pipe.toml",
        folder,
        folder / "missing.toml",
        Path("/dev/zero"),
        Path("a\0b"),
        Path("x" * 5000),
        Path("new\nline"),
    ):
        for read in (read_rule, read_cell):
            with pytest.raises(SpikehebError) as caught:
                read(path)
            assert str(caught.value).isprintable()


COMMENTS = ["# plain", "# ends in a backslash \\", "# ends in a trigraph ??/", "#", "# __import__('os') 9**9**9**9", "# \u0435\uff17"]


@pytest.mark.parametrize("comment", COMMENTS)
def test_comment_changes_nothing(comment: str, folder: Path) -> None:
    commented = changed(RULE, ("synapse", "model"), [f"{line} {comment}" for line in RULE["synapse"]["model"]])  # type: ignore[index]
    commented = changed(commented, ("on", 2, "do"), [f"{line} {comment}" for line in RULE["on"][2]["do"]])  # type: ignore[index]
    plain, path = folder / "plain.toml", folder / "commented.toml"
    plain.write_bytes(toml_file(RULE))
    path.write_bytes(toml_file(commented))
    assert read_rule(path).hash == read_rule(plain).hash


def test_canary_would_sing(folder: Path) -> None:
    """The watch sees code that runs, so that its silence means something."""
    CANARY.watching = "nothing"
    try:
        eval("canary()")
        (folder / "flown").touch()
    finally:
        CANARY.watching = None
    assert any(event.startswith("exec") for event in CANARY.seen)
    assert "canary()" in CANARY.seen
    assert any(event.startswith("open") for event in CANARY.seen)
    CANARY.seen.clear()
    (folder / "flown").unlink()
