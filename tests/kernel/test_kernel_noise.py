"""Noise of the kernel against Brian2's, in distribution."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_rules import read
from scipy.stats import ks_2samp

import spikeheb as sh

LANES = 1500


def both(rule, pre, post, w0):
    found = [
        sh.replay(rule, [pre] * LANES, [post] * LANES, w0, engine=engine, seed=seed)["w"].values
        for engine, seed in (("kernel", 1), ("kernel", 2), ("brian:numpy", 3))
    ]
    assert not np.array_equal(found[0], found[1])
    return found


@pytest.mark.parametrize("which", ["handlers", "model"])
def test_weights_have_the_same_distribution(which, tmp_path):
    if which == "handlers":
        pairs = np.arange(100) * 0.05
        kernel, again, brian = both(sh.rule("pair", set="van_rossum"), pairs, pairs + 0.01, 3.0)
    else:
        pairs = np.arange(20) * 0.05
        kernel, again, brian = both(read(tmp_path, "calcium"), pairs, pairs + 0.01, 0.5)
    for one, other in ((kernel, brian), (again, brian), (kernel, again)):
        error = np.sqrt((one.var() + other.var()) / LANES)
        assert abs(one.mean() - other.mean()) < 4 * error
        assert one.std() == pytest.approx(other.std(), rel=4 / np.sqrt(LANES))
        assert ks_2samp(one, other).pvalue > 1e-3
