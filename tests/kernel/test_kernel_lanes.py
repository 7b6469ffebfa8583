"""Lanes: C++ against numpy over every rule and cell, the semantics of a step, pieces and threads, and what stops a run."""

import numpy as np
import pytest
from circuits_by_hand import of_lanes
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_rules import ALL, DT, LIBRARY, as_bytes, cell, job, read, same

from spikeheb.circuits.drives import Change
from spikeheb.circuits.values import initial_values
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import numpy_lanes, runner
from spikeheb.engines.kernel.build import build
from spikeheb.errors import NonFiniteError
from spikeheb.program.analysis import analyse
from spikeheb.rules.combine import moves_weight
from spikeheb.rules.meaning import reads_membrane

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
RULES = [*ALL, *sorted(path.stem for path in (LIBRARY / "rules").glob("*.toml"))]
CELLS = sorted(path.stem for path in (LIBRARY / "cells").glob("*.toml"))


def planned(the_job):
    return analyse(the_job.rule, the_job.cell, the_job.dt, receptor=the_job.plastic.receptor, varying=frozenset(the_job.plastic.overrides))


def by_numpy(the_job):
    return numpy_lanes.run(the_job, planned(the_job))


def run_in_pieces(the_job, pieces):
    program = planned(the_job)
    chosen = compiler()
    run = runner.Lanes(the_job, program, build(program, chosen), chosen)
    for until in pieces:
        run.advance(int(until))
    run.advance(the_job.steps)
    return run.recording()


@pytest.mark.parametrize("name", RULES)
def test_compiled_and_numpy_agree_on_given_spikes(name, tmp_path):
    rule = read(tmp_path, name)
    if reads_membrane(rule):
        pytest.skip("reads the membrane")
    the_job = job(rule)
    recording = runner.run(the_job)
    same(recording, by_numpy(the_job))
    start = initial_values(the_job)
    moved = any(np.any(values != start[name]) for name, values in recording.variables.items())
    assert moved or (set(start) == {rule.weight} and not moves_weight(rule)), "nothing happened"


@pytest.mark.parametrize("on", ["l5_pyramidal", "l23_pyramidal", "shaped"])
@pytest.mark.parametrize("name", list(ALL))
def test_compiled_and_numpy_agree_in_a_closed_loop(name, on, tmp_path):
    """What a jump may differ by where a rule reads the potential is a matter of `test_kernel_exact`."""
    rule, at = read(tmp_path, name), {"sweeps": np.array([100, 2500]), "samples": np.array([0, 4499])}
    the_job = job(rule, cell(on), steps=4500, lanes=2, exact=reads_membrane(rule), **at)
    same(runner.run(the_job), by_numpy(the_job))


@pytest.mark.parametrize("on", CELLS)
def test_every_cell_runs_with_either_receptor(on, tmp_path):
    of = cell(on)
    for receptor in of.receptors:
        the_job = job(read(tmp_path, "pair"), of, steps=3000, lanes=1, receptor=receptor, sweeps=np.array([0]), sweep_steps=2000)
        recording = runner.run(the_job)
        same(recording, by_numpy(the_job))
        assert np.ptp(recording.v) > (1e-6 if of.name == "brunel_2000" else 1e-4)


@pytest.mark.parametrize("coincidence", ["pre_first", "post_first"])
def test_order_within_a_step(coincidence, tmp_path):
    """A tie of pair STDP gives LTP if the pre side acts first and LTD if the post side does."""
    rule = read(tmp_path, "pair", set="additive", coincidence=coincidence)
    at = np.array([100])
    change = runner.run(of_lanes(rule, None, DT, 200, np.array([0]), (at,), (at,))).w[0] - 0.5
    assert change == pytest.approx(0.005 if coincidence == "pre_first" else -0.00525, abs=1e-15)


@pytest.mark.parametrize("delays", [{"axonal_delay": "1.26 ms"}, {"backpropagation_delay": "3 ms"}])
def test_delays_shift_the_arrival_by_rounded_steps(delays, tmp_path):
    rule = read(tmp_path, "pair", set="additive", **delays)
    shift = 13 if "axonal_delay" in delays else -30
    for lag in (-40, -13, 0, 13, 30, 40):
        pre, post = np.array([500]), np.array([500 + lag])
        weight = runner.run(of_lanes(rule, None, DT, 1000, np.array([0]), (pre,), (post,))).w[0]
        plain = runner.run(of_lanes(read(tmp_path, "pair", set="additive"), None, DT, 1000, np.array([0]), (pre + shift,), (post,))).w[0]
        assert weight == pytest.approx(plain, abs=1e-15)


def test_a_delay_may_differ_between_lanes(tmp_path):
    rule = read(tmp_path, "calcium", parameters={"sigma": 0})
    pre, post = (np.array([100, 900]),) * 2, (np.array([300]),) * 2
    both = of_lanes(rule, None, DT, 3000, np.arange(2), pre, post, overrides={"D": np.array([0.002, 0.02])})
    recording = runner.run(both)
    same(recording, by_numpy(both))
    for lane, delay in enumerate(("2 ms", "20 ms")):
        alone = of_lanes(read(tmp_path, "calcium", parameters={"sigma": 0, "D": delay}), None, DT, 3000, np.array([0]), pre[:1], post[:1])
        assert runner.run(alone).w[0] == recording.w[lane]
    assert recording.w[0] != recording.w[1]


def test_overrides_give_each_lane_its_own_constants(tmp_path):
    rule = read(tmp_path, "pair", set="gutig")
    values = np.array([0.001, 0.004, 0.02])
    together = runner.run(job(rule, overrides={"A_plus": values, "mu_plus": np.array([0.02, 0.5, 1.0])}))
    for lane, (a, mu) in enumerate(zip(values, (0.02, 0.5, 1.0), strict=True)):
        bounds = {"kind": "power", "mu_plus": mu, "mu_minus": 0.02, "w_min": 0, "w_max": 1}
        alone = runner.run(job(read(tmp_path, "pair", set="gutig", bounds=bounds, parameters={"A_plus": a})))
        np.testing.assert_allclose(together.w[2 * lane : 2 * lane + 2], alone.w[2 * lane : 2 * lane + 2], rtol=0, atol=1e-14)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_pieces_and_threads_give_the_same_bytes(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    name = data.draw(st.sampled_from(["pair", "calcium", "late", "noisy_jumps", "homeostat", "cascade"]))
    on = None if name in ("pair", "cascade", "noisy_jumps") and data.draw(st.booleans()) else cell("l5_pyramidal")
    the_job = job(read(folder, name), on, seed=data.draw(st.integers(0, 5)), rate=3.0)
    pieces = np.sort(data.draw(st.lists(st.integers(1, the_job.steps), max_size=6)))
    expected = as_bytes(run_in_pieces(the_job, []))
    assert as_bytes(run_in_pieces(the_job, pieces)) == expected
    for threads in (1, 2, 3):
        assert as_bytes(runner.run(the_job, threads=threads)) == expected


@settings(max_examples=25, deadline=None)
@given(
    trains=st.tuples(
        *[st.lists(st.integers(0, 900), unique=True, max_size=30).map(lambda steps: np.array(sorted(steps), dtype=np.int64))] * 2
    ),
    shift=st.integers(1, 100_000),
)
def test_shifting_all_spikes_changes_nothing(trains, shift, tmp_path_factory):
    rule = read(tmp_path_factory.mktemp("rules"), "triplet")
    pre, post = trains
    first = of_lanes(rule, None, DT, 1000, np.array([0]), (pre,), (post,))
    later = of_lanes(rule, None, DT, 1000 + shift, np.array([0]), (pre + shift,), (post + shift,))
    np.testing.assert_allclose(runner.run(first).w, runner.run(later).w, rtol=0, atol=1e-13)


def test_empty_trains_bursts_and_both_bounds(tmp_path):
    rule = read(tmp_path, "pair", set="additive", parameters={"A_plus": 0.3, "A_minus": 0.3})
    burst = np.arange(100, 160)
    none = np.zeros(0, dtype=np.int64)
    pre, post = (none, burst, burst + 20, burst), (none, none, burst, burst + 20)
    weights = runner.run(of_lanes(rule, None, DT, 400, np.arange(4), pre, post)).w
    assert weights[0] == weights[1] == 0.5
    assert weights[2] == 0.0
    assert weights[3] == 1.0


def test_a_million_spikes(tmp_path):
    rng = np.random.default_rng(0)
    rule = read(tmp_path, "pair", set="multiplicative")
    pre, post = (np.unique(rng.integers(0, 50_000_000, 1_000_000)) for _ in range(2))
    recording = runner.run(of_lanes(rule, None, DT, 50_000_000, np.array([0]), (pre,), (post,)))
    assert 0 < recording.w[0] < 1
    assert recording.spikes[0].size == post.size


@pytest.mark.parametrize("on", [None, "l5_pyramidal"])
def test_what_is_not_finite_stops_the_run_and_says_where(on, tmp_path):
    rule = read(tmp_path, "cascade", parameters={"gain": 1e307}, bounds={"kind": "none"})
    the_job = job(rule, None if on is None else cell(on), steps=3000, samples=np.zeros(0, dtype=np.int64))
    with pytest.raises(NonFiniteError, match=r"w of input \d+ is not finite at 0\.\d+ s"):
        runner.run(the_job)


def test_a_current_beyond_all_bounds_stops_the_run(tmp_path):
    the_job = job(read(tmp_path, "pair"), cell("l23_pyramidal"), currents=(Change(1, 100, np.inf),))
    with pytest.raises(NonFiniteError, match=r"v of lane 1 is not finite at 0\.0100 s"):
        runner.run(the_job)


def test_progress_is_told(tmp_path):
    fractions = []
    runner.run(job(read(tmp_path, "calcium")), progress=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_the_recording_names_compiler_flags_and_library(tmp_path):
    engine = runner.run(job(read(tmp_path, "pair"))).engine
    assert engine["engine"] == "kernel:c++"
    assert "-ffp-contract=off" in engine["flags"]
    assert "fast-math" not in engine["flags"]
    assert len(engine["kernel"]) == 32


def test_without_a_compiler_numpy_runs(tmp_path, monkeypatch):
    the_job = job(read(tmp_path, "pair"))
    expected = runner.run(the_job)
    monkeypatch.setattr(runner, "compiler", lambda: None)
    recording = runner.run(the_job)
    assert recording.engine["engine"] == "kernel:numpy"
    same(recording, expected)
