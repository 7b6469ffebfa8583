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
    counted = rule.weight if data.attrs["counted"] == "weight" else f"the {data.attrs['counted']}"
    cells, synapses = data.attrs["cells"], data.attrs["synapses"]
    of = f"{cells} cells" if synapses == 1 else f"{synapses} synapses"
    many = f", mean and standard error of {of}" if "change_sem" in data else ""
    heading(f"Measured window of {rule.label}: change of {counted} after 60 pairs at 1 Hz{many}")
    rows = [[f"{value:+.2%}" for value in data["change"].values]]
    rows += [[f"±{value:.2%}" for value in data["change_sem"].values]] if "change_sem" in data else []
    text_table([f"{value:+d} ms" for value in DELTA_T], rows)


def _print_drift(rule: Rule) -> None:
    from spikeheb.rules.meaning import is_noisy
    from spikeheb.studies.drift import drift
    from spikeheb.studies.population import counted

    what = counted(rule)[0] if is_noisy(rule) else "efficacy"
    heading("Drift")
    lines([f"test pulses alone (0.1 Hz, 50 min) change the {what} by {drift(rule) + 0.0:+.2%}"])


def _print_scores(rule: Rule) -> None:
    from spikeheb.cli.board import scores_table
    from spikeheb.studies.score import score

    heading("Scores (efficacy at the end of induction; `spikeheb score` has the whole board)")
    columns, rows = scores_table(score([rule], refits=False))
    text_table(columns, rows) if rows else lines(["no data set is about what this rule does"])
