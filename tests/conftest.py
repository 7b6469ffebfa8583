"""Its folder becomes importable, so that a test may write ``from oracles import pair``."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import pytest
from recorded_files import saved


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless it is asked for."""
    if "SPIKEHEB_FULL" not in os.environ:
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(pytest.mark.skip(reason="takes minutes; set SPIKEHEB_FULL to run it"))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Brian2 collects garbage at every run: modules and tests, half a million objects that stay to the end, are not looked at again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def one_thread_of_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run side by side on all processors, so that the threads of a network would wait for each other."""
    monkeypatch.setattr("spikeheb.engines.kernel.network_parts.allowed", lambda: 1)


@pytest.fixture
def neo() -> Any:
    return pytest.importorskip("neo")


@pytest.fixture
def read_block(neo: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Read sweeps of a block as if Neo had found it in a file."""

    from spikeheb.recordings import read_sweeps

    def read(block: Any, **options: Any) -> Any:
        class Reader:
            def __init__(self, path: str) -> None:
                pass

            def read(self) -> list[Any]:
                print("chatter of the reader")
                return [block]

        monkeypatch.setattr(neo.io, "list_candidate_ios", lambda path: [Reader])
        return read_sweeps(saved(tmp_path, "", "a.nwb"), **{"pulse": 0.01, "first_after": 60, **options})

    return read
