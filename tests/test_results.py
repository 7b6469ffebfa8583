"""Results on disk: whole or not at all."""

import errno
import os
import stat

import numpy as np
import pytest
import xarray as xr

import spikeheb as sh
from spikeheb.results import prepare_folder


@pytest.fixture
def data():
    return xr.Dataset(
        {"w": (("lane", "time"), np.arange(6.0).reshape(2, 3), {"units": "1"}), "there": ("lane", [True, False])},
        coords={"lane": ["a", "b"]},
        attrs={"study": "replay", "seed": 3},
    )


def test_round_trip(data, tmp_path):
    assert sh.load(sh.save(data, tmp_path / "r.nc")).identical(data)
    assert [path.name for path in tmp_path.iterdir()] == ["r.nc"]


def test_an_existing_file_stays_unless_forced(data, tmp_path):
    (tmp_path / "r.nc").write_text("precious")
    with pytest.raises(sh.OutputExists, match=r"r\.nc: exists already"):
        sh.save(data, tmp_path / "r.nc")
    assert (tmp_path / "r.nc").read_text() == "precious"
    assert sh.load(sh.save(data, tmp_path / "r.nc", force=True)).identical(data)


@pytest.mark.parametrize("name", ["a" * 300 + ".nc", "a\0b.nc"])
def test_a_name_that_no_file_can_have_is_one_line(data, tmp_path, name):
    for write in (sh.save, sh.to_csv):
        with pytest.raises(sh.StorageError, match="could not be written whole"):
            write(data, tmp_path / name)
    with pytest.raises(sh.FormatError, match="there is no such file"):
        sh.load(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", ["fsync", "truncate", "replace"])
def test_what_fails_leaves_the_old_file_and_nothing_else(data, tmp_path, monkeypatch, fault):
    (tmp_path / "r.nc").write_text("precious")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if fault == "truncate":
        true_sync = os.fsync

        def cut(handle):
            true_sync(handle)
            os.truncate(handle, 900)

        monkeypatch.setattr(os, "fsync", cut)
    else:
        monkeypatch.setattr("os.fsync" if fault == "fsync" else "pathlib.Path.replace", full)
    with pytest.raises(sh.StorageError, match=r"r\.nc: could not be written whole"):
        sh.save(data, tmp_path / "r.nc", force=True)
    assert (tmp_path / "r.nc").read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["r.nc"]


def test_a_missing_folder_is_named(data, tmp_path):
    with pytest.raises(sh.StorageError, match=r"could not be written whole \(No such file or directory\)"):
        sh.save(data, tmp_path / "none" / "r.nc")


@pytest.mark.skipif(os.name == "nt", reason="permissions")
def test_others_may_read_what_the_mask_allows(data, tmp_path):
    old = os.umask(0o022)
    try:
        path = sh.save(data, tmp_path / "r.nc")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n"])
def test_what_is_no_result_is_refused(tmp_path, content):
    (tmp_path / "r.nc").write_bytes(content)
    with pytest.raises(sh.FormatError, match="is not a whole NetCDF file"):
        sh.load(tmp_path / "r.nc")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(sh.FormatError, match=r"none\.nc: there is no such file"):
        sh.load(tmp_path / "none.nc")


def test_folders_are_tried_before(tmp_path):
    assert prepare_folder(tmp_path / "a" / "b", ("r.nc",)).is_dir()
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(sh.StorageError, match="cannot be written"):
        prepare_folder(tmp_path / "file", ())
    (tmp_path / "a" / "r.nc").write_text("")
    with pytest.raises(sh.OutputExists, match="use --force"):
        prepare_folder(tmp_path / "a", ("r.nc",))
