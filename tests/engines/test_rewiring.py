"""Structure that changes between phases: weak synapses replaced by others, the same in both engines, with the degrees kept."""

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Explicit, FixedIndegree, PairwiseBernoulli
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives, from_start
from spikeheb.circuits.phases import Phase, Rewire
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.sources import Poisson
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import network
from spikeheb.engines.plain import network as plain
from spikeheb.library import names

CELL = sh.cell("l5_pyramidal")
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
SOME = PairwiseBernoulli(probability=0.3, autapses=False)
DECAYING = ()
"""Rules whose weight decays by itself."""
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
        populations={"x": Spikes((Poisson(np.full(20, 60.0)),)), "e": Cells(cells, cell)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=6), receptor="ampa", efficacy=6.0),
            "ee": Projection("e", "e", **more | projection),
        },
        drives={"e": Drives(currents=from_start(current), rewards=(Change(EVERY, 400, 1.0), Change(2, 900, -0.5)))},
        phases=phases or (Phase(step=500, rewire={"ee": how}), Phase(step=1001, rewire={"ee": replace(how, below=0.6)})),
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
@pytest.mark.parametrize("name", sorted(names("rule")))
def test_every_rule_of_the_library_agrees_or_is_refused_by_both(name):
    circuit = recurrent(name, cell=sh.cell("l5_clopath") if name == "clopath" else CELL, current=1e-9 if name == "clopath" else 4e-10)
    if name in DECAYING:
        for engine in (network, plain):
            with pytest.raises(sh.EngineError, match="weight decays by itself are not rewired"):
                engine.run(circuit)
    else:
        agree(circuit)


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
    "delays of the rule": {"rule": sh.rule("pair", axonal_delay="1 ms", backpropagation_delay="0.7 ms")},
}  # fmt: skip


@needs_compiler
@pytest.mark.parametrize("feature", FEATURES)
def test_what_a_projection_may_have_agrees(feature):
    agree(recurrent(**FEATURES[feature]))
