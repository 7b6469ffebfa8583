"""The portrait of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from spikeheb.cells import Cell, Hold, Receptor
from spikeheb.expressions.printers import to_latex, to_text
from spikeheb.studies.portrait.formulas import Block, Formula, document, equations, starts, statements
from spikeheb.studies.portrait.sections import Section, Table, filled, page, parameter_section, prompt, reference_section
from spikeheb.tables import Parameter, Reference
from spikeheb.units import format_quantity


@dataclass(frozen=True)
class CellPortrait:
    """A cell.

    Attributes
    ----------
    name, title, doc, path : str
    membrane : Block
        Equations, and starting values other than 0.
    method : str
        How the equations are integrated.
    threshold : Formula
        The condition for a spike.
    shape : tuple of Hold
        Volts and seconds.
    reset : tuple of Formula
    refractory : float
        Seconds.
    receptors : tuple of Receptor
        Siemens, amperes or volts; volts and seconds.
    parameters : tuple of Parameter
    references : mapping of str to Reference
    """

    kind: ClassVar[str] = "cell"
    name: str
    title: str
    doc: str
    path: str
    membrane: Block
    method: str
    threshold: Formula
    shape: tuple[Hold, ...]
    reset: tuple[Formula, ...]
    refractory: float
    receptors: tuple[Receptor, ...]
    parameters: tuple[Parameter, ...]
    references: Mapping[str, Reference]

    __repr__, _repr_html_ = prompt, page

    @property
    def latex(self) -> str:
        """LaTeX (amsmath): the equations, what happens at a spike, and a table of the parameters."""
        spike = Block("Spike", self.reset, event=f"At a spike, that is when ${self.threshold.latex}$")
        return document(self.name, self.title, (self.membrane, spike), self.parameters)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The portrait in words."""
        shape = [f"v is held at {hold.v * 1e3:g} mV for {hold.lasts * 1e3:g} ms" for hold in self.shape]
        after = [f"refractory for {self.refractory * 1e3:g} ms"] if self.refractory else []
        spike = [f"when {self.threshold.text}", *shape, *(f"then {line.text}" for line in self.reset), *after]
        columns = ["receptor", "unit", "reversal", "rise", "decay", "meaning", "source"]
        receptors = Table(columns, [_receptor_row(receptor) for receptor in self.receptors])
        return filled(
            [
                self.membrane.section,
                Section("Spike", lines=tuple(spike)),
                Section("Receptors (efficacy 1 is the unit)", (receptors,)),
                parameter_section(self.parameters),
                reference_section(self.references),
            ]
        )


def _receptor_row(receptor: Receptor) -> list[str]:
    at_once = "" if receptor.decay is None else "at once"
    rise = at_once if receptor.rise is None else f"{receptor.rise * 1e3:g} ms"
    unit = format_quantity(receptor.unit, receptor.dimension)
    reversal = "" if receptor.reversal is None else f"{receptor.reversal * 1e3:g} mV"
    decay = "v jumps" if receptor.decay is None else f"{receptor.decay * 1e3:g} ms"
    return [receptor.name, unit, reversal, rise, decay, receptor.doc, receptor.source]


def of_cell(cell: Cell) -> CellPortrait:
    """The portrait of a cell."""
    first = tuple(f"at first: {start.text}" for start in starts(cell.initial))
    return CellPortrait(
        name=cell.name,
        title=cell.title,
        doc=cell.doc,
        path=cell.path,
        membrane=Block(f"Equations of the membrane ({cell.method})", equations(cell.equations), first),
        method=cell.method,
        threshold=Formula(to_text(cell.threshold), to_latex(cell.threshold)),
        shape=cell.shape,
        reset=statements(cell.reset),
        refractory=cell.refractory,
        receptors=tuple(cell.receptors.values()),
        parameters=tuple(cell.parameters.values()),
        references=cell.references,
    )
