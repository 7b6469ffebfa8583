"""The numpy of a kernel: the same trees as in `lanes`, printed as Python functions over arrays of inputs and lanes.

Synaptic variables are ``s["x"]`` (by input), variables of cells and of ``[post]`` ``z["v"]`` and ``n["u"]`` (by lane); a
function gets the inputs ``i`` that it acts on and their lanes ``j``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from spikeheb.engines.emit import bodies
from spikeheb.engines.emit.text import equation_comments
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_numpy
from spikeheb.program import methods
from spikeheb.program.handlers import describe, random_draws
from spikeheb.program.layout import layout
from spikeheb.program.program import DRAWN, Block, Decay, Program
from spikeheb.rules.meaning import TRANSMIT, Action
from spikeheb.rules.ties import STEP

Naming = Callable[[str], str]


def generate(program: Program, varying: frozenset[str]) -> str:
    """The functions ``on_0``, ``on_1``, ... and those that step synapses, cells and ``[post]``."""
    writer = _Writer(program, varying)
    parts = [writer.handler(n, action) for n, action in enumerate(program.actions)]
    parts += [writer.efficacy(), writer.synapse_step(), writer.cell_parts(), writer.post_parts()]
    return "\n\n".join(part for part in parts if part) + "\n"


class _Writer:
    def __init__(self, program: Program, varying: frozenset[str]) -> None:
        self.program, self.varying = program, varying
        self.group_of = {name: decay.names[0] for decay in program.decays for name in decay.names}

    # --- names ---

    def by_input(self, local: Iterable[str] = ()) -> Naming:
        """Names as a function sees them that acts on inputs ``i`` of lanes ``j``."""
        own, program = set(local), self.program

        def name(id_: str) -> str:
            if id_.startswith(methods.ELAPSED + "_"):
                return f"(now - s[{'since ' + self.group_of[id_[len(methods.ELAPSED) + 1 :]]!r}][i])"
            if id_ in own or id_.startswith("_"):
                return f"{id_}_"
            if id_ in program.variables:
                return f"s[{id_!r}][i]"
            if id_ in ("dt", "amount", STEP):
                return "now" if id_ == STEP else id_
            if id_ == "v":
                return "z['v'][j]"
            if id_ in program.post_names or id_ in program.delayed:
                return f"n[{id_!r}][j]"
            return f"p[{id_!r}][j]" if id_ in self.varying else f"p[{id_!r}]"

        return name

    def by_lane(self, id_: str) -> str:
        """Names of the rule as a function sees them that acts on all lanes."""
        return self.by_input()(id_).replace("[j]", "")

    def of_cell(self, id_: str) -> str:
        if id_.startswith("_"):
            return f"{id_}_"
        if id_ == "dt":
            return "dt"
        return f"z[{id_!r}]" if id_ == "I_ext" or id_ in self.states() else f"q[{id_!r}]"

    def states(self) -> tuple[str, ...]:
        return layout(self.program).cell

    # --- synapses ---

    def handler(self, index: int, action: Action) -> str:
        lines = [f"def on_{index}(s, z, n, p, q, i, j, now, amount, key, dt):", f"    # {action.event}: {describe(action)}"]
        local: set[str] = set()
        stores = []
        for _, decay, is_advanced, stored in bodies.loads(action, self.program):
            lines += self.load(decay) if is_advanced else []
            local |= set(decay.names)
            if stored:
                stores += [f"    s[{name!r}][i] = {name}_" for name in decay.names] + [f"    s[{'since ' + decay.names[0]!r}][i] = now"]
        if random_draws(action):
            lines.append("    draws = _draws(key, i, now)")
        body = self.assignments(action, local)
        return "\n".join([*lines, *body, *stores] if body or stores else [*lines, "    return"])

    def load(self, decay: Decay) -> list[str]:
        if len(decay.names) == 1:
            (line,) = methods.solution(decay)
            return [f"    {line.target}_ = {to_numpy(line.expression, self.by_input())}"]
        slopes = "], [".join(", ".join(to_numpy(slope, self.by_input()) for slope in row) for row in decay.slopes)
        rests = ", ".join(to_numpy(rest, self.by_input()) for rest in decay.rests)
        values = ", ".join(f"s[{name!r}][i]" for name in decay.names)
        targets = ", ".join(f"{name}_" for name in decay.names)
        return [f"    {targets} = _flow([[{slopes}]], [{values}], [{rests}], dt, now - s[{'since ' + decay.names[0]!r}][i])"]

    def assignments(self, action: Action, local: set[str]) -> list[str]:
        lines = []
        for target, expression, drawn in bodies.lines(action.lines):
            lines += [f"    {name}_ = draws({n})" for name, n in drawn]
            text = to_numpy(expression, self.by_input(local))
            if target == TRANSMIT:
                lines += self.transmission(expression, local)
            elif target in local or target.startswith("_"):
                lines.append(f"    {target}_ = {text}")
            elif target in self.program.post_names:
                lines.append(f"    _np.add.at(n[{target!r}], j, {text} - n[{target!r}][j])")
            else:
                lines.append(f"    s[{target!r}][i] = {text}")
        return lines

    def transmission(self, fraction: t.Tree, local: set[str]) -> list[str]:
        if self.program.cell is None:
            return []
        released = to_numpy(t.multiply(self.program.efficacy, fraction), self.by_input(local))
        units = layout(self.program).released
        return [f"    released = {released}"] + [f"    _np.add.at(z[{g!r}], j, q[{unit!r}]*released)" for g, unit in units.items()]

    def efficacy(self) -> str:
        return f"def efficacy(s, z, n, p, i, j):\n    return {to_numpy(self.program.efficacy, self.by_input())}"

    def synapse_step(self) -> str:
        program = self.program
        if program.stepped is None:
            return ""
        lines = ["def step_synapses(s, z, n, p, i, j, noise, dt):", *_comments(program.stepped)]
        lines += self.step_lines(program.stepped, self.by_input(), lambda name: f"s[{name!r}][:]")
        if program.clip is not None:
            lines.append(f"    s[{program.rule.weight!r}][:] = {to_numpy(program.clip, self.by_input())}")
        return "\n".join(lines)

    def step_lines(self, block: Block, naming: Naming, field: Naming) -> list[str]:
        lines = ["    _noise_ = noise()"] if block.noisy else []
        for statement in methods.step(block):
            text = to_numpy(statement.expression, naming)
            lines.append(f"    {statement.target + '_' if statement.target.startswith('_') else field(statement.target)} = {text}")
        return lines

    # --- cell and [post] ---

    def cell_parts(self) -> str:
        cell = self.program.cell
        if cell is None:
            return ""
        lines = ["def step_cell(z, q, noise, dt):", *_comments(cell.block)]
        lines += self.step_lines(cell.block, self.of_cell, lambda name: f"z[{name!r}][:]")
        lines += ["", "", f"def threshold(z, q, dt, {DRAWN}_):", f"    return {to_numpy(cell.threshold, self.of_cell)}"]
        lines += ["", "", "def reset(z, q, dt):", "    pass"]
        lines += [f"    {self.of_cell(s.target)}[:] = {to_numpy(s.expression, self.of_cell)}" for s in cell.reset]
        return "\n".join(lines)

    def post_parts(self) -> str:
        program = self.program
        lines = []
        if program.post is not None:
            lines += ["def step_post(z, n, p, noise, dt):", *_comments(program.post)]
            lines += self.step_lines(program.post, self.by_lane, lambda name: f"n[{name!r}][:]")
            lines += ["", ""]
        lines += ["def on_spike(z, n, p, dt):", "    pass"]
        lines += [f"    n[{s.target!r}][:] = {to_numpy(s.expression, self.by_lane)}" for s in program.on_spike]
        return "\n".join(lines)


def _comments(block: Block) -> list[str]:
    return [f"    {line.replace('//', '#', 1)}" for line in equation_comments(block)]
