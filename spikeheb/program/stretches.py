"""Which quiet stretches may be computed instead of stepped: facts that `quiet.hpp`, `glide.hpp` and `coast.hpp` use."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from spikeheb.expressions import tree as t
from spikeheb.program.program import Block, Program
from spikeheb.rules.meaning import affine

KINKED = {"int", "abs", "clip", "limited", "within", "positive"}
GLIDING = {"euler": 1, "heun": 1, "rk2": 2, "rk4": 4}
"""Methods whose steps can be followed over a quiet stretch, with their order where there is no noise."""
GROWTH = {
    "euler": "std::log1p(x)",
    "heun": "std::log1p(x)",
    "rk2": "std::log1p(x*(1.0 + x/2.0))",
    "rk4": "std::log1p(x*(1.0 + x/2.0*(1.0 + x/3.0*(1.0 + x/4.0))))",
}


def can_rest(program: Program) -> bool:
    """Whether the cell's quiet stretches can be computed instead of stepped."""
    if program.cell is None or program.cell.block.noisy or program.cell.draws:
        return False
    if program.post is None:
        return True
    reads = frozenset().union(*map(t.names, program.post.derivatives.values()))
    return not program.post.noisy and not reads & set(program.delayed)


def is_smooth(derivative: t.Tree, name: str) -> bool:
    """Whether the variable's derivative has no kink or jump where the variable itself passes a value."""
    nodes = (node for node in t.walk(derivative) if isinstance(node, t.Call) and node.function in KINKED)
    return not any(name in t.names(node) for node in nodes)


def is_kinked(block: Block) -> bool:
    """Whether a derivative has a kink or a jump anywhere."""
    return any(t.functions(tree) & KINKED for tree in block.derivatives.values())


def in_order(program: Program) -> tuple[str, ...]:
    """The stepped variables of a synapse, each after those that it reads, where a cell on its way to rest can carry them along.

    There are none where the cell and ``[post]`` do not move them, nor where noise, values from the past, or variables that read
    each other do: then `glide.hpp` may still help.
    """
    if program.stepped is None or program.stepped.noisy or not can_rest(program):
        return ()
    names = set(program.stepped.names)
    reads = {name: t.names(tree) for name, tree in program.stepped.derivatives.items()}
    everything = frozenset().union(*reads.values())
    if everything & set(program.delayed) or not everything & {"v", *program.post_names}:
        return ()
    try:
        return tuple(TopologicalSorter({name: (reads[name] & names) - {name} for name in program.stepped.names}).static_order())
    except CycleError:
        return ()


def is_affine(derivative: t.Tree, name: str) -> bool:
    """Whether the variable's derivative is linear in the variable itself, whatever else it reads."""
    return affine(derivative, {name}) is not None
