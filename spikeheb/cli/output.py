"""The folder of a run: seen to be writable before anything is computed, and nothing lost if it fails after."""

from __future__ import annotations

import contextlib
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
    """Where a command writes its result, and whether it shows how far it is."""

    progress: Annotated[
        bool | None,
        Setting(
            "Show progress on stderr; by default in a terminal.",
            accepts="bool | None", option=bool, flags=("--progress/--no-progress",),
        ),
    ] = None  # fmt: skip
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
            "Also write a table that Excel opens, one row a condition: commas between columns, a decimal point.",
            flags=("--csv",), panel=OUTPUT_PANEL,
        ),
    ] = False  # fmt: skip
    force: Annotated[bool, Setting("Replace an earlier result.", flags=("--force",), panel=OUTPUT_PANEL)] = False


@dataclass(frozen=True, slots=True)
class Names:
    """The files of a run; a text only where there is one."""

    result: str = "result.nc"
    figure: str = "figure.png"
    text: str = ""
    csv: str = ""

    def with_csv(self, wanted: bool) -> Names:
        """These, and a table beside the result if it is wanted."""
        return replace(self, csv=Path(self.result).stem + ".csv") if wanted else self


STANDARD = Names()
QUICKLY_SAVED = 20_000_000
"""Bytes of a result that is saved although the program was interrupted."""
LONGEST = 150
"""Bytes of the name of a folder; most systems allow 255."""


def folder_name(*words: str) -> Path:
    """A folder of the current one, named after a run: ``sjostrom_2001-triplet-visual_cortex_all_min``."""
    name = "-".join(re.sub(r"[^\w.+=]+", "_", word) for word in words if word)
    return Path(name.encode(errors="replace")[:LONGEST].decode(errors="ignore"))


@contextmanager
def output(folder: Path, force: bool, names: Names = STANDARD) -> Iterator[Path]:
    """The folder, made and tested; an error inside takes a new and empty one away again.

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
    """What is told of a result: its table on stdout, notes on stderr, and a text for a file of its own."""

    table: Callable[[], None]
    notes: Callable[[], None] = lambda: None
    text: Callable[[], str] = lambda: ""


def deliver(data: xr.Dataset, folder: Path, force: bool, names: Names, words: Words) -> None:
    """Print the table and the notes, then write the files, whatever becomes of the table: its reader may have stopped reading.

    After an interruption nothing but the result is written, and no large one.

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
        Where that failed; where it is the result, it is then kept elsewhere, and the message says where.
    """
    from spikeheb.results import replace_file, to_csv

    path = _save(data, folder / names.result, force)
    target = folder
    try:
        from spikeheb import plots  # which fails where MPLBACKEND or a file matplotlibrc names what is not there

        if names.csv:
            target = folder / names.csv
            note(f"table: {to_csv(data, target, force=force)}")
        if names.text:
            target = folder / names.text
            replace_file(target, text().encode())
            note(f"all of it in words: {target}")
        target = folder / names.figure
        note(f"figure: {plots.write(plots.figure(data), target)}")
    except Exception as error:
        raise StorageError(f"{_reason(error)}; the result is whole in {path}", path=str(target)) from error


def _save(data: xr.Dataset, target: Path, force: bool) -> Path:
    """Save the result and say where it is; where that fails, it is kept elsewhere."""
    from spikeheb.results import save

    try:
        path = save(data, target, force=force)
    except KeyboardInterrupt:
        _save_at_last(data, target, force)
        raise
    except Exception as error:  # whatever it is, what was computed must not be lost
        kept = _rescue("the result", lambda folder: _keep(data, folder / STANDARD.result))
        raise StorageError(f"{_reason(error)}; {kept}", path=str(target)) from error
    note(f"result: {path}")
    return path


def _save_at_last(data: xr.Dataset, target: Path, force: bool) -> None:
    """After an interruption: save what was computed, if that is done in a moment."""
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
        Where that failed; the text is then kept elsewhere, and the message says where.
    """
    from spikeheb.results import replace_file

    try:
        replace_file(target, text.encode())
    except StorageError as error:
        kept = _rescue("what was to be written", lambda folder: _keep_text(text, folder / target.name))
        raise StorageError(f"{error.message}; {kept}", path=str(target)) from error


def _keep_text(text: str, target: Path) -> Path:
    from spikeheb.results import replace_file

    replace_file(target.with_name(target.name[-LONGEST:]), text.encode())
    return target.with_name(target.name[-LONGEST:])


def _keep(data: xr.Dataset, target: Path) -> Path:
    """Save; attributes that no file can hold become text."""
    from spikeheb.results import plain, save

    for version in (data, plain(data)):
        with contextlib.suppress(StorageError):
            return save(version, target)
    raise StorageError("could not be kept there", path=str(target))


def _rescue(what: str, keep: Callable[[Path], Path]) -> str:
    """Keep something in a new folder elsewhere; returns words that say where."""
    for place in (tempfile.gettempdir, Path.home, Path.cwd):
        with contextlib.suppress(Exception):
            return f"{what} is kept in {_in_new_folder(Path(place()), keep)}"
    return "nor could it be kept elsewhere: what was printed is all that is left"


def _in_new_folder(place: Path, keep: Callable[[Path], Path]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="spikeheb-", dir=place))
    try:
        return keep(folder)
    except BaseException:
        folder.rmdir()
        raise
