"""Comparing weight distributions: of saved studies, and of weights that come from elsewhere."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.measure.weights import (
    Interval,
    kolmogorov_smirnov,
    kolmogorov_smirnov_to_density,
    over_seeds,
    shape,
    wasserstein,
    wasserstein_to_density,
)

Floats = npt.NDArray[np.float64]
Table = tuple[list[str], list[list[str]]]


@dataclass(frozen=True)
class Sample:
    """A distribution of weights: its name, its seeds, its bounds, and the theory's weights and density where there is one."""

    name: str
    seeds: tuple[Floats, ...]
    low: float | None
    high: float | None
    theory: tuple[Floats, Floats] | None = None

    @property
    def pooled(self) -> Floats:
        """All weights."""
        return np.concatenate([one.ravel() for one in self.seeds])


def read_weights(path: Path, low: float | None = None, high: float | None = None) -> list[Sample]:
    """The distributions of a file: one for each rule of a study, or one of a CSV or npy file.

    Parameters
    ----------
    path : Path
        ``.nc`` of `weights`; ``.npy`` with an array, ``.csv`` with numbers (a header line is passed over); two dimensions are seeds
        and synapses.
    low, high : float, optional
        Bounds of weights from elsewhere.

    Raises
    ------
    FormatError
    """
    if path.suffix == ".nc":
        return _of_study(path)
    if not path.is_file():
        raise FormatError("there is no such file", path=str(path))
    values = np.atleast_2d(_numbers(path))
    if not values.size or not np.isfinite(values).all():
        raise FormatError("expected finite numbers", path=str(path))
    return [Sample(path.stem, tuple(values), low, high)]


def _numbers(path: Path) -> Floats:
    try:
        if path.suffix == ".npy":
            return np.asarray(np.load(path, allow_pickle=False), dtype=float)
        with path.open(encoding="utf-8") as file:
            first = file.readline()
        skipped = 0 if _is_row(first) else 1
        return np.loadtxt(path, delimiter=",", skiprows=skipped, ndmin=2).T
    except (OSError, ValueError) as error:
        raise FormatError(f"is not an array of numbers ({str(error).splitlines()[0][:100]})", path=str(path)) from None


def _is_row(line: str) -> bool:
    try:
        [float(cell) for cell in line.split(",")]
    except ValueError:
        return False
    return True


def _of_study(path: Path) -> list[Sample]:
    from spikeheb.results import load

    data = load(path)
    if data.attrs.get("study") != "weights":
        raise FormatError(f'expected a result of weights (got study = "{data.attrs.get("study", "")}")', path=str(path))
    high = 1.0 if data.attrs["unit"] == "w/w_max" else None
    found = []
    for n, name in enumerate(data["rule"].values):
        density = (data["theory_weight"].values[n], data["theory_density"].values[n])
        known = density if np.isfinite(density).all() else None
        found.append(Sample(str(name), tuple(data["weight"].values[n]), 0.0, high, known))
    return found


def shapes_table(samples: list[Sample]) -> Table:
    """Mean, CV, skew, shares near the bounds, and the dip's p of each."""
    columns = ["weights", "count", "mean", "CV", "skew", "near lower bound", "near upper bound", "dip", "dip p"]
    rows = []
    for one in samples:
        found = shape(one.pooled, one.low, one.high)
        values = (found.mean, found.cv, found.skew, found.near_low, found.near_high, found.dip, found.dip_p)
        rows.append([one.name, str(one.pooled.size), *(_text(value) for value in values)])
    return columns, rows


def distances_table(samples: list[Sample], seed: int = 0) -> Table:
    """Kolmogorov-Smirnov and Wasserstein distance of every two."""
    rows = []
    for a, b in itertools.combinations(samples, 2):
        seeds = [a.seeds, b.seeds]
        w = over_seeds(wasserstein, seeds, np.random.default_rng([seed, 1]))
        d = over_seeds(lambda x, y: kolmogorov_smirnov(x, y)[0], seeds, np.random.default_rng([seed, 2]))
        rows.append([a.name, b.name, _interval(w), _interval(d), _text(kolmogorov_smirnov(a.pooled, b.pooled)[1])])
    return ["weights", "and", "Wasserstein", "Kolmogorov-Smirnov", "KS p"], rows


def theory_table(samples: list[Sample], seed: int = 0) -> Table:
    """The same distances of each sample that has a theory to its density."""
    rows = []
    for one in samples:
        if one.theory is not None:
            of_density = functools.partial(_to_density, of=one.theory)
            measures = [functools.partial(of_density, measure=of) for of in (wasserstein_to_density, kolmogorov_smirnov_to_density)]
            found = [over_seeds(of, [one.seeds], np.random.default_rng([seed, n]), draws=200) for n, of in enumerate(measures)]
            rows.append([one.name, *map(_interval, found)])
    return ["weights", "Wasserstein to theory", "Kolmogorov-Smirnov to theory"], rows


def _to_density(values: Floats, measure: Callable[[Floats, Floats, Floats], float], of: tuple[Floats, Floats]) -> float:
    return measure(values, *of)


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3g}"


def _interval(found: Interval) -> str:
    return _text(found.value) if np.isnan(found.low) else f"{found.value:.3g} ({found.low:.3g}-{found.high:.3g})"
