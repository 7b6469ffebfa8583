"""Every rule file, and the test rules: the kernel does what Brian2 does."""

import numpy as np
import pytest
from circuits_by_hand import but, of_lanes
from kernel_rules import ALL, DT, LIBRARY, cell, job, read, same, trains

from spikeheb.engines.brian import runtime
from spikeheb.engines.kernel import runner
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE
from spikeheb.rules.meaning import is_noisy, reads_membrane

FILES = sorted(path.stem for path in (LIBRARY / "rules").glob("*.toml"))
TESTED = list(ALL)


def deterministic(folder, name):
    """The rule without noise, or None where that is not a matter of one parameter."""
    rule = read(folder, name)
    if name == "cascade":  # Brian2's closed form is 0/0 where both rates are the same
        rule = read(folder, name, parameters={"tau_b": "12 ms"})
    if is_noisy(rule) and "sigma" in rule.parameters:
        rule = read(folder, name, parameters={"sigma": 0})
    drawn = any(t.functions(line.expression) & {"randn"} for handler in rule.handlers for line in handler.lines)
    noisy = any(NOISE in t.names(e.expression) for e in rule.equations if e.expression is not None) and "sigma" not in rule.parameters
    return None if drawn or noisy else rule


def compare(rule, on, **more):
    the_job = job(rule, on, **more)
    try:
        expected = runtime.run(the_job, "numpy")
    except EngineError as error:
        pytest.skip(f"not in Brian2: {error.message}")
    recording = runner.run(but(the_job, exact=reads_membrane(rule)))  # `test_kernel_exact` holds jumps to steps
    scale = max(1.0, float(np.abs(expected.w).max()))
    same(recording, expected, atol=scale * (1e-12 + 4 * np.finfo(float).eps * the_job.steps * the_job.dt / 1e-3))


@pytest.mark.parametrize("name", [*TESTED, *FILES])
def test_given_spikes(name, tmp_path):
    rule = deterministic(tmp_path, name)
    if rule is None or reads_membrane(rule):
        pytest.skip("in distribution only, or with a cell")
    compare(rule, None, steps=10_000)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "on"), [*((name, "l23_pyramidal") for name in TESTED), *((name, "l5_pyramidal") for name in FILES)])
def test_closed_loop(name, on, tmp_path):
    rule = deterministic(tmp_path, name)
    if rule is None:
        pytest.skip("in distribution only")
    compare(rule, cell(on), steps=3000, lanes=2)


@pytest.mark.parametrize("on", ["shaped", "l5_clopath"])
@pytest.mark.parametrize("name", ["pair", "late"])
def test_spikes_with_a_shape_and_delayed_reads(name, on, tmp_path):
    """Parts held one after the other, a spike imposed in the midst of one, and variables read as they were a while ago."""
    compare(deterministic(tmp_path, name), cell(on), steps=4000, lanes=2, rate=60.0)


@pytest.mark.slow
@pytest.mark.parametrize("on", [pytest.param("l23_pyramidal", marks=pytest.mark.full), "l5_pyramidal"])
def test_twenty_seconds_of_a_cell_that_fires(on, tmp_path):
    """The same spike steps throughout, then weights to 1e-10."""
    rule = read(tmp_path, "pair", set="multiplicative")
    rng, steps, none = np.random.default_rng(2), 200_000, np.zeros(0, dtype=np.int64)
    the_job = of_lanes(rule, cell(on), DT, steps, np.zeros(150, dtype=np.int64), trains(rng, 150, steps, 25.0), (none,))
    expected, recording = runtime.run(the_job, "cython"), runner.run(the_job)
    assert recording.spikes[0].size > 20
    same(recording, expected, atol=1e-10)
