"""What the lines of a rule come to: one update, read and clipped once, and what must be stepped on the clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spikeheb.expressions.equations import parse_model
from spikeheb.expressions.gate import parse_expression, parse_statement
from spikeheb.expressions.printers import evaluate, to_brian
from spikeheb.rules import Handler, Rule, choose, read_rule
from spikeheb.rules.meaning import actions, affine, is_noisy, plain_lines, reads_membrane, stepped

LIBRARY = Path(__file__).parents[2] / "models" / "rules"
PAIR, TRIPLET = read_rule(LIBRARY / "pair.toml"), read_rule(LIBRARY / "triplet.toml")
SOFT = choose(PAIR, bounds="soft").bounds


def library(name: str) -> Rule:
    return read_rule(LIBRARY / f"{name}.toml")


def handler(*lines: str, event: str = "post") -> Handler:
    return Handler(event, None, tuple(map(parse_statement, lines)))


def carried_out(lines: tuple[str, ...], bounds: object = SOFT, **values: float) -> dict[str, float]:
    """The variables after the plain lines of a handler, starting from `values`."""
    state: dict[str, object] = {**bounds.values, **values}  # type: ignore[attr-defined]
    for line in plain_lines(handler(*lines), "w", bounds):  # type: ignore[arg-type]
        assert line.op == "="
        state[line.target] = evaluate(line.expression, state)
    return {name: float(value) for name, value in state.items()}  # type: ignore[arg-type]


# --- one update -------------------------------------------------------------------------------------------------------


def test_lines_that_change_the_weight_are_one_update_that_reads_the_old_weight() -> None:
    """Soft bounds at w = 0.4: 0.6*0.5 - 0.4*0.25 + 0.01 - 0.02, not step by step."""
    after = carried_out(("ltp = 0.5", "ltd = 0.25", "w += 0.01", "w -= 0.02"), w=0.4)
    assert after["w"] == pytest.approx(0.4 + 0.6 * 0.5 - 0.4 * 0.25 + 0.01 - 0.02, rel=1e-15)
    one_by_one = 0.4 + 0.6 * 0.5
    one_by_one -= one_by_one * 0.25
    assert abs(after["w"] - (one_by_one - 0.01)) > 0.05


def test_weight_in_a_line_is_the_old_weight_too() -> None:
    assert carried_out(("ltp = 0.5*w", "w -= 0.1*w"), w=0.4)["w"] == pytest.approx(0.4 + 0.6 * 0.2 - 0.04, rel=1e-15)


def test_clipping_happens_once_at_the_end() -> None:
    hard = PAIR.bounds
    assert carried_out(("ltp = 0.9", "ltd = 0.8"), hard, w=0.5)["w"] == pytest.approx(0.6, rel=1e-15), "1.4 on the way is not clipped"
    assert carried_out(("ltp = 0.9",), hard, w=0.5)["w"] == 1.0
    assert carried_out(("ltd = 0.9",), hard, w=0.5)["w"] == 0.0
    lines = plain_lines(handler("ltp = 0.9", "x = 1", "ltd = 0.8"), "w", hard)
    assert [line.target for line in lines] == ["_change0", "x", "w"]
    assert to_brian(lines[2].expression) == "clip(w + _change0 - 0.8, w_min, w_max)"


def test_each_line_reads_the_other_variables_as_they_stand_at_that_line() -> None:
    after = carried_out(("ltp = x", "x = 5", "ltd = 0.1*x"), PAIR.bounds, w=0.5, x=0.2)
    assert after["w"] == pytest.approx(0.5 + 0.2 - 0.5, rel=1e-15)
    assert after["x"] == 5.0


def test_line_after_the_update_sees_the_new_weight_and_one_between_does_not() -> None:
    after = carried_out(("ltp = 0.1", "x = w", "ltd = 0", "y = w"), PAIR.bounds, w=0.5)
    assert (after["x"], after["y"]) == (0.5, pytest.approx(0.6))


def test_augmented_lines_become_plain() -> None:
    assert carried_out(("x += 1", "y -= x", "z *= 2", "u /= 4"), w=0.5, x=1.0, y=1.0, z=3.0, u=1.0) | {"w": 0.5} == {
        "x": 2.0, "y": -1.0, "z": 6.0, "u": 0.25, "w": 0.5, "w_min": 0.0, "w_max": 1.0,
    }  # fmt: skip


def test_bounds_without_an_end_are_open_there() -> None:
    law, free = choose(PAIR, set="van_rossum").bounds, choose(PAIR, bounds="none").bounds
    assert to_brian(plain_lines(handler("w += 9"), "w", law)[0].expression) == "clip(w + 9, w_min, inf)"
    assert to_brian(plain_lines(handler("w += 9"), "w", free)[0].expression) == "w + 9"


def test_handler_that_leaves_the_weight_alone_does_not_clip_it() -> None:
    assert [line.target for line in plain_lines(handler("x += 1", "transmit = x"), "w", PAIR.bounds)] == ["x", "transmit"]


# --- handlers ---------------------------------------------------------------------------------------------------------


def test_transmission_comes_first_where_no_line_says_when() -> None:
    silent = replace(PAIR, handlers=(handler("x += 1", event="pre"), handler("ltp = x")))
    assert [[line.target for line in action.lines] for action in actions(silent)] == [["transmit", "x"], ["w"]]
    assert evaluate(actions(silent)[0].lines[0].expression, {}) == 1.0
    assert [line.target for line in actions(library("tsodyks_markram"))[0].lines] == ["u", "transmit", "x"]


def test_delays_add_up() -> None:
    rule = choose(library("graupner_brunel"), axonal_delay="1 ms", backpropagation_delay="0.5 ms")
    assert [(a.event, a.delay) for a in actions(rule)] == [("pre", 0.001), ("pre", pytest.approx(0.0147)), ("post", 0.0005)]
    reward = choose(library("izhikevich_reward"), axonal_delay="1 ms", backpropagation_delay="1 ms")
    assert actions(reward)[2] == replace(actions(reward)[2], event="reward", delay=0.0)


def test_pair_of_the_library_line_by_line() -> None:
    pre, post = actions(PAIR)
    assert [f"{line.target} = {to_brian(line.expression)}" for line in pre.lines] == [
        "transmit = 1", "w = clip(w - A_minus*y, w_min, w_max)", "x = x_adds*x + 1", "y = y_survives*y",
    ]  # fmt: skip
    assert [f"{line.target} = {to_brian(line.expression)}" for line in post.lines] == [
        "w = clip(w + A_plus*x, w_min, w_max)", "y = y_adds*y + 1", "x = x_survives*x",
    ]  # fmt: skip


# --- what is stepped --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [PAIR, TRIPLET], ids=lambda rule: rule.name)
def test_pair_and_triplet_are_solved_between_events_in_every_set(rule: Rule) -> None:
    assert all(stepped(choose(rule, set=name)) == frozenset() for name in rule.sets)


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("vogels", set()),
        ("tsodyks_markram", set()),
        ("costa", set()),
        ("graupner_brunel", {"c", "rho"}),
        ("clopath", {"xbar", "w"}),
        ("zenke", {"w_ref"}),
        ("izhikevich_reward", {"c", "d", "w"}),
    ],
)
def test_rules_step_what_they_must_and_no_more(name: str, variables: set[str]) -> None:
    assert stepped(library(name)) == variables


def with_model(text: str, efficacy: str = "w") -> Rule:
    return replace(PAIR, equations=parse_model(text + "\nw : 1"), efficacy=parse_expression(efficacy))


@pytest.mark.parametrize(
    ("model", "variables"),
    [
        ("dx/dt = -x/tau_plus : 1", set()),
        ("dx/dt = (1 - x)/tau_plus : 1", set()),
        ("dx/dt = 1/tau_plus : 1", set()),
        ("dx/dt = -x/tau_plus : 1\ndy/dt = (x - y)/tau_minus : 1", set()),
        ("dx/dt = (y - x)/tau_plus : 1\ndy/dt = (x - y)/tau_minus : 1", set()),
        ("s = 2*x : 1\ndx/dt = -x/tau_plus : 1\ndy/dt = (s - y)/tau_minus : 1", set()),
        ("dx/dt = (w - x)/tau_plus : 1", set()),
        ("dx/dt = -x*x/tau_plus : 1", {"x"}),
        ("dx/dt = -x**2/tau_plus : 1", {"x"}),
        ("dx/dt = -exp(x)/tau_plus : 1", {"x"}),
        ("dx/dt = 1/x/tau_plus : 1", {"x"}),
        ("dx/dt = -x/tau_plus + xi/sqrt(tau_plus) : 1", {"x"}),
        ("dx/dt = -int(v > 0)*x/tau_plus : 1", {"x"}),
        ("dx/dt = -x/tau_plus : 1\ndy/dt = -y*y*x/tau_minus : 1", {"x", "y"}),
        ("dx/dt = -x*x/tau_plus : 1\ndy/dt = (x - y)/tau_minus : 1", {"x", "y"}),
        ("dx/dt = -x/tau_plus : 1\ndy/dt = -y/tau_minus : 1\ndz/dt = -z*z/tau_plus : 1", {"z"}),
        ("s = x*x : 1\ndx/dt = -x/tau_plus : 1\ndy/dt = (s - y)/tau_minus : 1", {"x", "y"}),
        ("da/dt = -a/tau_plus : 1\ndb/dt = (a - b)/tau_plus : 1\ndc/dt = (b*c - c)/tau_plus : 1", {"a", "b", "c"}),
    ],
)
def test_linear_is_solved_and_what_a_stepped_variable_reads_is_stepped(model: str, variables: set[str]) -> None:
    assert stepped(with_model(model)) == variables


def test_variable_that_the_efficacy_reads_is_stepped() -> None:
    assert stepped(with_model("dx/dt = -x/tau_plus : 1\ndy/dt = -y/tau_minus : 1", "w*(1 + x)")) == {"x"}
    assert stepped(with_model("s = 1 + x : 1\ndx/dt = -x/tau_plus : 1", "w*s")) == {"x"}


def test_coefficients_of_a_linear_tree() -> None:
    parts = affine(parse_expression("(b*x - 2*(y - x) + 3)/tau - -y"), {"x", "y"})
    assert parts is not None
    values = {"b": 5.0, "tau": 2.0, "x": 0.3, "y": 0.7}
    coefficients = {name: evaluate(tree, values) for name, tree in parts[0].items()}
    assert coefficients == {"x": 3.5, "y": 0.0}
    assert evaluate(parts[1], values) == 1.5
    for text in ("x*y", "x**2", "1/x", "exp(x)", "int(x > 0)", "abs(x)", "b**x"):
        assert affine(parse_expression(text), {"x", "y"}) is None, text


# --- membrane and noise -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "membrane", "noise"),
    [
        (PAIR, False, False),
        (choose(PAIR, set="van_rossum"), False, True),
        (TRIPLET, False, False),
        (library("graupner_brunel"), False, True),
        (library("clopath"), True, False),
        (library("zenke"), False, False),
    ],
    ids=lambda value: value.label if isinstance(value, Rule) else str(value),
)
def test_which_rules_need_a_membrane_and_which_draw_random_numbers(rule: Rule, membrane: bool, noise: bool) -> None:
    assert (reads_membrane(rule), is_noisy(rule)) == (membrane, noise)


def test_noise_and_membrane_are_found_wherever_they_hide() -> None:
    clopath = library("clopath")
    assert clopath.post is not None
    quiet = replace(clopath, equations=parse_model("w : 1"), handlers=(handler("x += 1", event="pre"),))
    assert reads_membrane(quiet), "[post] follows v"
    noisy = replace(clopath.post, equations=parse_model("dz/dt = xi/sqrt(tau_x) : 1"), delayed={}, initial={})
    assert is_noisy(replace(clopath, post=noisy))
    kicked = replace(clopath.post, equations=parse_model("z : 1"), on_spike=(parse_statement("z = randn()"),), delayed={}, initial={})
    assert is_noisy(replace(clopath, post=kicked))
    assert reads_membrane(replace(PAIR, efficacy=parse_expression("w*int(v > 0)")))
    assert is_noisy(replace(PAIR, initial={"w": parse_expression("rand()")}))


# --- rules do what their papers say, where one line of arithmetic shows it ---------------------------------------------


def test_release_of_tsodyks_and_markram_in_both_conventions() -> None:
    """Facilitation first, then release u*x, then the resources go."""
    rule = library("tsodyks_markram")
    for interaction, u, released in (("rests_at_0", 0.0, 0.5), ("rests_at_U", 0.5, 0.75)):
        chosen = choose(rule, interaction=interaction, parameters={"U": 0.5})
        assert evaluate(chosen.initial["u"], chosen.constants) == u
        state: dict[str, object] = {**chosen.constants, "u": u, "x": 1.0}
        for line in actions(chosen)[0].lines:
            state[line.target] = evaluate(line.expression, state)
        assert (state["transmit"], state["x"]) == (released, 1.0 - released)


def test_isolated_spike_of_vogels_depresses_by_alpha() -> None:
    rule = library("vogels")
    state: dict[str, object] = {**rule.constants, "x": 0.0, "y": 0.0, "w": 1.0, "alpha": 2 * 3.0 * 0.02}
    for line in actions(rule)[0].lines:
        state[line.target] = evaluate(line.expression, state)
    assert state["w"] == pytest.approx(1.0 - rule.constants["eta"] * 0.12, rel=1e-14)


def test_late_voltage_of_clopath_is_read_by_name() -> None:
    rule = library("clopath")
    state: dict[str, object] = {**rule.constants, "amplitude": 0.14, "u_minus_late": -0.0606, "w": 0.5, "xbar": 0.0}
    for line in actions(rule)[0].lines:
        state[line.target] = evaluate(line.expression, state)
    assert state["w"] == pytest.approx(0.5 - 0.14 * (-0.0606 - rule.constants["theta_minus"]), rel=1e-12)
    assert state["xbar"] == pytest.approx(1 / 0.015)
