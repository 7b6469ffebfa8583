"""The spiking attractor memory beside its rate counterpart: the same patterns, and what a cue to a part of each recalls of the rest."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.files import circuit_of
from spikeheb.declared import takes_settings
from spikeheb.draws.edges import edges_of
from spikeheb.engines.choice import carry_out_network
from spikeheb.errors import ScheduleError
from spikeheb.measure.activity import overlap, rates
from spikeheb.rates import checked
from spikeheb.studies.networks.result import labelled as of_network
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled, shares
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import CuedRecall

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

NETWORK = "attractor_memory"
CELLS = {"e": 400, "i": 100}
MEMBERS = 10
"""Of so many cells one belongs to a pattern."""
STORE, TURN, CUE, DELAY, RESET = 0.5, 0.8, 0.3, 0.6, 0.7
"""Seconds: to store a pattern; of a recall in all, with its cue, until the reset begins, and until it ends."""
SETTLED = 20
FORMS = ("rates", "spikes")
MOST_PATTERNS = 100


@shows_progress
@takes_settings(CuedRecall)
def cued_recall(settings: CuedRecall, *, progress: Progress = None) -> xr.Dataset:
    """Store patterns in the library's network attractor_memory and in weights between rate cells, and cue a part of each.

    In spikes synapses between excitatory cells and from inhibitory onto excitatory cells are plastic. In rates the weights are the
    covariances of the same patterns, cued members are held active, and of the other cells the most driven are active, as many as the
    pattern has there. The overlap is of the cells that the cue does not reach: 1 where only members are active, 0 where members are as
    active as others.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``form`` and ``share`` of the members that are cued: ``overlap``, mean over patterns. Over ``seed`` and ``share``:
        ``members`` and ``others``, mean rates during the cue of cells that are not cued (Hz, spikes).

    Raises
    ------
    SpikehebError
    """
    seeds, cued = chosen_seeds(settings.seeds, settings.seed), shares(settings.shares, "shares", 0.9)
    for n, share in enumerate(cued):
        if abs(10 * share - round(10 * share)) > 1e-9:
            raise ScheduleError(f"expected tenths from 0.1 to 0.9 (got {share:g})", key=f"shares[{n}]")
    if not 1 <= settings.patterns <= MOST_PATTERNS:
        raise ScheduleError(f"expected from 1 to {MOST_PATTERNS} patterns (got {settings.patterns})", key="patterns")
    checked.room({"the weights": 4.0 * CELLS["e"] ** 2}, "patterns")
    result, active, report = np.empty((len(seeds), len(FORMS), len(cued))), np.empty((2, len(seeds), len(cued))), report_of(progress)
    for done, (n, m) in enumerate(np.ndindex(len(seeds), len(cued))):
        circuit = circuit_of(circuit_file(settings.patterns, cued[m]) | {"seed": seeds[n]})
        patterns = members_of(circuit, settings.patterns)
        result[n, 0, m] = _in_rates(patterns, cued[m])
        result[n, 1, m], active[:, n, m] = _in_spikes(circuit, patterns, cued[m])
        if report:
            report((done + 1) / active[0].size)
    return labelled(
        "cued_recall",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "form": (("form",), list(FORMS), "1", "rates or spikes"),
            "share": (("share",), list(cued), "1", "share of the members that are cued"),
        },
        {
            "overlap": (("seed", "form", "share"), result, "1", "overlap of the cells that are not cued"),
            "members": (("seed", "share"), active[0], "Hz", "rate of members that are not cued"),
            "others": (("seed", "share"), active[1], "Hz", "rate of others that are not cued"),
        },
        claim="The spiking memory recalls the rest of a pattern, but less than its rate counterpart.",
        table="overlap",
        notes=[
            "No publication has this network; its numbers are chosen. The rate cells know how many members are to be active.",
            "With few patterns the overlap in spikes hardly depends on the cue; of 20 patterns it is 0.31, 0.61 and 0.68 from cues to 20, "
            "50 and 80 % of the members.",
        ],
    )


def circuit_file(patterns: int, share: float) -> dict[str, Any]:
    """The content of the library's file with another number of patterns and another share of their members in the cue."""
    text = library.find("network", NETWORK).read_text(encoding="utf-8")
    content: dict[str, Any] = tomllib.loads(text)
    stored = STORE * patterns
    first = stored + 1
    content["duration"] = f"{first + TURN * patterns} s"
    content["populations"]["inputs"]["sources"][0]["from"] = f"{stored + 0.2} s"
    content["populations"]["patterns"]["sources"][0]["trains"] = [_train(k, first) for k in range(patterns)]
    content["phases"][0]["at"] = f"{stored + 0.1} s"
    content["probes"]["snapshots"] = ["0 s", f"{stored + 0.1} s"]
    content["drives"]["e"]["currents"] = [
        {"at": f"{first + TURN * k + at} s", "value": value} for k in range(patterns) for at, value in ((DELAY, "-1 nA"), (RESET, "0 A"))
    ]
    for name in ("ee", "ie"):
        content["projections"][name]["normalise"]["every"] = f"{stored} s"
    for name, count in CELLS.items():
        reached, members = round(share * count), round(share * count / MEMBERS)
        for which, ends, size in (("cued", [0, reached], members), ("uncued", [reached, count], count // MEMBERS - members)):
            content["projections"][f"{which}_{name}"]["post_cells"] = ends
            content["projections"][f"{which}_{name}"]["connect"]["count"] = size
    return content


def _train(pattern: int, first: float) -> list[str]:
    """Times of the spikes of the source of a pattern: to store it, and as a cue."""
    stored = [1e3 * (STORE * pattern + 0.05 + 0.025 * n) for n in range(16)]
    return [f"{time} ms" for time in (*stored, *(1e3 * (first + TURN * pattern + 0.025 * n) for n in range(12)))]


def members_of(circuit: Circuit, patterns: int) -> npt.NDArray[np.bool_]:
    """Which excitatory cells belong to each pattern, shape (patterns, cells)."""
    members = np.zeros((patterns, CELLS["e"]), dtype=bool)
    for name in ("cued_e", "uncued_e"):
        edges = edges_of(circuit, name)
        members[edges.pre, edges.post] = True
    return members


def _in_rates(patterns: npt.NDArray[np.bool_], share: float) -> float:
    """The overlap in weights that are covariances, after the cells that are not cued have settled."""
    reached = round(share * patterns.shape[1])
    apart = patterns - 1.0 / MEMBERS
    weights = apart.T @ apart
    np.fill_diagonal(weights, 0.0)
    overlaps = []
    for pattern in patterns:
        state, winners = np.where(np.arange(len(pattern)) < reached, pattern, False), int(pattern[reached:].sum())
        for _ in range(SETTLED):
            drive = (weights @ state)[reached:]
            after = np.concatenate([pattern[:reached], np.zeros(len(drive), dtype=bool)])
            after[reached + np.argsort(-drive, kind="stable")[:winners]] = True
            if np.array_equal(after, state):
                break
            state = after
        overlaps.append(float(overlap(state[reached:].astype(np.float64), pattern[reached:])))
    return float(np.mean(overlaps))


def _in_spikes(circuit: Circuit, patterns: npt.NDArray[np.bool_], share: float) -> tuple[float, tuple[float, float]]:
    """The overlap during the cues, and the rates of members and others."""
    data = of_network(circuit, carry_out_network(circuit))
    reached, rows = round(share * CELLS["e"]), []
    for k, pattern in enumerate(patterns):
        start = STORE * len(patterns) + 1 + TURN * k
        during = rates(data["e_spike_time"].values, data["e_spike_cell"].values, CELLS["e"], start, start + CUE)[reached:]
        members = pattern[reached:]
        rows.append((float(overlap(during, members)) if during.any() else 0.0, during[members].mean(), during[~members].mean()))
    means = np.mean(rows, axis=0)
    return float(means[0]), (float(means[1]), float(means[2]))
