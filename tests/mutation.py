"""Mutation testing of one folder: small faults are put into its code, and the tests that run the faulty line have to notice them.

``python tests/mutation.py spikeheb/theory --count 200 --seed 1 --out theory.txt`` draws 200 faults ("mutants") and writes for each: file,
line, change, whether a test failed ("killed") and which; at the end the share killed. It needs ``pip install mutmut coverage``.

1. Every test file runs once, unchanged, in a process of its own, while coverage.py notes which test runs which line. Tests that fail, or
   that need more than 20 s, are not used. What was learnt stands in OUT.jsonl: a second run repeats only what changed since.
2. The mutants are those of mutmut, without texts: string literals, messages, annotations, decorators, ``raise`` statements, ``__repr__``,
   default arguments of private functions, and the keywords ``dtype`` and ``strict``. A mutant is drawn by a hash of the seed and of its
   own statement, so that the same mutants are drawn after a change elsewhere.
3. A process that has imported the libraries forks a child for each mutant, in a private copy of the tree. The child runs the tests that
   reach the statement, fastest first, until one fails, or exceeds five times its usual CPU time plus 10 s. Before a test counts as failing,
   the same tests run once in the same order on the unchanged code, where it must pass.
"""

from __future__ import annotations

import argparse
import difflib
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
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
ROOT = Path(__file__).parents[1]
sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() not in (ROOT, ROOT / "tests")]

import coverage  # noqa: E402
import libcst as cst  # noqa: E402
import pytest  # noqa: E402
from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: E402
from mutmut.mutation import mutators  # noqa: E402

LIBRARIES = """numpy scipy.special scipy.stats scipy.optimize scipy.linalg scipy.signal xarray h5netcdf matplotlib.pyplot hypothesis
msgspec typer.testing rich.console diptest neo brian2"""
FOLDERS = ["tests/theory", "tests/measure", "tests/rules", "tests/studies", "tests/plots", "tests/truth"]
LONGEST = 20.0
"""CPU seconds of a test; a longer one is not used."""
BUDGET = 90.0
"""CPU seconds that the tests of one mutant usually take together; slower tests are left out."""
FIRST = 25
"""So many of the fastest tests run before the others are even collected."""
TEXTS = (cst.FormattedString, cst.ConcatenatedString, cst.SimpleString)
SKIPPED = (cst.Annotation, cst.Decorator, cst.Raise, cst.Import, cst.ImportFrom, *TEXTS)


# --- mutants -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """A change of one statement: its file, the lines of the statement (none outside functions), and the whole text of the file after it."""

    file: str
    line: int
    lines: range
    place: str
    key: str
    change: str
    text: str


class Collector(cst.CSTVisitor):
    """Gathers pairs of a node and what mutmut puts in its place."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.statements: list[cst.CSTNode] = []
        self.pairs: list[tuple[cst.CSTNode, cst.CSTNode, str, cst.CSTNode, bool]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, SKIPPED) or self.is_text(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self.names.append(node.name.value)
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            self.statements.append(node)
        for kind, operator in mutators.mutation_operators:
            if isinstance(node, kind) and self.statements:
                for other in operator(node):
                    if not (isinstance(node, cst.Call) and isinstance(other, cst.Call) and arguments(node) == arguments(other)):
                        header = isinstance(self.statements[-1], cst.FunctionDef | cst.ClassDef)
                        inside = bool(self.names) and self.names[-1] != "" and not header and self.in_function()
                        self.pairs.append((node, other, ".".join(self.names), self.statements[-1], inside))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, SKIPPED) or self.is_text(original_node):
            return
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self.names.pop()
        if self.statements and self.statements[-1] is original_node:
            self.statements.pop()

    def in_function(self) -> bool:
        return any(isinstance(statement, cst.FunctionDef) for statement in self.statements)

    def is_text(self, node: cst.CSTNode) -> bool:
        """Whether a node holds nothing that a test should notice."""
        if isinstance(node, cst.FunctionDef):
            return node.name.value in ("__repr__", "__str__")
        if isinstance(node, cst.Parameters):
            return bool(self.names) and self.names[-1].startswith("_")
        if isinstance(node, cst.If):
            return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
        if isinstance(node, cst.Assign | cst.AnnAssign):
            alias = isinstance(node.value, cst.Subscript) and not self.names
            return alias or isinstance(node.value, TEXTS)
        return isinstance(node, cst.Arg) and is_idle(node)


def is_idle(argument: cst.Arg) -> bool:
    """Whether an argument is a text made of parts, or a keyword that only states what holds anyway."""
    named = argument.keyword is not None and argument.keyword.value in ("dtype", "strict")
    return named or isinstance(argument.value, cst.FormattedString | cst.ConcatenatedString)


def arguments(call: cst.Call) -> list[str]:
    return [code(call.func), *(code(argument.value) for argument in call.args if not is_idle(argument) and code(argument.value) != "")]


def code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def mutants_of(path: Path, tree: Path, seed: int) -> Iterator[tuple[str, Callable[[], Mutant | None]]]:
    """The hash of every mutant of a file, and what makes it."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
    collector, file = Collector(), str(path.relative_to(tree))
    wrapper.visit(collector)
    positions, again = wrapper.resolve(PositionProvider), Counter[str]()
    for old, new, place, statement, inside in collector.pairs:
        header = code(statement).strip().split("\n")[0]
        key = f"{file} {place} | {header} | {code(old).strip()} -> {code(new).strip()}"
        again[key] += 1
        rank = hashlib.sha256(f"{seed} {key} {again[key]}".encode()).hexdigest()
        span = positions[statement].start.line, positions[old].start.line, positions[old].end.line
        first = span[0] if isinstance(statement, cst.SimpleStatementLine) else span[1]
        yield rank, functools.partial(made, wrapper.module, old, new, file, range(first, span[2] + 1) if inside else range(0), place, rank)


def made(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode, file: str, lines: range, place: str, key: str) -> Mutant | None:
    """The mutant as text; None where it does not compile or is no change."""
    changed = module.deep_replace(old, new)
    text = changed.code if isinstance(changed, cst.Module) else ""
    differences = list(difflib.unified_diff(module.code.splitlines(), text.splitlines(), n=0, lineterm=""))[2:]
    try:
        compile(text, file, "exec")
    except SyntaxError:
        return None
    if not differences:
        return None
    line = int(differences[0].split()[1].lstrip("-").split(",")[0])
    return Mutant(file, line, lines, place or "(module)", key, "\n".join(part for part in differences if part[0] in "+-"), text)


def drawn(folder: Path, count: int, seed: int) -> list[Mutant]:
    candidates = dict(pair for path in sorted(folder.rglob("*.py")) for pair in mutants_of(path, ROOT, seed))
    print(f"{len(candidates)} mutants in {folder.relative_to(ROOT)}", file=sys.stderr)
    chosen: dict[tuple[str, str], Mutant] = {}
    for rank in sorted(candidates):
        mutant = candidates[rank]()
        if mutant is not None:
            chosen.setdefault((mutant.file, mutant.text), mutant)
        if len(chosen) == count:
            break
    return sorted(chosen.values(), key=lambda mutant: (mutant.file, mutant.line, mutant.key))


# --- running tests -------------------------------------------------------------------------------------------------------


class Plugin:
    """Runs chosen tests in a chosen order; notes their CPU time, the first failure and, with `measure`, the lines each runs."""

    def __init__(self, chosen: list[str] | None, limits: dict[str, float], now: Path, measure: coverage.Coverage | None = None) -> None:
        self.chosen, self.limits, self.now, self.measure = chosen, limits, now, measure
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self.skipped: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.chosen is not None:
            order = {name: n for n, name in enumerate(self.chosen)}
            items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.now.write_text(item.nodeid)
        if self.measure:
            forget()
            self.measure.switch_context(item.nodeid)
        signal.setitimer(signal.ITIMER_PROF, self.limits.get(item.nodeid, LONGEST))
        start = sum(os.times()[:4])
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.seconds[item.nodeid] = sum(os.times()[:4]) - start
            if self.measure:
                self.measure.switch_context("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[Any]:
        if self.measure and fixturedef.scope != "function":
            self.measure.switch_context("")
        try:
            return (yield)
        finally:
            if self.measure and fixturedef.scope != "function":
                self.measure.switch_context(self.now.read_text())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
        if report.skipped:
            self.skipped.add(report.nodeid)


def forget() -> None:
    """Empty the caches of functions, so that every test runs the lines that it needs."""
    for name, module in list(sys.modules.items()):
        if name.startswith("spikeheb"):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()


def session(tree: Path, arguments: Iterable[str], plugin: Plugin) -> int:
    sys.path.insert(0, str(tree))
    os.environ["PYTHONPATH"] = str(tree)
    os.chdir(tree)
    options = ["-o", "addopts=", "-p", "no:cacheprovider", "-m", "not slow", "--tb=no", "-q", "--rootdir", str(tree)]
    return int(pytest.main([*options, *arguments], plugins=[plugin]))


def forked(work: Callable[[], Any], tree: Path) -> Any:
    """What a function returns in a child process; a text where the child was killed."""
    answer = tree.parent / f"{tree.name}.answer"
    answer.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        os.setsid()
        with open(tree.parent / f"{tree.name}.output", "w+") as nothing:
            for stream in range(3):
                os.dup2(nothing.fileno(), stream)
        signal.alarm(900)
        try:
            answer.write_text(json.dumps(work()))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return json.loads(answer.read_text()) if answer.exists() else f"signal {os.WTERMSIG(status)}"


def unchanged(file: str, folder: str, tree: Path) -> dict[str, Any]:
    """Run a test file on the code as it is: seconds of each test that passes, and the lines of the folder that each runs."""

    def too_long(*_: object) -> None:
        pytest.fail("too long")

    def work() -> dict[str, Any]:
        signal.signal(signal.SIGPROF, too_long)
        measure = coverage.Coverage(data_file=None, config_file=False, include=[f"{tree}/{folder}/*"])
        plugin = Plugin(None, {}, tree.parent / f"{tree.name}.now", measure)
        measure.start()
        session(tree, [file], plugin)
        measure.stop()
        data, lines = measure.get_data(), {}
        for path in data.measured_files():
            for line, contexts in data.contexts_by_lineno(path).items():
                for context in contexts:
                    lines.setdefault(context, {}).setdefault(str(Path(path).relative_to(tree)), []).append(line)
        bad = {*plugin.failed, *plugin.skipped}
        return {"seconds": {name: s for name, s in plugin.seconds.items() if name not in bad and s < LONGEST}, "lines": lines}

    answer = forked(work, tree)
    if isinstance(answer, str):
        output = (tree.parent / f"{tree.name}.output").read_text(errors="replace")
        print(f"{file}: {answer}; none of its tests is used\n{output[-2000:]}", file=sys.stderr)
        return {"seconds": {}, "lines": {}, "state": ""}
    return answer


def run(chosen: list[str], seconds: dict[str, float], tree: Path) -> str | None:
    """The first of the tests that fails; None where all pass."""
    now = tree.parent / f"{tree.name}.now"
    now.write_text("import")

    def work() -> list[Any]:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, 60)
        plugin = Plugin(chosen, {name: 10 + 5 * seconds[name] for name in chosen}, now)
        status = session(tree, ["-x", *dict.fromkeys(name.split("::")[0] for name in chosen)], plugin)
        return [status, plugin.failed]

    answer = forked(work, tree)
    if isinstance(answer, str):
        return f"{now.read_text()} (time-out)"
    status, failed = answer
    return None if status == 0 else failed[0] if failed else "import"


def verdict(mutant: Mutant, maps: dict[str, Any], proven: set[tuple[str, ...]], tree: Path) -> dict[str, Any]:
    """Whether the tests notice a mutant."""
    seconds = {name: s for each in maps.values() for name, s in each["seconds"].items()}
    tests = reaching(mutant, maps, seconds)
    for batch in (tests[:FIRST], tests[FIRST:]):
        left = list(batch)
        while left:
            path = tree / mutant.file
            original = path.read_text(encoding="utf-8")
            path.write_text(mutant.text, encoding="utf-8")
            try:
                killer = run(left, seconds, tree)
            finally:
                path.write_text(original, encoding="utf-8")
            if killer is None:
                break
            name = killer.removesuffix(" (time-out)")
            before = tuple(left[: left.index(name) + 1]) if name in left else tuple(left)
            if before in proven or run(list(before), seconds, tree) is None:
                proven.add(before)
                return {"key": mutant.key, "killed": killer, "tests": len(tests)}
            left = [other for other in left if other != name] if name in left else []
    return {"key": mutant.key, "killed": None, "tests": len(tests)}


def reaching(mutant: Mutant, maps: dict[str, Any], seconds: dict[str, float]) -> list[str]:
    """Tests that run the statement, fastest first; outside functions those that run the file, then the others of the folder."""
    direct: set[str] = set()
    near: set[str] = set()
    far: set[str] = set()
    for each in maps.values():
        for name, files in each["lines"].items():
            names = {name} if name else set(each["seconds"])
            if not set(files.get(mutant.file, ())).isdisjoint(mutant.lines):
                direct |= names
            elif name and mutant.file in files:
                near |= names
            elif name:
                far |= names
    groups = [direct] if mutant.lines else [near, far - near]
    ordered = [name for group in groups for name in sorted(group & set(seconds), key=lambda name: seconds[name])]
    sums = [sum(seconds[name] for name in ordered[: n + 1]) for n in range(len(ordered))]
    return [name for name, total in zip(ordered, sums, strict=True) if total <= BUDGET]


# --- the whole -----------------------------------------------------------------------------------------------------------


def in_parallel(tasks: list[Any], work: Callable[[Any, Path], dict[str, Any]], trees: list[Path], log: Path) -> None:
    """Hand tasks to one process for each tree; each answer is a line of the log."""
    following = multiprocessing.Value("i", 0)
    workers = []
    for tree in trees:
        worker = os.fork()
        if worker:
            workers.append(worker)
            continue
        while True:
            with following.get_lock():
                number, following.value = following.value, following.value + 1
            if number >= len(tasks):
                os._exit(0)
            line = json.dumps(work(tasks[number], tree)) + "\n"
            with log.open("a") as file:
                file.write(line)
            print(f"{number + 1}/{len(tasks)} {line[:150].strip()}", file=sys.stderr)
    for worker in workers:
        os.waitpid(worker, 0)


def hashed(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()


def read(log: Path) -> Iterator[dict[str, Any]]:
    for line in log.read_text().splitlines() if log.exists() else ():
        yield json.loads(line)


def report(mutants: list[Mutant], verdicts: dict[str, Any]) -> str:
    lines = []
    for mutant in mutants:
        killer = verdicts[mutant.key]["killed"]
        end = f"killed by {killer}" if killer else f"SURVIVED {verdicts[mutant.key]['tests']} tests"
        lines.append(f"{mutant.file}:{mutant.line} {mutant.place}: {end}\n{mutant.change}\n")
    killed = sum(verdicts[mutant.key]["killed"] is not None for mutant in mutants)
    return "\n".join([*lines, f"killed {killed} of {len(mutants)}: {killed / max(len(mutants), 1):.1%}", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="whose code is changed, for example spikeheb/theory")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="the report; OUT.jsonl beside it keeps what was learnt")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tests", nargs="+", default=FOLDERS, help="folders or files of tests")
    options = parser.parse_args()
    folder, log = options.folder.resolve(), Path(f"{options.out.resolve()}.jsonl")
    mutants = drawn(folder, options.count, options.seed)
    files = [str(path.relative_to(ROOT)) for name in options.tests for path in sorted((ROOT / name).rglob("test_*.py")) or [ROOT / name]]
    whole = hashed([*(ROOT / "spikeheb").rglob("*.py"), *(ROOT / "tests/oracles").rglob("*.py")])
    states = {file: hashed([ROOT / file]) + whole for file in files}
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        trees = [Path(scratch).resolve() / f"tree{n}" for n in range(options.jobs)]
        for tree in trees:
            shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", "__pycache__", ".venv", ".*_cache"))
        for name in LIBRARIES.split():
            importlib.import_module(name)
        sys.modules["hypothesis"].settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
        sys.modules["hypothesis"].settings.load_profile("mutation")
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

        def maps() -> dict[str, Any]:
            known = {line["file"]: line for line in read(log) if "file" in line and states.get(line["file"]) == line["state"]}
            return {file: known[file] for file in files if file in known}

        def verdicts() -> dict[str, Any]:
            return {line["key"]: line for line in read(log) if "key" in line}

        def first(file: str, tree: Path) -> dict[str, Any]:
            return {"file": file, "state": states[file]} | unchanged(file, str(folder.relative_to(ROOT)), tree)

        in_parallel([file for file in files if file not in maps()], first, trees, log)
        known, before, proven = maps(), verdicts(), set[tuple[str, ...]]()
        print(f"{sum(len(each['seconds']) for each in known.values())} tests pass", file=sys.stderr)
        current = {name for each in known.values() for name in each["seconds"]} | {"import"}

        def stands(key: str) -> bool:
            """Whether a mutant is known to be killed by a test file that is still the same."""
            line = before.get(key, {})
            killer = str(line.get("killed")).removesuffix(" (time-out)")
            return killer in current and line.get("state") == states.get(killer.split("::")[0], whole)

        def judge(mutant: Mutant, tree: Path) -> dict[str, Any]:
            line = verdict(mutant, known, proven, tree)
            return line | {"state": states.get(str(line["killed"]).split("::")[0], whole)}

        start = time.monotonic()
        in_parallel([mutant for mutant in mutants if not stands(mutant.key)], judge, trees, log)
        text = report(mutants, verdicts())
        options.out.write_text(text)
        print(text.splitlines()[-1], f"({time.monotonic() - start:.0f} s)")


if __name__ == "__main__":
    main()
