"""What is measured of a rule for its portrait: its window, its drift under test pulses, its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.rules import Rule, choose
from spikeheb.rules.meaning import is_noisy
from spikeheb.studies.board.predictions import cell_of
from spikeheb.studies.board.score import score
from spikeheb.studies.board.standing import NOT_APPLICABLE
from spikeheb.studies.population import counted
from spikeheb.studies.portrait.sections import Section, Table
from spikeheb.studies.windows.drift import drift
from spikeheb.studies.windows.window import window
from spikeheb.tables import number_text

if TYPE_CHECKING:
    import xarray as xr

DELTA_T = (-0.05, -0.02, -0.01, -0.005, 0.005, 0.01, 0.02, 0.05)
"""Seconds."""

SCORES = ("data set", "standing", "E", "chance", "skill", "within 2 errors", "signs right", "noise ceiling")


@dataclass(frozen=True, slots=True)
class MeasuredWindow:
    """The change after 60 pairs at 1 Hz, as in `spikeheb.window`.

    Attributes
    ----------
    delta_t : tuple of float
        Seconds.
    change : tuple of float
        One for each delta_t, as a fraction of the value before.
    sem : tuple of float
        Standard errors of these; empty for a rule that draws no random numbers.
    counted : str
        What changes: the name of the weight, ``"the efficacy"`` or ``"the readout"``.
    population : str
        ``"200 synapses"`` or ``"200 cells"``.
    note : str
        Why no weight changed; empty where one did.
    """

    delta_t: tuple[float, ...]
    change: tuple[float, ...]
    sem: tuple[float, ...]
    counted: str
    population: str
    note: str


@dataclass(frozen=True, slots=True)
class Score:
    """A line of the scoreboard: the rule on one data set, as in `spikeheb.score`; NaN where a number does not exist."""

    data_set: str
    standing: str
    error: float
    chance: float
    skill: float
    met: float
    points: int
    signs_right: float
    signs: int
    ceiling: float

    @property
    def row(self) -> tuple[str, ...]:
        """In words, under the columns `SCORES`."""
        chance = number_text(round(self.chance, 2)) if self.chance > 0 else ""
        met = f"{self.met:.0f} of {self.points}" if np.isfinite(self.met) else ""
        signs = f"{self.signs_right:.0f} of {self.signs}" if self.signs else ""
        ceiling = number_text(self.ceiling) if self.points else ""
        return self.data_set, self.standing, number_text(self.error), chance, number_text(self.skill), met, signs, ceiling


@dataclass(frozen=True, slots=True)
class Measured:
    """Window, drift and scores of a rule.

    Attributes
    ----------
    label : str
        The rule and set that were measured.
    window : MeasuredWindow
    drift : float
        Change by 50 minutes of test pulses at 0.1 Hz, as a fraction of the value before.
    drift_of : str
        ``"efficacy"``, or what counts of a rule that draws.
    scores : tuple of Score
        One for each data set that the rule says something about.
    """

    label: str
    window: MeasuredWindow
    drift: float
    drift_of: str
    scores: tuple[Score, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """In words."""
        shown = self.window
        rows = [[f"{change:+.2%}" for change in shown.change], *([[f"±{sem:.2%}" for sem in shown.sem]] if shown.sem else [])]
        table = Table([f"{delta_t * 1e3:+g} ms" for delta_t in shown.delta_t], rows)
        many = f", mean and standard error of {shown.population}" if shown.sem else ""
        title = f"Measured window of {self.label}: change of {shown.counted} after 60 pairs at 1 Hz{many}"
        change = f"test pulses alone (0.1 Hz, 50 min) change the {self.drift_of} by {round(self.drift, 4) + 0.0:+.2%}"
        scores = (Table(SCORES, [score.row for score in self.scores]),) if self.scores else ()
        return (
            Section(title, (table,), (f"note: {shown.note}",) if shown.note else ()),
            Section("Drift", lines=(change,)),
            Section(
                "Scores (efficacy at the end of induction; `spikeheb score` has the whole board)",
                scores,
                () if scores else ("no data set applies to this rule",),
            ),
        )


def measure_rule(rule: Rule) -> Measured:
    """Window, drift and scores of a rule, computed now.

    A rule with published sets of which none is chosen is measured with its first set.

    Raises
    ------
    SpikehebError
        Where the rule cannot be run.
    """
    if rule.set is None and rule.sets and not rule.changed:
        rule = choose(rule, set=next(iter(rule.sets)))
    what = counted(rule)[0] if is_noisy(rule) else "efficacy"
    return Measured(rule.label, _window(rule), drift(rule), what, _scores(score([rule], refit=False)))


def _window(rule: Rule) -> MeasuredWindow:
    data = window(rule, DELTA_T, cell=cell_of(rule).name)
    attrs = data.attrs
    return MeasuredWindow(
        DELTA_T,
        tuple(data["change"].values.tolist()),
        tuple(data["change_sem"].values.tolist()) if "change_sem" in data else (),
        rule.weight if attrs["counted"] == "weight" else f"the {attrs['counted']}",
        f"{attrs['cells']} cells" if attrs["synapses"] == 1 else f"{attrs['synapses']} synapses",
        attrs.get("note", ""),
    )


def _scores(board: xr.Dataset) -> tuple[Score, ...]:
    """The first entry of the board, which is the rule as it is computed here, on the data sets that it applies to."""
    names = ("error", "chance_share", "skill", "met", "points", "signs_right", "signs", "ceiling_error")
    scores = []
    for column in range(board.sizes["data_set"]):
        square = board.isel(data_set=column, entry=0)
        if str(square["standing"].values) == NOT_APPLICABLE:
            continue
        error, chance, skill, met, points, right, signs, ceiling = (float(square[name]) for name in names)
        label, standing = str(square["data_set"].values), str(square["standing"].values)
        scores.append(Score(label, standing, error, chance, skill, met, int(points), right, int(signs), ceiling))
    return tuple(scores)
