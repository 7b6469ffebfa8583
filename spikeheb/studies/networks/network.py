"""Running a network: rates and irregularity of its cells, all spikes, and the weights of its plastic synapses along time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.files import circuit_of, read_circuit
from spikeheb.circuits.places import in_tables
from spikeheb.circuits.probes import OfCells
from spikeheb.declared import declared, described, takes_settings
from spikeheb.dimensions import TIME
from spikeheb.engines.choice import ENGINES_OF_NETWORKS, Checkpoints, carry_out_network
from spikeheb.errors import EngineError, ScheduleError, SpikehebError, check_kind
from spikeheb.limits import STEPS
from spikeheb.settings import Time
from spikeheb.studies.calls import recorded
from spikeheb.studies.networks.result import attributes, check_names, labelled, populations
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.settings.network import Network
from spikeheb.units import quantity

if TYPE_CHECKING:
    import xarray as xr


@shows_progress
@takes_settings(Network)
def network(
    circuit: Circuit | Mapping[str, object] | Path | str,
    settings: Network,
    *,
    save: Path | str | None = None,
    every: Time | str | None = None,
    resume: Path | str | None = None,
    progress: Progress = None,
) -> xr.Dataset:
    """Run a network.

    Parameters
    ----------
    circuit : str, path, mapping or Circuit
        A network of the library by name, the path of a file, a mapping with the keys of a file, or a circuit.
    save : str or path, optional
        A file that the run is saved in on its way, again and again, and once more where it is interrupted.
    every : float or str, optional
        How long the program works from one saving to the next, such as ``"10 s"`` (bare numbers: seconds); a minute where absent.
    resume : str or path, optional
        Where an earlier run of the same network with the same settings was saved: this one goes on from there, with the same result as
        without a stop.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``population`` the means ``mean_rate`` and ``mean_cv``; for each population P of cells ``P_rate`` and ``P_cv`` (coefficient
        of variation of the intervals) over ``P_cell``, of the second half of the run, ``P_rate_course`` over ``time``, and ``P_spike_time``
        and ``P_spike_cell`` over ``P_spike``; where not all spikes are recorded, ``P_rate`` is of the whole run, and ``P_recorded`` has the
        cells whose spikes are, and there is no ``P_rate_course``. For each projection Q with a rule ``Q_weight`` over ``snapshot`` (or
        times of its own, ``Q_snapshot``) and ``Q_synapse``, with source ``Q_pre``, cell ``Q_post`` and delay ``Q_delay`` (one number where
        all are the same) of each synapse. The last snapshot is of the end. Where phases rewire Q, ``Q_pre`` and ``Q_post`` are over the
        snapshots too, and ``Q_pruned`` and ``Q_grown`` over ``Q_rewiring``, the times.
        What the probes ask for: ``P_bin_rate`` over ``P_bin``; ``P_v`` and ``P_current`` (of each of ``P_receptor``) over ``P_sample`` and
        ``P_probed``, with the balance of the second half in ``P_current_correlation`` and ``P_current_ratio``; ``Q_watched_weight`` over
        ``Q_watch`` and ``Q_watched``, the numbers of the synapses; ``Q_histogram`` over ``Q_histogram_time`` and bins with the edges
        ``Q_edge``. For each population S of sources with
        a pattern ``S_presentation_time``, when it begins, ``S_presentation_length``, and ``S_presentation_source``, which of the
        population's sources has it, over ``S_presentation``. A ``note`` says where a rate is beyond physiology, and how many spikes were
        left out because their train has another in the same time step.

    Raises
    ------
    SpikehebError
    """
    given = given_circuit(circuit)
    with of_file(circuit):
        data = _carried_out(given, settings, save, every, resume, progress)
    return recorded(data, "network", {"circuit": given} | {name: getattr(settings, name) for name in declared(Network)})


@contextmanager
def of_file(circuit: object) -> Iterator[None]:
    """What is found wrong in a network only while it is built names the file of the network too, if it is from one."""
    try:
        yield
    except SpikehebError as error:
        if error.path is not None or not in_tables(error.key) or not isinstance(circuit, Path | str):
            raise
        raise type(error)(error.message, path=str(_path(circuit)), key=error.key) from None


def _carried_out(
    given: Circuit, settings: Network, save: Path | str | None, every: Time | str | None, resume: Path | str | None, progress: Progress
) -> xr.Dataset:
    whole = as_asked(given, settings)
    checkpoints = Checkpoints(
        save=None if save is None else Path(save), every=None if every is None else quantity(every, TIME, key="every"),
        resume=None if resume is None else Path(resume),
    )  # fmt: skip
    recording = carry_out_network(whole, settings.engine, checkpoints=checkpoints, progress=report_of(progress))
    data = labelled(whole, recording)
    data.attrs = described(settings) | attributes(whole, recording) | data.attrs
    return data


def given_circuit(circuit: Circuit | Mapping[str, object] | Path | str) -> Circuit:
    """The network of that name, path or description.

    Raises
    ------
    SpikehebError
    """
    if isinstance(circuit, Mapping):
        return circuit_of(circuit)
    return circuit if isinstance(circuit, Circuit) else read_circuit(_path(circuit))


def as_asked(whole: Circuit, settings: Network) -> Circuit:
    """The network with what the settings say.

    Raises
    ------
    SpikehebError
    """
    if settings.engine not in ENGINES_OF_NETWORKS:
        raise EngineError(f'expected one of {", ".join(ENGINES_OF_NETWORKS)} (got "{settings.engine}")', key="engine")
    check_names(whole)
    steps = whole.steps if settings.duration is None else _steps(settings.duration, whole.dt)
    phases = tuple(phase for phase in whole.phases if phase.step < steps)
    asked = replace(
        whole, steps=steps, probes=whole.probes.until(steps), phases=phases, seed=whole.seed if settings.seed is None else settings.seed,
        precision=whole.precision if settings.precision is None else settings.precision,
        low_memory=whole.low_memory or settings.low_memory,
    )  # fmt: skip
    if asked.is_network:
        return asked
    of_cells = {name: OfCells() for name in populations(asked)}  # asks for nothing; so one cell with its inputs is run as a network too
    return replace(asked, probes=replace(asked.probes, populations=of_cells))


def _steps(duration: float, dt: float) -> int:
    if not 0.5 < duration / dt <= STEPS:
        raise ScheduleError(f"expected a time from one time step, {dt:g} s, to {STEPS * dt:.3g} s (got {duration:g} s)", key="duration")
    return round(duration / dt)


planned = takes_settings(Network)(as_asked)
"""The same with each setting as a keyword."""


def _path(name: Path | str) -> Path:
    check_kind(name, (str, Path), "the name of a network, a path, a mapping or a circuit", key="circuit")
    return library.find("network", name)
