"""Running a network with the compiled kernel: rows of synapses, step by step."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.phases import at
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.recording import NetworkRecording
from spikeheb.draws.edges import Edges, alone_with, edges_of, without_synapses
from spikeheb.engines.alone import Progress
from spikeheb.engines.compiler import Compiler, compiler, remedy
from spikeheb.engines.dense import Dense, as_dense
from spikeheb.engines.emit import tiles
from spikeheb.engines.emit.placements import SPARSE
from spikeheb.engines.kernel.build import Library, load
from spikeheb.engines.kernel.contract import Array, Status
from spikeheb.engines.kernel.network_arrays import PopulationArrays, ProjectionArrays, SourceArrays
from spikeheb.engines.kernel.program_arrays import varied
from spikeheb.engines.kernel.rows_contract import NETWORK
from spikeheb.engines.kernel.run import Part, Run
from spikeheb.errors import BuildError, EngineError, NonFiniteError
from spikeheb.program.analysis import analyse
from spikeheb.program.program import Program
from spikeheb.program.sites import Sites, sites, with_constants_of_cells

HEADERS = ("runtime.hpp", "numbers.hpp", "normalise.hpp", "rows.hpp")


def run(circuit: Circuit, *, threads: int | None = None, progress: Progress = None) -> NetworkRecording:
    """Carry a network out.

    Parameters
    ----------
    circuit : Circuit
    threads : int, optional
        Without effect: a network runs in one.
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    EngineError
        For what this loop cannot do.
    NonFiniteError
        With the time, and the cell or synapse.
    BuildError, StorageError
    """
    with Network(circuit, progress=progress) as started:
        return started.to_end()


@dataclass(frozen=True)
class Built:
    """A part of a network, compiled."""

    job: Dense
    program: Program
    sites: Sites
    library: Library


@dataclass(frozen=True)
class _Job:
    """What `Run` reads of a network."""

    circuit: Circuit
    steps: int
    dt: float
    progress: Progress


class Network(Run[NetworkRecording]):
    """A network on its way.

    Parameters
    ----------
    circuit : Circuit
    progress : callable, optional
        Called with the fraction done.
    """

    finds_all = True

    def __init__(self, circuit: Circuit, *, progress: Progress = None) -> None:
        chosen = compiler()
        if chosen is None:
            raise BuildError(f"a network needs a C++ compiler, and none was found; {remedy()}")
        _refuse(circuit)
        self.circuit = circuit = driven(circuit)
        edges = {name: edges_of(circuit, name) for name in circuit.projections}
        synapses = {name: built(alone_with(circuit, name, edges[name]), chosen) for name in circuit.projections}
        cells = {name: built(without_synapses(circuit, name), chosen) for name in _populations(circuit)}
        past = remembered(circuit, edges, synapses)
        self.populations: dict[str, PopulationArrays | SourceArrays] = {
            name: PopulationArrays(circuit, name, cells[name].job, cells[name].program, cells[name].sites, past[name])
            if name in cells else SourceArrays(circuit, name, past[name]) for name in circuit.populations
        }  # fmt: skip
        self.projections = {
            name: ProjectionArrays(
                circuit, part.job, edges[name], part.program, part.sites, cells[circuit.projections[name].post].sites,
                (self.populations[circuit.projections[name].pre].struct, self.populations[circuit.projections[name].post].struct),
            )
            for name, part in synapses.items()
        }  # fmt: skip
        self.built = {**cells, **synapses}
        self._objects: list[tuple[Any, int]] = []
        library = next(iter(cells.values())).library
        super().__init__(_Job(circuit, circuit.steps, circuit.dt, progress), library, chosen, 1)

    def _open(self) -> None:
        self._free()
        for name, arrays in self.projections.items():
            arrays.enter(*at(self.circuit.phases, name, self.now))
        calls = [(of.loaded, name, pointer) for of, name, pointer in self._calls()]
        functions = np.array([_address(loaded, name) for loaded, name, _ in calls], dtype=np.int64)
        objects = np.array([pointer for _, _, pointer in calls], dtype=np.int64)
        self._kept = {"functions": functions, "objects": objects}
        self.struct = NETWORK.filled(self._kept, {"now": self.now, "count": len(calls)})

    def advance(self, until: int) -> None:
        """Go on to step `until`, from phase to phase.

        Raises
        ------
        NonFiniteError
        """
        for phase in self.circuit.phases:
            if self.now <= phase.step < until:
                super().advance(phase.step)
                self._open()
        super().advance(until)

    def _calls(self) -> Iterator[tuple[Library, str, int]]:
        """What happens in a step, in its order: library, function, and what it is about."""
        groups = {name: ctypes.addressof(arrays.struct) for name, arrays in self.populations.items()}
        cells = {name: self._opened(name, "cells", groups[name]) for name in groups if name in self.built}
        synapses = {name: self._opened(name, "synapses", ctypes.addressof(arrays.struct)) for name, arrays in self.projections.items()}
        yield from ((self._of(name), "group_room", group) for name, group in groups.items())
        for name, group in groups.items():
            yield (self._of(name), "cells_step", cells[name]) if name in cells else (self._of(name), "sources_step", group)
        for what in ("step", "deliver", "end"):
            yield from ((self.built[name].library, f"synapses_{what}", pointer) for name, pointer in synapses.items())
        yield from ((self._of(name), "cells_end", pointer) for name, pointer in cells.items())

    def _of(self, population: str) -> Library:
        return self.built[population].library if population in self.built else next(iter(self.built.values())).library

    def _opened(self, name: str, kind: str, struct: int) -> int:
        loaded = self.built[name].library.loaded
        function = getattr(loaded, f"{kind}_open")
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        pointer = int(function(struct))
        closing = getattr(loaded, f"{kind}_close")
        closing.restype, closing.argtypes = None, [ctypes.c_void_p]
        self._objects.append((closing, pointer))
        return pointer

    def _free(self) -> None:
        for closing, pointer in self._objects:
            closing(pointer)
        self._objects = []

    def close(self) -> None:
        """Free what the kernel holds."""
        super().close()
        self._free()

    def _again(self) -> Network:
        return Network(self.circuit)

    def _parts(self) -> Sequence[Part]:
        return [(0, 1)]

    def _shares(self, part: Part, *, careful: bool = False) -> Sequence[Part]:
        return [part]

    def _call(self, share: Part, until: int, careful: bool) -> int:
        advance = self.library.loaded.network_advance
        advance.restype, advance.argtypes = ctypes.c_int64, [ctypes.c_void_p, ctypes.c_int64]
        status = int(advance(ctypes.addressof(self.struct), until))
        return Status.NOT_FINITE if status == Status.DONE and self._flaw() else status

    def _seconds(self, part: Part) -> float:
        cells = sum(population.count for population in self.circuit.populations.values())
        return 2e-8 * cells + 1e-10 * sum(len(arrays.edges.pre) for arrays in self.projections.values())

    def _make_room(self) -> None:
        """Twice the room for spikes."""
        for arrays in self.populations.values():
            struct = arrays.struct
            if struct.keep and struct.kept + struct.cells > struct.capacity:
                for name in ("kept_steps", "kept_cells"):
                    arrays.state[name] = np.concatenate([arrays.state[name], np.zeros_like(arrays.state[name])])
                    setattr(struct, name, arrays.state[name].ctypes.data)
                struct.capacity *= 2

    # --- numbers that are not finite ---

    def _not_finite(self, part: Part, sound: int, until: int) -> NonFiniteError:
        """The first number that is not finite: found step by step."""
        with self._again() as again:
            again.advance(sound)
            for now in range(sound, until):
                if again._call(part, now + 1, True) != Status.DONE:
                    return NonFiniteError(f"{again._flaw() or 'a number'} is not finite at {now * self.circuit.dt:.4f} s")
        return NonFiniteError(f"a number is not finite before {until * self.circuit.dt:.4f} s")

    def _name_of_flaw(self, step: int, lane: int, number: int) -> str:
        return self._flaw()

    def _flaw(self) -> str:
        """What is not finite, if anything is."""
        for name, population in self.populations.items():
            if isinstance(population, PopulationArrays) and not np.isfinite(population.lane.sum()):
                row, cell = np.argwhere(~np.isfinite(population.lane))[0]
                return f'{population.sites.rows[row].partition(".")[2]} of cell {cell} of "{name}"'
        for name, projection in self.projections.items():
            if not np.isfinite(projection.state["synapse"].sum()):
                _, place = np.argwhere(~np.isfinite(projection.state["synapse"]))[0]
                number = projection.order[place]
                ends = projection.edges.pre[number], projection.edges.post[number]
                return f'a synapse of "{name}", from {ends[0]} to {ends[1]},'
            for part in ("pre_values", "lane"):
                if not np.isfinite(projection.state[part].sum()):
                    return f'what "{name}" keeps for a {"source" if part == "pre_values" else "cell"}'
        return ""

    # --- checkpoints ---

    def _state(self) -> dict[str, Array]:
        state = {"now": np.array([self.struct.now])}
        for name, arrays in self.populations.items():
            state |= {f"{name} {part}": array for part, array in arrays.state.items() if not part.startswith(("imposed", "kept"))}
            state |= {f"{name} {part}": arrays.state[part][: arrays.struct.kept] for part in ("kept_steps", "kept_cells")}
            state[f"{name} numbers"] = np.array([arrays.struct.imposed, arrays.struct.current])
        for name, projection in self.projections.items():
            state |= {f"{name} {part}": array for part, array in projection.state.items()}
            state[f"{name} numbers"] = np.array([projection.struct.signal, projection.struct.snapshot])
        return state

    def _restore(self, state: Mapping[str, Array]) -> None:
        raise EngineError("a network cannot be resumed yet")

    def _given(self) -> dict[str, Array]:
        given: dict[str, Array] = {}
        for name, arrays in {**self.populations, **self.projections}.items():
            fixed: Mapping[str, Array] = getattr(arrays, "fixed", {})
            given |= {f"{name} {part}": array for part, array in fixed.items()}
        return given

    # --- what was recorded ---

    def recording(self) -> NetworkRecording:
        """What was recorded so far, and the weights as they stand."""
        groups = {name: self.populations[name] for name in _populations(self.circuit)}
        ruled = {name: arrays for name, arrays in self.projections.items() if self.circuit.projections[name].rule is not None}
        kept = {name: slice(0, arrays.struct.kept) for name, arrays in groups.items()}
        return NetworkRecording(
            engine=self.engine("kernel:rows", precision=self.circuit.precision),
            spikes={
                name: (arrays.state["kept_steps"][kept[name]].copy(), arrays.state["kept_cells"][kept[name]].astype(np.int64))
                for name, arrays in groups.items()
            } if self.circuit.probes.trains else {},
            counts={name: arrays.state["counts"].copy() for name, arrays in groups.items()},
            pre={name: arrays.edges.pre for name, arrays in ruled.items()},
            post={name: arrays.edges.post for name, arrays in ruled.items()},
            w={name: arrays.values(arrays.job.rule.weight) for name, arrays in ruled.items()},
            snapshots={name: arrays.snapshots() for name, arrays in ruled.items()},
        )  # fmt: skip


def built(circuit: Circuit, chosen: Compiler) -> Built:
    """A part of a network by itself, compiled where the build cache does not have it."""
    job = as_dense(circuit)
    if job.precision == "float32" and job.rule.before:
        raise EngineError("ties are recognised by the number of the step, which single precision cannot hold; use float64", key="precision")
    varying = frozenset(circuit.plastic.overrides)
    program = with_constants_of_cells(analyse(job.rule, job.cell, job.dt, receptor=job.receptor, varying=varying), varying)
    places = sites(program, varied(job))
    source = tiles.generate(program, places, precision=job.precision, shape=SPARSE)
    return Built(job, program, places, load(source, tiles.header(program, job.cell), chosen, HEADERS))


def remembered(circuit: Circuit, edges: Mapping[str, Edges], parts: Mapping[str, Built]) -> dict[str, int]:
    """How many steps of spikes of each population are kept: as long as the latest of them is under way."""
    past = dict.fromkeys(circuit.populations, 1)
    for name, part in parts.items():
        projection = circuit.projections[name]
        for action in part.program.actions:
            end = projection.pre if action.event == "pre" else projection.post
            late = round(action.delay / circuit.dt) + (int(edges[name].delay.max(initial=0)) if action.event == "pre" else 0)
            past[end] = max(past[end], late + 1)
    return past


def driven(circuit: Circuit) -> Circuit:
    """The same, its cells without the receptors that nothing drives."""
    populations = dict(circuit.populations)
    for name, population in _populations(circuit).items():
        reaching = [projection for projection in circuit.projections.values() if projection.post == name]
        if population.cell is not None and reaching:
            used = {population.cell.receptor(projection.receptor).name for projection in reaching}
            kept = {key: receptor for key, receptor in population.cell.receptors.items() if key in used}
            populations[name] = replace(population, cell=replace(population.cell, receptors=kept))
    named = {
        name: projection if (cell := _cell(circuit, projection.post)) is None
        else replace(projection, receptor=cell.receptor(projection.receptor).name) for name, projection in circuit.projections.items()
    }  # fmt: skip
    return replace(circuit, populations=populations, projections=named)


def _cell(circuit: Circuit, name: str) -> Any:
    population = circuit.populations[name]
    return population.cell if isinstance(population, Cells) else None


def _populations(circuit: Circuit) -> dict[str, Cells]:
    return {name: population for name, population in circuit.populations.items() if isinstance(population, Cells)}


def _address(loaded: ctypes.CDLL, name: str) -> int:
    return int(ctypes.cast(getattr(loaded, name), ctypes.c_void_p).value or 0)


def _refuse(circuit: Circuit) -> None:
    for name, population in _populations(circuit).items():
        if population.cell is None:
            raise EngineError(f'the cells of "{name}" in a network need a membrane; name a cell', key="populations")
        if circuit.drives.get(name) is not None and circuit.drives[name].clamps:
            raise EngineError("a voltage clamp is not available in a network", key="drives")
    if circuit.mirrored:
        raise EngineError("mirrored noise is not available in a network")
