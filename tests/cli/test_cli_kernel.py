"""What was built, and what was generated."""

from __future__ import annotations

import pytest

from spikeheb.engines import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKEHEB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def built(key, kind="kernel"):
    return cache.fetch(kind, key, lambda folder: (folder / "library.so").write_bytes(b"x" * 2000))


def test_cache_lists_what_was_built(spikeheb):
    built("one")
    built("two", "brian-standalone")
    done = spikeheb("cache")
    assert done.code == 0
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[:2] for row in rows] == [["kind", "key"], ["brian-standalone", "two"], ["kernel", "one"]]
    assert rows[1][2].endswith("kB")
    assert rows[1][4] == "whole"


def test_verify_tells_what_is_damaged(spikeheb):
    (built("one") / "library.so").write_bytes(b"cut")
    built("two")
    done = spikeheb("cache", "--verify")
    assert done.code == 1
    assert [line.split("\t")[1] for line in done.out.splitlines()[1:]] == ["one"]


def test_clear_removes_one_kind_or_all(spikeheb):
    built("one")
    built("two", "brian-standalone")
    assert spikeheb("cache", "--clear", "--kind", "kernel").code == 0
    assert [entry.key for entry in cache.entries()] == ["two"]
    assert "no kind of entry" in spikeheb("cache", "--clear", "--kind", "kernl").refusal
    assert spikeheb("cache", "--clear").code == 0
    assert cache.entries() == []


def test_show_kernel_prints_the_analysis_and_the_source(spikeheb):
    done = spikeheb("show", "triplet:visual_cortex_all_min", "--kernel", "--cell", "ca1_pyramidal")
    assert done.code == 0
    assert "r1: solved exactly between events; presynaptic spikes alone move it" in done.out
    assert "// efficacy = w" in done.out
    assert "dv/dt" in done.out


def test_a_cell_has_no_kernel_of_its_own(spikeheb):
    assert "only a rule has a kernel" in spikeheb("show", "ca1_pyramidal", "--kernel").refusal
