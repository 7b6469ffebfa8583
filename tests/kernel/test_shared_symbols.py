"""Libraries of one process share nothing: what is constant in one model must not be read by the kernel of another."""

import shutil
import subprocess

import numpy as np
import pytest
from circuits_by_hand import of_fan_in

import spikeheb as sh
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.compiler import SUFFIX, compiler
from spikeheb.engines.kernel.build import build
from spikeheb.engines.kernel.fan_in import FanIn
from spikeheb.program.analysis import analyse

NM = shutil.which("nm")
pytestmark = pytest.mark.skipif(compiler() is None or NM is None or SUFFIX != ".so", reason="no C++ compiler or no nm here")
RULES = {"pair": "ca1_pyramidal", "clopath": "l5_clopath", "shouval": "ca1_pyramidal", "graupner_brunel": "l5_pyramidal"}


def shared_symbols(folder):
    """Constants of the model that the loader unites among all libraries of a process (GNU_UNIQUE, ``u``, and weak objects, ``V``).

    Tables that are the same in every kernel may be shared.
    """
    listed = subprocess.run([NM, "--dynamic", "--defined-only", str(folder / f"model{SUFFIX}")], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if line.split()[-2] in ("u", "V") and "Model" in line]


@pytest.mark.parametrize(("rule", "cell"), RULES.items())
def test_lanes_share_no_constants(rule, cell):
    assert shared_symbols(build(analyse(sh.rule(rule), sh.cell(cell), 1e-4), compiler()).path) == []


@pytest.mark.parametrize(("rule", "cell"), RULES.items())
def test_fan_in_shares_no_constants(rule, cell):
    with FanIn(of_fan_in(sh.rule(rule), sh.cell(cell), 1e-4, 10, 6, (Poisson(np.full(3, 10.0)),)), 1) as run:
        assert shared_symbols(run.library.path) == []
