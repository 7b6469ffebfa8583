"""The settings of an experiment."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

from spikeheb.declared import Setting
from spikeheb.settings import Time
from spikeheb.studies.settings.several import (
    Cells,
    Control,
    Copies,
    Engine,
    Exact,
    PairedPulse,
    Seed,
    Seeds,
    StartWeight,
    Synapses,
    TestPulses,
    UsualCell,
)


@dataclass(frozen=True)
class Experiment:
    """How a protocol is carried out."""

    cell: UsualCell = "l5_pyramidal"
    _: KW_ONLY
    engine: Engine = "auto"
    seed: Seed = 0
    test_pulses: TestPulses = True
    baseline: Annotated[
        Time | None,
        Setting("How long test pulses are given before the induction; by default as the protocol says, 10 min.", range=(60.0, 1800.0)),
    ] = None
    follow_up: Annotated[
        Time | None,
        Setting(
            "How long test pulses are given after the induction; by default as the protocol says, 40 min. "
            "The outcome is read in minutes 20 to 40, or in the second half of a shorter time.",
            range=(60.0, 7200.0),
        ),
    ] = None
    test_interval: Annotated[
        Time | None, Setting("Time between two test pulses; by default as the protocol says, 10 s.", range=(1.0, 60.0), scale="log")
    ] = None
    copies: Copies = None
    control: Control = False
    paired_pulse: PairedPulse = None
    w0: StartWeight = None
    cells: Cells = None
    synapses: Synapses = None
    seeds: Seeds = None
    exact: Exact = False
