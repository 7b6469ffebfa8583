"""The C++ of one synapse for NEST: what time and spikes do to its variables. ``nest/synapse.hpp`` says when.

Names of the rule get an underscore at the end, by which they meet none of NEST's; variables are members of ``s``, constants of ``k``.
"""

from __future__ import annotations

from collections.abc import Collection

from spikeheb.engines.emit import bodies, steps
from spikeheb.engines.emit.text import indent, mangled, struct
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian, to_cpp
from spikeheb.program import methods
from spikeheb.program.handlers import describe
from spikeheb.program.program import Decay, Program
from spikeheb.rules.meaning import TRANSMIT
from spikeheb.rules.ties import STEP


def generate(program: Program) -> str:
    """The struct ``Model``.

    Parameters
    ----------
    program : Program
        Of a rule whose handlers hear spikes alone, without delays of their own, and whose variables are solved between events.
    """
    return _Writer(program).model()


class _Writer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.coupled = [(n, decay) for n, decay in enumerate(program.decays) if len(decay.names) > 1]

    def name(self, id_: str) -> str:
        if id_.startswith(methods.ELAPSED + "_"):
            return "double(elapsed)"
        if id_ == STEP:
            return "double(now)"
        if id_.startswith("_"):
            return mangled(id_)
        return f"s.{mangled(id_)}" if id_ in self.program.variables else "k.dt" if id_ == "dt" else f"k.{mangled(id_)}"

    def text(self, tree: t.Tree) -> str:
        return to_cpp(tree, self.name)

    def model(self) -> str:
        variables, constants = self.program.variables, self.program.constants
        shown = ", ".join(f'"{mangled(name)}"' for name in variables)
        flows = ["  double dt;", *(f"  Propagator<{len(decay.names)}> flow_{n};" for n, decay in self.coupled)]
        parts = [
            f"static constexpr int constant_count = {len(constants)};",
            f"static constexpr int place_of_weight = {variables.index(self.program.rule.weight)};",
            f"static constexpr bool post_first = {str(self.program.rule.coincidence == 'post_first').lower()};",
            f"static constexpr const char *names[] = {{{shown}}};",
            f"static constexpr int variable_count = {len(variables)};",
            struct("Numbers", "double", constants, "of the rule"),
            "struct Constants : Numbers {", *flows, "};",
            struct("Variables", "double", variables, "of a synapse"),
            f"static double &weight(Variables &s) {{ return s.{mangled(self.program.rule.weight)}; }}",
            self.prepare(), self.advance(), self.heard("pre"), self.heard("post"),
        ]  # fmt: skip
        return "\n".join(["struct Model {", indent("\n".join(parts)), "};", ""])

    def prepare(self) -> str:
        lines = [line for n, decay in self.coupled for line in steps.prepare_flow(n, decay, "k", "k.dt", self.text)]
        return "\n".join(["static void prepare(Constants &k) {", "  (void)k;", *lines, "}"])

    def advance(self) -> str:
        lines = ["static void advance(Variables &s, const Constants &k, int64_t elapsed) {", "  (void)s; (void)k; (void)elapsed;"]
        for n, decay in enumerate(self.program.decays):
            lines += self.solved(n, decay)
        return "\n".join([*lines, "}"])

    def solved(self, n: int, decay: Decay) -> list[str]:
        """The group's values after the time that passed."""
        if len(decay.names) == 1:
            (line,) = methods.solution(decay)
            return [f"  s.{mangled(line.target)} = {self.text(line.expression)};"]
        values, rests = (", ".join(map(self.text, trees)) for trees in (map(t.Name, decay.names), decay.rests))
        size = len(decay.names)
        lines = [f"  double group_{n}[{size}] = {{{values}}};", f"  const double rests_{n}[{size}] = {{{rests}}};"]
        lines.append(f"  k.flow_{n}.advance(group_{n}, rests_{n}, elapsed);")
        return lines + [f"  s.{mangled(name)} = group_{n}[{at}];" for at, name in enumerate(decay.names)]

    def heard(self, event: str) -> str:
        """What all handlers of the event do, one after the other, and the efficacy that they release."""
        lines = [f"static double on_{event}(Variables &s, const Constants &k, int64_t now) {{", "  (void)s; (void)k; (void)now;"]
        lines.append("  double released = 0.0;")
        for action in self.program.actions:
            if action.event == event:
                lines += [f"  {{  // {describe(action)}", *(f"  {line}" for line in self.assignments(action.lines)), "  }"]
        return "\n".join([*lines, "  return released;", "}"])

    def assignments(self, statements: Collection[t.Statement]) -> list[str]:
        lines = []
        for target, expression, _ in bodies.lines(statements):
            if target == TRANSMIT:
                efficacy = to_brian(self.program.rule.efficacy)
                lines.append(f"  released += {self.text(t.multiply(self.program.efficacy, expression))};  // efficacy = {efficacy}")
            else:
                lines.append(f"  {'const double ' if target.startswith('_') else ''}{self.name(target)} = {self.text(expression)};")
        return lines
