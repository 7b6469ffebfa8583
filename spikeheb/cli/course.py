"""``spikeheb course``: notebooks for students and teachers, grading, and whether this machine is ready."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

ABOUT = "Hand out the notebooks of the course, grade them, and test whether this machine is ready."

course = typer.Typer(no_args_is_help=True, help=ABOUT)
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]


@course.callback()
def _about() -> None:
    """Hand out the notebooks of the course, grade them, and test whether this machine is ready."""


@course.command("list")
def list_notebooks() -> None:
    """List the notebooks: question, minutes for a student, points by checks and by hand."""
    from spikeheb.cli.printing import data_table
    from spikeheb.studies.course import notebooks

    rows = []
    for name, path in notebooks.names().items():
        notebook = notebooks.read(path)
        points = [sum(cell.points for cell in notebook.cells if cell.by_hand is by_hand) for by_hand in (False, True)]
        rows.append([name, notebook.title, str(notebook.minutes), *(f"{value:g}" for value in points)])
    data_table(["notebook", "question", "minutes", "points", "by hand"], rows)


@course.command("copy")
def copy(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A folder; it is made if it is not there.")], force: Force = False
) -> None:
    """Write the student's copies, without solutions: each notebook as .ipynb and as .py, of which one is enough."""
    from spikeheb.cli.printing import note
    from spikeheb.studies.course import handouts

    written = _writing(handouts.copy, target, force)
    note(f"wrote {len(written)} files to {target}; open one with: jupyter lab {target}")


@course.command("teacher")
def teacher(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A folder; it is made if it is not there.")], force: Force = False
) -> None:
    """Write solved notebooks, one page for each (time, what to hand in, what goes wrong, rubric), and nbgrader's sources."""
    from spikeheb.cli.printing import note
    from spikeheb.studies.course import handouts

    written = _writing(handouts.teacher, target, force)
    note(f"wrote {len(written)} files to {target}: solved/, pages/, and source/ for nbgrader generate_assignment")


@course.command("grade")
def grade(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of submissions: FOLDER/STUDENT/NOTEBOOK.ipynb or .py.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the table to this file, not to stdout.")] = None,
    force: Force = False,
) -> None:
    """Run every submission with the checks of the original notebooks, and print a CSV table of points.

    The code of the students is executed on this machine, each notebook in a process of its own and for a limited time. Nothing else
    protects the machine from it: for people whom you do not know, do this in a container. What is graded by hand is not in `points`.
    """
    from spikeheb.cli.output import write_text
    from spikeheb.cli.printing import note
    from spikeheb.results import free_place
    from spikeheb.studies.course import grading

    if out is not None:
        free_place(out, force)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(grading.COLUMNS)
    entries = grading.submissions(folder)
    for number, submission in enumerate(entries, 1):
        result = grading.grade(submission)
        note(f"{number} of {len(entries)}: {result.student}, {result.notebook}: {result.points:g} of {result.out_of:g}")
        writer.writerow([_harmless(cell) for cell in result.row])
    if out is None:
        typer.echo(table.getvalue(), nl=False)
    else:
        write_text(table.getvalue(), out)


@course.command("warm")
def warm() -> None:
    """Run every solved notebook once, so that all kernels are built before the class begins."""
    from spikeheb.cli.printing import data_table
    from spikeheb.studies.course import notebooks
    from spikeheb.studies.course.runner import run_solved

    rows = []
    for name in notebooks.names():
        seconds, problem = run_solved(name)
        rows.append([name, f"{seconds:.1f}", problem or "ready"])
    data_table(["notebook", "seconds", "state"], rows)
    if any(row[2] != "ready" for row in rows):
        raise typer.Exit(1)


@course.command("doctor")
def doctor() -> None:
    """Say in one screen whether this machine is ready for the course, and what to do if it is not.

    The last line runs the slowest notebook, which takes up to a minute. The exit code is 1 if something is missing.
    """
    from spikeheb.cli.course_doctor import examine
    from spikeheb.cli.printing import text_table

    rows = list(examine())
    text_table(["what", "state", "what to do"], [[row.what, row.state, row.advice] for row in rows])
    if not all(row.ready for row in rows):
        raise typer.Exit(1)


def _writing(write: object, target: Path, force: bool) -> list[Path]:
    from spikeheb.errors import StorageError

    assert callable(write)
    try:
        written: list[Path] = write(target, force)
    except OSError as error:
        if isinstance(error, StorageError) or type(error).__module__.startswith("spikeheb"):
            raise
        raise StorageError(f"cannot be written ({error.strerror or error})", path=str(error.filename or target)) from None
    return written


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
