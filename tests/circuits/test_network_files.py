"""Networks in files: what is written is read, and what is wrong is said in one line with file and key."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import (
    AllToAll,
    Connector,
    Explicit,
    FixedIndegree,
    FixedOutdegree,
    FixedTotal,
    OneToOne,
    PairwiseBernoulli,
)
from spikeheb.circuits.distributions import Distribution, LogNormal, Normal, Uniform
from spikeheb.circuits.drives import Drives, from_start
from spikeheb.circuits.file_text import difference
from spikeheb.circuits.files import circuit_to_toml, read_circuit
from spikeheb.circuits.phases import Phase, Rewire
from spikeheb.circuits.populations import Cells, Spikes
from spikeheb.circuits.probes import Probes
from spikeheb.circuits.projections import Projection
from spikeheb.circuits.sources import Between, Poisson
from spikeheb.cli.app import run

ROOT = Path(__file__).parents[2]
VOGELS = ROOT / "models" / "networks" / "vogels_2011.toml"
CELL = sh.cell("vogels_2011")
CONNECTORS: tuple[Connector, ...] = (
    AllToAll(autapses=True), OneToOne(), PairwiseBernoulli(probability=0.1, autapses=False),
    FixedIndegree(count=3, autapses=False, multiple=True), FixedOutdegree(count=2, autapses=True), FixedTotal(count=7, autapses=False),
    Explicit(pre=np.array([3, 0]), post=np.array([1, 1])),
)  # fmt: skip
DRAWN: tuple[float | Distribution, ...] = (
    0.004, Uniform(low=0.001, high=0.005), Normal(mean=0.003, sd=0.001, low=0.0), LogNormal(median=0.002, sigma=0.5),
)  # fmt: skip


def network(connect: Connector, drawn: float | Distribution = 0.0) -> Circuit:
    return Circuit(
        dt=1e-4, steps=5000, seed=4, precision="float32",
        populations={"x": Spikes((Between(Poisson(np.full(6, 20.0)), 0.1, 0.2), Between(Poisson(np.full(2, 5.0)), 0.05))),
                     "e": Cells(5, CELL)},
        projections={
            "xe": Projection("x", "e", AllToAll(), receptor="ampa", efficacy=drawn, delay=drawn),
            "ee": Projection("e", "e", connect, sh.rule("pair"), receptor="ampa", initial={"w": drawn}, delay=drawn),
            "some": Projection("x", "e", PairwiseBernoulli(probability=0.5), receptor="gaba", pre_cells=(2, 5), post_cells=(0, 4)),
        },
        drives={"e": Drives(currents=from_start(2e-10))}, probes=Probes(trains=True, snapshots=np.array([999, 4999])),
        phases=(Phase(step=1000, plastic={"ee": False}), Phase(step=2000, plastic={"ee": True}, parameters={"ee": {"A_plus": 0.02}}),
                Phase(step=2500, rewire={"ee": Rewire(0.25, "outdegree")})),
    )  # fmt: skip


@pytest.mark.parametrize("connect", CONNECTORS, ids=lambda connect: connect.NAME)
def test_every_connector_is_written_and_read(connect: Connector, tmp_path: Path) -> None:
    assert same(network(connect), tmp_path)


@pytest.mark.parametrize("drawn", DRAWN, ids=str)
def test_every_distribution_is_written_and_read(drawn: float | Distribution, tmp_path: Path) -> None:
    assert same(network(OneToOne(), drawn), tmp_path)


def same(circuit: Circuit, folder: Path) -> bool:
    path = folder / "mine.toml"
    path.write_text(circuit_to_toml(circuit), encoding="utf-8")
    return difference(circuit, read_circuit(path)) is None


def test_the_network_of_vogels_is_as_published() -> None:
    circuit = read_circuit(VOGELS)
    assert circuit.is_network
    assert {name: population.count for name, population in circuit.populations.items()} == {"e": 8000, "i": 2000}
    assert {projection.connect.probability for projection in circuit.projections.values()} == {0.02}  # type: ignore[union-attr]
    assert circuit.expected_synapses("ie") == pytest.approx(320_000)


SOME, EFFICACY, PROBES = "probability = 0.02, autapses", "efficacy = 0.3", "[probes]"
LATE = '[populations.x]\nsources = [{ kind = "poisson", count = 3, rate = "5 Hz", from = "2 s", until = "1 s" }]\n[populations.i]'
PHASE = "[[phases]]\nat = '1 s'\n{}\n[probes]"
CASES = {
    "no such connector": (('kind = "pairwise_bernoulli", probability = 0.02, autapses', 'kind = "pairwise", autapses'), "projections.ee"),
    "what a connector lacks": ((f"{SOME} = false", "autapses = false"), 'connect: "pairwise_bernoulli" needs probability'),
    "what a connector does not take": ((SOME, f"count = 5, {SOME}"), "connect.count: has no effect"),
    "autapses unsaid": (
        (", autapses = false", ""),
        'projections.ee.connect.autapses: it leads from a population to itself; say autapses = true or false',
    ),
    "a probability above 1": ((SOME, "probability = 2.0, autapses"), "a probability lies between 0 and 1"),
    "an unknown distribution": ((EFFICACY, 'efficacy = { kind = "gamma", mean = 3 }'), 'no distribution named "gamma"'),
    "what a distribution lacks": ((EFFICACY, 'efficacy = { kind = "normal", mean = 3 }'), '"normal" needs sd'),
    "what a distribution does not take": ((EFFICACY, 'efficacy = { kind = "uniform", low = 0, high = 1, sd = 2 }'), "sd: has no effect"),
    "a delay without a unit": (('delay = "0.1 ms"', "delay = 0.1"), "projections.ee.delay"),
    "an efficacy beside a rule": (("initial = { w = 0 }", "efficacy = 2"), "ie.efficacy: has no effect where there is a rule"),
    "an unknown projection in a phase": ((PROBES, PHASE.replace("{}", "plastic = { ei = false }")), "projection with a rule"),
    "an unknown constant in a phase": (
        (PROBES, PHASE.replace("{}", "parameters.ie = { nothing = 1 }")), "phases[0].parameters.ie: no constant",
    ),
    "a phase after the end": (
        (PROBES, PHASE.replace("1 s", "20 s").replace("{}", "")), "phases[0].at: expected a time before the end of the run, 20 s (got",
    ),
    "phases that fall": (
        (PROBES, "[[phases]]\nat = '2 s'\n" + PHASE.replace("{}", "")),
        "phases[1].at: expected a time after that of the phase before, 2 s (got 1 s)",
    ),
    "a source that ends before it begins": (
        ("[populations.i]", LATE),
        "a source must stop after it starts",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_in_one_line(case: str, tmp_path: Path) -> None:
    (old, new), words = CASES[case]
    text = VOGELS.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(sh.SpikehebError) as refused:
        read_circuit(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_network_of_absurd_size_is_refused_before_it_is_connected(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(VOGELS.read_text(encoding="utf-8").replace("count = 8000", "count = 8000000"), encoding="utf-8")
    with pytest.raises(sh.SpikehebError, match=r"are possible|are allowed"):
        read_circuit(path)


def test_check_tries_the_rules_of_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(VOGELS, tmp_path / "mine.toml")
    assert run(["check", str(tmp_path / "mine.toml")]) == 0
    assert "OK network mine, 10,000 cells, about 2,000,000 synapses" in capsys.readouterr().out


def test_two_circuits_of_other_phases_differ() -> None:
    circuit = network(OneToOne())
    assert difference(circuit, replace(circuit, phases=circuit.phases[:1])) is not None
