"""A rule as a Brian2 `Synapses` object for the user's own network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spikeheb import library
from spikeheb.dimensions import NONE, VOLTAGE
from spikeheb.engines.brian import text
from spikeheb.engines.brian.importing import brian, quantity
from spikeheb.engines.brian.names import as_declared
from spikeheb.engines.brian.part import pathway_order
from spikeheb.engines.brian.rule_synapses import Pathway, PostVariables, dimension_of, given_delays, rule_synapses
from spikeheb.errors import EngineError, UnitError, check_kind, unknown_name
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.rules.check import known_names
from spikeheb.rules.meaning import TRANSMIT, actions, reads_membrane, stepped
from spikeheb.rules.names import renamed
from spikeheb.rules.rule import Rule
from spikeheb.rules.ties import STEP
from spikeheb.units import quantity as si_value

BY = "driven_by"
OWN = ("model", "on_pre", "on_post", "on_event", "method", "pre", "post", "connect", "multisynaptic_index")
"""Arguments of `brian2.Synapses` that the rule decides."""
OF_BRIAN = ("lastspike", "not_refractory")
"""Variables that Brian2 adds to a group and writes itself."""


def synapses(
    rule: Rule | str,
    source: Any,
    target: Any,
    *,
    drives: str | None = None,
    by: Any = None,
    delay: Any = None,
    v: str = "v",
    amount: str = "amount",
    rewarded: str = "rewarded",
    **options: Any,
) -> Any:
    """Synapses with the rule between two groups of the user's own Brian2 network, in the form that Brian2's textbook examples have.

    The object is a `brian2.Synapses` that still has to be connected. `connect` also gives the new synapses the rule's starting
    values and delays, so that what is set after it stays (``S.w = 0.2``). The handlers of the rule are the pathways ``S.pre`` and
    ``S.post`` (and ``S.pre_D`` for one that comes later by the rule's parameter D). ``S.delay`` or ``S.pre.delay`` is the axonal
    delay and ``S.post.delay`` the backpropagation delay, for each synapse; later pathways keep their distance to them. Parameters
    and bounds stand in the namespace (``S.namespace["tau_plus"]``). Choose ``defaultclock.dt`` before. A weight that is not finite is
    not clipped to the limits, so that ``S.w`` shows it.

    Variables that the rule has once for each postsynaptic cell ([post]) live in a group ``S.post_variables``, which is run together
    with the synapses. They get their starting values when the first run begins, unless some are set by then.

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name or path.
    source, target : Brian2 groups
        Where the rule reads the membrane potential, the target has it in volts. Where the rule knows rewards, the target has the
        variables ``amount : 1`` and ``rewarded : boolean`` and ``events={"reward": "rewarded"}``. With ``target.amount = 0.5`` and
        ``target.rewarded = True`` a reward comes in the next step, also one of amount 0; then `amount` is 0 and `rewarded` false
        again, unless the target has code of its own for that event.
    drives : str, optional
        The target's variable that a presynaptic spike raises by efficacy times `by`, such as ``"g_e"``. Without it the synapses
        learn, but transmit nothing.
    by : Brian2 quantity or str
        What efficacy 1 adds to it, such as ``"1 nS"``. Needed with `drives`.
    delay : time, array of times, shape (synapses,), or dict, optional
        The axonal delay in place of the rule's, one for all or one for each synapse that `connect` makes. A dict gives those of
        ``"pre"`` and ``"post"``.
    v, amount, rewarded : str
        What the target calls its membrane potential, the amount of a reward, and whether there is one.
    **options
        Passed on to `brian2.Synapses` (``name``, ``dt``, ``namespace``, ...).

    Returns
    -------
    brian2.Synapses

    Raises
    ------
    EngineError
        Where the target lacks something that the rule needs, or has a variable of the same name as the rule; the message says what to do.
    UnitError
        For a missing `by` or one of another kind than the variable, and for a delay that is not a time.
    UnknownName
        For a rule that does not exist, or a variable that the target does not have.

    Examples
    --------
    Fifty Poisson inputs drive one cell, and pair STDP decides how strongly:

    >>> import brian2 as b2
    >>> import spikeheb as sh
    >>> inputs = b2.PoissonGroup(50, rates=20 * b2.Hz)
    >>> cell = b2.NeuronGroup(
    ...     1,
    ...     '''dV/dt = ((-70*mV - V) + R*g_e*(0*mV - V))/(20*ms) : volt
    ...        dg_e/dt = -g_e/(5*ms) : siemens
    ...        R : ohm (constant)''',
    ...     threshold="V > -54*mV", reset="V = -60*mV", method="euler",
    ... )
    >>> cell.V, cell.R = -70 * b2.mV, 100 * b2.Mohm
    >>> S = sh.synapses("pair", inputs, cell, drives="g_e", by="1 nS", v="V")
    >>> S.connect()
    >>> S.delay = "rand() * 2*ms"
    >>> spikes = b2.SpikeMonitor(cell)
    >>> network = b2.Network(inputs, cell, S, spikes)
    >>> network.run(1 * b2.second)
    >>> spikes.num_spikes > 0 and bool((S.w != 0.5).any())
    True
    """
    b2 = brian()
    rule = renamed(library.rule(rule), as_declared)
    target = source if target is None else target
    for key, group in (("source", source), ("target", target)):
        check_kind(group, b2.Group, "a Brian2 group", key=key)
    for key, name in (("v", v), ("amount", amount), ("rewarded", rewarded)):
        check_kind(name, str, "the name of a variable", key=key)
    if any(handler.event == "clock" for handler in rule.handlers):
        raise EngineError(
            'handlers of the event "clock" are not available here; add run_regularly to the synapses instead', path=rule.path, key="on"
        )
    _check_options(options)
    _check_names(rule, source, target)
    _check_target(rule, target, v, amount, rewarded)
    known = known_names(rule)
    constants = {name: quantity(value, known.get(name, NONE)) for name, value in rule.constants.items()}
    own = {name: _own_name(name, target) for name in constants}
    namespace = {own[name]: value for name, value in constants.items()}
    if drives is not None:
        namespace[_own_name(BY, target)] = _driven_by(drives, by, target)
    elif by is not None:
        raise EngineError("`by` says what efficacy 1 adds to a variable of the target; name the variable too", key="drives")
    namespace = _joined(namespace, options.pop("namespace", None), rule)
    post = PostVariables(rule, constants, target, v) if rule.post is not None else None
    names = _names(rule, own, v, amount, post)
    transmission = None if drives is None else f"{drives}_post += {_own_name(BY, target)}"
    pathways = _pathways(rule, names, transmission)
    made = rule_synapses()(
        _Plan(rule, tuple(pathways), post, given_delays(delay), names),
        source,
        target,
        model=text.synapse_model(rule, stepped(rule), names),
        on_pre={pathway.name: pathway.code for pathway in pathways if pathway.event == "pre"},
        on_post={pathway.name: pathway.code for pathway in pathways if pathway.event != "pre"} or None,
        on_event={pathway.name: "reward" if pathway.event == "reward" else "spike" for pathway in pathways},
        method=rule.method or "exact",
        namespace=namespace,
        **options,
    )
    if any(pathway.event == "reward" for pathway in pathways) and "reward" not in target.event_codes:
        over = [f"{amount} = 0", *([f"{rewarded} = False"] if rewarded in target.variables else [])]
        target.run_on_event("reward", "\n".join(over), when="resets", order=1)
    made.finish(text.clip_statement(rule, own))
    return made


def set_initial(rule: Rule | str, made: Any) -> None:
    """Set the variables of connected synapses to the rule's own initial values again, as `connect` does for new synapses."""
    check_kind(made, brian().Synapses, "the synapses that sh.synapses made", key="made")
    own = getattr(made, "rule_names", {})
    for name, tree in renamed(library.rule(rule), as_declared).initial.items():
        setattr(made, f"{name}_", to_brian(t.substitute(tree, own)))


@dataclass(frozen=True)
class _Plan:
    """What `rule_synapses` needs to know beside the arguments of `brian2.Synapses`."""

    rule: Rule
    pathways: tuple[Pathway, ...]
    post: PostVariables | None
    delays: Mapping[str, Any]
    names: Mapping[str, t.Tree]


def _check_options(options: Mapping[str, Any]) -> None:
    for name in options:
        if name in OWN:
            raise EngineError("the rule decides this; write a rule file of your own to change it", key=name)


def _check_names(rule: Rule, source: Any, target: Any) -> None:
    """No synaptic variable may be called like one of the groups: Brian2 could not tell them apart."""
    for group, side in ((source, "source"), (target, "target")):
        for name in (equation.name for equation in rule.equations):
            if name in group.variables:
                what = f'the {side} has a variable "{name}", and so has the rule; give that of the {side} another name'
                raise EngineError(what, path=rule.path, key=name)


def _check_target(rule: Rule, target: Any, v: str, amount: str, rewarded: str) -> None:
    if reads_membrane(rule):
        if v not in target.variables:
            raise EngineError(
                f'the rule reads the membrane potential, and the target has no "{v}"; say which variable it is, such as v="V"',
                path=rule.path, key="v",
            )  # fmt: skip
        if dimension_of(target.variables[v]) != VOLTAGE:
            raise UnitError(f'expected a variable in volts (got "{v}", {dimension_of(target.variables[v])})', path=rule.path, key="v")
    if any(action.event == "reward" for action in actions(rule)) and (
        amount not in target.variables or "reward" not in getattr(target, "events", {})
    ):
        equations = f'add "{amount} : 1" and "{rewarded} : boolean" to the equations of the target'
        raise EngineError(
            f'the rule reads rewards: {equations}, and create it with events={{"reward": "{rewarded}"}}', path=rule.path, key="amount"
        )


def _joined(own: Mapping[str, Any], given: Mapping[str, Any] | None, rule: Rule) -> dict[str, Any]:
    """The namespace of the synapses and the user's own, which may not give another meaning to what the rule reads."""
    for name in given or {}:
        if name in own:
            what = f'the rule has a constant "{name}", which would be replaced; set it by sh.rule(..., {name}=...), or rename yours'
            raise EngineError(what, path=rule.path, key=f"namespace.{name}")
    return {**own, **(given or {})}


def _driven_by(drives: str, by: Any, target: Any) -> Any:
    """What efficacy 1 adds to the target's variable, as a quantity of its dimension."""
    own = _changeable(target)
    if drives not in own:
        raise unknown_name("variable of the target that spikes can change", drives, own, key="drives")
    dimension = dimension_of(target.variables[drives])
    if by is None:
        raise UnitError(f'say what efficacy 1 adds to "{drives}": {dimension}', key="by")
    if dimension != NONE and not isinstance(by, str) and not hasattr(by, "dim"):
        raise UnitError(f'expected {dimension} with its unit, because "{drives}" is one (got {by!r:.60})', key="by")
    return quantity(si_value(by, dimension, key="by"), dimension)


def _changeable(target: Any) -> list[str]:
    """The variables of the user's equations that each cell has as a number of its own; not what Brian2 keeps beside them."""
    return [
        name
        for name, variable in target.variables.items()
        if name not in OF_BRIAN
        and not (variable.read_only or variable.constant or variable.scalar or variable.is_integer or variable.is_boolean)
    ]


def _own_name(name: str, target: Any) -> str:
    """A constant's name in the namespace: another one where a variable of the target would be read in its place."""
    plain = name
    while plain in target.variables:
        plain += "_of_rule"
    return plain


def _names(rule: Rule, own: Mapping[str, str], v: str, amount: str, post: PostVariables | None) -> dict[str, t.Tree]:
    """Names of the rule as the synapses write them."""
    names: dict[str, t.Tree] = {"v": t.Name(f"{v}_post"), "amount": t.Name(f"{amount}_post"), STEP: t.Name("t_in_timesteps")}
    names |= {name: t.Name(plain) for name, plain in own.items() if plain != name}
    return names | ({name: t.Name(other) for name, other in post.names.items()} if post is not None else {})


def _pathways(rule: Rule, names: Mapping[str, t.Tree], transmission: str | None) -> list[Pathway]:
    """One for each event and delay; ``pre`` is always there, so that ``S.delay`` is."""
    code: dict[tuple[str, float], list[str]] = {("pre", rule.axonal_delay): []}
    order: dict[tuple[str, float], int] = {}
    for n, action in enumerate(actions(rule)):
        lines = _handler(rule, text.renamed_lines(rule, action, names), names, transmission)
        if lines:
            code.setdefault((action.event, action.delay), []).extend(lines)
            order.setdefault((action.event, action.delay), pathway_order(action.event, n, rule.coincidence))
    base = {"pre": rule.axonal_delay, "post": rule.backpropagation_delay, "reward": 0.0}
    return [
        Pathway(_pathway_name(rule, event, delay - base[event]), event, delay - base[event], "\n".join(lines), order.get((event, delay), 0))
        for (event, delay), lines in code.items()
    ]


def _pathway_name(rule: Rule, event: str, later: float) -> str:
    """``pre``, or ``pre_D`` where a handler comes later by the parameter D."""
    if later == 0:
        return event
    by = [handler.delay for handler in rule.handlers if handler.event == event and handler.delay is not None]
    return f"{event}_{min(by, key=lambda name: abs(rule.parameters[name].value - later))}"


def _handler(rule: Rule, lines: tuple[t.Statement, ...], names: Mapping[str, t.Tree], transmission: str | None) -> list[str]:
    """The handler's statements; `transmit` raises the driven variable, and what a cell has once grows by its increment."""
    once = {equation.name for equation in rule.post.equations} if rule.post is not None else set()
    written = []
    for line in lines:
        if line.target == TRANSMIT:
            amount = to_brian(t.multiply(t.substitute(rule.efficacy, names), line.expression))
            written += [] if transmission is None else [f"{transmission}*({amount})"]
        elif line.target in once:
            written.append(f"{to_brian(names[line.target])} += {to_brian(text.guarded(text.growth(line)))}")
        else:
            written += text.assignment(line)
    return written
