"""Threads: how many a piece of work may have, and how it is stopped.

Works that run side by side share the processors: each is told its share, and starts no more threads than that. All of them are
stopped together, by an interruption or by the first error: whatever may take long calls `stop_if_asked` between its pieces.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")

LOOK = 0.1
"""Seconds that the main thread waits at most before it looks around."""


class Stopped(BaseException):
    """The work in this thread is not wanted any more; nobody but `side_by_side` sees it."""


class NotHere(Exception):
    """A work that has begun in a thread of its own and needs the main one; `side_by_side` does it there after the others."""


class _Place(threading.local):
    """What a thread knows about itself."""

    share: int | None = None
    stop: threading.Event | None = None


_place = _Place()


def allowed() -> int:
    """How many threads the work in the calling thread may have, itself included: all processors, or its share of them."""
    return _place.share or _processors()


def stop_if_asked() -> None:
    """Called between pieces of work that take a moment each: raises `Stopped` where the work is not wanted any more."""
    if _place.stop is not None and _place.stop.is_set():
        raise Stopped


def needs_main_thread() -> None:
    """Called by what runs in the main thread alone, as Brian2 does: raises `NotHere` in a work that has a thread of its own."""
    if _place.stop is not None:
        raise NotHere


def side_by_side(
    works: Sequence[Callable[[], Result]], progress: Callable[[float], None] | None = None, *, alone: bool = False
) -> list[Result]:
    """The outcomes of works, of which kernels run on all processors at once; what needs the main thread comes last.

    An interruption, or the first work that fails, stops all others at their next piece; those that have not begun do not begin.

    Parameters
    ----------
    works : sequence of callable
        Those that may take long stand best in front.
    progress : callable, optional
        Called with the fraction done.
    alone : bool
        One after the other in the calling thread from the start.
    """
    outcomes: dict[int, Result] = {}

    def note(n: int, outcome: Result) -> None:
        outcomes[n] = outcome
        if progress is not None:
            progress(len(outcomes) / len(works))

    if alone or len(works) < 2 or _place.stop is not None:  # pools do not nest: a work that is one of several has its share already
        for n, work in enumerate(works):
            note(n, work())
        return [outcomes[n] for n in range(len(works))]
    threads = min(len(works), allowed())
    stop = threading.Event()
    pool = ThreadPoolExecutor(threads, initializer=_settle, initargs=(max(1, allowed() // threads), stop))
    try:
        running = {pool.submit(work): n for n, work in enumerate(works)}
        for future in _as_completed(running):
            if not isinstance(future.exception(), NotHere):
                note(running[future], future.result())
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    for n, work in enumerate(works):
        if n not in outcomes:
            note(n, work())
    return [outcomes[n] for n in range(len(works))]


def _as_completed(futures: Collection[Future[Result]]) -> Iterator[Future[Result]]:
    """Each future when it is done. Python notices an interruption between two waits, but not one that comes as a wait begins."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, LOOK, FIRST_COMPLETED)
        yield from done


def _settle(share: int, stop: threading.Event) -> None:
    """Start a new thread with its share of the work and the event that stops it."""
    _place.share, _place.stop = share, stop


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1
