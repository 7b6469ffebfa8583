"""Tables in a terminal: nothing is cut off."""

import pytest

from spikeheb.cli import printing

COLUMNS = ["frequency (Hz)", "delta_t (ms)", "EPSP before (mV)", "EPSP after (mV)", "EPSP ratio", "efficacy ratio", "published ratio"]
ROW = ["0.1", "+10", "1.306", "0.9693", "0.7421", "0.7399", "0.71"]


@pytest.fixture
def terminal(monkeypatch, capsys):
    """The lines of a table in a terminal of some width."""

    def show(width):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        capsys.readouterr()
        printing.data_table(COLUMNS, [ROW])
        return capsys.readouterr().out.splitlines()

    return show


@pytest.mark.parametrize("width", [75, 80, 120])
def test_words_and_numbers_stay_whole(terminal, width):
    lines = terminal(width)
    words = {word for line in lines for word in line.split()}
    assert {"frequency", "delta_t", "efficacy", "published", *ROW} <= words
    assert max(len(line) for line in lines) <= width


def test_no_digit_is_lost_where_there_is_no_room(terminal):
    shown = "".join("".join(line.split()) for line in terminal(40)[-3:])
    assert sorted(c for c in shown if c.isdigit()) == sorted(c for c in "".join(ROW) if c.isdigit())
