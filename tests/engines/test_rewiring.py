"""Structure that changes between phases: weak synapses replaced by others, the same in both engines, with the degrees kept."""

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Explicit, FixedIndegree, FixedOutdegree, PairwiseBernoulli
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives, Noise, from_start
from spikeheb.circuits.phases import Phase, Rewire
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import OfSynapses, Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.circuits.triggers import Trigger
from spikeheb.draws.edges import edges_of
from spikeheb.draws.rewire import rewired
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network
from spikeheb.engines.plain import network as plain
from spikeheb.library import names

CELL = sh.cell("l5_pyramidal")
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
SOME = PairwiseBernoulli(probability=0.3, autapses=False)
DECAYING = """
schema = 1
name = "decaying"
title = "decaying"
doc = "A weight that decays by itself."
[parameters]
tau = { value = "20 ms", doc = "", source = "chosen" }
[synapse]
model = "dw/dt = -w/tau : 1"
weight = "w"
initial = { w = 0.5 }
[[on]]
event = "pre"
do = ["transmit = w", "w += 0.1"]
[[on]]
event = "post"
do = ["w += 0.1"]
"""
WEAK = Rewire(0.5, "indegree")


def recurrent(
    rule="pair", *, how=WEAK, steps=1500, precision="float64", seed=3, phases=None, cells=12, cell=CELL, current=4e-10, **projection
):
    """Cells that reach each other, and twenty random inputs; twice some synapses are replaced."""
    rule = sh.rule(rule) if isinstance(rule, str) else rule
    more = {"connect": SOME, "rule": rule, "receptor": "ampa", "delay": Uniform(low=1e-3, high=5e-3)}
    more |= {"initial": {rule.weight: Uniform(low=0.3, high=0.7)}}
    return Circuit(
        dt=1e-4, steps=steps, seed=seed, precision=precision,
        populations={"x": Spikes((Poisson(np.full(20, 60.0)),)), "e": Cells(12, cell)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=6.0),
            "ee": Projection("e", "e", **more | projection),
        },
        drives={"e": Drives(currents=from_start(current), rewards=(Change(EVERY, 400, 1.0), Change(2, 900, -0.5)))},
        phases=(Phase(step=500, rewire={"ee": how}), Phase(step=1001, rewire={"ee": replace(how, below=0.6)})),
        probes=Probes(trains=True, snapshots=np.array([499, 500, steps - 1])),
    )  # fmt: skip


def agree(circuit, atol=1e-10):
    a, b = network.run(circuit), plain.run(replace(circuit, precision="float64"))
    assert a.counts["e"].sum() > 20
    for of_kernel, of_plain in zip(a.spikes["e"], b.spikes["e"], strict=True):
        np.testing.assert_array_equal(of_kernel, of_plain)
    for name in ("pre", "post", "delay"):
        np.testing.assert_array_equal(getattr(a, name)["ee"], getattr(b, name)["ee"])
    np.testing.assert_allclose(a.w["ee"], b.w["ee"], rtol=0, atol=atol)
    np.testing.assert_allclose(a.snapshots["ee"], b.snapshots["ee"], rtol=0, atol=atol)
    assert len(a.rewirings["ee"]) == len(b.rewirings["ee"]) > 0
    for mine, other in zip(a.rewirings["ee"], b.rewirings["ee"], strict=True):
        assert (mine.step, mine.pruned, mine.grown) == (other.step, other.pruned, other.grown)
        np.testing.assert_array_equal([mine.pre, mine.post], [other.pre, other.post])
    assert sum(each.pruned for each in a.rewirings["ee"]) > 0
    return a


@needs_compiler
@pytest.mark.parametrize("name", sorted(names("rule"))[::3])
def test_every_third_rule_of_the_library_agrees(name):
    agree(recurrent(name, cell=sh.cell("l5_clopath"), current=1e-9) if name == "clopath" else recurrent(name))


FEATURES = {
    "outdegree": {"how": Rewire(0.5, "outdegree")},
    "one delay": {"delay": 2e-3},
    "none": {"delay": 0.0},
    "all to all": {"connect": AllToAll(autapses=False)},
    "multiple contacts": {"connect": FixedIndegree(count=9, autapses=True, multiple=True)},
    "given synapses": {"connect": Explicit(pre=np.array([3, 0, 1, 7, 7, 4, 2]), post=np.array([0, 0, 5, 2, 2, 9, 1]))},
    "given weights": {
        "connect": Explicit(pre=np.arange(12), post=np.arange(12)[::-1], weight=np.linspace(0.3, 0.7, 12), delay=np.full(12, 1e-3)),
        "initial": {}, "delay": 0.0,
    },
    "some of the cells": {"pre_cells": (2, 9), "post_cells": (2, 9)},
    "normalised": {"normalise": Normalise("divisive", 1.5)},
    "constants by cell": {"overrides": {"A_plus": np.linspace(0.0, 0.02, 12)}},
    "numbers of 32 bits": {"delay": Uniform(low=0.0, high=0.6), "current": 8e-10},
    "delays of the rule": {"rule": sh.rule("pair", axonal_delay="1 ms", backpropagation_delay="0.7 ms")},
}  # fmt: skip


@needs_compiler
@pytest.mark.parametrize("feature", FEATURES)
def test_what_a_projection_may_have_agrees(feature):
    agree(recurrent(**FEATURES[feature]))


@needs_compiler
def test_single_precision_rewires_too():
    agree(recurrent(precision="float32"), atol=1e-4)


@needs_compiler
def test_constants_that_a_phase_gives_hold_after_rewiring():
    phases = (Phase(step=300, parameters={"ee": {"A_plus": 0.05}}, plastic={"ee": False}), Phase(step=500, rewire={"ee": WEAK}),
              Phase(step=700, plastic={"ee": True}))  # fmt: skip
    observed = replace(recurrent(), phases=phases, probes=Probes(trains=True, snapshots=np.array([500, 699, 1499])))
    recording = agree(observed)
    np.testing.assert_array_equal(recording.snapshots["ee"][0], recording.snapshots["ee"][1])


@needs_compiler
def test_a_weight_that_decays_by_itself_agrees(tmp_path):
    path = tmp_path / "decaying.toml"
    path.write_text(DECAYING, encoding="utf-8")
    agree(recurrent(sh.rule(path), how=Rewire(0.2, "indegree")))


@pytest.mark.parametrize(
    "connect",
    [
        SOME,
        FixedIndegree(count=5, autapses=False),
        FixedOutdegree(count=11, autapses=False),
        FixedIndegree(count=30, autapses=True, multiple=True),
        AllToAll(autapses=False),
    ],
    ids=str,
)
@pytest.mark.parametrize("keep", ["indegree", "outdegree"])
def test_degrees_are_kept_and_no_pair_is_joined_twice(connect, keep):
    circuit = recurrent(how=Rewire(0.5, keep), connect=connect)
    before = edges_of(circuit, "ee")
    weights = np.random.default_rng(4).uniform(0, 1, len(before.pre))
    change = rewired(circuit, "ee", 0, before, weights)
    after, kept = change.edges, ~change.fresh
    own = "post" if keep == "indegree" else "pre"
    np.testing.assert_array_equal(np.bincount(getattr(before, own), minlength=12), np.bincount(getattr(after, own), minlength=12))
    assert np.count_nonzero(change.fresh) == np.count_nonzero(weights < 0.5)
    for name in ("pre", "post", "delay"):
        np.testing.assert_array_equal(getattr(after, name)[kept], getattr(before, name)[change.before[kept]])
    assert np.all(weights[change.before[kept]] >= 0.5)
    pairs = after.post * 12 + after.pre
    assert np.all(np.diff(pairs) >= (0 if getattr(connect, "multiple", False) else 1))
    assert connect.autapses or not np.any(after.pre == after.post)
    np.testing.assert_array_equal(np.sort(change.before), np.arange(len(before.pre)))


def test_what_a_cell_grows_depends_on_nothing_else():
    circuit = recurrent(connect=FixedIndegree(count=4, autapses=False))
    edges = edges_of(circuit, "ee")
    weights = np.random.default_rng(4).uniform(0, 1, len(edges.pre))
    others = np.where(edges.post == 5, weights, 0.9)
    a, b = (rewired(circuit, "ee", 0, edges, each).edges for each in (weights, others))
    np.testing.assert_array_equal(a.pre[a.post == 5], b.pre[b.post == 5])
    assert np.any(a.pre[a.post != 5] != b.pre[b.post != 5])
    later = rewired(circuit, "ee", 1, edges, weights).edges
    assert np.any(later.pre != a.pre)
    assert np.any(rewired(replace(circuit, seed=9), "ee", 0, edges, weights).edges.pre != a.pre)


@pytest.mark.parametrize("connect", [FixedIndegree(count=4, autapses=False), FixedIndegree(count=30, autapses=False)])
def test_new_partners_are_drawn_evenly(connect):
    """Chi-square of the new sources over many cells; few are free in the second case, so that the last ones are taken in an order."""
    cells = 40
    grown = np.zeros(cells)
    small = recurrent()
    many = {**small.populations, "e": Cells(cells, CELL)}
    for seed in range(30):
        projections = {**small.projections, "ee": replace(small.projections["ee"], connect=connect)}
        circuit = replace(small, populations=many, projections=projections, seed=seed)
        edges = edges_of(circuit, "ee")
        weights = np.random.default_rng(seed).uniform(0, 1, len(edges.pre))
        change = rewired(circuit, "ee", 0, edges, weights)
        grown += np.bincount(change.edges.pre[change.fresh], minlength=cells)
    chi_square = np.sum((grown - grown.mean()) ** 2) / grown.mean()
    assert chi_square < cells + 5 * np.sqrt(2 * cells)


def test_more_synapses_than_partners_are_refused():
    twice = Explicit(pre=np.zeros(14, dtype=int), post=np.zeros(14, dtype=int))
    circuit = recurrent(connect=twice, how=Rewire(2.0, "indegree"))
    with pytest.raises(sh.EngineError, match=r'"ee" cannot be rewired: \d synapses need a partner, and 0 are free'):
        rewired(circuit, "ee", 0, edges_of(circuit, "ee"), np.zeros(14))


@needs_compiler
@pytest.mark.parametrize("stops", [[500], [501, 1001], [100, 700, 1200]])
def test_a_rewired_network_goes_on_from_a_checkpoint_with_the_same_bytes(stops, tmp_path):
    circuit, path = recurrent(), tmp_path / "checkpoint.npz"
    expected = network.run(circuit)
    for number, stop in enumerate(stops):
        with network.Network(circuit) as run:
            if number:
                run.resume(path)
            run.advance(stop)
            run.save(path)
    with network.Network(circuit) as run:
        run.resume(path)
        recording = run.to_end()
    for name in ("pre", "post", "delay", "w", "snapshots"):
        assert getattr(recording, name)["ee"].tobytes() == getattr(expected, name)["ee"].tobytes(), name
    assert [(each.step, each.pruned, each.pre.tobytes()) for each in recording.rewirings["ee"]] == [
        (each.step, each.pruned, each.pre.tobytes()) for each in expected.rewirings["ee"]
    ]


@needs_compiler
def test_a_checkpoint_whose_synapses_lead_nowhere_is_refused(tmp_path):
    circuit, path = recurrent(), tmp_path / "checkpoint.npz"
    with network.Network(circuit) as run:
        run.advance(700)
        run.save(path)
    for row, number in ((0, 12), (1, -1), (2, 10**6), (3, 0)):
        with np.load(path) as stored:
            state = {name: np.array(stored[name]) for name in stored.files}
        state["rewired ee.now"][row, -1] = number
        np.savez(tmp_path / "damaged.npz", **state)
        with network.Network(circuit) as run, pytest.raises(sh.StorageError, match="damaged checkpoint"):
            run.resume(tmp_path / "damaged.npz")


@needs_compiler
@pytest.mark.parametrize("engine", ["kernel", "plain"])
def test_the_result_says_what_was_pruned_and_which_synapses_there_were_at_each_snapshot(engine):
    data = sh.network(recurrent(), engine=engine)
    before = edges_of(recurrent(), "ee")
    assert data["ee_pre"].dims == ("snapshot", "ee_synapse")
    np.testing.assert_array_equal(data["ee_pre"].values[0], before.pre)
    assert np.any(data["ee_pre"].values[0] != data["ee_pre"].values[1])
    assert data["ee_pruned"].values.tolist() == data["ee_grown"].values.tolist()
    np.testing.assert_allclose(data["ee_rewiring"].values, [0.05, 0.1001])
    weak = data["ee_weight"].values[0] < 0.5
    assert data["ee_pruned"].values[0] == np.count_nonzero(weak) > 0


@needs_compiler
def test_a_number_that_is_not_finite_from_a_phase_on_is_found_with_its_time():
    """The step is looked for from the start of the piece, which is that of the phase."""
    circuit = recurrent(sh.rule("pair", bounds="none"))
    broken = replace(circuit, phases=(*circuit.phases[:1], Phase(step=800, parameters={"ee": {"A_plus": 1e308}})))
    for engine in (network, plain):
        with pytest.raises(sh.NonFiniteError, match=r"is not finite at 0\.(08|09|1)\d+ s"):
            engine.run(broken)


REWARDED = """
schema = 1
name = "rewarded"
title = "Tags that a clock puts into the weight as far as there was reward"
doc = "Each spike tags; every 3 ms a part of the tag goes into the weight."
[parameters]
tau = { value = "50 ms", doc = "decay of the tag", source = "chosen" }
tau_d = { value = "30 ms", doc = "decay of the reward", source = "chosen" }
[synapse]
model = '''
dc/dt = -c/tau : 1
dd/dt = -d/tau_d : 1
w : 1
'''
weight = "w"
initial = { w = 0.5 }
[[on]]
event = "pre"
do = ["transmit = 1", "c += 1"]
[[on]]
event = "post"
do = ["c += 0.3"]
[[on]]
event = "reward"
do = ["d += amount"]
[[on]]
event = "clock"
every = "3 ms"
do = ["w += 0.02*c*(0.1 + d)", "c *= 0.9"]
[bounds]
kind = "none"
"""


@needs_compiler
def test_rewards_that_cells_bring_about_random_currents_and_the_clock_go_on(tmp_path):
    path = tmp_path / "rewarded.toml"
    path.write_text(REWARDED, encoding="utf-8")
    trigger = Trigger(first=("e", 0), then=("e", 3), within=20e-3, value=0.05, after=(1e-3, 30e-3), rewards=("e",))
    alone = recurrent(sh.rule(path))
    noisy = replace(alone.drives["e"], noise=Noise(low=-3e-10, high=9e-10, every=1e-3))
    phases = tuple(Phase(step=step, rewire={"ee": Rewire(below, "indegree")}) for step, below in ((500, 0.75), (1001, 1.2)))
    circuit = replace(alone, drives={"e": noisy}, triggers={"t": trigger}, phases=phases)
    recording = agree(circuit)
    without = network.run(replace(circuit, triggers={}))
    assert np.abs(recording.w["ee"] - without.w["ee"]).max() > 1e-3
    assert all(each.pruned > 5 for each in recording.rewirings["ee"])


@needs_compiler
def test_histograms_and_snapshots_of_its_own_are_of_the_synapses_as_they_are_then():
    steps, edges = np.array([20, 499, 500, 1000, 1001, 1400]), np.linspace(-0.03, 1.03, 14)
    of = OfSynapses(snapshots=steps, histograms=steps, edges=edges)
    circuit = replace(recurrent(), probes=Probes(trains=True, projections={"ee": of}))
    recording = agree(circuit)
    expected = [np.histogram(weights, edges)[0] for weights in recording.snapshots["ee"]]
    np.testing.assert_array_equal(recording.histograms["ee"], expected)
    np.testing.assert_array_equal(plain.run(circuit).histograms["ee"], expected)
    data = sh.network(circuit)
    assert data["ee_pre"].dims == ("ee_snapshot", "ee_synapse")
    np.testing.assert_array_equal(data["ee_pre"].values[1], recording.rewirings["ee"][0].pre)
    np.testing.assert_array_equal(data["ee_post"].values[2], recording.rewirings["ee"][1].post)


@pytest.mark.parametrize("watched", [3, np.array([[0, 1]])])
def test_synapses_that_may_be_removed_cannot_be_watched(watched):
    of = OfSynapses(watched=watched, watch=np.array([0, 700]))
    with pytest.raises(sh.EngineError, match=r"probes\.projections\.ee\.watched: its synapses cannot be watched while phases rewire it"):
        replace(recurrent(), probes=Probes(projections={"ee": of}))
    still = replace(recurrent(), phases=(), probes=Probes(projections={"ee": of}))
    with pytest.raises(sh.EngineError, match="cannot be watched"):
        replace(still, phases=recurrent().phases)


class Stop:
    """Interrupts a run at its n-th look."""

    def __init__(self, at):
        self.left = at

    def __call__(self):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@needs_compiler
@pytest.mark.parametrize("looks", [1, 3, 5, 8])
@pytest.mark.parametrize("every", ["0 s", None])
def test_an_interrupted_run_is_saved_and_goes_on_to_the_same_result(looks, every, tmp_path, monkeypatch):
    path, circuit = tmp_path / "run.npz", recurrent()
    whole = sh.network(circuit)
    monkeypatch.setattr("spikeheb.engines.kernel.run.FIRST_PIECE", 1e-5)
    monkeypatch.setattr("spikeheb.engines.kernel.run.PIECE", 1e-5)
    monkeypatch.setattr("spikeheb.engines.kernel.run.stop_if_asked", Stop(looks))
    with pytest.raises(KeyboardInterrupt):
        sh.network(circuit, save=path, every=every)
    monkeypatch.undo()
    assert sh.network(circuit, resume=path).identical(whole)
