"""A result carries the settings of its study as attributes, under their names; `exact` is one of them."""

from __future__ import annotations

import numpy as np
import pytest
from recorded_sweeps import sweeps

import spikeheb as sh
from spikeheb.declared import declared, described
from spikeheb.studies.settings.constraint import Constraint
from spikeheb.studies.settings.experiment import Experiment
from spikeheb.studies.settings.recorded import Recorded
from spikeheb.studies.settings.replay import Replay
from spikeheb.studies.settings.score import Score
from spikeheb.studies.settings.slices import Slice
from spikeheb.studies.settings.weights import FanIn, Weights
from spikeheb.studies.settings.window import Window

SHORT = {"baseline": 60.0, "follow_up": 120.0, "test_interval": 20.0}
INPUTS = FanIn(12, 20.0, correlated=4, correlation_time=0.01)
CASES = {
    "run": (
        lambda **given: sh.run("pairing", "pair", pairs=3, **given),
        Experiment("ca1_pyramidal", seed=3, control=True, copies=2, paired_pulse=0.05, w0=0.4, cells=1, synapses=1, exact=True, **SHORT),
    ),
    "window": (lambda **given: sh.window("pair", **given), Window((-0.01, 0.01), 3, 2.0, seed=5, dt=2e-4, exact=True)),
    "replay": (lambda **given: sh.replay("pair", [0.1, 0.2], [0.11], **given), Replay(0.3, record=0.05, dt=2e-4, seed=4, exact=True)),
    "slice_of": (
        lambda **given: sh.slice_of("pairing", "pair", pairs=3, **given),
        Slice("ca1_pyramidal", n=2, cv=0.25, synapses=2, seed=3, test_pulses=False, copies=2, control=True, exact=True),
    ),
    "score": (lambda **given: sh.score(["pair:additive"], ["bi_poo_1998"], **given), Score(cell="ca1_pyramidal", refit=False, seed=2)),
    "analyse": (
        lambda **given: sh.analyse(sweeps(), **given),
        Recorded(pulse=(0.0,), follow=(10.0, 30.0), signal="field", baseline=(-0.01, 0.0), blank=1e-3, search=0.05, volley=(1e-3, 2e-3),
                 slope_limits=(0.2, 0.8), reject=(3,), every=2, from_=1, average=2),
    ),
    "weights": (
        lambda **given: sh.weights(["pair", "triplet"], **given),
        Weights(None, INPUTS, 2.0, 1, seed=3, imposed=15.0, snapshots=8, watch=5, normalise="divisive", normalise_every=0.1, epsp=1e-3,
                name=["a", "b"]),
    ),
    "constraint": (sh.constraint, Constraint("ca1_pyramidal", (0.2, 0.05), 2.0, 2, input_rates=(10.0, 20.0, 40.0), unit=1e-7)),
}  # fmt: skip
REPEATED = [study for study in CASES if study != "analyse"]
IN_THE_RESULT = {"cell", "name", "engine", "seeds", "memory"}
"""Settings that the result has in another form: hash and text of the cell, the names of the rules, the engine that ran, all seeds."""


def given(settings):
    """Keywords of all that was chosen."""
    return {name: getattr(settings, name) for name, each in declared(type(settings)).items() if getattr(settings, name) != each.default}


@pytest.fixture(scope="module")
def results():
    return {study: call(**given(settings)) for study, (call, settings) in CASES.items()}


@pytest.mark.parametrize("study", CASES)
def test_every_setting_is_an_attribute_under_its_name(study, results):
    settings = CASES[study][1]
    attributes = results[study].attrs
    for name, each in declared(type(settings)).items():
        value = getattr(settings, name)
        if name in IN_THE_RESULT or value is None:
            continue
        if each.setting.nested is None:
            assert np.array_equal(attributes[each.attribute], value), name
    for name, value in described(settings).items():
        assert name.split("_")[0] in {*IN_THE_RESULT, "engine"} or np.array_equal(attributes[name], value), name


@pytest.mark.parametrize("study", REPEATED)
def test_a_result_is_made_again_from_its_file_with_all_its_settings(study, results, tmp_path):
    loaded = sh.load(sh.save(results[study], tmp_path / "result.nc"))
    again = sh.rerun(loaded)
    assert again.identical(results[study])


def test_settings_of_the_inputs_are_attributes_where_these_are_made_from_them(results):
    attributes = results["weights"].attrs
    assert (attributes["inputs"], attributes["rate_Hz"], attributes["correlated"], attributes["correlation_time_s"]) == (12, 20.0, 4, 0.01)


def test_what_a_protocol_itself_says_is_an_attribute_too():
    attributes = sh.run("pairing", "pair", pairs=2, test_pulses=False).attrs
    assert [attributes[name] for name in ("baseline_s", "follow_up_s", "test_interval_s", "copies", "exact")] == [0.0, 0.0, 10.0, 1, 0]


VOLTS, SHARE = 1e-9, 1e-8
"""1e-6 mV, and the share of w_max by which a weight may differ."""


@pytest.mark.parametrize("study", ["run", "window", "replay", "slice_of"])
def test_exact_and_computed_agree_on_a_rule_that_moves_by_the_clock(study):
    rule = sh.rule("clopath")
    call = {
        "run": lambda exact: sh.run("pairing", rule, pairs=3, delta_t="10 ms", exact=exact, **SHORT),
        "window": lambda exact: sh.window(rule, [-0.01, 0.01], 3, 0.2, cell="l5_pyramidal", exact=exact),
        "replay": lambda exact: sh.replay(rule, [0.1, 2.0], [0.11, 2.01], cell="l5_pyramidal", record=0.1, exact=exact),
        "slice_of": lambda exact: sh.slice_of(
            "pairing", rule, n=2, pairs=3, delta_t="10 ms", frequency="0.2 Hz", test_pulses=False, exact=exact
        ),
    }[study]
    computed, stepped = call(False), call(True)
    assert (computed.attrs["exact"], stepped.attrs["exact"]) == (0, 1)
    limit = rule.bounds.w_max
    for name in stepped.data_vars:
        kind = stepped[name].attrs["units"]
        values = stepped[name].values
        if values.dtype.kind == "f" and kind == "V":
            np.testing.assert_allclose(computed[name], values, rtol=0, atol=VOLTS)
        elif str(name) in ("w", "w_record", "efficacy", "efficacy_end", "cell_efficacy_end"):
            np.testing.assert_allclose(computed[name], values, rtol=0, atol=SHARE * limit)
    differ = any(computed[name].values.tobytes() != stepped[name].values.tobytes() for name in stepped.data_vars)
    assert differ, "no stretch was computed, so that nothing was compared"
