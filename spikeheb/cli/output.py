"""The folder of a run: seen to be writable before anything is computed, and nothing lost if it fails after."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from spikeheb.cli.printing import note
from spikeheb.errors import OutputExists, SpikehebError, StorageError

if TYPE_CHECKING:
    import xarray as xr


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


def folder_name(*words: str) -> Path:
    """A folder of the current one, named after a run: ``sjostrom_2001-triplet-visual_cortex_all_min``."""
    return Path("-".join(re.sub(r"[^\w.+=]+", "_", word) for word in words if word)[:150])


@contextmanager
def output(folder: Path, force: bool, names: Names = STANDARD) -> Iterator[Path]:
    """The folder, made and tested; an error inside takes a new and empty one away again.

    Raises
    ------
    OutputExists, StorageError
        Before anything was computed.
    """
    from spikeheb.results import prepare_folder

    new = not folder.exists()
    try:
        yield prepare_folder(folder, tuple(name for name in (names.result, names.figure, names.text, names.csv) if name), force=force)
    except BaseException:
        if new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def write(data: xr.Dataset, folder: Path, force: bool, names: Names = STANDARD) -> None:
    """Write result and figure, and say where they are.

    Raises
    ------
    StorageError
        Where that failed; the result is then kept elsewhere, and the message says where.
    """
    from spikeheb import plots
    from spikeheb.results import save, to_csv

    try:
        path = save(data, folder / names.result, force=force)
    except (StorageError, OutputExists) as error:
        raise StorageError(f"{error.message}; {_rescue(data)}", path=error.path) from error
    note(f"result: {path}")
    try:
        if names.csv:
            note(f"table: {to_csv(data, folder / names.csv, force=force)}")
        note(f"figure: {plots.write(plots.figure(data), folder / names.figure)}")
    except StorageError as error:
        raise StorageError(f"{error.message}; the result is whole in {path}", path=error.path) from error


def _rescue(data: xr.Dataset) -> str:
    """Keep the result somewhere else; returns words that say where."""
    from spikeheb.results import save

    for place in (Path(tempfile.gettempdir()), Path.home(), Path.cwd()):
        with contextlib.suppress(OSError, SpikehebError):
            folder = Path(tempfile.mkdtemp(prefix="spikeheb-", dir=place))
            try:
                return f"the result is kept in {save(data, folder / STANDARD.result)}"
            except SpikehebError:
                folder.rmdir()
    return "nor could it be kept elsewhere: the table is all that is left"
