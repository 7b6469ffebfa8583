"""The scoreboard in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeheb.cli.report import number
from spikeheb.studies.standing import NOT_APPLICABLE

if TYPE_CHECKING:
    import xarray as xr

BEST = 5
COLUMNS = ["rule / set", "standing", "E", "D", "AIC", "skill", "within 2 errors", "signs right", "E left out", "rank (5-95 %)"]
HOW_TO_READ = """\
E is the mean of ((model - data)/SEM)^2; D is the deviance, with the digitisation error in it and Student's distribution for the
number of cells; AIC is D + 2 x the parameters that were fitted to these very data (those of a prediction are none; where the
authors' number is not known, none is counted). Skill is 1 - E/E(no change). "E left out": each point as predicted from the others,
with one free gain for a published set and with all named parameters for a refitted rule. Ranks go by AIC, differences below 2 are
ties, and the interval is what the data's own errors leave open. The noise ceiling is the median E of the true rule with these numbers
of cells: a smaller E is luck. Nothing is averaged over data sets.
"""


def best_table(data: xr.Dataset) -> tuple[list[str], list[list[str]]]:
    """The best of each data set, one line each."""
    rows = []
    for column in range(data.sizes["data_set"]):
        one = data.isel(data_set=column)
        rows += [[str(one["data_set"].values), *_row(one, n)] for n in _order(one)[:BEST]]
    return ["data set", *COLUMNS], rows


def scores_table(data: xr.Dataset) -> tuple[list[str], list[list[str]]]:
    """One line a data set of a board with one entry, without those that do not apply."""
    columns = ["data set", "standing", "E", "skill", "within 2 errors", "signs right", "noise ceiling"]
    rows = []
    for column in range(data.sizes["data_set"]):
        one = data.isel(data_set=column)
        for n in _order(one)[:1]:
            words = _row(one, n)
            ceiling = number(float(one["ceiling_error"])) if int(one["points"]) else ""
            rows.append([str(one["data_set"].values), words[1], words[2], words[5], words[6], words[7], ceiling])
    return columns, rows


def markdown(data: xr.Dataset) -> str:
    """Every data set with all that applies to it, best first, and what does not apply with the reason."""
    parts = ["# Scoreboard", HOW_TO_READ]
    for column in range(data.sizes["data_set"]):
        one = data.isel(data_set=column)
        parts += [f"## {one['data_set'].values}", _facts(one), _markdown_table([_row(one, n) for n in _order(one)]), _not_applicable(one)]
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def _order(one: xr.Dataset) -> list[int]:
    """Those that apply: by rank and AIC, then by signs."""
    there = np.flatnonzero(one["standing"].values != NOT_APPLICABLE)
    cost = one["deviance"].values + 2 * np.nan_to_num(one["free_parameters"].values)
    return [int(n) for n in sorted(there, key=lambda n: (np.nan_to_num(cost[n], nan=np.inf), -one["signs_right"].values[n]))]


def _row(one: xr.Dataset, n: int) -> list[str]:
    def of(name: str) -> float:
        return float(one[name].values[n])

    points, signs, rank = int(one["points"]), int(one["signs"]), of("rank")
    return [
        str(one["entry"].values[n]),
        str(one["standing"].values[n]),
        *(number(of(name)) for name in ("error", "deviance", "aic", "skill")),
        f"{of('met'):.0f} of {points}" if np.isfinite(of("met")) else "",
        f"{of('signs_right'):.0f} of {signs}" if signs else "",
        number(of("error_left_out")),
        f"{rank:.0f} ({of('rank_low'):.0f}-{of('rank_high'):.0f})" if np.isfinite(rank) else "",
    ]


def _facts(one: xr.Dataset) -> str:
    words = [
        str(one["tissue"].values) or "preparation not named",
        f"{int(one['points'])} points with numbers, {int(one['signs'])} directions",
    ]
    if int(one["points"]):
        words.append(f"E of no change {number(float(one['error_no_change']))}, noise ceiling {number(float(one['ceiling_error']))}")
    return "; ".join(words) + "."


def _markdown_table(rows: list[list[str]]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _not_applicable(one: xr.Dataset) -> str:
    reasons: dict[str, list[str]] = {}
    for name, standing, reason in zip(one["entry"].values, one["standing"].values, one["reason"].values, strict=True):
        if standing == NOT_APPLICABLE:
            reasons.setdefault(str(reason), []).append(str(name))
    return "\n".join(f"Not applicable, {reason}: {', '.join(names)}." for reason, names in reasons.items())
