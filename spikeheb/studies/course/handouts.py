"""What is handed out: the student's copies, and the teacher's solutions and pages."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from spikeheb.errors import OutputExists
from spikeheb.paths import exists
from spikeheb.studies.course import notebooks
from spikeheb.studies.course.mistakes import NAMED
from spikeheb.studies.course.notebooks import Cell, Notebook
from spikeheb.studies.course.resources import folder

GENERAL = (
    "Recognised in every check of a number: the wrong sign (of a time: delta_t = t_post - t_pre), ms for s, per cent for a ratio, "
    "change for ratio and the other way round, one over the value, twice or half of it, its square or root, a row in reverse order."
)


def copy(target: Path, force: bool = False) -> list[Path]:
    """The student's copies, .py and .ipynb, without solutions, and the files that they need.

    Raises
    ------
    OutputExists
        Where a file is there already and `force` is not set.
    """
    texts: dict[Path, str] = {}
    for notebook in _all():
        bare = notebooks.without_solutions(notebook)
        texts[target / f"{notebook.name}.py"] = notebooks.to_percent(bare)
        texts[target / f"{notebook.name}.ipynb"] = notebooks.to_ipynb(bare)
    return _write(texts, force) + _copy_data(target, force)


def teacher(target: Path, force: bool = False) -> list[Path]:
    """Solutions, a page for each notebook, and the sources from which nbgrader makes assignments.

    ``solved/`` has the solved notebooks, ``pages/`` one page each, ``source/NAME/NAME.ipynb`` what ``nbgrader generate_assignment NAME``
    expects.

    Raises
    ------
    OutputExists
        Where a file is there already and `force` is not set.
    """
    texts: dict[Path, str] = {}
    for notebook in _all():
        solved = notebooks.without_teacher(notebook)
        texts[target / "solved" / f"{notebook.name}.py"] = notebooks.to_percent(solved)
        texts[target / "solved" / f"{notebook.name}.ipynb"] = notebooks.to_ipynb(solved)
        texts[target / "source" / notebook.name / f"{notebook.name}.ipynb"] = notebooks.to_ipynb(solved)
        texts[target / "pages" / f"{notebook.name}.md"] = page(notebook)
    return _write(texts, force) + _copy_data(target / "solved", force)


def page(notebook: Notebook) -> str:
    """The teacher's page of a notebook: time, what to hand in, what goes wrong, rubric, known wrong answers of each check."""
    head = notebook.cells[0].source.partition("\n")[2].strip()
    notes = [re.sub(r"^## .*\n+", "", cell.source) for cell in notebook.cells if notebooks.TEACHER in cell.metadata.get("tags", ())]
    by_checks = sum(cell.points for cell in notebook.cells if not cell.by_hand)
    by_hand = sum(cell.points for cell in notebook.cells if cell.by_hand)
    points = f"**Points** {by_checks:g} by checks, {by_hand:g} by hand. The solved notebook computes for {notebook.seconds:g} s."
    blocks = [f"# {notebook.title}", head, points, *notes, "## By hand", *_rubrics(notebook), "## Checks", GENERAL, *_checks(notebook)]
    return "\n\n".join(blocks) + "\n"


def _rubrics(notebook: Notebook) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.by_hand:
            answer, _, rubric = " ".join(" ".join(notebooks.solutions(cell)).split()).partition(notebooks.RUBRIC)
            yield f"**{_of_points(cell)}.** {rubric.strip()}"
            yield f"*For example:* {answer.strip()}"


def _of_points(cell: Cell) -> str:
    return "1 point" if cell.points == 1 else f"{cell.points:g} points"


def _checks(notebook: Notebook) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.kind == "code" and (key := _key(cell.source)):
            points = _of_points(cell) if cell.points else "for practice, not graded"
            known = [f"- {NAMED.get(text, text)}" for text in (*_mistakes(cell.source), *_complaints(cell.source))]
            yield "\n".join([f"**Check {key}** ({points})", "", *known]).rstrip()


def _key(source: str) -> str:
    """The name of the check in a cell; empty where there is none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("course.check") and isinstance(node.args[0], ast.Constant):
            return str(node.args[0].value)
    return ""


def _mistakes(source: str) -> Iterator[str]:
    """The mistakes that the problems of a cell name: keys of dictionaries that are text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            yield from (key for key in keys if key in NAMED or key.endswith("."))


def _complaints(source: str) -> Iterator[str]:
    """The sentences that the `accept` of a problem may answer, with … for what depends on the answer."""
    tree = ast.parse(source)
    judges = {ast.unparse(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "accept"}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in judges:
            for text in (text for value in _returned(node) for text in _texts(value)):
                if text.strip(" .…"):
                    yield text


def _returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The values that a function returns, without those of functions inside it."""
    left: list[ast.AST] = list(reversed(function.body))
    while left:
        node = left.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            left.extend(reversed(list(ast.iter_child_nodes(node))))


def _texts(value: ast.expr) -> list[str]:
    """What an expression of text may give; … stands for what is not known beforehand."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value]
    if isinstance(value, ast.JoinedStr):
        return ["".join(_texts(part)[0] for part in value.values)]
    if isinstance(value, ast.IfExp):
        return [*_texts(value.body), *_texts(value.orelse)]
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return [first + second for first in _texts(value.left) for second in _texts(value.right)]
    return ["…"]


def _all() -> list[Notebook]:
    return [notebooks.read(path) for path in notebooks.names().values()]


def _write(texts: dict[Path, str], force: bool) -> list[Path]:
    _refuse_existing(list(texts), force)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _copy_data(target: Path, force: bool) -> list[Path]:
    sources = sorted((folder() / "data").glob("*")) if (folder() / "data").is_dir() else []
    targets = [target / "data" / source.name for source in sources]
    _refuse_existing(targets, force)
    for source, path in zip(sources, targets, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
    return targets


def _refuse_existing(paths: list[Path], force: bool) -> None:
    for path in paths:
        if exists(path) and not force:
            raise OutputExists("exists already, perhaps with a student's work; --force replaces it", path=str(path))
