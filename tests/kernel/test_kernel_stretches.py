"""Stretches that are computed or taken over instead of stepped: same bytes in pieces, closed forms, and what it is built from."""

import ctypes
import shutil
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import but, of_lanes, pre_trains
from kernel_rules import DT, HEAD, as_bytes, cell, job, read

from spikeheb.circuits.drives import Change
from spikeheb.engines.compiler import SUFFIX, compiler
from spikeheb.engines.emit.hoist import Hoister, comparisons, decided, inverted
from spikeheb.engines.kernel import runner
from spikeheb.engines.kernel.build import build
from spikeheb.expressions.gate import parse_expression
from spikeheb.expressions.printers import evaluate, to_brian
from spikeheb.program.analysis import analyse
from spikeheb.program.stretches import is_smooth
from spikeheb.rules import choose, read_rule

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
NONE = np.zeros(0, dtype=np.int64)
HEADERS = Path(runner.__file__).parent

FALLING = """
[parameters]
tau = { value = "2 s", doc = "", source = "chosen" }
border = { value = 0.5, doc = "", source = "chosen" }

[synapse]
model = \"\"\"
drho/dt = RATE/tau : 1
\"\"\"
method = "euler"
weight = "rho"
efficacy = "rho"
initial = { rho = 0.499 }

[[on]]
event = "pre"
do = ["transmit = 1"]

[bounds]
kind = "none"
"""


def falling(folder, rate, **choices):
    path = folder / "falling.toml"
    path.write_text(HEAD.format(name="falling") + FALLING.replace("RATE", rate))
    return choose(read_rule(path), **choices)


def in_pieces(the_job, pieces=()):
    program, chosen = analyse(the_job.rule, the_job.cell, the_job.dt), compiler()
    run = runner.Lanes(the_job, program, build(program, chosen), chosen)
    for until in pieces:
        run.advance(int(until))
    run.advance(the_job.steps)
    return run.recording()


def pulses_and_pairs(rule, on, inputs=1, steps=300_000, apart=25_000):
    """Equal test pulses, a few pairs in the middle, then pulses again."""
    pulses = np.arange(5000, steps, apart)
    pairs = 130_000 + 500 * np.arange(20)
    pre = tuple(np.union1d(pulses, pairs + 7 * k) for k in range(inputs))
    sweeps = (pulses - 50, 1051) if on is not None else (NONE, 0)
    return of_lanes(
        rule, on, DT, steps, np.zeros(inputs, dtype=np.int64), pre, (pairs + 100,),
        samples=pulses, sweeps=sweeps[0], sweep_steps=sweeps[1], seed=5,
    )  # fmt: skip


# --- the same bytes in pieces -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [None, "l5_pyramidal", "shaped"])
@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("name", ["pair", "calcium", "release"])
def test_pieces_give_the_same_bytes(name, inputs, on, tmp_path):
    the_job = pulses_and_pairs(read(tmp_path, name), on and cell(on), inputs)
    expected = as_bytes(in_pieces(the_job))
    rng = np.random.default_rng(2)
    events = np.concatenate(pre_trains(the_job))[:6]
    for pieces in (rng.integers(0, the_job.steps, 40), np.concatenate([events - 1, events, events + 1, events + 2])):
        assert as_bytes(in_pieces(the_job, np.unique(pieces))) == expected


def test_a_piece_that_ends_where_an_event_is_does_not_step_it_twice(tmp_path):
    rule = falling(tmp_path, "1")
    the_job = of_lanes(rule, None, DT, 2000, np.array([0]), (np.array([1000]),), (NONE,))
    assert in_pieces(the_job, range(995, 1006)).w[0] == pytest.approx(0.499 + 2000 * DT / 2, abs=1e-12)


def test_two_rewards_in_one_step_both_count(tmp_path):
    rule = read(tmp_path, "reward")
    for on in (None, cell("l23_pyramidal")):
        once = job(rule, on, rewards=(Change(0, 5000, 1.0),))
        twice = but(once, rewards=(Change(0, 5000, 0.5), Change(0, 5000, 0.5)))
        assert in_pieces(twice).w == pytest.approx(in_pieces(once).w, abs=1e-15)


# --- what is computed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau", [2.0, 150.0])
def test_a_long_way_down_follows_its_closed_form(tau, tmp_path):
    """rho' = -rho (1 - rho)(1/2 - rho)/tau leads to rho (1 - rho)/(1/2 - rho)**2 = K exp(-t/(2 tau)); Euler is off by dt/tau."""
    rule = falling(tmp_path, "-rho*(1 - rho)*(border - rho)", parameters={"tau": f"{tau} s"})
    steps = round(26 * tau / DT)
    rho = in_pieces(of_lanes(rule, None, DT, steps, np.array([0]), (NONE,), (NONE,))).w[0]
    start, end = (r * (1 - r) / (0.5 - r) ** 2 for r in (0.499, rho))
    assert 0.3 > rho > 0.05
    assert end / start == pytest.approx(np.exp(-steps * DT / (2 * tau)), rel=26 * DT / tau)


def test_a_kink_in_the_way_is_stepped(tmp_path):
    """Below 0.3 the weight falls ten times as fast; its Taylor series above knows nothing of it."""
    rule = falling(tmp_path, "-0.1*(1 + 9*int(rho < 0.3))")
    rho = in_pieces(of_lanes(rule, None, DT, 60_000, np.array([0]), (NONE,), (NONE,))).w[0]
    assert rho == pytest.approx(0.3 - (6.0 - 0.199 / 0.05) * 0.5, abs=1e-3)
    (equation,) = (e for e in rule.equations if e.name == "rho")
    block = analyse(rule, None, DT).stepped
    assert equation is not None
    assert not is_smooth(block.derivatives["rho"], "rho")
    assert is_smooth(analyse(falling(tmp_path, "-rho"), None, DT).stepped.derivatives["rho"], "rho")


def test_what_is_taken_again_is_what_would_be_stepped(tmp_path):
    """A lane that takes a way again and again, against one whose pieces end before any way is known."""
    the_job = pulses_and_pairs(read(tmp_path, "pair"), cell("l5_pyramidal"), steps=800_000, apart=60_000)
    pieces = np.concatenate([start + np.arange(0, 1400, 100) for start in the_job.probes.sweeps])
    recording, expected = in_pieces(the_job), in_pieces(the_job, pieces)
    assert as_bytes(recording) == as_bytes(expected)
    assert np.all(recording.v[0, 1] == recording.v[0, 2])
    assert np.any(recording.v[0, 1] != recording.v[0, -1])


# --- what it is built from ----------------------------------------------------------------------------------------------


SERIES = {
    "exp(a)": np.exp,
    "log(a)": np.log,
    "sqrt(a)": np.sqrt,
    "power(a, b)": lambda a: a ** (0.5 * a + 1),
    "exprel(a)": lambda a: np.expm1(a) / a,
    "1.0/a": lambda a: 1 / a,
    "b/a": lambda a: (0.5 * a + 1) / a,
    "a*b - 2.0*a": lambda a: a * (0.5 * a + 1) - 2 * a,
    "positive(a)": lambda a: a,
    "magnitude(-a)": lambda a: a,
    "whole<-3>(a)": lambda a: a**-3.0,
}
"""Functions of a jet a, with b = a/2 + 1."""


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """exp of `exponential.hpp`, and the series of functions of a jet at a point."""
    folder = tmp_path_factory.mktemp("numbers")
    for name in ("runtime.hpp", "exponential.hpp", "pack.hpp", "jets.hpp"):
        shutil.copy(HEADERS / name, folder)
    series = "\n".join(f"    case {n}: r = {text}; break;" for n, text in enumerate(SERIES))
    (folder / "numbers.cpp").write_text(f"""
#include "exponential.hpp"
#include "jets.hpp"
extern "C" void exponentials(int64_t n, const double *x, double *y) {{ for (int64_t k = 0; k < n; ++k) y[k] = lanes::exp(x[k]); }}
extern "C" void packed(int64_t n, const double *x, double *y) {{
  for (int64_t k = 0; k < n; k += PACKED) {{
    Pack many;
    std::memcpy(&many, x + k, sizeof many);
    many = exp(many);
    std::memcpy(y + k, &many, sizeof many);
  }}
}}
// What the equations of a step may call, with derivatives: eight at once, and each by itself.
template <class T> T of_step(T a) {{
  const T b = exp(clip(a, -1.0, 2.0)) / (1.0 + positive(a)) - magnitude(a) * truth(a < 0.5);
  return within(b, -3.0, 3.0) + sqrt(1.0 + a * a) * exprel(a) + power(2.0 + a * a, 0.3 * a) + log(3.0 + a * a) + whole<-3>(b + 9.0);
}}
template <class R> void with_derivative(R x, R *out) {{
  Dual<1, R> a(x);
  a.by[0] = 1.0;
  a = of_step(a);
  out[0] = a.value;
  out[1] = a.by[0];
}}
extern "C" void derivatives(const double *x, double *many, double *alone) {{
  Pack pack, of_pack[2];
  std::memcpy(&pack, x, sizeof pack);
  with_derivative(pack, of_pack);
  std::memcpy(many, of_pack, sizeof of_pack);
  for (int n = 0; n < PACKED; ++n) {{
    double out[2];
    with_derivative(x[n], out);
    alone[n] = out[0], alone[PACKED + n] = out[1];
  }}
}}
extern "C" void series(int which, double x, double *out) {{
  Jet<6> a(x), r;
  a.c[1] = 1.0;
  const Jet<6> b = 0.5 * a + 1.0;
  switch (which) {{
{series}
  }}
  std::memcpy(out, r.c, sizeof r.c);
}}
""")
    compiler().build(folder / "numbers.cpp", folder / f"numbers{SUFFIX}")
    return ctypes.CDLL(str(folder / f"numbers{SUFFIX}"))


def exponentials(library, x, function="exponentials"):
    y = np.empty_like(x)
    getattr(library, function)(ctypes.c_int64(len(x)), *(ctypes.c_void_p(array.ctypes.data) for array in (x, y)))
    return y


def test_the_exponential_is_within_two_thirds_of_a_unit_in_the_last_place(numbers):
    rng = np.random.default_rng(1)
    x = np.concatenate([-rng.exponential(5.0, 100_000), rng.uniform(-700, 700, 100_000), rng.normal(0, 1e-3, 50_000)])
    y, exact = exponentials(numbers, x), np.exp(x.astype(np.longdouble))
    assert np.finfo(np.longdouble).nmant > 60, "long double is no better here: nothing to compare with"
    assert np.max(np.abs(y - exact) / np.spacing(y)) < 2 / 3


def test_the_exponential_of_what_is_far_out_or_no_number(numbers):
    x = np.array([0.0, -0.0, -np.inf, np.inf, np.nan, -1000.0, 1000.0, -720.0, 709.0])
    np.testing.assert_array_equal(exponentials(numbers, x)[:7], [1, 1, 0, np.inf, np.nan, 0, np.inf])
    np.testing.assert_allclose(exponentials(numbers, x)[7:], np.exp(x[7:]), rtol=1e-12)


def test_the_exponential_of_eight_at_once_has_the_bytes_of_each(numbers):
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.uniform(-700, 700, 8000), rng.normal(0, 1e-3, 800), [0.0, -0.0, np.nan, np.inf, -np.inf, 800.0, -800.0, 1.0]])
    assert exponentials(numbers, x, "packed").tobytes() == exponentials(numbers, x).tobytes()


def test_derivatives_of_eight_at_once_are_those_of_each(numbers):
    """To rounding: one number takes the exponential of the library. At 0, -1, 0.5 and 2 a function has a kink, a jump or a limit."""
    for x in (np.array([-2.0, -1.0, -0.3, 0.0, 0.3, 0.5, 2.0, 2.7]), np.linspace(-3, 3, 8)):
        many, alone = np.empty((2, 8)), np.empty((2, 8))
        numbers.derivatives(*(ctypes.c_void_p(array.ctypes.data) for array in (x, many, alone)))
        np.testing.assert_allclose(many, alone, rtol=1e-13)


@pytest.mark.parametrize("text", SERIES)
def test_series_of_functions(numbers, text):
    """What comes after the sixth power is left out."""
    which, function = list(SERIES).index(text), SERIES[text]
    out = np.empty(7)
    numbers.series(ctypes.c_int(which), ctypes.c_double(0.8), ctypes.c_void_p(out.ctypes.data))
    for u in (0.01, -0.02):
        interpolated = np.polynomial.polynomial.polyval(u, out)
        assert interpolated == pytest.approx(function(0.8 + u), rel=50 * abs(u / 0.8) ** 7 + 1e-15)


def test_comparisons_that_choose_between_constants_become_a_table():
    tree = parse_expression("sigma*sqrt((int(c > a) + int(c > b))/tau)*rho + int(c > a)")
    hoister = Hoister()
    replaced = hoister.tabulated(tree, frozenset({"sigma", "tau", "a", "b"}))
    assert to_brian(replaced) == "_table_0*rho + int(c > a)"
    (table,) = hoister.tables
    assert len(comparisons(table)) == 2
    values = {"sigma": 3.0, "tau": 2.0}
    assert [evaluate(decided(table, outcome), values) for outcome in range(4)] == pytest.approx([0, 3 * 0.5**0.5, 3 * 0.5**0.5, 3.0])


def test_division_by_constants_becomes_a_product():
    assert to_brian(inverted(parse_expression("(v - E)/tau"), frozenset({"E", "tau"}))) == "(v - E)*(1/tau)"
    for text in ("v/x", "E/tau", "v/2"):
        tree = parse_expression(text)
        assert inverted(tree, frozenset({"E", "tau"})) == tree
