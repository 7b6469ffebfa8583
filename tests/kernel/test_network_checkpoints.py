"""A network that is saved and resumed has the bytes of one without interruption; its damaged checkpoints are refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import kernel_rules
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spikeheb as sh
from spikeheb.cells.cell import Hold
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Explicit, PairwiseBernoulli
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives
from spikeheb.circuits.phases import Phase
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import OfCells, OfSynapses, Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson, Replayed
from spikeheb.engines.checkpoints import Checkpoints
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network as network_module
from spikeheb.engines.kernel import network_arrays, network_parts
from spikeheb.engines.kernel import run as run_module
from spikeheb.engines.kernel.network import Network
from spikeheb.engines.plain import network as plain
from spikeheb.errors import NonFiniteError, StorageError

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler")
STEPS, NONE = 900, np.zeros(0, dtype=np.int64)
PYRAMIDAL = sh.cell("l5_pyramidal")
SHAPED = replace(PYRAMIDAL, shape=(Hold(0.03, 1e-3), Hold(0.01, 5e-4)), refractory=2e-3)
DELAYED = {"axonal_delay": "1 ms", "backpropagation_delay": "0.7 ms"}
RULES = {
    "pair": lambda folder: sh.rule("pair", **DELAYED),
    "discard": lambda folder: sh.rule("pair", coincidence="discard"),
    "clopath": lambda folder: sh.rule("clopath"),
    "triplet": lambda folder: sh.rule("triplet"),
    "calcium": lambda folder: kernel_rules.read(folder, "calcium"),
    "noise": lambda folder: kernel_rules.read(folder, "noisy_jumps"),
    "homeostat": lambda folder: kernel_rules.read(folder, "homeostat"),
    "reward": lambda folder: sh.rule("izhikevich_reward"),
}
NORMALISATIONS = [None, Normalise("divisive", 1.5), Normalise("subtractive", 1.5), Normalise("divisive", 1.5, 0.01)]


def circuit(rule, cell=PYRAMIDAL, *, normalise=None, delay=0.0, precision="float64", seed=3, steps=STEPS):
    """Twelve cells that reach each other; signals, imposed spikes and changing currents throughout; a name that stands for two things."""
    every = range(50, steps, 110)
    drives = Drives(
        currents=(Change(EVERY, 0, 9e-10), *(Change(n % 12, step, 4e-10) for n, step in enumerate(every))),
        rewards=tuple(Change(EVERY if n % 2 else 3, step, 1.0 - 0.4 * n) for n, step in enumerate(every)),
        imposed=(Replayed(tuple(np.array([20 + 10 * n, 500 + n]) for n in range(12))),),
    )
    return Circuit(
        dt=1e-4, steps=steps, seed=seed, precision=precision,
        populations={"x": Spikes((Poisson(np.full(20, 60.0)),)), "e": Cells(12, cell), "a": Cells(4, PYRAMIDAL)},
        projections={
            "e": Projection("x", "e", PairwiseBernoulli(probability=0.4), receptor="ampa", efficacy=6.0, delay=Uniform(low=0.0, high=3e-3)),
            "ee": Projection("e", "e", PairwiseBernoulli(probability=0.4, autapses=False), rule, "ampa", delay=delay, normalise=normalise),
            "ea": Projection("e", "a", AllToAll(), receptor="ampa", efficacy=3.0, delay=4e-3),
            "ae": Projection("a", "e", AllToAll(), sh.rule("vogels"), receptor="gaba"),
            "none": Projection("a", "e", Explicit(pre=NONE, post=NONE), sh.rule("pair"), "ampa"),
        },
        drives={"e": drives, "a": Drives(currents=(Change(EVERY, 100, 2e-10),))},
        probes=Probes(
            trains=True, snapshots=np.unique([0, 10, steps // 2, steps - 1]),
            populations={"e": OfCells(spikes=np.arange(1, 12), bin_steps=7, cells=np.array([0, 5]), samples=np.arange(0, steps, 3))},
            projections={"ee": OfSynapses(
                watched=9, watch=np.arange(0, steps, 5), histograms=np.arange(0, steps, 11), edges=np.linspace(-1.0, 2.0, 9),
            )},
        ),
    )  # fmt: skip


def as_bytes(recording):
    """All that was recorded, byte for byte."""
    parts = {name: value for name, value in vars(recording).items() if name != "engine"}
    return {
        (name, of): [(np.shape(array), np.asarray(array).tobytes()) for array in (values if isinstance(values, tuple) else (values,))]
        for name, each in parts.items() for of, values in each.items()
    }  # fmt: skip


def whole(network):
    with Network(network) as run:
        return run.to_end()


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch):
    """Three threads have a range of the twelve cells each; the first has none of them."""
    monkeypatch.setattr(network_parts, "LINE", 8)


def interrupted(network, stops, folder, threads=(3, 1)):
    """The run, saved at each stop and resumed in a new one, with another number of threads."""
    path = folder / "checkpoint.npz"
    for number, stop in enumerate(stops):
        with Network(network, threads=threads[number % len(threads)]) as run:
            if number:
                run.resume(path)
            run.advance(int(stop))
            run.save(path)
    with Network(network, threads=threads[-1] if len(stops) % 2 else 3) as run:
        run.resume(path)
        return run.to_end()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_network_goes_on_with_the_same_bytes(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    name = data.draw(st.sampled_from(sorted(RULES)))
    cell = sh.cell("l5_clopath") if name == "clopath" else data.draw(st.sampled_from([PYRAMIDAL, SHAPED]))
    precision = "float64" if name == "discard" else data.draw(st.sampled_from(["float64", "float32"]))
    network = circuit(
        RULES[name](folder), cell, normalise=data.draw(st.sampled_from(NORMALISATIONS)), precision=precision,
        delay=data.draw(st.sampled_from([0.0, 2e-3, Uniform(low=1e-3, high=5e-3)])), seed=data.draw(st.integers(0, 3)),
    )  # fmt: skip
    stops = sorted(data.draw(st.lists(st.integers(0, STEPS), min_size=1, max_size=3)))
    expected = whole(network)
    assert expected.counts["e"].sum() > 20
    assert as_bytes(interrupted(network, stops, folder)) == as_bytes(expected)


@pytest.mark.parametrize("threads", [3])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_bytes_do_not_depend_on_the_number_of_threads(rule, threads, tmp_path):
    """With delays of 2 ms, in which no range hears of another, and with none."""
    cell = sh.cell("l5_clopath") if rule == "clopath" else SHAPED
    for delay in (2e-3, 0.0):
        network = circuit(RULES[rule](tmp_path), cell, normalise=Normalise("divisive", 1.5), delay=delay)
        slow = {name: replace(projection, delay=2e-3) for name, projection in network.projections.items() if projection.delay == 0.0}
        network = replace(network, projections=network.projections | (slow if delay else {}))
        with Network(network, threads=threads) as run:
            assert run.workers == threads
            assert as_bytes(run.to_end()) == as_bytes(whole(network))
            fingerprint = run.fingerprint()
        with Network(network, threads=1) as run:
            run.to_end()
            assert run.fingerprint() == fingerprint


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_goes_on(rule, tmp_path):
    """With normalisation after events, which a resumed run must not do once more; and equal to the plain engine."""
    network = circuit(RULES[rule](tmp_path), sh.cell("l5_clopath") if rule == "clopath" else SHAPED, normalise=Normalise("divisive", 1.5))
    expected = whole(network)
    assert as_bytes(interrupted(network, [1, 37, 251, 252, 777], tmp_path)) == as_bytes(expected)
    reference = plain.run(network)
    for name, counts in reference.counts.items():
        np.testing.assert_array_equal(expected.counts[name], counts)
    for name, weights in reference.w.items():
        np.testing.assert_allclose(expected.w[name], weights, rtol=0, atol=1e-9)


def test_spikes_for_which_room_was_made_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(network_arrays, "ROOM", 1)
    network = circuit(sh.rule("pair"))
    assert as_bytes(interrupted(network, [300, 301, 800], tmp_path)) == as_bytes(whole(network))


def test_a_run_that_was_interrupted_can_be_saved_where_it_stands(tmp_path, monkeypatch):
    network, calls = circuit(sh.rule("pair")), []

    def stop():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with Network(network) as run:
        monkeypatch.setattr("spikeheb.engines.kernel.run.stop_if_asked", stop)
        monkeypatch.setattr("spikeheb.engines.kernel.run.FIRST_PIECE", 1e-5)
        with pytest.raises(KeyboardInterrupt):
            run.to_end()
        assert 0 < run.now < STEPS
        run.save(tmp_path / "checkpoint.npz")
    with Network(network) as run:
        run.resume(tmp_path / "checkpoint.npz")
        assert as_bytes(run.to_end()) == as_bytes(whole(network))


@pytest.mark.parametrize("begun", [1, 3])
def test_an_interruption_while_threads_wait_for_each_other_loses_nothing(begun, tmp_path, monkeypatch):
    """With all three begun they end the piece, and it is saved; with one of them alone they give up."""
    network, path = circuit(sh.rule("pair")), tmp_path / "checkpoint.npz"

    class Pool(ThreadPoolExecutor):
        def submit(self, *arguments):
            submitted.append(arguments)
            if len(submitted) > begun:
                raise KeyboardInterrupt
            future = super().submit(*arguments)
            if len(submitted) == 3:
                future.result = interrupt
            return future

    def interrupt():
        raise KeyboardInterrupt

    submitted = []
    monkeypatch.setattr(run_module, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(run_module, "FIRST_PIECE", 1e-5)
    with Network(network, threads=3) as run, pytest.raises(KeyboardInterrupt):
        run.kept_in(Checkpoints(save=path))
    assert path.exists() == (begun == 3)
    if begun == 3:
        with Network(network, threads=1) as run:
            run.resume(path)
            assert run.now > 0
            assert as_bytes(run.to_end()) == as_bytes(whole(network))


def others(network):
    """Networks that differ from it in one thing."""
    projections, populations = dict(network.projections), dict(network.populations)
    yield replace(network, seed=network.seed + 1)
    yield replace(network, steps=network.steps + 1)
    yield replace(network, probes=Probes(trains=True))
    yield replace(network, precision="float32")
    yield replace(network, populations=populations | {"x": Spikes((Poisson(np.full(20, 61.0)),))})
    yield replace(network, projections=dict(reversed(projections.items())))
    yield replace(network, projections=projections | {"ea": replace(projections["ea"], delay=5e-3)})
    yield replace(network, projections=projections | {"ea": replace(projections["ea"], efficacy=4.0)})
    yield replace(network, projections=projections | {"ee": replace(projections["ee"], rule=sh.rule("pair", A_plus=0.02))})
    yield replace(network, projections=projections | {"ee": replace(projections["ee"], normalise=Normalise("divisive", 2.0))})
    imposed = Replayed(tuple(np.array([21 + 10 * n, 500 + n]) for n in range(12)))
    yield replace(network, drives=network.drives | {"e": replace(network.drives["e"], imposed=(imposed,))})
    yield replace(network, drives=network.drives | {"a": Drives(currents=(Change(EVERY, 100, 2.1e-10),))})


def test_the_checkpoint_of_another_network_is_refused(tmp_path):
    network, path = circuit(sh.rule("pair")), tmp_path / "checkpoint.npz"
    with Network(network) as run:
        run.advance(100)
        run.save(path)
    for other in others(network):
        with Network(other) as run, pytest.raises(StorageError, match="is a checkpoint of another circuit"):
            run.resume(path)


@pytest.mark.parametrize(
    "damage",
    [
        {"1.lane": lambda a: a[:1]}, {"1.fired": lambda a: a + 12}, {"1.fired": lambda a: a - 99}, {"0.fired_count": lambda a: a + 21},
        {"1.part": lambda a: a - 9}, {"1.kept_cells": lambda a: a + 12}, {"1.kept_cells": lambda a: a[:-1]}, {"now": lambda a: a + STEPS},
    ],
)  # fmt: skip
def test_a_damaged_checkpoint_is_refused(damage, tmp_path):
    """Its kernel would write beyond an array."""
    network, path = circuit(sh.rule("pair"), SHAPED), tmp_path / "checkpoint.npz"
    with Network(network) as run:
        run.advance(600)
        run.save(path)
        with np.load(path) as stored:
            arrays = dict(stored)
    np.savez(path, **arrays | {name: change(arrays[name]) for name, change in damage.items()})
    with Network(network) as run, pytest.raises(StorageError, match="damaged"):
        run.resume(path)


def test_a_number_that_is_none_is_found_after_a_pause_as_well(tmp_path, monkeypatch):
    """With spikes for which room is to be made while it is looked for."""
    monkeypatch.setattr(network_arrays, "ROOM", 1)
    network, path, messages = circuit(sh.rule("pair")), tmp_path / "checkpoint.npz", []
    network = replace(network, drives=network.drives | {"a": Drives(currents=(Change(2, 800, 1e308),))})
    for stop in (0, 500):
        with Network(network) as run:
            run.advance(stop)
            run.save(path)
        with Network(network) as run:
            run.resume(path)
            with pytest.raises(NonFiniteError) as failure:
                run.to_end()
        messages.append(str(failure.value))
    assert messages[0] == messages[1]
    assert 'of cell 2 of "a" is not finite at 0.0800 s' in messages[0]


def test_a_run_with_phases_is_resumed_in_whichever_it_was(tmp_path):
    phases = (Phase(step=300, plastic={"ee": False}, parameters={"ae": {"eta": 0.5}}), Phase(step=600, plastic={"ee": True}))
    whole = replace(circuit(sh.rule("pair")), phases=phases)
    with Network(whole) as run:
        expected = run.to_end()
    for stop in (299, 300, 450, 600):
        with Network(whole) as first:
            first.advance(stop)
            first.save(tmp_path / "stop.npz")
        with Network(whole) as second:
            second.resume(tmp_path / "stop.npz")
            recording = second.to_end()
        for name in expected.w:
            assert recording.w[name].tobytes() == expected.w[name].tobytes()
    with Network(replace(whole, phases=phases[:1])) as other, pytest.raises(StorageError, match="another circuit"):
        other.resume(tmp_path / "stop.npz")


def test_pieces_are_long_where_there_are_many_synapses(monkeypatch):
    """After each piece all weights are looked at: where that takes as long as a piece should, pieces must not be made shorter for it."""
    calls = []
    once = Network._call

    def counted(self, share, until, careful):
        calls.append(until)
        return once(self, share, until, careful)

    monkeypatch.setattr(Network, "_call", counted)
    monkeypatch.setattr(network_module, "PIECE", 1e-9)
    monkeypatch.setattr(run_module, "FIRST_PIECE", 1e-9)
    numbers = []
    for of_a_synapse in (0.0, 1.0):
        monkeypatch.setattr(network_module, "OF_A_SYNAPSE", of_a_synapse)
        calls.clear()
        whole = circuit(sh.rule("pair"))
        with Network(whole, threads=1) as started:
            started.advance(whole.steps)
        numbers.append(len(calls))
    assert numbers[0] > whole.steps / 3
    assert numbers[1] < 30
