"""A run that is saved and resumed has the bytes of one without interruption; the checkpoint of another circuit is refused."""

from dataclasses import replace

import fan_in_jobs
import kernel_rules
import numpy as np
import pytest
from circuits_by_hand import but
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_rules import cell, read

from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import runner
from spikeheb.engines.kernel.build import build
from spikeheb.engines.kernel.fan_in import FanIn
from spikeheb.errors import NonFiniteError, StorageError
from spikeheb.program.analysis import analyse

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler")


def lanes(the_job, threads=1):
    program, chosen = analyse(the_job.rule, the_job.cell, the_job.dt), compiler()
    return runner.Lanes(the_job, program, build(program, chosen), chosen, threads)


START = {"lanes": lanes, "fan-in": FanIn}


def as_bytes(recording):
    """All that was recorded, byte for byte."""
    parts = {name: value for name, value in vars(recording).items() if name != "engine"}
    parts |= parts.pop("variables", {})
    arrays = {name: value if isinstance(value, tuple) else (value,) for name, value in parts.items()}
    return {name: [(np.shape(array), np.asarray(array).tobytes()) for array in several] for name, several in arrays.items()}


def interrupted(loop, the_job, stops, threads, folder):
    """The run, saved at each stop and resumed in a new one with the next number of threads."""
    path, number = folder / "checkpoint.npz", 0
    for stop in stops:
        with START[loop](the_job, threads[number % len(threads)]) as run:
            if number:
                run.resume(path)
            run.advance(int(stop))
            run.save(path)
        number += 1
    with START[loop](the_job, threads[number % len(threads)]) as run:
        run.resume(path)
        return as_bytes(run.to_end())


def whole(loop, the_job):
    with START[loop](the_job, 1) as run:
        return as_bytes(run.to_end())


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_lanes_go_on_with_the_same_bytes(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    name = data.draw(st.sampled_from(["pair", "calcium", "late", "noisy_jumps", "homeostat", "cascade"]))
    on = None if name in ("pair", "cascade", "noisy_jumps") and data.draw(st.booleans()) else cell("l5_pyramidal")
    the_job = kernel_rules.job(read(folder, name), on, seed=data.draw(st.integers(0, 5)), rate=3.0)
    stops = sorted(data.draw(st.lists(st.integers(0, the_job.steps), min_size=1, max_size=3)))
    assert interrupted("lanes", the_job, stops, data.draw(st.permutations([1, 2, 3])), folder) == whole("lanes", the_job)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_fan_in_goes_on_with_the_same_bytes(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    name = data.draw(st.sampled_from(["pair", "homeostat", "calcium"]))
    rule = read(folder, name, axonal_delay="2 ms", backpropagation_delay="1 ms")
    cells, private = data.draw(st.sampled_from([(3, False), (9, False), (70, False), (3, True)]))
    the_job = fan_in_jobs.job(rule, data.draw(st.sampled_from([None, "ca1_pyramidal"])), cells, private=private)
    stops = sorted(data.draw(st.lists(st.integers(0, the_job.steps), min_size=1, max_size=3)))
    assert interrupted("fan-in", the_job, stops, data.draw(st.permutations([1, 2, 3])), folder) == whole("fan-in", the_job)


def test_everything_that_fan_in_records_goes_on(tmp_path):
    """Histograms, watched weights, spikes of all sources, rewards, normalisation and inhibition."""
    of_cells = {"gamma_p": np.linspace(200.0, 400.0, 70), "C_1": np.linspace(0.5, 1.5, 70)}
    the_job = fan_in_jobs.everything(read(tmp_path, "calcium"), mirrored=True, overrides=of_cells)
    for stops in ([1], [1023, 1024], [1999, 2500]):
        assert interrupted("fan-in", the_job, stops, [2, 1, 3], tmp_path) == whole("fan-in", the_job)


def test_spikes_for_which_room_was_made_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("spikeheb.engines.kernel.arrays.ROOM", 2)
    the_job = kernel_rules.job(read(tmp_path, "pair"), cell("l5_pyramidal"), rate=20.0)
    assert interrupted("lanes", the_job, [the_job.steps // 2], [1], tmp_path) == whole("lanes", the_job)


def jobs(loop, folder):
    """A job, and others that differ from it in one thing."""
    rule, louder = read(folder, "pair"), read(folder, "pair", parameters={"A_plus": 0.02})
    if loop == "lanes":
        first = kernel_rules.job(rule, cell("l5_pyramidal"))
        return first, [replace(first, seed=first.seed + 1), but(first, rule=louder), replace(first, steps=first.steps + 1)]
    first = fan_in_jobs.job(rule, "ca1_pyramidal", 3)
    return first, [replace(first, seed=first.seed + 1), but(first, rule=louder), but(first, inputs=first.sources.sources[:-1])]


@pytest.mark.parametrize("loop", START)
def test_the_checkpoint_of_another_job_is_refused(loop, tmp_path):
    first, others = jobs(loop, tmp_path)
    path = tmp_path / "checkpoint.npz"
    with START[loop](first) as run:
        run.advance(100)
        run.save(path)
    for other in others:
        with START[loop](other) as run, pytest.raises(StorageError, match="is a checkpoint of another circuit") as refusal:
            run.resume(path)
        assert "\n" not in str(refusal.value)
        assert run.now == 0


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", None])
def test_what_is_no_checkpoint_is_refused(content, tmp_path):
    path = tmp_path / "checkpoint.npz"
    if content is not None:
        path.write_bytes(content)
    with lanes(kernel_rules.job(read(tmp_path, "pair"))) as run, pytest.raises(StorageError, match="is no checkpoint"):
        run.resume(path)


@pytest.mark.parametrize("arrays", [{}, {"label": np.array("x")}, {"label": np.array(["x", {}], dtype=object)}])
def test_an_archive_of_something_else_is_refused(arrays, tmp_path):
    path = tmp_path / "checkpoint.npz"
    np.savez(path, **arrays)
    with lanes(kernel_rules.job(read(tmp_path, "pair"))) as run, pytest.raises(StorageError):
        run.resume(path)


@pytest.mark.parametrize("loop", START)
def test_a_damaged_checkpoint_is_refused(loop, tmp_path):
    first, _ = jobs(loop, tmp_path)
    path = tmp_path / "checkpoint.npz"
    with START[loop](first) as run:
        run.advance(100)
        run.save(path)
        with np.load(path) as stored:
            arrays = dict(stored)
        name = "places" if loop == "lanes" else "lane"
        np.savez(path, **arrays | {name: arrays[name][:1]})
    with START[loop](first) as run, pytest.raises(StorageError, match="damaged"):
        run.resume(path)


def test_a_checkpoint_with_less_room_than_spikes_is_refused(tmp_path):
    """Its kernel would write the next spike beyond the array."""
    path = tmp_path / "checkpoint.npz"
    the_job = kernel_rules.job(read(tmp_path, "pair"), kernel_rules.cell("l5_pyramidal"))
    with lanes(the_job) as run:
        run.advance(the_job.steps // 2)
        assert run.arrays.places["spikes"].max() > 1
        run.save(path)
        with np.load(path) as stored:
            arrays = dict(stored)
    for spikes in (arrays["spikes"][:, :1], arrays["spikes"][:1]):
        np.savez(path, **arrays | {"spikes": spikes})
        with lanes(the_job) as run, pytest.raises(StorageError, match="damaged"):
            run.resume(path)


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.npz"
    with lanes(kernel_rules.job(read(tmp_path, "pair"))) as run:
        run.advance(100)
        run.save(path)
        before = path.read_bytes()
        monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("no space")))
        run.advance(200)
        with pytest.raises(StorageError, match="could not be written"):
            run.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.glob("*.npz")] == ["checkpoint.npz"]


def test_a_number_that_is_none_is_found_after_a_pause_as_well(tmp_path):
    rule = read(tmp_path, "pair", bounds={"kind": "none"}, parameters={"A_plus": 1.7e308})
    the_job = fan_in_jobs.job(rule, None, 9)
    path, messages = tmp_path / "checkpoint.npz", []
    with FanIn(the_job, 1) as run:
        with pytest.raises(NonFiniteError) as first:
            run.to_end()
        messages.append(str(first.value))
    with FanIn(the_job, 1) as run:
        run.advance(1)
        run.save(path)
    with FanIn(the_job, 2) as run:
        run.resume(path)
        with pytest.raises(NonFiniteError) as second:
            run.to_end()
    assert [str(second.value)] == messages
