"""Random numbers by stream and counter: the counterpart of ``runtime.hpp``, bit for bit in the uniform numbers."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Purpose(IntEnum):
    """What a stream of random numbers is for; the purposes of a group are added to that of its trains, which `trains` numbers from 5."""

    NOISE_OF_SYNAPSE = 1
    NOISE_OF_CELL = 2
    NOISE_OF_POST = 3
    DRAWS_OF_HANDLER = 4
    DRAWS_OF_THRESHOLD = 8
    EVENTS_OF_GROUP = 16
    MEMBERS_OF_GROUP = 32


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xD1B54A32D192ED03)
_ONE = np.uint64(1)

# Wichura 1988, algorithm AS 241 (doi 10.2307/2347330): numerators and denominators, highest power first
_CENTRE = (
    [2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
     1971.5909503065514427, 133.14166789178437745, 3.387132872796366608],
    [5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
     687.1870074920579083, 42.313330701600911252, 1.0],
)  # fmt: skip
_MIDDLE = (
    [7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258, 3.64784832476320460504,
     5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734],
    [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459, 0.68976733498510000455,
     1.6763848301838038494, 2.05319162663775882187, 1.0],
)  # fmt: skip
_TAIL = (
    [2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093, 0.29656057182850489123,
     1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772],
    [2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0],
)  # fmt: skip


def _mix(x: Any) -> Any:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def streams(seed: int, purpose: int, indices: Any) -> Any:
    """The stream of each index (an input or a lane)."""
    with np.errstate(over="ignore"):
        start = _mix(np.array([seed & (2**64 - 1)], dtype=np.uint64) + _GOLDEN * np.uint64(purpose + 1))
        return _mix(start + _OTHER * (np.asarray(indices, dtype=np.uint64) + _ONE))


def of_synapses(seed: int, count: int, mirrored: bool) -> tuple[Any, Floats]:
    """The streams of the noise of synapses, and its signs: of mirrored ones, every second has the noise of the one before, turned round."""
    index = np.arange(count)
    return streams(seed, Purpose.NOISE_OF_SYNAPSE, index // 2 if mirrored else index), np.where(mirrored & (index % 2 == 1), -1.0, 1.0)


def uniform(stream: Any, counter: Any) -> Floats:
    """Numbers in (0, 1)."""
    with np.errstate(over="ignore"):
        bits = _mix(_mix(stream + _GOLDEN * (np.asarray(counter, dtype=np.uint64) + _ONE)) ^ stream)
    result: Floats = ((bits >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52
    return result


def normal(stream: Any, counter: Any) -> Floats:
    """Standard normal numbers."""
    p = uniform(stream, counter)
    q = p - 0.5
    r = np.sqrt(-np.log(np.where(q < 0, p, 1.0 - p)))
    central = _ratio(_CENTRE, 0.180625 - q * q) * q
    outer = np.where(r <= 5.0, _ratio(_MIDDLE, r - 1.6), _ratio(_TAIL, r - 5.0))
    return np.where(np.abs(q) <= 0.425, central, np.where(q < 0, -outer, outer))


def _ratio(coefficients: tuple[list[float], list[float]], r: Floats) -> Floats:
    above, below = (np.polyval(np.array(side), r) for side in coefficients)
    return above / below
