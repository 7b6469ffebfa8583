"""A class: who takes part, their logs on the teacher's machine, and their grades."""

from __future__ import annotations

import csv
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from spikeheb.encoding import decoded
from spikeheb.errors import FormatError, SpikehebError
from spikeheb.limits import check_file
from spikeheb.paths import is_file, is_folder
from spikeheb.results import replace_file
from spikeheb.studies.mystery.candidates import level_of
from spikeheb.studies.mystery.game import Mystery, opened
from spikeheb.studies.mystery.report import Row, with_twins
from spikeheb.studies.mystery.synapse import hidden, seed_of, token_of

MOST_STUDENTS = 2000
LONGEST_NAME = 60
COLUMN = "student"
KEY = ("student", "assignment", "level", "token", "rule", "parameters")
"""Columns of the teacher's key."""


def read_students(path: Path | str) -> list[str]:
    """The names in the column ``student`` of a CSV file, or in its only column.

    Raises
    ------
    FormatError
        For a file without names, with a name twice, or with two names that would share one file.
    """
    file = Path(path)
    if not is_file(file):
        raise FormatError("there is no such list of students", path=str(path))
    check_file(file)
    try:
        rows = [row for row in csv.reader(decoded(file.read_bytes()).splitlines()) if any(cell.strip() for cell in row)]
    except (OSError, ValueError, csv.Error) as error:
        raise FormatError(f"cannot be read ({error})", path=str(path)) from None
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    if COLUMN not in heads and len(heads) != 1:
        raise FormatError(f'expected a column "{COLUMN}" (found: {", ".join(heads)[:80]})', path=str(path), key="line 1")
    place = heads.index(COLUMN) if COLUMN in heads else 0
    names = [row[place].strip() if place < len(row) else "" for row in (rows[1:] if COLUMN in heads else rows)]
    if not names or len(names) > MOST_STUDENTS:
        raise FormatError(f"expected 1 to {MOST_STUDENTS} students (got {len(names)})", path=str(path))
    check_names(names, str(path))
    return names


def check_names(names: Sequence[str], where: str) -> None:
    """Refuse names that are empty, too long, or would share a file."""
    seen: dict[str, str] = {}
    for n, name in enumerate(names, 1):
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise FormatError(f'expected a name of 1 to {LONGEST_NAME} characters (got "{name[:20]}")', path=where, key=f"student {n}")
        file = file_of(name, "")
        if file in seen:
            raise FormatError(f'"{name}" and "{seen[file]}" would share one log; change one of them', path=where, key=f"student {n}")
        seen[file] = name


def file_of(student: str, assignment: str) -> str:
    """The name of a student's log."""
    return re.sub(r"[^\w.-]+", "_", f"{student}-{assignment}" if assignment else student).lower().strip(".") + ".jsonl"


def new_secret(path: Path) -> None:
    """Write a new class secret, which only its owner can read.

    Raises
    ------
    FormatError
        Where there is something already: marks depend on it.
    """
    if is_file(path) or is_folder(path):
        raise FormatError("exists already; another secret would change all synapses of the class", path=str(path))
    replace_file(path, (secrets.token_hex(32) + "\n").encode())
    path.chmod(0o600)


def key_rows(secret: bytes, students: Sequence[str], assignment: str, level: int) -> list[list[str]]:
    """What only the teacher may read: the token of each student, and the rule that is hidden."""
    rows = []
    for student in students:
        synapse = hidden(level_of(level), seed_of(secret, student, assignment))
        values = ", ".join(f"{name} = {value:.4g}" for name, value in zip(synapse.candidate.free, synapse.values, strict=True))
        rows.append([student, assignment, str(level), token_of(secret, student, assignment), synapse.candidate.name, values])
    return rows


def graded(path: Path, secret: bytes | None) -> list[Row]:
    """The grades of a log, or of all logs (``.jsonl``) of a folder; one that is refused has a reason in the place of a grade.

    Raises
    ------
    FormatError
        Where there is no log.
    """
    files = sorted(path.glob("*.jsonl")) if is_folder(path) else [path]
    if not files:
        raise FormatError("holds no logs (*.jsonl)", path=str(path))
    return with_twins([_row(file, secret, alone=not is_folder(path)) for file in files])


def _row(file: Path, secret: bytes | None, alone: bool) -> Row:
    try:
        log: Mystery = opened(file, secret)
        return Row(file.name, log, log.grade())
    except SpikehebError as error:
        if alone:
            raise
        return Row(file.name, reason=f"{error.key}: {error.message}" if error.key else error.message)
