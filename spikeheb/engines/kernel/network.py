"""Running a network with the compiled kernel: rows of synapses, step by step."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial

import numpy as np

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.phases import at, rewirings
from spikeheb.circuits.recording import NetworkRecording
from spikeheb.draws.edges import Edges, alone_with, edges_of, presentations_of_population, without_synapses
from spikeheb.engines.alone import Progress
from spikeheb.engines.checkpoints import Checkpoints
from spikeheb.engines.compiler import compiler, remedy
from spikeheb.engines.dense import Dense, as_dense
from spikeheb.engines.kernel import network_parts
from spikeheb.engines.kernel.contract import Array, Status
from spikeheb.engines.kernel.network_arrays import PopulationArrays, ProjectionArrays, TrainArrays, TriggerArrays, flaw_in
from spikeheb.engines.kernel.network_calls import LONGEST, Calls, Parts, stops_of
from spikeheb.engines.kernel.network_parts import built, driven, lag, populations_of_cells, ranges_of, remembered, useful_threads
from spikeheb.engines.kernel.network_rewire import Course
from spikeheb.engines.kernel.run import GROWING, PIECE, Part, Run
from spikeheb.engines.threads import side_by_side
from spikeheb.errors import BuildError, NonFiniteError

IMPOSED = ("imposed_steps", "imposed_cells")
"""Of what is in a population's state, the arrays that the kernel only reads."""
MOVING = ("imposed", "current", "kept", "capacity", "signal", "snapshot", "sample", "watch", "histogram", "ranges")
"""Numbers of populations and projections that say how far they are, or how many threads there are."""
COPIES = ("pre_values", "pre_since")
"""Of what is in a projection's state, what every thread has for itself."""
FIRED = ("fired_count", "fired")
"""Of what is in a population's state, what lies apart for every thread."""
UNFINISHED = -1
"""As the kernel's step, while arrays are replaced by others: nothing can be saved then."""
PATIENCE = 10.0
"""Seconds for the rest of a piece after an interruption."""
OF_A_SYNAPSE = 2e-8
"""Seconds of a piece at least: some ten times what it takes to look at a weight."""
Arrays = PopulationArrays | TrainArrays | ProjectionArrays | TriggerArrays


def run(
    circuit: Circuit, *, checkpoints: Checkpoints | None = None, threads: int | None = None, progress: Progress = None
) -> NetworkRecording:
    """Carry a network out.

    Parameters
    ----------
    circuit : Circuit
    checkpoints : Checkpoints, optional
        Where it is saved on its way, and where it goes on from.
    threads : int, optional
        The result does not depend on it. By default as many as are allowed, where a step is long enough for more than one.
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
    with Network(circuit, threads=threads, progress=progress) as started:
        return started.to_end() if checkpoints is None else started.kept_in(checkpoints)


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
    threads : int, optional
        As in `run`.
    progress : callable, optional
        Called with the fraction done.
    """

    finds_all = True

    def __init__(self, circuit: Circuit, *, threads: int | None = None, progress: Progress = None) -> None:
        chosen = compiler()
        if chosen is None:
            raise BuildError(f"a network needs a C++ compiler, and none was found; {remedy()}")
        self.circuit = circuit = driven(circuit)
        edges = {name: edges_of(circuit, name) for name in circuit.projections}
        works = {
            ("synapses", name): partial(
                built, alone_with(circuit, name, edges[name]), chosen, circuit.populations[projection.pre].count, edges[name],
                apart=bool(rewirings(circuit.phases, name)),
            )
            for name, projection in circuit.projections.items()
        }  # fmt: skip
        works |= {("cells", name): partial(built, without_synapses(circuit, name), chosen) for name in populations_of_cells(circuit)}
        parts = dict(zip(works, side_by_side(list(works.values())), strict=True))  # compilers run on all processors
        synapses, cells = ({name: part for (kind, name), part in parts.items() if kind == of} for of in ("synapses", "cells"))
        self._lag = lag(circuit, edges, synapses)
        past = remembered(circuit, edges, synapses, min(self._lag, LONGEST))
        threads = useful_threads(circuit, edges) if threads is None else threads
        ranges = {name: ranges_of(circuit.populations[name].count, threads) for name in cells}
        self.populations: dict[str, PopulationArrays | TrainArrays] = {
            name: PopulationArrays(circuit, name, cells[name].job, cells[name].program, cells[name].sites, past[name], ranges[name])
            if name in cells else TrainArrays(circuit, name, past[name]) for name in circuit.populations
        }  # fmt: skip
        groups = {name: arrays.struct for name, arrays in self.populations.items()}
        self.triggers = {name: TriggerArrays(circuit, name, groups) for name in circuit.triggers}
        self._cells, self._synapses = cells, synapses
        self.projections = {name: self._projection(name, each, synapses[name].job) for name, each in edges.items()}
        self.courses = {name: Course(circuit, name, partial(self._projection, name)) for name in edges if rewirings(circuit.phases, name)}
        for name, course in self.courses.items():
            course.start(self.projections[name])
        self._calls: Calls | None = None
        self._checkpoints, self._saved_at = Checkpoints(), 0.0
        library = next(iter(cells.values())).library
        super().__init__(_Job(circuit, circuit.steps, circuit.dt, progress), library, chosen, threads)

    def _projection(self, name: str, edges: Edges, job: Dense | None = None) -> ProjectionArrays:
        """The arrays of a projection with such synapses, as they begin."""
        projection, part = self.circuit.projections[name], self._synapses[name]
        ends = self.populations[projection.pre], self.populations[projection.post]
        job = as_dense(alone_with(self.circuit, name, edges)) if job is None else job
        rewarding = [self.triggers[each].struct for each in _rewarding(self.circuit, projection.post)]
        of_cells = self._cells[projection.post].sites
        return ProjectionArrays(self.circuit, name, job, edges, part.program, part.sites, of_cells, ends, rewarding)

    def _enter(self) -> None:
        """A phase may begin: synapses are replaced by others, and what holds from this step on holds."""
        self.struct.now = UNFINISHED
        for name, course in self.courses.items():
            self.projections[name] = course.rewire(self.projections[name], self.now)
        self._open()

    def _open(self) -> None:
        self._free()
        for name, arrays in self.projections.items():
            arrays.enter(*at(self.circuit.phases, name, self.now))
        for part in self._arrays():
            for number, steps in part.begins.items():
                setattr(part.struct, number, int(np.searchsorted(steps, self.now)))
        parts = Parts(self.library, self._cells, self._synapses, self.populations, self.projections, self.triggers)
        self._calls = Calls(parts, self.workers)
        epoch = min((arrays.epoch for arrays in self.projections.values()), default=self.circuit.steps)
        stops = stops_of([*self.populations.values(), *self.projections.values()])
        self.struct = self._calls.struct(self.now, self._lag, epoch, stops)

    def advance(self, until: int) -> None:
        """Go on to step `until`, from phase to phase.

        Raises
        ------
        NonFiniteError
        """
        for phase in self.circuit.phases:
            if self.now <= phase.step < until:
                super().advance(phase.step)
                self._enter()
        super().advance(until)

    def kept_in(self, checkpoints: Checkpoints) -> NetworkRecording:
        """Run to the end, saved on the way.

        Raises
        ------
        StorageError
        """
        if checkpoints.resume is not None:
            self.resume(checkpoints.resume)
        elif checkpoints.save is not None:
            self._begun_as = self.fingerprint()
        self._checkpoints, self._saved_at = checkpoints, time.monotonic()
        try:
            return self.to_end()
        except KeyboardInterrupt:
            if checkpoints.save is not None and self.struct.now != UNFINISHED and not self.struct.given_up:
                self.now = self.struct.now
                self.save(checkpoints.save)
            raise

    def _free(self) -> None:
        if self._calls is not None:
            self._calls.close()
            self._calls = None

    def close(self) -> None:
        """Free what the kernel holds."""
        super().close()
        self._free()

    def _again(self) -> Network:
        return Network(self.circuit, threads=1)

    def _parts(self) -> Sequence[Part]:
        return [(0, 1)]

    def _shares(self, part: Part, *, careful: bool = False) -> Sequence[Part]:
        return [(thread, thread + 1) for thread in range(self.workers)]

    def _call(self, share: Part, until: int, careful: bool) -> int:
        advance = self.library.loaded.network_advance
        advance.restype, advance.argtypes = ctypes.c_int64, [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
        status = int(advance(ctypes.addressof(self.struct), share[0], until))
        return Status.NOT_FINITE if status == Status.DONE and share[0] == 0 and self._flaw() else status

    @property
    def piece(self) -> float:
        """So long that what is done once a piece for all synapses, such as to look for numbers that are not finite, counts for little."""
        return max(PIECE, OF_A_SYNAPSE * sum(len(arrays.edges.pre) for arrays in self.projections.values()))

    def _seconds(self, part: Part) -> float:
        cells = sum(population.count for population in self.circuit.populations.values())
        return 2e-8 * cells + 1e-10 * sum(len(arrays.edges.pre) for arrays in self.projections.values())

    def _step(self, part: Part, sound: int, until: int) -> None:
        super()._step(part, sound, until)
        self.now = until
        kept = self._checkpoints
        if kept.save is not None and time.monotonic() - self._saved_at >= kept.seconds:
            self.save(kept.save)
            self._saved_at = time.monotonic()

    def _let_go(self, running: Sequence[Future[int]], shares: int) -> None:
        """Threads that wait for each other come to the end of the piece, unless one of them was never begun."""
        try:
            if len(running) == shares:
                wait(running, PATIENCE)
        finally:
            self.struct.given_up = int(len(running) < shares or not all(each.done() for each in running))
            wait(running)

    def _make_room(self) -> None:
        """Twice the room for spikes."""
        for arrays in self.populations.values():
            struct = arrays.struct
            if struct.keep and struct.kept + struct.cells * self.struct.block > struct.capacity:
                for name in ("kept_steps", "kept_cells"):
                    _replace(arrays, name, np.concatenate([arrays.state[name], np.zeros_like(arrays.state[name])]))
                struct.capacity *= 2

    # --- numbers that are not finite ---

    def _not_finite(self, part: Part, sound: int, until: int) -> NonFiniteError:
        """The first number that is not finite: found step by step."""
        with self._again() as again:
            again.advance(sound)
            again._enter()
            for now in range(sound, until):
                while (status := again._call((0, 1), now + 1, True)) == Status.SPIKES_FULL:
                    again._make_room()
                if status != Status.DONE:
                    return NonFiniteError(f"{again._flaw() or 'a number'} is not finite at {now * self.circuit.dt:.4f} s")
        return NonFiniteError(f"a number is not finite before {until * self.circuit.dt:.4f} s")

    def _name_of_flaw(self, step: int, lane: int, number: int) -> str:
        return self._flaw()

    def _flaw(self) -> str:
        """What is not finite, if anything is."""
        for name, population in self.populations.items():
            if isinstance(population, PopulationArrays) and (place := flaw_in(population.lane)) is not None:
                return f'{population.sites.rows[place[0]].partition(".")[2]} of cell {place[1]} of "{name}"'
        for name, projection in self.projections.items():
            if self.circuit.projections[name].rule is None:
                continue  # nothing changes
            if (place := flaw_in(projection.state["synapse"])) is not None:
                number = projection.order[place[1]]
                ends = projection.edges.pre[number], projection.edges.post[number]
                return f'a synapse of "{name}", from {ends[0]} to {ends[1]},'
            for part in ("pre_values", "lane"):
                if flaw_in(projection.state[part]) is not None:
                    return f'what "{name}" keeps for a {"source" if part == "pre_values" else "cell"}'
        return ""

    # --- checkpoints ---

    def _arrays(self) -> list[Arrays]:
        """Those of populations, then those of projections and of triggers; a name may be that of one of each."""
        return [*self.populations.values(), *self.projections.values(), *self.triggers.values()]

    def _state(self) -> dict[str, Array]:
        state = {f"{n}.{part}": array for n, arrays in enumerate(self._arrays()) for part, array in _changed(arrays).items()}
        return state | {f"rewired {name}.{part}": array for name, course in self.courses.items() for part, array in course.state().items()}

    def _restore(self, state: Mapping[str, Array]) -> None:
        for name, course in self.courses.items():
            self.projections[name] = course.restore(_of_course(state, name, course))
        for n, arrays in enumerate(self._arrays()):
            for part in _changed(arrays):
                array = arrays.state[part]
                if part in GROWING:
                    _replace(arrays, part, np.concatenate([state[f"{n}.{part}"], np.zeros_like(array)]))
                elif part not in FIRED:
                    array[...] = state[f"{n}.{part}"]
        for n, group in enumerate(self.populations.values()):
            group.set_fired(*(state[f"{n}.{part}"] for part in FIRED))
            group.struct.kept, group.struct.capacity = len(state[f"{n}.kept_steps"]), len(group.state["kept_steps"])

    def _fits(self, state: Mapping[str, Array]) -> bool:
        """Whether all that the kernel takes for a place is one."""
        for n, group in enumerate(self.populations.values()):
            limits = {"fired": group.struct.cells - 1, "kept_cells": group.struct.cells - 1, "fired_count": group.struct.cells}
            if isinstance(group, PopulationArrays):
                limits["part"] = len(group.fixed["durations"])
            places = [(state[f"{n}.{part}"], most) for part, most in limits.items()]
            if not all(np.all((array >= 0) & (array <= max(0, most))) for array, most in places):
                return False
            if len(state[f"{n}.kept_steps"]) != len(state[f"{n}.kept_cells"]):
                return False
        rewards = [state[f"{n}.due"] for n, arrays in enumerate(self._arrays()) if isinstance(arrays, TriggerArrays)]
        if not all(np.all((due >= 0) & (due <= self.circuit.steps)) for due in rewards):
            return False
        return all(course.fits(_of_course(state, name, course)) for name, course in self.courses.items())

    def _given(self) -> dict[str, Array]:
        projections = [(name, each.pre, each.post) for name, each in self.circuit.projections.items()]
        given = {
            "parts": np.array([repr([self.circuit.steps, *self.populations, *projections, *self.circuit.phases, self.circuit.triggers])]),
            "libraries": np.array([part.library.key for part in (*self._cells.values(), *self._synapses.values())]),
        }
        for n, arrays in enumerate(self._arrays()):
            given[f"{n}.numbers"] = arrays.declares.numbers(arrays.struct, MOVING)
            given |= {f"{n}.{part}": array for part, array in arrays.fixed.items() if part != "range_first"}
            if isinstance(arrays, ProjectionArrays):
                given[f"{n}.row_first"] = arrays.fixed["row_first"][:: arrays.struct.ranges]
            given |= {f"{n}.{part}": array for part, array in arrays.state.items() if part in IMPOSED}
        return given

    # --- what was recorded ---

    def recording(self) -> NetworkRecording:
        """What was recorded so far, and the weights as they stand."""
        circuit = self.circuit
        groups = {name: each for name, each in self.populations.items() if isinstance(each, PopulationArrays)}
        ruled = {name: arrays for name, arrays in self.projections.items() if circuit.projections[name].rule is not None}
        sources = {name: each for name, each in self.populations.items() if isinstance(each, TrainArrays)}
        kept = {name: slice(0, arrays.struct.kept) for name, arrays in groups.items()}
        sampled = {name: arrays.recorded(circuit, name) for name, arrays in groups.items() if len(circuit.probes.of_cells(name).samples)}
        return NetworkRecording(
            engine=self.engine("kernel:rows", precision=circuit.precision) | network_parts.without_columns(circuit, self._synapses),
            spikes={
                name: (arrays.state["kept_steps"][kept[name]].copy(), arrays.state["kept_cells"][kept[name]].astype(np.int64))
                for name, arrays in groups.items() if arrays.struct.keep
            },
            counts={name: arrays.state["counts"].copy() for name, arrays in groups.items()},
            pre={name: arrays.edges.pre for name, arrays in ruled.items()},
            post={name: arrays.edges.post for name, arrays in ruled.items()},
            delay={name: arrays.edges.delay for name, arrays in ruled.items()},
            w={name: arrays.values(arrays.job.rule.weight) for name, arrays in ruled.items()},
            snapshots={name: arrays.snapshots() for name, arrays in ruled.items()},
            binned={name: arrays.state["binned"].copy() for name, arrays in groups.items() if arrays.struct.bin_steps},
            v={name: v for name, (v, _) in sampled.items()},
            currents={name: currents for name, (_, currents) in sampled.items()},
            watched_synapses={name: arrays.watched for name, arrays in ruled.items() if arrays.struct.watch_count},
            watched={name: arrays.state["watched_weights"].copy() for name, arrays in ruled.items() if arrays.struct.watch_count},
            histograms={name: arrays.state["histograms"].copy() for name, arrays in ruled.items() if arrays.struct.histogram_count},
            presentations={name: presentations_of_population(circuit, name) for name in sources},
            dropped={name: arrays.dropped for name, arrays in sources.items()},
            rewirings={name: course.done for name, course in self.courses.items()},
        )  # fmt: skip


def _rewarding(circuit: Circuit, population: str) -> list[str]:
    """The triggers that reward the cells of a population."""
    return [name for name, trigger in circuit.triggers.items() if population in trigger.rewards]


def _changed(arrays: Arrays) -> dict[str, Array]:
    """What the kernel writes, without the room for more, and as it would be with one thread."""
    kept = {part: array[0] if part in COPIES else array for part, array in arrays.state.items() if part not in IMPOSED}
    if isinstance(arrays, PopulationArrays | TrainArrays):
        kept |= dict(zip(FIRED, arrays.fired(), strict=True))
    return {part: array[: arrays.struct.kept] if part in GROWING else array for part, array in kept.items()}


def _of_course(state: Mapping[str, Array], name: str, course: Course) -> dict[str, Array]:
    return {part: state[f"rewired {name}.{part}"] for part in course.state()}


def _replace(arrays: Arrays, part: str, array: Array) -> None:
    """Hand another array over to the kernel."""
    arrays.state[part] = array
    setattr(arrays.struct, part, array.ctypes.data)
