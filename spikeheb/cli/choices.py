"""Turn the words of a command line into rules, protocols and cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from spikeheb.cli.options import RULE_PANEL
from spikeheb.declared import Setting
from spikeheb.errors import FormatError, UnknownName, unknown_name

if TYPE_CHECKING:
    from spikeheb.cells import Cell
    from spikeheb.protocols import Protocol
    from spikeheb.rules import Rule

PREFIXES = ("protocol", "rule", "cell")


def _said(doc: str, metavar: str, *flags: str) -> Setting:
    return Setting(doc, accepts="str | None", metavar=metavar, flags=flags, panel=RULE_PANEL)


@dataclass(frozen=True)
class RuleChoices:
    """The options that choose how a rule is used; None for an option that is not given."""

    set: Annotated[str | None, _said("A published set of the rule.", "SET", "--set", "-s")] = None
    interaction: Annotated[str | None, _said("Which spikes interact: a scheme of the rule's file.", "SCHEME")] = None
    bounds: Annotated[
        str | None,
        _said(
            'The whole bounds, such as "kind=hard, w_min=0, w_max=2"; a kind alone (hard, soft, none) keeps the two limits of the rule.',
            "KIND",
        ),
    ] = None
    coincidence: Annotated[
        str | None,
        _said(
            "Which side acts first if both spikes fall into one time step: pre_first or post_first. With discard the pair does not count.",
            "POLICY",
        ),
    ] = None
    axonal_delay: Annotated[str | None, _said('Delay from the presynaptic spike to the synapse, such as "1 ms".', "TIME")] = None
    backpropagation_delay: Annotated[str | None, _said("Delay from the postsynaptic spike to the synapse.", "TIME")] = None


def read_rule(text: str, choices: RuleChoices) -> Rule:
    """The rule named by ``NAME``, ``NAME:SET`` or ``NAME:SET+NAME:SET``, with the choices of the options.

    Raises
    ------
    FormatError
        Where the name and the option --set give different sets.
    SpikehebError
        As `library.rule`.
    """
    from spikeheb import library

    name, own = split_set(text)
    if own and choices.set and own != choices.set:
        raise FormatError(f'--rule {text} names the set "{own}" and --set the set "{choices.set}"; give only one')
    return library.rule(
        name,
        set=own or choices.set,
        interaction=choices.interaction,
        bounds=choices.bounds,
        coincidence=choices.coincidence,
        axonal_delay=choices.axonal_delay,
        backpropagation_delay=choices.backpropagation_delay,
    )


def split_set(text: str) -> tuple[str, str | None]:
    """Name and set; the sets in a combination stay in its name."""
    from spikeheb import library

    return (text, None) if library.is_combination(text) else library.split_set(text)


def assignments(items: Sequence[str] | None) -> dict[str, str]:
    """``name=value`` pairs.

    Raises
    ------
    FormatError
        For text of another form, and for a name that is given twice.
    """
    values: dict[str, str] = {}
    for item in items or ():
        name, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not name or not value:
            raise FormatError(f'-p expects name=value (got "{item}")')
        if name in values:
            raise FormatError(f'-p {name} is given twice ("{values[name]}" and "{value}")')
        values[name] = value
    return values


def share_out(
    given: Mapping[str, str], protocol: Protocol | None, rule: Rule, cell: Cell | None = None
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Divide parameters among the protocol, the rule and the cell.

    A bare name is a parameter of the protocol or of the rule, whichever has it. Where both have it, and for the cell, the name must
    begin with ``protocol.``, ``rule.`` or ``cell.``.

    Raises
    ------
    UnknownName
        Where none of them has such a parameter; the error offers the nearest names.
    """
    known: dict[str, Sequence[str]] = {
        "protocol": tuple(protocol.kinds) if protocol is not None else (),
        "rule": tuple(rule.parameters),
        "cell": tuple(cell.parameters) if cell is not None else (),
    }
    parts: dict[str, dict[str, str]] = {prefix: {} for prefix in PREFIXES}
    for name, value in given.items():
        prefix, bare = _owner(name, value, known, rule)
        parts[prefix][bare] = value
    return parts["protocol"], parts["rule"], parts["cell"]


def _owner(name: str, value: str, known: Mapping[str, Sequence[str]], rule: Rule) -> tuple[str, str]:
    prefix, dot, bare = name.partition(".")
    if dot and prefix in PREFIXES:
        if bare not in known[prefix]:
            raise unknown_name(f"parameter of the {prefix}", bare, known[prefix], key=f"-p {name}")
        return prefix, bare
    owners = [owner for owner in ("protocol", "rule") if name in known[owner]]
    if len(owners) > 1:
        message = f'both the protocol and the rule have "{name}"; write -p protocol.{name}=... or -p rule.{name}=...'
        raise UnknownName(message, key=f"-p {name}")
    if owners:
        return owners[0], name
    if name in rule.bounds.values:
        from spikeheb.rules.bounds import example

        whole = example(rule.bounds.kind, rule.bounds, {name: value})
        raise UnknownName(f'"{name}" belongs to the bounds, which --bounds replaces as a whole, {whole}', key=f"-p {name}")
    named = {*known["protocol"], *known["rule"], *(f"cell.{other}" for other in known["cell"])}
    raise unknown_name("parameter", name, named, key=f"-p {name}")
