"""The numbers of a program, and what it keeps for each cell, as the arrays that loops over many cells share with the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikeheb.cells import Receptor
from spikeheb.circuits.drives import Change
from spikeheb.circuits.steps import Floats
from spikeheb.circuits.values import constants
from spikeheb.engines.dense import Dense
from spikeheb.engines.emit.tiles import epoch, inhibitory_constants
from spikeheb.engines.kernel.contract import FAR, Array
from spikeheb.errors import EngineError, NonFiniteError, unknown_name
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import evaluate
from spikeheb.program.fold import fold
from spikeheb.program.program import Program
from spikeheb.program.sites import POST, Sites

LINE = 64


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Zeros that begin at a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, dtype=np.uint8)
    start = -raw.ctypes.data % LINE
    zeros: Array = raw[start : start + size].view(dtype).reshape(shape)
    return zeros


class ProgramArrays:
    """What does not depend on how the synapses lie in memory.

    Parameters
    ----------
    job : Dense
    program : Program
    sites : Sites
    width : int
        Cells of a block.

    Raises
    ------
    EngineError, NonFiniteError, UnknownName
    """

    def __init__(self, job: Dense, program: Program, sites: Sites, width: int = 1) -> None:
        self.job, self.program, self.sites, self.width = job, program, sites, width
        self.blocks = -(-job.cells // width)
        self.fixed: dict[str, Array] = {}
        self.rests = {decay.names[0]: self._rest(decay.slopes[0][0], decay.rests[0]) for decay in sites.scaled}

    def start(self, inhibitory: Receptor | None = None) -> None:
        """The cells as they are at the start, and all constants."""
        self._rows()
        self._numbers(inhibitory)

    def _rest(self, slope: t.Tree, rest: t.Tree) -> float:
        """What a scaled variable decays to."""
        rate, level = (_number(tree, self._known()) for tree in (slope, rest))
        if not np.isfinite([rate, level]).all() or (rate == 0 and level != 0):
            raise EngineError("this engine cannot compute a variable that rises without end", path=self.job.rule.path)
        return -level / rate if level else 0.0

    def _known(self) -> dict[str, float | Floats]:
        """Constants by name; by cell where they differ between cells."""
        return {**constants(self.job.circuit), "dt": self.job.dt}

    def _rows(self) -> None:
        job, sites = self.job, self.sites
        lanes = self.blocks * self.width
        self.lane = aligned((len(sites.rows), lanes), job.dtype)
        if job.cell is not None:
            for name, value in job.cell.rest().items():
                self.lane[sites.row_of("cell", name)] = value
        if job.rule.post is not None:
            self._post_rows()
        for name, by_cell in self._known().items():
            if name in job.circuit.plastic.overrides:
                self._fill_row(sites.row_of("post", name), by_cell)
        for name in sites.names(POST):
            self.lane[sites.row[name]] = Starts(job).next(name) - self.rests.get(name, 0.0)
        self.part, self.part_at = np.zeros(lanes, dtype=np.int64), np.full(lanes, FAR)
        self.late_by = np.array([round(job.rule.constants[by] / job.dt) for _, by in self.program.delayed.values()], dtype=np.int64)
        self.history = self._history(lanes)

    def _post_rows(self) -> None:
        rule = self.job.rule
        assert rule.post is not None
        known = self._known() | ({"v": self.job.cell.rest()["v"]} if self.job.cell is not None else {})
        for name, tree in rule.post.initial.items():
            start = np.asarray(evaluate(tree, known))
            if not np.all(np.isfinite(start)):
                raise NonFiniteError(f"the initial value of {name} is not finite", path=rule.path, key="post.initial")
            self._fill_row(self.sites.row_of("post", name), start)

    def _fill_row(self, row: int, values: float | Floats) -> None:
        """Give every cell its value; lanes beyond the last cell do what it does."""
        self.lane[row] = np.pad(np.broadcast_to(values, self.job.cells), (0, self.lane.shape[1] - self.job.cells), mode="edge")

    def _history(self, lanes: int) -> Array:
        """Rings of past values by cell, filled with the initial ones."""
        rings = []
        for (name, (of, _)), by in zip(self.program.delayed.items(), self.late_by, strict=True):
            values = self.lane[self.sites.row_that_rule_reads(of)]
            self.lane[self.sites.row_of("late", name)] = values
            rings.append(np.tile(values, int(by) + 1))
        joined: Array = np.concatenate([*rings, np.zeros(lanes if not rings else 0)])
        return joined.astype(self.job.dtype)

    def _numbers(self, inhibitory: Receptor | None) -> None:
        job, program, known = self.job, self.program, self._known()
        self.fixed["constants"] = np.array([known[name] for name in program.constants] or [0.0])
        self.fixed["cell"] = self._cell_numbers(inhibitory)
        delays = np.array([round(action.delay / job.dt) for action in program.actions], dtype=np.int64)
        self.fixed["delays"] = delays
        of_post = [delay for delay, action in zip(delays, program.actions, strict=True) if action.event == "post"]
        self.past = 1 + max(of_post, default=0)
        shape = job.cell.shape if job.cell else ()
        refractory = round(job.cell.refractory / job.dt) if job.cell else 0
        self.fixed["durations"] = np.array([refractory, *(max(1, round(hold.lasts / job.dt)) for hold in shape)], dtype=np.int64)
        slopes = [_number(decay.slopes[0][0], known) for decay in self.sites.scaled]
        self.epoch = epoch(slopes, job.dt, job.precision)
        k = np.arange(self.epoch + 1)
        with np.errstate(over="ignore"):
            tables = [np.stack([np.exp(slope * job.dt * k), np.exp(-slope * job.dt * k)]) for slope in slopes]
        self.fixed["factors"] = np.array(tables or [np.zeros((2, 1))], dtype=job.dtype)

    def _cell_numbers(self, inhibitory: Receptor | None) -> Floats:
        program, places, job = self.program, self.sites.places, self.job
        if program.cell is None:
            return np.zeros(1)
        receptor = program.cell.receptor
        values = dict(program.cell.constants)
        values |= {places.released[state]: receptor.unit * abs(weight) for state, _, weight in receptor.parts}
        values |= {name: hold.v for name, hold in zip(places.shape, program.cell.cell.shape, strict=True)}
        names = list(places.cell_constants)
        if inhibitory is not None and job.unplastic is not None:
            of_state, efficacy = inhibitory_constants(inhibitory), job.unplastic.fixed_efficacy
            values |= {of_state[state]: inhibitory.unit * abs(weight) * efficacy for state, _, weight in inhibitory.parts}
            names += of_state.values()
        return np.array([values[name] for name in names])

    def changes(self, name: str, changes: Sequence[Change]) -> None:
        """Changes as arrays of steps, cells and values."""
        for part, kind in (("step", np.int64), ("cell", np.int64), ("value", float)):
            self.fixed[f"{name}_{part}s"] = np.array([getattr(change, part) for change in changes], dtype=kind)


def _number(tree: t.Tree, known: Mapping[str, float | Floats]) -> float:
    """The value of a tree that reads constants alone."""
    return float(np.asarray(evaluate(fold(tree, {}), known)))


class Starts:
    """The initial values of the synapses; what is random is drawn as for lanes, cell after cell."""

    def __init__(self, job: Dense) -> None:
        self.job = job
        self.rng = np.random.default_rng([job.seed, 0x1417])
        shape = (job.cells, job.input_count)
        self.known = {
            name: np.broadcast_to(np.reshape(value, (-1, 1)), shape) if isinstance(value, np.ndarray) else value
            for name, value in constants(job.circuit).items()
        }
        for name in job.initial:
            if name not in job.rule.initial:
                raise unknown_name("variable", name, job.rule.initial, path=job.rule.path, key="initial")

    def next(self, name: str) -> Any:
        """A number for all synapses, or an array (cells, inputs); to be asked in the rule's order."""
        job = self.job
        size = (job.cells, job.input_count)
        draws = {"rand": lambda: self.rng.random(size), "randn": lambda: self.rng.standard_normal(size)}
        given: Mapping[str, Any] = job.initial
        value = given[name] if name in given else evaluate(job.rule.initial[name], self.known, draws)
        array = np.asarray(value, dtype=float)
        if not np.all(np.isfinite(array)):
            raise NonFiniteError(f"the initial value of {name} is not finite", path=job.rule.path)
        if array.ndim and array.shape != size and array.shape != size[1:]:
            raise EngineError(f"initial values of {name} have shape {array.shape}, expected {size}", path=job.rule.path)
        return float(array) if not array.ndim else array


def varied(job: Dense) -> tuple[str, ...]:
    """Variables whose given initial values are not one number; where constants differ between cells, all."""
    return job.rule.variables if job.circuit.plastic.overrides else tuple(name for name, value in job.initial.items() if np.ndim(value))
