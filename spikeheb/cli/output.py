"""The output folder of a run. It is tested before anything is computed, and a result is kept elsewhere if writing it fails."""

from __future__ import annotations

import contextlib
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from spikeheb.cli.options import OUTPUT_PANEL
from spikeheb.cli.printing import note
from spikeheb.declared import Setting
from spikeheb.errors import SpikehebError, StorageError
from spikeheb.paths import exists

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Target:
    """Where a command writes its result."""

    out: Annotated[
        Path | None,
        Setting(
            "Where to write; by default a folder named after the run.",
            accepts="Path | None", option=Path, metavar="FOLDER", panel=OUTPUT_PANEL,
        ),
    ] = None  # fmt: skip
    csv: Annotated[
        bool,
        Setting(
            "Also write a table that Excel opens, with one row for each condition, commas between columns and decimal points.",
            flags=("--csv",), panel=OUTPUT_PANEL,
        ),
    ] = False  # fmt: skip
    force: Annotated[bool, Setting("Replace an earlier result.", flags=("--force",), panel=OUTPUT_PANEL)] = False


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the files of a run; the text file is optional."""

    result: str = "result.nc"
    figure: str = "figure.png"
    text: str = ""
    csv: str = ""

    def with_csv(self, wanted: bool) -> Names:
        """These names, and that of a CSV table if it is wanted."""
        return replace(self, csv=Path(self.result).stem + ".csv") if wanted else self


STANDARD = Names()
QUICKLY_SAVED = 20_000_000
"""Largest result, in bytes, that is still saved after an interruption."""
LONGEST = 150
"""Longest name of a folder, in bytes; most systems allow 255."""


def folder_name(*words: str) -> Path:
    """A folder inside the current one, named after a run: ``sjostrom_2001-triplet-visual_cortex_all_min``."""
    name = "-".join(re.sub(r"[^\w.+=]+", "_", word) for word in words if word)
    return Path(name.encode(errors="replace")[:LONGEST].decode(errors="ignore"))


@contextmanager
def output(folder: Path, force: bool, names: Names = STANDARD) -> Iterator[Path]:
    """Make and test the folder; if the run fails, a folder that is new and empty is removed again.

    Raises
    ------
    OutputExists, StorageError
        Before anything was computed.
    """
    from spikeheb.results import prepare_folder

    new = [place for place in (folder, *folder.parents) if not exists(place)]
    try:
        yield prepare_folder(folder, tuple(name for name in (names.result, names.figure, names.text, names.csv) if name), force=force)
    except BaseException:
        for place in new:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise


@dataclass(frozen=True, slots=True)
class Words:
    """What is printed about a result: its table on stdout, notes on stderr, and a text for a file of its own."""

    table: Callable[[], None]
    notes: Callable[[], None] = lambda: None
    text: Callable[[], str] = lambda: ""


def deliver(data: xr.Dataset, folder: Path, force: bool, names: Names, words: Words) -> None:
    """Print the table and the notes, then write the files, even if printing fails because the reader of stdout has stopped.

    After an interruption only the result is written, and only if it is small.

    Raises
    ------
    StorageError
        As `write`.
    """
    try:
        words.table()
    except KeyboardInterrupt:
        _save_at_last(data, folder / names.result, force)
        raise
    except BaseException:
        words.notes()
        write(data, folder, force, names, words.text)
        raise
    words.notes()
    write(data, folder, force, names, words.text)


def write(data: xr.Dataset, folder: Path, force: bool, names: Names = STANDARD, text: Callable[[], str] = lambda: "") -> None:
    """Write result, tables and figure, and say where they are.

    Raises
    ------
    StorageError
        Where writing failed. A result is then saved elsewhere, and the message says where.
    """
    from spikeheb.results import replace_file, to_csv

    path = _save(data, folder / names.result, force)
    target = folder
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it says at length where its own settings cannot be kept
    try:
        from spikeheb import plots  # the import fails where MPLBACKEND or a file matplotlibrc names a backend that does not exist

        if names.csv:
            target = folder / names.csv
            note(f"table: {to_csv(data, target, force=force)}")
        if names.text:
            target = folder / names.text
            replace_file(target, text().encode())
            note(f"everything as text: {target}")
        target = folder / names.figure
        note(f"figure: {plots.write(plots.figure(data), target)}")
    except Exception as error:
        raise StorageError(f"{_reason(error)}; the result itself is complete in {path}", path=str(target)) from error


def _save(data: xr.Dataset, target: Path, force: bool) -> Path:
    """Save the result and say where it is; if that fails, save it elsewhere."""
    from spikeheb.results import save

    try:
        path = save(data, target, force=force)
    except KeyboardInterrupt:
        _save_at_last(data, target, force)
        raise
    except Exception as error:  # whatever the error is, the result must not be lost
        kept = _rescue("the result", lambda folder: _keep(data, folder / STANDARD.result))
        raise StorageError(f"{_reason(error)}; {kept}", path=str(target)) from error
    note(f"result: {path}")
    return path


def _save_at_last(data: xr.Dataset, target: Path, force: bool) -> None:
    """Save the result after an interruption, if that takes only a moment."""
    from spikeheb.results import save

    if data.nbytes <= QUICKLY_SAVED:
        with contextlib.suppress(Exception):
            note(f"result: {save(data, target, force=force)}")


def _reason(error: Exception) -> str:
    """Why something could not be written."""
    return error.message if isinstance(error, SpikehebError) else f"could not be made ({type(error).__name__}: {error})"


def write_text(text: str, target: Path) -> None:
    """Write a text file.

    Raises
    ------
    StorageError
        Where writing failed. The text is then saved elsewhere, and the message says where.
    """
    from spikeheb.results import replace_file

    try:
        replace_file(target, text.encode())
    except StorageError as error:
        kept = _rescue("the text", lambda folder: _keep_text(text, folder / target.name))
        raise StorageError(f"{error.message}; {kept}", path=str(target)) from error


def _keep_text(text: str, target: Path) -> Path:
    from spikeheb.results import replace_file

    replace_file(target.with_name(target.name[-LONGEST:]), text.encode())
    return target.with_name(target.name[-LONGEST:])


def _keep(data: xr.Dataset, target: Path) -> Path:
    """Save a result; attributes that a file cannot hold are stored as text."""
    from spikeheb.results import plain, save

    for version in (data, plain(data)):
        with contextlib.suppress(StorageError):
            return save(version, target)
    raise StorageError("could not be saved there", path=str(target))


def _rescue(what: str, keep: Callable[[Path], Path]) -> str:
    """Save something in a new folder elsewhere; returns a sentence that says where."""
    for place in (tempfile.gettempdir, Path.home, Path.cwd):
        with contextlib.suppress(Exception):
            return f"{what} is kept in {_in_new_folder(Path(place()), keep)}"
    return "it could not be saved elsewhere either: only the printed output is left"


def _in_new_folder(place: Path, keep: Callable[[Path], Path]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="spikeheb-", dir=place))
    try:
        return keep(folder)
    except BaseException:
        folder.rmdir()
        raise
