"""Which loop has which feature: every yes is run on one small circuit and held to the plain engine, every no has its words.

The circuit of a feature is the same for all loops: two inputs onto each of three cells.
"""

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in

import spikeheb as sh
from spikeheb.cells.cell import Hold
from spikeheb.circuits import usual
from spikeheb.circuits.connect import Pairwise
from spikeheb.circuits.drives import EVERY, RELEASED, Change
from spikeheb.circuits.projections import Normalise
from spikeheb.circuits.sources import Poisson, Replayed
from spikeheb.circuits.steps import NO_STEPS
from spikeheb.draws.expanded import expanded, gathered
from spikeheb.engines.brian import runtime
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, numpy_lanes, runner
from spikeheb.engines.plain import run as plain
from spikeheb.errors import EngineError
from spikeheb.program.analysis import analyse
from spikeheb.rules import read_rule

DT, STEPS, CELLS = 1e-4, 3000, 3
PRE = (np.array([5, 300, 700, 1900]), np.array([290, 701, 1200]))
POST = Replayed(tuple(np.array([8 + 10 * n, 300, 705, 1210 + n]) for n in range(CELLS)))
CELL = sh.cell("ca1_pyramidal")
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


def in_numpy(circuit):
    lanes = expanded(circuit)
    if lanes.plastic.normalise is not None or lanes.precision != "float64":
        runner.run(lanes)  # numpy lanes are reached through it
    return gathered(circuit, numpy_lanes.run(lanes, analyse(lanes.rule, lanes.cell, lanes.dt, varying=frozenset(lanes.plastic.overrides))))


LOOPS = {
    "lanes": runner.run,
    "numpy": in_numpy,
    "dense": fan_in.run,
    "brian": lambda circuit: runtime.run(circuit, "numpy"),
    "plain": plain.run,
}
PRECISION = dict.fromkeys(("lanes", "numpy", "brian", "plain"), "double precision|single precision")
ALONE = dict.fromkeys(("lanes", "numpy"), "normalisation and single precision are for circuits")
OWN_NUMBERS = {"brian": None}
"""Brian2 draws numbers of its own: it runs, and is held to nothing here."""


def circuit(rule="pair", cell=None, **more):
    rule = sh.rule(rule) if isinstance(rule, str) else rule
    given = {"imposed": (POST,), "snapshots": np.array([299, 1500, STEPS - 1]), "trains": True, "seed": 2}
    if cell is not None:
        given["current"] = 4e-10
    return of_fan_in(rule, cell, DT, STEPS, CELLS, (Replayed(PRE),), **(given | more))


def rule_of(folder, text):
    (folder / "own.toml").write_text(text)
    return read_rule(folder / "own.toml")


DRAWING = """
schema = 1
name = "drawing"
title = "A weight that is thrown"
doc = "Every presynaptic spike adds a random number."
[synapse]
model = "w : 1"
weight = "w"
initial = { w = 0.5 }
[[on]]
event = "pre"
do = ["w += 0.1*randn()"]
[bounds]
kind = "none"
[parameters]
"""


RELEASING = """
schema = 1
name = "releasing"
title = "An efficacy that reads variables of the input, the synapse, the cell and [post]"
doc = "A presynaptic spike uses some of what an input has; a postsynaptic one lets the cell's synapses grow."
[synapse]
model = '''
w : 1
used : 1
grown : 1
'''
weight = "w"
efficacy = "w*(1 - used)*(1 + grown)*(1 + rate) + v/(1*volt)"
initial = { w = 0.5 }
[post]
model = "drate/dt = -rate/(50*ms) : 1"
on_spike = ["rate += 0.5"]
[[on]]
event = "pre"
do = ["used += 0.3*(1 - used)", "ltp = 0.02*grown"]
[[on]]
event = "post"
do = ["grown += 0.1", "ltp = 0.05*used"]
[bounds]
kind = "none"
[parameters]
"""


def of_everything(folder):
    return circuit(rule_of(folder, RELEASING), CELL, samples=np.array([0, 299, 300, 705, STEPS - 1]))


def inhibited(folder):
    return usual.with_unplastic(circuit(cell=CELL), (Replayed((np.array([100, 400, 410, 2000]),) * 3),), "gaba", 0.8, 0.001)


def inhibited_by_pairs(folder):
    return with_other_connections(inhibited(folder), "unplastic", Pairwise(np.array([0, 0, 2])))


def pairs_with_shared_inhibition(folder):
    pairs = with_other_connections(inhibited(folder), "synapses", Pairwise(np.array([0, 2])))
    return but(pairs, snapshots=NO_STEPS, samples=np.array([500, STEPS - 1]))


def with_other_connections(circuit, name, connect):
    return replace(circuit, projections=circuit.projections | {name: replace(circuit.projections[name], connect=connect)})


def two_from_one_population(folder):
    whole = but(inhibited(folder), inputs=(Poisson(np.array([40.0, 30.0])),))
    return replace(whole, projections=whole.projections | {"unplastic": replace(whole.unplastic, pre=whole.plastic.pre)})


def clamped(folder):
    changes = (Change(0, 300, -0.05), Change(0, 900, RELEASED), Change(EVERY, 2000, -0.06))
    return circuit("clopath", sh.cell("l5_clopath"), clamps=changes, sweeps=np.array([250, 2100]), sweep_steps=300)


def stepping_current(folder):
    changes = (Change(EVERY, 100, 5e-10), Change(1, 900, 0.0), Change(2, 1500, 8e-10))
    return circuit(cell=CELL, currents=changes, sweeps=np.array([50, 1450]), sweep_steps=600)


def shaped(folder):
    return circuit(cell=replace(CELL, shape=(Hold(0.03, 1e-3), Hold(0.01, 5e-4)), refractory=2e-3))


FEATURES = {
    "ties: pre first": (lambda folder: circuit(sh.rule("pair", coincidence="pre_first")), {}),
    "ties: post first": (lambda folder: circuit(sh.rule("pair", coincidence="post_first")), {}),
    "ties: discard": (lambda folder: circuit(sh.rule("pair", coincidence="discard")), {}),
    "spike shape and hold": (shaped, {}),
    "delayed reads": (lambda folder: circuit("clopath", sh.cell("l5_clopath")), {}),
    "decays between events": (lambda folder: circuit("triplet"), {}),
    "[post] at the start": (lambda folder: circuit("bcm"), {}),
    "clamps and the potential": (clamped, {}),
    "currents that change": (stepping_current, {}),
    "constants by cell": (lambda folder: circuit(overrides={"A_plus": np.array([0.0, 0.01, 0.02])}), {}),
    "efficacy at times": (lambda folder: but(circuit(), samples=np.array([500, STEPS - 1])), {}),
    "efficacy of everything": (of_everything, {}),
    "inputs without plasticity": (inhibited, {}),
    "inputs without plasticity, in pairs": (inhibited_by_pairs, {"dense": "two projections that are connected differently"}),
    "pairs, and inputs without plasticity": (pairs_with_shared_inhibition, {"dense": "sources that reach one cell each"}),
    "two projections from one population": (two_from_one_population, {"dense": "two projections from one population"}),
    "normalisation": (lambda folder: circuit(normalise=Normalise("divisive", 1.0)), ALONE),
    "watched weights": (lambda folder: circuit(watched=np.array([[2, 1]]), watch=np.array([10, 2000])), {}),
    "histograms": (lambda folder: circuit(histograms=np.array([STEPS - 1]), edges=np.linspace(0, 1, 5)), {}),
    "single precision": (lambda folder: circuit(precision="float32"), PRECISION),
    "noise": (lambda folder: circuit("graupner_brunel"), OWN_NUMBERS),
    "mirrored noise": (lambda folder: circuit("graupner_brunel", mirrored=True), OWN_NUMBERS),
    "draws in handlers": (lambda folder: circuit(rule_of(folder, DRAWING)), OWN_NUMBERS),
    "rewards": (lambda folder: circuit("izhikevich_reward", rewards=(Change(EVERY, 400, 1.0), Change(1, 900, -0.5))), {}),
    "delays": (lambda folder: circuit(sh.rule("pair", axonal_delay="2 ms", backpropagation_delay="0.7 ms")), {}),
    "own trains of each cell": (
        lambda folder: of_fan_in(
            sh.rule("pair"), None, DT, STEPS, CELLS, (Replayed(PRE * CELLS, CELLS),), private=True, imposed=(POST,), trains=True
        ),
        {},
    ),
}


def recorded(circuit):
    """How many numbers each part of a recording has."""
    probes, synapses, cells = circuit.probes, circuit.synapse_count, circuit.cells.count
    return {
        "snapshots": len(probes.snapshots) * synapses, "watched": len(probes.watched) * len(probes.watch),
        "histograms": len(probes.histograms) * (len(probes.edges) - 1), "v": cells * len(probes.sweeps) * probes.sweep_steps,
        "weight": len(probes.samples) * synapses, "efficacy": len(probes.samples) * synapses,
    }  # fmt: skip


@needs_compiler
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("feature", FEATURES)
def test_every_loop_has_every_feature_or_says_why_not(feature, loop, tmp_path):
    make, refusals = FEATURES[feature]
    whole, run = make(tmp_path), LOOPS[loop]
    if refusals.get(loop):
        with pytest.raises(EngineError, match=refusals[loop]):
            run(whole)
        return
    recording = run(whole)
    if loop in refusals:
        assert np.all(np.isfinite(recording.w))
        return
    expected = plain.run(replace(whole, precision="float64"))
    for name, count in recorded(whole).items():
        assert getattr(expected, name).size == count, name
    close = {"rtol": 0, "atol": 1e-10 if whole.precision == "float64" else 1e-5}
    for a, b in zip(recording.spikes, expected.spikes, strict=True):
        np.testing.assert_array_equal(a, b)
    for name in ("w", "snapshots", "watched", "histograms", "v", "weight", "efficacy"):
        if getattr(expected, name).size or getattr(recording, name).size:
            np.testing.assert_allclose(getattr(recording, name), getattr(expected, name), err_msg=name, **close)


@pytest.mark.parametrize("feature", FEATURES)
def test_the_circuit_of_a_feature_does_something(feature, tmp_path):
    whole = FEATURES[feature][0](tmp_path)
    assert np.ptp(plain.run(replace(whole, precision="float64")).w) > 1e-9
