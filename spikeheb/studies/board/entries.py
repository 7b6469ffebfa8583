"""The entries of the scoreboard: a rule with a set, a refitted rule, or the outcomes that authors give; each on each data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.cells import Cell
from spikeheb.measure import score as measure
from spikeheb.published import Measurement
from spikeheb.rules import choose
from spikeheb.rules.rule import Rule
from spikeheb.studies.board.fit import against_refit, fit_gain, refit
from spikeheb.studies.board.predictions import cell_of, predict
from spikeheb.studies.board.standing import NOT_APPLICABLE, REFITTED, against, free_parameters, standing
from spikeheb.studies.datasets import SCHEDULE, DataSet

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

AS_PUBLISHED = "as the authors publish it"
NOTHING_GIVEN = "its authors give no outcome"


@dataclass(frozen=True)
class Entry:
    """A line of the board: a rule with a set, a rule that is refitted to each data set anew, or what the authors of a set give.

    Authors give the outcomes of their own program, which may have another time step, cell or initial weight.
    """

    rule: Rule
    refitted: bool = False
    authors: bool = False

    @property
    def label(self) -> str:
        """``"triplet / visual_cortex_all_min"``, ``"pair, refitted"``, ``"clopath / visual_cortex, as the authors publish it"``."""
        if self.refitted:
            return f"{self.rule.name}, refitted"
        return f"{self.rule.label}, {AS_PUBLISHED}" if self.authors else self.rule.label


@dataclass(frozen=True)
class Square:
    """One entry on one data set: a square of the board."""

    standing: str
    reason: str
    free: float
    ratio: Floats
    chance: Floats
    left_out: Floats
    fitted: str
    note: str = ""


def entries_of(rules: Sequence[Rule | str], refits: bool, data: Sequence[DataSet]) -> list[Entry]:
    """The lines of a board.

    Parameters
    ----------
    rules : sequence of Rule or str
        All of the library if empty. A rule with no set chosen stands for each of its sets.
    refits : bool
        Also a line for each rule that names what is free.
    data : sequence of DataSet
        If their protocols hold outcomes that the authors of a set give, these are an entry after the set's own.
    """
    entries: list[Entry] = []
    chosen = [library.rule(rule) for rule in rules or library.names("rule")]
    for rule in chosen:
        sets = [choose(rule, set=name) for name in rule.sets] if rule.set is None and not rule.changed else []
        for version in sets or [rule]:
            entries.append(Entry(version))
            if any(_given(version, each) for each in data):
                entries.append(Entry(version, authors=True))
    if refits:
        named = {rule.name: rule for rule in chosen if rule.refit}
        entries += [Entry(rule, refitted=True) for rule in named.values()]
    return entries


def line(entry: Entry, data: Sequence[DataSet], cell: Cell | None, engine: str, seed: int) -> list[Square]:
    """One entry on every data set."""
    if entry.refitted:
        return [_refitted(entry.rule, each, engine, seed) for each in data]
    if entry.authors:
        return [_as_published(entry.rule, each) for each in data]
    reasons = [against(entry.rule, each) for each in data]
    squares = [_nothing(each, reason) for each, reason in zip(data, reasons, strict=True)]
    applicable = [n for n, reason in enumerate(reasons) if not reason]
    for protocol in {data[n].protocol.hash: data[n].protocol for n in applicable}.values():
        together = [n for n in applicable if data[n].protocol.hash == protocol.hash]
        lanes = np.unique(np.concatenate([data[n].lanes for n in together]))
        allowed = _chance_allowed(lanes, [data[n] for n in together])
        outcome = predict(protocol, entry.rule, cell or cell_of(entry.rule), lanes, allowed=allowed, engine=engine, seed=seed)
        for n in together:
            place = np.searchsorted(lanes, data[n].lanes)
            squares[n] = _predicted(entry.rule, data[n], outcome.ratio[place], outcome.chance[place])
    return squares


def _chance_allowed(lanes: Index, together: Sequence[DataSet]) -> Floats:
    """The standard error that chance may leave in each lane, so that it does no harm in any of the data sets."""
    smallest = np.full(lanes.size, np.inf)
    for data in together:
        place = np.searchsorted(lanes, data.lanes)
        smallest[place] = np.minimum(smallest[place], measure.chance_allowed(data.points))
    return smallest


def _nothing(data: DataSet, reason: str) -> Square:
    missing = np.full(data.lanes.size, np.nan)
    return Square(NOT_APPLICABLE, reason, np.nan, missing, missing, missing, "")


def _predicted(rule: Rule, data: DataSet, ratio: Floats, chance: Floats, note: str = "") -> Square:
    gain = fit_gain(ratio, data.points)
    left_out, text = (np.full(ratio.size, np.nan), "") if gain is None else (gain.left_out, f"gain = {gain.values['gain']:.3g}")
    return Square(standing(rule, data), "", free_parameters(rule, data), ratio, chance, left_out, text, note)


def _given(rule: Rule, data: DataSet) -> list[Measurement | None]:
    """What the authors give for each point; empty where they give nothing."""
    modelled = data.protocol.modelled
    if modelled is None or rule.changed:
        return []
    which = {"rule": rule.name, "set": rule.set or "", SCHEDULE: data.schedule}
    rows = [next(iter(modelled.match({**condition, **which})), None) for condition in data.conditions]
    return rows if any(rows) else []


def _as_published(rule: Rule, data: DataSet) -> Square:
    rows = _given(rule, data)
    if not rows:
        return _nothing(data, NOTHING_GIVEN)
    ratio = np.array([np.nan if row is None or row.ratio is None else row.ratio for row in rows])
    notes = dict.fromkeys(". ".join(part for part in (row.citation, row.note) if part) for row in rows if row)
    return _predicted(rule, data, ratio, np.zeros(ratio.size), " ".join(notes))


def _refitted(rule: Rule, data: DataSet, engine: str, seed: int) -> Square:
    reason = against(rule, data) or against_refit(rule, data)
    if reason:
        return _nothing(data, reason)
    fit = refit(rule, data, engine=engine, seed=seed)
    text = ", ".join(f"{name} = {value:.3g}" for name, value in fit.values.items())
    return Square(REFITTED, "", float(len(rule.refit)), fit.ratio, np.zeros(fit.ratio.size), fit.left_out, text)


def unverified_of(entry: Entry) -> str:
    """The parts of a rule and its set whose sources are unverified, in words; empty if there are none."""
    rule, chosen = entry.rule, entry.rule.sets.get(entry.rule.set or "")
    values = chosen.values if chosen else {}
    sources = {name: parameter.source for name, parameter in rule.parameters.items() if name not in values}
    cited = dict.fromkeys([*([chosen.reference] if chosen else []), *sources.values()])
    texts = [f"{name}: {rule.references[name].place}" for name in cited if name in rule.references]
    texts += [f"{name}: {source}" for name, source in sources.items() if source not in rule.references]
    texts += [chosen.tissue if chosen else "", *(sentence for sentence in rule.doc.split(". "))]
    return "; ".join(text.strip(".") for text in texts if "unverified" in text)
