"""The portrait of a rate rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import latex_name, to_latex, to_text
from spikeheb.rates.rate_rule import SOFTMAX, Change, RateRule, Running
from spikeheb.studies.portrait.formulas import Block, Formula, bounds_text, document, value
from spikeheb.studies.portrait.sections import Section, filled, page, parameter_section, prompt, reference_section
from spikeheb.tables import Parameter, Reference

_SETTLED = {
    "linear": ("y = (I + M)^-1 u", r"y &= (I + M)^{-1} u"),
    "rectified": ("y = positive(u - M y)", r"y &= \left[u - M y\right]_{+}"),
}
_AMONG = {"earlier": ("y_i*y_k, k <= i", r"\sum_{k \le i} y_i y_k"), "all": ("y_i*y_k, all k", r"\sum_{k} y_i y_k")}


@dataclass(frozen=True)
class RatePortrait:
    """A rate rule.

    Attributes
    ----------
    name, title, doc, path : str
    blocks : tuple of Block
        How activity comes about, what runs from sample to sample, and how weights change.
    bounds, twin : str
        The twin is empty where the rule names none.
    parameters : tuple of Parameter
    references : mapping of str to Reference
    """

    kind: ClassVar[str] = "rate rule"
    name: str
    title: str
    doc: str
    path: str
    blocks: tuple[Block, ...]
    bounds: str
    twin: str
    parameters: tuple[Parameter, ...]
    references: Mapping[str, Reference]

    __repr__, _repr_html_ = prompt, page

    @property
    def latex(self) -> str:
        """LaTeX (amsmath): an ``align*`` for each block, and a table of the parameters."""
        return document(self.name, self.title, self.blocks, self.parameters)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The portrait in words."""
        twin = Section("Spiking twin", lines=(self.twin,) if self.twin else ())
        bounds = Section("Bounds", lines=(self.bounds,))
        blocks = (block.section for block in self.blocks)
        return filled([*blocks, bounds, parameter_section(self.parameters), twin, reference_section(self.references)])


def of_rate_rule(rule: RateRule) -> RatePortrait:
    """The portrait of a rate rule."""
    changes = (_change("W", rule.forward, "j"), *((_change("M", rule.lateral, "k"),) if rule.lateral else ()))
    running = tuple(line for each in (rule.inputs, rule.cells) for name, value in each.items() for line in _running(name, value))
    return RatePortrait(
        name=rule.name,
        title=rule.title,
        doc=rule.doc,
        path=rule.path,
        blocks=tuple(
            block
            for block in (
                Block("Activity", _activity(rule)),
                Block("Running values, which take the sample in before the weights change", running, event="Running values"),
                Block("Change of the weights with each sample", changes, event="Change of the weights with each sample"),
            )
            if block.formulas
        ),
        bounds=bounds_text(rule.bounds),
        twin=f"{rule.twin.rule}, dw/dt = {to_text(rule.twin.drift)} (rates x, y in Hz)" if rule.twin else "",
        parameters=tuple(rule.parameters.values()),
        references=rule.references,
    )


def _activity(rule: RateRule) -> tuple[Formula, ...]:
    enters = to_latex(rule.enters)
    lines = [Formula(f"u = sum over inputs of W*({to_text(rule.enters)})", rf"u_i &= \sum_j W_{{ij}} \left({enters}\right)_j")]
    if rule.settle in _SETTLED:
        text, latex = _SETTLED[rule.settle]
        if rule.effect == "excitatory":
            text, latex = text.replace("+ M", "- M").replace("- M y", "+ M y"), latex.replace("+ M", "- M").replace("- M y", "+ M y")
        if rule.learned_diagonal:
            text, latex = text.replace("(I + M)", "M").replace("(I - M)", "(-M)"), latex.replace("(I + M)", "M").replace("(I - M)", "(-M)")
        return (*lines, Formula(text, latex))
    lines.append(value("y", rule.output))
    if rule.winners == SOFTMAX:
        lines.append(Formula("y = exp(y) / sum over cells of exp(y)", r"y_i &\leftarrow \frac{e^{y_i}}{\sum_k e^{y_k}}"))
    elif rule.winners is not None:
        words = f"y = 0 but for the {rule.winners} cells with the largest u"
        lines.append(Formula(words, rf"y_i &\leftarrow 0 \text{{ but for the }} {rule.winners} \text{{ largest }} u_i"))
    return tuple(lines)


def _running(name: str, running: Running) -> tuple[Formula, Formula]:
    start = Formula(
        f"{name} = {to_text(running.initial)} before the first sample", rf"{latex_name(name)}(0) &= {to_latex(running.initial)}"
    )
    onwards = rf"{latex_name(name)} &\leftarrow {to_latex(running.next)}"
    return start, Formula(f"{name} <- {to_text(running.next)}", onwards)


def _change(weights: str, change: Change, index: str) -> Formula:
    if change.among == "own":
        forgets = "" if change.forgets == t.ZERO else rf" - \left({to_latex(change.forgets)}\right)_i {weights}_{{i{index}}}"
    else:
        forgets = rf" - {_AMONG[change.among][1]} {weights}_{{k{index}}}"
    gain = rf"\left({to_latex(change.post)}\right)_i \left({to_latex(change.pre)}\right)_{{{index}}}"
    text = change.text.replace(" W ]", f" {weights} ]")
    return Formula(f"d{weights} = {text}", rf"\Delta {weights}_{{i{index}}} &= {to_latex(change.eta)} \left[{gain}{forgets}\right]")
