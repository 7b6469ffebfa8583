"""The portrait of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from spikeheb.expressions.printers import latex_name, to_text
from spikeheb.rules import Handler, ParameterSet, Rule
from spikeheb.rules.ties import without_effect
from spikeheb.rules.trial import compared_for_equality
from spikeheb.studies.board.entries import Entry, unverified_of
from spikeheb.studies.portrait.formulas import Block, Formula, bounds_text, document, equations, starts, statements, update
from spikeheb.studies.portrait.measured import Measured, measure_rule
from spikeheb.studies.portrait.sections import Section, Table, filled, page, parameter_section, prompt, reference_section, table_of
from spikeheb.tables import Parameter, Reference

_EVENTS = {"pre": "At a presynaptic spike", "post": "At a postsynaptic spike", "reward": "At a reward", "clock": "Every"}


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """A published set of a rule; `values` holds only the parameters that it changes, `initial` only the starting values."""

    name: str
    tissue: str
    fitted_to: tuple[str, ...]
    reference: str
    interaction: str
    initial: tuple[Formula, ...]
    bounds: str
    values: Mapping[str, Parameter]

    @property
    def row(self) -> tuple[str, ...]:
        """Everything but the values, in words."""
        initial = ", ".join(start.text for start in self.initial)
        return self.name, self.tissue, ", ".join(self.fitted_to), self.reference, self.interaction, initial, self.bounds


@dataclass(frozen=True)
class RulePortrait:
    """A rule, with what was chosen of it.

    Attributes
    ----------
    name : str
        With the set, and what was changed.
    title, doc, path : str
    blocks : tuple of Block
        Equations of the synapse and of the postsynaptic cell, and what happens at each event.
    weight : str
    efficacy, readout : str
        Expressions; the readout is empty where the rule has none.
    initial : tuple of Formula
        Starting values other than 0.
    bounds : str
    update : tuple of Formula
        How ``ltp`` and ``ltd`` change the weight, and the factors of the bounds.
    parameters : tuple of Parameter
        SI values with dimensions, meanings and sources.
    interactions : mapping of str to mapping
        The constants of each scheme.
    interaction, set : str
        What is chosen; empty where nothing is.
    sets : tuple of PublishedSet
    claims : mapping of str to bool
        Properties of the rule that the tests check.
    references : mapping of str to Reference
    warnings : tuple of str
        What a reader should know before trusting it.
    measured : Measured or None
        Window, drift and scores.
    """

    kind: ClassVar[str] = "rule"
    name: str
    title: str
    doc: str
    path: str
    blocks: tuple[Block, ...]
    weight: str
    efficacy: str
    readout: str
    initial: tuple[Formula, ...]
    bounds: str
    update: tuple[Formula, ...]
    parameters: tuple[Parameter, ...]
    interactions: Mapping[str, Mapping[str, float]]
    interaction: str
    sets: tuple[PublishedSet, ...]
    set: str
    claims: Mapping[str, bool]
    references: Mapping[str, Reference]
    warnings: tuple[str, ...]
    measured: Measured | None

    __repr__, _repr_html_ = prompt, page

    @property
    def latex(self) -> str:
        """LaTeX (amsmath): an ``align*`` for each block, and a table of the parameters."""
        blocks = (*self.blocks, Block("Weight", self.update))
        return document(self.name, self.title, blocks, self.parameters)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The portrait in words."""
        claims = tuple(f"{name}: {'yes' if claimed else 'no'}" for name, claimed in self.claims.items())
        return filled(
            [
                *(block.section for block in self.blocks),
                self._weight_section(),
                parameter_section(self.parameters),
                self._interaction_section(),
                self._set_section(),
                Section("Claims (checked by the tests)", lines=claims),
                reference_section(self.references),
                Section("Warnings", lines=self.warnings),
                *(self.measured.sections if self.measured else ()),
            ]
        )

    def _weight_section(self) -> Section:
        readout = [f"readout   {self.readout}"] if self.readout else []
        initial = [f"initial   {formula.text}" for formula in self.initial]
        lines = [f"weight    {self.weight}", f"efficacy  {self.efficacy}", *readout, *initial, f"bounds    {self.bounds}"]
        return Section("Weight", lines=tuple(lines))

    def _interaction_section(self) -> Section:
        constants = list(dict.fromkeys(name for values in self.interactions.values() for name in values))
        rows = [[name, *(f"{values[c]:g}" if c in values else "" for c in constants)] for name, values in self.interactions.items()]
        heading = f"Interactions ({self.interaction} is chosen)" if self.interaction else "Interactions"
        return Section(heading, (Table(["scheme", *constants], rows),))

    def _set_section(self) -> Section:
        columns = ["set", "tissue", "fitted to", "reference", "interaction", "initial", "bounds"]
        names = [each.name for each in self.parameters if any(each.name in chosen.values for chosen in self.sets)]
        values = [
            [chosen.name, *(chosen.values[name].text if name in chosen.values else "" for name in names)]
            for chosen in self.sets
            if chosen.values
        ]
        heading = f"Published sets ({self.set} is chosen)" if self.set else "Published sets (none is chosen: --set NAME)"
        return Section(heading, (table_of(columns, [chosen.row for chosen in self.sets]), Table(["set", *names], values)))


def of_rule(rule: Rule, *, measure: bool = True) -> RulePortrait:
    """The portrait of a rule, if wanted with what is measured of it (see `measure_rule`)."""
    return RulePortrait(
        name=rule.label,
        title=rule.title,
        doc=rule.doc,
        path=rule.path,
        blocks=_blocks(rule),
        weight=rule.weight,
        efficacy=to_text(rule.efficacy),
        readout="" if rule.readout is None else to_text(rule.readout),
        initial=starts(rule.initial),
        bounds=bounds_text(rule.bounds),
        update=update(rule),
        parameters=tuple(rule.parameters.values()),
        interactions=rule.interactions,
        interaction=rule.interaction or "",
        sets=tuple(_set(rule, chosen) for chosen in rule.sets.values()),
        set=rule.set or "",
        claims=rule.claims,
        references=rule.references,
        warnings=_warnings(rule),
        measured=measure_rule(rule) if measure else None,
    )


def _blocks(rule: Rule) -> tuple[Block, ...]:
    blocks = [Block("Equations of the synapse", equations(rule.equations), (f"method: {rule.method}",) if rule.method else ())]
    if rule.post is not None:
        late = tuple(f"{name} = {delayed.of} as it was {delayed.by} ago" for name, delayed in rule.post.delayed.items())
        blocks.append(Block("Equations of the postsynaptic cell", equations(rule.post.equations), late))
        if rule.post.on_spike:
            own = "At each spike of the postsynaptic cell"
            blocks.append(Block(own, statements(rule.post.on_spike), event=own))
    return (*blocks, *map(_handler_block, rule.handlers))


def _handler_block(handler: Handler) -> Block:
    event, delay = f"{_EVENTS[handler.event]}{f' {handler.every:g} s' if handler.every else ''}", handler.delay
    text = f"{event}{f', {delay} later' if delay else ''}, in this order"
    return Block(text, statements(handler.lines), event=f"{event}, ${latex_name(delay)}$ later" if delay else event)


def _set(rule: Rule, chosen: ParameterSet) -> PublishedSet:
    return PublishedSet(
        name=chosen.name,
        tissue=chosen.tissue,
        fitted_to=chosen.fitted_to,
        reference=chosen.reference,
        interaction=chosen.interaction or "",
        initial=starts(chosen.initial),
        bounds=bounds_text(chosen.bounds, factors=chosen.bounds.kind == "law") if chosen.bounds else "",
        values={name: replace(rule.parameters[name], value=value) for name, value in chosen.values.items()},
    )


def _warnings(rule: Rule) -> tuple[str, ...]:
    unverified = unverified_of(Entry(rule))
    compared = [f"{key}: {sentence}" for key, sentence in compared_for_equality(rule)]
    ties = [sentence] if (sentence := without_effect(rule)) else []
    return (*compared, *ties, *([f"not all numbers or sources are verified: {unverified}"] if unverified else []))
