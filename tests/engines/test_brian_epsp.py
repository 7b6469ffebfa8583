"""EPSPs of the library's cells in the reference engine, against a fine integration done elsewhere (dt 0.01 ms)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but
from jobs import LIBRARY, lanes, rule

from spikeheb.cells import read_cell
from spikeheb.engines.brian import runtime
from spikeheb.measure.epsp import amplitude

CONDUCTANCES = (1.0, 2.0, 5.0)
TABLE = {
    "l5_pyramidal": (0.330, 0.659, 1.633),
    "ca1_pyramidal": (0.987, 1.956, 4.761),
    "l23_pyramidal": (1.015, 2.015, 4.919),
    "pv_interneuron": (0.893, 1.772, 4.326),
    "sst_interneuron": (1.281, 2.531, 6.101),
}


@pytest.mark.parametrize("name", TABLE)
def test_epsp_in_millivolts_at_one_two_and_five_nanosiemens(name):
    cell = read_cell(LIBRARY / "cells" / f"{name}.toml")
    receptor = replace(cell.receptor(None), unit=1e-9)
    cell = replace(cell, receptors={**cell.receptors, receptor.name: receptor})
    silent = rule(bounds="none", parameters={"A_plus": 0, "A_minus": 0})
    job = lanes(silent, [[1.0]] * 3, [[]] * 3, cell, tail=0.2, sweeps=np.array([9950]), sweep_steps=1051)
    v = runtime.run(but(job, initial={"w": np.array(CONDUCTANCES)}), "numpy").v[:, 0]
    time = (np.arange(v.shape[-1]) - 50) * job.dt
    np.testing.assert_allclose(amplitude(v, time) * 1e3, TABLE[name], rtol=0.02)
