"""The settings of the constraint study."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.limits import SEEDS
from spikeheb.settings import Frequency, Time
from spikeheb.studies.settings.several import UsualCell


@dataclass(frozen=True)
class Constraint:
    """How normalised weights are held against probabilities of promotion."""

    cell: UsualCell = "l23_pyramidal"
    learning_rates: Annotated[
        tuple[float, ...],
        Setting("LTP of a single pair, as shares of the sum of all weights.", "Slow ones run longer.", metavar="SHARES"),
    ] = (0.2, 0.02, 0.002)
    duration: Annotated[
        Time, Setting("How long the fastest runs; the first half is left out.", range=(1.0, 1000.0), scale="log")
    ] = 200.0  # fmt: skip
    seeds: Annotated[int, Setting("Runs for the weights, and as many others for the probabilities.", most=SEEDS, metavar="N")] = 6
    _: KW_ONLY
    input_rates: Annotated[
        tuple[Frequency, ...] | None, Setting("Rates of the Poisson inputs; by default 20 rates from 5 to 40 Hz.")
    ] = None  # fmt: skip
    unit: Annotated[
        Any, Setting("Conductance of the sum of all weights.", accepts="Conductance | str", metavar="CONDUCTANCE", unit="_S")
    ] = "200 nS"  # fmt: skip
