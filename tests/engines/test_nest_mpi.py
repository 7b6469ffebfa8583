"""NEST in several processes, where it was built with MPI (its wheel was not): spikes and weights are those of one process.

The file is also the script that ``mpirun`` runs: ``python test_nest_mpi.py FOLDER NAME [NAME]``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent), str(TESTS / "engines")]

from nest_networks import eligibility, given, of, recurrent, relay_in, rewarded  # noqa: E402  # where mpirun runs this file

import spikeheb as sh  # noqa: E402
from spikeheb.engines.choice import carry_out_network  # noqa: E402

PROCESSES = 2
CASES = {
    "own": lambda relay: given(relay, of("pair")),
    "triplets": lambda relay: given(relay, of("triplet", set="visual_cortex_all_full")),
    "compiled": lambda relay: given(relay, sh.rule("pair"), ties=True, delay=3e-3),
    "dopamine": lambda relay: rewarded(relay, eligibility()),
    "recurrent": lambda _: recurrent(1, sh.rule("pair"), steps=3000),
}
"""Circuits by name, of a cell that fires only when it is told to."""


def with_mpi(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A Python program in several processes; also as root, in a container, which Open MPI asks to be told."""
    allowed = ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMPI_MCA_rmaps_base_oversubscribe")
    environment = os.environ | dict.fromkeys(allowed, "1")
    command = ["mpirun", "-n", str(PROCESSES), sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)


@pytest.fixture(scope="module")
def mpi() -> None:
    if shutil.which("mpirun") is None or any(importlib.util.find_spec(name) is None for name in ("nest", "mpi4py")):
        pytest.skip("no mpirun, no mpi4py or no NEST here")
    if f"found {PROCESSES}" not in with_mpi("-c", "import nest; print('found', nest.num_processes)").stdout:
        pytest.skip("NEST was built without MPI")


@pytest.mark.parametrize("name", CASES)
def test_processes_change_nothing(mpi, tmp_path, name):
    """Every synapse is in one of the processes, with the weight that it has in one; a spike of any cell is known to all."""
    done = with_mpi(__file__, tmp_path, name)
    assert done.returncode == 0, done.stderr
    parts = [json.loads((tmp_path / f"{rank}.json").read_text(encoding="utf-8")) for rank in range(PROCESSES)]
    assert all(part["processes"] == str(PROCESSES) and len(part["synapses"]) > 0 for part in parts)
    expected = carry_out_network(CASES[name](relay_in(tmp_path)), "nest")
    for projection, (pre, post, w) in synapses(expected).items():
        there = [part["synapses"][projection] for part in parts]
        joined = [np.concatenate([each[n] for each in there]) for n in range(3)]
        order, own = np.lexsort(joined), np.lexsort((pre, post, w))
        np.testing.assert_array_equal(joined[0][order], np.asarray(pre)[own])
        np.testing.assert_array_equal(joined[1][order], np.asarray(post)[own])
        np.testing.assert_allclose(joined[2][order], np.asarray(w)[own], rtol=0, atol=1e-12)
    for part in parts:
        assert part["spikes"] == spikes(expected)


def test_a_second_network_in_the_same_processes_is_refused(mpi, tmp_path):
    done = with_mpi(__file__, tmp_path, "own", "triplets")
    assert done.returncode != 0
    assert "run each network by an mpirun of its own" in done.stderr


def synapses(recording):
    """Source, cell and weight of the synapses that this process has, by projection."""
    return {name: [recording.pre[name].tolist(), recording.post[name].tolist(), w.tolist()] for name, w in recording.w.items()}


def spikes(recording):
    """Step and cell of every spike, by population."""
    return {name: [steps.tolist(), cells.tolist()] for name, (steps, cells) in recording.spikes.items()}


def main(folder: Path, *names: str) -> None:
    """What one of the processes does: carry the circuits out, and write what it has of the last."""
    from mpi4py import MPI

    rank = MPI.COMM_WORLD.rank
    own = folder / f"of {rank}"
    own.mkdir()
    for name in names:
        recording = carry_out_network(CASES[name](relay_in(own)), "nest")
        result = {"processes": recording.engine["processes"], "synapses": synapses(recording), "spikes": spikes(recording)}
        (folder / f"{rank}.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
