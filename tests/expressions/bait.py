"""A rule and a cell with every table of their formats, how they are changed and written, and a canary that sees what reading them runs."""

from __future__ import annotations

import copy
import json
import sys
import time
import warnings
from pathlib import Path

from spikeheb.cells import read_cell
from spikeheb.errors import SpikehebError
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

Steps = tuple[str | int, ...]


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
    except SpikehebError as refusal:
        error = refusal
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
