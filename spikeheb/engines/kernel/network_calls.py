"""What happens in a step of a network: calls into its libraries, by thread and by section of the step."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from spikeheb.engines.kernel.build import Library
from spikeheb.engines.kernel.contract import Array
from spikeheb.engines.kernel.network_arrays import PopulationArrays, ProjectionArrays, TrainArrays, TriggerArrays
from spikeheb.engines.kernel.network_parts import Built
from spikeheb.engines.kernel.rows_contract import NETWORK

Call = tuple[Library, str, int]
"""A function of a library, and the address of what it is about."""
SECTIONS = ("begin", "rebase", "move", "watch", "react", "settle", "record")
"""As `network.hpp` has them; in the first, in the fourth and in the last the first thread is alone."""
LONGEST = 64
"""Steps of a block at most: spikes are remembered for as many steps more."""


@dataclass(frozen=True)
class Parts:
    """A network: what is compiled of it, and its arrays.

    Attributes
    ----------
    library : Library
        For what any library can do.
    cells, synapses : mapping of str to Built
        Populations of cells, and projections.
    populations : mapping of str to PopulationArrays or TrainArrays
    projections : mapping of str to ProjectionArrays
    triggers : mapping of str to TriggerArrays
    """

    library: Library
    cells: Mapping[str, Built]
    synapses: Mapping[str, Built]
    populations: Mapping[str, PopulationArrays | TrainArrays]
    projections: Mapping[str, ProjectionArrays]
    triggers: Mapping[str, TriggerArrays]

    def library_of(self, population: str) -> Library:
        """The one of its cells; sources of spikes need none of their own."""
        return self.cells[population].library if population in self.cells else self.library


class Calls:
    """The calls of every thread, and what the kernel keeps for them, which is to be freed.

    Parameters
    ----------
    parts : Parts
    threads : int
    """

    def __init__(self, parts: Parts, threads: int) -> None:
        self._opened: list[tuple[Any, int]] = []
        self.threads = threads
        self._watches = bool(parts.triggers)
        sections = [self._sections(parts, thread) for thread in range(threads)]
        calls = list(chain.from_iterable(chain.from_iterable(sections)))
        firsts = np.cumsum([0, *(len(section) for of_thread in sections for section in of_thread)])
        self._kept: dict[str, Array] = {
            "sections": firsts.astype(np.int64),
            "functions": np.array([_address(library.loaded, name) for library, name, _ in calls], dtype=np.int64),
            "objects": np.array([pointer for _, _, pointer in calls], dtype=np.int64),
        }

    def struct(self, now: int, lag: int, epoch: int, stops: Array) -> ctypes.Structure:
        """What the kernel advances, from a step on.

        Parameters
        ----------
        now : int
        lag : int
            Steps before a spike gets anywhere.
        epoch : int
            The shortest of any projection.
        stops : array of int64
            Steps before which something is recorded, rising.
        """
        self._kept["stops"] = stops
        halves = 2 if self._watches else int(lag == 0)
        numbers = {
            "now": now, "threads": self.threads, "block": 1 if halves else min(lag, LONGEST), "halves": halves, "epoch": epoch,
            "stop_count": len(stops),
        }  # fmt: skip
        return NETWORK.filled(self._kept, numbers)

    def close(self) -> None:
        """Free what the kernel keeps."""
        for closing, pointer in self._opened:
            closing(pointer)
        self._opened = []

    def _sections(self, parts: Parts, thread: int) -> list[list[Call]]:
        """The calls of a thread in each of `SECTIONS`; what the kernel keeps for them is opened."""
        groups = {name: ctypes.addressof(arrays.struct) for name, arrays in parts.populations.items()}
        cells = {name: self._open(part.library, "cells", groups[name], thread) for name, part in parts.cells.items()}
        synapses = [
            (part.library, self._open(part.library, "synapses", ctypes.addressof(parts.projections[name].struct), thread))
            for name, part in parts.synapses.items()
        ]
        calls: dict[str, list[Call]] = {what: [] for what in SECTIONS}
        calls["rebase"] = [(library, "synapses_rebase", pointer) for library, pointer in synapses]
        calls["settle"] = [(library, "synapses_settle", pointer) for library, pointer in synapses]
        calls["move"] = [(parts.library_of(name), "cells_step", pointer) for name, pointer in cells.items()]
        calls["react"] = [(library, f"synapses_{kind}", pointer) for kind in ("step", "deliver", "end") for library, pointer in synapses]
        calls["react"] += [(parts.library_of(name), "cells_end", pointer) for name, pointer in cells.items()]
        if thread == 0:
            calls["move"] += [(parts.library, "sources_step", group) for name, group in groups.items() if name not in cells]
            calls |= {what: list(self._alone(parts, what, groups)) for what in ("begin", "watch", "record")}
        return list(calls.values())

    def _alone(self, parts: Parts, what: str, groups: Mapping[str, int]) -> Iterator[Call]:
        """What the first thread does while the others wait."""
        if what == "begin":
            yield from ((parts.library_of(name), "group_room", group) for name, group in groups.items())
        elif what == "watch":
            yield from ((parts.library, "trigger_watch", ctypes.addressof(arrays.struct)) for arrays in parts.triggers.values())
        elif what == "record":
            yield from (
                (part.library, "synapses_record", ctypes.addressof(parts.projections[name].struct)) for name, part in parts.synapses.items()
            )
            yield from ((part.library, "group_record", groups[name]) for name, part in parts.cells.items())

    def _open(self, library: Library, kind: str, struct: int, thread: int) -> int:
        function = getattr(library.loaded, f"{kind}_open")
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int64]
        pointer = int(function(struct, thread))
        closing = getattr(library.loaded, f"{kind}_close")
        closing.restype, closing.argtypes = None, [ctypes.c_void_p]
        self._opened.append((closing, pointer))
        return pointer


def stops_of(arrays: Sequence[PopulationArrays | TrainArrays | ProjectionArrays]) -> Array:
    """The steps before which something is recorded: the end of each step at whose end it is."""
    steps = [array for part in arrays for name, array in part.begins.items() if name in ("sample", "snapshot", "watch", "histogram")]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *steps])).astype(np.int64) + 1


def _address(loaded: ctypes.CDLL, name: str) -> int:
    return int(ctypes.cast(getattr(loaded, name), ctypes.c_void_p).value or 0)
