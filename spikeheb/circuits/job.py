"""A job for an engine, and the recording that it gives back: plain arrays, counted in steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from spikeheb.cells import Cell
from spikeheb.circuits.drives import Change
from spikeheb.circuits.steps import NO_STEPS, Floats, Steps
from spikeheb.limits import BYTES_OF_SPIKE, check_memory, check_seed, check_steps, check_work
from spikeheb.rules.rule import Rule


@dataclass(frozen=True)
class Job:
    """Lanes of one rule on one cell (or on none), and what to record.

    Attributes
    ----------
    rule : Rule
    cell : Cell or None
        None where the postsynaptic side is only its imposed spikes.
    dt : float
        Seconds.
    steps : int
        Steps 0 to steps - 1 are run.
    lane_of_input : array of int, shape (inputs,)
        Sorted.
    pre : tuple of arrays of int
        Steps of the spikes of each input.
    post : tuple of arrays of int
        Steps of the imposed spikes of each lane.
    initial : mapping of str to array, shape (inputs,)
        Initial values that replace the rule's own, such as the weight.
    overrides : mapping of str to array, shape (lanes,)
        Constants of the rule that differ between lanes.
    currents, rewards : tuple of Change
        Current into the cell from that step on; reward at that step.
    clamps : tuple of Change
        The potential in volts at which the cell is held from that step on, or `RELEASED`. In a clamped step it replaces v
        right after the cell's state update, and there is no threshold; an imposed spike acts as ever.
    samples : array of int, sorted
        Steps at whose end weight and efficacy of every input are recorded.
    sweeps : array of int, sorted
        First steps of the windows in which the membrane potential is recorded at the end of every step.
    sweep_steps : int
        Length of a window.
    receptor : str or None
    seed : int
    exact : bool
        Whether every step is carried out. Else quiet stretches are computed where that is as good: to 1e-6 mV for the membrane
        potential, to 1e-8 of its limit for a weight.
    mirrored : bool
        Whether the noise of every second input is that of the one before it, turned round: as good as any, and the mean of many
        varies less. Brian2 draws numbers of its own for each.
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    EngineError, ScheduleError
        For more steps, records or seeds than can be had.
    """

    rule: Rule
    cell: Cell | None
    dt: float
    steps: int
    lane_of_input: Steps
    pre: tuple[Steps, ...]
    post: tuple[Steps, ...]
    initial: Mapping[str, Floats] = field(default_factory=dict)
    overrides: Mapping[str, Floats] = field(default_factory=dict)
    currents: tuple[Change, ...] = ()
    clamps: tuple[Change, ...] = ()
    rewards: tuple[Change, ...] = ()
    samples: Steps = field(default_factory=lambda: NO_STEPS)
    sweeps: Steps = field(default_factory=lambda: NO_STEPS)
    sweep_steps: int = 0
    receptor: str | None = None
    seed: int = 0
    exact: bool = False
    mirrored: bool = False
    progress: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_steps(self.steps * self.dt, self.dt, "duration")
        if self.cell is not None:
            what = f"{self.steps:,} time steps of {self.lanes:,} cells"
            check_work(float(self.steps) * self.lanes, what, key="duration")
        samples, sweeps = 16.0 * self.inputs * len(self.samples), 8.0 * self.lanes * len(self.sweeps) * self.sweep_steps
        spikes = sum(len(train) for train in (*self.pre, *self.post))
        check_memory(BYTES_OF_SPIKE * spikes, f"the {spikes:,} spikes of {self.inputs:,} synapses")
        check_memory(samples, f"the weights of {self.inputs:,} inputs at {len(self.samples):,} times", key="record")
        check_memory(sweeps, f"{len(self.sweeps):,} sweeps of {self.lanes:,} cells", key="sweeps")

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.post)

    @property
    def inputs(self) -> int:
        """Number of inputs, over all lanes."""
        return len(self.pre)
