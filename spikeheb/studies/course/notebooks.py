"""Notebooks as files: read in jupytext's percent format, solutions taken out, written in that format and as .ipynb.

How a notebook of the course is written (``notebooks/02_who_fires_first.py`` is an example):

- A header of YAML with the kernel, and ``seconds``: how long the solved notebook computes.
- The first cell has the heading, "# 2. Who fires first?", which is a question and ends in a question mark; then "**You learn**",
  "**You need**", and "**Time** 45 minutes".
- What students write stands between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` and is replaced by ``raise NotImplementedError()``.
  It is a function, or a value that is used in the same cell only: no later cell may miss a name in the student's copy.
  The text of a solution must not stand a second time in its cell, where the student would read it: no prompt such as
  ``Write x = 3`` over the solution ``x = 3``.
- A graded check is a cell of its own, with ``"grade": true``, ``"locked": true`` and points; a text that a person grades has
  ``"grade": true`` and ``"solution": true``, and in its solution an example, then "Rubric:".
- What takes long is computed by ``sh.course.long_run``; ``python tests/course_results.py`` stores it for machines without a compiler.
- The last code cell asserts the claims of the notebook, from what the laboratory computed and not from the student's functions.
- A markdown cell with the tag ``teacher`` goes to the teacher's page only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spikeheb.errors import FormatError, UnknownName, unknown_name
from spikeheb.studies.course.resources import folder

MARK = re.compile(r"# %%(?: \[(?P<kind>markdown)\])?(?P<metadata>(?: \w+=.*)?)")
KEY = re.compile(r" (\w+)=")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
RUBRIC = "Rubric:"
"""In a solution that a person grades, what follows this word says for what there are points."""
CODE_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
TEXT_STUB = ("YOUR ANSWER HERE",)
TEACHER = "teacher"
"""The tag of cells that only the teacher's page shows."""
NBGRADER = {"grade", "grade_id", "locked", "schema_version", "solution", "task"}


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    kind : {"code", "markdown"}
    source : str
    metadata : mapping
        ``nbgrader`` and ``tags``, as nbgrader and Jupyter write them.
    """

    kind: str
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grading(self) -> Mapping[str, Any]:
        """What nbgrader is told about the cell; empty for an ordinary cell."""
        grading: Mapping[str, Any] = self.metadata.get("nbgrader", {})
        return grading

    @property
    def points(self) -> float:
        """Points of a graded cell."""
        return float(self.grading.get("points", 0)) if self.grading.get("grade") else 0.0

    @property
    def by_hand(self) -> bool:
        """Whether a person grades what the student wrote here."""
        return bool(self.grading.get("grade") and self.grading.get("solution"))


@dataclass(frozen=True)
class Notebook:
    """A notebook of the course.

    Attributes
    ----------
    name : str
        Of the file, without suffix: ``02_who_fires_first``.
    header : str
        The lines of YAML at its top, with their marks of comments.
    cells : tuple of Cell
    """

    name: str
    header: str
    cells: tuple[Cell, ...]

    @property
    def title(self) -> str:
        """The question: the first heading."""
        headings = (re.match(r"# +(.*)", cell.source) for cell in self.cells if cell.kind == "markdown")
        return next((match[1].strip() for match in headings if match), self.name)

    @property
    def minutes(self) -> int:
        """How long a student needs, as the first cell says."""
        match = re.search(r"(\d+) minutes", self.cells[0].source if self.cells else "")
        return int(match[1]) if match else 0

    @property
    def seconds(self) -> float:
        """How long the solved notebook computes, as its header says."""
        match = re.search(r"seconds: *([\d.]+)", self.header)
        return float(match[1]) if match else 0.0


def names() -> dict[str, Path]:
    """All notebooks of the course by name, in their order."""
    return {path.stem: path for path in sorted(folder().glob("[0-9][0-9]_*.py"))}


def find(name: str) -> Path:
    """The notebook of that name or number.

    Raises
    ------
    UnknownName
    """
    paths = names()
    for known, path in paths.items():
        if name == known or (name.isdigit() and int(known[:2]) == int(name)):
            return path
    raise unknown_name("notebook", name, paths)


def read(path: Path) -> Notebook:
    """A notebook from a file, .py in percent format or .ipynb.

    Raises
    ------
    FormatError
        Where the file is no notebook.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot be read ({error})", path=str(path)) from None
    return _from_ipynb(text, path) if path.suffix == ".ipynb" else _from_percent(text, path)


def to_percent(notebook: Notebook) -> str:
    """The text of a .py file."""
    blocks = [notebook.header] if notebook.header else []
    for cell in notebook.cells:
        kind = " [markdown]" if cell.kind == "markdown" else ""
        words = "".join(f" {key}={json.dumps(value)}" for key, value in cell.metadata.items())
        lines = cell.source.splitlines()
        body = [f"# {line}".rstrip() for line in lines] if kind else lines
        blocks.append("\n".join([f"# %%{kind}{words}", *body]))
    return "\n\n".join(blocks) + "\n"


def to_ipynb(notebook: Notebook) -> str:
    """The text of an .ipynb file, of nbformat 4.5, without output."""
    cells = [_json_of(cell, number) for number, cell in enumerate(notebook.cells)]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


def without_teacher(notebook: Notebook) -> Notebook:
    """Without the cells that only the teacher's page shows."""
    return replace(notebook, cells=tuple(cell for cell in notebook.cells if TEACHER not in cell.metadata.get("tags", ())))


def without_solutions(notebook: Notebook) -> Notebook:
    """The student's copy: solutions, with their rubrics, are taken out as nbgrader does it."""
    return replace(notebook, cells=tuple(_stripped(cell) for cell in without_teacher(notebook).cells))


def solutions(cell: Cell) -> list[str]:
    """The texts between the marks of solutions."""
    texts: list[list[str]] = []
    for line, inside, begins in _marked(cell.source):
        if begins:
            texts.append([])
        elif inside:
            texts[-1].append(line)
    return ["\n".join(lines) for lines in texts]


def _stripped(cell: Cell) -> Cell:
    lines = []
    for line, inside, begins in _marked(cell.source):
        if begins:
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + stub for stub in (CODE_STUB if cell.kind == "code" else TEXT_STUB)]
        elif not inside:
            lines.append(line)
    return replace(cell, source="\n".join(lines).strip("\n"))


def _marked(source: str) -> Iterable[tuple[str, bool, bool]]:
    """Each line but the last of a solution, whether it belongs to one, and whether it begins it."""
    inside = False
    for line in source.splitlines():
        begins = not inside and BEGIN in line
        inside = inside or begins
        ends = inside and END in line
        if not ends:
            yield line, inside, begins
        inside = inside and not ends
    if inside:
        raise FormatError(f'"{BEGIN}" without "{END}"', key="cell")


def _from_percent(text: str, path: Path) -> Notebook:
    header: list[str] = []
    cells: list[tuple[str, dict[str, Any], list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = MARK.fullmatch(line.rstrip())
        if match:
            cells.append((match["kind"] or "code", _metadata(match["metadata"], path, number), []))
        elif cells:
            cells[-1][2].append(line)
        else:
            header.append(line)
    if not cells:
        raise FormatError('is no notebook: there is no cell, which begins with "# %%"', path=str(path))
    made = [Cell(kind, _source(kind, lines), metadata) for kind, metadata, lines in cells]
    return Notebook(path.stem, "\n".join(header).strip("\n"), tuple(made))


def _source(kind: str, lines: list[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return "\n".join(re.sub(r"^# ?", "", line) for line in text.splitlines()) if kind == "markdown" else text


def _metadata(text: str, path: Path, number: int) -> dict[str, Any]:
    """``key=JSON`` pairs after the mark of a cell."""
    metadata, decoder, at = {}, json.JSONDecoder(), 0
    while match := KEY.match(text, at):
        try:
            metadata[match[1]], at = decoder.raw_decode(text, match.end())
        except ValueError:
            raise FormatError(f"expected JSON after {match[1]}=", path=str(path), key=f"line {number}") from None
    return metadata


def _from_ipynb(text: str, path: Path) -> Notebook:
    try:
        cells = json.loads(text)["cells"]
        made = [Cell(c["cell_type"], _joined(c["source"]), c.get("metadata", {})) for c in cells if c["cell_type"] in ("code", "markdown")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FormatError("is no notebook that Jupyter writes", path=str(path)) from None
    return Notebook(path.stem, "", tuple(made))


def _joined(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def _json_of(cell: Cell, number: int) -> dict[str, Any]:
    name = cell.grading.get("grade_id", f"cell-{number}")
    own: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": name,
        "metadata": dict(cell.metadata),
        "source": cell.source.splitlines(keepends=True),
    }
    return own | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})


def check_metadata(notebook: Notebook) -> None:
    """Refuse what nbgrader would refuse or misread.

    Raises
    ------
    FormatError
    UnknownName
        For metadata of another schema.
    """
    seen: set[str] = set()
    for cell in notebook.cells:
        grading = cell.grading
        if not grading:
            continue
        key = str(grading.get("grade_id"))
        if missing := NBGRADER - set(grading):
            raise FormatError(f"nbgrader needs {', '.join(sorted(missing))}", path=notebook.name, key=key)
        if grading["schema_version"] != 3:
            raise UnknownName("expected schema_version 3", path=notebook.name, key=key)
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", key) or key in seen:
            raise FormatError("expected a grade_id of its own, of letters, digits, - and _", path=notebook.name, key=key)
        if grading["grade"] and cell.points <= 0:
            raise FormatError("a graded cell needs points", path=notebook.name, key=key)
        if grading["solution"] and cell.kind == "code" and not solutions(cell):
            raise FormatError(f'a solution stands between "{BEGIN}" and "{END}"', path=notebook.name, key=key)
        seen.add(key)
