"""Where a long run is saved on its way, and where it goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spikeheb.errors import ScheduleError, StorageError, check_used

EVERY = 60.0
"""Seconds of work between checkpoints where nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """Files of a run that may be stopped.

    Attributes
    ----------
    save : Path or None
        The file that is written again and again, each time whole or not at all, and once more where the run is interrupted.
    every : float or None
        Seconds of work in between, as a clock on the wall shows them; 60 where None.
    resume : Path or None
        The file of an earlier run of the same, which goes on from there.

    Raises
    ------
    FormatError, ScheduleError, StorageError
    """

    save: Path | None = None
    every: float | None = None
    resume: Path | None = None

    def __post_init__(self) -> None:
        if self.save is None:
            check_used("a file to save the run in (save)", every=self.every)
        elif not self.save.absolute().parent.is_dir():
            raise StorageError("is in no folder that is there; make the folder first", path=str(self.save), key="save")
        if self.every is not None and not self.every >= 0:
            raise ScheduleError(f"expected a time of 0 or more between checkpoints (got {self.every:g} s)", key="every")

    @property
    def asked(self) -> bool:
        """Whether there is anything to save or to go on from."""
        return self.save is not None or self.resume is not None

    @property
    def seconds(self) -> float:
        """Between two of them."""
        return EVERY if self.every is None else self.every
