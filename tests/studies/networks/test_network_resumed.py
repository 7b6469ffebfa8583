"""A network that is saved on its way goes on to the same result; a result repeats itself; sizes are shown first."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from test_network_records import NETWORK

import spikeheb as sh
from spikeheb.circuits.files import circuit_of, circuit_to_toml
from spikeheb.circuits.phases import Phase, Rewire
from spikeheb.circuits.probes import Probes
from spikeheb.cli.app import run
from spikeheb.engines.compiler import compiler
from spikeheb.studies.networks.estimate import estimate

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")


class Stop:
    """Interrupts a run at its n-th look."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@needs_compiler
@pytest.mark.parametrize("every", ["0 s", None])
def test_a_run_that_was_interrupted_goes_on_to_the_same_result(every, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    whole = sh.network(NETWORK)
    monkeypatch.setattr("spikeheb.engines.kernel.run.FIRST_PIECE", 1e-5)
    monkeypatch.setattr("spikeheb.engines.kernel.run.stop_if_asked", Stop(3))
    with pytest.raises(KeyboardInterrupt):
        sh.network(NETWORK, save=path, every=every)
    with np.load(path) as stored:
        assert 0 < int(stored["now"]) < 3000
    assert sh.network(NETWORK, resume=path).identical(whole)
    assert sh.network(NETWORK, resume=str(path), save=path, every=0.0).identical(whole)
    with np.load(path) as stored:
        assert int(stored["now"]) == 3000
    assert sh.network(NETWORK, resume=path).identical(whole), "also from its end"


@needs_compiler
def test_who_interrupts_a_command_reads_how_it_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.toml").write_text(circuit_to_toml(circuit_of(NETWORK)), encoding="utf-8")
    monkeypatch.setattr("spikeheb.engines.kernel.run.FIRST_PIECE", 1e-5)
    monkeypatch.setattr("spikeheb.engines.kernel.run.stop_if_asked", Stop(3))
    assert run(["net", "net.toml", "--save", "run.npz"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "saved: run.npz; the same command with --resume run.npz goes on from there"
    assert run(["net", "net.toml", "--resume", "run.npz"]) == 0


@needs_compiler
def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path):
    network = circuit_of(NETWORK)
    long = replace(network, steps=300_000)
    (tmp_path / "net.toml").write_text(circuit_to_toml(long), encoding="utf-8")
    command = [sys.executable, "-m", "spikeheb", "net", "net.toml", "--save", "run.npz", "--every", "0", "--out", "killed"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (tmp_path / "run.npz").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with np.load(tmp_path / "run.npz") as stored:
        assert 0 < int(stored["now"]) <= 300_000
    assert run(["net", str(tmp_path / "net.toml"), "--resume", str(tmp_path / "run.npz"), "--out", str(tmp_path / "resumed")]) == 0
    resumed = sh.load(tmp_path / "resumed" / "result.nc")
    assert resumed.identical(sh.network(tmp_path / "net.toml"))


REFUSED = {
    "another seed": ({"seed": 5, "resume": "run.npz"}, "is a checkpoint of another circuit, seed or duration"),
    "another duration": ({"duration": "0.2 s", "resume": "run.npz"}, "is a checkpoint of another circuit"),
    "no such file": ({"resume": "none.npz"}, "is no checkpoint (No such file or directory)"),
    "no file of ours": ({"resume": "noise.npz"}, "noise.npz: is no checkpoint (not a file that a run was saved in)"),
    "plain": ({"engine": "plain", "save": "new.npz"}, "the engine plain writes and reads no checkpoints; the kernel does"),
    "plain, resumed": ({"engine": "plain", "resume": "run.npz"}, "the engine plain writes and reads no checkpoints; the kernel does"),
    "no folder": ({"save": "none/new.npz"}, "is in no folder that is there"),
    "without a file": ({"every": "5 s"}, "every: has no effect without a file to save the run in"),
    "a time below 0": ({"save": "new.npz", "every": -1.0}, "expected a time of 0 or more between checkpoints"),
    "no time": ({"save": "new.npz", "every": "5 mV"}, "every"),
}


@needs_compiler
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_resumed_is_refused_in_one_line(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sh.network(NETWORK, save="run.npz", every=0.0)
    (tmp_path / "noise.npz").write_bytes(bytes(range(255, 0, -1)))
    options, words = REFUSED[case]
    with pytest.raises(sh.SpikehebError) as refused:
        sh.network(NETWORK, **options)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_result_repeats_itself_whatever_becomes_of_its_files(tmp_path):
    rule = (sh.library.find("rule", "pair")).read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(rule, encoding="utf-8")
    content = NETWORK | {
        "projections": NETWORK["projections"] | {"ee": NETWORK["projections"]["ee"] | {"rule": str(tmp_path / "mine.toml")}}
    }
    data = sh.network(content, seed=4, duration="0.1 s")
    (tmp_path / "mine.toml").unlink()
    sh.save(data, tmp_path / "net.nc")
    assert sh.rerun(tmp_path / "net.nc").identical(data)


def test_a_network_that_no_file_can_say_runs_and_says_why_it_is_not_repeated():
    circuit = circuit_of(NETWORK)
    ruled = replace(circuit.projections["ee"], rule=replace(sh.rule("pair"), doc="changed by hand"))
    data = sh.network(replace(circuit, projections={**circuit.projections, "ee": ruled}), duration="10 ms")
    with pytest.raises(sh.FormatError, match="network that no file can say"):
        sh.rerun(data)


def test_sizes_are_estimated_and_shown_before_anything_is_built(tmp_path, capsys, monkeypatch):
    network = circuit_of(NETWORK)
    shown = estimate(network)
    assert shown.cells == 16
    assert shown.synapses == pytest.approx(12 * 6 + 0.3 * 132 + 48 + 0.9 * 48, rel=0.03)
    larger = estimate(replace(network, steps=30_000))
    assert larger.seconds > 5 * shown.seconds
    assert larger.bytes == shown.bytes
    (tmp_path / "net.toml").write_text(circuit_to_toml(network), encoding="utf-8")

    def built(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("spikeheb.studies.networks.network.carry_out_network", built)
    run(["net", str(tmp_path / "net.toml"), "--out", str(tmp_path / "out")])
    captured = capsys.readouterr()
    assert "16 cells, about 206 synapses, 1 MB and 0 s (at 5 Hz a cell)" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "change",
    [
        {"populations": {"e": {"count": 10**9, "cell": "l5_pyramidal"}}},
        {"duration": "1e9 s"},
        {"populations": {"e": {"count": 300_000, "cell": "l5_pyramidal"}}},
    ],
)
def test_absurd_sizes_are_refused_at_once(change, tmp_path):
    populations = NETWORK["populations"] | change.pop("populations", {})
    start = time.perf_counter()
    with pytest.raises(sh.SpikehebError, match=r"are allowed|are possible|from 1 to|from 0 to"):
        sh.network(NETWORK | {"populations": populations} | change)
    assert time.perf_counter() - start < 1.0


def test_rewiring_is_part_of_the_estimate():
    network = circuit_of(NETWORK)
    name = next(name for name, projection in network.projections.items() if projection.rule is not None)
    twice = tuple(Phase(step=step, rewire={name: Rewire(0.1, "indegree")}) for step in (500, 900))
    fixed = replace(network, phases=(), probes=Probes(trains=True))
    more = estimate(replace(fixed, phases=twice)).bytes - estimate(fixed).bytes
    assert more == pytest.approx(fixed.expected_synapses(name) * (12 + 8 * len(network.projections[name].rule.variables) + 16 + 2 * 8))
