"""The compiler of the wheel comes last, keeps its caches where they belong, and computes what the others compute."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_wheel import fake_wheel
from jobs import lanes, random_trains, rule

from spikeheb.cells import read_cell
from spikeheb.engines import cache, cache_folder, choice, compiler, zig
from spikeheb.engines.brian import runtime, standalone
from spikeheb.engines.kernel import numpy_lanes, runner
from spikeheb.engines.kernel.build import build
from spikeheb.errors import BuildError, EngineError, StorageError
from spikeheb.program.analysis import analyse

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts")

LIBRARY = Path(__file__).parents[2] / "models"
TALE = """#!/bin/sh
case "$*" in
  version) echo 9.8.7; exit ;;
  *--version*) echo clang version 99; exit ;;
esac
env | grep ZIG_ | sort >> "{log}"
echo "$*" >> "{log}"
touch "$ZIG_LOCAL_CACHE_DIR/object.o" "$ZIG_GLOBAL_CACHE_DIR/library.a"
while [ $# -gt 0 ]; do [ "$1" = -o ] && echo library > "$2"; shift; done
"""


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A machine without compilers, wheel and cache."""
    monkeypatch.setenv("SPIKEHEB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(zig, "WHEEL", "a_wheel_that_nobody_has")
    compiler.compiler.cache_clear()
    yield
    compiler.compiler.cache_clear()


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """Installs a fake wheel and gives the folder of its package; what it is called with stands in ``log``."""

    def install() -> Path:
        tools = f'PATH="{os.defpath}"; export PATH\n'
        site = fake_wheel(tmp_path, TALE.format(log=tmp_path / "log").replace("\n", f"\n{tools}", 1))
        monkeypatch.setattr(zig, "WHEEL", "ziglang")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
        return site / "ziglang"

    return install


def programs(tmp_path, *names):
    for name in names:
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)


@pytest.mark.parametrize(
    ("given", "there", "broken", "installed", "chosen"),
    [
        ("mine", "mine g++", "", True, "mine"),
        ("mine -m64", "mine g++", "", True, "mine"),
        ("mine", "mine g++", "mine", True, None),
        ("mine", "g++", "", True, None),
        ("", "g++ c++ clang++", "", True, "g++"),
        ("", "c++ clang++", "", True, "c++"),
        ("", "clang++", "", True, "clang++"),
        ("", "g++ clang++", "g++", True, "clang++"),
        ("", "g++ c++ clang++", "g++ c++ clang++", True, "ziglang"),
        ("", "", "", True, "ziglang"),
        ("", "", "", False, None),
        ("", "", "ziglang", True, None),
    ],
)
def test_the_order(tmp_path, monkeypatch, wheel, given, there, broken, installed, chosen):
    programs(tmp_path, *there.split())
    monkeypatch.setenv("CXX", given)
    if installed:
        wheel()

    def name(command):
        return "ziglang" if zig.is_called_by(command) else Path(command[0]).name

    def probe(command, cpu):
        return None if name(command) in broken.split() else compiler.Compiler(command, "1", (), cpu)

    monkeypatch.setattr(compiler, "probe", probe)
    working = compiler.compiler()
    assert (None if working is None else name(working.command)) == chosen
    of_system = compiler.compiler_of_system()
    assert (None if of_system is None else name(of_system.command)) == (None if chosen == "ziglang" else chosen)


def test_it_is_called_by_this_python_with_flags_of_its_own(tmp_path, wheel):
    wheel()
    chosen = compiler.compiler()
    assert chosen.command == (sys.executable, "-P", "-m", "ziglang", "c++")
    assert chosen.version == "ziglang 9.8.7, clang version 99"
    assert {"-O3", "-ffp-contract=off", "-fno-sanitize=undefined", "-march=native"} <= set(chosen.flags)
    assert "ziglang 9.8.7" in chosen.identity
    assert "-fno-sanitize=undefined" not in compiler._flags(("g++",))


def test_its_caches_stand_in_the_build_cache_and_beside_the_library(tmp_path, wheel, capfd):
    wheel()
    (tmp_path / "x.cpp").write_text("")
    place = tmp_path / "place"
    place.mkdir()
    compiler.compiler().build(tmp_path / "x.cpp", place / "x.so")
    shared, own, _ = (tmp_path / "log").read_text().splitlines()[-3:]
    assert shared == f"ZIG_GLOBAL_CACHE_DIR={cache_folder.root() / '.zig'}"
    assert own.startswith(f"ZIG_LOCAL_CACHE_DIR={place}{os.sep}")
    assert [path.name for path in place.iterdir()] == ["x.so"]
    assert (cache_folder.root() / ".zig").stat().st_mode & 0o077 == 0
    assert "ziglang builds its C++ library" in capfd.readouterr().err


def test_all_calls_of_the_probe_say_where_the_caches_are(tmp_path, wheel, monkeypatch):
    """A call that does not would leave a cache in the user's home."""
    environments = []
    plain = compiler.children.call

    def call(arguments, **options):
        environments.append(options.get("environment", {}))
        return plain(arguments, **options)

    monkeypatch.setattr(compiler.children, "call", call)
    wheel()
    assert compiler.compiler() is not None
    assert len(environments) == 3
    assert all({"ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"} <= set(each) for each in environments)


def test_the_cache_lists_and_clears_what_it_keeps(wheel):
    wheel()
    assert compiler.compiler() is not None
    assert [entry.kind for entry in cache.entries()] == ["compiler", "zig"]
    assert cache.verify() == []
    assert [entry.kind for entry in cache.clear("zig")] == ["zig"]
    assert [entry.kind for entry in cache.entries()] == ["compiler"]
    assert not (cache_folder.root() / ".zig").exists()


def test_another_version_of_the_wheel_is_probed_anew(wheel):
    program = wheel() / "zig"
    first = compiler.compiler()
    program.write_text(program.read_text().replace("9.8.7", "9.8.71"))
    compiler.compiler.cache_clear()
    assert compiler.compiler().version.startswith("ziglang 9.8.71,")
    assert compiler.compiler().identity != first.identity


def test_a_file_of_that_name_in_the_working_directory_is_not_run(tmp_path, wheel):
    wheel()
    (tmp_path / "ziglang.py").write_text("raise SystemExit('run')\n")
    done = subprocess.run([*zig.command(), "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "clang version 99\n")


@pytest.mark.parametrize("content", ["", "a file"], ids=["a package without a program", "a module"])
def test_something_else_of_that_name_is_no_compiler(tmp_path, monkeypatch, content):
    monkeypatch.setattr(zig, "WHEEL", "ziglang")
    monkeypatch.syspath_prepend(str(tmp_path))
    if content:
        (tmp_path / "ziglang.py").write_text("")
    else:
        (tmp_path / "ziglang").mkdir()
        (tmp_path / "ziglang" / "__init__.py").write_text("")
    assert zig.command() is None
    assert compiler.compiler() is None


def test_a_cache_that_cannot_be_written_is_no_missing_compiler(wheel, monkeypatch):
    wheel()

    def full(name):
        raise StorageError("the build cache cannot be written")

    monkeypatch.setattr(cache_folder, "shelf", full)
    with pytest.raises(StorageError, match="cannot be written"):
        compiler.compiler()


def test_a_failure_names_the_wheel(tmp_path, wheel):
    program = wheel() / "zig"
    chosen = compiler.compiler()
    program.write_text("#!/bin/sh\necho 'x.cpp:1:1: error: no' >&2\nexit 1\n")
    with pytest.raises(BuildError, match=r"ziglang failed: x\.cpp:1:1: error: no"):
        chosen.build(tmp_path / "x.cpp", tmp_path / "x.so")


# --- what is said where there is none ------------------------------------------------------------------------------------


def job_with_cell(name="pair"):
    return lanes(rule(name), [[0.01]], [[0.02]], cell=read_cell(LIBRARY / "cells" / "l5_pyramidal.toml"))


def test_a_note_names_the_extra():
    note = runner.run(lanes(rule("pair"), [[0.01]], [[0.02]])).engine["note"]
    assert note.endswith('pip install "spikeheb[compiler]" brings one')
    assert choice._against_kernel(job_with_cell()).endswith('pip install "spikeheb[compiler]" brings one')


def test_where_cxx_is_wrong_the_note_names_cxx(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    note = runner.run(lanes(rule("pair"), [[0.01]], [[0.02]])).engine["note"]
    assert 'CXX names "no-such-compiler", which does not work' in note
    assert "pip" not in note


def test_an_error_names_the_extra():
    import spikeheb as sh

    with pytest.raises(EngineError, match=r"spikeheb\[compiler\]"):
        sh.weights("pair", "l5_pyramidal", sh.poisson_inputs(5, "40 Hz"), "50 ms", 1, engine="kernel", normalise="divisive")


def test_the_extra_is_there():
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert [requirement.partition(">=")[0] for requirement in project["optional-dependencies"]["compiler"]] == ["ziglang"]


def test_brian_does_without_the_wheel(wheel):
    """Brian2 calls the system's compiler itself, and there is none."""
    wheel()
    assert compiler.compiler() is not None
    job = lanes(rule("pair"), [[0.01]], [[0.02]])
    assert "that Brian2 can use" in runtime.run(job, "cython").engine["note"]
    assert "that Brian2 can use" in choice.carry_out(job, "brian:standalone").engine["note"]
    with pytest.raises(BuildError, match="that Brian2 can use"):
        standalone.run(job)


# --- the real one --------------------------------------------------------------------------------------------------------


@pytest.fixture
def real(alone, monkeypatch):
    """The wheel's compiler, with the user's own cache, so that its C++ library is built once on a machine."""
    monkeypatch.undo()
    if zig.command() is None:
        pytest.skip("the wheel ziglang is not installed")
    working = compiler.probe(zig.command(), compiler.processor())
    assert working is not None
    return working


@pytest.mark.slow
def test_a_kernel_of_the_wheel_computes_the_same(real):
    pre, post = random_trains(np.random.default_rng(5), 4, duration=0.5)
    for name, cell in (("triplet", None), ("pair", "l5_pyramidal"), ("clopath", "l5_clopath")):
        body = None if cell is None else read_cell(LIBRARY / "cells" / f"{cell}.toml")
        job = lanes(rule(name), pre, post, cell=body, samples=np.arange(0, 5000, 500))
        program = analyse(job.rule, job.cell, job.dt, receptor=job.plastic.receptor)
        a = runner.Lanes(job, program, build(program, real), real).to_end()
        b = numpy_lanes.run(job, program)
        assert a.engine["compiler"].startswith("ziglang ")
        assert np.ptp(a.weight) > 0
        np.testing.assert_allclose(a.weight, b.weight, rtol=0, atol=1e-12 + 4 * np.finfo(float).eps * 0.5 / 0.005)
        assert all(np.array_equal(x, y) for x, y in zip(a.spikes, b.spikes, strict=True))


@pytest.mark.slow
def test_the_wheel_honours_the_flags(real, tmp_path):
    """No product is fused with a sum, NaN stays, and what is undefined does not stop the program."""
    source = tmp_path / "flags.cpp"
    source.write_text(
        '#include <cmath>\nextern "C" double fused(double a, double b, double c) { return a * b + c; }\n'
        'extern "C" int is_nan(double x) { return std::isnan(x); }\n'
        'extern "C" int overflow(int a, int n) { return (a << n) + a; }\n'
    )
    library = tmp_path / f"flags{compiler.SUFFIX}"
    real.build(source, library)
    loaded = ctypes.CDLL(str(library))
    loaded.fused.restype, loaded.fused.argtypes = ctypes.c_double, [ctypes.c_double] * 3
    loaded.is_nan.argtypes = [ctypes.c_double]
    x = 1.0 + 2.0**-30
    assert loaded.fused(x, x, -(x * x)) == 0.0
    assert (loaded.is_nan(float("nan")), loaded.is_nan(1.0)) == (1, 0)
    loaded.overflow(2**31 - 1, 33)
    assert b"ubsan" not in library.read_bytes()
