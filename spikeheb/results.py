"""Results on disk: labelled data sets as NetCDF, written whole or not at all, and never unpickled."""

from __future__ import annotations

import csv
import io
import math
import os
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeheb.errors import FormatError, OutputExists, SpikehebError, StorageError, check_kind
from spikeheb.limits import MEMORY, check_file, check_memory
from spikeheb.paths import exists, is_file, is_folder

if TYPE_CHECKING:
    import xarray as xr


def save(data: xr.Dataset, path: Path | str, *, force: bool = False) -> Path:
    """Write a result as NetCDF.

    The file is written beside its place under another name, read back, and then renamed, so that a full disk or an
    interruption leaves either the old file or the new one.

    Parameters
    ----------
    data : xarray.Dataset
    path : path-like
    force : bool
        Replace an existing file.

    Returns
    -------
    Path

    Raises
    ------
    FormatError
        For an object that is not a result, or not a path.
    OutputExists
        Where the file exists and `force` is not set.
    StorageError
        Where it cannot be written whole.
    """
    _check_result(data)
    target = free_place(path, force)
    try:
        image = _image(data)
    except MemoryError:
        raise
    except Exception as error:  # of xarray, h5netcdf or h5py, which raise anything
        raise StorageError(f"cannot be written as NetCDF ({_first_line(error)})", path=str(target)) from error
    replace_file(target, image)
    return target


def _check_result(data: object) -> None:
    import xarray as xr

    check_kind(data, xr.Dataset, "a result")


def free_place(path: Path | str, force: bool) -> Path:
    """The path, if no file may be lost by writing there. What the system cannot even look up is left to the writing to refuse."""
    check_kind(path, (str, Path), "a path", key="path")
    if exists(path) and not force:
        raise OutputExists("exists already; choose another name or use --force", path=str(path))
    return Path(path)


def plain(data: xr.Dataset) -> xr.Dataset:
    """The same values with every attribute, and every variable that is not an array of numbers, as text."""
    changed = data.copy()
    for variable in changed.variables.values():
        variable.attrs = {str(name): str(value) for name, value in variable.attrs.items()}
        variable.encoding = {}
    texts = {str(name): (value.dims, value.values.astype(str)) for name, value in changed.variables.items() if value.dtype.kind in "OSVmM"}
    changed = changed.assign({name: value for name, value in texts.items() if name in changed.data_vars})
    changed = changed.assign_coords({name: value for name, value in texts.items() if name in changed.coords})
    changed.attrs = {str(name): str(value) for name, value in data.attrs.items()}
    return changed


def _first_line(error: Exception) -> str:
    """What an error of another library says, in short."""
    return str(error).splitlines()[0][:120] if str(error).strip() else type(error).__name__


def _image(data: xr.Dataset) -> bytes:
    """The bytes of the file. They are made in memory because HDF5 ends the process where a disk is full."""
    import h5netcdf
    import xarray as xr

    buffer = io.BytesIO()
    with h5netcdf.File(buffer, "w") as file:
        data.dump_to_store(xr.backends.H5NetCDFStore(file))
    return buffer.getvalue()


def replace_file(target: Path, content: bytes) -> None:
    """Put a file with that content in place, read back before, or raise and leave what was there.

    Parameters
    ----------
    target : Path
    content : bytes

    Raises
    ------
    StorageError
    """
    check_replaceable(target)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem[:40]}-", suffix=target.suffix, dir=target.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if temporary.read_bytes() != content:
            raise OSError("what was read back differs")
        temporary.chmod(0o666 & ~_mask())
        temporary.replace(target)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(f"could not be written whole ({reason})", path=str(target)) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_replaceable(target: Path) -> None:
    """Refuse a path at which there is something else than a file: a folder, a device or a pipe.

    Raises
    ------
    StorageError
    """
    if exists(target) and not is_file(target):
        what = "a folder" if is_folder(target) else "a device or a pipe"
        raise StorageError(f"cannot be written (is {what}, not a file); choose another with --out", path=str(target))


def _mask() -> int:
    """Which permissions new files do not get; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def load(path: Path | str) -> xr.Dataset:
    """Read a whole result into memory.

    Raises
    ------
    FormatError
        Where the file is missing, truncated or not NetCDF.
    EngineError
        Where it would take more memory than is allowed.
    """
    import xarray as xr

    from spikeheb.dataset import as_result

    check_kind(path, (str, Path), "a path", key="path")
    if not is_file(path):
        raise FormatError("there is no such file", path=str(path))
    check_file(Path(path), MEMORY)
    try:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            check_memory(float(data.nbytes), f"the {sum(v.size for v in data.variables.values()):,} numbers of the file", path=str(path))
            return as_result(_with_plain_attributes(data.load()))
    except (SpikehebError, MemoryError):
        raise
    except Exception as error:  # xarray, h5netcdf and h5py raise anything on files that are not what they expect
        raise FormatError(f"is not a whole NetCDF file ({_first_line(error)})", path=str(path)) from None


def _with_plain_attributes(data: xr.Dataset) -> xr.Dataset:
    """Arrays among the attributes, which other programs write and no result has, become tuples, which can be compared."""
    for attributes in (data.attrs, *(variable.attrs for variable in data.variables.values())):
        attributes.update({name: tuple(np.ravel(value).tolist()) for name, value in attributes.items() if isinstance(value, np.ndarray)})
    return data


def prepare_folder(path: Path | str, names: tuple[str, ...], *, force: bool = False) -> Path:
    """Make the output folder and see that it can be written, before anything is computed.

    Raises
    ------
    OutputExists
        Where one of the named files is there and `force` is not set.
    StorageError
        Where the folder cannot be made or written.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"spikeheb")
    except (OSError, ValueError) as error:  # a path with a null character is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"cannot be written ({reason}); choose another folder with --out", path=str(folder)) from None
    for name in names:
        check_replaceable(folder / name)
        if exists(folder / name) and not force:
            raise OutputExists("exists already; use --force to replace it, or another --out", path=str(folder / name))
    return folder


SHOWN = {
    "s": ("ms", 1e3),
    "V": ("mV", 1e3),
    "A": ("pA", 1e12),
    "V/s": ("mV/ms", 1.0),
    "A/s": ("pA/ms", 1e9),
    "ohm": ("Mohm", 1e-6),
    "1": ("", 1.0),
}
"""Unit and factor in which SI values are shown; what is not listed is shown as it is."""
_ROWS = {
    "network": ("population",),
    "window": ("rule", "delta_t"),
    "replay": ("lane",),
    "score": ("entry", "data_set"),
    "weights": ("rule", "seed", "cell"),
    "constraint": ("kind", "learning_rate"),
    "comparison": ("sample", "other"),
}
"""What a row of a table is; in all other studies it is a condition."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(data: xr.Dataset, path: Path | str, *, force: bool = False) -> Path:
    """Write a result as a table: one row for each condition, and one column for each quantity with one value per condition.

    A row is a condition of an experiment or recording, a delta_t and rule of a window, a lane of a replay, an entry and data set of
    a board, a rule, seed and cell of weight distributions, a population of a network, a seed and its conditions of a study of rates, or
    two of the samples that are compared. The heading of a column names its unit: ``epsp_before (mV)``. Numbers are written with all
    digits, and unknown numbers as empty cells. The file is UTF-8 with a mark at its start, so that Excel reads it correctly; text that a
    spreadsheet would read as a formula gets a quote before it.
    Cells are separated by commas and numbers have a decimal point, in every country, so that ``pandas.read_csv(path)`` reads it as it is;
    an Excel that expects semicolons and decimal commas reads it by Data > From Text/CSV, with English (United States) as the locale of
    its Transform step.

    Parameters
    ----------
    data : xarray.Dataset
    path : path-like
    force : bool
        Replace an existing file.

    Returns
    -------
    Path

    Raises
    ------
    OutputExists, StorageError
    FormatError
        For a data set without conditions.
    """
    target = free_place(path, force)
    buffer = io.StringIO()
    csv.writer(buffer).writerows(table(data))
    replace_file(target, buffer.getvalue().encode("utf-8-sig"))
    return target


def table(data: xr.Dataset) -> list[list[str]]:
    """The rows of `to_csv`, headings first.

    Raises
    ------
    FormatError
    """
    _check_result(data)
    wanted = _ROWS.get(str(data.attrs.get("study", "")), ("condition",))
    first = str(data.attrs.get("table", "")).partition(" ")[0]  # of a study of rates, which says what its table is over
    if first in data:
        wanted = tuple(map(str, data[first].dims))
    over = [name for name in wanted if name in data.dims]
    if not over:
        raise FormatError(
            f"expected a result with the dimension {' or '.join(wanted)} (got the dimensions {', '.join(map(str, data.dims)) or 'none'})"
        )
    several = [name for name in over if name == over[0] or data.sizes[name] > 1 or name in data.coords]
    columns = [name for name in (*data.coords, *data.data_vars) if set(data[name].dims) <= set(over) and (data[name].dims or name in over)]
    columns = [*(name for name in several if name in columns), *(name for name in columns if name not in several)]
    shape = [data.sizes[name] for name in over]
    filled = []
    for name in columns:
        values = data[name].expand_dims({d: data.sizes[d] for d in over if d not in data[name].dims}).transpose(*over).values
        filled.append([_cell(value, _unit(data, name)[1]) for value in values.reshape(math.prod(shape))])
    return [[_heading(data, name) for name in columns], *(list(row) for row in zip(*filled, strict=True))]


def _unit(data: xr.Dataset, name: Hashable) -> tuple[str, float]:
    units = str(data[name].attrs.get("units", ""))
    return SHOWN.get(units, (units, 1.0))


def _heading(data: xr.Dataset, name: Hashable) -> str:
    unit = _unit(data, name)[0]
    return _harmless(f"{name} ({unit})" if unit else str(name))


def _cell(value: Any, factor: float) -> str:
    """A value as a spreadsheet reads it."""
    if isinstance(value, np.bool_ | bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, np.integer | int) and factor == 1:
        return str(int(value))
    if isinstance(value, np.number | float | int):
        number = float(value) * factor
        return repr(float(f"{number:.15g}")) if math.isfinite(number) else "" if math.isnan(number) else str(number)
    return _harmless(str(value))


def _harmless(text: str) -> str:
    """Text that begins like a formula, with a quote before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
