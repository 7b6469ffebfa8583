"""Networks that the tests of NEST run, and those of what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import FixedIndegree, PairwiseBernoulli
from spikeheb.circuits.distributions import Uniform
from spikeheb.circuits.drives import EVERY, Change, Drives, from_start
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Poisson, Replayed

DT, STEPS = 1e-4, 30_000
SOME = PairwiseBernoulli(probability=0.5)
SPREAD = Uniform(low=0.2, high=0.8)
RELAY = """
schema = 1
name = "relay"
title = "A cell that fires only when it is told to"
doc = "Its threshold reads constants alone."
[parameters]
C = { value = "200 pF", doc = "capacitance", source = "chosen for illustration" }
g_L = { value = "10 nS", doc = "leak", source = "chosen for illustration" }
E_L = { value = "-60 mV", doc = "rest", source = "chosen for illustration" }
never = { value = "0 mV", doc = "above rest", source = "chosen for illustration" }
[membrane]
model = "dv/dt = (g_L*(E_L - v) + I_syn + I_ext)/C : volt"
method = "exponential_euler"
threshold = "E_L > never"
initial = { v = "E_L" }
[spike]
reset = ["v = E_L"]
[receptors.ampa]
unit = "1 nS"
reversal = "0 mV"
decay = "5 ms"
doc = "of no effect"
source = "chosen for illustration"
"""


def relay_in(folder):
    """The cell that fires only when it is told to."""
    path = folder / "relay.toml"
    path.write_text(RELAY, encoding="utf-8")
    return sh.cell(path)


def given(cell, rule, w=SPREAD, *, delay=0.0, ties=False):
    """Eight inputs and four cells with given trains; without ties the ones fire in even steps and the others in odd ones."""
    rng = np.random.default_rng(7)
    steps = [np.sort(rng.choice(STEPS - 1000, 80, replace=False)) for _ in range(12)]
    if not ties:
        steps = [np.unique(train // 2 * 2 + (n >= 8)) for n, train in enumerate(steps)]
    return Circuit(
        dt=DT, steps=STEPS, seed=3, populations={"x": Spikes((Replayed(tuple(steps[:8])),)), "e": Cells(4, cell)},
        projections={"xe": Projection("x", "e", PairwiseBernoulli(probability=0.7), rule, initial={rule.weight: w}, delay=delay)},
        drives={"e": Drives(imposed=(Replayed(tuple(steps[8:])),))},
        probes=Probes(trains=True, snapshots=np.array([STEPS // 2, STEPS - 1])),
    )  # fmt: skip


def of(name, **changes):
    return sh.rule(name, coincidence="discard", **changes)


def recurrent(seed, rule, steps=20_000):
    """Eighty excitatory cells and twenty inhibitory ones that reach each other, and random inputs."""
    cell, back = sh.cell("vogels_2011"), "3 ms"
    some = FixedIndegree(count=20, autapses=False)
    balancing = transmitting_last("vogels", eta=0.02, rho_0="10 Hz", backpropagation_delay=back)
    return Circuit(
        dt=DT, steps=steps, seed=seed,
        populations={"x": Spikes((Poisson(np.full(200, 12.0)),)), "e": Cells(80, cell), "i": Cells(20, cell)},
        projections={
            "xe": Projection("x", "e", FixedIndegree(count=50), receptor="ampa", efficacy=1.2, delay=1.5e-3),
            "xi": Projection("x", "i", FixedIndegree(count=50), receptor="ampa", efficacy=1.2, delay=1.5e-3),
            "ee": Projection("e", "e", some, replace_delay(rule, back), receptor="ampa", initial={"w": 0.5}, delay=1.5e-3),
            "ie": Projection("i", "e", FixedIndegree(count=10), balancing,
                             receptor="gaba", initial={"w": 1.0}, delay=1.5e-3),
        },
        drives={name: Drives(currents=from_start(5e-11)) for name in ("e", "i")},
        probes=Probes(trains=True, snapshots=np.array([steps // 2])),
    )  # fmt: skip


def transmitting_last(name, **changes):
    """The rule of the library, but a spike transmits after its own change of the weight, as it does in NEST."""
    rule = of(name, **changes)
    lines = rule.handlers[0].lines
    assert lines[0].target == "transmit"
    return replace(rule, handlers=(replace(rule.handlers[0], lines=(*lines[1:], lines[0])), *rule.handlers[1:]))


def replace_delay(rule, back):
    return replace(rule, backpropagation_delay=sh.rule("pair", backpropagation_delay=back).backpropagation_delay)


def rewarded(cell, rule, amounts=(0.5, 0.5, 0.5, 0.5, 0.5), *, delay=0.0, ties=False):
    """The same with rewards to all cells, the first of them in the first step and two of them in one."""
    circuit = given(cell, rule, delay=delay, ties=ties)
    steps = (0, 3001, 9000, 9000, STEPS - 1500)
    rewards = tuple(Change(EVERY, step, amount) for step, amount in zip(steps, amounts, strict=True))
    return replace(circuit, drives={"e": replace(circuit.drives["e"], rewards=rewards)})


def eligibility(**changes):
    """Dopamine and eligibility for all pairs, with a gain at which few weights reach their bounds."""
    return of("izhikevich_reward", **({"interaction": "all_to_all", "gain": "5 / second"} | changes))
