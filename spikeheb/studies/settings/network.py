"""The settings of a network's run."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.limits import LARGEST_SEED
from spikeheb.settings import Time


@dataclass(frozen=True)
class Network:
    """How a network is run; what is not given is as its file says."""

    duration: Annotated[
        Time | None,
        Setting(
            "How long the network is simulated; by default as its file says.",
            "Snapshots of the file that come later are left out.",
            range=(0.1, 100.0),
            scale="log",
        ),
    ] = None
    _: KW_ONLY
    seed: Annotated[int | None, Setting("Seed of connections, inputs and all other random numbers.", least=0, most=LARGEST_SEED)] = None
    engine: Annotated[
        Any,
        Setting('"auto", "kernel", "plain", "brian" or "nest".',
                "Plain and brian are slow and serve to check the kernel; brian:numpy, brian:cython and brian:standalone name how Brian2 "
                "computes. Nest is installed separately.",
                accepts="str", metavar="ENGINE"),
    ] = "auto"  # fmt: skip
    precision: Annotated[
        Any, Setting('"float64" or "float32"; single precision needs half the memory.', accepts="str | None", option=str, metavar="KIND")
    ] = None  # fmt: skip
    low_memory: Annotated[
        bool,
        Setting("Keep 6 bytes a plastic synapse less, where the rule allows it.",
                "So it is where what a postsynaptic spike does reads nothing but the synapse and what the source alone moves, as in pair "
                "and vogels: it waits for the next presynaptic spike. The results are the same; a run takes up to 1.7 times as long."),
    ] = False  # fmt: skip
