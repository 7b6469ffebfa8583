"""What Python and generated C++ share: each struct, enum and number is declared here once.

`header` prints them as ``contract.hpp``, which every kernel includes; `Struct.ctype` and `Struct.filled` make the same as ctypes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from spikeheb.circuits.projections import NORMALISATIONS
from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed
from spikeheb.draws.random import Purpose
from spikeheb.draws.trains import NEVER
from spikeheb.errors import EngineError

Array = np.ndarray[Any, Any]
NUMBERS: dict[str, Any] = {"int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64, "double": ctypes.c_double}
SIZES = {"uint8_t": "uint8", "int64_t": "int64", "uint64_t": "uint64", "int32_t": "int32", "double": "float64"}
"""Types of arrays; that of `real` is the precision."""


class Status(IntEnum):
    """What a call into a kernel comes back with."""

    DONE = 0
    NOT_FINITE = 1
    SPIKES_FULL = 2
    NO_MEMORY = 3


EVENTS = ("pre", "post", "signal")
KINDS = (Poisson, Group, Regular, Replayed)
"""Kinds of sources by their number."""
FAR = np.iinfo(np.int64).max // 4
CELLS_OF_TILE = 64

ENUMS: dict[str, Mapping[str, int]] = {
    "Event : int": {event.upper(): n for n, event in enumerate(EVENTS)},
    "Status : int64_t": Status.__members__,
    "Purpose : uint64_t": Purpose.__members__,
    "Kind : int64_t": {kind.__name__.upper(): n for n, kind in enumerate(KINDS)},
    "Normalisation : int64_t": {kind.upper(): n for n, kind in enumerate(NORMALISATIONS)},
}
CONSTANTS = {
    "FAR": (FAR, "a step that never comes"),
    "NEVER": (int(NEVER), "a step that never comes, or an interval without end, also as a floating-point number"),
    "CELLS_OF_TILE": (CELLS_OF_TILE, "at most: a word has a bit for each"),
}


class Member(NamedTuple):
    """A member of a struct; its kind is the C type, perhaps with the length of an array in brackets."""

    name: str
    kind: str
    doc: str

    @property
    def pointee(self) -> str:
        """What it points to, if anything."""
        return self.kind.removeprefix("const ").removesuffix("*").strip() if self.kind.endswith("*") else ""

    def cpp(self) -> str:
        """Its declaration."""
        kind, bracket, length = self.kind.partition("[")
        return f"  {kind}{'' if self.pointee else ' '}{self.name}{bracket}{length};  // {self.doc}"

    def ctype(self, length: int) -> Any:
        """Its type for ctypes; `length` is that of an array."""
        if self.pointee:
            return ctypes.c_void_p
        kind, bracket, _ = self.kind.partition("[")
        return NUMBERS[kind] * length if bracket else NUMBERS[kind]


@dataclass(frozen=True)
class Struct:
    """A struct, and the parameter of its template if it is one."""

    name: str
    doc: str
    members: tuple[Member, ...]
    parameter: str = ""

    def cpp(self) -> str:
        """Its declaration."""
        head = f"template <{self.parameter}> " if self.parameter else ""
        return "\n".join([f"// {self.doc}", f"{head}struct {self.name} {{", *(member.cpp() for member in self.members), "};", ""])

    @cache  # noqa: B019 - there are a handful of structs, all of this module
    def ctype(self, length: int = 1) -> type[ctypes.Structure]:
        """The same for ctypes; `length` is that of its array."""
        return type(self.name, (ctypes.Structure,), {"_fields_": [(member.name, member.ctype(length)) for member in self.members]})

    def numbers(self, filled: ctypes.Structure, but: Collection[str] = ()) -> Array:
        """The members of a struct that are numbers, each with its name, but for some."""
        return np.array([f"{m.name}={getattr(filled, m.name)!r}" for m in self.members if not m.pointee and m.name not in but])

    def filled(self, arrays: Mapping[str, Array], numbers: Mapping[str, Any], real: str = "float64") -> ctypes.Structure:
        """The struct with pointers to arrays, which must outlive it.

        Raises
        ------
        EngineError
            For an array that is not what the member points to.
        """
        kinds = SIZES | {"real": real}
        filled = self.ctype()(**numbers)
        for member in self.members:
            if member.pointee and member.name not in numbers:
                array = arrays[member.name]
                if array.dtype != kinds.get(member.pointee, array.dtype) or not array.flags.c_contiguous:
                    raise EngineError(f"{self.name}.{member.name} must be {member.kind}, not an array of {array.dtype}")
                setattr(filled, member.name, array.ctypes.data)
        return filled


def members(*rows: tuple[str, str, str]) -> tuple[Member, ...]:
    """The members of a struct: name, kind and what each is."""
    return tuple(Member(*row) for row in rows)


LANES = Struct(
    "Job",
    "What the caller of lanes hands over. Arrays called `first` hold, for each lane and one beyond, where its part of an array starts.",
    members(
        ("lanes", "int64_t", "number of lanes"),
        ("inputs", "int64_t", "of all lanes"),
        ("steps", "int64_t", "of the whole run"),
        ("dt", "double", "seconds"),
        ("seed", "uint64_t", "of all streams of random numbers"),
        ("constants", "const double *", "of the rule: one row, or one for each lane"),
        ("constants_each", "int64_t", "from a lane's row to the next; 0 where all share one"),
        ("cell", "const double *", "constants of the cell"),
        ("delays", "const int64_t *", "steps, by action: one row, or one for each lane"),
        ("delays_each", "int64_t", "from a lane's row to the next"),
        ("durations", "const int64_t *", "steps: refractory time, then the parts of the spike's shape"),
        ("late_by", "const int64_t *", "steps, by delayed variable: one row, or one for each lane"),
        ("late_each", "int64_t", "from a lane's row to the next"),
        ("first_input", "const int64_t *", "by lane"),
        ("pre_first", "const int64_t *", "presynaptic spikes: by lane"),
        ("pre_steps", "const int64_t *", "steps"),
        ("pre_inputs", "const int64_t *", "whose they are"),
        ("post_first", "const int64_t *", "imposed spikes: by lane"),
        ("post_steps", "const int64_t *", "steps"),
        ("current_first", "const int64_t *", "changes of the current: by lane"),
        ("current_steps", "const int64_t *", "steps"),
        ("current_values", "const double *", "amperes"),
        ("clamp_first", "const int64_t *", "changes of the clamp: by lane"),
        ("clamp_steps", "const int64_t *", "steps"),
        ("clamp_values", "const double *", "volts; not a number: released"),
        ("unplastic_first", "const int64_t *", "arrivals at synapses without plasticity: by lane"),
        ("unplastic_steps", "const int64_t *", "steps"),
        ("unplastic_counts", "const double *", "how many arrive"),
        ("raised", "const int64_t *", "which states of the cell each raises"),
        ("raised_by", "const double *", "siemens"),
        ("raised_count", "int64_t", "number of these"),
        ("signal_first", "const int64_t *", "signals: by kind and lane"),
        ("signal_steps", "const int64_t *", "steps"),
        ("signal_values", "const double *", "amounts"),
        ("samples", "const int64_t *", "steps at whose end weight and efficacy are recorded"),
        ("sample_count", "int64_t", "number of them"),
        ("sweeps", "const int64_t *", "first steps of recorded stretches of the potential"),
        ("sweep_count", "int64_t", "number of them"),
        ("sweep_steps", "int64_t", "their length"),
        ("synapses", "void *", "Model::Synapse by input"),
        ("states", "double *", "Model::State by lane"),
        ("places", "void *", "Place by lane"),
        ("history", "double *", "rings of delayed values by lane"),
        ("history_each", "int64_t", "from a lane's rings to the next"),
        ("weight", "double *", "inputs x samples"),
        ("efficacy", "double *", "inputs x samples"),
        ("v", "double *", "lanes x sweeps x sweep_steps"),
        ("spikes", "int64_t *", "of the cells: lanes x capacity"),
        ("capacity", "int64_t", "spikes of a lane"),
        ("start", "const double *", "a Model::State to look for rest from"),
        ("failures", "int64_t *", "by lane: step, lane, input"),
        ("careful", "int64_t", "look at every number after every event and step"),
        ("exact", "int64_t", "step through everything"),
        ("mirrored", "int64_t", "the noise of every second input of a run is that of the one before it, turned round"),
    ),
)
PLACE = Struct(
    "Place",
    "What a lane carries along besides variables: how far it is, and how much of each array is behind it.",
    members(
        ("now", "int64_t", "the next step"),
        ("current", "int64_t", "changes of the current"),
        ("clamp", "int64_t", "changes of the clamp"),
        ("imposed", "int64_t", "imposed spikes"),
        ("unplastic", "int64_t", "arrivals at synapses without plasticity"),
        ("sample", "int64_t", "samples"),
        ("sweep", "int64_t", "sweeps"),
        ("spikes", "int64_t", "spikes of the cell"),
        ("held_through", "int64_t", "the last step in which the potential is held"),
        ("part", "int64_t", "the next part of the spike's shape"),
        ("part_at", "int64_t", "its step"),
        ("look", "int64_t", "the step from which to look for rest again"),
        ("done", "int64_t[actions]", "arrivals of each action"),
    ),
    "int actions",
)
TRAINS = Struct(
    "Trains",
    "Sources of spikes. Trains of private inputs are copies of one set; `copy` says which.",
    members(
        ("count", "int64_t", "trains of one copy"),
        ("seed", "uint64_t", "of all streams of random numbers"),
        ("purpose", "int64_t", "trains of different purposes are independent"),
        ("sources", "int64_t", "number of sources"),
        ("kind", "const int64_t *", "Kind by source"),
        ("first", "const int64_t *", "first train by source, and one beyond"),
        ("value", "const double *", "by train: scale of the intervals; regular: period in steps"),
        ("start", "const double *", "by train: phase of a regular one, latency in a group; steps"),
        ("event_scale", "const double *", "by source: scale of the intervals between events of a group"),
        ("skip_scale", "const double *", "by source: scale of the gaps between members that follow an event"),
        ("jitter", "const double *", "by source: mean of the random delay, steps"),
        ("replay_first", "const int64_t *", "by train of all copies, and one beyond"),
        ("replay", "const int64_t *", "steps of given trains"),
    ),
)
FAN_IN = Struct(
    "Population",
    "What the caller of fan-in hands over.",
    members(
        ("cells", "int64_t", "number of cells"),
        ("inputs", "int64_t", "of each cell"),
        ("steps", "int64_t", "of the whole run"),
        ("blocks", "int64_t", "of W cells each"),
        ("tiles", "int64_t", "of some blocks each"),
        ("workers", "int64_t", "of some tiles each"),
        ("chunk", "int64_t", "steps for which spikes are drawn at once"),
        ("is_private", "int64_t", "whether each cell has trains of its own"),
        ("dt", "double", "seconds"),
        ("seed", "uint64_t", "of all streams of random numbers"),
        ("constants", "const double *", "of the rule"),
        ("cell", "const double *", "constants of the cell"),
        ("delays", "const int64_t *", "steps, by action"),
        ("inhibition_delay", "int64_t", "steps"),
        ("past", "int64_t", "one more than the longest delay of a postsynaptic spike"),
        ("durations", "const int64_t *", "steps: refractory time, then the parts of the spike's shape"),
        ("late_by", "const int64_t *", "steps, by delayed variable"),
        ("tile_first", "const int64_t *", "first block by tile, and one beyond"),
        ("epoch", "int64_t", "steps, a power of two"),
        ("factors", "const real *", "by decay: epoch + 1 of exp(s*t), then epoch + 1 of exp(-s*t)"),
        ("trains", "const Trains *", "of the plastic inputs"),
        ("inhibition", "const Trains *", "of the inputs without plasticity, or none"),
        ("imposed", "const Trains *", "of imposed spikes by cell, or none"),
        ("signal_count", "int64_t", "number of signals"),
        ("signal_kinds", "const int64_t *", "which the rule's handlers hear"),
        ("signal_steps", "const int64_t *", "steps"),
        ("signal_cells", "const int64_t *", "cells, below 0 for all"),
        ("signal_values", "const double *", "amounts"),
        ("current_count", "int64_t", "number of changes of the current"),
        ("current_steps", "const int64_t *", "steps"),
        ("current_cells", "const int64_t *", "cells, below 0 for all"),
        ("current_values", "const double *", "amperes"),
        ("clamp_count", "int64_t", "number of changes of the clamp"),
        ("clamp_steps", "const int64_t *", "steps"),
        ("clamp_cells", "const int64_t *", "cells, below 0 for all"),
        ("clamp_values", "const double *", "volts; not a number: released"),
        ("sweep_count", "int64_t", "number of sweeps"),
        ("sweep_steps", "int64_t", "of a sweep"),
        ("sweeps", "const int64_t *", "their first steps"),
        ("v", "double *", "cells x sweeps x steps: the membrane potential at the end of each"),
        ("synapse", "real *", "[variable][block][input][W]"),
        ("pre", "real *", "[tile][variable][input]"),
        ("lane", "real *", "[row][cell]"),
        ("synapse_since", "int64_t *", "as `synapse`, for variables with a step of their own"),
        ("pre_since", "int64_t *", "as `pre`"),
        ("lane_since", "int64_t *", "as `lane`"),
        ("history", "real *", "[delayed][step][cell], one after the other"),
        ("part", "int64_t *", "by cell: the next part of the spike's shape"),
        ("part_at", "int64_t *", "by cell: its step"),
        ("fired", "uint64_t *", "[tile][step modulo past]: a bit for each cell that fired"),
        ("counts", "int64_t *", "spikes by cell"),
        ("keep_trains", "int64_t", "whether the steps of spikes are kept"),
        ("snapshot_count", "int64_t", "number of snapshots"),
        ("snapshot_steps", "const int64_t *", "steps at whose end all weights are recorded"),
        ("snapshots", "real *", "snapshots x cells x inputs"),
        ("sample_count", "int64_t", "number of samples"),
        ("samples", "const int64_t *", "steps at whose end weight and efficacy are recorded"),
        ("weight", "double *", "cells x inputs x samples"),
        ("efficacy", "double *", "cells x inputs x samples"),
        ("watch_count", "int64_t", "number of records of watched weights"),
        ("watch_steps", "const int64_t *", "their steps"),
        ("watch_first", "const int64_t *", "first watched synapse by tile, and one beyond"),
        ("watched", "const int64_t *", "by watched synapse: cell, input, row of `watch`"),
        ("watch", "real *", "watched x steps"),
        ("histogram_count", "int64_t", "number of histograms"),
        ("histogram_steps", "const int64_t *", "their steps"),
        ("bins", "int64_t", "of a histogram"),
        ("edges", "const double *", "of the bins"),
        ("histograms", "int64_t *", "workers x histograms x bins"),
        ("normalise", "int64_t", "a Normalisation"),
        ("normalise_every", "int64_t", "steps; 0 for after every event"),
        ("target", "double", "the sum of a cell's weights"),
        ("low", "double", "their lower limit"),
        ("high", "double", "their upper limit"),
        ("failures", "int64_t *", "by tile: step, cell, input"),
    ),
    "class real",
)
FIRED = Struct("FiredSpike", "A spike of a cell.", members(("step", "int64_t", "when"), ("cell", "int64_t", "whose")))
STRUCTS = (LANES, PLACE, TRAINS, FAN_IN, FIRED)


@cache
def header() -> str:
    """The text of ``contract.hpp``."""
    lines = ["// What Python and kernels share; printed from `contract.py`.", "#pragma once", "", "#include <cstdint>", ""]
    lines += [f"constexpr int64_t {name} = {value};  // {doc}" for name, (value, doc) in CONSTANTS.items()]
    for name, numbers in ENUMS.items():
        lines.append(f"enum {name} {{ {', '.join(f'{member} = {int(number)}' for member, number in numbers.items())} }};")
    return "\n".join([*lines, "", *(struct.cpp() for struct in STRUCTS)])
