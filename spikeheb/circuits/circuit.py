"""A circuit: what is simulated, as a value that no engine owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from spikeheb.circuits.check_phases import Ruled, check_phases
from spikeheb.circuits.check_probes import Joined, check_network, check_single, check_times
from spikeheb.circuits.check_projections import check_projection, taking_part
from spikeheb.circuits.check_sources import check
from spikeheb.circuits.connect import CONNECTORS, AllToAll, OwnCopies, Pairwise, PairwiseBernoulli, expected
from spikeheb.circuits.distributions import Distribution
from spikeheb.circuits.drives import Drives, check_drives
from spikeheb.circuits.phases import Phase, rewirings
from spikeheb.circuits.places import at
from spikeheb.circuits.populations import Cells, Population, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Walk, expected_counts, expected_spikes, innermost, spike_counts
from spikeheb.circuits.steps import Floats, Numbers, Steps
from spikeheb.circuits.triggers import Trigger, check_triggers
from spikeheb.errors import EngineError, unknown_name
from spikeheb.limits import BYTES_OF_CELL, BYTES_OF_SPIKE, BYTES_OF_SYNAPSE, STEPS, check_memory, check_seed, check_steps, check_work

if TYPE_CHECKING:
    from spikeheb.cells import Cell
    from spikeheb.rules.rule import Rule

PRECISIONS = ("float64", "float32")
INPUTS, CELLS, SYNAPSES, UNPLASTIC = "inputs", "cells", "synapses", "unplastic"
"""The usual names of populations and projections where one rule's synapses lead from sources to cells."""


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """Populations, what connects them, what acts on them and what is recorded. Time is counted in steps.

    Attributes
    ----------
    dt : float
        Seconds.
    steps : int
        Steps 0 to steps - 1 are run.
    populations : mapping of str to Spikes or Cells
    projections : mapping of str to Projection
        One with a rule, and perhaps one without, from sources onto one population of cells; anything else is a network.
    drives : mapping of str to Drives
        By population of cells.
    probes : Probes
        Of the projection with a rule and its cells; in a network of every one with a rule, and of all cells.
    seed : int
    precision : {"float64", "float32"}
    exact : bool
        Whether every step is carried out. Else quiet stretches are computed where that is as good: to 1e-6 mV for the membrane
        potential, to 1e-8 of its limit for a weight.
    mirrored : bool
        Whether the noise of every second synapse is that of the one before it, turned round: as good as any, and the mean of many
        varies less. Brian2 draws numbers of its own for each.
    low_memory : bool
        Whether the kernel keeps no columns where postsynaptic spikes may wait for the next presynaptic one: 10 bytes a synapse in place
        of 16, or 6 of 12 in single precision; the results are the same, and take up to 1.7 times as long.
    phases : tuple of Phase
        What changes while a network runs.
    triggers : mapping of str to Trigger
        Rewards that the cells of a network bring about.
    title, doc : str
        What it is, for people: nothing that is carried out depends on it.

    Raises
    ------
    EngineError, ScheduleError, UnknownName
        For names that are not there, what no engine can do, and more steps, records or seeds than can be had.
    """

    dt: float
    steps: int
    populations: Mapping[str, Population]
    projections: Mapping[str, Projection]
    drives: Mapping[str, Drives] = field(default_factory=dict)
    probes: Probes = field(default_factory=Probes)
    seed: int = 0
    precision: str = "float64"
    exact: bool = False
    mirrored: bool = False
    low_memory: bool = False
    phases: tuple[Phase, ...] = ()
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    title: str = ""
    doc: str = ""

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.precision not in PRECISIONS:
            raise EngineError(f'the precision is "float64" or "float32" (got "{self.precision}")', key="precision")
        if not 1 <= self.steps <= STEPS:
            raise EngineError(f"expected 1 to {STEPS:,} steps (got {self.steps:,})")
        check_steps(self.steps * self.dt, self.dt, "duration")
        self._check_names()
        self._check_drives()
        check_phases(self.phases, self._ruled, self.steps, self.dt)
        check_triggers(self.triggers, self.populations, self.dt, {name: self._hears_rewards(name) for name in self.populations})
        (self._check_network if self.is_network else self._check_single)()
        self._check_size()
        self._check_trains()
        self._check_probes()

    @cached_property
    def is_network(self) -> bool:
        """Whether it is more than sources onto one population of cells, through one projection with a rule and at most one without.

        It also is one where populations or projections are recorded, be it with an empty `OfCells`: only networks record these.
        """
        ruled = [projection for projection in self.projections.values() if projection.rule is not None]
        ends = {projection.post for projection in self.projections.values()}
        recorded = bool(self.probes.populations or self.probes.projections)
        acted_on = bool(self.phases or self.triggers) or any(drives.noise for drives in self.drives.values())
        more = recorded or acted_on or len(ruled) != 1 or len(self.projections) > 2 or len(ends) != 1
        return more or any(map(self._is_of_network, self.projections.values()))

    def expected_synapses(self, name: str) -> float:
        """The expected number of synapses of a projection."""
        projection = self.projections[name]
        (first, last), (low, high) = taking_part(projection, self.populations)
        return expected(projection.connect, last - first, high - low)

    def driven_cell(self, name: str) -> Cell:
        """The cell of a population, with the receptors that a projection drives and those that its reset writes."""
        population = self.populations[name]
        assert isinstance(population, Cells) and population.cell is not None
        cell = population.cell
        reaching = {cell.receptor(projection.receptor).name for projection in self.projections.values() if projection.post == name}
        return cell.driven(reaching) if reaching else cell

    def taking_part(self, projection: Projection) -> tuple[tuple[int, int], tuple[int, int]]:
        """The first source and cell that a projection joins, and those after the last."""
        return taking_part(projection, self.populations)

    # --- where it is not a network: the synapses with a rule, and their cells ---

    @cached_property
    def plastic(self) -> Projection:
        """The projection with a rule."""
        return self.projections[self._plastic_name]

    @property
    def rule(self) -> Rule:
        """Its rule."""
        rule = self.plastic.rule
        assert rule is not None
        return rule

    @cached_property
    def sources(self) -> Spikes:
        """What it comes from."""
        population = self.populations[self.plastic.pre]
        assert isinstance(population, Spikes)
        return population

    @cached_property
    def cells(self) -> Cells:
        """What it leads to."""
        population = self.populations[self.plastic.post]
        assert isinstance(population, Cells)
        return population

    @property
    def cell(self) -> Cell | None:
        """Their kind; None where they have only imposed spikes."""
        return self.cells.cell

    @property
    def drive(self) -> Drives:
        """What acts on them."""
        return self.drives.get(self.plastic.post, Drives())

    @property
    def unplastic(self) -> Projection | None:
        """The projection without a rule, if there is one."""
        return next((projection for projection in self.projections.values() if projection.rule is None), None)

    @property
    def is_pairwise(self) -> bool:
        """Whether each source reaches one cell."""
        return isinstance(self.plastic.connect, Pairwise)

    @property
    def copies(self) -> int:
        """How many cells have trains of their own."""
        return self.cells.count if isinstance(self.plastic.connect, OwnCopies) else 1

    @property
    def synapse_count(self) -> int:
        """Number of synapses with the rule."""
        return self.sources.count * (1 if self.is_pairwise else self.cells.count)

    @property
    def cell_of_synapse(self) -> Steps | Numbers:
        """The cell that each synapse reaches; where every source reaches every cell, cell after cell."""
        connect = self.plastic.connect
        return connect.cell if isinstance(connect, Pairwise) else np.repeat(np.arange(self.cells.count), self.sources.count)

    # --- the same with something else ---

    def with_plastic(self, **changes: object) -> Circuit:
        """The circuit with other attributes of the projection with a rule."""
        plastic = replace(self.plastic, **changes)  # type: ignore[arg-type]  # whatever attributes the caller names
        return replace(self, projections={**self.projections, self._plastic_name: plastic})

    def starting_at(self, weights: float | Floats | None) -> Circuit:
        """The circuit with these initial weights; as it is if None."""
        return self if weights is None else self.with_plastic(initial={self.rule.weight: weights})

    # --- checks ---

    def _is_of_network(self, projection: Projection) -> bool:
        """Whether only networks have such projections."""
        drawn = (*projection.initial.values(), projection.efficacy, projection.delay)
        return (
            not isinstance(projection.connect, Pairwise | AllToAll | OwnCopies)
            or isinstance(self.populations[projection.pre], Cells)
            or any(isinstance(value, Distribution) for value in drawn)
            or (projection.rule is not None and projection.delay != 0.0)
            or projection.pre_cells is not None
            or projection.post_cells is not None
        )

    @property
    def _plastic_name(self) -> str:
        return next(name for name, projection in self.projections.items() if projection.rule is not None)

    @property
    def _ruled(self) -> dict[str, Ruled]:
        """The projections with a rule, as phases change them."""
        ruled = {}
        for name, projection in self.projections.items():
            post = self.populations[projection.post]
            if projection.rule is not None and isinstance(post, Cells):
                ruled[name] = Ruled(projection.rule, post.cell, projection.receptor, frozenset(projection.overrides))
        return ruled

    def _hears_rewards(self, population: str) -> bool:
        rules = [projection.rule for projection in self.projections.values() if projection.post == population]
        return any(handler.event == "reward" for rule in rules if rule is not None for handler in rule.handlers)

    def _check_names(self) -> None:
        for name in self.drives:
            if name not in self.populations:
                raise unknown_name("population", name, self.populations, key="drives")
        cells = [population.count for population in self.populations.values() if isinstance(population, Cells)]
        if min(cells, default=0) < 1:
            counts = ", ".join(map(str, cells)) or "none"
            raise EngineError(
                f"expected at least one population of cells, with at least one cell in each (got {counts})", key="populations"
            )
        for name, projection in self.projections.items():
            with at(f"projections.{name}"):
                check_projection(projection, self.populations)

    def _check_network(self) -> None:
        """What no network can have, in any engine."""
        for name, population in self.populations.items():
            if isinstance(population, Cells) and population.cell is None:
                raise EngineError("in a network cells need a cell model; name one", key=f"populations.{name}.cell")
            if isinstance(population, Spikes) and population.count < 1:
                raise EngineError("expected at least one source (got none)", key=f"populations.{name}.sources")
        for name, drives in self.drives.items():
            if drives.clamps:
                raise EngineError("a network cannot have a voltage clamp; leave it out", key=f"drives.{name}.clamps")
        for name, projection in self.projections.items():
            if isinstance(projection.connect, Pairwise | OwnCopies):
                kinds = ", ".join(CONNECTORS)
                raise EngineError(f"no network is connected like this; take one of {kinds}", key=f"projections.{name}.connect")
            self._check_initial(name, projection)
        if self.mirrored:
            raise EngineError("a network cannot have mirrored noise; leave it out", key="mirrored")

    def _check_initial(self, name: str, projection: Projection) -> None:
        """Lists of initial values, where it is known beforehand how many synapses there will be."""
        count = self.expected_synapses(name)
        for variable, value in projection.fixed_initial.items():
            if np.ndim(value) and not isinstance(projection.connect, PairwiseBernoulli) and np.shape(value) != (count,):
                text = f"expected a number, or one for each of the {count:,.0f} synapses (got shape {np.shape(value)})"
                raise EngineError(text, key=f"projections.{name}.initial.{variable}")

    def _check_single(self) -> None:
        """What must be true of a circuit that is not a network."""
        if self.sources.count < 1 and not self.is_pairwise:
            raise EngineError("expected at least one input (got 0)")
        kinds = {isinstance(projection.connect, OwnCopies) for projection in self.projections.values()}
        if len({projection.pre for projection in self.projections.values()}) < len(self.projections) and len(kinds) > 1:
            raise EngineError("two projections from one population must agree on whether each cell has trains of its own")

    def _check_drives(self) -> None:
        for name, drives in self.drives.items():
            cells = self.populations[name]
            if not isinstance(cells, Cells):
                raise EngineError(f'"{name}" is a population of sources; drives act on cells only', key="drives")
            with at(f"drives.{name}"):
                check_drives(drives, cells, self.dt)

    def _check_size(self) -> None:
        cells = sum(population.count for population in self.populations.values() if isinstance(population, Cells) and population.cell)
        check_work(float(self.steps) * cells, f"{self.steps:,} time steps of {cells:,} cells", key="duration")
        synapses = sum(map(self.expected_synapses, self.projections))
        drawn = [source for population in self.populations.values() if isinstance(population, Spikes) for source in population.sources]
        imposed = [source for drives in self.drives.values() for source in drives.imposed]
        walked = sum(source.bins(self.steps * self.dt) for source in map(innermost, (*drawn, *imposed)) if isinstance(source, Walk))
        check_work(walked, f"{walked:,.0f} rates that walk at random", key="duration")
        spikes = int(spike_counts((*drawn, *imposed)).sum() + expected_counts((*drawn, *imposed), self.dt, self.steps))
        check_memory(BYTES_OF_SPIKE * spikes, f"the {spikes:,} spikes of {synapses:,.0f} synapses")
        if self.is_network:
            check_memory(BYTES_OF_SYNAPSE * synapses, f"the {synapses:,.0f} synapses", key="projections")
            check_memory(BYTES_OF_CELL * cells, f"the {cells:,} cells", key="populations")
            self._check_spikes()
            self._check_rewiring()

    def _check_spikes(self) -> None:
        """What random sources of a network send, and what is under way."""
        spikes = {
            name: expected_spikes(population.sources, self.steps * self.dt, self.dt)
            for name, population in self.populations.items() if isinstance(population, Spikes)
        }  # fmt: skip
        check_memory(BYTES_OF_SPIKE * sum(spikes.values()), f"the {sum(spikes.values()):,.0f} spikes of sources", key="populations")
        for name, projection in self.projections.items():
            count = self.populations[projection.pre].count
            arriving = spikes.get(projection.pre, 0.0) * self.expected_synapses(name) / max(1, count)
            check_work(arriving, f'{arriving:,.0f} spikes at the synapses of "{name}"', key=f"projections.{name}")
            steps = 0.0 if isinstance(projection.delay, Distribution) else min(self.steps, projection.delay / self.dt)
            check_memory(
                4.0 * steps * count, f'the spikes of "{projection.pre}" under way for {steps:,.0f} steps', key=f"projections.{name}.delay"
            )

    def _check_rewiring(self) -> None:
        for name in self.projections:
            synapses, times = self.expected_synapses(name), len(rewirings(self.phases, name))
            if times and self.probes.of_synapses(name).watched_count:
                why = "its synapses cannot be watched while phases rewire it, for they may be removed; ask for snapshots or histograms"
                raise EngineError(why, key=f"probes.projections.{name}.watched")
            check_memory(16.0 * synapses * times, f'{times:,} rewirings of {synapses:,.0f} synapses of "{name}"', key="phases")

    def _check_trains(self) -> None:
        for projection in self.projections.values():
            population = self.populations[projection.pre]
            copies = self.populations[projection.post].count if isinstance(projection.connect, OwnCopies) else 1
            for n, source in enumerate(population.sources if isinstance(population, Spikes) else ()):
                with at(f"populations.{projection.pre}.sources[{n}]"):
                    check(source, self.dt, copies)
        for name, drives in self.drives.items():
            for n, source in enumerate(drives.imposed):
                with at(f"drives.{name}.imposed[{n}]"):
                    check(source, self.dt, 1)

    def _check_probes(self) -> None:
        check_times(self.probes, self.steps)
        if not self.is_network:
            joined = Joined(self.synapse_count, self.cells.count, self.sources.count)
            check_single(self.probes, joined, has_cell=self.cell is not None)
            return
        ruled = {name: projection for name, projection in self.projections.items() if projection.rule is not None}
        counts = {name: population.count for name, population in self.populations.items()}
        joined_by = {name: Joined(self.expected_synapses(name), counts[each.post], counts[each.pre]) for name, each in ruled.items()}
        groups = {name: population for name, population in self.populations.items() if isinstance(population, Cells)}
        check_network(self.probes, self.steps, groups, joined_by)
