"""A problem of the course for tests of its checks: the time constant of a decay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import spikeheb as sh

course = sh.course
TIMES = np.linspace(0.001, 0.06, 30)


def decay(draw: Any) -> Any:
    tau = draw.between("tau", "10 ms", "40 ms")
    return course.Problem((TIMES, 0.5 * np.exp(-TIMES / tau)), tau, {"This is the rate.": -1 / tau, "swapped": 3 * tau})


def tau_of(times: Any, values: Any) -> float:
    return float(-1 / np.polyfit(times, np.log(values), 1)[0])


def complaint(function: Any, on: Callable[..., Any] = decay, **options: Any) -> str:
    with pytest.raises(course.CheckFailed) as caught:
        course.check("t", function, on=on, within=0.02, unit="s", **options)
    return str(caught.value)
