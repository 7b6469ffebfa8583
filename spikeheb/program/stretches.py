"""Which quiet stretches may be computed instead of stepped: facts that `quiet.hpp` and `glide.hpp` are told."""

from __future__ import annotations

from spikeheb.expressions import tree as t
from spikeheb.program.program import Block, Plan

KINKED = {"int", "abs", "clip", "limited", "within", "positive"}
GLIDING = {"euler": 1, "heun": 1, "rk2": 2, "rk4": 4}
"""Methods whose steps can be followed over a quiet stretch, with their order where there is no noise."""
GROWTH = {
    "euler": "std::log1p(x)",
    "heun": "std::log1p(x)",
    "rk2": "std::log1p(x*(1.0 + x/2.0))",
    "rk4": "std::log1p(x*(1.0 + x/2.0*(1.0 + x/3.0*(1.0 + x/4.0))))",
}


def can_rest(plan: Plan) -> bool:
    """Whether the cell's quiet stretches can be computed instead of stepped."""
    if plan.cell is None or plan.cell.block.noisy:
        return False
    if plan.post is None:
        return True
    reads = frozenset().union(*map(t.names, plan.post.derivatives.values()))
    return not plan.post.noisy and not reads & set(plan.delayed)


def is_smooth(block: Block, name: str) -> bool:
    """Whether the variable's derivative has no kink or jump where the variable itself passes a value."""
    nodes = (node for node in t.walk(block.derivatives[name]) if isinstance(node, t.Call) and node.function in KINKED)
    return not any(name in t.names(node) for node in nodes)
