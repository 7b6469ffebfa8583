"""A rule as a Brian2 `Synapses` object for the user's own network."""

from __future__ import annotations

from typing import Any

from spikeheb import library
from spikeheb.engines.brian import text
from spikeheb.engines.brian.importing import brian, quantity
from spikeheb.engines.brian.names import as_declared
from spikeheb.engines.brian.network import pathway_order
from spikeheb.errors import EngineError, unknown_name
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import TRANSMIT, Action, actions, stepped
from spikeheb.rules.rule import Rule
from spikeheb.units import NONE


def synapses(rule: Rule | str, source: Any, target: Any, *, drives: str | None = None, by: Any = 1, **options: Any) -> Any:
    """The rule between two groups of the user's own Brian2 network, in the form of a textbook.

    The object still has to be connected; its initial weight is set after that (``S.w = ...``; `set_initial` sets the
    rule's own). Parameters and bounds stand in its namespace (``S.namespace["tau_plus"]``).

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name or path.
    source, target : Brian2 groups
        Where the rule reads the membrane potential, the target needs a variable ``v`` in volts.
    drives : str, optional
        The target's variable that a presynaptic spike raises by efficacy times `by`, such as ``"g_e"``. Without it the
        synapses learn, but transmit nothing.
    by : Brian2 quantity
        What efficacy 1 adds to it.
    **options
        Handed on to `brian2.Synapses` (``name``, ``dt``, ...).

    Returns
    -------
    brian2.Synapses

    Raises
    ------
    EngineError
        For what cannot stand in a `Synapses` object alone: [post] variables, rewards.
    UnknownName
        For a rule that does not exist, or a variable that the target does not have.
    """
    b2, rule = brian(), library.rule(rule)
    if rule.post is not None:
        raise EngineError("a rule with [post] variables needs a group of its own beside the synapses", path=rule.path, key="post")
    if any(action.event == "reward" for action in actions(rule)):
        raise EngineError("a rule with rewards needs an event of the target group", path=rule.path, key="on")
    if drives is not None and drives not in target.variables:
        raise unknown_name("variable of the target", drives, target.variables, key="drives")
    known = known_names(rule)
    namespace = {as_declared(name): quantity(value, known.get(name, NONE)) for name, value in rule.constants.items()}
    code: dict[str, dict[str, str]] = {"pre": {}, "post": {}}
    order, delay = {}, {}
    for n, action in enumerate(actions(rule)):
        lines = _handler(rule, action, drives)
        if lines:
            name = f"{action.event}_{n}"
            code[action.event][name] = lines
            order[name] = pathway_order(action.event, n, rule.coincidence)
            if action.delay:
                delay[name] = action.delay * b2.second
    made = b2.Synapses(
        source,
        target,
        model=text.synapse_model(rule, stepped(rule)),
        on_pre=code["pre"] or None,
        on_post=code["post"] or None,
        delay=delay or None,
        method=rule.method or "exact",
        namespace={**namespace, "driven_by": by},
        **options,
    )
    for name, position in order.items():
        getattr(made, name).order = position
    clip = text.clip_statement(rule)
    if clip:
        made.run_regularly(clip, when="groups", order=10)
    return made


def set_initial(rule: Rule | str, made: Any) -> None:
    """Give connected synapses the rule's own initial values."""
    for name, tree in library.rule(rule).initial.items():
        setattr(made, as_declared(name), to_brian(t.substitute(tree, text.own_names(library.rule(rule)))))


def _handler(rule: Rule, action: Action, drives: str | None) -> str:
    """The handler's statements; `transmit` raises the driven variable."""
    efficacy = t.substitute(rule.efficacy, text.synapse_names(rule))
    lines = []
    for line in text.renamed_lines(rule, action):
        if line.target != TRANSMIT:
            lines.append(f"{line.target} = {to_brian(line.expression)}")
        elif drives is not None:
            lines.append(f"{drives}_post += driven_by*({to_brian(t.multiply(efficacy, line.expression))})")
    return "\n".join(lines)
