"""Hebb, instar and Oja side by side in rates and in spikes, on the same modulated inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from spikeheb import library
from spikeheb.circuits import usual
from spikeheb.circuits.probes import Probes
from spikeheb.declared import takes_settings
from spikeheb.engines.choice import carry_out
from spikeheb.errors import ScheduleError
from spikeheb.rates import checked
from spikeheb.rates.file import rule as rate_rule
from spikeheb.rates.layer import Layer
from spikeheb.studies.progress import Progress, report_of, shows_progress
from spikeheb.studies.rates.labelled import labelled
from spikeheb.studies.seeds import chosen_seeds
from spikeheb.studies.settings.rates import ThreeRules

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

RULES = ("hebb", "instar", "oja")
FORMS = ("rates", "spikes")
DT = 0.1e-3
"""In steps of 1 ms, ties of input and output make the weights longer by 4 per cent."""
TAU = 0.02
"""Of the traces, and of the cell's membrane (seconds)."""
BLOCK = 0.1
"""Seconds for which the rates of a group stay as they are."""
RATE = 20.0
MODULATION = (0.9, 0.3)
"""Share by which the rates of either group rise or fall."""
SHOWN = 50


@shows_progress
@takes_settings(ThreeRules)
def three_rules(settings: ThreeRules, *, progress: Progress = None) -> xr.Dataset:
    """Let one cell learn from two groups of inputs by three rules of rates and by their spiking twins.

    The rates of the groups rise or fall together every 100 ms around 20 Hz, by 90 and by 30 per cent. In spikes the inputs are Poisson
    trains, and the cell fires at the sum of weight times trace over tau. In rates a sample is the mean trace, tau times rate, of each
    100 ms, and the learning rate is that of the spikes times 100 ms over tau, so that both have the same mean drift. The direction is
    compared with the leading eigenvector of the second moments of the traces, which for spikes hold the shot noise.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Over ``seed``, ``form``, ``rule`` and ``time``: ``norm`` of the weights, and ``cosine`` of their angle to the leading eigenvector.
        Over ``seed``, ``form`` and ``rule``: ``late_norm`` and ``late_cosine`` of the weights averaged over the second half, in which
        single spikes count for less; ``at_bound``, the share of weights that end at the spiking rule's upper bound or above.

    Raises
    ------
    SpikehebError

    Notes
    -----
    How near Oja's rule comes to the first component depends on eta and on the start. On 64 inputs with the eigenvalues 5 and 4 a constant
    eta of 5e-4 leaves a cosine of 0.995 on average, and one network in ten below 0.99. With eta = 1/(200 + t) and 10 000 samples it is
    0.998 on average, but a start that is nearly orthogonal to the component is not there yet (0.95).
    """
    seeds, blocks = chosen_seeds(settings.seeds, settings.seed), round(settings.duration / BLOCK)
    if blocks < SHOWN or not np.isfinite(settings.duration):
        raise ScheduleError(f"expected at least {SHOWN * BLOCK:g} s (got {settings.duration:g})", key="duration")
    steps = round(blocks * BLOCK / DT)
    checked.room({"the traces": 4.0 * steps * settings.inputs}, "duration")
    shown = np.unique(np.linspace(blocks / SHOWN, blocks, SHOWN).round().astype(np.int64))
    shape, report = (len(seeds), len(FORMS), len(RULES)), report_of(progress)
    norm, cosine = np.empty((2, *shape, len(shown)))
    late, bound = np.empty((2, *shape)), np.empty(shape)
    for n, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        rates = modulated(blocks, settings.inputs, rng)
        fired = rng.random((steps, settings.inputs)) < np.repeat(rates, round(BLOCK / DT), axis=0) * DT
        start = rng.uniform(0.0, 0.2, settings.inputs)
        leading = (_leading(TAU * rates), _leading(lfilter([1.0], [1.0, -np.exp(-DT / TAU)], fired.astype(np.float32), axis=0)))
        for m, name in enumerate(RULES):
            top = library.rule(name).bounds.w_max
            courses = (_of_rates(settings, name, rates, start, shown), _of_spikes(settings, name, fired, start, shown, seed))
            for form, course in enumerate(courses):
                norm[n, form, m] = np.linalg.norm(course, axis=1)
                cosine[n, form, m] = course @ leading[form] / norm[n, form, m]
                mean = course[len(shown) // 2 :].mean(axis=0)
                late[:, n, form, m] = np.linalg.norm(mean), mean @ leading[form] / np.linalg.norm(mean)
                bound[n, form, m] = (course[-1] >= (top or np.inf)).mean()
        if report:
            report((n + 1) / len(seeds))
    over = ("seed", "form", "rule", "time")
    return labelled(
        "three_rules",
        settings,
        {
            "seed": (("seed",), list(seeds), "1", "seed"),
            "form": (("form",), list(FORMS), "1", "rates or spikes"),
            "rule": (("rule",), list(RULES), "1", "rule"),
            "time": (("time",), shown * BLOCK, "s", "time"),
        },
        {
            "norm": (over, norm, "1", "norm of the weights"),
            "cosine": (over, cosine, "1", "cosine with the leading eigenvector"),
            "late_norm": (over[:3], late[0], "1", "norm of the mean weights of the second half"),
            "late_cosine": (over[:3], late[1], "1", "cosine of the mean weights of the second half with the leading eigenvector"),
            "at_bound": (over[:3], bound, "1", "share of weights at the upper bound or above"),
        },
        claim="Hebb runs away, instar settles at a length that the inputs set, Oja at length 1: in rates as in spikes.",
        table="late_norm late_cosine at_bound",
        notes=[
            "In rates nothing holds Hebb; in spikes all weights end at the bound.",
            "In spikes Oja's length is about 1.02, not 1: the trace of the output lags behind the rate that the inputs drive.",
            "On 64 inputs with eigenvalues 5 and 4 (eta 5e-4, 40 000 samples) Oja's cosine with the first component is 0.995 on average "
            "and below 0.99 in one network of ten, as eta l1 l2/(2 (l1 - l2)) says.",
        ],
    )  # fmt: skip


def modulated(blocks: int, inputs: int, rng: np.random.Generator) -> Floats:
    """The rate of each input in each block (hertz): two groups, each of which rises or falls as one."""
    signs = rng.integers(0, 2, (blocks, 2)) * 2.0 - 1.0
    group = np.arange(inputs) * 2 // inputs
    return np.asarray(RATE * (1.0 + (signs * MODULATION)[:, group]))


def _leading(samples: Floats) -> Floats:
    """The leading eigenvector of the second moments, which are not centred, with a positive sum."""
    vector = np.linalg.eigh(samples.T @ samples)[1][:, -1]
    return np.asarray(vector * np.sign(vector.sum()))


def _of_rates(settings: ThreeRules, name: str, rates: Floats, start: Floats, shown: npt.NDArray[np.int64]) -> Floats:
    """Weights at the times shown, shape (times, inputs)."""
    layer = Layer(rate_rule(name, eta=settings.eta * BLOCK / TAU), 1, w0=start[None])
    course, before = [], 0
    for block in shown:
        course.append(layer.partial_fit(TAU * rates[before:block]).weights_[0].copy())
        before = block
    return np.array(course)


def _of_spikes(
    settings: ThreeRules, name: str, fired: npt.NDArray[np.bool_], start: Floats, shown: npt.NDArray[np.int64], seed: int
) -> Floats:
    """The same of a Poisson cell that fires at the sum of weight times trace over tau."""
    twin = library.rule(name, tau=TAU, eta=settings.eta)
    cell = library.cell("poisson", tau_m=TAU, nu=1.0 / TAU)
    trains = usual.given(tuple(np.flatnonzero(train) for train in fired.T))
    probes = Probes(snapshots=np.asarray(shown * round(BLOCK / DT) - 1))
    circuit = usual.fan_in(twin, cell, DT, len(fired), 1, trains, probes=probes, initial={"w": start[None]}, seed=seed)
    return np.asarray(carry_out(circuit).snapshots[:, 0], dtype=np.float64)
