"""The C++ of steps and of what is prepared for them, wherever they stand: the caller says how trees and variables are written."""

from __future__ import annotations

from collections.abc import Callable

from spikeheb.engines.emit.text import mangled
from spikeheb.expressions import tree as t
from spikeheb.program import methods
from spikeheb.program.program import Block, Decay

Printed = Callable[[t.Tree], str]


def step(block: Block, kind: str, field: Callable[[str], str], text: Printed) -> list[str]:
    """The lines that carry the variables of a block over one step; what is computed on the way are constants of that kind."""
    named = {True: lambda name: f"const {kind} {mangled(name)}", False: field}
    return [f"{named[s.target.startswith('_')](s.target)} = {text(s.expression)};" for s in methods.step(block)]


def acts(block: Block, zero: str, text: Printed) -> str:
    """Whether the noise of a block acts; where it does not, no number need be drawn."""
    return " || ".join(f"{text(tree)} != {zero}" for tree in methods.amplitudes(block)) or "false"


def prepare_flow(n: int, decay: Decay, of: str, dt: str, text: Printed) -> list[str]:
    """The lines that prepare the solution of the n-th group of decays that read each other."""
    rows = ", ".join("{" + ", ".join(map(text, row)) + "}" for row in decay.slopes)
    size = len(decay.names)
    return [f"  const double slopes_{n}[{size}][{size}] = {{{rows}}};", f"  {of}.flow_{n}.prepare(slopes_{n}, {dt});"]
