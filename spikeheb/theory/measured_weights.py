"""Measured distributions of synaptic strength, for comparison with simulated ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MEDIAN_LOG, SD_LOG = -0.702, 0.9355
"""Mean and standard deviation of the logarithm of the EPSP in millivolts: Song, Sjöström, Reigl, Nelson & Chklovskii (2005), PLoS Biology
3:e68, doi 10.1371/journal.pbio.0030068, Fig. 5B, layer 5 of visual cortex of rats; numbers as a public program built on
ANNarchy takes them from the paper."""


def epsp_density(epsp: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The log-normal density of EPSP amplitudes between connected pyramidal cells, per millivolt.

    Parameters
    ----------
    epsp : array of float
        Millivolts, above 0.
    """
    x = np.asarray(epsp, dtype=float)
    density: npt.NDArray[np.float64] = np.exp(-((np.log(x) - MEDIAN_LOG) ** 2) / (2 * SD_LOG**2)) / (x * SD_LOG * np.sqrt(2 * np.pi))
    return density
