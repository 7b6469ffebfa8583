"""What is measured of a rule when it is shown: its window, its drift under test pulses, its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikeheb.cli.printing import heading, lines, text_table

if TYPE_CHECKING:
    from spikeheb.rules import Rule

DELTA_T = (-50, -20, -10, -5, 5, 10, 20, 50)
"""Milliseconds."""


def print_measured(rule: Rule) -> None:
    """Window, drift and scores of a rule, computed now; of a rule with sets and none chosen, those of its first set."""
    from spikeheb.rules import choose

    if rule.set is None and rule.sets and not rule.changed:
        rule = choose(rule, set=next(iter(rule.sets)))
    _print_window(rule)
    _print_drift(rule)
    _print_scores(rule)


def _print_window(rule: Rule) -> None:
    from spikeheb.studies.predictions import cell_of
    from spikeheb.studies.window import window

    data = window(rule, [value * 1e-3 for value in DELTA_T], cell=cell_of(rule).name)
    heading(f"Measured window of {rule.label}: change of {rule.weight} after 60 pairs at 1 Hz")
    text_table([f"{value:+d} ms" for value in DELTA_T], [[f"{value:+.2%}" for value in data["change"].values]])


def _print_drift(rule: Rule) -> None:
    from spikeheb.studies.drift import drift

    heading("Drift")
    lines([f"test pulses alone (0.1 Hz, 50 min) change the efficacy by {drift(rule) + 0.0:+.2%}"])


def _print_scores(rule: Rule) -> None:
    from spikeheb.cli.board import scores_table
    from spikeheb.studies.score import score

    heading("Scores (efficacy at the end of induction; `spikeheb score` has the whole board)")
    columns, rows = scores_table(score([rule], refits=False))
    text_table(columns, rows) if rows else lines(["no data set is about what this rule does"])
