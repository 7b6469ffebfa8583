"""Rule files: what a file says is what the object holds, and what a file gets wrong is named with place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeheb.dimensions import NONE, TIME, VOLTAGE
from spikeheb.errors import ExpressionError, FormatError, SpikehebError, UnitError, UnknownName
from spikeheb.expressions.gate import parse_expression, parse_statement
from spikeheb.rules import Rule, choose, read_rule
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import is_noisy, reads_membrane, stepped

LIBRARY = Path(__file__).parents[2] / "models" / "rules"
EVERY = sorted(LIBRARY.glob("*.toml"))

TEXT = '''
schema = 1
name = "small"
title = "A small rule"
doc = "For tests."

[references]
paper = { doi = "10.1000/1", place = "Eq. 1" }

[parameters]
tau = { value = "20 ms", doc = "decay", source = "paper" }
A = { value = 0.01, doc = "amplitude", source = "chosen for illustration" }
D = { value = "1 ms", doc = "delay", source = "paper" }

[synapse]
model = """
dx/dt = -x/tau : 1
dy/dt = -y/tau : 1
w : 1
"""
weight = "w"
efficacy = "w"
initial = { w = 0.5 }

[[on]]
event = "pre"
do = ["transmit = 1", "ltd = A*y", "x += 1"]

[[on]]
event = "post"
do = ["ltp = A*x", "y = adds*y + 1"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1

[interactions]
all_to_all = { adds = 1 }
nearest = { adds = 0 }

[sets.fast]
reference = "paper"
tissue = "generic"
fitted_to = ["paper_1998"]
values = { tau = "10 ms" }
interaction = "nearest"

[claims]
event_driven = true
'''


def read(folder: Path, *changes: tuple[str, str]) -> Rule:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return read_rule(path)


def test_what_the_file_says_is_what_the_object_holds(tmp_path: Path) -> None:
    rule = read(tmp_path)
    assert (rule.name, rule.title, rule.doc, rule.path) == ("small", "A small rule", "For tests.", str(tmp_path / "small.toml"))
    assert {name: (p.value, p.dimension, p.text, p.source) for name, p in rule.parameters.items()} == {
        "tau": (0.02, TIME, "20 ms", "paper"),
        "A": (0.01, NONE, "0.01", "chosen for illustration"),
        "D": (0.001, TIME, "1 ms", "paper"),
    }
    assert [(e.kind, e.name) for e in rule.equations] == [("differential", "x"), ("differential", "y"), ("variable", "w")]
    assert rule.equations[0].expression == parse_expression("-x/tau")
    assert rule.initial == {name: parse_expression(text) for name, text in {"x": "0", "y": "0", "w": "0.5"}.items()}
    assert [(h.event, h.delay) for h in rule.handlers] == [("pre", None), ("post", None)]
    assert rule.handlers[1].lines == tuple(map(parse_statement, ("ltp = A*x", "y = adds*y + 1")))
    assert (rule.bounds.kind, rule.bounds.w_min, rule.bounds.w_max) == ("hard", 0.0, 1.0)
    assert (rule.set, rule.interaction, rule.coincidence, rule.method, rule.post, rule.readout) == (
        None,
        "all_to_all",
        "pre_first",
        None,
        None,
        None,
    )
    assert rule.constants == {"tau": 0.02, "A": 0.01, "D": 0.001, "adds": 1.0, "w_min": 0.0, "w_max": 1.0}
    assert rule.sets["fast"].values == {"tau": 0.01}
    assert rule.sets["fast"].fitted_to == ("paper_1998",)
    assert rule.claims == {"event_driven": True}


def test_same_file_twice_is_the_same_rule_and_another_value_another(tmp_path: Path) -> None:
    first, again = read(tmp_path), read(tmp_path)
    assert first == again
    assert first.hash == again.hash
    assert read(tmp_path, ('"20 ms"', '"0.02 s"')).hash == first.hash
    assert read(tmp_path, ('"x += 1"', '"x  +=  1.0  # one"')).hash == first.hash
    for change in (
        ('"20 ms"', '"21 ms"'),
        ('"x += 1"', '"x += 2"'),
        ("w_max = 1", "w_max = 2"),
        ("all_to_all = { adds = 1 }\n", ""),
        ("w = 0.5", "w = 0.6"),
    ):
        assert read(tmp_path, change).hash != first.hash


def test_what_may_be_left_out(tmp_path: Path) -> None:
    rule = read(
        tmp_path, ('efficacy = "w"\n', ""), ("initial = { w = 0.5 }\n", ""), ('[bounds]\nkind = "hard"\nw_min = 0\nw_max = 1\n', "")
    )
    assert rule.efficacy == parse_expression("w")
    assert rule.initial["w"] == parse_expression("0")
    assert rule.bounds.kind == "none"


WRONG: list[tuple[str, str, str, type[SpikehebError], str]] = [
    # what is replaced, by what, at which key, as which error, in which words
    ("schema = 1", "schema = 2", "schema", FormatError, "this version reads schema 1 (got 2)"),
    ('title = "A small rule"\n', "", "title", FormatError, "is missing; this table has schema, name, title"),
    ('doc = "For', 'docs = "For', "docs", FormatError, 'no such key; did you mean "doc"?'),
    ('efficacy = "w"', 'eficacy = "w"', "synapse.eficacy", FormatError, 'did you mean "efficacy"?'),
    ('event = "post"', 'evnt = "post"', "on[1].evnt", FormatError, 'did you mean "event"?'),
    ('doc = "decay"', 'dok = "decay"', "parameters.tau.dok", FormatError, 'did you mean "doc"?'),
    ('doc = "amplitude", ', "", "parameters.A.doc", FormatError, "is missing; this table has value, doc, source"),
    ('tissue = "generic"', "tissue = 1", "sets.fast.tissue", FormatError, "expected text, got a whole number"),
    ('weight = "w"', 'weight = "W"', "synapse.weight", UnknownName, 'no variable named "W"'),
    ('name = "small"', 'name = "a-b"', "name", ExpressionError, '"a-b" is not a name'),
    ("-x/tau", "-x/A", "synapse.model", ExpressionError, "dx/dt should be a rate, but its expression is a number"),
    ('"20 ms"', '"20 mms"', "parameters.tau.value", UnitError, 'unknown unit "mms"'),
    ('"20 ms"', '"20 mV"', "sets.fast.values.tau", UnitError, 'expected a voltage such as "-70 mV" (got "10 ms", a time)'),
    ('tau = "10 ms"', 'tau = "10 mV"', "sets.fast.values.tau", UnitError, 'expected a time such as "20 ms" (got "10 mV", a voltage)'),
    ('tau = "10 ms"', "tau = 10", "sets.fast.values.tau", UnitError, 'expected a time such as "20 ms" (got "10", a number)'),
    ('tau = "10 ms"', 'tua = "10 ms"', "sets.fast.values", UnknownName, 'no parameter named "tua"; did you mean "tau"?'),
    ('"decay", source = "paper"', '"decay", source = "pap"', "parameters.tau.source", FormatError, "one of the references (paper)"),
    ('reference = "paper"', 'reference = "papr"', "sets.fast.reference", UnknownName, 'did you mean "paper"?'),
    ('interaction = "nearest"', 'interaction = "near"', "sets.fast.interaction", UnknownName, 'did you mean "nearest"?'),
    ('["paper_1998"]', '["paper 1998"]', "sets.fast.fitted_to[0]", FormatError, "is not the name of a data set"),
    ("[sets.fast]", "[sets.t]", "sets.t", FormatError, 'the name "t" is reserved'),
    ("-y/tau", "-y/taux", "synapse.model", ExpressionError, 'in dy/dt: undeclared name "taux"; did you mean "tau"?'),
    ("ltd = A*y", "ltd = B*y", "on[0].do[1]", ExpressionError, 'in ltd: undeclared name "B"; declared: A D adds tau v w x y'),
    ("ltp = A*x", "ltp = tau*x", "on[1].do[0]", ExpressionError, "ltp should be a number, but its expression is a time"),
    ('"x += 1"', '"z += 1"', "on[0].do[2]", UnknownName, 'no variable named "z"'),
    ('"x += 1"', '"tau = 1"', "on[0].do[2]", UnknownName, 'no variable named "tau"'),
    ('"x += 1"', '"x + 1"', "on[0].do[2]", ExpressionError, 'is not a statement of the form "name = expression"'),
    ('"x += 1"', '"w = 1"', "on[0].do[2]", ExpressionError, "change the weight with ltp, ltd, += or -="),
    ('"x += 1"', '"x = rand()"', "on[0].do[2]", ExpressionError, "rand() is not allowed here"),
    ('"x += 1"', '"x += xi"', "on[0].do[2]", ExpressionError, 'undeclared name "xi"'),
    ('"x += 1"', '"x += w_max"', "on[0].do[2]", ExpressionError, '"w_max" belongs to the bounds'),
    ('"x += 1"', '"x += amount"', "on[0].do[2]", ExpressionError, 'undeclared name "amount"'),
    ('"x += 1"', '"transmit = 0.5"', "on[0].do[0]", ExpressionError, "a handler may transmit only once"),
    ('"transmit = 1"', '"transmit += 1"', "on[0].do[0]", ExpressionError, 'write "transmit = ..."'),
    ('"ltp = A*x"', '"transmit = A*x"', "on[1].do[0]", ExpressionError, "only a pre handler may transmit"),
    ('["ltp = A*x", "y = adds*y + 1"]', "[]", "on[1].do", FormatError, "a handler without lines"),
    ('event = "post"', 'event = "past"', "on[1].event", UnknownName, 'did you mean "post"?'),
    ('event = "post"', 'event = "post"\ndelay = "E"', "on[1].delay", UnknownName, 'no parameter named "E"'),
    ('event = "post"', 'event = "post"\ndelay = "A"', "on[1].delay", FormatError, '"A" is not a time'),
    ('event = "pre"', 'event = "pre"\ndelay = "D"', "on", FormatError, "no handler without delay"),
    ('event = "pre"', 'event = "post"', "on[0].do[0]", ExpressionError, "only a pre handler may transmit"),
    ('do = ["ltp = A*x", "y = adds*y + 1"]', 'do = ["ltp = A*x"]', "on", FormatError, '"y" is read but no handler ever changes it'),
    ("w : 1", "w : 1\nA : 1", "synapse.model", FormatError, '"A" is declared twice'),
    ("w : 1", "w : 1\nx : 1", "synapse.model", ExpressionError, '"x" is declared twice'),
    ("w : 1", "w : 1\nadds : 1", "interactions", FormatError, '"adds" is declared twice'),
    ("w : 1", "w : 1\nv : volt", "synapse.model", FormatError, '"v" is declared twice'),
    ("w : 1", "w : 1\nw_max : 1", "bounds", FormatError, '"w_max" is declared twice'),
    ("w : 1", "w : volt", "synapse.model", FormatError, "the weight is a pure number"),
    ("w : 1", "w = x : 1", "synapse.initial", UnknownName, 'no variable named "w"; known: x, y'),
    ("A = {", "w_post = {", "parameters.w_post", FormatError, '"w_post" would be read as the variable w'),
    ("w = 0.5", 'w = "A*tau"', "synapse.initial.w", ExpressionError, "w should be a number, but its expression is a time"),
    ("w = 0.5", 'w = "x"', "synapse.initial.w", ExpressionError, 'undeclared name "x"'),
    ("w = 0.5", "q = 0.5", "synapse.initial", UnknownName, 'no variable named "q"'),
    ("w = 0.5", "w = true", "synapse.initial.w", FormatError, "got true or false"),
    ('efficacy = "w"', 'efficacy = "w*tau"', "synapse.efficacy", ExpressionError, "efficacy should be a number"),
    ('efficacy = "w"', 'efficacy = "w*randn()"', "synapse.efficacy", ExpressionError, "randn() is not allowed here"),
    ('tau = { value = "20 ms"', 'tau = { value = "-20 ms"', "parameters.tau", FormatError, "a time constant must be above 0 (got -20 ms)"),
    ('tau = { value = "20 ms"', 'tau = { value = "0 ms"', "parameters.tau", FormatError, "a time constant must be above 0 (got 0 ms)"),
    ('tau = "10 ms"', 'tau = "-10 ms"', "sets.fast.values.tau", FormatError, "a time constant must be above 0"),
    ("-x/tau", "-x*rand()/tau", "synapse.model", ExpressionError, "rand() is not allowed here"),
    ('efficacy = "w"', 'efficacy = "w"\nmethod = "eular"', "synapse.method", UnknownName, 'did you mean "euler"?'),
    ('kind = "hard"', 'kind = "hrd"', "bounds.kind", UnknownName, 'did you mean "hard"?'),
    ('kind = "hard"', 'kind = "power"', "bounds.mu_plus", FormatError, '"power" needs w_min, w_max, mu_plus, mu_minus'),
    ('kind = "hard"', 'kind = "law"', "bounds.F_plus", FormatError, '"law" needs an expression'),
    ('kind = "hard"', 'kind = "law"\nF_plus = "q"\nF_minus = "w"', "bounds.F_plus", ExpressionError, 'undeclared name "q"'),
    ('kind = "hard"', 'kind = "law"\nF_plus = "tau"\nF_minus = "w"', "bounds.F_plus", ExpressionError, "F_plus should be a number"),
    ('kind = "hard"', 'kind = "law"\nF_plus = "nu"\nF_minus = "w"\nnu = "x"', "bounds.nu", FormatError, "is not a quantity"),
    ('kind = "hard"', 'kind = "law"\nF_plus = "1"\nF_minus = "w"\nif = 1', "bounds", ExpressionError, 'the name "if" is reserved'),
    ('kind = "hard"\nw_min = 0', 'kind = "hard"\nw_min = 1', "bounds", FormatError, "w_min must be below w_max (got 1 and 1)"),
    ("w_max = 1", "w_max = 1\nmu = 1", "bounds.mu", FormatError, '"hard" takes only w_min, w_max'),
    ("w_min = 0\nw_max = 1", "w_min = 0", "bounds.w_max", FormatError, '"hard" needs w_min, w_max'),
    ("nearest = { adds = 0 }", "nearest = { ads = 0 }", "interactions.nearest", FormatError, "names ads, but all_to_all names adds"),
    ("nearest = { adds = 0 }", "nearest = { adds = 0.5 }", "interactions.nearest.adds", FormatError, "expected 0 or 1 (got 0.5)"),
    ("nearest = { adds = 0 }", "nearest = { adds = nan }", "interactions.nearest.adds", FormatError, "not finite"),
    ("event_driven = true", "event_driven = 1", "claims.event_driven", FormatError, "expected true or false, got a whole number"),
    ("[claims]", "[claims", "", FormatError, "is not TOML"),
    ("schema = 1", "schema = 1\nschema = 1", "", FormatError, "is not TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "kind", "words"), WRONG, ids=[case[4][:40] for case in WRONG])
def test_wrong_file_is_named_with_place_and_remedy(
    tmp_path: Path, old: str, new: str, key: str, kind: type[SpikehebError], words: str
) -> None:
    with pytest.raises(SpikehebError) as caught:
        read(tmp_path, (old, new))
    assert type(caught.value) is kind, str(caught.value)
    assert caught.value.path == str(tmp_path / "small.toml")
    assert (caught.value.key or "") == key, str(caught.value)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'small.toml'}: {key}{': ' if key else ''}")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    plain = read(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_rule(file).hash == plain.hash


def test_weight_that_moves_takes_hard_bounds_or_none(tmp_path: Path) -> None:
    moving = ("w : 1", "dw/dt = -w/tau : 1")
    assert read(tmp_path, moving).bounds.kind == "hard"
    with pytest.raises(FormatError, match='needs the bounds "hard" or "none"'):
        read(tmp_path, moving, ('kind = "hard"', 'kind = "soft"'))
    softer = '[sets.softer]\nreference = "paper"\ntissue = "none"\nfitted_to = []\nbounds = { kind = "soft", w_min = 0, w_max = 1 }\n'
    with pytest.raises(
        FormatError, match=r'sets.softer.bounds.kind: a weight with a differential equation needs the bounds "hard" or "none"'
    ):
        read(tmp_path, moving, ("[claims]", f"{softer}\n[claims]"))


POST = """[post]
model = '''
du/dt = (v - u)/tau : volt
z : 1
'''
initial = { u = "v" }
on_spike = ["z += 1"]
late = { of = "u", by = "D" }

[[on]]
event = "pre\""""


def with_post(folder: Path, *changes: tuple[str, str]) -> Rule:
    return read(folder, ('[[on]]\nevent = "pre"', POST), *changes)


def test_post_variables_are_read_bare_and_delayed(tmp_path: Path) -> None:
    rule = with_post(tmp_path, ("ltd = A*y", "ltd = A*int(late > u)*int(v > u)*z"), ('"x += 1"', '"x += 1", "z += A"'))
    assert rule.post is not None
    assert [(e.name, e.dimension) for e in rule.post.equations] == [("u", VOLTAGE), ("z", NONE)]
    assert (rule.post.delayed["late"].of, rule.post.delayed["late"].by) == ("u", "D")
    assert rule.post.on_spike == (parse_statement("z += 1"),)
    assert known_names(rule)["late"] == VOLTAGE
    assert reads_membrane(rule)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('of = "u"', 'of = "x"', "post.late.of", 'no variable named "x"; '),
        ('of = "u"', 'of = "tau"', "post.late.of", 'no variable named "tau"'),
        ('by = "D"', 'by = "A"', "post.late.by", '"A" is not a time'),
        ('by = "D"', 'by = "E"', "post.late.by", 'no parameter named "E"'),
        ('{ of = "u", by = "D" }', '{ of = "u" }', "post.late", "expected a key of [post]"),
        ('{ of = "u", by = "D" }', '{ of = "u", by = 1 }', "post.late", "expected a key of [post]"),
        ("on_spike", "onspike", "post.onspike", "expected a key of [post]"),
        ('on_spike = ["z += 1"]', 'on_spike = "z += 1"', "post", "on_spike (a list of lines)"),
        ('"z += 1"', '"x += 1"', "post.on_spike[0]", 'no variable named "x"'),
        ('"z += 1"', '"z += x"', "post.on_spike[0]", 'undeclared name "x"'),
        ('"z += 1"', '"z += rand()"', "post.on_spike[0]", "rand() is not allowed here"),
        ("(v - u)/tau", "(v - x)/tau", "post.model", 'undeclared name "x"'),
        ("(v - u)/tau", "(v - u)", "post.model", "du/dt should be"),
        ('u = "v"', 'u = "u"', "post.initial.u", 'undeclared name "u"'),
        ('u = "v"', "u = [1]", "post.initial.u", "expected a number or an expression"),
        ('u = "v"', "u = true", "post.initial.u", "expected a number or an expression"),
        ("z : 1", "w : 1", "post.model", '"w" is declared twice'),
        ('"x += 1"', '"z = 1"', "on[0].do[2]", "only a pre handler may add (+=)"),
        ('"y = adds*y + 1"', '"y = adds*y + 1", "z += 1"', "on[1].do[2]", "only a pre handler may add (+=)"),
        ('"x += 1"', '"u += 1"', "on[0].do[2]", '"+" of a voltage and a number'),
    ],
)
def test_wrong_post_table_is_named(tmp_path: Path, old: str, new: str, key: str, words: str) -> None:
    with pytest.raises(SpikehebError) as caught:
        with_post(tmp_path, (old, new))
    assert caught.value.key == key, str(caught.value)
    assert words in str(caught.value)


def test_reward_has_an_amount(tmp_path: Path) -> None:
    reward = '[[on]]\nevent = "reward"\ndo = ["x += amount"]\n\n[bounds]'
    rule = read(tmp_path, ("[bounds]", reward))
    assert rule.handlers[2].event == "reward"


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_every_file_reads_and_keeps_what_it_claims(path: Path) -> None:
    rule = read_rule(path)
    assert rule.hash == read_rule(path).hash
    claims = {"event_driven": not stepped(rule), "noisy": is_noisy(rule), "bounded": rule.bounds.w_max is not None}
    for name, value in claims.items():
        assert rule.claims.get(name, value) == value, name
    assert path.read_text(encoding="utf-8").count("\n") < 120, "a rule file has about one screen of text"


def test_a_set_gives_starting_values_of_its_own(tmp_path: Path) -> None:
    rule = read(tmp_path, ('values = { tau = "10 ms" }', 'values = { tau = "10 ms" }\ninitial = { w = "2*A", x = 0.25 }'))
    chosen = choose(rule, set="fast")
    assert rule.initial["w"] == parse_expression("0.5")
    assert {name: chosen.initial[name] for name in ("x", "y", "w")} == {
        "x": parse_expression("0.25"), "y": parse_expression("0"), "w": parse_expression("2*A"),
    }  # fmt: skip
    assert chosen.hash != choose(read(tmp_path), set="fast").hash


@pytest.mark.parametrize(
    ("initial", "key", "words"),
    [
        ("{ z = 1 }", "sets.fast.initial", "z"),
        ("{ w = [1] }", "sets.fast.initial.w", "expected"),
        ('{ w = "tau" }', "sets.fast.initial.w", "second|s"),
        ('{ w = "w_max" }', "sets.fast.initial.w", "bounds"),
        ('{ w = "nobody" }', "sets.fast.initial.w", "nobody"),
    ],
)
def test_a_sets_starting_values_are_checked(tmp_path: Path, initial: str, key: str, words: str) -> None:
    with pytest.raises(SpikehebError, match=words) as refusal:
        read(tmp_path, ('values = { tau = "10 ms" }', 'values = { tau = "10 ms" }\ninitial = ' + initial))
    assert refusal.value.key == key


def test_a_file_that_has_changed_is_read_anew_and_nobody_changes_what_others_read(tmp_path: Path) -> None:
    """What was parsed is kept; the text decides, and each reader gets tables of its own."""
    path = tmp_path / "small.toml"
    path.write_text(TEXT, encoding="utf-8")
    first = read_rule(path)
    first.parameters.pop("A")  # type: ignore[attr-defined]  # a dictionary, whatever its type says
    assert "A" in read_rule(path).parameters
    path.write_text(TEXT.replace("A = { value = 0.01", "A = { value = 0.02"), encoding="utf-8")
    assert (read_rule(path).constants["A"], read_rule(path).hash == first.hash) == (0.02, False)
