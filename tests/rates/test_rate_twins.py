"""The contract of every rate rule with the spiking rule that it names: the mean drift by substitution, and by Poisson trains in engines."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import of_lanes

import spikeheb as sh
from spikeheb import library
from spikeheb.engines.choice import carry_out
from spikeheb.engines.compiler import compiler
from spikeheb.expressions.printers import evaluate
from spikeheb.rates.rate_rule import Twin
from spikeheb.rules.rule import Rule
from spikeheb.theory.mean_rates import mean_drift

TWINS: dict[str, Twin] = {name: twin for name in sorted(library.names("rate")) if (twin := sh.rates.rule(name).twin) is not None}
every_twin = pytest.mark.parametrize("name", TWINS)
POINTS = np.array([[10, 10, 0.5], [20, 10, 0.5], [5, 40, 0.5], [10, 20, 0.5], [30, 5, 2.0], [15, 15, 1.5]])
"""Rates of both sides in hertz, and the weight."""
DT, SECONDS, SYNAPSES = 0.5e-3, 20.0, 400
NEEDS_COMPILER = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
ENGINES = [pytest.param("kernel", marks=NEEDS_COMPILER), pytest.param("plain", marks=pytest.mark.full)]
SMALL_ETA = 1e-9
"""So small that the weight is fixed: it moves by a millionth while it is measured."""


def written(twin: Twin, rule: Rule, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The drift that the rate rule's file says, with the parameters of the spiking rule."""
    return np.asarray(evaluate(twin.drift, {**rule.constants, "x": x, "y": y, "w": w}))


def test_the_classical_rules_have_twins() -> None:
    assert TWINS.keys() >= {"hebb", "instar", "oja", "bcm"}


@every_twin
def test_the_drift_is_that_of_the_spiking_rule_with_mean_traces_put_in(name: str) -> None:
    twin, rng = TWINS[name], np.random.default_rng(0)
    rule = sh.rule(twin.rule)
    x, y, w = *rng.uniform(0, 50, (2, 20)), rng.uniform(0, 5, 20)
    np.testing.assert_allclose(mean_drift(rule, w, x, y), written(twin, rule, x, y, w), rtol=0, atol=1e-12)


@every_twin
def test_the_drift_has_the_form_of_the_rate_rule(name: str) -> None:
    """Activities in units of traces, tau times rate: what is left between the two is a positive number, the same at all points."""
    twin, own, rng = TWINS[name], sh.rates.rule(name), np.random.default_rng(1)
    rule = sh.rule(twin.rule)
    x, y, w = *rng.uniform(1, 50, (2, 20)), rng.uniform(0, 5, 20)
    taus = (rule.constants["tau_x"], rule.constants["tau_y"]) if "tau_x" in rule.constants else (rule.constants["tau"],) * 2
    fixed = {"theta": taus[1] * rule.constants["rho_0"]} if "theta" in own.cells else {}
    changes = np.array(
        [sh.rates.change(own, [[each]], [taus[0] * a], [taus[1] * b], **fixed)[0, 0] for a, b, each in zip(x, y, w, strict=True)]
    )
    ratio = written(twin, rule, x, y, w) / changes
    assert ratio[0] > 0
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)


def poisson(rng: np.random.Generator, rates: np.ndarray) -> tuple[np.ndarray, ...]:
    """A train of steps for each rate."""
    steps = round(SECONDS / DT)
    return tuple(np.sort(rng.choice(steps, rng.binomial(steps, rate * DT), replace=False)) for rate in rates)


def z_values(rule: Rule, expected: np.ndarray, engine: str, seed: int, synapses: int = SYNAPSES) -> np.ndarray:
    """How many standard errors the mean drift of synapses with fixed weights is from what is expected, for each of `POINTS`."""
    rng, lanes = np.random.default_rng(seed), np.repeat(POINTS, synapses, axis=0)
    pre, post, start = poisson(rng, lanes[:, 0]), poisson(rng, lanes[:, 1]), lanes[:, 2]
    still = sh.rule(rule, eta=SMALL_ETA)
    job = of_lanes(still, None, DT, round(SECONDS / DT), np.arange(len(lanes)), pre, post, initial={"w": start})
    drift = ((carry_out(job, engine).w - start) / SECONDS * rule.constants["eta"] / SMALL_ETA).reshape(len(POINTS), synapses)
    return np.asarray((drift.mean(axis=1) - expected) / (drift.std(axis=1, ddof=1) / np.sqrt(synapses)))


@pytest.mark.parametrize("engine", ENGINES)
@every_twin
def test_poisson_trains_drift_as_the_rate_rule_says(name: str, engine: str) -> None:
    """Weights fixed, at six points; the plain engine, which is slow, with fewer synapses."""
    twin = TWINS[name]
    rule = sh.rule(twin.rule)
    x, y, w = POINTS.T
    z = z_values(rule, written(twin, rule, x, y, w), engine, seed=1, synapses=SYNAPSES if engine == "kernel" else 40)
    assert np.abs(z).max() < 4


@every_twin
def test_a_twin_that_reads_a_trace_after_its_own_increment_fails(name: str, tmp_path: Path) -> None:
    """Of rules that read a postsynaptic trace at a postsynaptic spike: the excess is eta times what is read."""
    twin = TWINS[name]
    original = sh.rule(twin.rule)
    text = Path(original.path).read_text(encoding="utf-8")
    mutant = re.sub(r'do = \[(.*), "y \+= 1"', r'do = ["y += 1", \1', text)
    if mutant == text:
        assert not any(line.target == "y" for handler in original.handlers for line in handler.lines)
        pytest.skip("this twin has no postsynaptic trace")
    path = tmp_path / f"{original.name}.toml"
    path.write_text(mutant, encoding="utf-8")
    late = sh.rule(path, set=original.set)
    x, y, w = POINTS.T
    expected = written(twin, original, x, y, w)
    assert np.abs(mean_drift(late, w, x, y) - expected).min() > 1e-5
    assert np.abs(z_values(late, expected, "auto", seed=1)).min() > 4


def test_other_rules_are_refused() -> None:
    for name, words in (
        ("bcm", "changes that are linear in the traces of the postsynaptic side"),
        ("covariance_reward", "events of spikes alone, and there is one of reward"),
        ("clopath", "the theory of mean rates is about"),
    ):
        with pytest.raises(sh.EngineError, match=words):
            mean_drift(sh.rule(name), 0.5, 10.0, 10.0)


def test_pair_rules_have_the_drift_of_their_own_theory() -> None:
    from spikeheb.theory.drift import drift

    for bounds in ("hard", "soft"):
        rule, w = sh.rule("pair", bounds=bounds), np.linspace(0.1, 0.9, 5)
        np.testing.assert_allclose(mean_drift(rule, w, 12.0, 7.0), drift(rule, w, 12.0, 7.0), rtol=1e-12)
