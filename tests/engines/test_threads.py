"""Works side by side: one owner of the number of threads, one way to stop them, and one chooser of engines."""

import os
import threading
import time

import numpy as np
import pytest
from circuits_by_hand import of_fan_in, of_lanes

from spikeheb import library
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.sources import Poisson
from spikeheb.engines import choice, threads
from spikeheb.engines.kernel import fan_in, runner
from spikeheb.errors import EngineError

PATIENCE = 60.0


@pytest.fixture
def processors(monkeypatch):
    def set_to(count):
        monkeypatch.setattr(threads, "_processors", lambda: count)

    return set_to


def until_stopped():
    """A long work of many pieces."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        threads.stop_if_asked()
        time.sleep(0.001)
    raise AssertionError("nobody stopped it")


@pytest.mark.parametrize("error", [KeyboardInterrupt, EngineError("no"), SystemExit])
def test_the_first_error_stops_what_runs_and_what_waits(processors, error):
    processors(3)
    before = threading.active_count()
    begun = []

    def fail():
        raise error

    def go_on(n):
        begun.append(n)
        until_stopped()

    works = [lambda n=n: go_on(n) for n in range(2)] + [fail] + [lambda n=n: go_on(n) for n in range(2, 12)]
    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        threads.side_by_side(works)
    assert len(begun) <= 4, "those that waited did not begin"
    assert threading.active_count() == before


def test_an_interruption_of_the_main_thread_stops_all(processors):
    processors(2)
    before = threading.active_count()

    def report(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threads.side_by_side([lambda: 1, until_stopped, until_stopped], report)
    assert threading.active_count() == before


@pytest.mark.parametrize(("count", "works", "share"), [(1, 5, 1), (4, 12, 1), (8, 3, 2), (8, 2, 4), (5, 2, 2)])
def test_works_share_the_processors(processors, count, works, share):
    processors(count)
    assert threads.allowed() == count
    assert set(threads.side_by_side([threads.allowed] * works)) == {share if works > 1 else count}
    assert threads.allowed() == count


def test_threads_do_not_nest(processors):
    """Twelve works of many cells each, and in each of them works again: never more threads than processors beside the main one."""
    processors(3)
    rule = library.rule("pair")
    job = of_fan_in(rule, None, 1e-4, 2000, 64, (Poisson(np.full(10, 20.0)),), imposed=(Poisson(np.full(64, 10.0)),))
    before, most = threading.active_count(), [0]

    def work():
        threads.side_by_side([lambda: None] * 5)
        outcome = fan_in.run(job, progress=lambda _: most.append(threading.active_count()))
        most.append(threading.active_count())
        return outcome.w

    outcomes = threads.side_by_side([work] * 12)
    assert max(most) <= before + 3
    assert all(np.array_equal(w, outcomes[0]) for w in outcomes)


def test_what_needs_the_main_thread_is_done_there(processors):
    processors(2)
    main = threading.current_thread()
    seen = []

    def choosy():
        threads.needs_main_thread()
        seen.append(threading.current_thread() is main)
        return "alone"

    assert threads.side_by_side([choosy, lambda: "beside", choosy]) == ["alone", "beside", "alone"]
    assert seen == [True, True]
    threads.needs_main_thread()


# --- one chooser ------------------------------------------------------------------------------------------------------------


def refuse(*_, **__):
    raise EngineError("there is no way")


def lanes() -> Circuit:
    train = (np.array([10, 200, 400], dtype=np.int64),)
    return of_lanes(library.rule("pair"), None, 1e-4, 1000, np.arange(1), train, train)


def test_auto_goes_on_to_brian_where_the_kernel_refuses(monkeypatch):
    expected = choice.carry_out(lanes(), "kernel").w
    monkeypatch.setattr(runner, "build", refuse)
    monkeypatch.setattr(runner, "compiler", object)
    recording = choice.carry_out(lanes())
    assert recording.engine["engine"].startswith("brian")
    assert recording.engine["note"] == "not the kernel: there is no way"
    np.testing.assert_allclose(recording.w, expected, rtol=0, atol=1e-12)
    with pytest.raises(EngineError, match="there is no way"):
        choice.carry_out(lanes(), "kernel")


def test_so_does_fan_in_in_a_study_of_several(monkeypatch):
    """Brian2 runs in the main thread, after the kernels of the others."""
    from spikeheb.studies.distributions.weights import weights
    from spikeheb.studies.inputs import poisson_inputs

    for kind in (fan_in.FanIn, runner.Lanes):

        def make(self, circuit, *rest, true=kind.__init__, **more):
            return refuse() if circuit.rule.name == "triplet" else true(self, circuit, *rest, **more)

        monkeypatch.setattr(kind, "__init__", make)
    rules = [library.rule(name) for name in ("pair", "triplet")]
    data = weights(rules, None, poisson_inputs(5), "1 s", 2, imposed="10 Hz")
    assert np.isfinite(data["weight"].values).all()
    with pytest.raises(EngineError, match="there is no way"):
        weights(rules, None, poisson_inputs(5), "1 s", 2, imposed="10 Hz", engine="kernel")


def test_processors_are_those_that_may_be_used():
    assert 1 <= threads._processors() <= (os.cpu_count() or 1)
