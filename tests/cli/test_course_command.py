"""``spikeheb course``: copies, pages, grading of a small course, and the doctor's screen."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest

from spikeheb.cli import course_doctor
from spikeheb.studies.course import handouts, notebooks

SMALL = """# ---
# jupyter:
#   spikeheb:
#     seconds: 1
# ---

# %% [markdown]
# # 1. How much is twice?
#
# **You learn** to double. **You need** nothing. **Time** 5 minutes.

# %%
import spikeheb as sh

# %% nbgrader={"grade": false, "grade_id": "twice", "locked": false, "schema_version": 3, "solution": true, "task": false}
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check-1", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def doubled(draw):
    x = draw.between("x", 1, 2)
    return sh.course.Problem((x,), 2 * x, {"That is the number itself.": x})

sh.course.check("1.1", twice, on=doubled)

# %% [markdown] nbgrader={"grade":true,"grade_id":"why","locked":false,"points":2,"schema_version":3,"solution":true,"task":false}
# Why?
#
# ### BEGIN SOLUTION
# Because.
#
# Rubric: 2 points for a reason.
# ### END SOLUTION

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **What goes wrong** Nothing.
"""
NAME = "01_twice"


@pytest.fixture
def small_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "notebooks"
    (folder / "data").mkdir(parents=True)
    (folder / f"{NAME}.py").write_text(SMALL, encoding="utf-8")
    (folder / "data" / "long.csv").write_text("x\n1\n", encoding="utf-8")
    monkeypatch.setattr(notebooks, "folder", lambda: folder)
    monkeypatch.setattr(handouts, "folder", lambda: folder)
    return folder


def test_the_notebooks_of_the_course_are_listed(spikeheb: Any) -> None:
    rows = spikeheb("course", "list").table
    assert [row["notebook"] for row in rows] == list(notebooks.names())
    assert "02_who_fires_first" in notebooks.names()


def test_copies_are_written_and_a_students_work_is_not_overwritten(spikeheb: Any, small_course: Path, tmp_path: Path) -> None:
    outcome = spikeheb("course", "copy", "mine")
    assert outcome.code == 0
    assert sorted(path.name for path in (tmp_path / "mine").rglob("*.*")) == [f"{NAME}.ipynb", f"{NAME}.py", "long.csv"]
    assert "return 2 * x" not in (tmp_path / "mine" / f"{NAME}.py").read_text(encoding="utf-8")
    work = tmp_path / "mine" / f"{NAME}.ipynb"
    work.write_text("work", encoding="utf-8")
    assert "--force replaces it" in spikeheb("course", "copy", "mine").refusal
    assert work.read_text(encoding="utf-8") == "work"
    assert spikeheb("course", "copy", "mine", "--force").code == 0
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "cannot be written" in spikeheb("course", "copy", "file").refusal


def test_the_teacher_gets_solutions_and_a_page_with_rubric_and_known_wrong_answers(
    spikeheb: Any, small_course: Path, tmp_path: Path
) -> None:
    assert spikeheb("course", "teacher", "t").code == 0
    page = (tmp_path / "t" / "pages" / f"{NAME}.md").read_text(encoding="utf-8")
    for words in (
        "# 1. How much is twice?", "5 minutes", "3 by checks, 2 by hand", "**What goes wrong** Nothing.", "2 points for a reason.",
        "*For example:* Because.", "**Check 1.1** (3 points)", "- That is the number itself.",
    ):  # fmt: skip
        assert words in page
    for path in (tmp_path / "t" / "solved" / f"{NAME}.py", tmp_path / "t" / "source" / NAME / f"{NAME}.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "return 2 * x" in text
        assert "For the teacher" not in text


JUDGED = """
def judged(draw):
    def accept(answer):
        if answer is None:
            return "Nothing came back."
        def inner():
            return "not said"
        if answer > 3:
            return f"With {answer:.1f} it is too " + ("large." if answer > 5 else "large; both count.")
        return ""
    return sh.course.Problem((), accept=accept)

sh.course.check("1.1", f, on=judged)
"""


@pytest.mark.parametrize(("points", "words"), [(1, "(1 point)"), (2, "(2 points)"), (0, "(for practice, not graded)")])
def test_the_page_counts_points_in_english(points: int, words: str) -> None:
    cell = notebooks.Cell("code", 'sh.course.check("1.1", f, on=g)', {"nbgrader": {"grade": True, "points": points}})
    (text,) = handouts._checks(notebooks.Notebook("n", "", (cell,)))
    assert text.startswith(f"**Check 1.1** {words}")


def test_the_page_lists_the_sentences_of_an_open_question() -> None:
    (text,) = handouts._checks(notebooks.Notebook("n", "", (notebooks.Cell("code", JUDGED),)))
    assert [line for line in text.splitlines() if line.startswith("- ")] == [
        "- Nothing came back.", "- With … it is too large.", "- With … it is too large; both count.",
    ]  # fmt: skip


def test_the_page_lists_sentences_of_every_open_question_of_the_course() -> None:
    cells = [cell for path in notebooks.names().values() for cell in notebooks.read(path).cells]
    judged = [cell for cell in cells if cell.kind == "code" and "accept=" in cell.source]
    assert len(judged) >= 4
    assert [cell.source for cell in judged if not list(handouts._complaints(cell.source))] == []


SUBMITTED = {
    "solved": ("return 2 * x", "return 2 * x", 3),
    "wrong": ("return 2 * x", "return x", 0),
    "forged": ("def twice", "sh.course.check = lambda *a, **k: None\ndef twice", 3),
    "forger": ("def twice(x):", "sh.course.check = print\ndef twice(x):\n    return x", 0),
    "deleted": ('sh.course.check("1.1", twice, on=doubled)', "", 3),
    "endless": ("return 2 * x", "raise SystemExit", 0),
}


def test_submissions_are_graded_with_the_checks_of_the_original(spikeheb: Any, small_course: Path, tmp_path: Path) -> None:
    spikeheb("course", "copy", "empty-copy")
    for student, (old, new, _) in SUBMITTED.items():
        folder = tmp_path / "in" / student
        folder.mkdir(parents=True)
        (folder / f"{NAME}.py").write_text(SMALL.replace(old, new), encoding="utf-8")
    (tmp_path / "in" / f"Empty_{NAME}.ipynb").write_bytes((tmp_path / "empty-copy" / f"{NAME}.ipynb").read_bytes())
    (tmp_path / "in" / f"broken_{NAME}.ipynb").write_text("{}", encoding="utf-8")
    outcome = spikeheb("course", "grade", "in")
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(outcome.out))}
    expected = {student: points for student, (_, _, points) in SUBMITTED.items()} | {"Empty": 0, "broken": 0}
    assert {student: float(row["points"]) for student, row in rows.items()} == expected
    assert {row["out_of"] for row in rows.values()} == {"3"}
    assert {row["by_hand"] for row in rows.values()} == {"2"}
    assert "That is the number itself." in rows["wrong"]["note"]
    assert "not written yet" in rows["Empty"]["note"]
    assert "no notebook" in rows["broken"]["note"]
    assert "8 of 8" in outcome.err


def test_of_two_files_the_newer_is_graded_and_an_empty_folder_is_refused(spikeheb: Any, small_course: Path, tmp_path: Path) -> None:
    spikeheb("course", "teacher", "t")
    (tmp_path / "in").mkdir()
    assert "holds no notebook of the course" in spikeheb("course", "grade", "in").refusal
    assert "there is no such folder" in spikeheb("course", "grade", "elsewhere").refusal
    old, new = (tmp_path / "in" / f"a_{NAME}{suffix}" for suffix in (".py", ".ipynb"))
    old.write_text(SMALL.replace("return 2 * x", "return x"), encoding="utf-8")
    new.write_bytes((tmp_path / "t" / "solved" / f"{NAME}.ipynb").read_bytes())
    os.utime(old, (1, 1))
    assert spikeheb("course", "grade", "in", "--out", "grades.csv").out == ""
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["student"], row["points"], row["note"]) == ("a", "3", "two files; the newer was graded")


def test_warm_runs_every_notebook(spikeheb: Any, small_course: Path) -> None:
    (row,) = spikeheb("course", "warm").table
    assert (row["notebook"], row["state"]) == (NAME, "ready")
    (small_course / f"{NAME}.py").write_text(SMALL.replace("return 2 * x", "return x"), encoding="utf-8")
    outcome = spikeheb("course", "warm")
    assert outcome.code == 1
    assert "CheckFailed" in outcome.out


def test_the_doctor_says_what_is_missing_and_what_to_do(spikeheb: Any, small_course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course_doctor, "_kernel", lambda: course_doctor.Finding("kernel", "builds"))
    monkeypatch.setattr(course_doctor, "_jupyter", lambda: course_doctor.Finding("Jupyter", "is there"))
    monkeypatch.setattr(course_doctor, "_compiler", lambda: course_doctor.Finding("compiler", "g++"))
    outcome = spikeheb("course", "doctor")
    assert outcome.code == 0
    assert f"{NAME} takes" in outcome.out
    assert "GB" in outcome.out
    monkeypatch.setattr(course_doctor, "_compiler", lambda: course_doctor.Finding("compiler", "none", False, "pip install it"))
    outcome = spikeheb("course", "doctor")
    assert outcome.code == 1
    assert "pip install it" in outcome.out
    assert "kernel" not in outcome.out
