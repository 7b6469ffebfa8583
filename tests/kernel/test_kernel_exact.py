"""What is computed over quiet stretches, against stepping through everything (`Job.exact`), and against itself in pieces."""

from dataclasses import replace

import numpy as np
import pytest
from circuits_by_hand import CELLS_OF_NETWORKS, RULES_OF_NETWORKS, but, of_lanes, post_trains, pre_trains
from kernel_rules import DT, HEAD, LIBRARY, as_bytes, cell, job, one_of, read
from test_kernel_stretches import NONE, in_pieces

from spikeheb.engines.compiler import NATIVE, compiler
from spikeheb.engines.emit.motion import Moved, groups
from spikeheb.engines.kernel import runner
from spikeheb.engines.kernel.build import build
from spikeheb.program.analysis import analyse
from spikeheb.program.stretches import can_rest, in_order
from spikeheb.rules import choose, read_rule

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
CELLS = sorted(path.stem for path in (LIBRARY / "cells").glob("*.toml") if path.stem not in CELLS_OF_NETWORKS)
RULES = sorted(path.stem for path in (LIBRARY / "rules").glob("*.toml"))
READING_V = ["clopath", "shouval", "voltage", "late"]

MUTUAL = """
[parameters]
tau = { value = "30 ms", doc = "", source = "chosen" }
slow = { value = "5 s", doc = "", source = "chosen" }
rest = { value = "-70 mV", doc = "", source = "chosen" }

[synapse]
model = \"\"\"
da/dt = -a/tau + b*(v - rest)/(10*mV)/slow : 1
db/dt = -b/tau : 1
dw/dt = (a*(1 - w) + tanh_like*w)/slow : 1
tanh_like = (v - rest)/(50*mV)/(1 + exp(-(v - rest)/(4*mV))) - 0.1 : 1
\"\"\"
method = "METHOD"
weight = "w"
efficacy = "w"
initial = { w = 0.4 }

[[on]]
event = "pre"
do = ["transmit = 1", "b += 1"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""


def session(rule, on, inputs=1):
    """Test pulses 8 s apart, recorded, and ten pairs between the first two."""
    steps, pulses = 250_000, np.array([5_000, 85_000, 165_000])
    pairs = 20_000 + 2500 * np.arange(10)
    pre = tuple(np.union1d(pulses, pairs + 7 * k) for k in range(inputs))
    return of_lanes(
        rule, on, DT, steps, np.zeros(inputs, dtype=np.int64), pre, (pairs + 60,), samples=pulses,
        sweeps=pulses - 50, sweep_steps=551, seed=5,
    )  # fmt: skip


def hold_to_stepping(the_job):
    """The potential to 1e-6 mV, weights to 1e-8 of their limit, and every spike."""
    computed, stepped = (runner.run(but(the_job, exact=exact), threads=1) for exact in (False, True))
    limit = the_job.rule.bounds.values.get("w_max", 1.0)
    np.testing.assert_array_equal(computed.spikes[0], stepped.spikes[0])
    np.testing.assert_allclose(computed.v, stepped.v, rtol=0, atol=1e-9)
    np.testing.assert_allclose(computed.w, stepped.w, rtol=0, atol=1e-8 * limit)
    np.testing.assert_allclose(computed.weight, stepped.weight, rtol=0, atol=1e-8 * limit)
    return computed, stepped


def jumping(names):
    """Rules and cells whose quiet stretches are computed."""
    for name in sorted(set(names) - set(RULES_OF_NETWORKS)):
        rule = choose(read_rule(LIBRARY / "rules" / f"{name}.toml"))
        yield from ((name, on) for on in CELLS if can_rest(analyse(rule, cell(on), DT)))


@pytest.mark.parametrize(("name", "on"), one_of(jumping(RULES), 2))
def test_every_rule_on_every_cell_is_as_if_stepped(name, on, tmp_path):
    hold_to_stepping(session(read(tmp_path, name), cell(on)))


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("on", ["ca1_pyramidal", "l5_clopath", "shaped"])
@pytest.mark.parametrize("name", READING_V)
def test_rules_that_read_the_potential_jump_and_lose_nothing_in_pieces(name, on, inputs, tmp_path):
    the_job = session(read(tmp_path, name), cell(on), inputs)
    computed, stepped = hold_to_stepping(the_job)
    assert as_bytes(computed) != as_bytes(stepped), "nothing was computed: the test compares stepping with itself"
    rng = np.random.default_rng(3)
    events = np.concatenate(pre_trains(the_job))[:8]
    for pieces in (rng.integers(0, the_job.steps, 50), np.concatenate([events - 1, events, events + 1, events + 40])):
        assert as_bytes(in_pieces(the_job, np.unique(pieces))) == as_bytes(computed)


@pytest.mark.parametrize("on", ["l5_pyramidal", "l5_clopath", "shaped"])
@pytest.mark.parametrize("name", READING_V)
def test_a_jump_that_ends_in_the_midst_of_a_motion(name, on, tmp_path):
    """The cell is still on its way up when the stretch ends, wherever a sample ends it: nothing of the steps after may be foreseen."""
    rule = read(tmp_path, name)
    for sample in range(1500, 4400, 50):
        hold_to_stepping(job(rule, cell(on), steps=4500, lanes=2, sweeps=np.array([100, 2500]), samples=np.array([0, sample, 4499])))


@pytest.mark.parametrize(("name", "on"), [("shouval", "ca1_pyramidal"), ("clopath", "l5_clopath")])
def test_sixty_pairs_add_up_no_errors(name, on, tmp_path):
    """The weight is held as closely after a whole window as after one pair."""
    pairs, shifts = 2000 + 10_000 * np.arange(60), np.array([-300, -20, 100, 300, 500])
    post, samples = tuple(pairs + shift for shift in shifts), pairs[::20]
    lanes = np.arange(len(shifts))
    hold_to_stepping(of_lanes(read(tmp_path, name), cell(on), DT, 600_000, lanes, (pairs,) * len(lanes), post, samples=samples))


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "exponential_euler"])
def test_every_method_is_followed_as_its_steps_go(method, tmp_path):
    path = tmp_path / "mutual.toml"
    path.write_text(HEAD.format(name="mutual") + MUTUAL.replace("METHOD", method))
    rule = choose(read_rule(path))
    assert in_order(analyse(rule, cell("l5_pyramidal"), DT)) != ()
    hold_to_stepping(session(rule, cell("l5_pyramidal")))


def test_a_lane_does_not_depend_on_its_neighbours(tmp_path):
    """Shouval's rule in five lanes, on one thread and on three, and each lane by itself."""
    rule, on, pulses = read(tmp_path, "shouval"), cell("ca1_pyramidal"), 3000 + 4000 * np.arange(8)
    together = of_lanes(rule, on, DT, 40_000, np.arange(5), (pulses,) * 5, tuple(pulses + 40 * k for k in range(5)), samples=pulses)
    expected = runner.run(together, threads=1)
    assert as_bytes(runner.run(together, threads=3)) == as_bytes(expected)
    for lane in range(5):
        alone = but(together, lane_of_input=np.array([0]), pre=(pulses,), post=(post_trains(together)[lane],))
        np.testing.assert_array_equal(runner.run(alone, threads=1).weight[0], expected.weight[lane])


def test_models_of_one_process_keep_their_constants_apart(tmp_path):
    """The second library must not take the order of variables of the first."""
    for on in ("l5_clopath", "ca1_pyramidal", "l5_pyramidal"):
        hold_to_stepping(session(read(tmp_path, "clopath"), cell(on)))


def test_variables_that_read_each_other_are_solved_together():
    def moved(place, *reads, line=None):
        return Moved(place, frozenset(reads), line, False)

    variables = [moved(0, 0, 1, 2), moved(1, 0, 1), moved(2, line=("a", "b", "x")), moved(4, 3), moved(3, 0, 3)]
    assert groups(variables) == [[0, 1], [3], [4]]


def test_no_train_and_no_pulse_needs_no_step(tmp_path):
    """A cell at rest goes to the end in one go, whatever the rule reads."""
    silent = of_lanes(read(tmp_path, "shouval"), cell("ca1_pyramidal"), DT, 1_000_000, np.array([0]), (NONE,), (NONE,))
    hold_to_stepping(silent)


@pytest.mark.parametrize(("name", "on"), [("shouval", "ca1_pyramidal"), ("clopath", "l5_clopath")])
def test_no_byte_depends_on_how_many_numbers_the_processor_takes_at_once(name, on, tmp_path):
    native = compiler()
    narrow = replace(native, flags=tuple(flag for flag in native.flags if flag != NATIVE))
    circuit = session(read(tmp_path, name), cell(on))
    program = analyse(circuit.rule, circuit.cell, DT)
    first, second = (runner.Lanes(circuit, program, build(program, chosen), chosen, 1) for chosen in (native, narrow))
    for lanes in (first, second):
        lanes.to_end()
    for array in ("synapses", "states", "v", "weight"):
        assert getattr(first.arrays, array).tobytes() == getattr(second.arrays, array).tobytes()
