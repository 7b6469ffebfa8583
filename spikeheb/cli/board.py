"""The scoreboard in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeheb.studies.board.standing import MARK, NOT_APPLICABLE
from spikeheb.tables import number_text

if TYPE_CHECKING:
    import xarray as xr

BEST = 5
COLUMNS = ["rule / set", "standing", "E", "chance", "D", "AIC", "skill", "within 2 errors", "signs right", "E left out", "rank (5-95 %)"]
HOW_TO_READ = """\
E is the mean of ((model - data)/SEM)^2. Some rules and protocols draw random numbers. "chance" is the
largest standard error that this leaves in a prediction, in units of the data's SEM; it adds at most its square to E. It is empty where
nothing is drawn, and above 0.2 where even the largest number of synapses or sessions was not enough. D is the deviance: it includes the
digitisation error, and uses Student's t distribution for the number of cells. AIC is D + 2 x the number of parameters that were fitted
to these same data; a prediction has none, and none is counted where the authors do not give the number. Skill is 1 - E/E(no change).
"E left out" predicts each point from the other points, with one free gain for a published set and with all free parameters for a
refitted rule. Entries are ranked by AIC; differences below 2 are ties, and the interval shows how far the errors of the data leave the
rank open. The noise ceiling is the median E that the true rule would have with these numbers of cells: a smaller E is luck. Nothing is
averaged over data sets. A \u2020 marks rules and data with numbers or sources that are unverified; the last section names them.
"""


def best_table(data: xr.Dataset) -> tuple[list[str], list[list[str]]]:
    """The `BEST` best entries of each data set, one row each; the last column says whether rule or data have unverified numbers."""
    rows = []
    for column in range(data.sizes["data_set"]):
        scores = data.isel(data_set=column)
        rows += [[str(scores["data_set"].values), *_row(scores, n), _unverified_in(scores, n)] for n in _order(scores)[:BEST]]
    return ["data set", *COLUMNS, "unverified"], rows


def markdown(data: xr.Dataset) -> str:
    """The whole board: each data set with its entries, best first, the entries that do not apply and why, and what is unverified."""
    parts = ["# Scoreboard", HOW_TO_READ]
    for column in range(data.sizes["data_set"]):
        scores = data.isel(data_set=column)
        mark = f" {MARK}" if str(scores["unverified_data"].values) else ""
        table = _markdown_table([_marked(scores, n) for n in _order(scores)])
        parts += [f"## {scores['data_set'].values}{mark}", _facts(scores), table, _notes(scores), _not_applicable(scores)]
    parts.append(_unverified(data))
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def _marked(scores: xr.Dataset, n: int) -> list[str]:
    name, *others = _row(scores, n)
    return [f"{name} {MARK}" if str(scores["unverified_rule"].values[n]) else name, *others]


def _unverified_in(scores: xr.Dataset, n: int) -> str:
    texts = {"rule": scores["unverified_rule"].values[n], "data": scores["unverified_data"].values}
    return ", ".join(part for part, text in texts.items() if str(text))


def _notes(scores: xr.Dataset) -> str:
    """The source of values that were not computed here."""
    there = [(str(name), str(note)) for name, note in zip(scores["entry"].values, scores["note"].values, strict=True) if str(note)]
    return "\n\n".join(f"Not computed here, {name}: {note}." for name, note in there)


def _unverified(data: xr.Dataset) -> str:
    """What is unverified, by data set and rule; entries with the same text share one line."""
    texts: dict[str, list[str]] = {}
    for kind in ("data_set", "entry"):
        name = "unverified_data" if kind == "data_set" else "unverified_rule"
        for label, text in zip(data[kind].values, data[name].values, strict=True):
            if str(text):
                texts.setdefault(str(text), []).append(str(label))
    if not texts:
        return ""
    return "\n".join(["## Unverified", "", *(f"- {', '.join(labels)}: {text}" for text, labels in texts.items())])


def _order(scores: xr.Dataset) -> list[int]:
    """The entries that apply, ordered by AIC, then by the number of right signs."""
    there = np.flatnonzero(scores["standing"].values != NOT_APPLICABLE)
    cost = scores["deviance"].values + 2 * np.nan_to_num(scores["free_parameters"].values)
    return [int(n) for n in sorted(there, key=lambda n: (np.nan_to_num(cost[n], nan=np.inf), -scores["signs_right"].values[n]))]


def _row(scores: xr.Dataset, n: int) -> list[str]:
    def of(name: str) -> float:
        return float(scores[name].values[n])

    points, signs, rank = int(scores["points"]), int(scores["signs"]), of("rank")
    return [
        str(scores["entry"].values[n]),
        str(scores["standing"].values[n]),
        number_text(of("error")),
        number_text(round(of("chance_share"), 2)) if of("chance_share") > 0 else "",
        *(number_text(of(name)) for name in ("deviance", "aic", "skill")),
        f"{of('met'):.0f} of {points}" if np.isfinite(of("met")) else "",
        f"{of('signs_right'):.0f} of {signs}" if signs else "",
        number_text(of("error_left_out")),
        f"{rank:.0f} ({of('rank_low'):.0f}-{of('rank_high'):.0f})" if np.isfinite(rank) else "",
    ]


def _facts(scores: xr.Dataset) -> str:
    words = [
        str(scores["tissue"].values) or "preparation not named",
        f"{int(scores['points'])} points with numbers, {int(scores['signs'])} directions",
    ]
    if int(scores["points"]):
        words.append(
            f"E of no change {number_text(float(scores['error_no_change']))}, noise ceiling {number_text(float(scores['ceiling_error']))}"
        )
    return "; ".join(words) + "."


def _markdown_table(rows: list[list[str]]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _not_applicable(scores: xr.Dataset) -> str:
    reasons: dict[str, list[str]] = {}
    for name, standing, reason in zip(scores["entry"].values, scores["standing"].values, scores["reason"].values, strict=True):
        if standing == NOT_APPLICABLE:
            reasons.setdefault(str(reason), []).append(str(name))
    return "\n".join(f"Not applicable, {reason}: {', '.join(names)}." for reason, names in reasons.items())
