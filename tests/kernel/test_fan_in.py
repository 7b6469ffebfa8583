"""Fan-in does what lanes do with the same spikes, in whatever pieces, on however many threads."""

import threading
from itertools import product

import numpy as np
import pytest
from circuits_by_hand import but, of_fan_in
from fan_in_jobs import as_bytes, everything, growth, job, same_as_lanes, sources
from kernel_rules import ALL, DT, HEAD, LIBRARY, cell, one_of, read

from spikeheb.circuits.sources import Poisson, Replayed
from spikeheb.draws.expanded import expanded, trains_of
from spikeheb.engines import choice
from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import fan_in, fan_in_arrays, run, runner
from spikeheb.errors import EngineError, NonFiniteError, UnknownName
from spikeheb.expressions.tree import names
from spikeheb.program.analysis import analyse
from spikeheb.rules import read_rule
from spikeheb.rules.meaning import reads_membrane

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
FILES = sorted(path.stem for path in (LIBRARY / "rules").glob("*.toml"))
TOLERANCE = 1e-12


def compare(the_job):
    recording, lanes = fan_in.run(the_job), runner.run(but(expanded(the_job), samples=the_job.probes.snapshots))
    scale = max(1.0, float(np.abs(lanes.w).max()))
    same_as_lanes(recording, the_job, lanes, atol=TOLERANCE * scale * 10 + growth(the_job, recording))
    return recording


@pytest.mark.parametrize("name", [*ALL, *FILES])
def test_given_spikes(name, tmp_path):
    """Noise too: it is a function of synapse and step."""
    rule = read(tmp_path, name)
    if reads_membrane(rule):
        pytest.skip("needs a cell")
    compare(job(rule))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "on"), one_of(product([*ALL, *FILES], ["l5_pyramidal", "ca1_pyramidal", "shaped"]), 2))
def test_with_a_cell(name, on, tmp_path):
    """Eleven cells, several in a vector register."""
    compare(job(read(tmp_path, name), on, 11))


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_a_few_cells_stand_each_for_itself(name, tmp_path):
    """Without vector registers; the plain engine judges this for every rule file."""
    compare(job(read(tmp_path, name), "shaped", 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_every_set_and_interaction(name, tmp_path):
    rule = read(tmp_path, name)
    choices = [{"set": each} for each in rule.sets] + [{"interaction": each} for each in rule.interactions]
    for options in choices:
        chosen = read(tmp_path, name, **options)
        if not reads_membrane(chosen):
            compare(job(chosen))


@pytest.mark.parametrize("name", ["pair", "release", "homeostat", "noisy_jumps"])
def test_private_inputs(name, tmp_path):
    compare(job(read(tmp_path, name), "l23_pyramidal", 3, private=True))


@pytest.mark.parametrize("bounds", [{"kind": "power", "mu_plus": 0.02, "mu_minus": 0.7, "w_max": 1}, "soft", "none"])
def test_weight_dependence(bounds, tmp_path):
    compare(job(read(tmp_path, "pair", bounds=bounds)))


def test_delays_and_coincidences(tmp_path):
    for coincidence in ("pre_first", "post_first"):
        rule = read(tmp_path, "pair", coincidence=coincidence, axonal_delay="3 ms", backpropagation_delay="1.2 ms")
        compare(job(rule, "ca1_pyramidal"))


def test_one_value_for_each_synapse_at_the_start(tmp_path):
    """Traces that differ between synapses cannot be kept once for a neuron."""
    rng = np.random.default_rng(0)
    compare(job(read(tmp_path, "pair"), initial={"w": rng.random((5, 21)), "x": rng.random(21), "y": 0.5}))


def test_many_cells_and_tiles(tmp_path):
    compare(job(read(tmp_path, "pair"), "ca1_pyramidal", 150, steps=3000))


@pytest.mark.slow
@pytest.mark.parametrize("on", ["ca1_pyramidal", "l5_pyramidal"])
def test_twenty_seconds_of_cells_that_fire(on, tmp_path):
    rule = read(tmp_path, "pair", set="additive", parameters={"A_plus": 0.02, "A_minus": 0.021})
    rng = np.random.default_rng(1)
    the_job = job(rule, on, 10, steps=200_000, inputs=(Poisson(np.full(100, 25.0)),), imposed=(), initial={"w": rng.random((10, 100))})
    recording = compare(but(the_job, current=1.5e-10 if on == "ca1_pyramidal" else 6e-10))
    assert recording.counts.min() > 40
    assert np.ptp(recording.w) > 0.5


@pytest.mark.parametrize(("name", "constant"), [("cascade", "tau_a"), ("calcium", "D")])
def test_constants_that_have_to_be_the_same_in_all_cells(name, constant, tmp_path):
    """Every synapse by itself can have them."""
    rule = read(tmp_path, name)
    the_job = job(rule, overrides={constant: rule.constants[constant] * np.linspace(1, 2, 5)})
    with pytest.raises(EngineError, match="that differ between cells"):
        fan_in.run(the_job)
    assert choice.carry_out(the_job, "kernel").engine["engine"] == "kernel:c++"


def test_mirrored_noise(tmp_path):
    """Cells have an odd number of inputs, so that pairs of synapses reach from one cell to the next."""
    the_job = job(read(tmp_path, "calcium"), mirrored=True)
    recording = compare(the_job)
    assert np.abs(recording.w - fan_in.run(but(the_job, mirrored=False)).w).max() > 1e-3


def with_constants_of_cells(the_job):
    """Every constant a little larger in each cell than in the one before, but for those that have to be the same."""
    rule, cells = the_job.rule, the_job.cells.count
    same = {handler.delay for handler in rule.handlers} | {late.by for late in (rule.post.delayed.values() if rule.post else ())}
    coupled = [decay for decay in analyse(rule, the_job.cell, DT).decays if len(decay.names) > 1]
    same = same.union(*(names(slope) for decay in coupled for row in decay.slopes for slope in row))
    larger = 1 + 0.02 * np.arange(cells)
    return the_job.with_plastic(overrides={name: larger * value for name, value in rule.constants.items() if name not in same})


@pytest.mark.parametrize("name", [*ALL, *(pytest.param(name, marks=pytest.mark.slow) for name in FILES[::5])])
def test_constants_that_differ_between_cells(name, tmp_path):
    rule = read(tmp_path, name)
    on = "ca1_pyramidal" if reads_membrane(rule) or name == "release" else None
    compare(with_constants_of_cells(job(rule, on)))


# --- pieces and threads ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("name", ["pair", "homeostat", "calcium"])
def test_threads_and_pieces_do_not_change_a_byte(name, private, tmp_path):
    rule = read(tmp_path, name, axonal_delay="2 ms", backpropagation_delay="1 ms")
    the_job = everything(rule, private=private, mirrored=name == "calcium")
    the_job = with_constants_of_cells(the_job) if name == "homeostat" else the_job
    expected = as_bytes(fan_in.run(the_job, threads=1))
    for threads in (2, 3):
        assert as_bytes(fan_in.run(the_job, threads=threads)) == expected
    for stops in ([1, 2, 3, 1023, 1024, 1025, 2500, 4000], [*range(7, 4000, 97), 4000]):
        with fan_in.FanIn(the_job, 2) as run:
            for stop in stops:
                run.advance(stop)
            assert as_bytes(run.recording()) == expected


def test_chunks_and_tiles_do_not_change_a_byte(tmp_path, monkeypatch):
    """However many spikes are drawn at once, and however many cells stand side by side."""
    the_job = with_constants_of_cells(everything(read(tmp_path, "pair")))
    expected = as_bytes(fan_in.run(the_job, threads=1))
    for name, value in (("SPIKES_OF_CHUNK", 64), ("CELLS_OF_TILE", 8), ("BYTES_OF_TILE", 1)):
        monkeypatch.setattr(fan_in_arrays, name, value)
        assert as_bytes(fan_in.run(the_job, threads=2)) == expected


def test_a_rule_as_written_for_one_cell_runs_alike_among_many(tmp_path):
    """Cells do not know of each other: the first of many is the only one of a few."""
    rule = read(tmp_path, "triplet")
    few, many = (fan_in.run(job(rule, "ca1_pyramidal", cells, imposed=())) for cells in (2, 9))
    np.testing.assert_array_equal(few.spikes[1], many.spikes[1])
    np.testing.assert_allclose(few.w, many.w[:2], rtol=0, atol=1e-14)


@pytest.mark.parametrize("cost", [1e-8, 1e-6, 1e-5])
def test_the_kernel_is_called_in_pieces_that_take_a_moment(tmp_path, monkeypatch, cost):
    """By a clock that each step moves on by so many seconds, a piece takes a twentieth of one after the first few."""
    clock = [0.0]
    pieces = []

    def step(run, part, sound, until):
        pieces.append(until - sound)
        clock[0] += cost * (until - sound)

    monkeypatch.setattr(fan_in.FanIn, "_step", step)
    monkeypatch.setattr(run.time, "perf_counter", lambda: clock[0])
    the_job = job(read(tmp_path, "pair"), None, 4, steps=10_000_000, snapshots=np.zeros(0, int))
    with fan_in.FanIn(the_job, 1) as started:
        started.advance(10_000_000)
    assert sum(pieces) == 10_000_000
    settled = pieces[len(pieces) // 2 :]
    assert max(settled) <= max(1, 1.01 * run.PIECE / cost)


def test_an_interruption_leaves_no_thread(tmp_path):
    rule = read(tmp_path, "pair")
    the_job = job(
        rule, "ca1_pyramidal", 400, steps=10_000_000, inputs=(Poisson(np.full(500, 20.0)),), imposed=(), snapshots=np.zeros(0, int)
    )
    before = threading.active_count()

    def heard(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fan_in.run(the_job, threads=2, progress=heard)
    assert threading.active_count() == before


# --- records --------------------------------------------------------------------------------------------------------------


def test_records_agree_with_each_other(tmp_path):
    the_job = but(everything(read(tmp_path, "pair")), snapshots=np.array([0, 1999, 3999]))
    recording = fan_in.run(the_job, threads=2)
    for n, snapshot in enumerate(recording.snapshots):
        np.testing.assert_array_equal(recording.histograms[n], np.histogram(snapshot, the_job.probes.edges)[0])
    for row, (at, number) in zip(recording.watched, the_job.probes.watched, strict=True):
        assert row[19] == recording.snapshots[1, at, number]
        assert row[39] == recording.w[at, number]
    np.testing.assert_array_equal(recording.w, recording.snapshots[2])
    np.testing.assert_array_equal(recording.counts, [len(train) for train in recording.spikes])


def test_without_a_compiler_lanes_do_the_same(tmp_path, monkeypatch):
    the_job = everything(read(tmp_path, "pair"), None)
    expected = fan_in.run(the_job)
    monkeypatch.setattr(choice, "compiler", lambda: None)
    monkeypatch.setattr(runner, "compiler", lambda: None)
    recording = choice.carry_out(the_job, "kernel")
    assert recording.engine["engine"] == "kernel:numpy"
    for name in ("w", "counts", "snapshots", "watched", "histograms"):
        np.testing.assert_allclose(getattr(recording, name), getattr(expected, name), rtol=0, atol=1e-12)
    for a, b in zip(recording.spikes, expected.spikes, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(EngineError, match="C\\+\\+ compiler is needed"):
        runner.run(but(the_job, precision="float32"))


def test_histograms_follow_numpy_on_edges_of_any_width(tmp_path):
    edges = np.array([0.1, 0.2, 0.25, 0.5, 0.500001, 0.9])
    weights = np.concatenate([edges, np.random.default_rng(0).random(200)])
    source = (Poisson(np.zeros(len(weights))),)
    the_job = job(
        read(tmp_path, "pair"), cells=1, steps=1, inputs=source, initial={"w": weights[None]}, histograms=np.array([0]), edges=edges
    )
    np.testing.assert_array_equal(fan_in.run(the_job).histograms[0], np.histogram(weights, edges)[0])


def test_variables_can_be_looked_at(tmp_path):
    the_job = job(read(tmp_path, "pair"), cells=2)
    with fan_in.FanIn(the_job) as run:
        run.to_end()
        variables = run.variables()
    lanes = runner.run(expanded(the_job)).variables
    np.testing.assert_allclose(np.broadcast_to(variables["x"], (2, 21)), lanes["x"].reshape(2, 21), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(np.broadcast_to(variables["y"][:, None], (2, 21)), lanes["y"].reshape(2, 21), rtol=1e-12, atol=1e-300)


def test_inhibition_lowers_the_rate(tmp_path):
    rule = read(tmp_path, "pair")
    rates = []
    for efficacy in (0.0, 0.3, 1.0):
        inhibition = ((Poisson(np.full(50, 30.0)),), efficacy, "gaba")
        rates.append(fan_in.run(job(rule, "ca1_pyramidal", 2, imposed=(), unplastic=inhibition)).counts.sum())
    assert rates[0] > rates[1] > rates[2]


# --- errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cells", "private"), [(1, False), (9, False), (3, True)])
def test_a_weight_that_is_none_is_reported_with_time_and_index(cells, private, tmp_path):
    rule = read(tmp_path, "pair", bounds={"kind": "none"}, parameters={"A_plus": 1.7e308})
    the_job = job(rule, cells=cells, private=private, imposed=(Poisson(np.array([0.0] * (cells - 1) + [30.0])),))
    with pytest.raises(NonFiniteError) as error:
        fan_in.run(the_job)
    with pytest.raises(NonFiniteError) as lanes:
        runner.run(expanded(the_job))
    assert str(error.value).split(" at ")[1] == str(lanes.value).split(" at ")[1]
    assert f"of cell {cells - 1}" in str(error.value)


def test_the_first_of_several_flaws_is_reported_whichever_tile_it_is_in(tmp_path, monkeypatch):
    """Tiles of one thread are run one after the other: a later one may have the earlier flaw."""
    monkeypatch.setattr(fan_in_arrays, "CELLS_OF_TILE", 4)
    rule = read(tmp_path, "pair", bounds={"kind": "none"}, parameters={"A_plus": 1.7e308})
    imposed = (Replayed(tuple(np.arange(first, 3000, 50) for first in (2000, *[2900] * 6, 1000))),)
    the_job = job(rule, cells=8, imposed=imposed, inputs=(Replayed((np.arange(10, 3000, 50),)),))
    with pytest.raises(NonFiniteError, match="of cell 7 ") as error:
        fan_in.run(the_job, threads=1)
    with pytest.raises(NonFiniteError) as lanes:
        runner.run(expanded(the_job))
    assert str(error.value).split(" at ")[1] == str(lanes.value).split(" at ")[1]


def test_an_efficacy_that_is_none_is_reported(tmp_path):
    """It is looked at where it is recorded, and nothing else need be wrong."""
    (tmp_path / "root.toml").write_text(HEAD.format(name="root") + ALL["homeostat"].replace('efficacy = "w"', 'efficacy = "sqrt(w - 1)"'))
    at = {"samples": np.array([7, 1203]), "snapshots": np.array([1203])}
    the_job = job(read_rule(tmp_path / "root.toml"), cells=9, **at, initial={"w": np.repeat(np.arange(9.0)[::-1, None], 21, axis=1)})
    with pytest.raises(NonFiniteError, match=r"the efficacy of input 0 of cell 8 is not finite at 0\.0007 s"):
        fan_in.run(the_job)
    with pytest.raises(NonFiniteError, match=rf"the efficacy of input {8 * 21} is not finite at 0\.0007 s"):
        runner.run(expanded(the_job))


def test_a_potential_that_is_none_is_reported(tmp_path):
    with pytest.raises(NonFiniteError, match=r"v of cell 0 is not finite at 0\.0000 s"):
        fan_in.run(job(read(tmp_path, "pair"), "ca1_pyramidal", current=-1e305))


def test_a_rule_that_reads_the_membrane_needs_a_cell(tmp_path):
    with pytest.raises(EngineError, match="membrane"):
        fan_in.run(job(read(tmp_path, "voltage")))


def test_initial_values_are_checked(tmp_path):
    rule = read(tmp_path, "pair")
    with pytest.raises(UnknownName, match="weight"):
        fan_in.run(job(rule, initial={"weight": 1.0}))
    with pytest.raises(EngineError, match="shape"):
        fan_in.run(job(rule, initial={"w": np.zeros(4)}))
    with pytest.raises(NonFiniteError, match="initial value of w"):
        fan_in.run(job(rule, initial={"w": np.inf}))


# --- single precision, and the source -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pair", "triplet", "release", "calcium", "voltage"])
def test_single_precision_is_near_where_spikes_are_given(name, tmp_path):
    rule = read(tmp_path, name)
    the_job = job(rule, "ca1_pyramidal" if name == "voltage" else None, current=0.0, inputs=(Poisson(np.full(20, 20.0)),))
    double, single = fan_in.run(the_job), fan_in.run(but(the_job, precision="float32"))
    assert single.w.dtype == np.float32
    rounding = the_job.steps if name in ("calcium", "voltage") else 300  # what is stepped is rounded in every step
    tolerance = rounding * np.finfo(np.float32).eps / 2
    np.testing.assert_allclose(single.w, double.w, rtol=0, atol=tolerance * max(1.0, np.abs(double.w).max()))


def test_single_precision_statistically(tmp_path):
    rule = read(tmp_path, "pair", set="additive")
    rng = np.random.default_rng(0)
    the_job = job(
        rule, "ca1_pyramidal", 100, steps=20_000, inputs=(Poisson(np.full(100, 30.0)),), imposed=(), initial={"w": rng.random((100, 100))}
    )
    double, single = fan_in.run(the_job), fan_in.run(but(the_job, precision="float32"))
    spread = double.counts.std() / np.sqrt(len(double.counts))
    assert single.counts.mean() == pytest.approx(double.counts.mean(), abs=4 * spread)
    assert single.w.mean() == pytest.approx(double.w.mean(), abs=0.005)
    assert single.w.std() == pytest.approx(double.w.std(), abs=0.005)


def test_the_source_names_its_rule_and_has_no_power_where_the_exponent_is_everything(tmp_path):
    bounds = {"kind": "power", "mu_plus": 0, "mu_minus": 1, "w_max": 1}
    program = analyse(read(tmp_path, "pair", bounds=bounds), cell("ca1_pyramidal"), DT)
    source = fan_in.show_source(program)
    assert "power(" not in source and "pow(" not in source
    assert program.rule.hash in source and program.cell.cell.hash in source
    assert "power(" in fan_in.show_source(analyse(read(tmp_path, "pair", set="gutig"), None, DT))


def test_traces_are_kept_once_for_a_neuron(tmp_path):
    """Memory: a weight is all that a synapse of the pair rule has."""
    with fan_in.FanIn(of_fan_in(read(tmp_path, "pair"), None, DT, 10, 64, sources())) as run:
        assert run.arrays.synapse.nbytes == 64 * 21 * 8
        assert run.arrays.pre.size == run.arrays.tiles * 21
    assert len(trains_of(run.job.circuit, run.job.circuit.plastic)) == 21
