"""Memories and subspaces of rates: beside neurodynex3 and scikit-learn where these are installed, and the limits that they are to keep."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from measuring import Row, paired

import spikeheb as sh
from spikeheb.rates import Layer, Memory, flipped, hebbian, random_patterns
from spikeheb.rates.data import spiked, subspace_error

Floats = npt.NDArray[np.float64]
EIGENVALUES = np.linspace(5, 3, 4)
FEATURES = 64


@dataclass(frozen=True)
class Cues:
    """Patterns to store, and cues with flipped bits to recall them from."""

    patterns: Floats
    cues: Floats
    sweeps: int = 3


def cues(cells: int = 200, load: float = 0.05, flips: float = 0.1) -> Cues:
    """A load at which every pattern comes back from a tenth of wrong bits."""
    rng = np.random.default_rng(0)
    patterns = random_patterns(round(load * cells), cells, rng=rng)
    return Cues(patterns, flipped(patterns, round(flips * cells), rng=rng))


def rows(runs: int = 5) -> list[Row]:
    """Ratios to the two libraries, and the limits."""
    with one_thread():
        return [*hopfield_rows(cues(), runs), *pca_rows(runs), _capacity(), _per_sample(runs), *_large_memory()]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Numpy's linear algebra on one thread, where threadpoolctl (which comes with scikit-learn) is installed."""
    for library in ("scipy.linalg", "sklearn.decomposition"):  # what is loaded later would keep its threads
        if importlib.util.find_spec(library.partition(".")[0]) is not None:
            importlib.import_module(library)
    if importlib.util.find_spec("threadpoolctl") is None:
        _left_out("threadpoolctl", "numpy uses the threads that its environment gives it")
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _left_out(library: str, meaning: str) -> None:
    print(f"{library} is not installed: {meaning}", file=sys.stderr)


# --- Hopfield's network


def ours(given: Cues) -> Floats:
    """The states after storing and recalling."""
    return Memory(hebbian(given.patterns), "asynchronous").recall(given.cues, sweeps=given.sweeps)


def of_neurodynex(given: Cues, network: Any = None) -> Floats:
    """The same by neurodynex3, which holds one state and takes one cue at a time."""
    network = stored_in_neurodynex(given) if network is None else network
    states = []
    for cue in given.cues:
        network.set_state_from_pattern(cue)
        network.run(given.sweeps)
        states.append(network.state)
    return np.array(states)


def stored_in_neurodynex(given: Cues) -> Any:
    """Its network with the patterns stored."""
    from neurodynex3.hopfield_network.network import HopfieldNetwork

    network = HopfieldNetwork(given.patterns.shape[1])
    network.set_dynamics_sign_async()
    network.store_patterns(list(given.patterns))
    return network


def hopfield_rows(given: Cues, runs: int) -> list[Row]:
    """Storing, and recalling from what is stored."""
    if importlib.util.find_spec("neurodynex3") is None:
        _left_out("neurodynex3", "its rows are left out")
        return []
    number, cells = given.patterns.shape
    weights, network = hebbian(given.patterns), stored_in_neurodynex(given)
    memory = Memory(weights, "asynchronous")
    store = paired(lambda: hebbian(given.patterns), lambda: stored_in_neurodynex(given), runs=runs)
    recall = paired(lambda: memory.recall(given.cues, sweeps=given.sweeps), lambda: of_neurodynex(given, network), runs=runs)
    work = f"Hopfield, {number} patterns of {cells} cells"
    return [
        Row(f"{work}, stored", "ours / neurodynex3", store.ratios, 1.0, note=f"neurodynex3 {min(store.second):.2g} s"),
        Row(f"{work}, recalled", "ours / neurodynex3", recall.ratios, 1.0, note=f"neurodynex3 {min(recall.second):.2g} s"),
    ]


# --- principal components


def stream(samples: int = 10_000) -> tuple[Floats, Floats]:
    """Samples of which four components lead, and these components."""
    return spiked(samples, FEATURES, EIGENVALUES, rng=np.random.default_rng(0))


def by_similarity_matching(samples: Floats) -> Floats:
    """Components after one pass, sample by sample."""
    return Layer("similarity_matching", len(EIGENVALUES)).fit(samples).components_


def by_incremental_pca(samples: Floats, batch: int) -> Floats:
    """Components after one pass in batches, of scikit-learn."""
    from sklearn.decomposition import IncrementalPCA

    found = IncrementalPCA(len(EIGENVALUES), batch_size=batch).fit(samples)
    return np.asarray(found.components_)


def pca_rows(runs: int) -> list[Row]:
    """Against batches of the size that scikit-learn chooses, and against the smallest that it takes."""
    if importlib.util.find_spec("sklearn") is None:
        _left_out("scikit-learn", "its rows are left out")
        return []
    samples, components = stream()
    error = subspace_error(by_similarity_matching(samples), components)
    listed = []
    for batch in (5 * FEATURES, len(EIGENVALUES)):
        times = paired(lambda: by_similarity_matching(samples), lambda batch=batch: by_incremental_pca(samples, batch), runs=runs)
        theirs = subspace_error(by_incremental_pca(samples, batch), components)
        note = f"scikit-learn {min(times.second):.2g} s, distances {error:.2g} and {theirs:.2g}"
        work = f"subspace, {len(samples):,} samples 64 -> 4, batches of {batch}"
        listed.append(Row(work, "sample by sample / IncrementalPCA", times.ratios, note=note))
    return listed


# --- limits


def _capacity() -> Row:
    seconds = _cpu(lambda: sh.rates.capacity(1, cells=(2000,)))
    return Row("capacity curve, 2000 cells, 8 loads", "CPU", (seconds,), 10.0, unit="s")


def _per_sample(runs: int) -> Row:
    samples, _ = stream()
    values = tuple(1e3 * _cpu(lambda: by_similarity_matching(samples)) / len(samples) for _ in range(runs))
    return Row("similarity matching, a sample 64 -> 4", "CPU", values, 0.04, unit="ms")


def _large_memory() -> list[Row]:
    """100,000 patterns of 64 cells and 1000 cues: time, and in a run of its own the arrays, those given included."""
    tracemalloc.start()
    patterns = random_patterns(100_000, 64, rng=np.random.default_rng(0))
    asked = flipped(patterns[:1000], 6, rng=np.random.default_rng(1))
    _recall(patterns, asked)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    work = "softmax memory, 100,000 patterns of 64 cells, 1000 cues"
    seconds = _cpu(lambda: _recall(patterns, asked))
    return [Row(work, "CPU", (seconds,), 4.0, unit="s"), Row(work, "arrays", (peak,), 300.0, unit="MB")]


def _recall(patterns: Floats, asked: Floats) -> Floats:
    return Memory(patterns, "at_once", "softmax").recall(asked, sweeps=1)


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
