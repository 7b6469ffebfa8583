"""All that a run changes, as it is at the start; and how synapses and lanes see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spikeheb.circuits.drives import RELEASED
from spikeheb.circuits.steps import Floats, Steps
from spikeheb.circuits.values import constants, initial_values
from spikeheb.draws import random
from spikeheb.engines.alone import Alone
from spikeheb.engines.plain.decays import relaxed
from spikeheb.engines.plain.events import Events
from spikeheb.engines.plain.model import Model
from spikeheb.engines.plain.trees import function
from spikeheb.errors import NonFiniteError
from spikeheb.expressions.printers import resolve_units
from spikeheb.program.program import Program
from spikeheb.rules.check import known_names
from spikeheb.rules.ties import STEP

NEVER = np.iinfo(np.int64).max // 4
"""A step that does not come."""
BLOCK = 100
"""Steps whose noise is drawn together."""


class Rows(dict[str, Floats]):
    """Variables by name, each a row of one array: what belongs to synapses has a column for each, what belongs to cells for each lane."""

    def __init__(self, names: Sequence[str], columns: int) -> None:
        values = np.zeros((len(names), columns))
        super().__init__(zip(names, values, strict=True))
        self._flat, self._zeros = values.ravel(), np.zeros(values.size)

    def are_finite(self) -> bool:
        """Whether all values are: zero times what is not finite is not a number, and no sum is cheaper to look at."""
        return bool(self._flat.dot(self._zeros) == 0.0)


class Seen(dict[str, Any]):
    """A scope whose names are fetched when they are first read."""

    def __init__(self, fetch: Callable[[str], Any], **known: Any) -> None:
        super().__init__(known)
        self._fetch = fetch

    def __missing__(self, name: str) -> Any:
        value = self[name] = self._fetch(name)
        return value


class Lanes:
    """Lanes on their way.

    Attributes
    ----------
    lane : array of int, shape (inputs,)
        Of each input.
    synapse : Rows
        Variables of the rule; those that are solved exactly as they were at step `since`.
    since : list of arrays of int, shape (inputs,)
        For each group of variables that are solved together.
    cell, post, late : Rows
        Variables of the cells with the injected current ``I_ext``, of ``[post]``, and what is read late.
    past : mapping of str to array, shape (steps, lanes)
        What will be read late, by step modulo the length.
    clamp : array, shape (lanes,)
        Volts, or `RELEASED`.
    still : bool
        Whether weights may not change.
    is_free : array of bool, shape (lanes,)
        Where no clamp holds v.
    held_through : array of int, shape (lanes,)
        The last step in which v is held after a spike.
    part, part_at : arrays of int, shape (lanes,)
        The next part of the spike's shape (the last is the reset), and its step.
    spikes : list of lists of int
        Steps, for each lane.
    weight, efficacy, v : arrays
        What is recorded.

    Raises
    ------
    NonFiniteError, UnknownName
    """

    def __init__(self, job: Alone, program: Program) -> None:
        self.program, self.job = program, job
        self.events = Events(job, program)
        known = constants(job.circuit)
        self.shared = {name: value for name, value in known.items() if isinstance(value, float)}
        self.differing = {name: value for name, value in known.items() if not isinstance(value, float)}
        self.model = Model(program, self.shared, job.dt)
        self.still = False
        self.lane = np.asarray(job.lane_of_input, dtype=np.int64)
        self.synapse = Rows(program.variables, job.inputs)
        for name, values in initial_values(job.circuit).items():
            self.synapse[name][:] = values
        self.since = [np.zeros(job.inputs, dtype=np.int64) for _ in program.decays]
        self._noise: dict[int, tuple[int, Floats]] = {}
        self._start_cells()
        self._start_late()
        self.clamp = np.full(job.lanes, RELEASED)
        self.is_free = np.ones(job.lanes, dtype=bool)
        self.held_through = np.full(job.lanes, -1, dtype=np.int64)
        self.part = np.zeros(job.lanes, dtype=np.int64)
        self.part_at = np.full(job.lanes, NEVER, dtype=np.int64)
        self.spikes: list[list[int]] = [[] for _ in range(job.lanes)]
        self.weight, self.efficacy = np.zeros((2, job.inputs, len(job.samples)))
        self.v = np.zeros((job.lanes, len(job.sweeps), job.sweep_steps))
        of_synapses, self.turned = random.of_synapses(job.seed, job.inputs, job.mirrored)
        self.keys: dict[int, Any] = {random.Purpose.NOISE_OF_SYNAPSE: of_synapses}
        self.keys[random.Purpose.DRAWS_OF_HANDLER] = random.streams(job.seed, random.Purpose.DRAWS_OF_HANDLER, np.arange(job.inputs))
        self.keys |= {
            n: random.streams(job.seed, n, np.arange(job.lanes))
            for n in (random.Purpose.NOISE_OF_CELL, random.Purpose.NOISE_OF_POST, random.Purpose.DRAWS_OF_THRESHOLD)
        }

    def _start_cells(self) -> None:
        program, job = self.program, self.job
        names = (*program.cell.block.names, *program.cell.plain, "I_ext") if program.cell else ()
        self.cell, self.post, self.late = (Rows(names_, job.lanes) for names_ in (names, program.post_names, tuple(program.delayed)))
        for name, value in (job.cell.rest() if job.cell else {}).items():
            self.cell[name][:] = value
        for name, tree in (job.rule.post.initial if job.rule.post else {}).items():
            self.post[name][:] = function(resolve_units(tree, set(known_names(job.rule))), self.shared)(self.seen_by_lanes())
        self.look(self.post, "lane", 0)

    def _start_late(self) -> None:
        program, job = self.program, self.job
        self.past, self.late_by, self.is_late = {}, {}, {}
        known = self.shared | self.differing
        for name, (of, by) in program.delayed.items():
            self.late_by[name] = np.broadcast_to(np.rint(np.asarray(known[by]) / job.dt).astype(np.int64), job.lanes)
            self.is_late[name] = self.late_by[name] > 0
            self.late[name][:] = self.source(of)
            self.past[name] = np.tile(self.source(of), (int(self.late_by[name].max(initial=0)) + 1, 1))

    def enter(self, plastic: bool, constants: dict[str, float]) -> None:
        """A phase of a network begins: whether weights may change, and which constants of the rule are others than at the start."""
        self.still = not plastic
        if constants:
            self.shared |= constants
            self.model = Model(self.program, self.shared, self.job.dt)

    def go_on(self, old: Lanes, before: Steps, fresh: Any, now: int) -> None:
        """After rewiring: the cells as they were, and the synapses too that are not new; these begin at this step."""
        kept, places = ~fresh, before[~fresh]
        for name, values in self.synapse.items():
            values[kept] = old.synapse[name][places]
        for since, earlier in zip(self.since, old.since, strict=True):
            since[:] = now
            since[kept] = earlier[places]
        self.post, self.late, self.past = old.post, old.late, old.past
        self.events.post = old.events.post

    # --- what is seen ---

    def source(self, name: str) -> Floats:
        """The potential or a variable of ``[post]``, at all lanes."""
        return self.cell[name] if name == "v" else self.post[name]

    def seen_by_lanes(self, lanes: Any = slice(None), **known: Any) -> Seen:
        """The rule's names as ``[post]`` sees them at some lanes."""

        def fetch(name: str) -> Any:
            if name in self.differing:
                return self.differing[name][lanes]
            return self.late[name][lanes] if name in self.late else self.source(name)[lanes]

        return Seen(fetch, **known)

    def seen_by_inputs(self, inputs: Any, now: int, **known: Any) -> Seen:
        """The rule's names as some synapses see them."""
        outside = self.seen_by_lanes(self.lane[inputs])

        def fetch(name: str) -> Any:
            return self.synapse[name][inputs] if name in self.synapse else outside[name]

        return Seen(fetch, **{STEP: float(now)}, **known)

    def noise(self, purpose: int, now: int) -> Floats:
        """White noise over one step: normal numbers of variance dt, made for many steps at once."""
        block, place = divmod(now, BLOCK)
        if self._noise.get(purpose, (-1,))[0] != block:
            steps = np.arange(block * BLOCK, (block + 1) * BLOCK)[:, None]
            sign = self.turned if purpose == random.Purpose.NOISE_OF_SYNAPSE else 1.0
            self._noise[purpose] = block, np.sqrt(self.job.dt) * (sign * random.normal(self.keys[purpose], steps))
        numbers: Floats = self._noise[purpose][1][place]
        return numbers

    def solved(self, inputs: Any, now: int) -> dict[str, Floats]:
        """The variables that are solved exactly, as they are now at some synapses."""
        values: dict[str, Floats] = {}
        scope = self.seen_by_inputs(inputs, now)
        for solution, since in zip(self.model.solutions, self.since, strict=True):
            elapsed = (now - since[inputs]) * self.job.dt
            spread = [np.broadcast_to(f(scope), elapsed.shape) for f in (*(f for row in solution.slopes for f in row), *solution.rests)]
            n = len(solution.names)
            slopes = np.array(spread[: n * n]).T.reshape(-1, n, n)
            start = np.array([self.synapse[name][inputs] for name in solution.names]).T
            values |= zip(solution.names, relaxed(slopes, np.array(spread[n * n :]).T, start, elapsed).T, strict=True)
        return values

    # --- what is not finite ---

    def look(self, rows: Rows, what: str, now: int) -> None:
        """Stop where any of these numbers is not finite."""
        if rows and not rows.are_finite():
            for name, values in rows.items():
                self.look_at(name, values, what, now)

    def look_at(self, name: str, values: Floats, what: str, now: int, numbers: Any = None) -> None:
        """Stop where any of the values of inputs or lanes is not finite; `numbers` says of which they are.

        Raises
        ------
        NonFiniteError
        """
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            which = bad[0] if numbers is None else numbers[bad[0]]
            raise NonFiniteError(f"{name} of {what} {which} is not finite at {now * self.job.dt:.4f} s", path=self.job.rule.path)
