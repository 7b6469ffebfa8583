"""Measured values: what a file says is what is read, and one clear line with file, line and column for what it may not say."""

import math

import pytest

import spikeheb as sh
from spikeheb.published import COLUMNS, read_fits, read_published

HEADER = "frequency_hz,delta_t_ms,pattern," + ",".join(COLUMNS)
ROW = "20,-10,burst,0.66,0.1,4,amplitude,,2.5,,P12-P21,0.028,frequency,somebody 2001,"
OTHER = "0.1,0,single,1.1,,,,,,,,,timing,somebody 2001,a note"


@pytest.fixture
def file(tmp_path):
    def write(*lines, name="data.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_a_row_is_read_in_si_and_empty_cells_are_none(file):
    published = read_published(file("# Where it is from,", "#  in words", HEADER, ROW, "", OTHER))
    assert published.doc == "Where it is from,\nin words"
    assert published.conditions == ("frequency", "delta_t", "pattern")
    first, second = published.rows
    assert dict(first.condition) == {"frequency": 20.0, "delta_t": -0.01, "pattern": "burst"}
    assert (first.ratio, first.sem, first.n, first.measure, first.calcium_mM) == (0.66, 0.1, 4, "amplitude", 2.5)
    assert (first.delta_t_reference, first.temperature_C, first.note) == (None, None, None)
    assert (second.sem, second.n, second.digitisation_error, second.note) == (None, None, None, "a note")
    assert (first.line, second.line) == (4, 6)
    assert published.series == ("frequency", "timing")


def test_match_tolerates_rounding_and_nothing_more(file):
    published = read_published(file(HEADER, ROW, OTHER))
    wanted = {"frequency": 20.0, "delta_t": -0.03 + 0.02, "pattern": "burst", "pairs": 75}
    assert [row.ratio for row in published.match(wanted)] == [0.66]
    assert published.match({**wanted, "delta_t": -0.0101}) == []
    assert published.match({**wanted, "pattern": "single"}) == []
    assert [row.ratio for row in published.match({"frequency": 0.1, "delta_t": 1e-17, "pattern": "single"})] == [1.1]


def test_match_of_one_series(file):
    published = read_published(file(HEADER, ROW, ROW.replace("0.66", "0.69").replace("frequency", "second")))
    wanted = {"frequency": 20.0, "delta_t": -0.01, "pattern": "burst"}
    assert [row.ratio for row in published.match(wanted)] == [0.66, 0.69]
    assert [row.ratio for row in published.match(wanted, "second")] == [0.69]
    with pytest.raises(sh.UnknownName, match='no series named "secnd"; did you mean "second"'):
        published.match(wanted, "secnd")
    with pytest.raises(sh.UnknownName, match='no condition named "pattern"'):
        published.match({"frequency": 20.0, "delta_t": -0.01})


SIGN_HEADER = HEADER.replace("ratio", "ratio,outcome")


def test_a_direction_may_stand_without_a_number(file):
    ltd, both, plain = (ROW.replace("0.66", text) for text in (",LTD", "0.66,none", "0.66,"))
    rows = read_published(file(SIGN_HEADER, ltd.replace("0.1,4", ","), both, plain)).rows
    assert [(row.ratio, row.outcome, row.sem) for row in rows] == [(None, "LTD", None), (0.66, "none", 0.1), (0.66, None, 0.1)]
    assert "outcome" not in rows[0].condition


def test_the_hash_is_that_of_the_content(file):
    first, second = file(HEADER, ROW, name="a.csv"), file(HEADER, ROW, name="b.csv")
    assert read_published(first).hash == read_published(second).hash
    assert read_published(first).hash != read_published(file(HEADER, OTHER, name="c.csv")).hash


REFUSED = {
    "line 2, ratio: may not be empty": (HEADER, ROW.replace("0.66", "")),
    'line 2, ratio: expected a number of 0 or more (got "nan")': (HEADER, ROW.replace("0.66", "nan")),
    'line 2, sem: expected a number of 0 or more (got "-0.1")': (HEADER, ROW.replace(",0.1,", ",-0.1,")),
    'line 2, n: expected a whole number from 1 on (got "4.5")': (HEADER, ROW.replace(",4,", ",4.5,")),
    'line 2, measure: expected one of amplitude, slope, EPSC, IPSC (got "amplitud")': (HEADER, ROW.replace("amplitude", "amplitud")),
    "line 3, ratio: may not be empty": (SIGN_HEADER, ROW.replace("0.66", ",LTP"), ROW.replace("0.66", ",")),
    'line 2, outcome: expected one of LTP, LTD, none (got "up")': (SIGN_HEADER, ROW.replace("0.66", ",up")),
    'line 3, delta_t_ms: expected a number (got "ten")': (HEADER, ROW, ROW.replace("-10", "ten")),
    'line 2, delta_t_ms: expected a number (got "10 ms")': (HEADER, ROW.replace("-10", "10 ms")),
    "line 2, delta_t_ms: a condition may not be empty": (HEADER, ROW.replace("-10", "")),
    "line 2: expected 15 cells (got 14); a cell with a comma needs quotes": (HEADER, ROW.replace("20,", "", 1)),
    "line 2: is not CSV (unexpected end of data); a cell with a comma needs quotes": (HEADER, ROW + '"open'),
    "header: missing columns: ratio, sem or n, a condition such as delta_t_ms (got measure, note)": ("measure,note", "slope,all of it"),
    "header: missing columns: ratio, sem or n (got delta_t_ms, mean)": ("delta_t_ms,mean", "10,1.4"),
    "no row has a ratio or an outcome; fill in what was measured": ("delta_t_ms,ratio,sem,n", "10,,,"),
    'header: column "sem" is there twice': (HEADER.replace("pattern", "sem"), ROW),
    "header: two columns give the same condition": (HEADER.replace("pattern", "delta_t_s"), ROW.replace("burst", "1")),
    "header: missing columns: a condition such as delta_t_ms (got ratio, n)": ("ratio,n", "1.4,6"),
    'line 2: "1.234,5" has marks between thousands beside a decimal mark, or is two numbers; write it with a decimal point alone': (
        "dose;ratio;n",
        "1.234,5;1.4;6",
    ),
    'line 2: "1,234.5" has marks between thousands beside a decimal mark, or is two numbers; write it with a decimal point alone': (
        "dose,ratio,n",
        '"1,234.5",1.4,6',
    ),
    "expected a header line and at least one row": ("# nothing", HEADER),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_fault_is_named_with_file_line_and_column(file, message):
    path = file(*REFUSED[message])
    with pytest.raises(sh.FormatError) as caught:
        read_published(path)
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize("error", ["sem", "n"])
def test_only_conditions_a_ratio_and_sem_or_n_are_needed(file, error):
    published = read_published(file(f"delta_t_ms,ratio,{error}", "10,1.4,2", "-10,,", name="mine.csv"))
    (row,) = published.rows
    assert (dict(row.condition), row.ratio, getattr(row, error), row.citation) == ({"delta_t": 0.01}, 1.4, 2, "mine.csv")
    assert published.columns == {"delta_t": "delta_t_ms"}


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_spreadsheet_with_decimal_commas_and_its_own_letters(file, separator):
    comment = '"# a comment, which the spreadsheet puts into quotes"'
    header, values = "Delta_t_ms,Ratio,SEM,N".replace(",", separator), separator.join(("10,5", "1,4", "0,1", "6"))
    (row,) = read_published(file(comment, header, values)).rows
    assert (row.condition["Delta_t"], row.ratio, row.sem, row.n) == (0.0105, 1.4, 0.1, 6)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("first", ["", "sep=;\r\n", "SEP=;\n"])
def test_what_excel_saves_in_germany_is_read(tmp_path, encoding, first):
    text = first + "# nach Müller;;;;\r\nfrequency_hz;delta_t_ms;ratio;sem;n;citation\r\n0,1;10;1,45;0,05;8;Müller\r\n;;;;;\r\n"
    (tmp_path / "d.csv").write_bytes(text.encode(encoding))
    (row,) = read_published(tmp_path / "d.csv").rows
    assert (dict(row.condition), row.ratio, row.sem, row.n) == ({"frequency": 0.1, "delta_t": 0.01}, 1.45, 0.05, 8)
    assert row.citation == "Müller"


@pytest.mark.parametrize("values", ["145,5,8", "1.45,45,8"])
def test_per_cent_is_refused(file, values):
    with pytest.raises(sh.FormatError, match=r"expected a ratio after / before of at most 20 \(got .*\); write 1.45 for 145 %"):
        read_published(file("delta_t_ms,ratio,sem,n", f"10,{values}"))


def test_a_missing_or_binary_file(tmp_path):
    with pytest.raises(sh.FormatError, match=r"none\.csv: cannot be read \(No such file"):
        read_published(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(sh.FormatError, match=r"b\.csv: is not text"):
        read_published(tmp_path / "b.csv")


FIT_HEADER = "A_plus,A_plus_error,tau_plus_ms,tau_plus_error_ms,A_minus,A_minus_error,tau_minus_ms,tau_minus_error_ms,citation,note"


def test_a_fitted_window(file):
    (fit,) = read_fits(file(FIT_HEADER, "0.5,0.1,16.8,,-0.2,,33.7,5,somebody 2001,"))
    assert (fit.A_plus, fit.tau_plus, fit.A_minus, fit.tau_minus) == (0.5, 0.0168, -0.2, 0.0337)
    assert fit.errors == {"A_plus": 0.1, "tau_minus": 0.005}
    assert fit.ratio(0.0168) == pytest.approx(1 + 0.5 / math.e, rel=1e-12)
    assert fit.ratio(-0.0337) == pytest.approx(1 - 0.2 / math.e, rel=1e-12)
    assert fit.ratio(0) == pytest.approx(1.15)


def test_a_fault_in_a_fit(file):
    with pytest.raises(sh.FormatError, match=r'line 2, tau_plus_ms: expected 0 or more \(got "-16\.8"\)'):
        read_fits(file(FIT_HEADER, "0.5,0.1,-16.8,,-0.2,,33.7,5,somebody 2001,"))
    with pytest.raises(sh.FormatError, match=r'header: expected only .* "extra"'):
        read_fits(file(FIT_HEADER + ",extra", "0.5,0.1,16.8,,-0.2,,33.7,5,somebody 2001,,"))
