"""Comparing weight distributions: those of saved studies, and weights from other programs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, check_kind, check_used
from spikeheb.measure.weights import (
    Interval,
    kolmogorov_smirnov,
    kolmogorov_smirnov_to_density,
    over_seeds,
    shape,
    wasserstein,
    wasserstein_to_density,
)
from spikeheb.results import load
from spikeheb.studies.distributions.files import read_weight_table, weight_array
from spikeheb.studies.labels import VERSION, describe

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Table = tuple[list[str], list[list[str]]]


Source: TypeAlias = "Path | str | xr.Dataset | npt.NDArray[Any]"
"""A file, a result of `weights`, or an array of weights."""


@dataclass(frozen=True)
class Sample:
    """A distribution of weights.

    Attributes
    ----------
    name : str
    seeds : tuple of arrays
    low, high : float or None
        Its bounds.
    theory : tuple of arrays, or None
        The theory's weights and density, where there is one.
    meaning : str
        What was read, in words.
    laid_out : bool
        Whether it was an array of several rows and columns.
    """

    name: str
    seeds: tuple[Floats, ...]
    low: float | None
    high: float | None
    theory: tuple[Floats, Floats] | None = None
    meaning: str = ""
    laid_out: bool = False

    @property
    def pooled(self) -> Floats:
        """All weights."""
        return np.concatenate([seed.ravel() for seed in self.seeds])


def compare(
    files: Sequence[Source] | Source,
    low: float | None = None,
    high: float | None = None,
    seed: int = 0,
    *,
    layout: str | None = None,
) -> xr.Dataset:
    """Compare weight distributions: shape, modes, and distances between every two of them, with intervals over seeds.

    Parameters
    ----------
    files : list of paths, results or arrays, or one of them
        Results of `weights` (as they are, or ``.nc``), or weights: an array of one or two dimensions (as it is, or ``.npy``), or text: an
        array, or a table with a column ``weight`` (or ``w``), perhaps one called ``seed``. NaN and empty entries are no connection.
    low, high : float, optional
        Bounds of weights that are not a result of `weights`.
    seed : int
        Of the resampling.
    layout : {"rows", "columns", "one"}, optional
        What rows and columns of an array mean: seeds by row, seeds by column, or one sample. By default up to 20 long rows are seeds, and
        anything else is one sample.

    Returns
    -------
    xarray.Dataset
        Over ``sample``: ``count``, the shape (``mean`` to ``dip_p``), what was read (``meaning``), distances to theory;
        over ``sample`` and ``bin`` the ``density``; over ``sample`` and ``other``: ``wasserstein`` and ``kolmogorov_smirnov`` with the
        limits of their intervals (``_low``, ``_high``).

    Raises
    ------
    FormatError
        Where a file contains something else, or something that could be read in two ways.
    """
    samples = read_all([files] if isinstance(files, str | Path) or not isinstance(files, Sequence) else files, low, high, layout)
    return compared(samples, seed)


def read_all(files: Sequence[Source], low: float | None = None, high: float | None = None, layout: str | None = None) -> list[Sample]:
    """The distributions of several files; where two have one name, the folders or numbers that tell them apart come in front.

    Raises
    ------
    FormatError
    """
    if not files:
        raise FormatError("give at least one file", key="files")
    if not any(_is_from_elsewhere(file) for file in files):
        check_used("weights from elsewhere", low=low, high=high, layout=layout)
    paths = [Path(file) if isinstance(file, str | Path) else Path(f"{_kind(file)} {n}") for n, file in enumerate(files, start=1)]
    samples = [
        (path, sample) for path, file in zip(paths, files, strict=True) for sample in read_weights(file, low, high, layout, path.name)
    ]
    if not any(sample.laid_out for _, sample in samples):
        check_used("an array of several rows and columns", layout=layout)
    names = [sample.name for _, sample in samples]
    for depth in range(1, 1 + max(len(path.parts) for path in paths)):
        doubled = {name for name in names if names.count(name) > 1}
        names = [_deeper(path, sample, depth) if name in doubled else name for (path, sample), name in zip(samples, names, strict=True)]
    names = [f"{name} #{names[:n].count(name) + 1}" if names.count(name) > 1 else name for n, name in enumerate(names)]
    return [replace(sample, name=name) for (_, sample), name in zip(samples, names, strict=True)]


def _deeper(path: Path, sample: Sample, depth: int) -> str:
    """The name of a sample with this number of parts of its path in front."""
    parts = path.parts[-1 - depth : -1]
    of_study = path.suffix in (".nc", "")  # a result that was handed over has a name and no suffix
    return "/".join([*parts, path.name if of_study else sample.name]) + (f": {sample.name}" if of_study else "")


def _is_from_elsewhere(source: object) -> bool:
    return isinstance(source, np.ndarray) or (isinstance(source, str | Path) and Path(source).suffix != ".nc")


def _kind(source: object) -> str:
    return "array" if isinstance(source, np.ndarray) else "result"


def read_weights(
    source: Source, low: float | None = None, high: float | None = None, layout: str | None = None, name: str = ""
) -> list[Sample]:
    """The distributions of a file, a result or an array: one for each rule of a study, or one of a table of weights.

    Parameters
    ----------
    source, low, high, layout
        As in `compare`.
    name : str
        What a source that is no file is called.

    Raises
    ------
    FormatError
    """
    path = Path(source) if isinstance(source, str | Path) else Path(name)
    if not _is_from_elsewhere(source):
        return _of_result(load(path) if isinstance(source, str | Path) else source, str(path))
    for key, limit in (("low", low), ("high", high)):
        if limit is not None:
            check_kind(limit, (int, float, np.number), "a number", key=key)
            if not np.isfinite(limit):
                raise FormatError(f"expected a finite bound (got {limit})", key=key)
    if low is not None and high is not None and not low < high:
        raise FormatError(f"the lower bound must be below the upper (got {low:g} and {high:g})", key="low")
    table = weight_array(source, layout, str(path)) if isinstance(source, np.ndarray) else read_weight_table(path, layout)
    return [Sample(path.stem, table.seeds, low, high, meaning=table.meaning, laid_out=table.laid_out)]


NEEDED = ("weight", "rule", "seed", "theory_weight", "theory_density", "lower_limit", "upper_limit")


def _of_result(data: object, path: str) -> list[Sample]:
    """The distributions of a result of `weights`, one for each rule; `path` says in errors which it is."""
    import xarray as xr

    if not isinstance(data, xr.Dataset):
        raise FormatError(f"expected a result of weights, an array of them, or the path of a file (got {type(data).__name__})", path=path)
    study = data.attrs.get("study", "")
    if not isinstance(study, str) or study != "weights":
        raise FormatError(f'expected a result of weights (got study = "{study!s:.60}")', path=path)
    missing = [name for name in NEEDED if name not in data.variables]
    if missing or data["weight"].dims != ("rule", "seed", "cell", "input") or data["weight"].dtype.kind != "f":
        raise FormatError(f"is not a complete result of weights (it lacks {', '.join(missing) or 'weights'})", path=path)
    size = f"{data.sizes['seed']} seeds of {data.sizes['cell']} x {data.sizes['input']} weights, in {data.attrs.get('unit', '')!s:.20}"
    samples = []
    for n, name in enumerate(data["rule"].values):
        density = (data["theory_weight"].values[n], data["theory_density"].values[n])
        known = density if np.isfinite(density).all() else None
        low, high = (None if np.isnan(data[limit].values[n]) else float(data[limit].values[n]) for limit in ("lower_limit", "upper_limit"))
        if not np.isfinite(data["weight"].values[n]).all():
            raise FormatError(f"the weights of {name} are not all finite", path=path)
        samples.append(Sample(str(name), tuple(data["weight"].values[n]), low, high, known, f"a result of weights: {size}"))
    return samples


def compared(samples: Sequence[Sample], seed: int = 0) -> xr.Dataset:
    """The comparison of samples, as `compare` returns it."""
    import xarray as xr

    names = [sample.name for sample in samples]
    shapes = [shape(sample.pooled, sample.low, sample.high) for sample in samples]
    pair = np.full((2, 3, len(samples), len(samples)), np.nan)
    for (i, a), (k, b) in itertools.combinations(enumerate(samples), 2):
        for n, interval in enumerate(_between(a, b, seed)):
            pair[n, :, i, k] = pair[n, :, k, i] = (interval.value, interval.low, interval.high)
    for k in range(len(samples)):
        pair[:, 0, k, k] = 0.0
    theory = np.full((2, 3, len(samples)), np.nan)
    for k, sample in enumerate(samples):
        if sample.theory is not None:
            theory[:, :, k] = [(interval.value, interval.low, interval.high) for interval in _to_theory(sample, seed)]
    variables: dict[str, Any] = {name: ("sample", [getattr(of, name) for of in shapes]) for name in SHAPES}
    for n, name in enumerate(("wasserstein", "kolmogorov_smirnov")):
        for m, end in enumerate(("", "_low", "_high")):
            variables[name + end] = (("sample", "other"), pair[n, m])
            variables[f"{name}_to_theory{end}"] = ("sample", theory[n, m])
    edges = bin_edges(samples)
    variables["density"] = (("sample", "bin"), [np.histogram(of.pooled, edges)[0] / (of.pooled.size * np.diff(edges)) for of in samples])
    variables["count"] = ("sample", [sample.pooled.size for sample in samples])
    variables["meaning"] = ("sample", [sample.meaning for sample in samples])
    data = xr.Dataset(variables, coords={"sample": names, "other": names, "bin": (edges[1:] + edges[:-1]) / 2})
    data.attrs = {"study": "comparison", "spikeheb": VERSION, "seed": seed}
    return describe(data, {name: ("1", name.replace("_", " ")) for name in (*variables, "bin")})


BINS = 50


def bin_edges(samples: Sequence[Sample]) -> Floats:
    """The edges of equal bins over all weights, shape (bins + 1,); a single value gets bins around it."""
    values = np.concatenate([sample.pooled for sample in samples])
    return np.histogram_bin_edges(values, BINS)


SHAPES = ("mean", "cv", "skew", "near_low", "near_high", "dip", "dip_p")


def shapes_table(samples: list[Sample]) -> Table:
    """Mean, CV, skew, shares near the bounds, and the dip's p of each."""
    columns = ["weights", "count", "mean", "CV", "skew", "near lower bound", "near upper bound", "dip", "dip p"]
    rows = []
    for sample in samples:
        of = shape(sample.pooled, sample.low, sample.high)
        rows.append([sample.name, str(sample.pooled.size), *(_text(getattr(of, name)) for name in SHAPES)])
    return columns, rows


def distances_table(samples: list[Sample], seed: int = 0) -> Table:
    """Kolmogorov-Smirnov and Wasserstein distance of every two."""
    rows = []
    for a, b in itertools.combinations(samples, 2):
        w, d = _between(a, b, seed)
        rows.append([a.name, b.name, _interval(w), _interval(d), _text(kolmogorov_smirnov(a.pooled, b.pooled)[1])])
    return ["weights", "and", "Wasserstein", "Kolmogorov-Smirnov", "KS p"], rows


def _between(a: Sample, b: Sample, seed: int) -> tuple[Interval, Interval]:
    """Wasserstein and Kolmogorov-Smirnov distance of two samples."""
    seeds = [a.seeds, b.seeds]
    w = over_seeds(wasserstein, seeds, np.random.default_rng([seed, 1]))
    return w, over_seeds(lambda x, y: kolmogorov_smirnov(x, y)[0], seeds, np.random.default_rng([seed, 2]))


def theory_table(samples: list[Sample], seed: int = 0) -> Table:
    """The same distances of each sample that has a theory to its density."""
    rows = [[sample.name, *map(_interval, _to_theory(sample, seed))] for sample in samples if sample.theory is not None]
    return ["weights", "Wasserstein to theory", "Kolmogorov-Smirnov to theory"], rows


def _to_theory(sample: Sample, seed: int) -> list[Interval]:
    assert sample.theory is not None
    of_density = functools.partial(_to_density, of=sample.theory)
    measures = [functools.partial(of_density, measure=of) for of in (wasserstein_to_density, kolmogorov_smirnov_to_density)]
    return [over_seeds(of, [sample.seeds], np.random.default_rng([seed, n]), draws=200) for n, of in enumerate(measures)]


def _to_density(values: Floats, measure: Callable[[Floats, Floats, Floats], float], of: tuple[Floats, Floats]) -> float:
    return measure(values, *of)


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3g}"


def _interval(interval: Interval) -> str:
    return _text(interval.value) if np.isnan(interval.low) else f"{interval.value:.3g} ({interval.low:.3g}-{interval.high:.3g})"
