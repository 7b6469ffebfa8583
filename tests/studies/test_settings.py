"""What a study can be told is declared once: keywords, options, defaults, help, attributes and the stub are made from it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from pathlib import Path
from typing import Annotated, Any

import pytest
import signatures
import typer

import spikeheb as sh
from spikeheb.cli import analyse as analyse_command
from spikeheb.cli import constraint as constraint_command
from spikeheb.cli import experiment as experiment_command
from spikeheb.cli import net as net_command
from spikeheb.cli import replay as replay_command
from spikeheb.cli import score as score_command
from spikeheb.cli import weights as weights_command
from spikeheb.cli import window as window_command
from spikeheb.cli.app import build
from spikeheb.declared import Setting, declared, fields_of, keywords, takes_settings
from spikeheb.engines import choice
from spikeheb.errors import ScheduleError, UnitError
from spikeheb.settings import Frequency, Time, convert
from spikeheb.studies.distributions import weights as weights_study
from spikeheb.studies.settings import several
from spikeheb.studies.settings.constraint import Constraint
from spikeheb.studies.settings.experiment import Experiment
from spikeheb.studies.settings.network import Network
from spikeheb.studies.settings.recorded import Recorded
from spikeheb.studies.settings.replay import Replay
from spikeheb.studies.settings.score import Score
from spikeheb.studies.settings.slices import Slice
from spikeheb.studies.settings.weights import FanIn, Weights
from spikeheb.studies.settings.window import Window

PACKAGE = Path(sh.__file__).parent
STUDIES = {
    "analyse": (sh.analyse, Recorded, analyse_command.analyse),
    "constraint": (sh.constraint, Constraint, constraint_command.constraint),
    "net": (sh.network, Network, net_command.net),
    "replay": (sh.replay, Replay, replay_command.replay),
    "run": (sh.run, Experiment, experiment_command.run),
    "score": (sh.score, Score, score_command.score),
    "slice_of": (sh.slice_of, Slice, None),
    "weights": (sh.weights, Weights, weights_command.weights),
    "inputs": (sh.fan_in_inputs, FanIn, weights_command.weights),
    "window": (sh.window, Window, window_command.window),
}


COMMANDS = [study for study, (_, _, command) in STUDIES.items() if command is not None]
OWN = {"circuit", "rule", "protocol", "join", "data", "progress", "recording", "save", "every", "resume"}
"""What a study is called with beside its settings."""
MOST = 12
"""Parameters of any function."""


def of(study):
    return list(declared(STUDIES[study][1]).values())


def options(study):
    """The parameters of the command, from which typer makes options."""
    return inspect.signature(STUDIES[study][2]).parameters


def flags(study):
    """The options as they are written on the command line, by the names of their values."""
    command = typer.main.get_command(build()).commands["weights" if study == "inputs" else study]
    return {parameter.name: parameter.opts for parameter in command.params}


@pytest.mark.parametrize("study", STUDIES)
def test_every_setting_is_a_keyword_with_its_default_and_its_help(study):
    function = STUDIES[study][0]
    for each in of(study):
        keyword = inspect.signature(function).parameters[each.name]
        assert (keyword.default, keyword.annotation) == (each.default, each.type)
        before = re.split(r"\n(?:Returns|Raises)\n", inspect.getdoc(function))[0]
        assert re.search(rf"^{each.name} : .*\n    \S", before, re.MULTILINE), each.name


@pytest.mark.parametrize("study", COMMANDS)
def test_every_setting_is_an_option_with_its_default_its_help_and_its_unit(study):
    for each in of(study):
        parameter = options(study).get(each.name)
        if each.kind is None and each.setting.option is None:
            assert parameter is None or parameter.annotation.__metadata__[0].help != each.setting.doc
            continue
        default, made = parameter.default, parameter.annotation.__metadata__[0]
        assert made.help == re.sub("`([a-z_0-9]+)`", lambda name: "--" + name[1].replace("_", "-"), each.setting.doc)
        if each.default == ():
            assert default is None
        elif each.kind is bool and not each.setting.flags:
            assert (default == "on") is each.default
        elif isinstance(default, str) and not isinstance(each.default, str):
            assert convert(each.kind, default) == each.default
            assert made.metavar
        else:
            assert default == each.default
        if each.kind is int:
            assert made.min == each.setting.least


@pytest.mark.parametrize("study", COMMANDS)
def test_keys_keywords_and_options_have_the_same_names(study):
    """A key of a sweep is written as the option without its dashes; nested settings stand among the others."""
    function, cls, _ = STUDIES[study]
    keys = fields_of(cls)
    taken = set(inspect.signature(function).parameters)
    assert set(declared(cls)) <= taken
    for key, each in keys.items():
        assert key == each.name
        if each.kind is not None or each.setting.option is not None:
            assert f"--{key.strip('_').replace('_', '-')}" in flags(study)[key]


def test_no_two_settings_of_a_study_have_one_key():
    for _, cls, _ in STUDIES.values():
        own = [each for each in declared(cls).values() if each.setting.nested is None]
        nested = [each.setting.nested for each in declared(cls).values() if each.setting.nested is not None]
        assert len(fields_of(cls)) == len(own) + sum(len(fields_of(inner)) for inner in nested)


def test_values_by_key_become_keywords_of_the_study():
    given = keywords(Weights, {"duration": "2 s", "rate": "20 Hz", "correlated": 3})
    assert given == {"duration": "2 s", "inputs": FanIn(rate=20.0, correlated=3)}
    assert keywords(Weights, {"duration": "2 s"}) == {"duration": "2 s"}
    assert list(fields_of(Weights))[:3] == ["cell", "inputs", "rate"]
    assert fields_of(Weights)["rate"].setting.range == (1.0, 100.0)


@pytest.mark.parametrize("study", COMMANDS)
def test_no_other_keyword_has_the_name_of_an_option(study):
    keywords = set(inspect.signature(STUDIES[study][0]).parameters)
    assert keywords & set(options(study)) - {each.name for each in of(study)} <= OWN


@pytest.mark.parametrize("study", STUDIES)
def test_settings_are_frozen_say_what_they_are_and_leave_out_what_decides_nothing(study):
    cls = STUDIES[study][1]
    assert cls.__dataclass_params__.frozen
    assert not {"out", "threads", "progress", "debug", "csv", "force"} & {field.name for field in dataclasses.fields(cls)}
    for each in of(study):
        assert each.setting.doc.endswith("."), each.name
        low, high = each.setting.range or (0, 1)
        assert low < high
        assert low > 0 or each.setting.scale == "linear"


def test_the_stub_is_current():
    assert signatures.STUB.read_text(encoding="utf-8") == signatures.stub(), "call `python tests/signatures.py`"


def test_the_stub_has_every_study_of_which_settings_are_declared():
    assert {function.__name__ for function in signatures.FUNCTIONS} == {function.__name__ for function, *_ in STUDIES.values()}


def test_no_function_has_more_than_twelve_parameters():
    many = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        names = [
            getattr(node, "name", "lambda")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and count(node) > MOST
        ]
        if names:
            many[path.relative_to(PACKAGE).as_posix()] = " ".join(names)
    assert many == {}


def count(node):
    parts = node.args
    return len([*parts.posonlyargs, *parts.args, *parts.kwonlyargs]) + sum(part is not None for part in (parts.vararg, parts.kwarg))


# --- the decorator -------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Example:
    """Two settings."""

    number: Annotated[int, Setting("How many.", least=2, most=5)] = 2
    _: dataclasses.KW_ONLY
    times: Annotated[tuple[Time, ...] | None, Setting("When.")] = None
    rate: Annotated[Frequency, Setting("How often.", "Whatever that means.")] = 1.0
    given: Annotated[Any, Setting("What the study itself looks at.", accepts="object")] = None


@takes_settings(Example)
def example(first: object, settings: Example, *, last: object = None, **others: object) -> tuple[object, ...]:
    """What it does.

    Parameters
    ----------
    first
        The first.

    Returns
    -------
    tuple
    """
    return first, settings, last, others


def test_a_function_gets_its_settings_as_one_converted_value():
    settings = Example(3, times=(0.01, 0.02), rate=5.0, given="x")
    assert example("a", 3, times="10 ms, 20 ms", rate="5 Hz", given="x", last=1, more=2) == ("a", settings, 1, {"more": 2})
    assert example(first="a") == ("a", Example(), None, {})


def test_a_function_has_the_keywords_of_its_settings():
    kept = inspect.signature(example)
    assert (
        str(kept)
        .replace("'", "")
        .startswith("(first: object, number: int = 2, *, times: npt.ArrayLike | None = None, rate: Frequency | str = 1.0, given: object")
    )
    assert list(kept.parameters) == ["first", "number", "times", "rate", "given", "last", "others"]


def test_the_help_has_each_setting_before_what_is_returned():
    before, _, after = inspect.getdoc(example).partition("\nReturns")
    assert "rate : Frequency | str, by default '1 Hz'\n    How often. Whatever that means.\n" in before
    assert after == "\n-------\ntuple"


@pytest.mark.parametrize(("number", "shown"), [(1, "1"), (6, "6"), (2.5, "2.5"), (True, "True"), ("3", "'3'")])
def test_a_number_beyond_its_limits_is_refused_by_name(number, shown):
    with pytest.raises(ScheduleError, match=rf"number: expected a whole number from 2 to 5 \(got {shown}\)"):
        example("a", number)


def test_a_quantity_of_another_kind_is_refused_by_name():
    with pytest.raises(UnitError, match="rate: expected a rate"):
        example("a", rate="5 mV")


def test_what_python_refuses_names_the_function():
    with pytest.raises(TypeError, match=r"example\(\) missing a required argument: 'first'"):
        example()
    with pytest.raises(TypeError, match=r"^run\(\) missing a required argument: 'rule'"):
        sh.run("pairing", pairs=3)


@pytest.mark.parametrize(
    ("call", "meant"),
    [(lambda: sh.score(rules="pair"), "rule"), (lambda: sh.score(protocols="pairing"), "protocol"),
     (lambda: sh.weights(rules="pair"), "rule"), (lambda: sh.weights("pair", names=["a"]), "name"),
     (lambda: sh.constraint(learning_rate=0.1), "learning_rates"),
     (lambda: sh.replay(rules="pair"), "rule")],
)  # fmt: skip
def test_a_keyword_that_there_is_not_is_refused_with_the_one_that_is_meant(call, meant):
    with pytest.raises(TypeError, match=rf'^\w+\(\): no keyword named "\w+"; did you mean "{meant}"') as refusal:
        call()
    assert "\n" not in str(refusal.value)


def test_every_list_of_engines_names_all_of_them() -> None:
    """Help is made without the engines, which import numpy, so that their names stand there once more."""
    words = re.findall(r"[a-z]+(?::[a-z]+)?", several.ENGINES)
    assert tuple(word for word in words if word != "or") == choice.ENGINES
    of_weights = re.findall("[a-z]+", declared(Weights)["engine"].setting.doc)
    assert tuple(word for word in of_weights if word != "or") == weights_study.ENGINES
    assert set(weights_study.ENGINES) <= set(choice.ENGINES)
