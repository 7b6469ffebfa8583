"""The notebooks of the course: solved they run and keep their claims, empty they miss only what students write, and nbgrader agrees."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spikeheb.errors import SpikehebError
from spikeheb.studies.course import handouts, notebooks
from spikeheb.studies.course.notebooks import Cell, Notebook
from spikeheb.studies.course.resources import folder
from spikeheb.studies.course.runner import carry_out
from spikeheb.studies.course.seeds import VARIABLE

NOTEBOOKS = {name: notebooks.read(path) for name, path in notebooks.names().items()}

every = pytest.mark.parametrize("notebook", NOTEBOOKS.values(), ids=NOTEBOOKS)

SECONDS, SECONDS_WITHOUT_COMPILER = 30.0, 60.0
"""CPU seconds that a notebook may take; ``python tests/benchmarks/table.py --only notebooks`` lists what each takes."""
GROSSLY = 2.0
"""A test fails only beyond so many budgets, because processors and their load differ."""
TRIED_WITHOUT_COMPILER = ("07", "08", "09", "12")
"""Those that read stored results or hide an easier synapse, and are quick; the others are tried where SPIKEHEB_FULL is set."""


@pytest.fixture(autouse=True)
def _fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "tests")


@every
def test_a_notebook_has_all_its_parts(notebook: Notebook) -> None:
    notebooks.check_metadata(notebook)
    source = "\n".join(cell.source for cell in notebook.cells if cell.kind == "code")
    head = notebook.cells[0].source
    assert re.fullmatch(rf"{int(notebook.name[:2])}\. .*\?", notebook.title)
    assert all(word in head for word in ("**You learn**", "**You need**", "**Time**"))
    assert 15 <= notebook.minutes <= 120
    assert 0 < notebook.seconds <= 30
    assert "course.seed(" in source
    predicted = set(re.findall(r'course\.predict\(\s*"([^"]+)"', source))
    assert predicted
    assert predicted == set(re.findall(r'course\.reveal\(\s*"([^"]+)"', source))
    keys = [key for cell in notebook.cells if cell.kind == "code" and (key := handouts._key(cell.source))]
    assert 3 <= len(keys) == len(set(keys))
    assert all(key.startswith(f"{int(notebook.name[:2])}.") for key in keys)
    assert any(cell.points and not cell.by_hand for cell in notebook.cells)
    code = [cell for cell in notebook.cells if cell.kind == "code"]
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(code[-1].source)))
    (by_hand,) = [cell for cell in notebook.cells if cell.by_hand]
    assert notebooks.RUBRIC in "".join(notebooks.solutions(by_hand))
    assert [cell for cell in notebook.cells if notebooks.TEACHER in cell.metadata.get("tags", ())]


@every
def test_what_a_student_is_asked_stands_on_the_page(notebook: Notebook) -> None:
    """Lines of code that are longer than a column are cut: questions, and what a function is to do, are not."""
    for cell in notebook.cells:
        if cell.kind == "code":
            questions = [line for line in cell.source.splitlines() if re.match(r"\s*#", line)]
            functions = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.FunctionDef)]
            tasks = [ast.get_docstring(node, clean=False) or "" for node in functions]
            long = [line for text in (*questions, *tasks) for line in text.splitlines() if len(line) > 100]
            assert not long, long


@every
def test_a_power_in_a_text_does_not_become_bold(notebook: Notebook) -> None:
    for cell in notebook.cells:
        if cell.kind == "markdown":
            assert not re.findall(r"[\w)]\*\*\w.*", re.sub(r"`[^`]*`", "", cell.source))


@every
def test_graded_checks_take_a_function_and_are_locked(notebook: Notebook) -> None:
    for cell in notebook.cells:
        if cell.kind == "code" and cell.points:
            assert cell.grading["locked"], cell.source
            assert not cell.grading["solution"], cell.source
            assert re.search(r"course\.check\(.*\bon=", cell.source, re.DOTALL), cell.source


@every
def test_the_students_copy_has_no_solution_and_both_formats_agree(notebook: Notebook, tmp_path: Path) -> None:
    bare = notebooks.without_solutions(notebook)
    for suffix, text in ((".py", notebooks.to_percent(bare)), (".ipynb", notebooks.to_ipynb(bare))):
        path = tmp_path / f"{notebook.name}{suffix}"
        path.write_text(text, encoding="utf-8")
        assert notebooks.read(path).cells == bare.cells
        assert not re.search(r"SOLUTION|Rubric:|For the teacher", text)
    for cell, stripped in zip(notebooks.without_teacher(notebook).cells, bare.cells, strict=True):
        for solution in notebooks.solutions(cell):
            assert solution
            assert solution not in stripped.source
    assert sum("raise NotImplementedError()" in cell.source for cell in bare.cells) >= 4
    ids = [cell["id"] for cell in json.loads(notebooks.to_ipynb(bare))["cells"]]
    assert len(ids) == len(set(ids))


@every
def test_what_a_notebook_reads_without_a_compiler_is_stored_and_nothing_else(notebook: Notebook) -> None:
    calls = [
        node
        for cell in notebook.cells
        if cell.kind == "code"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("course.long_run")
    ]
    asked = [tuple(ast.literal_eval(argument) for argument in call.args[:2]) for call in calls]
    path = folder() / "data" / f"{notebook.name}.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"note": "tests/course_results.py"}
    assert sorted(asked) == sorted((notebook.name, name) for name in stored if name != "note")
    assert path.exists() == bool(asked), "python tests/course_results.py writes these files"
    assert "tests/course_results.py" in stored["note"]


def keeps_its_claims(notebook: Notebook, place: Path, budget: float) -> None:
    before = os.times()
    outcomes = carry_out(notebook.cells, place)
    after = os.times()
    assert {cell.number: f"{cell.error}: {cell.message}" for cell in outcomes if cell.error} == {}
    used = after.children_user + after.children_system - before.children_user - before.children_system  # 0 on Windows
    assert used < GROSSLY * budget, f"{used:.0f} s of CPU; {budget:.0f} s are meant"


@every
@pytest.mark.slow
def test_the_solved_notebook_keeps_its_claims(notebook: Notebook, tmp_path: Path) -> None:
    keeps_its_claims(notebook, tmp_path, SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(each, id=name, marks=() if name.startswith(TRIED_WITHOUT_COMPILER) else pytest.mark.full)
        for name, each in NOTEBOOKS.items()
    ],
)
def test_the_solved_notebook_keeps_its_claims_without_a_compiler(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    keeps_its_claims(notebook, tmp_path, SECONDS_WITHOUT_COMPILER)


@pytest.mark.slow
@pytest.mark.parametrize(
    "notebook",
    [pytest.param(each, id=name, marks=pytest.mark.full if each.seconds > 6 else ()) for name, each in NOTEBOOKS.items()],
)
def test_the_students_copy_fails_only_where_something_is_to_be_written(notebook: Notebook, tmp_path: Path) -> None:
    bare = notebooks.without_solutions(notebook)
    outcomes = carry_out(bare.cells, tmp_path)
    assert {cell.number: f"{cell.error}: {cell.message}" for cell in outcomes if cell.error and not cell.unwritten} == {}
    graded = {number for number, cell in enumerate(bare.cells) if cell.kind == "code" and cell.points}
    assert graded <= {cell.number for cell in outcomes if cell.unwritten}


# --- files


def test_marks_of_cells_and_solutions_are_read() -> None:
    cell = Cell("code", "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\n\nx = 2")
    bare = notebooks.without_solutions(Notebook("n", "", (cell,))).cells[0]
    assert bare.source == "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()\n\n\nx = 2"
    assert notebooks.solutions(cell) == ["    return 1"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.py", "x = 1\n", "there is no cell"),
        ("a.py", "# %% nbgrader={\n", "expected JSON"),
        ("a.ipynb", "{}", "no notebook that Jupyter writes"),
        ("a.ipynb", "[" * 100_000, "no notebook that Jupyter writes"),
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpikehebError, match=words):
        notebooks.read(path)


def test_a_solution_without_end_is_refused() -> None:
    with pytest.raises(SpikehebError, match="without"):
        notebooks.without_solutions(Notebook("n", "", (Cell("code", "### BEGIN SOLUTION\nx = 1"),)))


# --- the runner


def test_every_cell_is_tried_and_the_end_of_the_process_is_seen(tmp_path: Path) -> None:
    cells = [Cell("code", "x = 1"), Cell("code", "1/0"), Cell("markdown", "text"), Cell("code", "assert x == 1")]
    ended = [Cell("code", "import os"), Cell("code", "os._exit(3)"), Cell("code", "x = 1")]
    assert [(cell.number, cell.error) for cell in carry_out(cells, tmp_path)] == [(0, ""), (1, "ZeroDivisionError"), (3, "")]
    assert [(cell.number, cell.error) for cell in carry_out(ended, tmp_path)] == [(0, ""), (1, "Crashed"), (2, "Crashed")]


def test_only_what_is_to_be_written_counts_as_unwritten(tmp_path: Path) -> None:
    sources = {
        "raise NotImplementedError()": True,
        "def f(x):\n    raise NotImplementedError()\nf(1)": True,
        "import spikeheb as sh\nsh.course.predict('x', ...)": True,
        "def problem(draw):\n    return sh.course.Problem((1,), 2)\nsh.course.check('1', f, on=problem)": True,
        "import numpy, xarray\nnumpy.ptp(xarray.DataArray([1.0, 2.0]))": False,
        "def g(x):\n    return numpy.ptp(xarray.DataArray([1.0, x]))\nsh.course.check('2', g, on=problem)": False,
        "raise ValueError": False,
    }
    outcomes = carry_out([Cell("code", source) for source in sources], tmp_path)
    assert all(outcome.error for outcome in outcomes)
    assert [outcome.unwritten for outcome in outcomes] == list(sources.values())


def test_a_notebook_that_does_not_end_is_ended(tmp_path: Path) -> None:
    cells = [Cell("code", "x = 1"), Cell("code", "import time; time.sleep(100)")]
    assert [cell.error for cell in carry_out(cells, tmp_path, seconds=4)] == ["", "TookTooLong"]


def test_each_prediction_has_a_key_of_its_own() -> None:
    """Two notebooks in one kernel would otherwise share it, and the later one would keep the prediction of the other."""
    text = "\n".join(cell.source for notebook in NOTEBOOKS.values() for cell in notebook.cells)
    keys = re.findall(r'course\.predict\("([^"]+)"', text)
    assert len(keys) > 30
    assert sorted(keys) == sorted(set(keys))


# --- nbgrader


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("nbgrader") is None, reason='nbgrader is not installed (pip install "spikeheb[course]")')
def test_nbgrader_strips_alike_and_gives_full_marks_and_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "02_who_fires_first"
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))  # for alembic
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    handouts.teacher(tmp_path)

    def nbgrader(*arguments: str) -> None:
        done = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]

    nbgrader("generate_assignment", name)
    released = tmp_path / "release" / name / f"{name}.ipynb"
    bare = notebooks.without_solutions(NOTEBOOKS[name])
    assert [cell.source for cell in notebooks.read(released).cells] == [cell.source for cell in bare.cells]
    for student, source in (("solved", tmp_path / "source" / name / f"{name}.ipynb"), ("empty", released)):
        place = tmp_path / "submitted" / student / name
        place.mkdir(parents=True)
        shutil.copyfile(source, place / f"{name}.ipynb")
    nbgrader("autograde", name)
    nbgrader("export")
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    by_checks = sum(cell.points for cell in NOTEBOOKS[name].cells if not cell.by_hand)
    assert scores == {"solved": by_checks, "empty": 0.0}
