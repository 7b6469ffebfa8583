"""The folder of a run: seen to be writable before anything is computed, and nothing lost if it fails after."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spikeheb.cli.printing import note
from spikeheb.errors import OutputExists, SpikehebError, StorageError

if TYPE_CHECKING:
    import xarray as xr

RESULT, FIGURE = "result.nc", "figure.png"


def folder_name(*words: str) -> Path:
    """A folder of the current one, named after a run: ``sjostrom_2001-triplet-visual_cortex_all_min``."""
    return Path("-".join(re.sub(r"[^\w.+=]+", "_", word) for word in words if word)[:150])


@contextmanager
def output(folder: Path, force: bool) -> Iterator[Path]:
    """The folder, made and tested; an error inside takes a new and empty one away again.

    Raises
    ------
    OutputExists, StorageError
        Before anything was computed.
    """
    from spikeheb.results import prepare_folder

    new = not folder.exists()
    try:
        yield prepare_folder(folder, (RESULT, FIGURE), force=force)
    except BaseException:
        if new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def write(data: xr.Dataset, folder: Path, force: bool) -> None:
    """Write result and figure, and say where they are.

    Raises
    ------
    StorageError
        Where that failed; the result is then kept elsewhere, and the message says where.
    """
    from spikeheb import plots
    from spikeheb.results import save

    try:
        path = save(data, folder / RESULT, force=force)
    except (StorageError, OutputExists) as error:
        raise StorageError(f"{error.message}; {_rescue(data)}", path=error.path) from error
    note(f"result: {path}")
    try:
        note(f"figure: {plots.write(plots.figure(data), folder / FIGURE)}")
    except StorageError as error:
        raise StorageError(f"{error.message}; the result is whole in {path}", path=error.path) from error


def _rescue(data: xr.Dataset) -> str:
    """Keep the result somewhere else; returns words that say where."""
    from spikeheb.results import save

    for place in (Path(tempfile.gettempdir()), Path.home(), Path.cwd()):
        with contextlib.suppress(OSError, SpikehebError):
            folder = Path(tempfile.mkdtemp(prefix="spikeheb-", dir=place))
            try:
                return f"the result is kept in {save(data, folder / RESULT)}"
            except SpikehebError:
                folder.rmdir()
    return "nor could it be kept elsewhere: the table is all that is left"
