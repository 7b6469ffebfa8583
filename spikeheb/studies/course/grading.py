"""Grading of what students handed in: their cells run with the checks of the original notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from spikeheb.errors import SpikehebError, UnknownName
from spikeheb.paths import is_folder
from spikeheb.studies.course import notebooks
from spikeheb.studies.course.notebooks import Cell, Notebook
from spikeheb.studies.course.runner import carry_out

COLUMNS = ("student", "notebook", "points", "out_of", "by_hand", "checks", "note")


@dataclass(frozen=True)
class Submission:
    """One file that was handed in: by whom, and which notebook it is."""

    student: str
    notebook: str
    path: Path
    note: str = ""


@dataclass(frozen=True)
class Grade:
    """What the checks of one submission gave.

    Attributes
    ----------
    points, out_of : float
        Of the cells that are graded by checks.
    by_hand : float
        Points that a person still has to give.
    checks : str
        The points of each check.
    note : str
        The first message of a failed check, or why the file could not be read.
    """

    student: str
    notebook: str
    points: float
    out_of: float
    by_hand: float
    checks: str
    note: str

    @property
    def row(self) -> list[str]:
        """The cells of a table with `COLUMNS`."""
        return [
            self.student, self.notebook, f"{self.points:g}", f"{self.out_of:g}", f"{self.by_hand:g}", self.checks, self.note,
        ]  # fmt: skip


def submissions(folder: Path) -> list[Submission]:
    """Every notebook of the course below a folder.

    A file is called as its notebook (the student is then the first folder on the way to it), or its name ends in that
    (``Ada_02_who_fires_first.ipynb``; the student is what stands before). Of two files of one student the newer counts.

    Raises
    ------
    UnknownName
        Where there is no such folder, or nothing to grade in it.
    """
    if not is_folder(folder):
        raise UnknownName("there is no such folder", path=str(folder))
    newest: dict[tuple[str, str], Submission] = {}
    for entry in sorted(_files(folder), key=lambda entry: entry.path.stat().st_mtime):
        key = entry.student, entry.notebook
        newest[key] = replace(entry, note="two files; the newer was graded") if key in newest else entry
    if not newest:
        known = ", ".join(notebooks.names())
        raise UnknownName(f"holds no notebook of the course; a file is called as its notebook ({known}), .ipynb or .py", path=str(folder))
    return sorted(newest.values(), key=lambda entry: (entry.student, entry.notebook))


def _files(folder: Path) -> Iterator[Submission]:
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".ipynb", ".py") or any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        for name in notebooks.names():
            if path.stem.endswith(name):
                before = path.stem.removesuffix(name).strip("_- ")
                on_the_way = path.relative_to(folder).parts[0]
                yield Submission(before or (on_the_way if on_the_way != path.name else folder.name), name, path)


def grade(submission: Submission) -> Grade:
    """Run one submission with the checks of the original. What the student wrote is executed, in a process of its own."""
    original = notebooks.read(notebooks.find(submission.notebook))
    out_of = sum(cell.points for cell in original.cells if not cell.by_hand)
    by_hand = sum(cell.points for cell in original.cells if cell.by_hand)
    try:
        handed_in = notebooks.read(submission.path)
    except SpikehebError as error:
        return Grade(submission.student, submission.notebook, 0, out_of, by_hand, "", error.message)
    cells = merged(original, handed_in)
    outcomes = {outcome.number: outcome for outcome in carry_out(cells, submission.path.parent)}
    graded = [(number, cell) for number, cell in enumerate(cells) if cell.points and not cell.by_hand]
    points = {str(cell.grading["grade_id"]): cell.points * (not outcomes[number].error) for number, cell in graded}
    failed = next((outcomes[number].message for number, _ in graded if outcomes[number].error), "")
    checks = "; ".join(f"{name}={value:g}" for name, value in points.items())
    note = ". ".join(text for text in (submission.note, failed) if text)
    return Grade(submission.student, submission.notebook, sum(points.values()), out_of, by_hand, checks, note)


def merged(original: Notebook, handed_in: Notebook) -> tuple[Cell, ...]:
    """The student's cells, in which every graded check is the original's; checks that were deleted come at the end."""
    locked = {cell.grading["grade_id"]: cell for cell in original.cells if cell.points and not cell.by_hand}
    cells: list[Cell] = []
    for cell in handed_in.cells:
        name = cell.grading.get("grade_id")
        if name in locked:
            cells.append(locked.pop(name))
        else:
            cells.append(replace(cell, metadata={}) if not cell.by_hand else cell)
    return (*cells, *locked.values())
