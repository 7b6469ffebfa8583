"""The settings of a simulated slice."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

from spikeheb.declared import Setting
from spikeheb.studies.settings.several import Control, Copies, Engine, Exact, PairedPulse, Seed, Synapses, TestPulses, UsualCell


@dataclass(frozen=True)
class Slice:
    """How a protocol is carried out on many cells."""

    cell: UsualCell = "l5_pyramidal"
    _: KW_ONLY
    n: Annotated[int, Setting("Cells for each condition.", least=2)] = 10
    cv: Annotated[float, Setting("Coefficient of variation of the baseline weights, 0 or more.", range=(0.0, 2.0))] = 0.5
    synapses: Synapses = None
    engine: Engine = "auto"
    seed: Seed = 0
    test_pulses: TestPulses = True
    copies: Copies = None
    control: Control = False
    paired_pulse: PairedPulse = None
    exact: Exact = False
