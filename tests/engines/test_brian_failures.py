"""What Brian2 does silently is an error here; each test provokes it."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest
from circuits_by_hand import but, post_trains
from jobs import DT, LIBRARY, lanes, random_trains, rule

from spikeheb.cells import read_cell
from spikeheb.circuits.drives import RELEASED, Change
from spikeheb.engines import children
from spikeheb.engines.alone import alone
from spikeheb.engines.brian import building, importing, modules, runtime, standalone
from spikeheb.engines.choice import carry_out
from spikeheb.errors import BuildError, EngineError, NonFiniteError, StorageError, UnknownName

LANES, CELLS = 20, 3


@pytest.fixture(scope="module")
def job():
    return lanes(rule(set="gutig"), *random_trains(np.random.default_rng(3), LANES))


@pytest.fixture(scope="module")
def closed():
    """Cells that fire by themselves and are clamped for a while, with sweeps and samples."""
    return lanes(
        rule("triplet", set="visual_cortex_all_full"), *random_trains(np.random.default_rng(4), CELLS, duration=0.5),
        read_cell(LIBRARY / "cells" / "ca1_pyramidal.toml"),
        samples=np.array([0, 2000, 4000]), sweeps=np.array([100, 3000]), sweep_steps=500,
        clamps=(Change(0, 3100, -0.03), Change(0, 3300, RELEASED)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(closed, tmp_path_factory):
    """The closed loop's program, in a cache of its own; a program is a build of a quarter of a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPIKEHEB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield standalone.run(closed)


@pytest.mark.slow
def test_the_program_and_numpy_agree_in_a_closed_loop_with_sweeps_samples_and_a_clamp(built, closed):
    reference = runtime.run(closed, "numpy")
    assert [s.tolist() for s in built.spikes] == [s.tolist() for s in reference.spikes]
    for name in ("w", "weight", "efficacy"):
        np.testing.assert_allclose(getattr(built, name), getattr(reference, name), rtol=0, atol=1e-10, err_msg=name)
    np.testing.assert_allclose(built.v, reference.v, rtol=0, atol=1e-12)
    assert np.ptp(built.weight) > 0.001
    assert np.all(built.v[0, 1, 100:300] == -0.03)
    assert not np.any(built.v[1:, 1, 100:300] == -0.03)


@pytest.mark.slow
def test_a_second_run_builds_nothing_whatever_the_values(built, closed, monkeypatch):
    monkeypatch.setattr(standalone, "_build", lambda *_: pytest.fail("built again"))
    start = np.linspace(0.1, 0.3, CELLS)
    slower = rule("triplet", set="visual_cortex_all_full", parameters={"A3_plus": 0.001, "tau_plus": "10 ms"})
    other = but(closed, rule=slower, initial={"w": start})
    again = standalone.run(other)
    np.testing.assert_allclose(again.w, runtime.run(other, "numpy").w, rtol=0, atol=1e-14)
    assert abs(again.w - built.w).min() > 0.1


@pytest.mark.slow
def test_a_value_file_of_the_wrong_size_is_an_error(built, closed, monkeypatch):
    monkeypatch.setattr(standalone, "_write", lambda file, value: value[:-1].tofile(file))
    with pytest.raises(EngineError, match="does not match expected size"):
        standalone.run(closed)


@pytest.mark.slow
def test_a_value_that_the_program_did_not_take_is_an_error(built, closed, monkeypatch):
    monkeypatch.setattr(standalone, "_write", lambda file, value: (value + 1).tofile(file))
    with pytest.raises(EngineError, match="did not take the value"):
        standalone.run(closed)


@pytest.mark.slow
def test_a_value_that_is_not_finite_never_reaches_the_program(built, closed):
    with pytest.raises(NonFiniteError, match="initial value of w"):
        standalone.run(but(closed, initial={"w": np.full(CELLS, np.nan)}))


@pytest.mark.slow
def test_a_whole_number_cannot_be_set_from_outside_where_it_would_be_truncated(built, closed, tmp_path, monkeypatch):
    plain = standalone.settings
    monkeypatch.setattr(standalone, "settings", lambda j: {**plain(j), "synapses.N": np.array([1.5])})
    with pytest.raises(EngineError, match=r"no variable synapses\.N"):
        standalone.run(closed)


@pytest.mark.slow
def test_a_full_disk_is_an_error(built, closed, monkeypatch):
    resource = pytest.importorskip("resource")
    plain = subprocess.Popen

    def limited(*arguments, **options):
        def no_space():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))

        return plain(*arguments, **options, preexec_fn=no_space)

    monkeypatch.setattr(children.subprocess, "Popen", limited)
    with pytest.raises((StorageError, EngineError), match="disk full"):
        standalone.run(closed)


@pytest.mark.slow
def test_an_emptied_result_file_is_an_error(built, closed, monkeypatch):
    call = standalone._call

    def then_empty(program, place, values, arrays):
        call(program, place, values, arrays)
        (place / "results" / arrays["synapses.rule_w_r"]["file"]).write_bytes(b"")

    monkeypatch.setattr(standalone, "_call", then_empty)
    with pytest.raises(StorageError, match=r"synapses\.w has 0 bytes instead of 24"):
        standalone.run(closed)


def test_models_that_differ_have_programs_that_differ(job):
    others = [
        but(job, rule=rule(set="multiplicative")),
        but(job, rule=rule(set="gutig", coincidence="post_first")),
        but(job, post=post_trains(job)[::-1]),
        but(job, steps=job.steps + 1),
        but(job, dt=2e-4),
    ]
    keys = {standalone.content_hash(standalone._structure(alone(j))) for j in (job, *others)}
    assert len(keys) == 1 + len(others)
    same = but(job, rule=rule(set="gutig", parameters={"tau_plus": "5 ms"}), initial={"w": np.ones(LANES)})
    assert standalone._structure(alone(same)) == standalone._structure(alone(job))


def test_without_a_compiler_standalone_says_so_and_cython_falls_back(job, monkeypatch):
    monkeypatch.setattr(standalone, "compiler_of_system", lambda: None)
    monkeypatch.setattr(runtime, "compiler_of_system", lambda: None)
    with pytest.raises(BuildError, match="no C\\+\\+ compiler found"):
        standalone.run(job)
    recording = runtime.run(job, "cython")
    assert recording.engine["engine"] == "brian:numpy"
    assert "no C++ compiler" in recording.engine["note"]


def test_a_compiler_that_fails_is_no_reason_to_stop(job, monkeypatch):
    plain = runtime.build

    class CompileError(Exception):
        pass

    def failing(the_job, **options):
        if importing.brian().prefs.codegen.target == "cython":
            raise RuntimeError("in Brian2") from CompileError("no Python.h")
        return plain(the_job, **options)

    monkeypatch.setattr(runtime, "build", failing)
    recording = runtime.run(job, "cython")
    assert recording.engine["engine"] == "brian:numpy"
    assert "could not be compiled" in recording.engine["note"]


def test_asked_for_standalone_without_a_compiler_the_choice_falls_back(job, monkeypatch):
    monkeypatch.setattr("spikeheb.engines.choice.compiler_of_system", lambda: None)
    recording = carry_out(job, "brian:standalone")
    assert recording.engine["engine"] == "brian:numpy"
    assert "numpy instead of standalone" in recording.engine["note"]


def test_a_truncated_compiled_module_is_removed_before_it_is_loaded(tmp_path):
    module = tmp_path / "_cython_magic_1.so"
    whole = bytearray(b"\x7fELF" + bytes(60)) + bytes(2000)
    whole[40:48] = (1000).to_bytes(8, "little")
    whole[58:60], whole[60:62] = (64).to_bytes(2, "little"), (16).to_bytes(2, "little")
    module.write_bytes(whole)
    assert modules.remove_damaged(tmp_path) == []
    modules.record_modules(tmp_path)
    module.write_bytes(whole[:1500])
    assert modules.remove_damaged(tmp_path) == [module.name]
    module.write_bytes(whole[:1500])
    (tmp_path / "checksums.json").unlink()
    assert modules.remove_damaged(tmp_path) == [module.name]


def test_preferences_in_the_working_directory_are_not_run_and_the_hook_stays(tmp_path):
    (tmp_path / "brian_preferences").write_text(f"codegen.target = open({str(tmp_path / 'canary')!r}, 'w').name\n")
    code = (
        "import sys; hook = sys.excepthook\n"
        "from spikeheb.engines.brian.importing import brian\n"
        "brian(); assert sys.excepthook is hook; print(brian().prefs.codegen.target)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "auto"
    assert not (tmp_path / "canary").exists()


def test_an_override_of_nothing_is_an_error(job):
    with pytest.raises(UnknownName, match="A_plus"):
        runtime.run(but(job, overrides={"A_pluss": np.ones(LANES)}), "numpy")


def test_weights_at_odd_times_are_refused_by_standalone_before_memory_runs_out(job):
    long = but(job, steps=300_000_000, samples=np.array([0, 7, 299_999_999]))
    with pytest.raises(EngineError, match="no common interval"):
        building.sampling_step(alone(long))
    assert building.sampling_step(alone(but(job, samples=np.array([0, 100, 250])))) == 50
    assert job.dt == DT
