"""The reference of the rule format names every key that the reader takes, and its example is a rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spikeheb.cli.app import run
from spikeheb.expressions import gate
from spikeheb.rules import file, format_reference, read_rule
from spikeheb.rules.rule import BOUND_KINDS, COINCIDENCES, EVENTS, VERBS
from spikeheb.rules.trial import try_rule
from spikeheb.tables import ParameterTable, ReferenceTable

TEXT = format_reference()
TABLES = (file._RuleTable, file._Synapse, file._On, file._Set, ReferenceTable, ParameterTable)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_stands_in_the_reference(table: type) -> None:
    headings = {"synapse", "post", "on", "bounds", "interactions", "sets", "claims", "references", "parameters"}
    for key in table.__struct_fields__:
        if key in headings:
            assert re.search(rf"^## \[+{key}|`\[{key}\]`", TEXT, re.MULTILINE) or f"`{key}`" in TEXT, key
        else:
            assert f"`{key}`" in TEXT, key


def test_every_word_stands_in_the_reference() -> None:
    words = [*BOUND_KINDS, *COINCIDENCES, *EVENTS, *VERBS, *file.METHODS, "on_spike", "model", "initial", "of", "by", "w_min", "w_max"]
    words += ["F_plus", "F_minus", "mu_plus", "mu_minus", "amount", "xi"]
    for word in words:
        assert re.search(rf"\b{word}\b", TEXT), word
    for function in gate.FUNCTIONS:
        assert f"{function}(" in TEXT, function


def test_every_claim_of_the_library_stands_in_the_reference() -> None:
    for path in sorted((Path(__file__).parents[2] / "models" / "rules").glob("*.toml")):
        for claim in read_rule(path).claims:
            assert f"`{claim}`" in TEXT, f"{path.stem}: {claim}"


def test_the_example_is_a_rule(tmp_path: Path) -> None:
    section = TEXT.partition("## A short example")[2].partition("## Top of the file")[0]
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(line.removeprefix("    ") for line in section.splitlines()), encoding="utf-8")
    rule = read_rule(path)
    try_rule(rule)
    assert rule.name == "mine"


def test_show_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "format"]) == 0
    assert capsys.readouterr().out.strip() == TEXT
