"""The settings of a window."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated

from spikeheb.declared import Setting
from spikeheb.settings import Frequency, Time
from spikeheb.studies.settings.several import CellOrNone, Cells, Engine, Exact, Seed, Seeds, StartWeight, Synapses, TimeStep


@dataclass(frozen=True)
class Window:
    """What a window is measured with."""

    delta_t: Annotated[
        tuple[Time, ...] | None,
        Setting(
            'Values of delta_t, such as "-20 ms, -10 ms, 10 ms, 20 ms"; by default -60 to 60 ms, less where the period is shorter.',
            "``t_post - t_pre``, by default in steps of 2 ms. 0 is a tie, decided by the rule's coincidence policy.",
        ),
    ] = None
    pairs: Annotated[int, Setting("How many pairs.")] = 60
    frequency: Annotated[Frequency, Setting("Pairs per second.", range=(0.1, 100.0), scale="log")] = 1.0
    _: KW_ONLY
    w0: StartWeight = None
    cell: CellOrNone = None
    cells: Cells = None
    synapses: Synapses = None
    dt: TimeStep = 1e-4
    engine: Engine = "auto"
    seed: Seed = 0
    seeds: Seeds = None
    exact: Exact = False
