"""The README says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import spikeheb as sh

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


def test_the_rule_of_the_readme_is_a_rule_of_about_twenty_lines(tmp_path):
    text = next(block for block in blocks("toml") if block.startswith("schema"))
    assert len(text.splitlines()) <= 24
    (tmp_path / "mine.toml").write_text(text)
    change = sh.window(sh.rule(tmp_path / "mine.toml"), [-0.01, 0.01])["change"].values
    assert change[0] < 0 < change[1]


def test_continuous_integration_calls_the_test_command_of_the_readme():
    commands = [line for block in blocks("sh") for line in block.splitlines() if "pytest" in line]
    assert len(commands) == 1
    assert commands[0] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_files_that_the_readme_shows_are_there():
    for path in re.findall(r"\]\((\.[^)]+)\)", TEXT):
        assert (ROOT / path).is_file(), path


def test_the_errors_that_the_readme_and_the_protocol_quote():
    """E = 0.36 under the idealised schedule, 5.8 under the bursts; in tests/truth with their tolerances."""
    assert "(E = 0.36)" in TEXT
    assert "(E = 5.8)" in TEXT


def test_the_python_lines_run():
    rule = sh.rule("triplet", set="visual_cortex_all_min", tau_plus="15 ms")
    assert rule.constants["tau_plus"] == 0.015
    final = sh.replay(rule, pre=[0.0, 0.1], post=[0.01, 0.11], w0=1.0)["w"]
    assert final.sizes == {"lane": 1}
    assert np.isfinite(final.values).all()
    assert sh.window(rule, pairs=60, frequency=1.0).sizes == {"delta_t": 61}


def test_the_lines_on_rates_run():
    rng = np.random.default_rng(1)
    patterns = np.sign(rng.normal(size=(3, 60)))
    names = {"sh": sh, "samples": rng.normal(size=(200, 8)), "patterns": patterns, "cues": patterns}
    exec(compile(next(block for block in blocks("python") if "rates" in block), "README.md", "exec"), names)


def test_the_network_of_ones_own_learns():
    """The names of the block before are known in it. Brian2's seed is the example's own luck, so several are tried."""
    import brian2

    code = compile(next(block for block in blocks("python") if "brian2" in block), "README.md", "exec")
    for seed in range(3):
        brian2.start_scope()
        brian2.seed(seed)
        names = {"sh": sh}
        exec(code, names)
        assert (names["S"].w[:] != 0.5).any(), "the cell of the example does not fire"
