"""Initial weights that a user gives, as a number, an array or a file."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.studies.start_weights import start_weights

PAIR = sh.rule("pair")


def test_numbers_arrays_and_text():
    assert start_weights(None, PAIR) is None
    np.testing.assert_array_equal(start_weights(0.25, PAIR), [0.25])
    np.testing.assert_array_equal(start_weights("0.25", PAIR), [0.25])
    np.testing.assert_array_equal(start_weights([0.25, 1], PAIR, 2), [0.25, 1])


@pytest.mark.parametrize(
    "text", ["weight\n0.1\n0.2\n", "pre,weight\n0,0.1\n1,0.2\n", "pre;weight\n0;0.1\n1;0.2\n", '"weight"\t"x"\n0.1\t3\n0.2\t4\n\n']
)
def test_the_column_of_a_table(tmp_path, text):
    path = tmp_path / "start.csv"
    path.write_text(text)
    np.testing.assert_array_equal(start_weights(path, PAIR, 2), [0.1, 0.2])


def test_an_array_on_disk(tmp_path):
    np.save(tmp_path / "start.npy", np.array([0.1, 0.2]))
    np.testing.assert_array_equal(start_weights(str(tmp_path / "start.npy"), PAIR), [0.1, 0.2])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "no such file"),
        ("weights.txt", b"0.5", "expected a number, or a file"),
        ("a.csv", b"w\n0.5\n", 'one column "weight"'),
        ("a.csv", b"weight,weight\n0.5,0.1\n", 'one column "weight"'),
        ("a.csv", b"weight\n0,5\n", "1 columns"),
        ("a.csv", b"pre;weight\n1;0,5\n", "decimal point"),
        ("a.csv", b"weight\nnan\n", "finite"),
        ("a.csv", b"weight\n", "finite weight"),
        ("a.csv", b"\xff\xfe\x00", "cannot be read"),
        ("a.csv", b"weight\n2\n", "outside the bounds"),
        ("a.npy", b"nothing", "not an array"),
        (
            "a.npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(127) + b"\n",
            "not an array",
        ),
    ],
)
def test_what_is_refused(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(sh.SpikehebError, match=words):
        start_weights(str(path), PAIR)


@pytest.mark.parametrize("values", [np.zeros((2, 2)), np.zeros(2, dtype=complex), np.array([object()]), np.zeros(0)])
def test_arrays_of_other_kinds(tmp_path, values):
    np.save(tmp_path / "a.npy", values, allow_pickle=True)
    with pytest.raises(sh.SpikehebError):
        start_weights(tmp_path / "a.npy", PAIR)


@pytest.mark.parametrize("values", [np.array([0.5 + 1j]), [[0.1, 0.2]], [], [None], [[0.1], [0.2, 0.3]], ["x"], np.nan])
def test_values_of_other_kinds(values):
    with pytest.raises(sh.ScheduleError, match="w0"):
        start_weights(values, PAIR)


def test_too_few():
    with pytest.raises(sh.ScheduleError, match="one for each of 3 lanes"):
        start_weights([0.1, 0.2], PAIR, 3, "lanes")


def test_studies_start_where_they_are_told(tmp_path):
    np.save(tmp_path / "start.npy", np.array([0.2, 0.8]))
    two = sh.window("pair", [0.01], w0=tmp_path / "start.npy")
    single = [float(sh.window("pair", [0.01], w0=w0)["w"][0]) for w0 in (0.2, 0.8)]
    assert two.attrs["synapses"] == 2
    assert float(two["w"][0]) == pytest.approx(np.mean(single), abs=1e-15)
    replayed = sh.replay("pair", [[0.1], [0.1]], [[0.11], [0.11]], str(tmp_path / "start.npy"))
    np.testing.assert_allclose(replayed["w"] - [0.2, 0.8], 0.005 * np.exp(-0.5))
    data = sh.run("pairing", "pair", test_pulses=False, delta_t="10 ms", w0=tmp_path / "start.npy")
    np.testing.assert_allclose(data["efficacy_before"], 0.5)
    np.testing.assert_allclose(data["efficacy_end"], two["w"], rtol=1e-12)
    with pytest.raises(sh.ScheduleError, match="w0"):
        sh.run("pairing", "pair", test_pulses=False, w0=[0.1, 0.2], synapses=3)


def test_a_given_start_is_compared_with_itself():
    """The change is that of the given weight: at half the hippocampal set's own, twice the share (where no bound is reached)."""
    rule = sh.rule("clopath", set="hippocampus")
    own, half = (sh.run("ngezahayo_2000", rule, "l5_clopath", test_pulses=False, w0=w0)["efficacy_ratio"].values for w0 in (None, 0.5))
    np.testing.assert_allclose(half - 1, (own - 1) * 2, rtol=1e-9, atol=1e-9)
