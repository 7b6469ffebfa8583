"""The settings of an experiment."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.settings import Time
from spikeheb.studies.settings.several import Cells, Engine, Seed, Seeds, StartWeight, Synapses


@dataclass(frozen=True)
class Experiment:
    """How a protocol is carried out."""

    cell: Annotated[Any, Setting("A cell, by name or path.", accepts="Cell | str", flags=("--cell", "-c"), metavar="CELL")] = "l5_pyramidal"
    _: KW_ONLY
    engine: Engine = "auto"
    seed: Seed = 0
    test_pulses: Annotated[bool, Setting("With off there is only the induction, and no EPSP is measured.", "False stands for off.")] = True
    baseline: Annotated[
        Time | None,
        Setting("How long test pulses are given before the induction; by default as the protocol says, 10 min.", range=(60.0, 1800.0)),
    ] = None
    follow_up: Annotated[
        Time | None,
        Setting(
            "How long test pulses are given after it; by default as the protocol says, 40 min. "
            "The outcome is read in minutes 20 to 40, or in the second half of a shorter time.",
            range=(60.0, 7200.0),
        ),
    ] = None
    test_interval: Annotated[
        Time | None, Setting("Time between two test pulses; by default as the protocol says, 10 s.", range=(1.0, 60.0), scale="log")
    ] = None
    copies: Annotated[
        int | None,
        Setting("Stimulate and test N inputs together in place of one.", "By default the protocol's own number.", metavar="N"),
    ] = None
    control: Annotated[
        bool,
        Setting("Test an unstimulated input of the same cell as well.", "This shows heterosynaptic plasticity.", flags=("--control",)),
    ] = False
    paired_pulse: Annotated[
        Time | None,
        Setting(
            "Give a second pulse so long after each test pulse, such as 50ms.", "The result has the ratio of the two EPSPs.",
            range=(0.01, 1.0),
            scale="log",
        ),
    ] = None  # fmt: skip
    w0: StartWeight = None
    cells: Cells = None
    synapses: Synapses = None
    seeds: Seeds = None
