"""Choosing set, interaction, bounds, coincidence, delays and parameters: what is given changes, what is not stays."""

from __future__ import annotations

from pathlib import Path

import pytest

import spikeheb as sh
from spikeheb.errors import FormatError, SpikehebError, UnitError, UnknownName
from spikeheb.expressions.gate import parse_expression
from spikeheb.expressions.printers import evaluate
from spikeheb.rules import Bounds, choose, read_rule

LIBRARY = Path(__file__).parents[2] / "models" / "rules"
PAIR, TRIPLET = read_rule(LIBRARY / "pair.toml"), read_rule(LIBRARY / "triplet.toml")
CALCIUM = read_rule(Path(__file__).parents[2] / "models" / "rules" / "graupner_brunel.toml")


def test_nothing_chosen_is_the_rule_itself() -> None:
    assert choose(PAIR) == PAIR
    assert choose(PAIR).hash == PAIR.hash


def test_set_replaces_what_it_speaks_of_and_keeps_the_rest() -> None:
    rule = choose(PAIR, set="van_rossum")
    assert (rule.set, rule.label, rule.bounds.kind) == ("van_rossum", "pair / van_rossum", "law")
    assert (rule.constants["A_plus"], rule.constants["A_minus"]) == (0.01, 0.003)
    assert rule.constants["tau_plus"] == PAIR.constants["tau_plus"]
    assert rule.parameters["A_plus"].source == "van_rossum_2000"
    assert rule.parameters["tau_plus"].source == PAIR.parameters["tau_plus"].source
    assert choose(TRIPLET, set="visual_cortex_nearest_full").interaction == "symmetric"
    assert choose(TRIPLET, set="visual_cortex_nearest_full").bounds == TRIPLET.bounds
    assert PAIR.set is None, "the rule itself is untouched"


def test_single_choices_stand_above_the_set() -> None:
    rule = choose(PAIR, set="van_rossum", interaction="restricted", bounds="none", parameters={"A_plus": 0.5})
    assert (rule.interaction, rule.bounds.kind, rule.constants["A_plus"], rule.constants["A_minus"]) == ("restricted", "none", 0.5, 0.003)
    assert rule.changed == ("A_plus", "bounds", "interaction")
    assert rule.parameters["A_plus"].source == "given by the user"


def test_interaction_chooses_its_constants() -> None:
    constants = choose(PAIR, interaction="presynaptic_centred").constants
    assert {name: constants[name] for name in ("x_adds", "y_survives", "y_adds", "x_survives")} == {
        "x_adds": 1.0, "y_survives": 1.0, "y_adds": 0.0, "x_survives": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bounds", "plus", "minus"),
    [
        ("hard", 1.0, 1.0),
        ("soft", 0.75, 0.25),
        ({"kind": "soft", "w_max": 2}, 0.875, 0.125),
        ({"kind": "power", "mu_plus": 2, "mu_minus": 0.5, "w_max": 1}, 0.5625, 0.5),
        ("kind=power, mu_plus=2, mu_minus=0.5, w_max=1", 0.5625, 0.5),
        ("kind=power, mu_plus=0, mu_minus=0, w_max=1", 1.0, 1.0),
        ({"kind": "law", "F_plus": "1 - w*a", "F_minus": "w", "a": 2}, 0.5, 0.25),
        ("none", 1.0, 1.0),
    ],
)
def test_bounds_by_keyword_or_flag(bounds: object, plus: float, minus: float) -> None:
    chosen = choose(PAIR, bounds=bounds).bounds  # type: ignore[arg-type]
    values = {**chosen.values, "w": 0.25}
    assert (evaluate(chosen.F_plus, values), evaluate(chosen.F_minus, values)) == (plus, minus)


def test_power_zero_of_zero_is_one() -> None:
    chosen = choose(PAIR, bounds={"kind": "power", "mu_plus": 0, "mu_minus": 0, "w_max": 1}).bounds
    assert evaluate(chosen.F_plus, {**chosen.values, "w": 1.0}) == 1.0
    assert evaluate(chosen.F_minus, {**chosen.values, "w": 0.0}) == 1.0


def test_limits_stay_where_only_the_kind_changes() -> None:
    rule = choose(TRIPLET, bounds="soft")
    assert (rule.bounds.w_min, rule.bounds.w_max) == (0.0, 10.0)
    free = choose(PAIR, bounds="none").bounds
    assert (free.w_min, free.w_max, dict(free.values)) == (None, None, {})
    assert "mu_plus" not in choose(choose(PAIR, set="gutig"), bounds="hard").bounds.values


def test_given_bounds_replace_bounds_whole() -> None:
    """Neither the limits of the file, nor the numbers of a set's law, nor a kind stay where nobody wrote them."""
    law = choose(PAIR, bounds={"kind": "law", "F_plus": "1 - w", "F_minus": "w"}).bounds
    assert (law.w_min, law.w_max, dict(law.values)) == (None, None, {})
    assert dict(choose(PAIR, bounds="kind=law, F_plus=1, F_minus=w, w_min=0").bounds.values) == {"w_min": 0.0}
    after_set = choose(PAIR, set="van_rossum", bounds={"kind": "law", "F_plus": "1", "F_minus": "w", "w_max": 4}).bounds
    assert dict(after_set.values) == {"w_max": 4.0}
    assert dict(choose(PAIR, set="van_rossum", bounds={"kind": "hard", "w_max": 4}).bounds.values) == {"w_min": 0.0, "w_max": 4.0}
    with pytest.raises(FormatError, match='"power" needs w_max, and nothing is taken from the rule'):
        choose(TRIPLET, bounds={"kind": "power", "mu_plus": 1, "mu_minus": 1})


def test_bounds_of_a_set_replace_the_files_whole() -> None:
    for name, chosen in PAIR.sets.items():
        assert chosen.bounds is None or choose(PAIR, set=name).bounds == chosen.bounds
    assert "w_max" not in choose(PAIR, set="van_rossum").constants


def test_a_set_does_not_stand_on_another_set() -> None:
    """Where the second is silent, the numbers of the first would stay without a word."""
    with pytest.raises(FormatError, match='the set "van_rossum" is chosen already, and its values would stay where "additive" has none'):
        choose(choose(PAIR, set="van_rossum"), set="additive")
    once = choose(PAIR, set="van_rossum")
    assert choose(once, set="van_rossum") == once


def test_coincidence_and_delays() -> None:
    rule = choose(PAIR, coincidence="post_first", axonal_delay="2 ms", backpropagation_delay=0.001)
    assert (rule.coincidence, rule.axonal_delay, rule.backpropagation_delay) == ("post_first", 0.002, 0.001)
    assert len({PAIR.hash, rule.hash, choose(PAIR, axonal_delay="2 ms").hash, choose(PAIR, coincidence="post_first").hash}) == 4


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"set": "gutigg"}, UnknownName, 'no set named "gutigg"; did you mean "gutig"?'),
        ({"interaction": "symetric"}, UnknownName, 'did you mean "symmetric" or'),
        ({"coincidence": "pre"}, UnknownName, "pre_first"),
        ({"parameters": {"A_pluss": 1}}, UnknownName, 'did you mean "A_plus" or'),
        ({"parameters": {"tau_plus": "20 mV"}}, UnitError, 'expected a time such as "20 ms" (got "20 mV", a voltage)'),
        ({"parameters": {"tau_plus": float("nan")}}, UnitError, "(got nan)"),
        ({"parameters": {"tau_plus": -0.02}}, FormatError, "parameters.tau_plus: a time constant must be above 0 (got -20 ms)"),
        ({"parameters": {"w_max": 2}}, FormatError, "belongs to the bounds"),
        ({"bounds": "hrd"}, UnknownName, 'did you mean "hard"?'),
        ({"bounds": 3}, FormatError, "expected a kind (hard, soft, power, law, none) or a table"),
        ({"bounds": "kind=power,mu_plus"}, FormatError, "expected name=value"),
        ({"bounds": {"kind": "power"}}, FormatError, '"power" needs w_max'),
        ({"bounds": {"kind": "hard", "w_min": 1, "w_max": 1}}, FormatError, "w_min must be below w_max"),
        ({"bounds": {"w_max": 2}}, FormatError, 'bounds must be complete: name the kind too (such as "kind=hard, w_min=0, w_max=2")'),
        ({"bounds": {"kind": "hard", "w_min": 0}}, FormatError, '"hard" needs w_max, and nothing is taken from the rule'),
        ({"bounds": "law"}, FormatError, '"law" needs more than its name'),
        ({"bounds": {"kind": "none", "w_max": 3}}, FormatError, '"none" takes no numbers'),
        ({"bounds": "kind=power,mu_plus=-1,mu_minus=0,w_max=1"}, FormatError, "an exponent of the bounds is 0 or more (got -1)"),
        ({"bounds": {"kind": "law", "F_plus": "os", "F_minus": "1"}}, SpikehebError, 'undeclared name "os"'),
        ({"bounds": {"kind": "law", "F_plus": "__import__('os')", "F_minus": "1"}}, SpikehebError, "not allowed"),
        ({"bounds": {"kind": "law", "F_plus": "1", "F_minus": "1", "x": 1}}, FormatError, '"x" is declared twice'),
        ({"bounds": "kind=law,F_plus=9**9**9,F_minus=1"}, SpikehebError, "a power of a power"),
        ({"axonal_delay": "-1 ms"}, UnitError, "may not be negative"),
        ({"backpropagation_delay": "1 mV"}, UnitError, "expected a time"),
    ],
)
def test_wrong_choice_is_named(options: dict[str, object], kind: type[SpikehebError], words: str) -> None:
    with pytest.raises(kind) as caught:
        choose(PAIR, **options)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(LIBRARY / "pair.toml"))


def test_bounds_that_need_an_upper_limit_are_refused_where_there_is_none() -> None:
    for kind in ("hard", "soft"):
        with pytest.raises(FormatError, match="needs a w_max, but the rule has none"):
            choose(choose(PAIR, set="van_rossum"), bounds=kind)


def test_weight_that_moves_by_itself_cannot_be_given_soft_bounds() -> None:
    with pytest.raises(FormatError, match='needs the bounds "hard" or "none"'):
        choose(CALCIUM, bounds={"kind": "soft", "w_min": 0, "w_max": 1})


def test_delay_of_a_handler_cannot_be_made_negative() -> None:
    with pytest.raises(FormatError, match='"D" may not be negative'):
        choose(CALCIUM, parameters={"D": "-1 ms"})


def test_bounds_object_is_taken_as_it_is() -> None:
    bounds = Bounds("hard", {"w_min": 0.0, "w_max": 3.0}, parse_expression("1"), parse_expression("1"))
    assert choose(PAIR, bounds=bounds).bounds == bounds


@pytest.mark.parametrize("name", ["axonal_delay", "backpropagation_delay"])
@pytest.mark.parametrize("delay", ["11 s", "1e10 ms", "1e20 s"])
def test_a_delay_that_no_engine_could_keep_is_refused(name, delay):
    with pytest.raises(UnitError, match=f"{name}: a delay may be at most 10 s"):
        sh.rule("pair", **{name: delay})


def test_a_delay_of_a_handler_is_limited_as_well():
    with pytest.raises(FormatError, match="may be at most 10 s"):
        sh.rule("graupner_brunel", D="1000 s")
