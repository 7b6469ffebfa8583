"""What every benchmark shares: a row of the table, and runs of two programs that take turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    work : str
        What is computed.
    measure : str
        What the numbers are: ``"kernel / by hand"``, ``"CPU s"``.
    values : tuple of float
        One for each paired run.
    target : float or None
        None where a number is only reported.
    at_least : bool
        Whether the target is the smallest that is wanted; else it is the largest.
    unit : str
        ``"x"`` for ratios, ``"s"``.
    note : str
    """

    work: str
    measure: str
    values: tuple[float, ...]
    target: float | None = None
    at_least: bool = False
    unit: str = "x"
    note: str = ""

    @property
    def median(self) -> float:
        """The number that is held against the target."""
        return statistics.median(self.values)

    @property
    def outcome(self) -> str:
        """``"ok"``, ``"missed"``, or nothing where there is no target."""
        if self.target is None:
            return ""
        return "ok" if (self.median >= self.target if self.at_least else self.median <= self.target) else "missed"


Work = Callable[[], object]


@dataclass(frozen=True)
class Pairs:
    """CPU seconds of two works, measured in turns so that what else the machine does meets both.

    Attributes
    ----------
    first, second : tuple of float
    """

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """First over second, pair by pair."""
        return tuple(a / b for a, b in zip(self.first, self.second, strict=True))

    @property
    def differences(self) -> tuple[float, ...]:
        """First minus second, pair by pair."""
        return tuple(a - b for a, b in zip(self.first, self.second, strict=True))


def paired(first: Work, second: Work, *, runs: int = 7, best_of: int = 1, clock: Callable[[], float] = time.process_time) -> Pairs:
    """Time two works in turns.

    Parameters
    ----------
    first, second : callable
        Each may return a callable: then only what that does is timed.
    runs : int
        Pairs. The works change places from pair to pair.
    best_of : int
        Each time is the least of so many, taken in turns too; for work of microseconds.
    clock : callable
        CPU time of this process by default: others on the machine are not counted.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for work in (first, second):
        _time(work, clock)
    for run in range(runs):
        order = ((0, first), (1, second)) if run % 2 else ((1, second), (0, first))
        least = [float("inf"), float("inf")]
        for _ in range(best_of):
            for which, work in order:
                least[which] = min(least[which], _time(work, clock))
        for times, value in zip(seconds, least, strict=True):
            times.append(value)
    return Pairs(tuple(seconds[0]), tuple(seconds[1]))


def _time(work: Work, clock: Callable[[], float]) -> float:
    """Seconds of a work, or of what it returned if that can be called: what comes before is preparation."""
    start = clock()
    prepared = work()
    if not callable(prepared):
        return clock() - start
    start = clock()
    prepared()
    return clock() - start


def as_text(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| work | measured | target | min - median - max | |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        sign = ">=" if row.at_least else "<="
        target = "" if row.target is None else f"{sign} {row.target:g} {row.unit}"
        low, middle, high = (f"{value:.3g}" for value in (min(row.values), row.median, max(row.values)))
        work = f"{row.work} ({row.note})" if row.note else row.work
        lines.append(
            f"| {work} | {row.measure} | {target} | {low} - {middle} - {high} {row.unit}, {len(row.values)} runs | {row.outcome} |"
        )
    return "\n".join(lines)
