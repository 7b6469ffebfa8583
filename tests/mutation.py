"""Mutation testing of one folder: small faults are put into its code, and the tests that run the faulty line have to notice them.

``python tests/mutation.py spikeheb/theory --count 200 --seed 1 --out theory.txt`` draws 200 faults (`mutants.py`) and writes for each:
file, line, change, whether a test failed ("killed") and which; at the end the share killed. It needs ``pip install mutmut coverage``.

1. Every test file runs once, unchanged, in a process of its own, while coverage.py notes which test runs which line. Tests that fail, that
   are marked slow or that need more than 20 s are not used. OUT.jsonl keeps what was learnt: a second run repeats only what changed since.
2. A process that has imported the libraries forks a child for each mutant, in a private copy of the tree. The child runs the tests that
   reach the statement, fastest first, until one fails, or exceeds five times its usual CPU time plus 30 s. Before a test counts as failing,
   the same tests run once in the same order on the unchanged code, where it must pass.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import functools
import hashlib
import importlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest
from mutants import Mutant, drawn

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
LIBRARIES = """numpy scipy.special scipy.stats scipy.optimize scipy.linalg scipy.signal xarray h5netcdf matplotlib.pyplot hypothesis
msgspec typer.testing rich.console diptest neo brian2"""
TESTS = ["tests/theory", "tests/measure", "tests/rules", "tests/studies", "tests/plots", "tests/truth"]
LONGEST = 20.0
"""CPU seconds of a test; a longer one is not used."""
BUDGET = 30.0
"""CPU seconds that the tests of one mutant usually take together; slower tests are left out."""
FIRST = 25
"""So many of the fastest tests run before the others are even collected."""


class Plugin:
    """Runs chosen tests in their order; notes the CPU time of each, what failed and, with `measure`, the lines that each runs."""

    def __init__(self, now: Path, limits: dict[str, float] | None = None, measure: coverage.Coverage | None = None) -> None:
        self.now, self.limits, self.measure = now, limits, measure
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self.skipped: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = list(self.limits or ())
        items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order.index(item.nodeid)) if order else items

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.now.write_text(item.nodeid)
        self.note(item.nodeid)
        start = sum(os.times()[:4])
        signal.setitimer(signal.ITIMER_PROF, self.limits[item.nodeid] if self.limits else 2 * LONGEST)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.seconds[item.nodeid] = sum(os.times()[:4]) - start
            self.note("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[Any]:
        """What is set up for several tests is run by all tests of the file."""
        self.note("" if fixturedef.scope != "function" else self.now.read_text())
        try:
            return (yield)
        finally:
            self.note(self.now.read_text())

    def note(self, test: str) -> None:
        """From here on lines are run by a test; the caches of functions are emptied, so that it runs all that it needs."""
        if self.measure:
            self.measure.switch_context(test)
            values = [value for name, module in list(sys.modules.items()) if name.startswith("spikeheb") for value in vars(module).values()]
            for value in values:
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        (self.failed if report.failed else self.skipped if report.skipped else []).append(report.nodeid)


def session(tree: Path, arguments: Iterable[str], plugin: Plugin) -> int:
    sys.path.insert(0, str(tree))
    os.environ["PYTHONPATH"] = str(tree)
    os.chdir(tree)
    options = ["-o", "addopts=", "-p", "no:cacheprovider", "-m", "not slow", "--tb=short", "-q", "--rootdir", str(tree)]
    return int(pytest.main([*options, *arguments], plugins=[plugin]))


def forked(work: Callable[[], Any], tree: Path) -> Any:
    """What a function returns in a child process; None where the child was killed or stopped by an error."""
    answer, output = tree.with_suffix(".answer"), tree.with_suffix(".output").open("w+")
    answer.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        try:
            os.setsid()
            for stream in range(3):
                os.dup2(output.fileno(), stream)
            signal.alarm(900)
            answer.write_text(json.dumps(work()))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    output.close()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return json.loads(answer.read_text()) if answer.exists() else None


def unchanged(file: str, folder: str, tree: Path) -> dict[str, Any]:
    """Run a test file on the code as it is: CPU seconds of each test that passes, and the lines of the folder that each runs."""

    def work() -> dict[str, Any]:
        signal.signal(signal.SIGPROF, lambda *_: pytest.fail("too long"))
        measure = coverage.Coverage(data_file=None, config_file=False, include=[f"{tree}/{folder}/*"])
        plugin, lines = Plugin(tree.with_suffix(".now"), measure=measure), {}
        measure.start()
        session(tree, [file], plugin)
        measure.stop()
        for path in measure.get_data().measured_files():
            for line, contexts in measure.get_data().contexts_by_lineno(path).items():
                for context in contexts:
                    lines.setdefault(context, {}).setdefault(str(Path(path).relative_to(tree)), []).append(line)
        bad = {*plugin.failed, *plugin.skipped}
        return {"seconds": {name: s for name, s in plugin.seconds.items() if name not in bad and s < LONGEST}, "lines": lines}

    return forked(work, tree) or {"seconds": {}, "lines": {}, "state": ""}


def first_failure(tests: list[str], seconds: dict[str, float], tree: Path) -> str | None:
    """The first of the tests that fails; None where all pass."""
    now = tree.with_suffix(".now")
    now.write_text("import")

    def work() -> list[Any]:
        sys.dont_write_bytecode, os.environ["PYTHONDONTWRITEBYTECODE"] = True, "1"
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, 60)
        plugin = Plugin(now, {name: 30 + 5 * seconds[name] for name in tests})
        return [session(tree, ["-x", *dict.fromkeys(name.split("::")[0] for name in tests)], plugin), plugin.failed]

    status, failed = forked(work, tree) or [1, [f"{now.read_text()} (time-out)"]]
    return None if status == 0 else failed[0] if failed else "import"


def killer_of(mutant: Mutant, tests: list[str], seconds: dict[str, float], proven: set[tuple[str, ...]], tree: Path) -> str | None:
    """The test that notices a mutant and passes, after the same tests before it, on the unchanged code."""
    path = tree / mutant.file
    original = path.read_text(encoding="utf-8")
    for batch, usual in ((tests[:FIRST], tests[:FIRST]), (tests[FIRST:], [])):
        left = batch
        while left:
            path.write_text(mutant.text, encoding="utf-8")
            killer = first_failure(left, seconds, tree)
            path.write_text(original, encoding="utf-8")
            if killer is None:
                break
            name = killer.removesuffix(" (time-out)")
            before = tuple(left[: left.index(name) + 1] if name in left else left)
            if any(passing[: len(before)] == before for passing in proven):
                return killer
            again = [test for test in usual if test in left] or list(before)
            wrong = first_failure(again, seconds, tree)
            if wrong is None:
                proven.add(tuple(again))
                return killer
            left = [test for test in left if test != wrong.removesuffix(" (time-out)")] if wrong != "import" else []
    return None


def reaching(mutant: Mutant, maps: dict[str, Any], seconds: dict[str, float]) -> list[str]:
    """Tests that run the statement (outside functions: the file, then the folder), those that import it first, then the fastest."""
    direct, near, far = set[str](), set[str](), set[str]()
    for each in maps.values():
        for name, files in each["lines"].items():
            if not set(files.get(mutant.file, ())).isdisjoint(mutant.lines):
                direct |= {name} if name else set(each["seconds"])
            (near if name and mutant.file in files else far).add(name)
    groups = [direct] if mutant.lines else [near, far - near]
    module = mutant.file.removesuffix(".py").replace("/", ".")
    own = {file for file in maps if module in (ROOT / file).read_text(encoding="utf-8")}
    passing = [sorted(group & set(seconds), key=lambda name: (name.split("::")[0] not in own, seconds[name])) for group in groups]
    ordered = [name for group in passing for name in group]
    return [name for n, name in enumerate(ordered) if sum(seconds[each] for each in ordered[: n + 1]) <= BUDGET]


def in_parallel(tasks: list[Any], work: Callable[[Any, Path], dict[str, Any]], trees: list[Path], log: Path) -> None:
    """Hand tasks to one process for each tree; each answer becomes a line of the log."""
    following, workers = multiprocessing.Value("i", 0), []
    for tree in trees:
        worker = os.fork()
        workers.append(worker)
        while not worker:
            with following.get_lock():
                number, following.value = following.value, following.value + 1
            if number >= len(tasks):
                os._exit(0)
            line = json.dumps(work(tasks[number], tree))
            with log.open("a") as file:
                file.write(line + "\n")
            print(f"{number + 1}/{len(tasks)} {line[:150]}", file=sys.stderr)
    for worker in workers:
        if os.waitpid(worker, 0)[1]:
            raise SystemExit("a worker stopped; its error stands above, and another run goes on from here")


def read(log: Path, key: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return {line[key]: line for line in lines if key in line}


def hashed(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()


def report(mutants: list[Mutant], verdicts: dict[str, Any]) -> str:
    lines, killed = [], 0
    for mutant in mutants:
        verdict = verdicts[mutant.key]
        killed += bool(verdict["killed"])
        end = f"killed by {verdict['killed']}" if verdict["killed"] else f"SURVIVED {verdict['tests']} tests"
        lines.append(f"{mutant.file}:{mutant.line} {mutant.place}: {end}\n{mutant.change}\n")
    return "\n".join([*lines, f"killed {killed} of {len(mutants)}: {killed / max(len(mutants), 1):.1%}", ""])


def judged(mutants: list[Mutant], folder: str, files: list[str], trees: list[Path], log: Path) -> dict[str, Any]:
    """A verdict on each mutant; those of an earlier run stand where the test that killed is the same as then."""
    whole = hashed([*(ROOT / "spikeheb").rglob("*.py"), *(ROOT / "tests/oracles").rglob("*.py")])
    states = {"import": whole} | {file: hashed([ROOT / file]) + whole for file in files}
    known = {file: line for file, line in read(log, "file").items() if states.get(file) == line["state"]}
    missing = [file for file in files if file not in known]
    in_parallel(missing, lambda file, tree: {"file": file, "state": states[file]} | unchanged(file, folder, tree), trees, log)
    maps = {file: line for file, line in read(log, "file").items() if file in files}
    seconds, proven = {name: s for each in maps.values() for name, s in each["seconds"].items()}, set[tuple[str, ...]]()
    print(f"{len(seconds)} tests pass", file=sys.stderr)

    def verdict(mutant: Mutant, tree: Path) -> dict[str, Any]:
        tests = reaching(mutant, maps, seconds)
        killer = killer_of(mutant, tests, seconds, proven, tree)
        return {"key": mutant.key, "killed": killer, "state": states.get(str(killer).split("::")[0]), "tests": len(tests)}

    before = {key: line for key, line in read(log, "key").items() if line["killed"]}
    standing = {key for key, line in before.items() if line["state"] == states.get(line["killed"].split("::")[0])}
    in_parallel([mutant for mutant in mutants if mutant.key not in standing], verdict, trees, log)
    return read(log, "key")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="whose code is changed, for example spikeheb/theory")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="the report; OUT.jsonl beside it keeps what was learnt")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders or files of tests")
    options = parser.parse_args()
    folder, out = options.folder.resolve(), options.out.resolve()
    paths = [path for name in options.tests for path in sorted((ROOT / name).rglob("test_*.py")) or [ROOT / name]]
    mutants = drawn(folder, ROOT, options.count, options.seed)
    os.environ |= SETTINGS
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() not in (ROOT, ROOT / "tests")]
    for name in LIBRARIES.split():
        importlib.import_module(name)
    sys.modules["hypothesis"].settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    sys.modules["hypothesis"].settings.load_profile("mutation")
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        trees = [Path(scratch).resolve() / f"tree{n}" for n in range(options.jobs)]
        for tree in trees:
            shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", "__pycache__", ".venv", ".*_cache"))
            compileall.compile_dir(tree / "spikeheb", quiet=1)
        files = [str(path.relative_to(ROOT)) for path in paths]
        verdicts = judged(mutants, str(folder.relative_to(ROOT)), files, trees, Path(f"{out}.jsonl"))
    out.write_text(report(mutants, verdicts))
    print(out.read_text().splitlines()[-1])


if __name__ == "__main__":
    main()
