"""Each method has the order that it is known for, and equals Brian2's formula of that name."""

import math

import numpy as np
import pytest

from spikeheb.engines.kernel.flow import exprel, propagate
from spikeheb.errors import EngineError
from spikeheb.expressions.gate import parse_expression
from spikeheb.expressions.printers import to_numpy
from spikeheb.program import methods
from spikeheb.program.fold import fold
from spikeheb.program.program import Block

ORDERS = {"euler": 1, "exponential_euler": 1, "rk2": 2, "rk4": 4}


def block(method, **equations):
    trees = {name: parse_expression(text) for name, text in equations.items()}
    return Block(tuple(trees), trees, method, ())


def integrate(of, start, dt, steps):
    lines = [(line.target, compile(to_numpy(line.expression), "line", "eval")) for line in methods.step(of)]
    values = {**start, "dt": dt, "_np": np}
    for _ in range(steps):
        for target, code in lines:
            values[target] = eval(code, values)
    return values


@pytest.mark.parametrize("method", sorted(ORDERS))
def test_order_on_coupled_nonlinear_equations(method):
    of = block(method, x="-x*y + exp(-x)", y="x - 2*y")
    exact = integrate(block("rk4", **{"x": "-x*y + exp(-x)", "y": "x - 2*y"}), {"x": 1.0, "y": 0.2}, 1 / 4096, 4096)["x"]
    errors = [abs(integrate(of, {"x": 1.0, "y": 0.2}, 1 / n, n)["x"] - exact) for n in (32, 64)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(ORDERS[method], abs=0.25)


@pytest.mark.parametrize("method", ["exact", "exponential_euler"])
def test_linear_equations_are_solved_exactly_at_any_step(method):
    of = block(method, x="(3 - x)/2", y="-4*y", z="5")
    values = integrate(of, {"x": 1.0, "y": 2.0, "z": 0.0}, 0.7, 3)
    assert values["x"] == pytest.approx(3 - 2 * math.exp(-1.05), rel=1e-14)
    assert values["y"] == pytest.approx(2 * math.exp(-8.4), rel=1e-14)
    assert values["z"] == pytest.approx(10.5, rel=1e-14)


def test_heun_takes_the_mean_amplitude_of_both_ends():
    of = block("heun", x="-x + 2*x*xi")
    (support, new, _) = methods.step(of)
    assert to_numpy(support.expression) == "x + 2.0*x*_noise"
    x, dt, noise = 0.8, 0.1, 0.3
    middle = x + 2 * x * noise
    expected = x + dt * -x + 0.5 * noise * (2 * x + 2 * middle)
    values = {"x": x, "dt": dt, "_noise": noise, "_support_x": middle, "_np": np}
    assert eval(to_numpy(new.expression), values) == pytest.approx(expected, rel=1e-15)


def test_exponential_euler_holds_functions_of_the_variable_still():
    slope, rest = methods.partly_linear(parse_expression("g*(E - v) + exp(v/D) - v*w/C"), "v")
    assert to_numpy(fold(slope, {})) == "-g - w/C"
    assert "exp" in to_numpy(rest)


@pytest.mark.parametrize("text", ["v**2", "v*v", "1/v", "(1 + v)*(2 - v)"])
def test_exponential_euler_refuses_powers(text):
    with pytest.raises(EngineError, match="linear in v"):
        methods.partly_linear(parse_expression(text), "v")


def test_what_cannot_be_solved_is_refused_by_name():
    with pytest.raises(EngineError, match='no method "milstein"'):
        methods.step(block("milstein", x="-x + xi"))
    with pytest.raises(EngineError, match='noise needs "heun" or "euler"'):
        methods.step(block("rk4", x="-x + xi"))
    with pytest.raises(EngineError, match='"exact" needs linear equations'):
        methods.step(block("exact", x="-x*x"))


def test_coupled_equations_between_events_with_equal_rates_and_after_a_long_time():
    """Equal rates have no eigenvectors to go by: z2 = (b + a t) exp(-t)."""
    slopes = np.array([[[-1.0, 0.0], [1.0, -1.0]]] * 3)
    steps = np.array([0, 777, 123_456])
    states = propagate(slopes, np.array([[2.0, 3.0]] * 3), np.zeros((3, 2)), 1e-4, steps)
    t = steps * 1e-4
    np.testing.assert_allclose(states[:, 1], (3 + 2 * t) * np.exp(-t), rtol=1e-12)
    np.testing.assert_allclose(states[:, 0], 2 * np.exp(-t), rtol=1e-12)


def test_a_slow_cascade_keeps_its_precision_over_an_hour():
    slopes, rests = np.array([[[-1e-3, 2e-4], [0.0, -0.5]]]), np.array([[1e-3, 0.25]])
    states = propagate(slopes, np.array([[5.0, 0.5]]), rests, 1e-4, np.array([36_000_000]))
    assert states[0, 0] == pytest.approx(1.1 + 3.9 * math.exp(-3.6), rel=1e-12)


def test_exprel_is_smooth_at_zero():
    np.testing.assert_allclose(exprel(np.array([0.0, 1e-12, -2.0])), [1.0, 1.0 + 5e-13, (1 - math.exp(-2)) / 2], rtol=1e-15)
