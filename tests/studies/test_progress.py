"""`progress=`: a bar that is there while a study runs and gone however it ends."""

from __future__ import annotations

import sys
import types

import pytest

import spikeheb as sh
from spikeheb.studies import progress

PAIR = sh.rule("pair", set="additive")
FEW = {"delta_t": [-0.01, 0.01], "pairs": 2}
STUDIES = {
    "run": lambda wanted: sh.run("pairing", "pair", test_pulses=False, delta_t="10 ms", pairs=2, progress=wanted),
    "window": lambda wanted: sh.window("pair", **FEW, progress=wanted),
    "replay": lambda wanted: sh.replay("pair", [0.0], [0.01], progress=wanted),
    "weights": lambda wanted: sh.weights(["pair"], None, sh.poisson_inputs(2), "1 s", imposed="5 Hz", progress=wanted),
    "score": lambda wanted: sh.score(
        ["pair:additive"][:0] or [sh.rule("pair", set="additive")], ["markram_1997"], refit=False, progress=wanted
    ),
    "slice_of": lambda wanted: sh.slice_of("pairing", "pair", n=2, test_pulses=False, delta_t="10 ms", pairs=2, progress=wanted),
}


class Display:
    """What IPython's `display` is asked to show, one after the other."""

    def __init__(self):
        self.shown = []

    def __call__(self, picture, display_id):
        assert display_id is True
        self.update(picture)
        return self

    def update(self, picture):
        self.shown.append((repr(picture), picture._repr_html_()))


@pytest.fixture
def notebook(monkeypatch):
    """A kernel as far as a bar sees it."""
    display = Display()
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=display))
    return display


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_shows_a_bar_in_a_notebook_and_takes_it_away(study, notebook):
    STUDIES[study](True)
    assert notebook.shown[0][0] == f"{study}: 0 %"
    assert "<progress" in notebook.shown[0][1]
    assert notebook.shown[-1] == ("", "")
    assert len({words.partition(":")[0] for words, _ in notebook.shown[:-1]}) == 1


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_takes_a_function_and_nothing(study, notebook):
    fractions = []
    STUDIES[study](fractions.append)
    STUDIES[study](False)
    STUDIES[study](None)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert notebook.shown == []


def test_what_is_neither_is_refused():
    with pytest.raises(sh.FormatError, match="expected True, False or a function"):
        sh.window("pair", progress="yes")


def test_lines_where_there_is_neither_terminal_nor_notebook(capsys):
    with progress.bar("work") as report:
        for fraction in (0.0, 0.05, 0.5, 1.0):
            report(fraction)
    assert capsys.readouterr().err.splitlines() == ["work: 0 %", "work: 50 %", "work: 100 %"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_bar_of_a_notebook_is_gone_after_an_error(error, notebook):
    with pytest.raises(error), progress.bar("work") as report:
        report(0.5)
        raise error
    assert notebook.shown[-2][0] == "work: 50 %"
    assert notebook.shown[-1] == ("", "")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_bar_of_a_terminal_is_gone_after_an_error(error, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(error), progress.bar("work") as report:
        report(0.5)
        raise error
    assert "\x1b[?25l" not in capsys.readouterr().err.rpartition("\x1b[?25h")[2]


def test_a_name_cannot_write_markup_into_the_page(notebook):
    with progress.bar("<script>") as report:
        report(0.5)
    assert all("<script>" not in markup for _, markup in notebook.shown)
