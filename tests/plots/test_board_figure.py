"""The figure of the scoreboard: nothing is cut or lies over something else, however few columns there are."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text

import spikeheb as sh
from spikeheb.plots import figure
from spikeheb.plots.board import NOTHING, SQUARE, UNVERIFIED


@pytest.fixture(scope="module")
def board():
    rules = [sh.rule("pair", set="additive"), sh.rule("clopath", set="visual_cortex"), sh.rule("vogels")]
    return sh.score(rules, ["sjostrom_2001", "letzkus_2006", "damour_2015"], refit=False)


@pytest.fixture(scope="module")
def marked():
    rules = [sh.rule("pair", set="additive"), sh.rule("pair", set="van_rossum")]
    return sh.score(rules, ["froemke_2006", "sjostrom_2001"], refit=False)


def texts(page):
    """All that is written on the page, and where, in pixels."""
    page.draw_without_rendering()
    return [(text, text.get_window_extent()) for text in page.findobj(Text) if text.get_text() and text.get_visible()]


CHOICES = {
    "all": slice(None),
    "one with numbers": [0],
    "one with directions": [4],
    "one of each": [0, 4],
}


@pytest.mark.parametrize("columns", CHOICES)
def test_every_word_is_on_the_page(board, columns):
    all_on_the_page(figure(board.isel(data_set=CHOICES[columns])))


def all_on_the_page(page):
    across, up = page.get_size_inches() * page.dpi
    for text, box in texts(page):
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= across, text
        assert box.y1 <= up, text


def test_no_word_lies_over_another(board):
    boxes = [(text.get_text(), box) for text, box in texts(figure(board.isel(data_set=[0, 4])))]
    for n, (text, box) in enumerate(boxes):
        for other, second in boxes[:n]:
            apart = box.x0 >= second.x1 or second.x0 >= box.x1 or box.y0 >= second.y1 or second.y0 >= box.y1
            assert apart, (text, other)


def test_heads_say_what_their_number_counts(board):
    words = [text.get_text() for text, _ in texts(figure(board))]
    assert "sjostrom 2001/frequency (experiment): 10 points" in words
    assert "letzkus 2006/proximal: 2 directions" in words
    assert "clopath / visual_cortex, as the authors publish it" in words


def test_a_board_on_which_nothing_applies_says_so(board):
    nothing = board.isel(data_set=np.flatnonzero(board["data_set"].values == "sjostrom_2001/frequency (experiment)"), entry=[-1])
    assert [text.get_text() for text, _ in texts(figure(nothing))] == [NOTHING]


def test_what_is_unverified_is_marked_and_explained(board, marked):
    all_on_the_page(figure(marked))
    for columns in (1, *range(20, 32)):  # until the legend has room on one line
        all_on_the_page(figure(marked.isel(data_set=[0] * columns)))
    words = [text.get_text() for text, _ in texts(figure(marked))]
    assert {"pair / van_rossum \u2020", "froemke 2006/bursts: 4 directions \u2020", UNVERIFIED} <= set(words)
    assert {"pair / additive", "sjostrom 2001/frequency (experiment): 10 points"} <= set(words)
    assert UNVERIFIED not in [text.get_text() for text, _ in texts(figure(board))]


@pytest.mark.parametrize("columns", CHOICES)
@pytest.mark.parametrize("lines", [1, 40])
def test_one_map_alone_has_squares_of_the_usual_size_and_every_word(board, columns, lines):
    data = board.isel(data_set=CHOICES[columns], entry=np.arange(lines) % board.sizes["entry"])
    page = sh.plot(data).figure
    all_on_the_page(page)
    assert page.axes[0].bbox.size == pytest.approx(page.dpi * SQUARE * np.array([data.sizes["data_set"], lines + 2]), rel=0.02)


def test_the_longest_names_of_the_board_are_on_the_page_of_a_map_alone():
    page = sh.plot(sh.score("triplet", "sjostrom_2001", refit=True)).figure
    assert any("authors" in text.get_text() or "refit" in text.get_text() for text, _ in texts(page))
    all_on_the_page(page)
