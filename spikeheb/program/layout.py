"""Where each number of a program stands in the arrays that Python and the kernel share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spikeheb.program.program import Program


@dataclass(frozen=True, slots=True)
class Layout:
    """The order of members.

    Attributes
    ----------
    cell, post : tuple of str
        Variables of a lane's cell and of ``[post]``; then comes the injected current.
    cell_constants : tuple of str
        The cell's constants, then the conductances that a unit of release adds, then the values of the spike's shape.
    released : mapping of str to str
        For each exponential of the receptor, the constant that says how much a unit of release adds to it.
    shape : tuple of str
    moving : tuple of int
        Places in a lane's state of the variables that move by themselves, v first.
    """

    cell: tuple[str, ...]
    post: tuple[str, ...]
    cell_constants: tuple[str, ...]
    released: Mapping[str, str]
    shape: tuple[str, ...]
    moving: tuple[int, ...]

    @property
    def state_size(self) -> int:
        """Numbers in a lane's state."""
        return len(self.cell) + max(1, len(self.post)) + 1


def layout(program: Program) -> Layout:
    """The layout of a program's arrays."""
    post = program.post_names
    if program.cell is None:
        cell: tuple[str, ...] = ("v",)
        moving: list[int] = []
        constants: tuple[str, ...] = ()
        released: dict[str, str] = {}
        shape: tuple[str, ...] = ()
    else:
        block = program.cell.block.names
        cell = ("v", *(name for name in block if name != "v"), *program.cell.plain)
        moving = list(range(len(block)))
        released = {state: f"_unit_{state}" for state, _, _ in program.cell.receptor.parts}
        shape = tuple(f"_shape_{n}" for n in range(len(program.cell.cell.shape)))
        constants = (*program.cell.constants, *released.values(), *shape)
    moving += [len(cell) + n for n in range(len(program.post.names) if program.post else 0)]
    return Layout(cell, post, constants, released, shape, tuple(moving))


def synapse_dtype(program: Program) -> np.dtype[np.void]:
    """One synapse: its variables, then the step of each decaying group's stored values."""
    members = [(name, "f8") for name in program.variables]
    members += [(f"since {decay.names[0]}", "i8") for decay in program.decays]
    return np.dtype(members)
