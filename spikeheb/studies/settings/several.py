"""Settings that several studies have."""

from __future__ import annotations

from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.limits import LARGEST_SEED
from spikeheb.settings import Time


def _time_step(dt: object) -> float:
    from spikeheb.schedules import check_step  # here, because help needs no numpy

    return check_step(dt)


ENGINES = "auto, kernel, plain, brian, brian:numpy, brian:cython or brian:standalone."

Engine = Annotated[Any, Setting(ENGINES, accepts="str", metavar="ENGINE")]
Seed = Annotated[int, Setting("Seed of all random numbers.", least=0, most=LARGEST_SEED)]
Seeds = Annotated[
    Any,
    Setting(
        "Repeat everything with this many seeds, starting at `seed`.", "A list gives the seeds themselves.",
        accepts="Sequence[int] | int | None", option=int, metavar="N",
    ),
]  # fmt: skip
Cells = Annotated[
    int | None,
    Setting(
        "Cells that carry out each condition; by default 1.",
        "More where all synapses of a cell share the random numbers (noise of the membrane or of [post] variables).", metavar="N",
    ),
]  # fmt: skip
Synapses = Annotated[
    int | None,
    Setting(
        "Synapses of each cell with the same spikes; by default 1, or 200 in all for a rule that draws random numbers.",
        "Together they have the conductance of one synapse.", metavar="N",
    ),
]  # fmt: skip
StartWeight = Annotated[
    Any,
    Setting(
        "Initial weight, or a file with one for each synapse (.npy, or .csv with the column weight); by default the rule's own.",
        "An array has one weight for each synapse of a cell.", accepts="Start | None", metavar="WEIGHT",
    ),
]  # fmt: skip
CellOrNone = Annotated[
    Any,
    Setting(
        "The cell, for rules that read the membrane potential.", "A cell, or its name or path.",
        accepts="Cell | str | None", flags=("--cell", "-c"), metavar="CELL",
    ),
]  # fmt: skip
UsualCell = Annotated[Any, Setting("A cell, by name or path.", accepts="Cell | str", flags=("--cell", "-c"), metavar="CELL")]
TestPulses = Annotated[bool, Setting("With off there is only the induction, and no EPSP is measured.", "In Python, False means off.")]
Copies = Annotated[
    int | None,
    Setting("Stimulate and test N inputs together in place of one.", "By default the protocol's own number.", metavar="N"),
]
Control = Annotated[
    bool, Setting("Test an unstimulated input of the same cell as well.", "This shows heterosynaptic plasticity.", flags=("--control",))
]
PairedPulse = Annotated[
    Time | None,
    Setting(
        "Give a second pulse this long after each test pulse, such as 50ms.", "The result has the ratio of the two EPSPs.",
        range=(0.01, 1.0), scale="log",
    ),
]  # fmt: skip
Exact = Annotated[
    bool,
    Setting(
        "Carry out every time step; otherwise times in which nothing happens are computed at once, which is faster.",
        "The two ways differ by at most 1e-6 mV in the membrane potential and 1e-8 of its limit in a weight.", flags=("--exact",),
    ),
]  # fmt: skip
TimeStep = Annotated[Time, Setting("Time step.", check=_time_step, range=(1e-5, 1e-3), scale="log")]
