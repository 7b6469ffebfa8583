"""Numbers that carry a unit are converted or refused wherever a user can hand one over, and forgotten units are suspected."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import units
from spikeheb.circuits.sources import Group, Poisson, Regular, correlated, early
from spikeheb.dimensions import FREQUENCY, TIME, VOLTAGE
from spikeheb.numbers import UnitWarning, check_near, quantities, si
from spikeheb.studies.inputs import Inputs, poisson_inputs, with_unit
from spikeheb.units import quantity


class Pint:
    """What a quantity of pint, astropy or unyt looks like from outside, for milliseconds."""

    units = object()

    def __init__(self, magnitude: object) -> None:
        self.magnitude = magnitude
        self.ndim = np.ndim(magnitude)  # type: ignore[arg-type]

    def to(self, unit: str) -> Pint:
        if unit != "s**(1)":
            raise ValueError(f"not convertible to\n{unit}")
        return Pint(np.asarray(self.magnitude) / 1000)


def milliseconds(library: str, numbers: list[float]) -> object:
    """A row of times in ms, as the libraries hold it."""
    if library == "brian2":
        brian2 = pytest.importorskip("brian2")
        return numbers * brian2.ms
    if library in ("quantities", "neo"):
        pq, neo = pytest.importorskip("quantities"), pytest.importorskip("neo")
        return numbers * pq.ms if library == "quantities" else neo.SpikeTrain(numbers * pq.ms, t_stop=1e6)
    if library == "rows of quantities":
        pq = pytest.importorskip("quantities")
        return [number * pq.ms for number in numbers]
    return {
        "pint": Pint(numbers),
        "numpy": (np.array(numbers) * 1000).astype("m8[us]"),
        "python": [datetime.timedelta(milliseconds=number) for number in numbers],
        "xarray": __import__("xarray").DataArray(numbers, attrs={"units": "ms"}),
        "texts": [f"{number} ms" for number in numbers],
        "text": ", ".join(f"{number} ms" for number in numbers),
        "micro signs": [f"{number * 500} \u00b5s" if n % 2 else f"{number * 1000} \u03bcs" for n, number in enumerate(numbers)][:1]
        + [f"{number * 1000} \u00b5s" for number in numbers[1:]],
    }[library]


LIBRARIES = (
    "brian2", "quantities", "neo", "rows of quantities", "pint", "numpy", "python", "xarray", "texts", "text", "micro signs",
)  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_row_of_times_in_ms_is_a_row_of_seconds(library: str) -> None:
    assert quantities(milliseconds(library, [100.0, 250.0]), TIME) == pytest.approx([0.1, 0.25], rel=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
def test_replay_takes_the_spike_times_of_every_library(library: str) -> None:
    pre, post = (milliseconds(library, times) for times in ([100.0, 300.0], [105.0, 310.0]))
    expected = sh.replay("pair", [0.1, 0.3], [0.105, 0.31], engine="brian:numpy")["w"].values
    assert expected != 0.5
    assert sh.replay("pair", pre, post, engine="brian:numpy")["w"].values == pytest.approx(expected, abs=1e-15)
    assert sh.replay("pair", [pre], [post], engine="brian:numpy")["w"].values == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("library", ["brian2", "quantities", "neo", "pint", "numpy", "python", "xarray", "texts", "text"])
def test_times_where_a_voltage_belongs_are_refused(library: str) -> None:
    with pytest.raises(sh.UnitError, match="expected a voltage") as error:
        quantities(milliseconds(library, [100.0, 250.0]), VOLTAGE)
    assert "\n" not in str(error.value)


def one(library: str) -> object:
    """20 ms, as the libraries hold a single quantity."""
    if library == "brian2":
        return 20 * pytest.importorskip("brian2").ms
    if library == "quantities":
        return 20 * pytest.importorskip("quantities").ms
    return {"pint": Pint(20.0), "numpy": np.timedelta64(20, "ms"), "python": datetime.timedelta(milliseconds=20), "text": "20 ms"}[library]


SINGLE = ("brian2", "quantities", "pint", "numpy", "python", "text")

TAKERS: dict[str, tuple[Callable[[object], float], float]] = {
    "rule parameter": (lambda time: sh.rule("pair", tau_plus=time).constants["tau_plus"], 0.02),
    "axonal delay": (lambda time: sh.rule("pair", axonal_delay=time).axonal_delay, 0.02),
    "backpropagation delay": (lambda time: sh.rule("pair", backpropagation_delay=time).backpropagation_delay, 0.02),
    "protocol parameter": (lambda time: sh.protocol("bi_poo_1998", delta_t=time).values["delta_t"][0], 0.02),  # type: ignore[index]
    "train": (lambda time: float(sh.train(1, 10.0, time)[0]), 0.02),
    "pairings": (lambda time: float(sh.pairings(time, 1, 1.0)[1][0]), 0.02),
    "pattern": (lambda time: float(sh.pairings(0.0, 1, 1.0, pre_pattern=[0.0, time])[0][1]), 0.02),  # type: ignore[list-item]
    "bursts": (lambda time: float(sh.bursts(0.0, 2, 1, 1.0, time)[0][1]), 0.02),
    "lane": (lambda time: float(sh.Lane({"x": 1.0}, ([time],)).pre[0][0]), 0.02),  # type: ignore[arg-type]
    "current": (lambda time: sh.Current(time, time, 0.0).lasts, 0.02),
    "clamp": (lambda time: sh.Clamp(time, time, -0.07).start, 0.02),
    "reward": (lambda time: sh.Reward(time).time, 0.02),
    "schedule": (lambda time: sh.Schedule((sh.Lane({"x": 1.0}, ([0.0],)),), paired_pulse=time).paired_pulse or 0.0, 0.02),
    "step": (lambda time: sh.Schedule((sh.Lane({"x": 1.0}, ([0.0],)),), dt=quantity(time, TIME) / 10).dt, 0.002),
    "replay's delay": (
        lambda time: float(sh.replay("pair", [0.1], [0.2], axonal_delay=time, engine="brian:numpy")["axonal_delay"][0]),
        0.02,
    ),
    "replay's record": (lambda time: float(sh.replay("pair", [0.1], [0.2], record=time, engine="brian:numpy")["time"][1]), 0.02),
    "window": (lambda time: float(sh.window("pair", delta_t=[time], pairs=1, engine="brian:numpy")["delta_t"][0]), 0.02),  # type: ignore[list-item]
    "early inputs": (lambda time: early([time], 1.0, time).jitter, 0.02),
    "correlated inputs": (lambda time: correlated(2, 1.0, 0.5, time).jitter, 0.02),
    "regular inputs": (lambda time: Inputs((Regular([time], [0.0]),)).sources[0].periods[0], 0.02),  # type: ignore[union-attr,list-item,arg-type]
    "group": (lambda time: Inputs((Group(1.0, 0.5, [0.0, time], time),)).sources[0].jitter, 0.02),  # type: ignore[union-attr,list-item,arg-type]
}


@pytest.mark.parametrize("library", SINGLE)
@pytest.mark.parametrize("taker", TAKERS)
def test_every_taker_of_a_time_reads_the_same_things(taker: str, library: str) -> None:
    take, expected = TAKERS[taker]
    value = take(one(library))
    assert isinstance(value, float)
    assert value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("taker", TAKERS)
def test_every_taker_of_a_time_refuses_a_voltage(taker: str) -> None:
    pq = pytest.importorskip("quantities")
    for wrong in (20 * pq.mV, "20 mV", "twenty"):
        with pytest.raises(sh.SpikehebError) as error:
            TAKERS[taker][0](wrong)
        assert "expected a time" in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("dt", ["0.1 ms", "100 \u00b5s", "100 \u03bcs", 1e-4])
def test_the_same_step_is_taken_everywhere(dt: object) -> None:
    assert sh.replay("pair", [0.1], [0.105], dt=dt, engine="brian:numpy").attrs["dt_s"] == 1e-4
    assert sh.window("pair", delta_t=[0.01], pairs=1, dt=dt, engine="brian:numpy").attrs["dt_s"] == 1e-4
    assert sh.Schedule((sh.Lane({"x": 1.0}, ([0.0],)),), dt=dt).dt == 1e-4  # type: ignore[arg-type]


def test_rates_and_conductances_of_the_package_quantities() -> None:
    pq = pytest.importorskip("quantities")
    assert poisson_inputs(2, 3 * pq.kHz).sources[0].rates.tolist() == [3000.0, 3000.0]  # type: ignore[union-attr]
    assert Inputs((Poisson(np.array([10, 20]) / pq.s),)).sources[0].rates.tolist() == [10.0, 20.0]  # type: ignore[union-attr]
    assert with_unit(sh.cell("l5_pyramidal"), 2000 * pq.pS if hasattr(pq, "pS") else 2e-9 * pq.S).receptor(None).unit == pytest.approx(2e-9)  # type: ignore[union-attr]
    assert quantity(1 * pq.mV / pq.ms, VOLTAGE / TIME) == 1.0
    assert quantity(2 * pq.mole / pq.liter, units.CONCENTRATION) == pytest.approx(2000.0)
    assert quantity(0.5 * pq.dimensionless, units.NONE) == 0.5
    assert sh.Current(0, 1, 400 * pq.pA).amplitude == pytest.approx(400e-12)
    assert sh.Lane({"x": 1.0}, ([0.0],), calcium=2.5 * pq.mM if hasattr(pq, "mM") else 2.5e-3 * pq.molar).calcium == pytest.approx(2.5)
    with pytest.raises(sh.UnitError, match='whose unit "degC" is not known here'):
        quantity(1 * pq.degC, TIME)


@pytest.mark.parametrize("value", [np.datetime64("2020-01-01"), np.array(["2020-01-01"], dtype="M8[D]")])
def test_a_date_is_no_time(value: object) -> None:
    with pytest.raises(sh.UnitError, match="got the date"):
        quantities(value, TIME)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([True], "got True"),
        ([None], "got NoneType None"),
        ([[1.0], [1.0, 2.0]], "rows of different length"),
        (["1 ms", "x"], "value[1]"),
        ("1.234,5 ms", "write a decimal point, or a unit after each number"),
        ("1,234.5 ms", "write a decimal point, or a unit after each number"),
        ("1,5 ms", "write a decimal point, or a unit after each number"),
        (b"10 ms", "got b'10 ms'"),
        ([b"10 ms"], "got b'10 ms'"),
        (np.array([5, 6]).astype("m8"), "a time difference without a unit"),
        (np.array([1 + 2j]), "got complex numbers"),
        ([np.complex64(1 + 2j)], "got complex numbers"),
    ],
)
def test_what_is_no_row_of_times_is_refused(value: object, words: str) -> None:
    with pytest.raises(sh.UnitError) as error:
        quantities(value, TIME)
    assert words in str(error.value)


def test_a_condition_may_be_of_any_kind_and_words_stay() -> None:
    pq = pytest.importorskip("quantities")
    condition = {"delta_t": 20 * pq.ms, "rate": 5 * pq.Hz, "drug": "20 ms of it", "n": 3}
    lane = sh.Lane(condition, ([0.0],))  # type: ignore[arg-type]
    assert dict(lane.condition) == {"delta_t": 0.02, "rate": 5.0, "drug": "20 ms of it", "n": 3}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.complex128(0.1 + 0.2j), "got complex numbers"),
        (0.1 + 0.2j, "got complex numbers"),
        (np.timedelta64(5), "a time difference without a unit"),
        (b"0.1", "got b'0.1'"),
        (np.array([0.1]), "got 1 values instead of one"),
    ],
)
def test_what_is_no_time_is_refused_and_not_cut_down_to_one(value: object, words: str) -> None:
    with pytest.raises(sh.UnitError) as error:
        quantity(value, TIME)
    assert words in str(error.value)


def test_complex_quantities_are_refused() -> None:
    pq = pytest.importorskip("quantities")
    for read in (quantity, quantities):
        with pytest.raises(sh.UnitError, match="got complex numbers"):
            read(np.array(1 + 2j) * pq.ms, TIME)


class Tensor:
    """What a number of torch looks like from outside: ``dim`` is a method there."""

    ndim = 0

    def dim(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.25


def test_a_method_is_no_unit() -> None:
    assert quantity(Tensor(), TIME) == 0.25
    assert quantities([Tensor()], TIME).tolist() == [0.25]


@pytest.mark.parametrize("seed", [np.array([1, 2]), 1.5, None, True, "3"])
def test_a_seed_is_a_whole_number(seed: object) -> None:
    with pytest.raises(sh.ScheduleError, match="seed: expected a whole number from 0 to"):
        sh.replay("pair", [0.1], [0.11], seed=seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("seeds", [np.array([[1, 2], [3, 4]]), [np.array([1, 2])]])
def test_seeds_are_a_row_of_whole_numbers(seeds: object) -> None:
    with pytest.raises(sh.ScheduleError, match="seeds: expected a whole number from 0 to"):
        sh.run("pairing", "pair", seeds=seeds, test_pulses=False)  # type: ignore[arg-type]


def test_seeds_may_be_an_array() -> None:
    results = [sh.run("pairing", "pair", seeds=seeds, seed=5, test_pulses=False, pairs=2) for seeds in ([1, 2], np.array([1, 2]))]
    assert results[0].attrs["seeds"] == results[1].attrs["seeds"] == "1, 2"


def test_several_values_are_not_one() -> None:
    pq = pytest.importorskip("quantities")
    with pytest.raises(sh.UnitError, match="got 2 values instead of one"):
        quantity([1, 2] * pq.ms, TIME)


def test_si_does_not_ask_for_the_kind() -> None:
    pq = pytest.importorskip("quantities")
    assert [si(value) for value in ("20 ms", 20 * pq.mV, 3, 0.5 * pq.Hz)] == [0.02, 0.02, 3.0, 0.5]


# --- forgotten units -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sh.rule("pair", tau_plus=20), "tau_plus = 20 is read in the SI unit, second, and the file has 20 ms"),
        (lambda: sh.rule("pair", tau_plus=1e-5), "tau_plus = 1e-05 is read in the SI unit, second"),
        (lambda: sh.rule("pair", axonal_delay=1), "axonal_delay = 1 is read in the SI unit, second, and delays are near 1 ms"),
        (lambda: sh.cell("l5_pyramidal", C=281), "C = 281 is read in the SI unit, farad, and the file has 281 pF"),
        (lambda: sh.protocol("bi_poo_1998", delta_t=[-50, 50]), "delta_t = -50 is read in the SI unit, second, and the file has"),
        (lambda: with_unit(sh.cell("l5_pyramidal"), 4), "unit = 4 is read in the SI unit, siemens, and the file has 4 nS"),
    ],
)
def test_a_bare_number_far_from_the_files_own_is_suspected(call: Callable[[], object], words: str) -> None:
    with pytest.warns(UnitWarning) as caught:
        call()
    assert words in str(caught[0].message)
    assert caught[0].filename == __file__


def test_other_numbers_are_not_suspected() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sh.rule("pair", tau_plus="20 s", A_plus=50, axonal_delay=0)
        sh.rule("pair", tau_plus=1.9)
        sh.rule("pair", tau_plus=0.00021)
        sh.cell("l5_pyramidal", C=281e-12)
        check_near(0.0, 0.02, TIME, "x")
        check_near(5.0, 0.0, TIME, "x")
        check_near(5.0, (0.0, 0.1), FREQUENCY, "x")


def test_a_count_that_carries_a_unit_is_refused() -> None:
    pq = pytest.importorskip("quantities")
    with pytest.raises(sh.FormatError, match="pairs: expected a whole number"):
        sh.protocol("bi_poo_1998", pairs=60 * pq.ms)
    assert sh.protocol("bi_poo_1998", pairs="50").values["pairs"] == 50
