"""Conditions, parameters and choices that share a name: what is set is what was meant, or the name is refused."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import spikeheb as sh
from spikeheb.cli.choices import share_out
from spikeheb.protocols import OF_RUN
from spikeheb.rules.rule import CHOICES

PROTOCOL = '''"""Named.

Chosen for illustration.
"""
from dataclasses import dataclass

import spikeheb as sh


@dataclass(frozen=True)
class Parameters:
    {parameter}: tuple[float, ...] = (1.0, 2.0)


def schedule(p, rng):
    pre, post = sh.pairings(0.01, 5, 10.0)
    return sh.Schedule(tuple(sh.Lane({{"{condition}": x}}, (pre,), post) for x in p.{parameter}), dt=1e-4)
'''
SHORT = {"baseline": "1 min", "follow_up": "1 min", "test_interval": "30 s"}


def protocol(folder: Path, parameter: str, condition: str) -> sh.Protocol:
    (folder / "named.py").write_text(PROTOCOL.format(parameter=parameter, condition=condition), encoding="utf-8")
    return sh.protocol(folder / "named.py")


def test_no_condition_stands_in_the_place_of_a_result(tmp_path: Path) -> None:
    """Every variable, coordinate and dimension of a result, of one with all choices made, and of a slice."""
    plain = protocol(tmp_path, "dose", "dose")
    choices = {"control": True, "paired_pulse": "50 ms", "synapses": 2, **SHORT}
    results = [sh.run(plain, "graupner_brunel:DP", **choices), sh.slice_of(plain, "pair", n=2)]
    names = {str(name) for data in results for name in (*data.variables, *data.dims)} - {"dose"}
    assert {"efficacy_ratio", "epsp", "time", "sweep", "condition", "paired_p"} <= names
    for name in sorted(names):
        with pytest.raises(sh.ScheduleError, match=f'may not be called "{name}"'):
            sh.run(protocol(tmp_path, "dose", name), "pair", test_pulses=False)


def test_a_protocol_has_no_parameter_that_a_run_takes_itself(tmp_path: Path) -> None:
    taken = {name for study in (sh.run, sh.slice_of, sh.protocol) for name in inspect.signature(study).parameters} - {"parameters"}
    assert taken == set(OF_RUN)
    for name in OF_RUN:
        with pytest.raises(sh.FormatError, match="rename the parameter"):
            protocol(tmp_path, name, "dose")


def test_a_rule_has_no_parameter_that_is_a_choice(tmp_path: Path) -> None:
    assert set(inspect.signature(sh.rule).parameters) - {"parameters"} == set(CHOICES)
    text = Path(sh.rule("pair").path).read_text(encoding="utf-8")
    for name in CHOICES:
        (tmp_path / "named.toml").write_text(re.sub(r"\btau_plus\b", name, text), encoding="utf-8")
        with pytest.raises(sh.FormatError, match="rename it"):
            sh.rule(tmp_path / "named.toml")


def test_a_name_of_both_is_said_with_its_owner() -> None:
    script, rule = sh.protocol("froemke_2006"), sh.rule("suppression")
    assert "pairings" in script.kinds and "pairings" in rule.parameters
    with pytest.raises(sh.UnknownName, match=r"protocol\.pairings.*rule\.pairings"):
        share_out({"pairings": "10"}, script, rule)
    assert share_out({"protocol.pairings": "10", "rule.pairings": "3"}, script, rule) == ({"pairings": "10"}, {"pairings": "3"}, {})
