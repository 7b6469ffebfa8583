"""Synapses in SONATA files: HDF5 with the source, the cell, the weight and the delay of every edge.

The layout is that of the SONATA developer guide (Allen Institute for Brain Science and Blue Brain Project, version 0.1), which for every
population of edges has ``edges/NAME/source_node_id`` and ``target_node_id``, both with the attribute ``node_population``,
``edge_type_id``, ``edge_group_id`` and ``edge_group_index``, and for every group of edges (``edges/NAME/0``) what its edges have. Read are
``syn_weight``, in the unit of the rule's weight or, without a rule, in unit conductances of the receptor, and ``delay`` in ms, which the
guide has for NEURON. Not read are tables of edge types (CSV), ``dynamics_params`` and places on a morphology.

A file may come from a stranger: links to other files, data kept in other files and virtual data are not followed, and sizes are looked at
before anything is read.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeheb.circuits.connect import Explicit
from spikeheb.circuits.equality import equal_by_value
from spikeheb.circuits.steps import Floats, Numbers, Steps
from spikeheb.errors import FormatError, SpikehebError
from spikeheb.limits import BYTES_OF_SYNAPSE, MEMORY, check_file, check_memory
from spikeheb.results import replace_file

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]  # it has no types

VERSION, MAGIC = (0, 1), 0x0A7A
MILLISECOND = 1e-3
MOST_GROUPS = 1000
LARGEST_CHUNK = 2.0**26
"""Bytes of a chunk of data, which is unpacked as a whole."""
WHOLE, REAL = "iu", "fiu"
"""Kinds of numbers."""


@equal_by_value
@dataclass(frozen=True)
class EdgePopulation:
    """The synapses of a projection, as a file has them.

    Attributes
    ----------
    source, target : str
        Names of the populations of cells.
    pre, post : array of int, shape (synapses,)
    weight : array of float, shape (synapses,)
    delay : array of float, shape (synapses,)
        Seconds.
    """

    source: str
    target: str
    pre: Steps | Numbers
    post: Steps | Numbers
    weight: Floats
    delay: Floats


def read_edges(path: Path, population: str, *, weights: bool = True, delays: bool = True) -> Explicit:
    """The synapses of a population of edges.

    Parameters
    ----------
    path : Path
    population : str
        The name of a group in ``edges``.
    weights, delays : bool
        Whether to take those of the file, where it has any.

    Raises
    ------
    FormatError
        For a file that cannot be read, or is not laid out as the guide says; with the name of the group or the data.
    EngineError
        For more synapses than there is memory for.
    """
    import h5py

    check_file(path, MEMORY)
    with _errors_of(path):
        if not h5py.is_hdf5(path):
            raise FormatError("is no HDF5 file", path=str(path))
        with h5py.File(path, "r") as file:
            reading = _Edges(str(path), population, _inside(file, ("edges", population), str(path), h5py.Group))
            pre, post = reading.numbers("source_node_id"), reading.numbers("target_node_id")
            given = {what: reading.attribute(name) if wanted else None for what, name, wanted in
                     (("weight", "syn_weight", weights), ("delay", "delay", delays))}  # fmt: skip
    late = given["delay"]
    delay = None if late is None else late * MILLISECOND
    return Explicit(pre=pre, post=post, weight=given["weight"], delay=delay, file=str(path), population=population)


class _Edges:
    """A population of edges while it is read."""

    def __init__(self, path: str, name: str, group: h5py.Group) -> None:
        self.path, self.name, self.group = path, name, group
        self.count = self._dataset(group, "source_node_id", None, WHOLE).shape[0]
        check_memory(BYTES_OF_SYNAPSE * self.count, f"the {self.count:,} edges", path=path, key=f"edges/{name}")
        for needed in ("source_node_id", "target_node_id", "edge_type_id", "edge_group_id", "edge_group_index"):
            self._dataset(group, needed, self.count, WHOLE)
        self.of_edge, self.place = self.numbers("edge_group_id"), self.numbers("edge_group_index")
        self.groups = np.unique(self.of_edge).tolist()
        if len(self.groups) > MOST_GROUPS:
            raise self._error("edge_group_id", f"names {len(self.groups):,} groups, and {MOST_GROUPS:,} are allowed")

    def numbers(self, name: str) -> Steps:
        """Whole numbers, one for each edge."""
        values = self._dataset(self.group, name, self.count, WHOLE)[()]
        if values.size and int(values.max()) > np.iinfo(np.int64).max:
            raise self._error(name, f"expected numbers from 0 on (got {int(values.max())})")
        return np.asarray(values, dtype=np.int64)

    def attribute(self, name: str) -> Floats | None:
        """What the groups of edges have under a name, one number for each edge; None where no group has it."""
        import h5py

        values, having = np.zeros(self.count), 0
        for number in self.groups:
            group = _inside(self.group, (str(number),), self.path, h5py.Group, above=f"edges/{self.name}/")
            if group.get(name, getlink=True) is None:
                continue
            having += 1
            data = self._dataset(group, name, None, REAL, above=f"{number}/")
            own = self.of_edge == number
            place = self.place[own]
            wrong = place[(place < 0) | (place >= data.shape[0])]
            if wrong.size:
                raise self._error("edge_group_index", f"there is no edge {wrong[0]} among the {data.shape[0]:,} of {number}/{name}")
            values[own] = np.asarray(data[()], dtype=float)[place]
        if 0 < having < len(self.groups):
            raise self._error("", f"{having} of {len(self.groups)} groups have {name}; give it for all edges or for none")
        return values if having else None

    def _dataset(self, group: h5py.Group, name: str, count: int | None, kinds: str, above: str = "") -> h5py.Dataset:
        """One row of numbers that stands in this file."""
        import h5py

        data = _inside(group, (name,), self.path, h5py.Dataset, above=f"edges/{self.name}/{above}")
        key, kind = f"{above}{name}", data.dtype
        if data.is_virtual or data.external is not None:
            raise self._error(key, "refers to another file, which is not followed")
        if data.ndim != 1 or kind.kind not in kinds or kind.itemsize > 8:
            what = "whole numbers" if kinds == WHOLE else "numbers"
            raise self._error(key, f"expected a row of {what} (got {data.ndim} dimensions of {kind})")
        if count is not None and data.shape[0] != count:
            raise self._error(key, f"expected {count:,} numbers, one for each edge (got {data.shape[0]:,})")
        check_memory(8.0 * data.shape[0], f"the {data.shape[0]:,} numbers", path=self.path, key=f"edges/{self.name}/{key}")
        if math.prod(data.chunks or (0,)) * kind.itemsize > LARGEST_CHUNK:
            raise self._error(key, f"has chunks of more than {LARGEST_CHUNK / 1e6:.0f} MB; write it with smaller ones")
        return data

    def _error(self, key: str, message: str) -> FormatError:
        return FormatError(message, path=self.path, key=f"edges/{self.name}/{key}".rstrip("/"))


def _inside(group: Any, names: tuple[str, ...], path: str, kind: type, above: str = "") -> Any:
    """What stands in a group under names, one in the other, without following a link.

    Raises
    ------
    FormatError
    """
    import h5py

    for n, name in enumerate(names):
        key = above + "/".join(names[: n + 1])
        if not name or "/" in name or name == "." or not name.isprintable():
            raise FormatError(f"a name has no slash (got {name!r})", path=path, key=above + "/".join(names[:n]))
        link = group.get(name, getlink=True)
        if link is None:
            there = sorted(group)[:8] if len(group) <= MOST_GROUPS else []
            raise FormatError(f"is missing; there is {', '.join(map(repr, there)) or 'nothing of that name'}", path=path, key=key)
        if not isinstance(link, h5py.HardLink):
            raise FormatError("is a link to something else, which is not followed", path=path, key=key)
        wanted = kind if n == len(names) - 1 else h5py.Group
        group = group[name]
        if not isinstance(group, wanted):
            raise FormatError("expected a group" if wanted is h5py.Group else "expected data", path=path, key=key)
    return group


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """What h5py raises on a damaged file, in one line."""
    try:
        yield
    except SpikehebError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError) as error:
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise FormatError(f"cannot be read as HDF5 ({text})", path=str(path)) from None


def write_edges(path: Path, populations: Mapping[str, EdgePopulation]) -> None:
    """Write synapses as a SONATA file, whole or not at all.

    Parameters
    ----------
    path : Path
    populations : mapping of str to EdgePopulation

    Raises
    ------
    StorageError
    """
    import h5py

    image = io.BytesIO()
    with h5py.File(image, "w") as file:
        file.attrs["version"], file.attrs["magic"] = np.array(VERSION, dtype=np.uint32), np.uint32(MAGIC)
        top = file.create_group("edges")
        for number, (name, edges) in enumerate(populations.items()):
            _write_population(top.create_group(name), edges, number)
    replace_file(path, image.getvalue())


def _write_population(group: h5py.Group, edges: EdgePopulation, kind: int) -> None:
    count = len(edges.pre)
    for end, name, cells in (("source", edges.source, edges.pre), ("target", edges.target, edges.post)):
        data = group.create_dataset(f"{end}_node_id", data=np.asarray(cells, dtype=np.uint64))
        data.attrs["node_population"] = name
    group.create_dataset("edge_type_id", data=np.full(count, kind, dtype=np.uint32))
    group.create_dataset("edge_group_id", data=np.zeros(count, dtype=np.uint32))
    group.create_dataset("edge_group_index", data=np.arange(count, dtype=np.uint64))
    own = group.create_group("0")
    own.create_dataset("syn_weight", data=np.asarray(edges.weight, dtype=float))
    own.create_dataset("delay", data=np.asarray(edges.delay, dtype=float) / MILLISECOND).attrs["units"] = "ms"
