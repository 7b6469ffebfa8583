"""Weights from files: what is read as what, what is refused, and what the comparison says."""

from __future__ import annotations

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.errors import FormatError
from spikeheb.studies.distributions.comparison import read_all, read_weights

TEXTS = {
    "edges": ("pre,post,weight\n0,0,0.5\n1,0,0.6\n", [[0.5, 0.6]], 'column "weight" of 3'),
    "decimal commas under one name": ("w\n0,5\n0,6\n", [[0.5, 0.6]], "commas taken for decimal points"),
    "semicolons and commas": ("i;w (nS)\n1;0,5\n2;0,75\n", [[0.5, 0.75]], "w (nS)"),
    "tabs": ("pre\tWeight\n0\t1.5\n", [[1.5]], "Weight"),
    "missing": ("w\n0.5\nnan\n\n-\n0.25\n", [[0.5, 0.25]], "2 of 4 entries are NaN: no connection"),
    "one column": ("0.5\n0.6\n", [[0.5, 0.6]], "2 weights of one seed"),
    "one column, any name": ("EPSP\n0.5\n0.6\n", [[0.5, 0.6]], "EPSP"),
    "seeds side by side": ("seed0,seed1\n0.1,0.2\n0.3,0.4\n", [[0.1, 0.3], [0.2, 0.4]], "2 columns of seeds"),
    "seeds below each other": ("seed,weight\n3,0.1\n5,0.2\n3,0.3\n", [[0.1, 0.3], [0.2]], "into 2 seeds"),
    "a matrix": ("0.1 0.2 0.3\n0.4 0.5 0.6\n", [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]], "taken for one sample of 6 weights"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_tables_are_read_by_their_column_of_weights(name, tmp_path):
    text, expected, meaning = TEXTS[name]
    path = tmp_path / "x.csv"
    path.write_text(text)
    (sample,) = read_weights(path)
    assert [seed.tolist() for seed in sample.seeds] == expected
    assert meaning in sample.meaning


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,5\n0,6\n", "decimal commas"),
        ("0,0,0.5\n1,0,0.6\n", "look like indices"),
        ("a,b\n0.1,0.2\n", "expected a column called weight or w"),
        ("w,weight\n0.1,0.2\n", "several columns of weights"),
        ("i,w\n1,0,5\n2,0,6\n", "decimal sign"),
        ("w\n0.5\nabc\n", "abc"),
        ("w\n", "no weights"),
        ("", "no weights"),
        ("w\nnan\n", "no weights"),
        ("w\ninf\n", "infinite"),
    ],
)
def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused(text, message, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_weights(path)


def test_arrays_say_their_shape_and_what_it_means(tmp_path):
    for shape, layout, seeds in (
        ((784, 30), None, 1), ((4, 200), None, 4), ((784, 30), "columns", 30), ((4, 200), "one", 1), ((5, 3), "rows", 5), ((9,), None, 1)
    ):  # fmt: skip
        np.save(tmp_path / "m.npy", np.random.default_rng(0).random(shape))
        (sample,) = read_weights(tmp_path / "m.npy", layout=layout)
        assert len(sample.seeds) == seeds
        assert sample.pooled.size == np.prod(shape)
        assert str(shape[0]) in sample.meaning
    matrix = np.array([[0.1, np.nan, 0.3], [np.nan, 0.5, 0.6], [0.7, 0.8, 0.9]])
    np.save(tmp_path / "m.npy", matrix)
    (sample,) = read_weights(tmp_path / "m.npy")
    assert sample.pooled.tolist() == [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert "2 of 9 entries are NaN" in sample.meaning


def test_the_ending_of_an_array_may_be_in_capitals(tmp_path):
    np.save(tmp_path / "m.npy", np.array([0.1, 0.4]))
    (tmp_path / "m.npy").rename(tmp_path / "M.NPY")
    assert read_weights(tmp_path / "M.NPY")[0].seeds[0].tolist() == [0.1, 0.4]


def test_a_name_that_is_too_long_is_no_file(tmp_path):
    with pytest.raises(FormatError, match="there is no such file"):
        read_weights(tmp_path / ("a" * 300 + ".csv"))


@pytest.mark.parametrize(
    "values",
    [np.ones(3, dtype=[("a", float)]), np.ones(3, dtype=complex), np.ones((2, 2, 2)), np.array(["a"]), np.array(1.0), np.ones(0)],
    ids=["structured", "complex", "three dimensions", "text", "none", "empty"],
)
def test_other_arrays_are_refused(values, tmp_path):
    np.save(tmp_path / "m.npy", values)
    with pytest.raises(FormatError, match=r"m\.npy"):
        read_weights(tmp_path / "m.npy")


def test_headers_that_promise_too_much_are_refused(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    (tmp_path / "m.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(FormatError, match="not an array"):
        read_weights(tmp_path / "m.npy")


def test_results_of_other_programs_are_refused(tmp_path):
    import xarray as xr

    for attributes in ({}, {"study": np.arange(3)}, {"study": "weights"}, {"study": "window"}):
        xr.Dataset({"weight": ("x", [1.0])}, attrs=attributes).to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
        with pytest.raises(FormatError, match=r"x\.nc"):
            read_weights(tmp_path / "x.nc")


def test_files_of_one_name_are_told_apart(tmp_path):
    paths = [tmp_path / "one" / "a" / "w.npy", tmp_path / "two" / "a" / "w.npy", tmp_path / "two" / "b" / "w.npy"]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.arange(4.0))
    assert [sample.name for sample in read_all(paths)] == ["one/a/w", "two/a/w", "b/w"]
    assert [sample.name for sample in read_all(paths[:2][:1] * 2)][1].endswith("#2")


def test_the_comparison_in_python(tmp_path):
    from scipy.stats import ks_2samp, wasserstein_distance

    a, b = np.linspace(0, 1, 40), np.linspace(0.2, 0.9, 50) ** 2
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    data = sh.compare([tmp_path / "a.npy", tmp_path / "b.npy"], 0, 1)
    assert data["count"].values.tolist() == [40, 50]
    assert data["mean"].values.tolist() == [pytest.approx(a.mean()), pytest.approx(b.mean())]
    assert float(data["wasserstein"][0, 1]) == pytest.approx(wasserstein_distance(a, b))
    assert float(data["kolmogorov_smirnov"][1, 0]) == pytest.approx(ks_2samp(a, b).statistic)
    assert data["wasserstein"].values[0, 0] == 0
    assert np.isnan(data["wasserstein_low"].values).all()
    assert np.isnan(data["wasserstein_to_theory"].values).all()


def test_results_are_compared_as_they_are_and_as_files(tmp_path):
    first, second = (sh.weights("pair", None, sh.poisson_inputs(20), "1 s", 2, imposed="10 Hz", snapshots=8, seed=n) for n in (0, 5))
    both = sh.compare([first, sh.save(second, tmp_path / "b.nc")])
    assert both["sample"].values.tolist() == ["result 1: pair", f"{tmp_path.name}/b.nc: pair"]
    np.testing.assert_array_equal(both["mean"], [first["weight"].mean(), second["weight"].mean()])
    assert sh.compare(first)["sample"].values.tolist() == ["pair"]
    with pytest.raises(FormatError, match="low: has no effect without weights from elsewhere"):
        sh.compare(first, low=0)


@pytest.mark.parametrize("what", [3, None, 0.5, {"a": 1}], ids=lambda what: type(what).__name__)
def test_what_is_neither_result_nor_file_is_refused(what):
    with pytest.raises(FormatError, match="result 1: expected a result of weights, an array of them, or the path of a file"):
        sh.compare([what])


def test_a_result_of_another_study_is_refused():
    window = sh.window("pair", [0.01], 2)
    with pytest.raises(FormatError, match=r'result 2: expected a result of weights \(got study = "window"\)'):
        sh.compare([sh.weights("pair", None, sh.poisson_inputs(2), "1 s", 1, imposed="10 Hz"), window])


def test_arrays_are_compared_like_files_of_them(tmp_path):
    rng = np.random.default_rng(0)
    arrays = [rng.random(40), rng.random((4, 60)).astype(np.float32)]
    for n, array in enumerate(arrays, start=1):
        np.save(tmp_path / f"array {n}.npy", array)
    direct = sh.compare(arrays, low=0, high=1)
    assert direct.drop_attrs().identical(sh.compare([tmp_path / "array 1.npy", tmp_path / "array 2.npy"], low=0, high=1).drop_attrs())
    assert list(direct["sample"].values) == ["array 1", "array 2"]
    assert sh.compare(arrays[0])["count"].values.tolist() == [40]
    assert "taken for 60 seeds" in str(sh.compare(arrays[1], layout="columns")["meaning"].values[0])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2, 2)), "one or two dimensions"),
        (np.zeros(0), "no weights"),
        (np.array([1.0, np.inf]), "infinite"),
        (np.array([np.nan]), "no weights"),
        (np.array([1 + 2j]), "real numbers"),
        (np.array(["a"]), "real numbers"),
        (np.array([object()]), "real numbers"),
        (np.array(0.5), "one or two dimensions"),
    ],
)
def test_arrays_that_are_no_weights_are_refused_by_name(array, message):
    with pytest.raises(FormatError, match=f"array 2: .*{message}"):
        sh.compare([np.ones(3), array])


def test_the_density_of_each_sample_is_kept():
    data = sh.compare([np.array([0.0, 0.5, 1.0]), np.full(4, 0.25)])
    width = float(np.diff(data["bin"].values)[0])
    np.testing.assert_allclose(data["density"].sum("bin") * width, 1.0)
