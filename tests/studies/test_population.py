"""A rule that draws random numbers is shown by a population of synapses."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.theory import graupner_brunel as theory

DP = "graupner_brunel"
CONTROL = 0.5
"""Seconds between the two spikes of a pair at 1 Hz that are as far apart as they can be."""


def from_state(values, start, delta_t):
    """Closed form: mean readout after over before, all synapses having started at one state."""
    outcome = theory.pairs(values, delta_t, 1.0, 60)
    b = values["b"]
    return 1 + (b - 1) * outcome.up if start == 0 else (b - (b - 1) * outcome.down) / b


@pytest.fixture(scope="module")
def dp():
    return sh.rule(DP, set="DP")


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_the_window_of_the_calcium_rule_from_either_state(dp, start):
    """Published shape: 20 ms post before pre lies below pairs that are far apart, 20 ms pre before post above."""
    timings = [-0.02, 0.02, CONTROL - 1e-3]
    data = sh.window(dp, timings, w0=start, synapses=2000, seed=3)
    below, above, control = 1 + data["change"].values
    assert below < control < above
    expected = [from_state(dp.constants, start, delta_t) for delta_t in timings]
    np.testing.assert_array_less(np.abs(1 + data["change"].values - expected), 4 * data["change_sem"].values + 0.03)


def test_the_window_by_default_is_the_mean_of_two_hundred_synapses(dp):
    data = sh.window(dp, [-0.02, 0.01])
    assert data.attrs["synapses"] == 200
    assert data.attrs["counted"] == "readout"
    expected = [theory.pairs(dp.constants, delta_t, 1.0, 60).change - 1 for delta_t in (-0.02, 0.01)]
    sem = data["change_sem"].values
    assert np.all((sem > 0.01) & (sem < 0.1))
    np.testing.assert_array_less(np.abs(data["change"].values - expected), 4 * sem)


def test_the_standard_error_is_that_of_repeated_windows(dp):
    windows = [sh.window(dp, [-0.02, 0.01], seed=seed) for seed in range(40)]
    spread = np.std([data["change"].values for data in windows], axis=0, ddof=1)
    sem = np.mean([data["change_sem"].values for data in windows], axis=0)
    np.testing.assert_allclose(sem, spread, rtol=0.35)


def test_cells_synapses_and_seeds_are_one_population(dp):
    many = sh.window(dp, [0.01], cells=3, synapses=50, seeds=[1, 5])
    assert (many.attrs["cells"], many.attrs["synapses"], many.attrs["seeds"]) == (3, 50, "1, 5")
    assert sh.window(dp, [0.01], seeds=4).attrs["synapses"] == 50
    single = sh.window(dp, [0.01], seed=1, synapses=150)
    assert not np.array_equal(single["change"], many["change"])
    for name in ("cells", "synapses", "seeds"):
        with pytest.raises(sh.ScheduleError, match=name):
            sh.window(dp, [0.01], **{name: 0})


@pytest.mark.parametrize(
    "choice",
    [
        {"cells": 1.5},
        {"synapses": "x"},
        {"seeds": "abc"},
        {"seeds": [-1]},
        {"seeds": []},
        {"seeds": 0.5},
        {"cells": 10**9},
        {"seeds": True},
        {"seed": -1},
        {"seed": 10**22},
        {"seeds": 10**9},
    ],
)
def test_populations_that_cannot_be(choice):
    with pytest.raises(sh.ScheduleError, match=next(iter(choice))):
        sh.window("pair", [0.01], **choice)
    with pytest.raises(sh.ScheduleError, match=next(iter(choice))):
        sh.run("pairing", "pair", **choice)


@pytest.mark.parametrize("choice", [{"cells": 5_000_000}, {"synapses": 5_000_000}])
def test_a_population_beyond_memory_is_refused_before_it_is_built(choice):
    for study in (lambda: sh.window("pair", **choice), lambda: sh.run("pairing", "pair", **choice)):
        with pytest.raises(sh.ScheduleError, match="GB are allowed"):
            study()


def test_spikes_beyond_memory_are_refused_before_they_are_put_together():
    with pytest.raises(sh.EngineError, match=r"the 400,0\d+,\d+ spikes of 20,000 synapses need about 13 GB, and 2 GB are allowed"):
        sh.run("pairing", "graupner_brunel", synapses=20_000, pairs=20_000, delta_t="10 ms", test_pulses=False)


LAWS = {"kind": "law", "F_plus": "1 + nu*w*randn()/A_plus", "F_minus": "w", "nu": 0.3, "w_min": 0}


def test_bounds_that_draw_are_a_population_too():
    """The mean change of a single pair is its LTP, whatever the noise."""
    data = sh.window(sh.rule("pair", bounds=LAWS), [0.01], pairs=1, synapses=20_000)
    assert data.attrs["counted"] == "efficacy"
    assert float(data["change"][0]) == pytest.approx(0.005 * np.exp(-0.5) / 0.5, abs=4 * float(data["change_sem"][0]))
    assert float(data["change_sem"][0]) == pytest.approx(0.3 * np.exp(-0.5) / np.sqrt(20_000), rel=0.05)


KINDS = {
    "initial": ("initial = { w = 1 }", 'initial = { w = "rand()" }'),
    "model": ('model = "w : 1"', 'model = "dw/dt = 0.01*xi/sqrt(S) : 1"\nmethod = "euler"'),
    "release": ("transmit = 1", "transmit = 1 + 0.1*randn()"),
    "handler": ("w += A*(v - E)", "w += A*(v - E)*randn()"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_in_which_a_rule_may_draw(tmp_path, kind):
    path = tmp_path / "jumpy.toml"
    text = JUMPY.replace("*randn()", "")
    assert KINDS[kind][0] in text
    path.write_text(text.replace(*KINDS[kind]))
    path.with_name("still.toml").write_text(text)
    few = {"pairs": 2, "frequency": 10.0, "cell": "l5_pyramidal"}
    assert sh.window(str(path), [0.01], **few).attrs["synapses"] == 200
    assert sh.window(str(path.with_name("still.toml")), [0.01], **few).attrs["synapses"] == 1


def test_a_deterministic_window_has_no_population():
    data = sh.window("pair", [0.01])
    assert "change_sem" not in data
    assert data.attrs["counted"] == "weight"
    assert (data.attrs["synapses"], data.attrs["cells"]) == (1, 1)


def test_a_rule_that_reads_the_potential_and_draws_is_a_population_on_its_cell(tmp_path):
    path = tmp_path / "jumpy.toml"
    path.write_text(JUMPY)
    data = sh.window(str(path), [0.01], pairs=3, cell="l5_pyramidal", synapses=40)
    assert float(data["change_sem"][0]) > 0


JUMPY = """schema = 1
name = "jumpy"
title = "Noise with the potential"
doc = "Written for a test."

[parameters]
A = { value = "0.01 / mV", doc = "amplitude", source = "chosen for illustration" }
S = { value = "1 s", doc = "time of the noise", source = "chosen for illustration" }
E = { value = "-80 mV", doc = "threshold", source = "chosen for illustration" }

[synapse]
model = "w : 1"
weight = "w"
initial = { w = 1 }

[[on]]
event = "pre"
do = ["transmit = 1"]

[[on]]
event = "post"
do = ["w += A*(v - E)*randn()"]

[bounds]
kind = "none"
"""

# --- the virtual experiment ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def paired(dp):
    return sh.run(
        "pairing", dp, "ca1_pyramidal", delta_t="-20 ms, 10 ms", pairs=60, frequency="1 Hz", follow_up="25 min", test_interval="60 s"
    )


def test_an_experiment_is_the_mean_over_synapses(dp, paired):
    """The EPSP half an hour later follows the mean efficacy; the readout is the paper's share above the border."""
    expected = [theory.pairs(dp.constants, delta_t, 1.0, 60).change for delta_t in (-0.02, 0.01)]
    np.testing.assert_array_less(np.abs(paired["readout_ratio"].values - expected), 4 * paired["readout_ratio_sem"].values)
    assert np.all(np.diff(paired["epsp_ratio"].values) > 0.1)
    mean = paired["efficacy"].values[:, -6:].mean(axis=1) / paired["efficacy"].values[:, :10].mean(axis=1)
    np.testing.assert_allclose(paired["epsp_ratio"].values, mean, rtol=0.02)
    assert np.all((paired["epsp_ratio_sem"].values > 0.01) & (paired["epsp_ratio_sem"].values < 0.2))


def test_the_mean_synapse_makes_the_epsp_of_one_synapse_of_mean_efficacy(paired):
    """Two hundred contacts share the conductance of one, so that the cell is not driven two hundred times as hard."""
    single = sh.run("pairing", "triplet", "ca1_pyramidal", delta_t="10 ms", pairs=5, follow_up="25 min", test_interval="60 s", w0=3.0)
    np.testing.assert_allclose(paired["efficacy_before"], 3.0, rtol=1e-12)
    np.testing.assert_allclose(paired["epsp_before"], single["epsp_before"].values[0], rtol=0.05)


def test_a_deterministic_experiment_on_more_synapses_and_cells_is_the_same():
    choices = {"delta_t": "10 ms", "pairs": 10, "frequency": "10 Hz", "follow_up": "25 min", "test_interval": "60 s"}
    single = sh.run("pairing", "triplet", "ca1_pyramidal", **choices)
    many = sh.run("pairing", "triplet", "ca1_pyramidal", cells=2, synapses=3, seeds=2, **choices)
    for name in ("epsp_before", "epsp_ratio", "efficacy_ratio", "slope_ratio"):
        np.testing.assert_allclose(many[name], single[name], rtol=1e-6, err_msg=name)
    assert "efficacy_ratio_sem" not in single
    np.testing.assert_allclose(many["efficacy_ratio_sem"], 0, atol=1e-12)


def test_seeds_of_a_protocol_that_draws_give_a_standard_error():
    data = sh.run("poisson", "triplet", "ca1_pyramidal", test_pulses=False, seeds=4)
    assert np.all(data["efficacy_ratio_sem"].values > 0)
    single = [sh.run("poisson", "triplet", "ca1_pyramidal", test_pulses=False, seed=seed)["efficacy_ratio"].values for seed in range(4)]
    np.testing.assert_allclose(data["efficacy_ratio"], np.mean(single, axis=0), rtol=1e-12)


def test_test_pulses_alone_move_the_mean_of_a_population(dp):
    from spikeheb.studies.windows.drift import drift

    assert drift(dp) == pytest.approx(drift(dp, seed=4), abs=0.15)


TAGGED = """schema = 1
name = "tagged"
title = "A readout of two variables"
doc = "Written for a test."
[parameters]
A = { value = 0.01, doc = "step", source = "chosen for illustration" }
[synapse]
model = '''
w : 1
tag : 1
'''
weight = "w"
efficacy = "w"
readout = "w + tag"
initial = { w = 1, tag = 1 }
[[on]]
event = "pre"
do = ["transmit = 1", "w -= A", "tag += 2*A"]
"""


def test_a_readout_of_several_variables_counts_where_they_are_recorded(tmp_path):
    """Without test pulses the run ends when the readout is taken, so that every variable is known; with them only the weight is."""
    path = tmp_path / "tagged.toml"
    path.write_text(TAGGED)
    given = {"pairs": 5, "delta_t": "10 ms"}
    data = sh.run("pairing", str(path), test_pulses=False, **given)
    assert data.attrs["counted"] == "readout"
    assert data["readout_ratio"].values == pytest.approx([(0.95 + 1.1) / 2])
    assert data["efficacy_ratio"].values == pytest.approx([0.95])
    assert "opposite directions" in data.attrs["note"]
    assert sh.run("pairing", str(path), baseline="60 s", follow_up="60 s", **given).attrs["counted"] == "efficacy"


def test_a_comparison_of_experiments_draws_what_counts():
    given = {"pairs": 20, "delta_t": "10 ms", "test_pulses": False}
    results = [sh.run("pairing", name, **given) for name in ("graupner_brunel:DP", "pair")]
    ax = sh.plot(results)
    assert ax.get_ylabel() == "after / before (readout or efficacy)"
    drawn = [float(y) for line in ax.lines for y in line.get_ydata()]
    assert float(results[0]["readout_ratio"][0]) in drawn
    assert float(results[1]["efficacy_ratio"][0]) in drawn
