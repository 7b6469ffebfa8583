"""What a student and a teacher read afterwards: one page for each log, and one for the class."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from spikeheb.studies.mystery.answers import named
from spikeheb.studies.mystery.candidates import Level
from spikeheb.studies.mystery.conditions import Session
from spikeheb.studies.mystery.experiments import experiments_of
from spikeheb.studies.mystery.log import Record
from spikeheb.studies.mystery.noise import Measured
from spikeheb.studies.mystery.score import DESIGN, INFERENCE, PARAMETERS, PREDICTION, Grade, digest
from spikeheb.studies.mystery.synapse import Synapse

COLUMNS = (
    "file", "student", "assignment", "level", "total", "design", "inference", "parameters", "prediction", "bits", "reference_bits",
    "difficulty", "truth", "answer", "status",
)  # fmt: skip
"""Of the table of a class."""
STYLE = (
    ".mystery table{border-collapse:collapse;margin:1em 0}"
    ".mystery table td,.mystery table th{text-align:left;padding:.2em .7em;border-bottom:1px solid #ddd}"
    ".mystery table td{vertical-align:top;overflow-wrap:anywhere}"
    ".mystery .bar{display:inline-block;height:.8em;background:#5b3a8c;margin-right:.4em}.mystery .right{font-weight:bold}"
    ".mystery .mark{padding:.4em .8em;border-left:.3em solid #a60;background:#fff6e5;color:#222}"
)
"""Of a report, in a notebook as on a page of its own."""
PAGE = "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
MOST_LISTED = 12
"""Sessions that the page of a class names."""
WIDEST = 12.0
"""Width of a bar for certainty, in em."""


class Played(Protocol):
    """What reports read of a `Mystery`."""

    records: list[Record]

    @property
    def level(self) -> Level:
        """What is known: rules and budget."""

    @property
    def synapse(self) -> Synapse:
        """The hidden synapse."""

    @property
    def spent(self) -> int:
        """Cells that experiments have cost."""

    @property
    def left(self) -> int:
        """Cells that are left."""

    @property
    def answered(self) -> bool:
        """Whether the answer was given."""


@dataclass(frozen=True)
class Row:
    """A log of a class: the file, and its grade or why there is none."""

    file: str
    log: Played | None = None
    grade: Grade | None = None
    reason: str = ""
    twin: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a teacher should know of the log."""
        if self.grade is None:
            return (f"refused: {self.reason}",)
        return (*self.grade.notes, *([f"the same experiments and results as {self.twin}"] if self.twin else []))

    @property
    def cells(self) -> list[str]:
        """The row of the table, in the order of `COLUMNS`."""
        status = "; ".join(self.notes)
        if self.log is None or self.grade is None:
            return [self.file, *[""] * (len(COLUMNS) - 2), status]
        first, grade = self.log.records[0], self.grade
        points = (grade.total, grade.design, grade.inference, grade.parameters, grade.prediction)
        return [
            self.file, str(first.get("student", "")), str(first.get("assignment", "")), str(self.log.level.number),
            *(f"{value:.1f}" for value in points), f"{grade.bits:.2f}", f"{grade.reference_bits:.2f}", f"{grade.difficulty:.3f}",
            grade.truth, answer_of(self.log), status,
        ]  # fmt: skip


def answer_of(log: Played) -> str:
    """The most probable answer of a student; empty where there is none."""
    if not log.answered:
        return ""
    shares: dict[str, float] = log.records[-1]["probabilities"]
    return max(shares, key=lambda name: shares[name])


def with_twins(rows: Sequence[Row]) -> list[Row]:
    """The rows, each with the name of an earlier or later log that holds the same experiments and results."""
    known = [(row, digest(row.log.records)) for row in rows if row.log is not None and row.log.spent]
    twins = {}
    for row, key in known:
        twins[row.file] = ", ".join(other.file for other, same in known if same == key and other.file != row.file)
    return [Row(row.file, row.log, row.grade, row.reason, twins.get(row.file, "")) for row in rows]


# --- one log --------------------------------------------------------------------------------------------------------------


def parts(log: Played, grade: Grade) -> list[tuple[str, float, float, str]]:
    """Name, points, most points, and what each part of the score rests on."""
    right = [log.level.answers.index(name) for name in grade.same]
    ideal = f"an ideal observer of the same data gives {grade.beliefs[-1][right].sum():.2f} to the right answer"
    if log.answered:
        shares = log.records[-1]["probabilities"]
        ideal += f", the written probabilities {sum(shares.get(name, 0.0) for name in grade.same):.2f}"
    return [
        (
            "design",
            grade.design,
            DESIGN,
            f"bits about the rule: {grade.bits:.2f} in these data, {grade.reference_bits:.2f} in the reference design's",
        ),
        ("inference", grade.inference, INFERENCE, ideal),
        ("parameters", grade.parameters, PARAMETERS, "how well the answer predicts four other protocols, in standard deviations of a cell"),
        ("prediction", grade.prediction, PREDICTION, _predicted(log)),
    ]


def _predicted(log: Played) -> str:
    """The registered interval, and the mean ratio that came."""
    experiments = experiments_of(log.records)
    if not experiments or experiments[-1][0].get("predict") is None:
        return "no interval was registered before the last experiment"
    record, done = experiments[-1]
    low, high = record["predict"]
    mean = _numbers([cell for _, cells in done for cell in cells])[-1] or "not known, all cells were lost"
    return f"before the last experiment {low:g} to {high:g} was registered; the mean ratio was {mean}"


def bought(log: Played, grade: Grade) -> list[list[str]]:
    """A row for each session that was paid for: what, cells, lost cells, mean ratio, cost, and bits about the right answer."""
    from spikeheb.studies.mystery.score import gained

    right = [log.level.answers.index(name) for name in grade.same]
    rows = []
    for n, (record, done) in enumerate(experiments_of(log.records)):
        bits = gained(grade.beliefs[n], grade.beliefs[n + 1], right)
        for k, (session, cells) in enumerate(done):
            last = [str(record["cost"]), f"{bits:.2f}"] if k == 0 else ["", ""]
            rows.append([str(n + 1) if k == 0 else "", _label(session), *_numbers(cells), *last])
    return rows


def _label(session: Session) -> str:
    """A session in words: its condition, and what else was asked for."""
    condition = session.condition
    parts = [part for part in (condition.label, condition.besides) if part]
    if session.start != 1:
        parts.append(f"start = {session.start:g}")
    return f"{condition.protocol}: {', '.join(parts)}"


def _numbers(cells: Sequence[Measured]) -> list[str]:
    """How many cells there were, how many were lost, and the mean ratio of the others."""
    ratios = [cell.ratio for cell in cells if not cell.lost]
    return [str(len(cells)), str(len(cells) - len(ratios)), f"{sum(ratios) / len(ratios):.2f}" if ratios else ""]


BOUGHT = ("experiment", "what", "cells", "lost", "mean ratio", "cost", "bits")


def text(log: Played, grade: Grade) -> str:
    """The report as plain text."""
    lines = [f"{grade.total:.0f} of 100 points; the synapse was {grade.truth}"]
    lines += [f"  {name}: {points:.1f} of {most:.0f} ({why})" for name, points, most, why in parts(log, grade)]
    if len(grade.same) > 1:
        lines.append(f"These predict the same and count as one answer: {', '.join(grade.same)}.")
    lines += ["", "What the experiments said to an ideal observer (probability of the right answer, and the most probable one):"]
    right = [log.level.answers.index(name) for name in grade.same]
    for n, belief in enumerate(grade.beliefs):
        best = log.level.answers[int(belief.argmax())]
        lines.append(f"  after {n}: {belief[right].sum():.3f}; {best} ({belief.max():.3f})")
    lines += ["", "What would have told the rules apart:"]
    lines += [f"  {sentence}" for sentence in told_apart(log, grade)]
    lines += ["", "What was bought:"]
    lines += ["  " + "; ".join(f"{name} {value}" for name, value in zip(BOUGHT, row, strict=True) if value) for row in bought(log, grade)]
    lines += ["", *(f"Note: {note}" for note in grade.notes)]
    return "\n".join(lines) + "\n"


def told_apart(log: Played, grade: Grade) -> list[str]:
    """For each rule that is left, the experiment that separates it best from the truth."""
    if not grade.rivals:
        return ["nothing more was needed: no other rule was left."]
    return [
        f"{name} (still {share:.0%}): {experiment}, where one cell separates it by {gap:.1f} standard deviations"
        for name, share, experiment, gap in grade.rivals
    ]


@dataclass(frozen=True)
class Report:
    """The report of one log: text at a prompt, HTML in a notebook.

    Attributes
    ----------
    log : Played
    grade : Grade
    """

    log: Played
    grade: Grade

    def __repr__(self) -> str:
        return text(self.log, self.grade)

    def _repr_html_(self) -> str:
        return f'<div class="mystery"><style>{STYLE}</style>{"".join(_body(self.log, self.grade))}</div>'


SO_FAR = ("experiment", "what", "cells", "lost", "mean ratio", "cost")


def so_far(log: Played) -> list[list[str]]:
    """A row for each session that was paid for, without what it says about the rules; columns `SO_FAR`."""
    return [
        [str(n), _label(session), *_numbers(cells), str(record["cost"])]
        for n, (record, done) in enumerate(experiments_of(log.records), 1)
        for session, cells in done
    ]


def state(log: Played) -> str:
    """What can still be done."""
    return "the answer was given" if log.answered else f"{log.left} of {log.level.cells} cells are left"


def notebook_html(log: Played) -> str:
    """What is left of the budget, and the experiments so far."""
    rows = so_far(log)
    table = _table(SO_FAR, rows) if rows else ""
    return f'<div class="mystery"><style>{STYLE}</style><p>Hidden synapse, level {log.level.number}: {state(log)}.</p>{table}</div>'


def page(log: Played, grade: Grade) -> str:
    """The report as one page of HTML without anything from outside."""
    return _document(_who(log), _body(log, grade))


def _who(log: Played) -> str:
    first = log.records[0]
    return f"{first.get('student', '')} {first.get('assignment', '')}".strip() or "hidden synapse"


def _body(log: Played, grade: Grade) -> list[str]:
    who = _who(log)
    return [
        f"<h1>{_safe(who)}: {grade.total:.0f} of 100</h1>", f'<p class="mark">{_safe("; ".join(grade.notes))}</p>',
        f"<p>The synapse was <b>{_safe(grade.truth)}</b>. Level {log.level.number}, {log.spent} of {log.level.cells} cells spent, "
        f"difficulty {grade.difficulty:.3f} (of 0 to 0.1: the doubt that the reference design leaves).</p>",
        _table(("part", "points", "of", "what it rests on"), [[n, f"{p:.1f}", f"{m:.0f}", w] for n, p, m, w in parts(log, grade)]),
        "<h2>What the experiments said</h2>",
        "<p>Probabilities of an ideal observer after each experiment, and those that were handed in. One bit halves the doubt.</p>",
        _posterior(log, grade), "<h2>What would have told the rules apart</h2>",
        "<ul>" + "".join(f"<li>{_safe(sentence)}</li>" for sentence in told_apart(log, grade)) + "</ul>",
        "<h2>What was bought</h2>", _table(BOUGHT, bought(log, grade)), _handed_in(log),
    ]  # fmt: skip


def _posterior(log: Played, grade: Grade) -> str:
    heads = ["rule", "before", *(f"after {n}" for n in range(1, len(grade.beliefs)))] + (["handed in"] if log.answered else [])
    lines = []
    for k, name in enumerate(log.level.answers):
        shares = [float(belief[k]) for belief in grade.beliefs]
        if log.answered:
            shares.append(float(log.records[-1]["probabilities"].get(name, 0.0)))
        mark = ' class="right"' if name in grade.same else ""
        lines.append(f"<tr><td{mark}>{_safe(name)}</td>" + "".join(f"<td>{_bar(share)}</td>" for share in shares) + "</tr>")
    return f"<table><tr>{''.join(f'<th>{_safe(head)}</th>' for head in heads)}</tr>{''.join(lines)}</table>"


def _bar(share: float) -> str:
    width = WIDEST * share / 2
    return f'<span class="bar" style="width:{width:.2f}em"></span>{share:.2f}' if share >= 0.005 else '<span style="color:#777">0</span>'


def _handed_in(log: Played) -> str:
    if not log.answered:
        return ""
    answer = log.records[-1]
    best = named(log.level, answer["probabilities"])
    values = {name: replace(best.rule.parameters[name], value=float(f"{value:.4g}")) for name, value in answer["parameters"].items()}
    given = ", ".join(f"{name} = {value.text}" for name, value in values.items()) or "published values"
    return f"<p>Parameters that were handed in, for {_safe(best.name)}: {_safe(given)}.</p>"


# --- a class --------------------------------------------------------------------------------------------------------------


def sessions_used(rows: Sequence[Row]) -> list[tuple[str, int, int]]:
    """What the logs of a class bought most often: a session in words, in how many experiments, and with how many cells in all."""
    used: Counter[str] = Counter()
    cells_of: Counter[str] = Counter()
    for row in rows:
        for _, done in experiments_of(row.log.records) if row.log is not None else ():
            for session, cells in done:
                used[_label(session)] += 1
                cells_of[_label(session)] += len(cells)
    return [(name, count, cells_of[name]) for name, count in used.most_common(MOST_LISTED)]


def confusions(rows: Sequence[Row]) -> list[tuple[str, str, int]]:
    """Which rule was taken for which other, and how often."""
    pairs = Counter(
        (row.log.synapse.answer, answer_of(row.log))
        for row in rows
        if row.log is not None and row.grade is not None and row.log.answered and answer_of(row.log) not in row.grade.same
    )
    return [(true, named_rule, count) for (true, named_rule), count in pairs.most_common()]


def overview(rows: Sequence[Row]) -> str:
    """The page of a class."""
    graded = [row.grade.total for row in rows if row.grade is not None]
    mean = f"{sum(graded) / len(graded):.0f}" if graded else "none"
    body = [
        f"<h1>{len(rows)} logs, mean {mean} of 100</h1>", _class_table(rows), "<p>Everything else is in grades.csv.</p>",
        "<h2>What to look at</h2>", _notes_of_class(rows),
        "<h2>What was bought most often</h2>",
        _table(("what", "experiments", "cells"), [[name, str(n), str(cells)] for name, n, cells in sessions_used(rows)]),
        "<h2>Confusions</h2>",
        _table(("the synapse was", "the answer was", "times"), [[a, b, str(n)] for a, b, n in confusions(rows)]),
    ]  # fmt: skip
    return _document("class", body)


def _class_table(rows: Sequence[Row]) -> str:
    """A row for each log: points, and rules without parameters; the name leads to the page of the log."""
    heads = ("student", "total", "design", "inference", "parameters", "prediction", "truth", "answer")
    lines = []
    for row in rows:
        cells = dict(zip(COLUMNS, row.cells, strict=True))
        cells["truth"] = cells["truth"].partition(" (")[0]
        first, *others = (_safe(cells[name]) for name in heads)
        first = first or _safe(row.file)
        link = first if row.grade is None else f'<a href="{_safe(quote(page_name(row)))}">{first}</a>'
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in (link, *others)) + "</tr>")
    return f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{''.join(lines)}</table>"


def _notes_of_class(rows: Sequence[Row]) -> str:
    """Each thing that a teacher should know, with the files that it is about."""
    files: dict[str, list[str]] = {}
    for row in rows:
        for note in row.notes:
            files.setdefault(note, []).append(row.file)
    lines = [f"<li>{_safe(note)}: {_safe(', '.join(names))}</li>" for note, names in files.items()]
    return f"<ul>{''.join(lines)}</ul>" if lines else "<p>Nothing.</p>"


def page_name(row: Row) -> str:
    """The file of a log's page."""
    return f"{Path(row.file).stem}.html"


def _document(title: str, body: Sequence[str]) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_safe(title)}</title>'
    head += f"<style>{PAGE}{STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body class="mystery">{"".join(body)}</body></html>\n'


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(f"<th>{_safe(name)}</th>" for name in columns)
    lines = "".join("<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{heads}</tr>{lines}</table>"


def _safe(text: str) -> str:
    return html.escape(text)
