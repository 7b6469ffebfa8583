"""The oracles against closed forms and cases worked out by hand."""

from __future__ import annotations

import math

import pytest

from oracles import pair, triplet
from oracles.pair import POST, PRE

MS = 1e-3
A_PLUS, A_MINUS, TAU_PLUS, TAU_MINUS = 0.01, 0.012, 17e-3, 34e-3
PAIR = {"A_plus": A_PLUS, "A_minus": A_MINUS, "tau_plus": TAU_PLUS, "tau_minus": TAU_MINUS, "bounds": "none"}
SCHEMES = ["all_to_all", "symmetric", "presynaptic_centred", "restricted"]


def ltp(milliseconds: float) -> float:
    return A_PLUS * math.exp(-milliseconds * MS / TAU_PLUS)


def ltd(milliseconds: float) -> float:
    return -A_MINUS * math.exp(-milliseconds * MS / TAU_MINUS)


def change(spikes: list[tuple[float, str]], **options: object) -> float:
    """The change of a weight of 0.5 by spikes given as (milliseconds, side)."""
    pre = [t * MS for t, side in spikes if side == PRE]
    post = [t * MS for t, side in spikes if side == POST]
    return pair.final_weight(pre, post, 0.5, **{**PAIR, **options}) - 0.5  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("delta_t", [-80.0, -10.0, -0.1, 0.1, 10.0, 80.0])
def test_isolated_pair_is_the_window(scheme: str, delta_t: float) -> None:
    expected = ltp(delta_t) if delta_t > 0 else ltd(-delta_t)
    assert change([(100.0, PRE), (100.0 + delta_t, POST)], scheme=scheme) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_coincident_spikes_are_one_pair_whose_sign_is_a_choice(scheme: str) -> None:
    spikes = [(100.0, PRE), (100.0, POST)]
    assert change(spikes, scheme=scheme) == pytest.approx(A_PLUS, rel=1e-12)
    assert change(spikes, scheme=scheme, coincidence="post_first") == pytest.approx(-A_MINUS, rel=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("spikes", [[], [(1.0, PRE)], [(1.0, POST)], [(1.0, PRE), (2.0, PRE)], [(1.0, POST), (2.0, POST)]])
def test_one_side_alone_changes_nothing(scheme: str, spikes: list[tuple[float, str]]) -> None:
    assert change(spikes, scheme=scheme) == 0.0


# Three spikes at 0, 10 and 25 ms, and what each scheme makes of them.
THREE = {
    (PRE, PRE, POST): {
        "all_to_all": [ltp(25), ltp(15)],
        "symmetric": [ltp(15)],
        "presynaptic_centred": [ltp(25), ltp(15)],
        "restricted": [ltp(15)],
    },
    (PRE, POST, POST): {
        "all_to_all": [ltp(10), ltp(25)],
        "symmetric": [ltp(10), ltp(25)],
        "presynaptic_centred": [ltp(10)],
        "restricted": [ltp(10)],
    },
    (POST, PRE, PRE): {
        "all_to_all": [ltd(10), ltd(25)],
        "symmetric": [ltd(10), ltd(25)],
        "presynaptic_centred": [ltd(10), ltd(25)],
        "restricted": [ltd(10)],
    },
    (POST, POST, PRE): {
        "all_to_all": [ltd(25), ltd(15)],
        "symmetric": [ltd(15)],
        "presynaptic_centred": [ltd(15)],
        "restricted": [ltd(15)],
    },
    (PRE, POST, PRE): {scheme: [ltp(10), ltd(15)] for scheme in SCHEMES},
    (POST, PRE, POST): {scheme: [ltd(10), ltp(15)] for scheme in SCHEMES},
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sides", THREE, ids=" ".join)
def test_three_spikes_by_hand(sides: tuple[str, str, str], scheme: str) -> None:
    spikes = list(zip((0.0, 10.0, 25.0), sides, strict=True))
    assert change(spikes, scheme=scheme) == pytest.approx(sum(THREE[sides][scheme]), rel=1e-12)


# Pre and post together at 10 ms, after a post at 0 and before a pre at 25.
TIE = [(0.0, POST), (10.0, PRE), (10.0, POST), (25.0, PRE)]


@pytest.mark.parametrize(
    ("scheme", "coincidence", "parts"),
    [
        ("all_to_all", "pre_first", [ltd(10), ltp(0), ltd(25), ltd(15)]),
        ("all_to_all", "post_first", [ltd(10), ltd(0), ltd(25), ltd(15)]),
        ("symmetric", "pre_first", [ltd(10), ltp(0), ltd(15)]),
        ("symmetric", "post_first", [ltd(0), ltd(15)]),
        ("presynaptic_centred", "pre_first", [ltd(10), ltp(0), ltd(15)]),
        ("presynaptic_centred", "post_first", [ltd(0), ltd(15)]),
        ("restricted", "pre_first", [ltd(10), ltp(0), ltd(15)]),
        ("restricted", "post_first", [ltd(0)]),
    ],
)
def test_tie_by_hand(scheme: str, coincidence: str, parts: list[float]) -> None:
    assert change(TIE, scheme=scheme, coincidence=coincidence) == pytest.approx(sum(parts), rel=1e-12)


@pytest.mark.parametrize("delta_t", [-10.0, 10.0])
@pytest.mark.parametrize("period", [1000.0, 50.0, 25.0])
def test_sixty_pairings_are_a_finite_double_sum(delta_t: float, period: float) -> None:
    spikes = [(1000.0 + n * period, PRE) for n in range(60)] + [(1000.0 + n * period + delta_t, POST) for n in range(60)]
    lags = [(60 - abs(k), k * period + delta_t) for k in range(-59, 60)]
    expected = math.fsum(count * (ltp(lag) if lag > 0 else ltd(-lag)) for count, lag in lags)
    assert change(spikes) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("delta_t", [-10.0, 10.0])
def test_sixty_slow_pairings_are_sixty_isolated_ones_in_every_scheme(delta_t: float) -> None:
    spikes = [(1e5 + n * 1e5, PRE) for n in range(60)] + [(1e5 + n * 1e5 + delta_t, POST) for n in range(60)]
    of_pair = ltp(10) if delta_t > 0 else ltd(10)
    for scheme in SCHEMES:
        assert change(spikes, scheme=scheme) == pytest.approx(60 * of_pair, rel=1e-10)


def test_regular_trains_in_the_nearest_schemes() -> None:
    """Pre every 20 ms, post 5 ms after each: each pre meets the post 15 ms before, each post the pre 5 ms before."""
    spikes = [(n * 20.0, PRE) for n in range(10)] + [(n * 20.0 + 5.0, POST) for n in range(10)]
    for scheme in SCHEMES[1:]:
        assert change(spikes, scheme=scheme) == pytest.approx(10 * ltp(5) + 9 * ltd(15), rel=1e-12)


def test_weight_is_held_within_its_bounds_after_each_spike() -> None:
    up, down = [0.0, 1.0], [0.01]
    options = {"A_plus": 0.4, "A_minus": 0.3, "tau_plus": 0.02, "tau_minus": 0.02}
    clipped = pair.final_weight([*up, 2.0], [0.01, 1.01, 1.99], 0.9, bounds="hard", **options)  # type: ignore[arg-type]
    step = 0.3 * math.exp(-0.5)
    assert clipped == pytest.approx(1.0 - step, rel=1e-9)
    assert pair.final_weight([0.02], down, 0.1, bounds="hard", **options) == 0.0  # type: ignore[arg-type]
    assert pair.final_weight([0.02], down, 0.1, bounds="none", **options) == pytest.approx(0.1 - step, rel=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bounds", "powers", "up", "down"),
    [
        ("hard", (0, 0), 1.0, 1.0),
        ("soft", (1, 1), 1.75, 0.25),
        ("power", (0.5, 2.0), math.sqrt(0.875), 0.125**2),
        ("power", (0.0, 0.0), 1.0, 1.0),
    ],
)
def test_dependence_on_the_weight(bounds: str, powers: tuple[float, float], up: float, down: float) -> None:
    """At w = 0.5 between 0.25 and 2.25, u = 1/8."""
    options = {**PAIR, "bounds": bounds, "w_min": 0.25, "w_max": 2.25, "mu_plus": powers[0], "mu_minus": powers[1]}
    up, down = (0.875, 0.125) if bounds == "soft" else (up, down)
    assert pair.final_weight([0.0], [0.01], 0.5, **options) == pytest.approx(0.5 + up * ltp(10), rel=1e-12)  # type: ignore[arg-type]
    assert pair.final_weight([0.01], [0.0], 0.5, **options) == pytest.approx(0.5 + down * ltd(10), rel=1e-12)  # type: ignore[arg-type]


# --- triplets ---------------------------------------------------------------------------------------------------------

TRIPLET = {
    "A2_plus": 0.005, "A3_plus": 0.006, "A2_minus": 0.007, "A3_minus": 0.0003,
    "tau_plus": 17e-3, "tau_minus": 34e-3, "tau_x": 100e-3, "tau_y": 125e-3,
}  # fmt: skip


def e(milliseconds: float, tau: str) -> float:
    return math.exp(-milliseconds * MS / TRIPLET[tau])


def triplet_change(spikes: list[tuple[float, str]], scheme: str, coincidence: str = "pre_first") -> float:
    pre = [t * MS for t, side in spikes if side == PRE]
    post = [t * MS for t, side in spikes if side == POST]
    return triplet.final_weight(pre, post, 1.0, scheme=scheme, coincidence=coincidence, **TRIPLET) - 1.0


@pytest.mark.parametrize("scheme", ["all_to_all", "symmetric"])
def test_isolated_pair_has_no_triplet_term(scheme: str) -> None:
    assert triplet_change([(0.0, PRE), (10.0, POST)], scheme) == pytest.approx(0.005 * e(10, "tau_plus"), rel=1e-11)
    assert triplet_change([(0.0, POST), (10.0, PRE)], scheme) == pytest.approx(-0.007 * e(10, "tau_minus"), rel=1e-11)
    assert triplet_change([(0.0, PRE), (0.0, POST)], scheme) == pytest.approx(0.005, rel=1e-11)
    assert triplet_change([(0.0, PRE), (0.0, POST)], scheme, "post_first") == pytest.approx(-0.007, rel=1e-11)


@pytest.mark.parametrize("scheme", ["all_to_all", "symmetric"])
def test_triplets_by_hand(scheme: str) -> None:
    post_pre_post = -0.007 * e(10, "tau_minus") + e(15, "tau_plus") * (0.005 + 0.006 * e(25, "tau_y"))
    assert triplet_change([(0.0, POST), (10.0, PRE), (25.0, POST)], scheme) == pytest.approx(post_pre_post, rel=1e-11)
    pre_post_pre = 0.005 * e(10, "tau_plus") - e(15, "tau_minus") * (0.007 + 0.0003 * e(25, "tau_x"))
    assert triplet_change([(0.0, PRE), (10.0, POST), (25.0, PRE)], scheme) == pytest.approx(pre_post_pre, rel=1e-11)


def test_four_spikes_by_hand_tell_the_schemes_apart() -> None:
    spikes = [(0.0, POST), (10.0, POST), (15.0, PRE), (25.0, POST)]
    fast, down = e(10, "tau_plus"), -0.007 * e(5, "tau_minus")
    nearest = down + fast * (0.005 + 0.006 * e(15, "tau_y"))
    every = down - 0.007 * e(15, "tau_minus") + fast * (0.005 + 0.006 * (e(15, "tau_y") + e(25, "tau_y")))
    assert triplet_change(spikes, "symmetric") == pytest.approx(nearest, rel=1e-11)
    assert triplet_change(spikes, "all_to_all") == pytest.approx(every, rel=1e-11)


def test_triplet_weight_is_clipped() -> None:
    assert triplet.final_weight([0.01], [0.0], 0.001, **TRIPLET) == 0.0
    assert triplet.final_weight([0.0], [0.01], 0.999, w_max=1.0, **{**TRIPLET, "A2_plus": 0.5}) == 1.0


@pytest.mark.parametrize(
    ("options", "scheme", "plus", "minus"),
    [
        (
            {"A2_plus": 0.0, "A3_plus": 6.5e-3, "A2_minus": 7.1e-3, "A3_minus": 0.0, "tau_y": 114e-3},
            "all_to_all", [0.0, 0.119, 0.228, 0.532, 0.763], [-0.317, -0.332, -0.342, 0.174, 0.749],
        ),
        (
            {"A2_plus": 8.8e-11, "A3_plus": 5.3e-2, "A2_minus": 6.6e-3, "A3_minus": 3.1e-3, "tau_x": 714e-3, "tau_y": 40e-3},
            "symmetric", [0.0, 0.104, 0.323, 0.560, 0.624], [-0.294, -0.411, -0.338, 0.260, 0.619],
        ),
    ],
    ids=["all min", "nearest full"],
)  # fmt: skip
def test_published_sets_under_sixty_continuous_pairs(options: dict[str, float], scheme: str, plus: list[float], minus: list[float]) -> None:
    """0.1, 10, 20, 40, 50 Hz at +10 and -10 ms, visual cortex; the targets are rounded to three places."""
    for delta_t, targets in ((10.0, plus), (-10.0, minus)):
        for rate, target in zip((0.1, 10, 20, 40, 50), targets, strict=True):
            pre = [1.0 + n / rate for n in range(60)]
            change_of_w = triplet.final_weight(pre, [t + delta_t * MS for t in pre], 1.0, scheme=scheme, **options) - 1.0  # type: ignore[arg-type]
            assert change_of_w == pytest.approx(target, abs=5.1e-4), (rate, delta_t)
