"""The numerical methods, each as a few statements over trees, so that C++ and numpy carry out the same operations.

A step goes from the old values of all variables of a block to the new ones. The formulas are those that Brian2 uses under
the same names; noise enters as ``_noise``, a normal number of variance dt. Jumps of the potential that are due come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE
from spikeheb.program.fold import fold
from spikeheb.program.program import Block, Decay
from spikeheb.rules.meaning import affine

DT = t.Name("dt")
NOISE_STEP = "_noise"
ELAPSED = "_elapsed"
LONG = 7
"""A slope of more terms is given a name."""
HALF, TWO, SIX = t.Number(0.5), t.Number(2.0), t.Number(6.0)

Steps = list[t.Statement]


def new(name: str) -> str:
    """The local that holds a variable's new value until all are known."""
    return f"_new_{name}"


def step(block: Block) -> tuple[t.Statement, ...]:
    """The statements that carry the block over one step of dt.

    Raises
    ------
    EngineError
        For a method that this engine does not have, or that cannot solve these equations.
    """
    if block.method not in METHODS:
        raise EngineError(f'the kernel has no method "{block.method}" (it has {", ".join(METHODS)})')
    if block.noisy and block.method not in ("euler", "heun"):
        raise EngineError(f'noise needs "heun" or "euler" (got "{block.method}")')
    lines = METHODS[block.method](block)
    jump = [_assign("v", t.Name("v"), *map(t.Name, block.jumps))] if block.jumps else []
    over = [t.Statement(name, "=", t.ZERO) for name in block.jumps]
    return (*jump, *lines, *(t.Statement(name, "=", t.Name(new(name))) for name in block.names), *over)


def needs_propagator(block: Block) -> bool:
    """Whether the block is solved exactly and its variables feed each other."""
    return block.method == "exact" and any(t.names(tree) & (set(block.names) - {name}) for name, tree in block.derivatives.items())


def _parts(block: Block) -> dict[str, tuple[t.Tree, t.Tree]]:
    """Drift and noise amplitude of each derivative."""
    parts = {}
    for name, tree in block.derivatives.items():
        split = affine(tree, {NOISE})
        if split is None:
            raise EngineError(f'the noise in "{name}" must be added, times an amplitude')
        parts[name] = (fold(split[1], {}), fold(split[0].get(NOISE, t.ZERO), {}))
    return parts


def drifts(block: Block) -> list[t.Tree]:
    """The derivatives without noise, in the block's order."""
    return [drift for drift, _ in _parts(block).values()]


def amplitudes(block: Block) -> list[t.Tree]:
    """The factors of the noise that are not zero by form; where all are zero in value no number need be drawn."""
    return [amplitude for _, amplitude in _parts(block).values() if amplitude != t.ZERO]


def _assign(target: str, *terms: t.Tree) -> t.Statement:
    total = terms[0]
    for term in terms[1:]:
        total = t.add(total, term)
    return t.Statement(target, "=", total)


def _euler(block: Block) -> Steps:
    noise = t.Name(NOISE_STEP)
    return [
        _assign(new(name), t.Name(name), t.multiply(DT, drift), t.multiply(amplitude, noise))
        for name, (drift, amplitude) in _parts(block).items()
    ]


def _heun(block: Block) -> Steps:
    """Stratonovich: the amplitude is the mean of those at both ends of the noise; the drift is Euler's."""
    noise = t.Name(NOISE_STEP)
    parts = _parts(block)
    driven = [name for name, (_, amplitude) in parts.items() if amplitude != t.ZERO]
    lines = [_assign(f"_support_{name}", t.Name(name), t.multiply(parts[name][1], noise)) for name in driven]
    moved = {name: t.Name(f"_support_{name}") for name in driven}
    for name, (drift, amplitude) in parts.items():
        terms = [t.Name(name), t.multiply(DT, drift)]
        if amplitude != t.ZERO:
            both = t.add(amplitude, t.substitute(amplitude, moved))
            terms.append(t.multiply(t.multiply(HALF, noise), both))
        lines.append(_assign(new(name), *terms))
    return lines


def _shifted(block: Block, tree: t.Tree, stage: str, factor: t.Tree) -> t.Tree:
    """The derivative at the old values plus a multiple of an earlier stage."""
    moved = {name: t.Binary("+", t.Name(name), t.multiply(factor, t.Name(f"_{stage}_{name}"))) for name in block.names}
    return t.substitute(tree, moved)


def _stage(block: Block, stage: str, earlier: str | None, factor: t.Tree) -> Steps:
    return [
        t.Statement(f"_{stage}_{name}", "=", t.multiply(DT, tree if earlier is None else _shifted(block, tree, earlier, factor)))
        for name, tree in block.derivatives.items()
    ]


def _rk2(block: Block) -> Steps:
    lines = _stage(block, "k1", None, t.ONE) + _stage(block, "k2", "k1", HALF)
    return lines + [_assign(new(name), t.Name(name), t.Name(f"_k2_{name}")) for name in block.names]


def _rk4(block: Block) -> Steps:
    lines = _stage(block, "k1", None, t.ONE) + _stage(block, "k2", "k1", HALF)
    lines += _stage(block, "k3", "k2", HALF) + _stage(block, "k4", "k3", t.ONE)
    for name in block.names:
        k1, k2, k3, k4 = (t.Name(f"_k{n}_{name}") for n in (1, 2, 3, 4))
        total = t.add(t.add(t.add(k1, t.multiply(TWO, k2)), t.multiply(TWO, k3)), k4)
        lines.append(_assign(new(name), t.Name(name), t.Binary("/", total, SIX)))
    return lines


def _exponential_euler(block: Block) -> Steps:
    """Each equation solved exactly, with every part in which it is not linear taken as constant during the step."""
    lines: Steps = []
    for name, tree in block.derivatives.items():
        slope, rest = partly_linear(tree, name)
        lines += _relax(name, slope, rest)
    return lines


def _exact(block: Block) -> Steps:
    if needs_propagator(block):
        raise EngineError('coupled equations take "rk4", "rk2", "euler" or "exponential_euler" here, not "exact"')
    lines: Steps = []
    for name, tree in block.derivatives.items():
        parts = affine(tree, {name})
        if parts is None:
            raise EngineError(f'"exact" needs linear equations, and that of "{name}" is not; name a method')
        lines += _relax(name, parts[0].get(name, t.ZERO), parts[1])
    return lines


def _relax(name: str, slope: t.Tree, rest: t.Tree) -> Steps:
    x = t.Name(name)
    slope, rest = fold(slope, {}), fold(rest, {})
    if slope == t.ZERO:
        return [_assign(new(name), x, t.multiply(DT, rest))]
    lines: Steps = []
    if t.count(slope) > LONG:
        lines.append(t.Statement(f"_slope_{name}", "=", slope))
        slope = t.Name(f"_slope_{name}")
    grown = t.Call("exp", (t.multiply(slope, DT),))
    if rest == t.ZERO:
        return [*lines, t.Statement(new(name), "=", t.multiply(x, grown))]
    away = t.Name(f"_ratio_{name}")
    return [
        *lines,
        t.Statement(away.id, "=", t.Binary("*", rest, t.Binary("/", t.ONE, slope))),
        t.Statement(new(name), "=", t.subtract(t.multiply(t.add(x, away), grown), away)),
    ]


METHODS: Mapping[str, Callable[[Block], Steps]] = {
    "exact": _exact,
    "exponential_euler": _exponential_euler,
    "euler": _euler,
    "heun": _heun,
    "rk2": _rk2,
    "rk4": _rk4,
}


def partly_linear(tree: t.Tree, name: str) -> tuple[t.Tree, t.Tree]:
    """Slope and rest of a derivative in one variable, multiplied out.

    Functions of the variable count as constants, as they do in Brian2's method of that name.

    Raises
    ------
    EngineError
        For a power of the variable.
    """
    if name not in t.names(tree):
        return t.ZERO, tree
    match tree:
        case t.Name():
            return t.ONE, t.ZERO
        case t.Negative(operand):
            slope, rest = partly_linear(operand, name)
            return t.subtract(t.ZERO, slope), t.subtract(t.ZERO, rest)
        case t.Binary("+" | "-" as op, left, right):
            a, b = partly_linear(left, name), partly_linear(right, name)
            join = t.add if op == "+" else t.subtract
            return join(a[0], b[0]), join(a[1], b[1])
        case t.Binary("*", left, right):
            a, b = partly_linear(left, name), partly_linear(right, name)
            if a[0] != t.ZERO and b[0] != t.ZERO:
                raise _not_linear(name)
            return t.add(t.multiply(a[0], b[1]), t.multiply(a[1], b[0])), t.multiply(a[1], b[1])
        case t.Binary("/", left, right) if name not in t.names(right):
            a = partly_linear(left, name)
            return _over(a[0], right), _over(a[1], right)
        case t.Binary():
            raise _not_linear(name)
    return t.ZERO, tree


def _not_linear(name: str) -> EngineError:
    return EngineError(f'"exponential_euler" needs d{name}/dt to be linear in {name}, functions of it apart; name another method')


def _over(tree: t.Tree, divisor: t.Tree) -> t.Tree:
    return t.ZERO if tree == t.ZERO else t.Binary("/", tree, divisor)


def solution(decay: Decay) -> tuple[t.Statement, ...]:
    """A variable advanced from its last update to the present, ``_elapsed`` steps later; no other variable appears in its equation."""
    (name,), ((slope,),), (rest,) = decay.names, decay.slopes, decay.rests
    x = t.Name(name)
    elapsed = t.Name(f"{ELAPSED}_{name}")
    slope, rest = fold(slope, {}), fold(rest, {})
    if slope == t.ZERO:
        return (_assign(name, x, t.multiply(t.multiply(rest, DT), elapsed)),)
    exponent = t.multiply(t.multiply(slope, DT), elapsed)
    if rest == t.ZERO:
        return (t.Statement(name, "=", t.multiply(x, t.Call("exp", (exponent,)))),)
    change = t.multiply(t.add(t.multiply(slope, x), rest), t.multiply(DT, elapsed))
    return (t.Statement(name, "=", t.add(x, t.multiply(change, t.Call("exprel", (exponent,))))),)
