"""Every place where a file carries text: an expression, a word or quantity, a name, prose."""

from __future__ import annotations

from collections.abc import Callable

from bait import CELL, RULE, Steps
from payloads import PAYLOADS

Wrap = Callable[[str], str]


def as_is(payload: str) -> str:
    return payload


def model_line(form: str) -> Wrap:
    return lambda payload: form.replace("PAYLOAD", payload)


Place = tuple[str, dict[str, object], Steps, Wrap]

EXPRESSIONS: list[Place] = [
    ("rule equation", RULE, ("synapse", "model", 0), model_line("dx/dt = (PAYLOAD)/tau : 1")),
    ("rule equation alone", RULE, ("synapse", "model", 0), model_line("dx/dt = PAYLOAD : 1")),
    ("rule subexpression", RULE, ("synapse", "model", 2), model_line("s = PAYLOAD : 1")),
    ("rule whole line", RULE, ("synapse", "model", 3), as_is),
    ("rule efficacy", RULE, ("synapse", "efficacy"), as_is),
    ("rule readout", RULE, ("synapse", "readout"), as_is),
    ("rule initial", RULE, ("synapse", "initial", "w"), as_is),
    ("post equation", RULE, ("post", "model", 0), model_line("du/dt = PAYLOAD : volt")),
    ("post on_spike value", RULE, ("post", "on_spike", 0), model_line("z = PAYLOAD")),
    ("post on_spike", RULE, ("post", "on_spike", 0), as_is),
    ("post initial", RULE, ("post", "initial", "u"), as_is),
    ("do line", RULE, ("on", 0, "do", 2), as_is),
    ("do value", RULE, ("on", 0, "do", 2), model_line("x = PAYLOAD")),
    ("do addition", RULE, ("on", 2, "do", 1), model_line("y += PAYLOAD")),
    ("transmit", RULE, ("on", 0, "do", 0), model_line("transmit = PAYLOAD")),
    ("ltp", RULE, ("on", 2, "do", 0), model_line("ltp = PAYLOAD")),
    ("F_plus", RULE, ("bounds", "F_plus"), as_is),
    ("F_minus of a set", RULE, ("sets", "first", "bounds", "F_minus"), as_is),
    ("cell equation", CELL, ("membrane", "model", 0), model_line("dv/dt = PAYLOAD : volt")),
    ("cell subexpression", CELL, ("membrane", "model", 2), model_line("s = PAYLOAD : amp")),
    ("cell threshold", CELL, ("membrane", "threshold"), model_line("v > PAYLOAD")),
    ("cell threshold alone", CELL, ("membrane", "threshold"), as_is),
    ("cell initial", CELL, ("membrane", "initial", "v"), as_is),
    ("cell reset", CELL, ("spike", "reset", 0), as_is),
    ("cell reset value", CELL, ("spike", "reset", 0), model_line("v = PAYLOAD")),
]
"""Where an expression, a statement or an equation belongs."""

WORDS: list[Place] = [
    ("rule model unit", RULE, ("synapse", "model", 0), model_line("dx/dt = -x/tau : PAYLOAD")),
    ("rule variable unit", RULE, ("synapse", "model", 3), model_line("w : PAYLOAD")),
    ("rule model name", RULE, ("synapse", "model", 3), model_line("PAYLOAD : 1")),
    ("rule differential name", RULE, ("synapse", "model", 0), model_line("dPAYLOAD/dt = -x/tau : 1")),
    ("rule model flag", RULE, ("synapse", "model", 3), model_line("w : 1 (PAYLOAD)")),
    ("rule weight", RULE, ("synapse", "weight"), as_is),
    ("rule method", RULE, ("synapse", "method"), as_is),
    ("post unit", RULE, ("post", "model", 0), model_line("du/dt = (v - u)/tau : PAYLOAD")),
    ("post method", RULE, ("post", "method"), as_is),
    ("delayed of", RULE, ("post", "u_late", "of"), as_is),
    ("delayed by", RULE, ("post", "u_late", "by"), as_is),
    ("event", RULE, ("on", 0, "event"), as_is),
    ("handler delay", RULE, ("on", 1, "delay"), as_is),
    ("do target", RULE, ("on", 0, "do", 2), model_line("PAYLOAD = 1")),
    ("bounds kind", RULE, ("bounds", "kind"), as_is),
    ("bounds number", RULE, ("bounds", "nu"), as_is),
    ("w_max", RULE, ("bounds", "w_max"), as_is),
    ("rule parameter", RULE, ("parameters", "tau", "value"), as_is),
    ("rule parameter unit", RULE, ("parameters", "tau", "value"), model_line("20 PAYLOAD")),
    ("parameter source", RULE, ("parameters", "tau", "source"), as_is),
    ("set value", RULE, ("sets", "first", "values", "tau"), as_is),
    ("set reference", RULE, ("sets", "first", "reference"), as_is),
    ("set interaction", RULE, ("sets", "first", "interaction"), as_is),
    ("set fitted_to", RULE, ("sets", "first", "fitted_to", 0), as_is),
    ("interaction constant", RULE, ("interactions", "nearest", "adds"), as_is),
    ("claim", RULE, ("claims", "noisy"), as_is),
    ("schema", RULE, ("schema",), as_is),
    ("rule name", RULE, ("name",), as_is),
    ("cell unit", CELL, ("membrane", "model", 1), model_line("da/dt = -a/tau_a : PAYLOAD")),
    ("cell method", CELL, ("membrane", "method"), as_is),
    ("cell shape", CELL, ("spike", "shape", 0, "v"), as_is),
    ("cell shape time", CELL, ("spike", "shape", 0, "lasts"), as_is),
    ("cell refractory", CELL, ("spike", "refractory"), as_is),
    ("receptor unit", CELL, ("receptors", "ampa", "unit"), as_is),
    ("receptor reversal", CELL, ("receptors", "ampa", "reversal"), as_is),
    ("receptor rise", CELL, ("receptors", "ampa", "rise"), as_is),
    ("receptor decay", CELL, ("receptors", "ampa", "decay"), as_is),
    ("receptor source", CELL, ("receptors", "ampa", "source"), as_is),
    ("cell parameter", CELL, ("parameters", "E_L", "value"), as_is),
    ("cell name", CELL, ("name",), as_is),
]
"""Where a name, a unit, a quantity or a choice belongs."""

KEYS: list[tuple[str, dict[str, object], Steps]] = [
    ("rule key", RULE, ()),
    ("rule reference key", RULE, ("references", "paper")),
    ("rule parameter name", RULE, ("parameters", "tau")),
    ("rule parameter key", RULE, ("parameters", "tau", "doc")),
    ("synapse key", RULE, ("synapse", "readout")),
    ("initial name", RULE, ("synapse", "initial", "w")),
    ("post key", RULE, ("post", "method")),
    ("delayed name", RULE, ("post", "u_late")),
    ("post initial name", RULE, ("post", "initial", "u")),
    ("handler key", RULE, ("on", 0, "event")),
    ("bounds number name", RULE, ("bounds", "nu")),
    ("scheme name", RULE, ("interactions", "nearest")),
    ("scheme constant", RULE, ("interactions", "nearest", "adds")),
    ("set name", RULE, ("sets", "first")),
    ("set value name", RULE, ("sets", "first", "values", "tau")),
    ("claim name", RULE, ("claims", "noisy")),
    ("cell key", CELL, ()),
    ("cell parameter name", CELL, ("parameters", "E_L")),
    ("receptor name", CELL, ("receptors", "ampa")),
    ("receptor key", CELL, ("receptors", "ampa", "doc")),
    ("cell initial name", CELL, ("membrane", "initial", "v")),
    ("shape key", CELL, ("spike", "shape", 0, "v")),
]

PROSE: list[tuple[str, dict[str, object], Steps]] = [
    ("rule title", RULE, ("title",)),
    ("rule doc", RULE, ("doc",)),
    ("rule doi", RULE, ("references", "paper", "doi")),
    ("rule place", RULE, ("references", "paper", "place")),
    ("parameter doc", RULE, ("parameters", "tau", "doc")),
    ("set tissue", RULE, ("sets", "first", "tissue")),
    ("cell title", CELL, ("title",)),
    ("cell doc", CELL, ("doc",)),
    ("receptor doc", CELL, ("receptors", "ampa", "doc")),
]

MEANT = {("rule whole line", "w : 1"), *((place, number) for place in ("bounds number", "w_max") for number in ("007", "1e100"))}
MEANT |= {("set fitted_to", word) for word in PAYLOADS if word.isidentifier() and word.isascii()} - {("set fitted_to", "__import__")}
"""Payloads that are what belongs in their place: a declaration, a number, the name of a data set."""
