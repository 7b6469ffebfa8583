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
    """How normalised weights are compared with what promotions predict."""

    cell: UsualCell = "l23_pyramidal"
    learning_rates: Annotated[
        tuple[float, ...],
        Setting(
            "Increase of a weight by one pair of spikes, as a share of the sum of all weights; one or more values.",
            "The length of a run is proportional to the inverse square root of this value.",
            metavar="SHARES",
        ),
    ] = (0.2, 0.02, 0.002)
    duration: Annotated[
        Time,
        Setting(
            "How long the run with the largest learning rate lasts; the others last longer.",
            "The first half of each is left out.", range=(1.0, 1000.0), scale="log",
        ),
    ] = 200.0  # fmt: skip
    seeds: Annotated[
        int, Setting("How many runs the weights are averaged over; the predictions come from as many others.", most=SEEDS, metavar="N")
    ] = 6
    _: KW_ONLY
    input_rates: Annotated[
        tuple[Frequency, ...] | None, Setting("Rates of the Poisson inputs; by default 20 rates from 5 to 40 Hz.")
    ] = None  # fmt: skip
    unit: Annotated[
        Any, Setting("Conductance of all weights together.", accepts="Conductance | str", metavar="CONDUCTANCE", unit="_S")
    ] = "200 nS"  # fmt: skip
