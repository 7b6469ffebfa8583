"""The benchmarks compute the same, both ways; how long it takes is no test."""

import json

import numpy as np
import pytest
from lanes import ByHand, InKernel, calcium_case, conditions_case, voltage_case, window_case
from measuring import Pairs, Row, as_text, paired
from rates_benchmarks import (
    by_incremental_pca,
    by_similarity_matching,
    cues,
    hopfield_rows,
    of_neurodynex,
    ours,
    pca_rows,
    stored_in_neurodynex,
    stream,
)
from table import as_json, groups

from spikeheb.engines.compiler import compiler
from spikeheb.rates import hebbian
from spikeheb.rates.data import subspace_error

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(window_case(pairs=20), id="pair"),
        pytest.param(conditions_case(pairs=20, rates=3), id="triplet"),
        pytest.param(calcium_case(lanes=8, seconds=40.0, pairs=10), id="calcium"),
        pytest.param(voltage_case("shouval", "ca1_pyramidal", np.array([-0.02, 0.01]), pairs=5, pulses=2), id="shouval"),
        pytest.param(voltage_case("clopath", "l5_clopath", np.array([-0.02, 0.01]), pairs=5, pulses=2), id="clopath"),
    ],
)
@pytest.mark.parametrize("to_end", [False, True])
def test_the_kernel_and_the_program_by_hand_agree(case, to_end):
    by_hand, kernel = ByHand(case), InKernel(case, to_end=to_end)
    for _ in range(2):  # the second run starts where the first did
        by_hand()()
        kernel()()
    np.testing.assert_allclose(kernel.weight, by_hand.weight, rtol=0, atol=1e-11)
    assert np.all(kernel.weight != by_hand.start)


def test_noise_of_the_standard_library_gives_the_same_distribution():
    case = calcium_case(lanes=400, seconds=10.0, pairs=10)
    programs = [ByHand(case), ByHand(case, "calcium_by_hand_std")]
    for program in programs:
        program()()
    a, b = (program.weight for program in programs)
    assert not np.array_equal(a, b)
    assert abs(a.mean() - b.mean()) < 4 * np.sqrt((a.var() + b.var()) / a.size)


def test_hopfield_networks_agree():
    """The same weights, and all patterns come back in both; the order of updates is drawn, so states on the way differ."""
    pytest.importorskip("neurodynex3")
    given = cues(cells=100)
    np.testing.assert_allclose(hebbian(given.patterns), stored_in_neurodynex(given).weights, rtol=0, atol=1e-15)
    assert np.array_equal(ours(given), given.patterns)
    assert np.array_equal(of_neurodynex(given), given.patterns)


def test_subspaces_agree():
    pytest.importorskip("sklearn")
    samples, components = stream(3000)
    for found in (by_similarity_matching(samples), by_incremental_pca(samples, 320), by_incremental_pca(samples, 4)):
        assert subspace_error(found, components) < 0.02


def test_what_is_not_installed_is_left_out_with_one_line(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert hopfield_rows(cues(), 1) == pca_rows(1) == []
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"{name} is not installed: its rows are left out" for name in ("neurodynex3", "scikit-learn")]


def test_a_row_knows_whether_it_met_its_target():
    values = (1.1, 1.3, 1.2)
    assert [Row("w", "m", values, target).outcome for target in (1.2, 1.1, None)] == ["ok", "missed", ""]
    assert Row("w", "m", values, 1.25, at_least=True).outcome == "missed"
    assert "| w | m | <= 1.2 x | 1.1 - 1.2 - 1.3 x, 3 runs | ok |" in as_text([Row("w", "m", values, 1.2)])


def test_pairs_take_turns_and_leave_preparation_out():
    calls = []
    clock = iter(range(1000)).__next__

    def work(name):
        def prepare():
            calls.append(f"prepare {name}")
            return lambda: calls.append(name)

        return prepare

    times = paired(work("a"), work("b"), runs=2, clock=lambda: float(clock()))
    assert [call for call in calls if "prepare" not in call] == ["a", "b", "b", "a", "a", "b"]
    assert times == Pairs((1.0, 1.0), (1.0, 1.0))


def test_json_holds_what_the_table_shows():
    assert {"lanes", "startup", "rates"} <= set(groups(brian=False))
    assert "brian" in groups(brian=True)
    (row,) = json.loads(as_json([Row("w", "m", (1.0, 3.0, 2.0), 2.5)]))["rows"]
    assert (row["median"], row["outcome"], row["target"]) == (2.0, "ok", 2.5)
