"""Fan-in jobs that several tests use, and what they are held against."""

import numpy as np
from circuits_by_hand import but, of_fan_in
from kernel_rules import DT, cell

from spikeheb.circuits.sources import Group, Poisson, Regular, Replayed, correlated, early
from spikeheb.engines.kernel import fan_in
from spikeheb.rules.meaning import reads_membrane

INPUTS = 21


def sources(seed=0, cells=1):
    """Every kind of input, 21 in all."""
    rng = np.random.default_rng(seed)
    given = tuple(np.unique(rng.integers(0, 8000, 20)) for _ in range(2 * cells))
    return (
        Poisson(np.array([5.0, 15.0, 40.0, 200.0, 0.0])),
        correlated(5, 20.0, 0.3, 0.01),
        early(np.array([0.0, 0.002, 0.01, 0.02]), 8.0, 0.003),
        Regular(np.array([0.05, 0.0301, 0.0001 * 7.5]), np.array([0.0, 0.01, 0.00033])),
        Replayed(given, cells),
        Group(40.0, 0.5, np.zeros(2)),
    )


def job(rule, on=None, cells=5, *, steps=8000, seed=5, private=False, **more):
    """Imposed spikes, rewards for a rule that hears them, a current where there is a cell."""
    more.setdefault("imposed", (Poisson(np.full(cells, 20.0)),))
    for name in ("snapshots", "samples"):
        more.setdefault(name, np.unique([0, steps // 3, steps - 1]))
    if any(handler.event == "reward" for handler in rule.handlers):
        more.setdefault("rewards", ((steps // 4, 1.0), (5 * steps // 8, -0.5)))
    the_cell = cell(on) if isinstance(on, str) else on
    if the_cell is not None:
        more.setdefault("current", 3e-10)
    inputs = more.pop("inputs", None) or sources(cells=cells if private else 1)
    return of_fan_in(rule, the_cell, DT, steps, cells, inputs, private=private, trains=True, seed=seed, **more)


def everything(rule, on="ca1_pyramidal", **more):
    """A job that uses everything at once."""
    if on is not None:
        more["unplastic"] = ((Poisson(np.full(6, 50.0)),), 0.4, "gaba", 0.002)
    return job(
        rule,
        on,
        70,
        steps=4000,
        watched=np.array([[3, 1], [69, 20], [0, 0]]),
        watch=np.arange(99, 4000, 100),
        histograms=np.array([0, 1999, 3999]),
        edges=np.linspace(0.0, 1.0, 8),
        **more,
    )


def same(recording, expected, atol=1e-12):
    """Two recordings: first the spike steps, then everything else."""
    for n, (a, b) in enumerate(zip(recording.spikes, expected.spikes, strict=True)):
        np.testing.assert_array_equal(a, b, err_msg=f"spikes of cell {n}")
    np.testing.assert_array_equal(recording.counts, [len(train) for train in expected.spikes])
    np.testing.assert_allclose(recording.w, np.reshape(expected.w, recording.w.shape), rtol=0, atol=atol)


def same_as_lanes(recording, the_job, lanes, atol=1e-12):
    """A recording of fan-in, and one of the same cells as lanes."""
    same(recording, lanes, atol)
    snapshots = lanes.weight.reshape(the_job.cells.count, the_job.sources.count, -1).transpose(2, 0, 1)
    np.testing.assert_allclose(recording.snapshots, snapshots, rtol=0, atol=atol)
    np.testing.assert_allclose(recording.weight, lanes.weight, rtol=0, atol=atol)
    np.testing.assert_allclose(recording.efficacy, lanes.efficacy, rtol=0, atol=10 * atol)


KICK = 1e-14
"""A relative error of the cell's current: some tens of roundings."""
LARGEST_GROWTH = 1e-6


def growth(the_job, recording):
    """What such an error makes of the weights where they feed back through the potential (1e7-fold within a second), else 0."""
    if the_job.cell is None or not reads_membrane(the_job.rule):
        return 0.0
    kicked = fan_in.run(but(the_job, current=sum(change.value for change in the_job.drive.currents) * (1 + KICK)))
    grown = float(np.abs(kicked.w - recording.w).max())
    assert grown < LARGEST_GROWTH, "a job so unstable shows nothing"
    return grown


def as_bytes(recording):
    """All that was recorded, for comparing byte by byte."""
    arrays = [recording.w, recording.weight, recording.efficacy, recording.counts, recording.snapshots]
    return [array.tobytes() for array in (*arrays, recording.watched, recording.histograms, *recording.spikes)]
