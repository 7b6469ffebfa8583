"""Samples and patterns with a seed, and what is measured of a result."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.limits import whole
from spikeheb.rates import checked

Floats = npt.NDArray[np.float64]
LEADING = (5.0, 4.0)
REST = 0.5


def spiked_basis(features: int, leading: npt.ArrayLike = LEADING, *, rest: float = REST, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Eigenvectors (columns) and eigenvalues of a spiked covariance: some leading values, the others uniform between 0 and `rest`."""
    large = checked.rows(np.atleast_1d(leading), "leading")[0]
    if not (len(large) <= features and (large > 0).all() and rest >= 0):
        raise FormatError(f"expected at most {features} leading eigenvalues above 0, and rest of 0 or more", key="leading")
    values = np.concatenate([large, rng.uniform(0.0, rest, features - len(large))])
    basis, upper = np.linalg.qr(rng.standard_normal((features, features)))
    return np.asarray(basis * np.sign(np.diag(upper)), dtype=np.float64), values


def spiked(
    samples: int, features: int = 64, leading: npt.ArrayLike = LEADING, *, rest: float = REST, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Normal samples whose covariance has some leading eigenvalues, and the leading eigenvectors.

    Parameters
    ----------
    samples, features : int
    leading : array
        The leading eigenvalues.
    rest : float
        The others are uniform between 0 and this.
    rng : Generator

    Returns
    -------
    samples : array, shape (samples, features)
    components : array, shape (leading, features)
        The leading eigenvectors, of length 1.

    Raises
    ------
    FormatError, EngineError
    """
    count, width = whole(samples, "samples"), whole(features, "features")
    checked.room({"the samples": 2.0 * count * width, "the eigenvectors": 3.0 * width**2}, "samples")
    basis, values = spiked_basis(width, leading, rest=rest, rng=rng)
    drawn = rng.standard_normal((count, width)) * np.sqrt(values)
    return drawn @ basis.T, basis[:, : np.size(leading)].T


def random_patterns(number: int, cells: int, *, rng: np.random.Generator) -> Floats:
    """Patterns of independent -1 and 1, shape (number, cells).

    Raises
    ------
    EngineError, ScheduleError
    """
    shape = whole(number, "number"), whole(cells, "cells")
    checked.room({"the patterns": 2.0 * shape[0] * shape[1]}, "number")
    return np.asarray(rng.integers(0, 2, shape, dtype=np.int8) * 2.0 - 1.0, dtype=np.float64)


def flipped(states: npt.ArrayLike, flips: int, *, rng: np.random.Generator) -> Floats:
    """The patterns with exactly so many bits of each turned over, chosen anew for each row.

    Raises
    ------
    FormatError, ScheduleError
    """
    turned = checked.patterns(states, "states").copy()
    count = checked.bits(flips, turned.shape[1])
    if count:
        order = rng.random(turned.shape).argpartition(count - 1, axis=1)[:, :count]
        np.put_along_axis(turned, order, -np.take_along_axis(turned, order, axis=1), axis=1)
    return turned


def overlap(states: npt.ArrayLike, patterns: npt.ArrayLike) -> Floats:
    """The overlap ``m = (1/N) sum of s_i xi_i`` of each row of states with the same row of patterns."""
    return np.asarray(np.mean(np.asarray(states, dtype=np.float64) * np.asarray(patterns, dtype=np.float64), axis=-1))


def subspace_error(filters: npt.ArrayLike, components: npt.ArrayLike) -> float:
    """``|P - Q|^2 / k``, P and Q the projections on the rows of either: 0 for the same subspace, 2 for orthogonal ones.

    Parameters
    ----------
    filters, components : array, shape (k, features)
    """
    p, q = (np.linalg.qr(np.atleast_2d(np.asarray(each, dtype=np.float64)).T)[0] for each in (filters, components))
    return float(((p @ p.T - q @ q.T) ** 2).sum() / q.shape[1])


def orthonormality(filters: npt.ArrayLike) -> float:
    """The norm of ``F F' - I``: 0 for orthonormal rows."""
    rows = np.atleast_2d(np.asarray(filters, dtype=np.float64))
    return float(np.linalg.norm(rows @ rows.T - np.eye(len(rows))))


_LETTERS = """
A ..####.. .##..##. ##....## ##....## ######## ######## ##....## ##....## ##....## ##....##
H ##....## ##....## ##....## ##....## ######## ######## ##....## ##....## ##....## ##....##
L ##...... ##...... ##...... ##...... ##...... ##...... ##...... ##...... ######## ########
T ######## ######## ...##... ...##... ...##... ...##... ...##... ...##... ...##... ...##...
X ##....## ##....## .##..##. ..####.. ...##... ...##... ..####.. .##..##. ##....## ##....##
Z ######## ######## .....##. ....##.. ...##... ..##.... .##..... ##...... ######## ########
"""
LETTER_SHAPE = (10, 8)


@functools.cache
def _drawn() -> dict[str, tuple[int, ...]]:
    words = [line.split() for line in _LETTERS.strip().splitlines()]
    return {letter: tuple(1 if dot == "#" else -1 for dot in "".join(dots)) for letter, *dots in words}


def letters(which: str = "LTXZ") -> Floats:
    """Letters of 10 x 8 dots as patterns, ink 1 and paper -1, shape (letters, 80). There are A, H, L, T, X and Z.

    Raises
    ------
    FormatError
        For a letter that is not drawn here.
    """
    missing = [letter for letter in which if letter not in _drawn()]
    if missing or not which:
        raise FormatError(f"expected some of the letters {''.join(_drawn())} (got {which!r:.40})", key="which")
    return np.array([_drawn()[letter] for letter in which], dtype=np.float64)


def digits() -> tuple[Floats, npt.NDArray[np.int64]]:
    """The 1797 digits of 8 x 8 dots that scikit-learn ships, and what each is; scikit-learn is installed separately.

    Returns
    -------
    samples : array, shape (1797, 64)
        From 0 to 1.
    digits : array of int, shape (1797,)

    Raises
    ------
    FormatError
        Where scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-not-found,import-untyped,unused-ignore]  # an extra
    except ImportError:
        raise FormatError('digits come with scikit-learn, which is not installed; pip install "spikeheb[digits]"', key="digits") from None
    bunch = load_digits()
    return np.asarray(bunch.data, dtype=np.float64) / 16.0, np.asarray(bunch.target, dtype=np.int64)
