"""A folder in which nothing may run."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest
from bait import CANARY, CELL, RULE, attempt, changed, toml_file

from spikeheb.cells import read_cell
from spikeheb.rules import read_rule


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in; when the test is over nothing may have run."""
    monkeypatch.setattr(builtins, "canary", lambda *_: CANARY.seen.append("canary()"), raising=False)
    monkeypatch.chdir(tmp_path)
    CANARY.seen.clear()
    for table, read in ((RULE, read_rule), (CELL, read_cell)):
        path = tmp_path / "warm.toml"
        path.write_bytes(toml_file(table))
        read(path)
    for table in (changed(RULE, ("synapse", "odd"), 1), changed(CELL, ("spike", "shape", 0, "odd"), 1)):
        attempt(table, tmp_path)
    CANARY.seen.clear()
    yield tmp_path
    assert CANARY.seen == []
    assert not (tmp_path / "flown").exists()
