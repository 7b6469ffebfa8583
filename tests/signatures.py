"""Writes spikeheb/studies/signatures.pyi, from which type checkers and editors learn the keywords of each study.

The keywords themselves come from the dataclasses in spikeheb/studies/settings/. Call it without arguments after these have changed.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spikeheb.studies.board.score import score
from spikeheb.studies.distributions.constraint import constraint
from spikeheb.studies.distributions.weights import weights
from spikeheb.studies.experiment.experiment import run
from spikeheb.studies.experiment.recorded import analyse
from spikeheb.studies.experiment.replay import replay
from spikeheb.studies.experiment.slices import slice_of
from spikeheb.studies.inputs import fan_in_inputs
from spikeheb.studies.networks.network import network
from spikeheb.studies.windows.window import window

FUNCTIONS: tuple[Callable[..., Any], ...] = (analyse, constraint, fan_in_inputs, network, replay, run, score, slice_of, weights, window)
"""All whose settings are declared."""
STUB = Path(__file__).parents[1] / "spikeheb" / "studies" / "signatures.pyi"
HOMES = {
    "collections.abc": ("Mapping", "Sequence"), "pathlib": ("Path",), "typing": ("Any", "Literal"),
    "spikeheb.cells": ("Cell",), "spikeheb.circuits.circuit": ("Circuit",),
    "spikeheb.circuits.sources": ("Source",), "spikeheb.protocols": ("Protocol",),
    "spikeheb.recordings": ("Sweeps",), "spikeheb.rules.rule": ("Rule",), "spikeheb.schedules": ("Reward",),
    "spikeheb.settings": ("Amperes", "Conductance", "Frequency", "Time", "Voltage"),
    "spikeheb.studies.experiment.replay": ("Trains",), "spikeheb.studies.inputs": ("Inputs",), "spikeheb.studies.progress": ("Progress",),
    "spikeheb.studies.settings.weights": ("FanIn",), "spikeheb.studies.start_weights": ("Start",),
}  # fmt: skip
HEAD = '"""The studies as type checkers and editors see them; written by `python tests/signatures.py`."""\n'


def stub() -> str:
    """The text of the file."""
    body = "\n".join(map(_function, FUNCTIONS))
    words = set(re.findall(r"\w+", "\n".join(line for line in body.splitlines() if re.match(r"    \*{0,2}\w+: |\) -> ", line))))
    modules = {module: [name for name in names if name in words] for module, names in HOMES.items()}
    lines = [f"from {module} import {', '.join(names)}" for module, names in modules.items() if names]
    standard = [line for line in lines if "spikeheb" not in line]
    others = ["import numpy.typing as npt"] * ("npt" in words) + ["import xarray as xr"] * ("xr" in words)
    own = [line for line in lines if line not in standard]
    imports = "\n\n".join("\n".join(section) for section in (standard, others, own) if section)
    return f"{HEAD}\n{imports}\n\n{body}"


def _function(study: Callable[..., Any]) -> str:
    signature = inspect.signature(study)
    doc = textwrap.indent(f'"""{inspect.getdoc(study)}\n"""', "    ", lambda line: bool(line.strip()))
    return f"def {study.__name__}(\n{_parameters(signature)}\n) -> {signature.return_annotation}:\n{doc}\n"


def _parameters(signature: inspect.Signature) -> str:
    lines: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "    *," not in lines:
            lines.append("    *,")
        default = "" if parameter.default is parameter.empty else f" = {_text(parameter.default)}"
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        lines.append(f"    {stars}{parameter.name}: {parameter.annotation}{default},")
    return "\n".join(lines)


def _text(default: Any) -> str:
    return f'"{default}"' if isinstance(default, str) else repr(default)


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
