"""The settings of one experiment on a hidden synapse."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.settings import Time


@dataclass(frozen=True)
class Trial:
    """What is done to some cells of a hidden synapse."""

    cells: Annotated[int, Setting("Cells for each condition; an experiment has at most 12 cells in all.", least=1, most=12)] = 3
    _: KW_ONLY
    condition: Annotated[
        int | None, Setting("Only this condition of the protocol, counted from 1; by default all of them.", least=1, metavar="N")
    ] = None
    start: Annotated[
        float,
        Setting("Choose connections whose mean initial EPSP is this many times the mean of all, 0.5 to 1.5.", range=(0.5, 1.5)),
    ] = 1.0
    baseline: Annotated[Time, Setting("How long test pulses are given before the induction.", range=(60.0, 1800.0))] = 600.0
    follow_up: Annotated[
        Time,
        Setting(
            "How long test pulses are given after the induction. The outcome is read in minutes 20 to 40, or in the second half of a "
            "shorter time.",
            range=(60.0, 3600.0),
        ),
    ] = 1800.0
    predict: Annotated[
        Any,
        Setting(
            "Register a prediction before the experiment: the mean ratio lies between these two numbers, separated by a comma, with a "
            "probability of 80 %. That of the last experiment is scored.",
            accepts="tuple[float, float] | str | None", option=str, metavar="LOW,HIGH",
        ),
    ] = None  # fmt: skip
