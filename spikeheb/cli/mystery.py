"""``spikeheb mystery``: a synapse whose rule is hidden, and a budget of cells to find it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikeheb.cli import options
from spikeheb.cli.choices import assignments
from spikeheb.cli.flatten import Values, flattened
from spikeheb.cli.output import Names, output, write_text
from spikeheb.errors import FormatError, check_used
from spikeheb.limits import LARGEST_SEED
from spikeheb.studies.settings.mystery import Trial

if TYPE_CHECKING:
    from spikeheb.studies.mystery.report import Row

TEACHER_PANEL, SERVER_PANEL = "The teacher", "The teacher's machine"

mystery = typer.Typer(no_args_is_help=True, help="Find out the hidden rule of a synapse within a budget of cells.")

Log = Annotated[Path, typer.Option("--log", metavar="FILE", help="The log of the hidden synapse.", rich_help_panel=options.OUTPUT_PANEL)]
LogFile = Annotated[Path, typer.Argument(metavar="LOG", help="The log of a hidden synapse.")]
LevelNumber = Annotated[
    int,
    typer.Option(
        min=0, max=3, help="0: four rules that need no compiler, 48 cells. 1: six, 48 cells. 2: thirteen, 36. 3: 24, or none of these."
    ),
]
Secret = Annotated[
    Path | None,
    typer.Option("--class-secret", metavar="FILE", help="The file with the class secret, which signs logs.", rich_help_panel=TEACHER_PANEL),
]
Students = Annotated[
    Path, typer.Option("--students", metavar="CSV", help="The names, in the column student.", rich_help_panel=TEACHER_PANEL)
]
Assignment = Annotated[str, typer.Option(metavar="NAME", help="Each assignment has other synapses.", rich_help_panel=TEACHER_PANEL)]
Server = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Work on the teacher's machine instead of a log of your own.", rich_help_panel=SERVER_PANEL),
]
Token = Annotated[
    str | None, typer.Option(metavar="TOKEN", help="What the teacher gave you for --server.", rich_help_panel=SERVER_PANEL)
]  # fmt: skip
LOG = Path("mystery.jsonl")


@mystery.callback()
def _about() -> None:
    """Find out the hidden rule of a synapse within a budget of cells.

    For practice, `new --seed 7` hides a synapse that anyone can compute from the seed: it is sealed only against accident. For marks the
    teacher runs `key` and `serve`, and students give --server and --token; `show` says what is known and what is left.
    """


@mystery.command("new")
def new(
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Which synapse.")] = 0, level: LevelNumber = 1, log: Log = LOG
) -> None:  # fmt: skip
    """Hide a synapse for practice, and start its log."""
    from spikeheb.cli.printing import note, paragraphs
    from spikeheb.engines.choice import hint_on_compiler
    from spikeheb.studies.mystery.game import new as study

    if level and (hint := hint_on_compiler()):
        note(f"calcium rules take many minutes here, and --level 0 has none{hint}")
    made = study(seed, level=level, path=log)
    paragraphs(made.text)
    note(f"{log}: {made.records[0]['mark']}")


@mystery.command("show")
def show(log: Log = LOG, server: Server = None, token: Token = None) -> None:
    """Print which rules are possible, how cells differ, what was done, and what is left of the budget."""
    from spikeheb.cli.printing import data_table, note, paragraphs
    from spikeheb.studies.mystery.game import opened
    from spikeheb.studies.mystery.report import SO_FAR, so_far, state

    if server is None:
        check_used("--server", token=token)
        own = opened(log)
        text, rows, left = own.text, so_far(own), state(own)
    else:
        reply = _remote(server, token, "/", None)
        text, rows, left = reply["text"], reply["so_far"], reply["state"]
    paragraphs(text)
    if rows:
        data_table(SO_FAR, rows)
    note(left)


@mystery.command("do")
@flattened
def do(
    *,
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL", help="A protocol of the library.")],
    parameter: options.Assignments = None,
    settings: Annotated[Values, Trial],
    log: Log = LOG,
    server: Server = None,
    token: Token = None,
) -> None:
    """Carry out an experiment on new cells of the hidden synapse."""
    from spikeheb.cli.printing import data_table, note
    from spikeheb.studies.mystery.game import do_as_asked, opened

    given = assignments(parameter)
    if server is None:
        check_used("--server", token=token)
        own = opened(log)
        record, left = do_as_asked(own, protocol, settings, given), own.left
    else:
        reply = _remote(server, token, "/do", {"protocol": protocol, **settings, "parameters": given})
        record, left = reply["record"], reply["left"]
    data_table(*_cells(record))
    note(f"this cost {record['cost']} cells; {left} are left")


@mystery.command("answer")
def answer(
    rule: Annotated[
        list[str],
        typer.Option("--rule", "-r", metavar="NAME=PROBABILITY", help='Such as "pair:additive=0.8"; may be repeated. The rest is shared.'),
    ],
    parameter: options.Assignments = None,
    log: Log = LOG,
    server: Server = None,
    token: Token = None,
) -> None:
    """Give the answer: probabilities of rules, and parameters (-p) of the most probable one."""
    from spikeheb.cli.printing import note
    from spikeheb.studies.mystery.game import answer as study
    from spikeheb.studies.mystery.game import opened

    shares, values = _probabilities(rule), assignments(parameter)
    if server is None:
        check_used("--server", token=token)
        study(opened(log), shares, values)
        note(f"the answer is in {log}; now: spikeheb mystery grade {log}")
    else:
        _remote(server, token, "/answer", {"probabilities": shares, "parameters": values})
        note("the teacher's machine has the answer")


@mystery.command("grade")
def grade(
    path: Annotated[Path, typer.Argument(metavar="LOG|FOLDER", help="A log, or a folder with the logs of a class.")],
    class_secret: Secret = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write; by default mystery-grades.", rich_help_panel=options.OUTPUT_PANEL),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace earlier grades.", rich_help_panel=options.OUTPUT_PANEL)] = False,
) -> None:
    """Score one log or those of a class: a report for each, grades.csv, and overview.html for the class."""
    from spikeheb.cli.printing import note
    from spikeheb.studies.mystery.classroom import graded
    from spikeheb.studies.mystery.report import overview, page, page_name, text

    names = Names(result="grades.csv", figure="overview.html", text="")
    with output(out or Path("mystery-grades"), force, names) as folder:
        rows = graded(path, _secret(class_secret))
        write_text(_csv(rows), folder / names.result)
        write_text(overview(rows), folder / names.figure)
        for row in rows:
            if row.log is not None and row.grade is not None:
                write_text(page(row.log, row.grade), folder / page_name(row))
                write_text(text(row.log, row.grade), folder / f"{Path(row.file).stem}.txt")
        if len(rows) == 1 and rows[0].log is not None and rows[0].grade is not None:
            typer.echo(text(rows[0].log, rows[0].grade), nl=False)
        else:
            _print_rows(rows)
        note(f"written to {folder}")


@mystery.command("key")
def key(
    class_secret: Annotated[Path, typer.Option("--class-secret", metavar="FILE", help="The file with the class secret.")],
    students: Annotated[Path | None, typer.Option("--students", metavar="CSV", help="The names, in the column student.")] = None,
    assignment: Assignment = "1",
    level: LevelNumber = 2,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Make a new class secret first; keep the file.")] = False,
) -> None:
    """Print what only the teacher may read: each student's token for --server, and the hidden rule."""
    from spikeheb.cli.printing import data_table, note
    from spikeheb.studies.mystery import classroom
    from spikeheb.studies.mystery.log import read_secret

    if new_secret:
        classroom.new_secret(class_secret)
        note(f"{class_secret}: a new class secret; whoever has it can compute every synapse and sign every log")
    if students is not None:
        rows = classroom.key_rows(read_secret(class_secret), classroom.read_students(students), assignment, level)
        data_table(classroom.KEY, rows)
    elif not new_secret:
        raise FormatError("give the students (--students CSV), or make a secret (--new-secret)")


@mystery.command("replay")
def replay(log: LogFile, class_secret: Secret = None) -> None:
    """Print the log that the same requests give again; the exit code is 1 if it differs from the given one."""
    from spikeheb.cli.printing import note
    from spikeheb.studies.mystery import log as logs
    from spikeheb.studies.mystery.game import opened, replayed

    own = opened(log, _secret(class_secret))
    again = logs.text(replayed(own.records, own.secret), own.secret)
    typer.echo(again, nl=False)
    if again.encode() != log.read_bytes():
        note(f"{log} differs from what its requests give: it was edited, or another version or machine wrote it")
        raise typer.Exit(1)
    note(f"{log} is reproduced to the byte")


@mystery.command("serve")
def serve(
    class_secret: Annotated[Path, typer.Option("--class-secret", metavar="FILE", help="The file with the class secret.")],
    students: Students,
    assignment: Assignment = "1",
    level: LevelNumber = 2,
    logs: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the signed logs stand.")] = Path("mystery-logs"),
    host: Annotated[str, typer.Option(help="The address; 0.0.0.0 opens it to the network of the class room, unencrypted.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8765,
) -> None:
    """Carry out the experiments of a class on this machine, which alone knows the secret, until it is interrupted (Ctrl-C)."""
    from spikeheb.cli.printing import note
    from spikeheb.results import prepare_folder
    from spikeheb.studies.mystery.classroom import read_students
    from spikeheb.studies.mystery.log import read_secret
    from spikeheb.studies.mystery.server import Classroom, server

    room = Classroom(read_secret(class_secret), read_students(students), assignment, level, prepare_folder(logs, (), force=True))
    with server(room, host, port) as machine:
        address = f"http://{machine.server_address[0]!s}:{machine.server_address[1]}"
        note(f"serving {len(room.students)} students at {address}; spikeheb mystery key prints their tokens; Ctrl-C ends it")
        machine.serve_forever()


def _secret(path: Path | None) -> bytes | None:
    from spikeheb.studies.mystery.log import read_secret

    return None if path is None else read_secret(path)


def _remote(server: str, token: str | None, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
    from spikeheb.studies.mystery.client import ask

    if token is None:
        raise FormatError("give the token that the teacher gave you", key="--token")
    return ask(server, token, path, body)


def _probabilities(items: Sequence[str]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for item in items:
        name, equals, value = (part.strip() for part in item.rpartition("="))
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not equals or not name or not 0 <= number <= 1:
            raise FormatError(f'expected NAME=PROBABILITY, such as "pair:additive=0.8" (got "{item[:60]}")', key="--rule")
        if name in shares:
            raise FormatError(f"{name} is given twice", key="--rule")
        shares[name] = number
    return shares


def _cells(record: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The table of an experiment: a row for each cell."""
    rows = []
    for each in record["results"]:
        for n, (before, after) in enumerate(each["cells"], 1):
            measured = ["lost", ""] if after is None else [f"{after:.4g}", f"{after / before:.3f}"]
            rows.append([each["condition"], str(n), f"{before:.4g}", *measured])
    return ["condition", "cell", "EPSP before (mV)", "EPSP after (mV)", "ratio"], rows


def _csv(rows: Sequence[Row]) -> str:
    import csv
    import io

    from spikeheb.studies.mystery.report import COLUMNS

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows([COLUMNS, *([_harmless(cell) for cell in row.cells] for row in rows)])
    return text.getvalue()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _print_rows(rows: Sequence[Row]) -> None:
    from spikeheb.cli.printing import data_table
    from spikeheb.studies.mystery.report import COLUMNS

    data_table(COLUMNS, [row.cells for row in rows])
