"""The compiler that is found works; one that does not is not used."""

import ctypes

import pytest

from spikeheb.engines import cache, compiler
from spikeheb.errors import BuildError


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKEHEB_CACHE", str(tmp_path / "cache"))
    compiler.compiler.cache_clear()
    yield
    compiler.compiler.cache_clear()


def found():
    chosen = compiler.compiler()
    if chosen is None:
        pytest.skip("no C++ compiler here")
    return chosen


def test_cxx_that_does_not_exist_means_none(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert compiler.compiler() is None


def test_cxx_that_fails_means_none(monkeypatch, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    assert compiler.compiler() is None


def test_probe_is_kept(monkeypatch):
    first = found()
    assert [entry.kind for entry in cache.entries()] == ["compiler"]
    compiler.compiler.cache_clear()
    monkeypatch.setattr(compiler, "probe", None)
    assert compiler.compiler() == first


def test_builds_code_that_keeps_nan(tmp_path):
    source = tmp_path / "nan.cpp"
    source.write_text('#include <cmath>\nextern "C" int is_nan(double x) { return std::isnan(x); }\n')
    library = tmp_path / f"nan{compiler.SUFFIX}"
    found().build(source, library)
    is_nan = ctypes.CDLL(str(library)).is_nan
    is_nan.argtypes = [ctypes.c_double]
    assert is_nan(float("nan")) == 1
    assert is_nan(1.0) == 0


def test_complaint_is_one_line(tmp_path):
    source = tmp_path / "wrong.cpp"
    source.write_text("int main( {\n")
    with pytest.raises(BuildError, match=r"wrong\.cpp:1:\d+: error") as caught:
        found().build(source, tmp_path / "wrong.so")
    assert "\n" not in str(caught.value)
