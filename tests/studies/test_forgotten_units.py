"""Bare numbers far outside physiology get a warning wherever they are given, and numbers of pairs are whole numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
from quantities import ms

import spikeheb as sh

FAR: dict[str, Callable[[], object]] = {
    "a current in pA": lambda: sh.Current(0.0, 0.005, 400.0),
    "a potential in mV": lambda: sh.Clamp(0.0, 1.0, -70.0),
    "an axonal delay in ms": lambda: sh.replay("pair", [0.1], [0.105], axonal_delay=3.0),
    "backpropagation delays in ms": lambda: sh.replay("pair", [0.1], [0.105], backpropagation_delay=[2.0]),
}
NEAR: dict[str, Callable[[], object]] = {
    "amperes": lambda: sh.Current(0.0, 0.005, 4e-10),
    "text": lambda: sh.Current("0 ms", "5 ms", "400 pA"),  # type: ignore[arg-type]  # text is converted
    "no current": lambda: sh.Current(0.0, 0.005, 0.0),
    "volts": lambda: sh.Clamp(0.0, 1.0, -0.07),
    "a delay with its unit": lambda: sh.replay("pair", [0.1], [0.105], axonal_delay=3 * ms),
}


@pytest.mark.parametrize("name", FAR)
def test_a_number_far_out_is_warned_of(name: str) -> None:
    with pytest.warns(sh.UnitWarning, match="read in the SI unit"):
        FAR[name]()


@pytest.mark.parametrize("name", NEAR)
def test_a_usual_number_is_not(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NEAR[name]()


@pytest.mark.parametrize("pairs", ["60", 60 * ms, 1.5, 0, True, None])
def test_a_number_of_pairs_is_whole(pairs: object) -> None:
    with pytest.raises(sh.SpikehebError, match="pairs"):
        sh.window("pair", [0.01], pairs=pairs)  # type: ignore[arg-type]
