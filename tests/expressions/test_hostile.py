"""No text of a rule or cell file runs, hangs or passes: every payload at every place where a file carries text."""

from __future__ import annotations

import builtins
import copy
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spikeheb.cells import read_cell
from spikeheb.errors import ExpressionError, SpikehebError
from spikeheb.expressions.gate import parse_expression
from spikeheb.rules import read_rule

LIMIT = 5.0
"""CPU seconds, chosen wide so that a busy machine does not fail; a payload that takes less than this is not noticed by time."""

RULE = {
    "schema": 1,
    "name": "bait",
    "title": "A rule with every table of the format",
    "doc": "What it does is of no interest.",
    "references": {"paper": {"doi": "10.1000/1", "place": "Eq. 1"}},
    "parameters": {
        "tau": {"value": "20 ms", "doc": "decay", "source": "paper"},
        "A": {"value": 0.01, "doc": "amplitude", "source": "paper"},
        "D": {"value": "1 ms", "doc": "delay", "source": "paper"},
        "theta": {"value": "-60 mV", "doc": "threshold", "source": "paper"},
    },
    "synapse": {
        "model": ["dx/dt = -x/tau : 1", "dy/dt = (s - y)/tau : 1", "s = x*A : 1", "w : 1"],
        "weight": "w",
        "efficacy": "w*A",
        "readout": "w*A",
        "initial": {"w": "A", "x": 0},
        "method": "euler",
    },
    "post": {
        "model": ["du/dt = (v - u)/tau : volt", "z : 1"],
        "method": "euler",
        "on_spike": ["z = z + 1"],
        "initial": {"u": "theta"},
        "u_late": {"of": "u", "by": "D"},
    },
    "on": [
        {"event": "pre", "do": ["transmit = 1", "ltd = A*positive((u_late - theta)/theta)", "x += 1"]},
        {"event": "pre", "delay": "D", "do": ["z += A"]},
        {"event": "post", "do": ["ltp = A*x", "y += adds"]},
    ],
    "bounds": {"kind": "law", "F_plus": "1 - w", "F_minus": "w*nu", "nu": 0.5, "w_min": 0, "w_max": 1},
    "interactions": {"all_to_all": {"adds": 1}, "nearest": {"adds": 0}},
    "sets": {
        "first": {
            "reference": "paper",
            "tissue": "none",
            "fitted_to": ["paper_1998"],
            "values": {"tau": "10 ms"},
            "interaction": "nearest",
            "bounds": {"kind": "law", "F_plus": "1", "F_minus": "w", "w_min": 0},
        }
    },
    "claims": {"noisy": False},
}

CELL = {
    "schema": 1,
    "name": "bait",
    "title": "A cell with every table of the format",
    "doc": "What it does is of no interest.",
    "references": {"paper": {"doi": "10.1000/1", "place": "Table 1"}},
    "parameters": {
        "E_L": {"value": "-70 mV", "doc": "rest", "source": "paper"},
        "V_T": {"value": "-50 mV", "doc": "threshold", "source": "paper"},
        "g_L": {"value": "10 nS", "doc": "leak", "source": "paper"},
        "C_m": {"value": "200 pF", "doc": "capacitance", "source": "paper"},
        "tau_a": {"value": "100 ms", "doc": "adaptation", "source": "paper"},
        "b": {"value": "1 pA", "doc": "adaptation", "source": "paper"},
    },
    "membrane": {
        "model": ["dv/dt = (g_L*(E_L - v) + s + I_syn + I_ext)/C_m : volt", "da/dt = -a/tau_a : amp", "s = -a : amp"],
        "method": "euler",
        "threshold": "v > V_T",
        "initial": {"v": "E_L"},
    },
    "spike": {"shape": [{"v": "20 mV", "lasts": "1 ms"}], "reset": ["v = E_L", "a += b"], "refractory": "2 ms"},
    "receptors": {
        "ampa": {"unit": "0.1 nS", "reversal": "0 mV", "rise": "0.5 ms", "decay": "2 ms", "doc": "unit", "source": "paper"},
    },
}

# What a stranger might put where an expression belongs. CANARY is replaced by code that would leave a file behind.
CODE = [
    "CANARY",
    "exp(CANARY)",
    'exp("CANARY")',
    "exp('CANARY')",
    "exp('\\137\\137import\\137\\137(\"os\")')",
    "exp('\\x5f\\x5fimport\\x5f\\x5f')",
    "__import__('os').system('true')",
    "__import__",
    "canary()",
    "exp(canary())",
    "1 + canary(1)",
    "eval('1')",
    "exec('1')",
    "open('x', 'w')",
    "compile(1, 2, 3)",
    "getattr(x, y)",
    "globals()",
    "vars()",
    "breakpoint()",
    "print(1)",
    "w.__class__",
    "w.__class__.__base__.__subclasses__()",
    "second.__class__",
    "second.dim",
    "w.real",
    "(1).real",
    "1 .real",
    "w[0]",
    "w[canary()]",
    "[w][0]",
    "[w for w in x]",
    "(w for w in x)",
    "exp(w for w in x)",
    "{w}",
    "{'w': 1}",
    "lambda: 1",
    "(lambda: canary())()",
    "lambda",
    "(w := 1)",
    "exp(w := 1)",
    "f'{canary()}'",
    "f''",
    "'text'",
    '"text"',
    "b'bytes'",
    "'a' 'b'",
    "'''text'''",
    "exp(*w)",
    "exp(**w)",
    "exp(x=w)",
    "exp(x=canary())",
    "clip(w, 0, max=1)",
    "exp(w)(w)",
    "exp()",
    "exp(w, w)",
    "(exp)(canary)(1)",
    "randn(1)",
    "w if x else 0",
    "1if w else 0",
    "w and x",
    "w or canary()",
    "not w",
    "w in x",
    "w is x",
    "w < x < 1",
    "w > x",
    "int(w)",
    "exp(w > x)",
    "(w > x) + 1",
    "w, x",
    "(w, x)",
    "()",
    "*w",
    "...",
    "yield",
    "(yield w)",
    "await w",
    "None",
    "True",
    "w + True",
    "w = 1",
    "w == 1",
    "w += 1",
    "w; import os",
    "w;x",
    "w : 1",
    "w\nimport os",
    "w\rimport os",
    "w\x0bimport os",
    "w\x0cimport os",
    "w\x85import os",
    "w\u2028import os",
    "w\x00",
    "\x00",
    "w \\",
    "w \\\n + 1",
    "w ??/",
    "??=include <x>",
    "#include <stdlib.h>",
    "w /* comment */",
    "w // comment",
    "w // 2",
    "w % 2",
    "w & x",
    "w | x",
    "w ^ x",
    "~w",
    "w << 9999999999",
    "w >> 1",
    "w @ x",
    "w->x",
    "&w",
    "w::x",
    "w?1:0",
    "`w`",
    "$w",
    "${w}",
    "$(touch x)",
    "%s",
    "{{ w }}",
    "{% raw %}",
    "<script>w</script>",
    "import os",
    "del w",
    "return w",
    "assert w",
    "raise w",
    "global w",
    "pass",
    "with w: pass",
    "while 1: pass",
    "class w: pass",
    "def w(): pass",
    "@w",
    "w!",
    "w!=",
]
NUMBERS = [
    "9**9**9**9",
    "(9**9)**9",
    "((9**9)**9)**9",
    "9**(9**9)",
    "9**99",
    "9**-99",
    "(9**9 + 0)**9*9**99",
    "second**9**9**9",
    "mV**9**9",
    "2**(2**2**2)",
    "9**(8*8*8)",
    "9**(9*9 + w - w)",
    "9**(99999999*w/w)",
    "9**(w/1e-9)",
    "9**(1/(w - w + 1e-9))",
    "9**exp(9)",
    "9**int(9 > w)",
    "9999999**9",
    "(99999*99999)**16",
    "w**17",
    "w**-17",
    "w**1e9",
    "w**w**w",
    "(w**2)**2",
    "exp(exp(1000000000000000))",
    "int(exp(exp(exp(99))) > 3)",
    "exp(2**(w*9))",
    "exp(99999999*log(9))",
    "exp(100*log(999)*99999999)",
    "exp(log(9)/0.000000001)",
    "exp(log(9)/(w - w + 1e-9))",
    "int(exp(9**(-16)/(1000000000000000.0 - log(9))*log(w - w - 2)) > 1)",
    "exp((1e-90*1e-90)**-16)",
    "(1e-9*1e-99*w)**-16",
    "(w + x + 1)**16",
    "(w + x)**9",
    "(w + x + 1)*(w + x + 2)*(w + x + 3)*(w + x + 4)*(w + x + 5)*(w + x + 6)",
    "1/((w + x + 1)*(w + x + 2)*(w + x + 3)*(w + x + 4)*(w + x + 5)*(w + x + 6))",
    "*".join(["(w + x)"] * 100) + "**16",
    "1e999",
    "-1e999",
    "1e100",
    "1e-999",
    "9" * 400,
    "1" + "0" * 400 + ".0",
    "0x10",
    "0b1",
    "0o7",
    "007",
    "1_000",
    "1__0",
    "1j",
    "1e5j",
    "1L",
    "1.2.3",
    "1e",
    "1e+",
    "w/0",
    "w/(1 - 1)",
    "inf/nan",
    "nan + inf",
    "++++w",
    "------w",
    "-" * 900 + "w",
    "- " * 400 + "w",
    "not " * 200 + "w",
    "not(not(not(w > 1)))",
    "(" * 33 + "w" + ")" * 33,
    "(" * 400 + "w" + ")" * 400,
    "(" * 200,
    ")" * 200,
    "exp(" * 33 + "w" + ")" * 33,
    "w" + "+w" * 400,
    "w" + "*-w" * 300,
    "w+" * 5000 + "w",
    "w" * 41 + "+1",
    "a" * 100_000,
    "\t" * 2000,
    " ",
    "",
]
LOOKALIKES = [
    "\uff17",  # full-width 7
    "w*\uff17",
    "mV**\uff12",
    "\u0661",  # Arabic-Indic 1
    "\u00b2",  # superscript 2
    "w\u00b2",
    "\U0001d7d7",  # mathematical bold 9
    "\u0435xp(w)",  # Cyrillic e
    "\uff45xp(w)",  # full-width e
    "\u212f",  # script e
    "w\u2217x",  # asterisk operator
    "w\u2212x",  # minus sign
    "w\u00d7x",
    "w \uff0b x",
    "w\u200bx",  # zero-width space
    "w\u00a0+ x",  # no-break space
    "w\u202e+ x",  # right-to-left override
    "\ufeffw",
    "w\u0301",
    "\uff08w\uff09",
    "\uff3f\uff3fimport\uff3f\uff3f",
    "w\uff0e\uff3f\uff3fclass\uff3f\uff3f",
    "\u00b5",
    "\u03bcs",
    "\ud83d",
    "\U0001f40d",
    "\x1b[31mw",
    "\x7f",
    "\x08w",
]
PAYLOADS = CODE + NUMBERS + LOOKALIKES

VALUES = [
    float("nan"),
    float("inf"),
    -float("inf"),
    10**400,
    True,
    [],
    ["x", ["y"]],
    {},
    {"value": {"value": 1}},
    {"raw": "2024-01-01"},
    {"raw": "2024-01-01T00:00:00Z"},
    {"raw": "0x" + "f" * 9000},
    {"raw": "1" * 5000},
    {"raw": "1e999"},
    {"raw": "[" * 3000},
    {"raw": "[" * 50 + "]" * 50},
]
"""What is not text: at every place of text or number it is refused too."""

Steps = tuple[str | int, ...]
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


def toml_text(text: str) -> str:
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) in (0x7F, 0x85, 0x2028) else c for c in inside) + '"'


def toml_value(value: object) -> str:
    match value:
        case {"raw": str(text)}:
            return text
        case bool():
            return "true" if value else "false"
        case str():
            return toml_text(value)
        case dict():
            return "{ " + ", ".join(f"{toml_text(key)} = {toml_value(entry)}" for key, entry in value.items()) + " }"
        case list():
            return "[" + ", ".join(toml_value(entry) for entry in value) + "]"
    return repr(value)


def toml_file(table: dict[str, object]) -> bytes:
    table = copy.deepcopy(table)
    for part in ("synapse", "post", "membrane"):
        inside = table.get(part)
        if isinstance(inside, dict) and isinstance(inside.get("model"), list):
            inside["model"] = "\n".join(map(str, inside["model"])) + "\n"
    lines = [f"{toml_text(key)} = {toml_value(value)}" for key, value in table.items()]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def changed(table: dict[str, object], steps: Steps, value: object) -> dict[str, object]:
    table = copy.deepcopy(table)
    inside: object = table
    for step in steps[:-1]:
        inside = inside[step]  # type: ignore[index]
    inside[steps[-1]] = value  # type: ignore[index]
    return table


def renamed(table: dict[str, object], steps: Steps, name: str) -> dict[str, object]:
    """The table with a key renamed; with a key too many where there is no step."""
    if not steps:
        return {**table, name: 1}
    table = copy.deepcopy(table)
    inside: object = table
    for step in steps[:-1]:
        inside = inside[step]  # type: ignore[index]
    entries = [(name if key == steps[-1] else key, value) for key, value in inside.items()]  # type: ignore[attr-defined]
    inside.clear()  # type: ignore[attr-defined]
    inside.update(entries)  # type: ignore[attr-defined]
    return table


# --- the canary -------------------------------------------------------------------------------------------------------

WATCHED = ("exec", "os.", "subprocess.", "shutil.", "socket.", "ctypes.", "pty.", "webbrowser.", "import")


class Canary:
    """Sees every execution of code, and every file opened but the one that is read."""

    def __init__(self) -> None:
        self.watching: str | None = None
        self.seen: list[str] = []

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.watching is None or not event.startswith(("open", *WATCHED)):
            return
        if event == "open" and str(arguments[0]) == self.watching:
            return
        if event == "exec" and getattr(arguments[0], "co_filename", "") == "<expression>":
            return  # printed from a tree that passed, to see whether a cell's threshold holds at rest
        self.seen.append(f"{event} {arguments[:1]}")


CANARY = Canary()
sys.addaudithook(CANARY.hear)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in; when the test is over nothing may have run."""
    monkeypatch.setattr(builtins, "canary", lambda *_: CANARY.seen.append("canary()"), raising=False)
    monkeypatch.chdir(tmp_path)
    CANARY.seen.clear()
    for table, read in ((RULE, read_rule), (CELL, read_cell)):
        path = tmp_path / "warm.toml"
        path.write_bytes(toml_file(table))
        read(path)
    for table in (changed(RULE, ("synapse", "odd"), 1), changed(CELL, ("spike", "shape", 0, "odd"), 1)):
        attempt(table, tmp_path)
    CANARY.seen.clear()
    yield tmp_path
    assert CANARY.seen == []
    assert not (tmp_path / "flown").exists()


def attempt(table: dict[str, object], folder: Path) -> tuple[SpikehebError | None, float]:
    """The error of reading the table as a file, and the CPU seconds that it took."""
    path = folder / "hostile.toml"
    path.write_bytes(toml_file(table))
    read = read_cell if "membrane" in table else read_rule
    started = time.process_time()
    CANARY.watching = str(path)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            read(path)
        error = None
    except SpikehebError as found:
        error = found
    finally:
        CANARY.watching = None
        taken = time.process_time() - started
    assert not said
    return error, taken


def refused(table: dict[str, object], folder: Path) -> str:
    """What is wrong with how the table was refused; nothing if it was refused as it should be."""
    error, taken = attempt(table, folder)
    if error is None:
        return "was accepted"
    text = str(error)
    if taken > LIMIT:
        return f"took {taken:.3f} s"
    if not text.isascii() or not text.isprintable() or len(text) > 900:
        return f"was refused in words that are not one line: {text!r}"
    if not text.startswith(str(folder / "hostile.toml") + ": "):
        return f"was refused without the file: {text}"
    if not error.key and not any(word in text for word in ("TOML", "UTF-8", "bytes", "the key")):
        return f"was refused without a key: {text}"
    return ""


def loaded(payload: str) -> str:
    return payload.replace("CANARY", "__import__('pathlib').Path('flown').touch()")


def test_payload_at_the_gate_itself_is_refused(folder: Path) -> None:
    passed = set()
    for payload in map(loaded, PAYLOADS):
        started = time.process_time()
        try:
            parse_expression(payload)
            passed.add(payload)
        except ExpressionError:
            pass
        assert time.process_time() - started < LIMIT
    assert passed == {"inf/nan", "nan + inf"}  # names that no file may declare, so undeclared ones


def wrongly_read(place: Place, payloads: list[str], folder: Path) -> dict[str, str]:
    label, table, steps, wrap = place
    found = {payload: refused(changed(table, steps, wrap(loaded(payload))), folder) for payload in payloads}
    return {payload: what for payload, what in found.items() if what and (label, payload) not in MEANT}


@pytest.mark.parametrize("place", EXPRESSIONS, ids=[place for place, *_ in EXPRESSIONS])
def test_payload_where_an_expression_belongs_is_refused(place: Place, folder: Path) -> None:
    offset = EXPRESSIONS.index(place) % 2
    assert wrongly_read(place, PAYLOADS[offset::2], folder) == {}


@pytest.mark.parametrize("place", WORDS, ids=[place for place, *_ in WORDS])
def test_payload_where_a_word_or_a_quantity_belongs_is_refused(place: Place, folder: Path) -> None:
    offset = WORDS.index(place) % 3
    assert wrongly_read(place, PAYLOADS[offset::3], folder) == {}


@pytest.mark.parametrize(("place", "table", "steps"), KEYS, ids=[place for place, *_ in KEYS])
def test_payload_as_a_name_is_refused(place: str, table: dict[str, object], steps: Steps, folder: Path) -> None:
    free = place in ("claim name", "rule reference key")
    offset = [label for label, *_ in KEYS].index(place) % 3
    names = [payload for payload in PAYLOADS[offset::3] if not (free and payload.isidentifier())]
    found = {payload: refused(renamed(table, steps, loaded(payload)), folder) for payload in names}
    assert {payload: what for payload, what in found.items() if what} == {}


@pytest.mark.parametrize(("place", "table", "steps"), PROSE, ids=[place for place, *_ in PROSE])
def test_payload_in_prose_stays_prose(place: str, table: dict[str, object], steps: Steps, folder: Path) -> None:
    for payload in map(loaded, PAYLOADS[::2]):
        error, taken = attempt(changed(table, steps, payload), folder)
        assert taken < LIMIT
        odd = [c for c in payload if not c.isprintable() and (c not in "\n\t" or place.endswith("title"))]
        assert bool(error) == (bool(odd) or len(payload) > (200 if place.endswith("title") else 4000)), (place, payload)


@pytest.mark.parametrize(
    ("place", "table", "steps"),
    [(place, table, steps) for place, table, steps, wrap in EXPRESSIONS + WORDS if wrap is as_is and "model" not in steps] + PROSE,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_value_of_another_type_is_refused(place: str, table: dict[str, object], steps: Steps, folder: Path) -> None:
    found = {str(value)[:40]: refused(changed(table, steps, value), folder) for value in VALUES if (place, value) != ("claim", True)}
    assert {value: what for value, what in found.items() if what} == {}


def with_model(lines: list[str]) -> dict[str, object]:
    return changed(RULE, ("synapse", "model"), [*RULE["synapse"]["model"], *lines])  # type: ignore[index]


CHAIN = [f"s{n + 1} = s{n}*s{n} + s{n} : 1" for n in range(50)]
BOMBS = {
    "subexpressions that double": with_model(["s0 = w : 1", *CHAIN]),
    "subexpressions that double, upside down": with_model([*reversed(CHAIN), "s0 = w : 1"]),
    "subexpressions that deepen": with_model(["s0 = w : 1", *(f"s{n + 1} = {'-(' * 30}s{n}{')' * 30} : 1" for n in range(30))]),
    "a circle": with_model(["p = q + 1 : 1", "q = p + 1 : 1"]),
    "a circle of one": with_model(["p = p + p : 1"]),
    "a power in two lines": with_model(["p = 9**9 : 1", "q = 9**p : 1"]),
    "a power in three lines": with_model(["p = 9**9 + w - w : 1", "q = p + 1 : 1", "r = 9**q : 1"]),
    "a tower in lines": with_model(["s0 = 9*w/w : 1", *(f"s{n + 1} = s{n}**16 : 1" for n in range(9))]),
    "an exponential of an exponential in two lines": with_model(["p = exp(1000000000000000) : 1", "q = exp(p) : 1"]),
    "a logarithm in two lines": with_model(["p = log(9) : 1", "q = exp(99999999*p) : 1"]),
    "a product of sums in two lines": with_model(["p = (w + x)**8 : 1", "q = p*p : 1"]),
    "a division by zero in two lines": with_model(["p = 1 - 1 : 1", "q = 1/p : 1"]),
    "a power in a handler": changed(with_model(["p = 9**9 : 1"]), ("on", 2, "do", 1), "y += 9**p"),
    "a power in the efficacy": changed(with_model(["p = 9**9 : 1"]), ("synapse", "efficacy"), "9**p"),
    "a power in F_plus": changed(with_model(["p = 9**9 : 1"]), ("bounds", "F_plus"), "9**p"),
    "a power in [post]": changed(RULE, ("post", "model"), ["du/dt = (v - u)/tau : volt", "z : 1", "p = 9**9 : 1", "q = 9**p : 1"]),
    "a power in a cell": changed(CELL, ("membrane", "model"), [*CELL["membrane"]["model"], "p = 9**9 : 1", "q = 9**p : 1"]),  # type: ignore[index]
    "sixty-one lines": with_model([f"p{n} : 1" for n in range(61)]),
    "many lines": with_model([f"p{n} : 1" for n in range(5000)]),
    "many handlers": {**RULE, "on": [RULE["on"][0]] * 5000},  # type: ignore[index]
    "many lines in a handler": changed(RULE, ("on", 2, "do"), ["y += 1"] * 5000),
    "many parameters": {**RULE, "parameters": {f"p{n}": {"value": 1, "doc": "", "source": "paper"} for n in range(5000)}},
    "many references and a wrong one": changed(
        {**RULE, "references": {"q" * 30 + str(n): {"doi": "", "place": ""} for n in range(99)}}, ("parameters", "tau", "source"), "q" * 28
    ),
    "many keys": {**RULE, **{f"key{n}": 1 for n in range(3000)}},
    "a long line": changed(RULE, ("on", 2, "do", 1), "y += " + "(w + x)*" * 4000 + "1"),
    "a large file": {**RULE, "doc": "x" * 200_000},
    "a second statement after a comment": changed(RULE, ("on", 2, "do", 1), "y += 1 # one\nx = 1"),
    "a dotted key of a thousand parts": {**RULE, "claims": {"raw": "1\n" + ".".join(["a"] * 1000) + " = 1"}},
    "tables in tables": {**RULE, "claims": {"raw": "{ a = " * 40 + "1" + " }" * 40}},
    "a name of a receptor in the rule": changed(RULE, ("synapse", "model", 3), "I_syn : 1"),
    "a limit read by a handler": changed(RULE, ("on", 2, "do", 1), "y += w_max"),
    "random numbers in a model": changed(RULE, ("synapse", "model", 2), "s = rand() : 1"),
    "random numbers in [post]": changed(RULE, ("post", "model"), ["du/dt = (v - u)*rand()/tau : volt", "z : 1"]),
    "noise in a handler": changed(RULE, ("on", 2, "do", 1), "y += xi"),
    "an initial value that reads a variable": changed(RULE, ("synapse", "initial", "w"), "x"),
    "a bare number for a time": changed(RULE, ("sets", "first", "values", "tau"), 20),
    "a bare number for a voltage": changed(CELL, ("spike", "shape", 0, "v"), 20),
    "a bare number for a refractory time": changed(CELL, ("spike", "refractory"), 2),
    "a data set outside": changed(RULE, ("sets", "first", "fitted_to", 0), "../../etc/passwd"),
    "a rule outside": {**RULE, "name": "../../x"},
}


@pytest.mark.parametrize("table", BOMBS.values(), ids=list(BOMBS))
def test_file_that_is_hostile_as_a_whole_is_refused(table: dict[str, object], folder: Path) -> None:
    assert refused(table, folder) == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbfschema = 1",
        b"schema = 1\x00",
        b"x" * 1_000_000,
        b"[" * 100_000,
        b"a=" + b"[" * 9000,
        b"= 1",
        b"a = {",
    ],
    ids=lambda raw: ascii(raw[:12]),
)
def test_bytes_that_are_no_rule_are_refused(raw: bytes, folder: Path) -> None:
    path = folder / "hostile.toml"
    path.write_bytes(raw)
    for read in (read_rule, read_cell):
        started = time.process_time()
        with pytest.raises(SpikehebError) as caught:
            read(path)
        assert time.process_time() - started < LIMIT
        assert str(caught.value).startswith(str(path)) and str(caught.value).isprintable()


def test_path_that_is_no_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.toml")
    for path in (
        folder / "pipe.toml",
        folder,
        folder / "missing.toml",
        Path("/dev/zero"),
        Path("a\0b"),
        Path("x" * 5000),
        Path("new\nline"),
    ):
        for read in (read_rule, read_cell):
            with pytest.raises(SpikehebError) as caught:
                read(path)
            assert str(caught.value).isprintable()


COMMENTS = ["# plain", "# ends in a backslash \\", "# ends in a trigraph ??/", "#", "# __import__('os') 9**9**9**9", "# \u0435\uff17"]


@pytest.mark.parametrize("comment", COMMENTS)
def test_comment_changes_nothing(comment: str, folder: Path) -> None:
    commented = changed(RULE, ("synapse", "model"), [f"{line} {comment}" for line in RULE["synapse"]["model"]])  # type: ignore[index]
    commented = changed(commented, ("on", 2, "do"), [f"{line} {comment}" for line in RULE["on"][2]["do"]])  # type: ignore[index]
    plain, path = folder / "plain.toml", folder / "commented.toml"
    plain.write_bytes(toml_file(RULE))
    path.write_bytes(toml_file(commented))
    assert read_rule(path).hash == read_rule(plain).hash


def test_canary_would_sing(folder: Path) -> None:
    """The watch sees code that runs, so that its silence means something."""
    CANARY.watching = "nothing"
    try:
        eval("canary()")
        (folder / "flown").touch()
    finally:
        CANARY.watching = None
    assert any(event.startswith("exec") for event in CANARY.seen)
    assert "canary()" in CANARY.seen
    assert any(event.startswith("open") for event in CANARY.seen)
    CANARY.seen.clear()
    (folder / "flown").unlink()
