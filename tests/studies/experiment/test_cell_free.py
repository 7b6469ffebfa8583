"""Sessions of which nothing is read but the synapse are carried out without the cell, as long as the cell would have been silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.engines.choice import carry_out
from spikeheb.studies.experiment import cell_free

PAIRING = {"pairs": 20, "delta_t": "-10 ms, 10 ms", "test_pulses": False}


@pytest.fixture
def cells(monkeypatch):
    """Whether a cell took part in each run of an engine."""
    seen = []

    def watched(circuit, *args, **kwargs):
        seen.append(circuit.cell is not None)
        return carry_out(circuit, *args, **kwargs)

    monkeypatch.setattr(cell_free, "carry_out", watched)
    return seen


def with_the_cell(monkeypatch, *args, **kwargs):
    with monkeypatch.context() as patched:
        patched.setattr(cell_free, "_is_unread", lambda circuit: False)
        return sh.run(*args, **kwargs)


@pytest.mark.parametrize(
    ("protocol", "rule", "parameters"),
    [
        ("sjostrom_2001", "pair", {"series": "frequency", "test_pulses": False}),
        ("sjostrom_2001", "triplet:visual_cortex_all_min", {"series": "frequency", "test_pulses": False}),
        ("pairing", "suppression", {**PAIRING, "copies": 2}),
    ],
)
def test_the_efficacies_are_those_beside_the_cell_to_the_last_bit(monkeypatch, cells, protocol, rule, parameters):
    alone = sh.run(protocol, rule, **parameters)
    assert cells == [False, True], "the session, and the check of the cell"
    whole = with_the_cell(monkeypatch, protocol, rule, **parameters)
    assert cells == [False, True, True]
    assert set(alone) == set(whole)
    for name in alone.data_vars:
        assert alone[name].values.tobytes() == whole[name].values.tobytes(), name


def test_a_rule_that_draws_gets_the_same_numbers(monkeypatch, cells):
    alone = sh.run("pairing", "graupner_brunel:DP", **PAIRING)
    assert cells == [False, True]
    whole = with_the_cell(monkeypatch, "pairing", "graupner_brunel:DP", **PAIRING)
    np.testing.assert_allclose(alone["efficacy_end"], whole["efficacy_end"], rtol=1e-12)


def test_a_cell_that_fires_spikes_of_its_own_takes_part(monkeypatch, cells):
    strong = {**PAIRING, "copies": 40}
    data = sh.run("pairing", "pair", **strong)
    assert np.any(data["own_spikes"].values > 0)
    assert cells == [False, True, True]
    whole = with_the_cell(monkeypatch, "pairing", "pair", **strong)
    assert data["efficacy_end"].values.tobytes() == whole["efficacy_end"].values.tobytes()


def test_a_weight_that_grows_until_the_cell_fires_is_noticed(cells):
    """The cell is silent at the initial weight and fires at the last ones."""
    rule = sh.rule("pair", A_plus=1.0, A_minus=0.0, bounds="none")
    data = sh.run("pairing", rule, pairs=40, delta_t="10 ms", test_pulses=False)
    assert int(data["own_spikes"][0]) > 0
    assert cells == [False, True, True]
    few = sh.run("pairing", rule, pairs=2, delta_t="10 ms", test_pulses=False)
    assert int(few["own_spikes"][0]) == 0
    assert cells[3:] == [False, True]


@pytest.mark.parametrize(
    ("protocol", "rule", "parameters"),
    [
        ("pairing", "clopath", PAIRING),  # reads the potential
        ("pairing", "tsodyks_markram", PAIRING),  # transmits what it decides at each spike
        ("pairing", "pair", {**PAIRING, "test_pulses": True, "baseline": "60 s", "follow_up": "60 s"}),
        ("poisson", "pair", {"test_pulses": False}),  # never at rest, so that the check would be the session
    ],
)
def test_other_sessions_are_carried_out_with_the_cell_at_once(cells, protocol, rule, parameters):
    sh.run(protocol, rule, **parameters)
    assert cells == [True]


def test_a_current_may_fire_the_cell(cells):
    given = sh.protocol("pairing", pairs=2, delta_t="10 ms").schedule(np.random.default_rng(0)).without_test_pulses()
    from spikeheb import library
    from spikeheb.schedules import Current
    from spikeheb.studies.experiment.session import session

    lanes = tuple(replace(lane, currents=(Current(0.1, 0.2, 1e-9),)) for lane in given.lanes)
    circuit = session(replace(given, lanes=lanes), library.rule("pair"), library.cell("l5_pyramidal"))
    assert len(cell_free.carried_out(circuit, "auto").spikes[0]) > 2
    assert cells == [True]


def test_a_slice_needs_no_cell_either(cells):
    sh.slice_of("pairing", "pair", n=2, **PAIRING)
    assert cells == [False, True] * 2
