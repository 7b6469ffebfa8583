"""A run on its way, in whichever loop: opened, advanced in pieces, saved, resumed, closed.

What differs between loops is in `runner.Lanes`, `fan_in.FanIn` and `network.Network`: which arrays there are, and which entry
of the kernel runs them.
"""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np

from spikeheb.engines.compiler import Compiler
from spikeheb.engines.kernel.build import Library
from spikeheb.engines.kernel.contract import Array, Status
from spikeheb.engines.threads import stop_if_asked
from spikeheb.errors import NonFiniteError, StorageError
from spikeheb.results import replace_file

PIECE = 0.05
"""Seconds after which Ctrl-C is noticed and progress is shown."""
FIRST_PIECE = 0.1 * PIECE
"""Seconds that the first one should take: how long a step takes is only guessed before it."""
LABEL = "spikeheb checkpoint"
GROWING = ("spikes", "kept_steps", "kept_cells")
"""Parts of a state whose last dimension grows while the run goes on."""

Recorded = TypeVar("Recorded")
Part = tuple[int, int]


class Run(ABC, Generic[Recorded]):
    """A circuit on its way: it may be stopped anywhere, and goes on with the same bytes.

    Parameters
    ----------
    job : Alone or Dense
        The circuit as the loop reads it.
    library : Library
    compiler : Compiler
    workers : int
        Threads; the result does not depend on it.
    """

    finds_all: ClassVar[bool]
    """Whether the end of a piece shows every number that is not finite, so that one is looked for in the last piece alone."""
    arrays: Any
    """All state and all input."""

    def __init__(self, job: Any, library: Library, compiler: Compiler, workers: int) -> None:
        self.job, self.library, self.compiler, self.workers = job, library, compiler, workers
        self.now, self._begun_as = 0, ""
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what differs ---

    @abstractmethod
    def _open(self) -> None:
        """Hand the arrays over to the kernel, to go on at step `now`."""

    @abstractmethod
    def _again(self) -> Run[Recorded]:
        """The same, from the start."""

    @abstractmethod
    def _parts(self) -> Sequence[Part]:
        """What is run one after the other: ranges of lanes or cells."""

    @abstractmethod
    def _shares(self, part: Part, *, careful: bool = False) -> Sequence[Part]:
        """What of a part is run at once, each in a thread."""

    @abstractmethod
    def _call(self, share: Part, until: int, careful: bool) -> int:
        """Run a share to a step; a careful run looks at every number. Returns a `Status`."""

    @property
    def piece(self) -> float:
        """Seconds that a call into the kernel should take."""
        return PIECE

    @abstractmethod
    def _seconds(self, part: Part) -> float:
        """A rough guess of how long a step of a part takes."""

    @abstractmethod
    def _name_of_flaw(self, step: int, lane: int, number: int) -> str:
        """Which number of a lane or cell, and perhaps of an input, is not finite."""

    @abstractmethod
    def _state(self) -> dict[str, Array]:
        """Everything that a run changes, in a form that does not depend on the number of threads."""

    @abstractmethod
    def _restore(self, state: Mapping[str, Array]) -> None:
        """Bring the arrays to such a state."""

    @abstractmethod
    def _given(self) -> dict[str, Array]:
        """Everything that a run only reads, in the same form."""

    @abstractmethod
    def recording(self) -> Recorded:
        """What was recorded so far."""

    def _fits(self, state: Mapping[str, Array]) -> bool:
        """Whether a state of the right shape is one that the kernel can go on from."""
        return True

    def _make_room(self) -> None:
        """Where spikes are full: room for more of them."""
        raise NotImplementedError  # a loop that never says that spikes are full need not have it

    # --- on its way ---

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()

    def to_end(self) -> Recorded:
        """Run to the end."""
        self.advance(self.job.steps)
        return self.recording()

    def advance(self, until: int) -> None:
        """Go on to step `until`, in pieces that take a moment each.

        Raises
        ------
        NonFiniteError
        MemoryError
        """
        parts = self._parts()
        for n, part in enumerate(parts):
            now, piece = self.now, max(1, int(min(self.job.steps, FIRST_PIECE * self.workers / self._seconds(part))))
            while now < until:
                sound, now, start = now, min(now + piece, until), time.perf_counter()
                self._step(part, sound, now)
                stop_if_asked()
                piece = max(1, int(piece * min(2.0, self.piece / max(time.perf_counter() - start, 1e-6))))
                if self.job.progress is not None:
                    self.job.progress((n + now / self.job.steps) / len(parts))
        self.now = max(self.now, until)

    def _step(self, part: Part, sound: int, until: int) -> None:
        shares = self._shares(part)
        status = Status.SPIKES_FULL
        while status == Status.SPIKES_FULL:
            statuses = self._at_once(shares, until)
            if Status.NO_MEMORY in statuses:
                raise MemoryError("no memory for the spikes of inputs or cells")
            if Status.NOT_FINITE in statuses:
                raise self._not_finite(part, sound, until)
            status = Status(max(statuses))
            if status == Status.SPIKES_FULL:
                self._make_room()

    def _at_once(self, shares: Sequence[Part], until: int) -> list[int]:
        if self._pool is None or len(shares) == 1:
            return [self._call(share, until, False) for share in shares]
        running: list[Future[int]] = []
        try:
            running += (self._pool.submit(self._call, share, until, False) for share in shares)
            return [each.result() for each in running]
        except BaseException:
            self._let_go(running, len(shares))
            raise

    def _let_go(self, running: Sequence[Future[int]], shares: int) -> None:
        """An interruption came while these of so many shares were under way, which it does not stop."""

    # --- numbers that are not finite ---

    def _not_finite(self, part: Part, sound: int, until: int) -> NonFiniteError:
        """The first number that is not finite before step `until`: found by a careful run of the same."""
        path, end = self.job.rule.path, until
        with self._again() as again:
            if self.finds_all:
                again.advance(sound)
            for share in again._shares(part, careful=True):
                again._call(share, until, True)
                until = min(until, again._first_failure()[0] + 1)
            for run in (again, self):
                step, lane, number = run._first_failure()
                if step < end:
                    return NonFiniteError(f"{run._name_of_flaw(step, lane, number)} is not finite at {step * self.job.dt:.4f} s", path=path)
        return NonFiniteError(f"a number is not finite before {end * self.job.dt:.4f} s", path=path)

    def _first_failure(self) -> tuple[int, int, int]:
        """Step, lane or cell, and input of the earliest failure; a step that never comes where there is none."""
        failures = self.arrays.failures
        step, lane, number = failures[np.argmin(failures[:, 0])]
        return int(step), int(lane), int(number)

    # --- checkpoints ---

    def save(self, path: Path | str) -> None:
        """Write a checkpoint: all that the run has changed, and a hash of library, arrays and circuit; as ``.npz``, whole or not at all.

        Raises
        ------
        StorageError
        """
        if not self._begun_as:
            with self._again() as start:
                self._begun_as = start.fingerprint()
        image = io.BytesIO()
        np.savez(image, allow_pickle=False, label=np.array([LABEL, self._begun_as]), now=np.int64(self.now), **self._state())
        replace_file(Path(path), image.getvalue())

    def resume(self, path: Path | str) -> None:
        """Go on from a checkpoint of the same circuit; this run must not have begun.

        Raises
        ------
        StorageError
            For a file that cannot be read, and for the checkpoint of another circuit, rule, cell, compiler or version.
        """
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as stored:
                state = {name: np.array(stored[name]) for name in stored.files}
            label, now = [str(text) for text in state.pop("label")], int(state.pop("now"))
        except OSError as error:
            raise StorageError(f"is no checkpoint ({error.strerror or 'cannot be read'}); save the run again", path=str(path)) from None
        except (ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile):
            raise StorageError("is no checkpoint (not a file that a run was saved in); save the run again", path=str(path)) from None
        own_label = self.fingerprint()
        if label != [LABEL, own_label]:
            raise StorageError(
                "is a checkpoint of another circuit, seed or duration, or of another version or compiler; begin anew", path=str(path)
            )
        shapes, own = (
            [(n, a.dtype, a.shape[:-1] if n.rpartition(".")[2] in GROWING else a.shape) for n, a in sorted(of.items())]
            for of in (state, self._state())
        )
        if shapes != own or not 0 <= now <= self.job.steps or not self._fits(state):
            raise StorageError("is a damaged checkpoint; begin anew", path=str(path))
        self._restore(state)
        self.now, self._begun_as = now, own_label
        self._open()

    def fingerprint(self) -> str:
        """A hash of the library, and of all arrays as they are; of the job, where the run has not begun."""
        digest = hashlib.sha256(self.library.key.encode())
        for name, array in sorted({**self._given(), **self._state()}.items()):
            digest.update(f"\0{name} {array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def engine(self, name: str, **more: str) -> dict[str, str]:
        """Which engine runs, with versions and flags."""
        known = {"kernel": self.library.key, "compiler": self.compiler.version, "flags": " ".join(self.compiler.flags)}
        return {"engine": name, **known, **more, "numpy": np.__version__}
