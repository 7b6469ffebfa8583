"""Time counted in steps, and numbers by step, cell or synapse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
"""Of sources, cells and synapses, and delays in steps, where there are many: no network has more than two billion."""

NO_STEPS: Steps = np.zeros(0, dtype=np.int64)
