"""The command line and Python offer the same choices, by the same names and with the same defaults."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.cli.experiment import run
from spikeheb.cli.options import Switch
from spikeheb.cli.window import window
from spikeheb.dimensions import FREQUENCY, TIME
from spikeheb.units import quantity

OF_THE_RULE = {"set", "interaction", "bounds", "coincidence", "axonal_delay", "backpropagation_delay", "parameter"}
OF_THE_COMMAND = {"progress", "out", "force", "csv"}
OF_PYTHON = {"progress", "parameters"}


def same(name, here, there):
    if isinstance(there, Switch):
        return here is (there is Switch.on)
    if isinstance(there, str) and not isinstance(here, str):
        return here == quantity(there, {"dt": TIME, "frequency": FREQUENCY}[name])
    return here == there


@pytest.mark.parametrize(("command", "study"), [(run, sh.run), (window, sh.window)])
def test_names_and_defaults(command, study):
    there, here = inspect.signature(command).parameters, inspect.signature(study).parameters
    assert set(there) - OF_THE_RULE - OF_THE_COMMAND == set(here) - OF_PYTHON
    for name in set(there) - OF_THE_RULE - OF_THE_COMMAND:
        assert same(name, here[name].default, there[name].default), name


CASES = [
    ({"w0": "7"}, "--w0", "7"),
    ({"w0": "none.csv"}, "--w0", "none.csv"),
    ({"cell": "nobody"}, "--cell", "nobody"),
    ({"engine": "nobody"}, "--engine", "nobody"),
]


@pytest.mark.parametrize(("choice", "option", "value"), CASES)
@pytest.mark.parametrize("study", ["run", "window"])
def test_errors(spikeheb, study, choice, option, value):
    first = ("pairing",) if study == "run" else ()
    with pytest.raises(sh.SpikehebError) as refusal:
        getattr(sh, study)(*first, "pair", **choice)
    assert spikeheb(study, *first, "--rule", "pair", option, value).refusal == f"error: {str(refusal.value).replace('w0: ', '--w0: ', 1)}"


def test_times_and_counts_reach_the_study(spikeheb, small):
    choices = ("--baseline", "1 min", "--follow-up", "2 min", "--test-interval", "10 s", "--cells", "2", "--synapses", "3", "--seeds", "2")
    assert spikeheb("run", small, "--rule", "pair", "--w0", "0.25", *choices, "--out", "there").code == 0
    data = sh.load("there/result.nc")
    assert data.sizes["sweep"] == 6 + 12
    assert (data.attrs["cells"], data.attrs["synapses"], data.attrs["seeds"]) == (2, 3, "0, 1")
    np.testing.assert_allclose(data["efficacy_before"], 0.25)


def test_a_rule_that_draws_has_a_standard_error_in_the_table(spikeheb):
    outcome = spikeheb("window", "--rule", "graupner_brunel:DP", "--rule", "pair", "--delta-t", "-20 ms, 20 ms", "--synapses", "400")
    below, above = outcome.table
    heads = ["change, graupner_brunel / DP", "SEM, graupner_brunel / DP", "change, pair"]
    assert list(below) == ["delta_t (ms)", *heads]
    assert float(below[heads[0]]) < 0 < float(above[heads[0]])
    assert 0 < float(below[heads[1]]) < 0.1


def test_the_reason_why_nothing_changed_is_said_once(spikeheb):
    outcome = spikeheb("window", "--rule", "pair", "--w0", "1", "--delta-t", "5 ms")
    assert outcome.err.count("note: none of 1 weights changed; they start at a bound") == 1
    both = spikeheb("window", "--rule", "pair", "--rule", "triplet", "--w0", "1", "--delta-t", "5 ms", "--force")
    assert both.err.count("note: pair: none of 1 weights changed") == 1


@pytest.mark.parametrize("command", ["run", "show"])
def test_help_says_that_a_file_is_executed(spikeheb, command):
    assert "executed" in spikeheb(command, "--help").out
