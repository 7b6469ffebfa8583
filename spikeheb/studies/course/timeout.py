"""What a student wrote runs for a limited time: an endless loop ends, and the notebook goes on."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

AGAIN = 0.1
"""Seconds from one attempt to stop a function to the next."""


class TookTooLong(BaseException):
    """A function did not end in time. It is no `Exception`, so that what a student writes rarely catches it."""


def within(seconds: float, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function that has so many seconds.

    In the main thread of POSIX systems a timer interrupts the function. Elsewhere (Windows) it runs in a thread, which is asked to end
    when the time is over; a thread that waits in compiled code goes on in the background, and the notebook does not wait for it.

    Raises
    ------
    TookTooLong
    BaseException
        Whatever the function raises.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _with_timer(seconds, function, arguments)
    return _in_thread(seconds, function, arguments)


def _with_timer(seconds: float, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    def stop(_: int, frame: FrameType | None) -> None:
        if stop.again:  # type: ignore[attr-defined]  # the function caught the first attempt, so every line of it is stopped as well
            _stop_at_next_line(frame)
        stop.again = True  # type: ignore[attr-defined]
        raise TookTooLong

    stop.again = False  # type: ignore[attr-defined]
    before, tracing, begun = signal.signal(signal.SIGALRM, stop), sys.gettrace(), time.monotonic()
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(tracing)
        signal.signal(signal.SIGALRM, before)
        if left:  # a timer around this one goes on
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - begun), AGAIN), interval)


def _stop_at_next_line(frame: FrameType | None) -> None:
    """Raise at the next line of the running functions, also in an ``except`` that would go on."""
    own = sys._getframe()

    def trace(_: FrameType, event: str, __: Any) -> Any:
        if event == "line":
            raise TookTooLong
        return trace

    while frame is not None and frame.f_code is not _with_timer.__code__:
        if frame is not own:
            frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)


def _in_thread(seconds: float, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    result: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            result.append(function(*arguments))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TookTooLong))
        thread.join(2 * AGAIN)
        raise TookTooLong
    if raised:
        raise raised[0]
    return result[0]
