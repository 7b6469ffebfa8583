"""An option is called like its keyword of Python, with dashes: ``--first-after`` is ``first_after``, ``--from`` is ``from_``.

What may be repeated is in the singular on both sides: ``--rule A --rule B`` is ``rule=["A", "B"]``.
"""

from __future__ import annotations

import inspect

import pytest
import typer

import spikeheb as sh
from spikeheb.cli.app import build
from spikeheb.studies.settings.weights import FanIn

FUNCTIONS = {
    "analyse": sh.analyse,
    "compare": sh.compare,
    "constraint": sh.constraint,
    "list": sh.list,
    "net": sh.network,
    "replay": sh.replay,
    "run": sh.run,
    "score": sh.score,
    "show": sh.portrait,
    "weights": sh.weights,
    "window": sh.window,
}
WITHOUT_FUNCTION = {"cache", "check", "course", "data"}
OF_THE_COMMAND = {"csv", "force", "out", "help"}
"""Where the result goes."""
PARAMETERS = {"parameter"}
"""Single values of a rule, protocol or cell: keywords of these in Python."""
CHOICES = set(inspect.signature(sh.rule).parameters) - {"name_or_path", "parameters"}
"""How a rule is used: keywords of `sh.rule`."""
ONLY_OPTIONS = {
    "net": {"edges"},  # of `sh.to_sonata`
    "replay": {"spikes", "reader", "sides"},  # of `sh.read_spikes`, whose trains are pre and post
    "show": {"kernel", "latex", "cell", "set"},  # what is printed in place of the portrait, or of which set
    "weights": set(inspect.signature(sh.fan_in_inputs).parameters) - {"inputs"},
}
ONLY_KEYWORDS = {"replay": {"pre", "post", "events"}, "run": {"parameters"}}


def options(command):
    """What can be written on the command line, as names of Python."""
    return {
        max(parameter.opts, key=len).strip("-").replace("-", "_")
        for parameter in typer.main.get_command(build()).commands[command].params
    }  # fmt: skip


@pytest.mark.parametrize("command", FUNCTIONS)
def test_options_and_keywords_have_the_same_names(command):
    keywords = {name.rstrip("_") for name in inspect.signature(FUNCTIONS[command]).parameters}
    choices = CHOICES if command in ("run", "window", "replay", "weights") else set()
    shared = options(command) - OF_THE_COMMAND - PARAMETERS - (choices - keywords) - ONLY_OPTIONS.get(command, set())
    assert shared == keywords - ONLY_KEYWORDS.get(command, set())
    assert choices <= options(command)


@pytest.mark.parametrize("command", FUNCTIONS)
def test_what_is_only_an_option_is_there(command):
    assert ONLY_OPTIONS.get(command, set()) <= options(command)
    assert ONLY_KEYWORDS.get(command, set()) <= set(inspect.signature(FUNCTIONS[command]).parameters)


def test_every_command_is_looked_at():
    assert set(typer.main.get_command(build()).commands) == FUNCTIONS.keys() | WITHOUT_FUNCTION


def test_what_may_be_repeated_is_in_the_singular():
    commands = typer.main.get_command(build()).commands
    repeated = {(name, option.name) for name, command in commands.items() for option in getattr(command, "params", ()) if option.multiple}
    assert {(name, option) for name, option in repeated if option.endswith("s")} == set()
    assert FanIn.__dataclass_fields__.keys() <= options("weights") | {"inputs"}
