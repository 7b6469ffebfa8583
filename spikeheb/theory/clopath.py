"""Closed forms of Clopath's voltage rule where the membrane potential is known.

Constants come by name, SI, as `Rule.constants` gives them. Source: 10.1038/nn.2479, Eqs. 1-3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Constants = Mapping[str, float]


def clamped_change(constants: Constants, potential: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The change of the weight by one presynaptic spike while the membrane is clamped, no bound being reached.

    The low-passed voltages have settled at the potential u, and the presynaptic trace has integral 1::

        dw = -A_LTD*[u - theta_minus] + A_LTP*[u - theta_plus]*[u - theta_minus],   [x] = max(x, 0)

    Parameters
    ----------
    potential : array of float
        Volts.

    Returns
    -------
    array of float, shape of `potential`
    """
    u = np.asarray(potential, dtype=float)
    low, high = (np.maximum(u - constants[name], 0.0) for name in ("theta_minus", "theta_plus"))
    change: npt.NDArray[np.float64] = low * (constants["A_LTP"] * high - constants["A_LTD"])
    return change


def reversal(constants: Constants) -> float:
    """The clamped potential (volts) at which depression turns into potentiation."""
    return constants["theta_plus"] + constants["A_LTD"] / constants["A_LTP"]


def reversal_rate(constants: Constants, spike_area: float = 0.12) -> float:
    """The postsynaptic rate (Hz) above which independent Poisson trains potentiate.

    Parameters
    ----------
    spike_area : float
        Integral of a spike over the thresholds, in volt seconds times 1000; 0.12 is the 120 mV ms of the authors' spike.
    """
    return constants["A_LTD"] / (spike_area * 1e-3 * constants["A_LTP"])
