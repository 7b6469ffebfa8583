"""What must hold between the parts of a rule: names declared once, dimensions that agree, no handler missing."""

from __future__ import annotations

from collections.abc import Mapping

from spikeheb.dimensions import NONE, TIME, VOLTAGE, Dimension
from spikeheb.errors import ExpressionError, FormatError, unknown_name
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import NOISE, check_expanded, check_expression, check_model
from spikeheb.rules.numbers import LONGEST_DELAY, check_numbers
from spikeheb.rules.rule import CHOICES, VERBS, Bounds, Handler, Rule
from spikeheb.units import format_quantity


def check_rule(rule: Rule) -> None:
    """Raise for the first thing that does not hold.

    Raises
    ------
    FormatError, ExpressionError, UnknownName
    """
    _check_parameter_names(rule)
    _check_constants(rule)
    _check_time_constants(rule)
    declared = known_names(rule)
    limits = _bounds_names(rule)
    known = {name: dimension for name, dimension in declared.items() if name not in limits}
    _check_weight(rule)
    _only_bounds_read(rule, limits)
    full = _check_synapse(rule, known)
    _check_post(rule, known)
    for index, handler in enumerate(rule.handlers):
        _check_handler(rule, handler, known, f"on[{index}]")
        for n, line in enumerate(handler.lines):
            check_expanded(line.expression, full, line.target, path=rule.path, key=f"on[{index}].do[{n}]")
    for key, bounds in _every_bounds(rule).items():
        _check_bounds(rule, bounds, known, key)
        for name, tree in (("F_plus", bounds.F_plus), ("F_minus", bounds.F_minus)):
            check_expanded(tree, full, name, path=rule.path, key=f"{key}.{name}")
    _check_missing(rule)
    check_numbers(rule)


def _check_synapse(rule: Rule, known: Mapping[str, Dimension]) -> Mapping[str, t.Tree]:
    """Check all of [synapse]; give the subexpressions, each with those that it reads put in."""
    full = check_model(rule.equations, known, path=rule.path, key="synapse.model")
    for equation in rule.equations:
        if equation.expression is not None:
            _no_random(equation.expression, {"rand", "randn"}, rule.path, "synapse.model")
    for label, tree in (("efficacy", rule.efficacy), ("readout", rule.readout)):
        if tree is not None:
            check_expression(tree, NONE, known, label, path=rule.path, key=f"synapse.{label}")
            check_expanded(tree, full, label, path=rule.path, key=f"synapse.{label}")
            _no_random(tree, {"rand", "randn"}, rule.path, f"synapse.{label}")
    dimensions = {equation.name: equation.dimension for equation in rule.equations}
    constants = {name: known[name] for name in rule.constants if name in known}
    for key, tree in _every_initial(rule).items():
        name = key.rpartition(".")[2]
        check_expression(tree, dimensions[name], constants, name, path=rule.path, key=key)
    return full


def _every_initial(rule: Rule) -> dict[str, t.Tree]:
    """The starting values in force and those of the sets, by key."""
    own = {f"synapse.initial.{name}": tree for name, tree in rule.initial.items()}
    return own | {f"sets.{key}.initial.{name}": tree for key, chosen in rule.sets.items() for name, tree in chosen.initial.items()}


def _every_bounds(rule: Rule) -> dict[str, Bounds]:
    """The bounds in force and those of the sets, by key."""
    return {"bounds": rule.bounds} | {f"sets.{name}.bounds": chosen.bounds for name, chosen in rule.sets.items() if chosen.bounds}


def _bounds_names(rule: Rule) -> set[str]:
    return {"w_min", "w_max"} | {name for bounds in _every_bounds(rule).values() for name in bounds.values}


def _only_bounds_read(rule: Rule, limits: set[str]) -> None:
    """Whoever chooses other bounds takes their numbers away, so nothing but F_plus and F_minus may read these."""
    trees = [("synapse.model", e.expression) for e in rule.equations] + [("synapse.efficacy", rule.efficacy)]
    trees += [("synapse.readout", rule.readout), *_every_initial(rule).items()]
    trees += [(f"on[{i}].do[{n}]", line.expression) for i, h in enumerate(rule.handlers) for n, line in enumerate(h.lines)]
    for key, tree in trees:
        read = sorted(t.names(tree) & limits) if tree is not None else []
        if read:
            raise ExpressionError(
                f'"{read[0]}" belongs to the bounds, which may be changed; only F_plus and F_minus may read it', path=rule.path, key=key
            )


def known_names(rule: Rule) -> dict[str, Dimension]:
    """Every name that an expression of the rule may read, with its dimension.

    Raises
    ------
    FormatError
        Where one name is declared in two places.
    """
    known: dict[str, Dimension] = {"v": VOLTAGE}

    def declare(name: str, dimension: Dimension, place: str) -> None:
        if name in known:
            raise FormatError(f'"{name}" is declared twice; rename one', path=rule.path, key=place)
        known[name] = dimension

    for parameter in rule.parameters.values():
        declare(parameter.name, parameter.dimension, f"parameters.{parameter.name}")
    for equation in rule.equations:
        declare(equation.name, equation.dimension, "synapse.model")
    for name in sorted({constant for scheme in rule.interactions.values() for constant in scheme}):
        declare(gate.check_name(name, path=rule.path, key="interactions"), NONE, "interactions")
    for name in sorted(_bounds_names(rule)):
        declare(gate.check_name(name, path=rule.path, key="bounds"), NONE, "bounds")
    if rule.post is not None:
        for equation in rule.post.equations:
            declare(equation.name, equation.dimension, "post.model")
        for name, delayed in rule.post.delayed.items():
            sources = ["v", *(equation.name for equation in rule.post.equations)]
            if delayed.of not in sources:
                raise unknown_name("variable", delayed.of, sources, path=rule.path, key=f"post.{name}.of")
            _check_delay(rule, delayed.by, f"post.{name}.by")
            declare(name, known[delayed.of], f"post.{name}")
    for name in rule.parameters:
        stem, _, side = name.rpartition("_")
        if side in ("pre", "post") and stem in known and stem not in rule.parameters:
            raise FormatError(f'"{name}" would be read as the variable {stem}; rename it', path=rule.path, key=f"parameters.{name}")
    return known


def _check_parameter_names(rule: Rule) -> None:
    """A parameter named like a choice of `spikeheb.rule` could not be set: the name would mean the choice."""
    for name in rule.parameters:
        if name in CHOICES:
            message = f'the name "{name}" is an option that every rule has; rename it'
            raise FormatError(message, path=rule.path, key=f"parameters.{name}")


def _check_constants(rule: Rule) -> None:
    schemes = list(rule.interactions.items())
    for name, scheme in schemes:
        if set(scheme) != set(schemes[0][1]):
            raise FormatError(
                f"names {', '.join(sorted(scheme))}, but {schemes[0][0]} names {', '.join(sorted(schemes[0][1]))}",
                path=rule.path,
                key=f"interactions.{name}",
            )


def _check_time_constants(rule: Rule) -> None:
    """A time that a derivative is divided by must be above 0, in every set."""
    equations = (*rule.equations, *(rule.post.equations if rule.post else ()))
    trees = [e.expression for e in equations if e.kind == "differential" and e.expression is not None]
    nodes = [node for tree in trees for node in t.walk(tree)]
    divisors = {node.right.id for node in nodes if isinstance(node, t.Binary) and node.op == "/" and isinstance(node.right, t.Name)}
    for name in sorted(divisors & set(rule.parameters)):
        dimension = rule.parameters[name].dimension
        values = {f"sets.{key}.values.{name}": s.values[name] for key, s in rule.sets.items() if name in s.values}
        for key, value in {f"parameters.{name}": rule.parameters[name].value, **values}.items():
            if dimension == TIME and value <= 0:
                raise FormatError(f"a time constant must be above 0 (got {format_quantity(value, TIME)})", path=rule.path, key=key)


def _check_weight(rule: Rule) -> None:
    equation = next((e for e in rule.equations if e.name == rule.weight and e.kind != "subexpression"), None)
    if equation is None:
        raise unknown_name("variable", rule.weight, rule.variables, path=rule.path, key="synapse.weight")
    if equation.dimension != NONE:
        raise FormatError(
            f"the weight is a pure number, efficacy 1 being the cell's unit conductance (got {equation.dimension})",
            path=rule.path,
            key="synapse.model",
        )
    for key, bounds in _every_bounds(rule).items() if equation.kind == "differential" else ():
        if bounds.kind not in ("hard", "none"):
            message = f'a weight with a differential equation needs the bounds "hard" or "none" (got "{bounds.kind}")'
            raise FormatError(message, path=rule.path, key=f"{key}.kind")


def _check_post(rule: Rule, known: Mapping[str, Dimension]) -> None:
    if rule.post is None:
        return
    path = rule.path
    own = {e.name: e.dimension for e in rule.post.equations}
    constants = {name: known[name] for name in rule.constants if name in known}
    readable = {**constants, **own, "v": VOLTAGE, **{name: known[name] for name in rule.post.delayed}}
    check_model(rule.post.equations, readable, path=path, key="post.model")
    for equation in rule.post.equations:
        if equation.expression is not None:
            _no_random(equation.expression, {"rand", "randn"}, path, "post.model")
    written = {e.name: e.dimension for e in rule.post.equations if e.kind != "subexpression"}
    for n, line in enumerate(rule.post.on_spike):
        key = f"post.on_spike[{n}]"
        if line.target not in written:
            raise unknown_name("variable", line.target, written, path=path, key=key)
        check_expression(line.value(), own[line.target], readable, line.target, path=path, key=key)
        _no_random(line.expression, {"rand", "randn"}, path, key, "; write noise as xi in the model of [post]")
    for name, tree in rule.post.initial.items():
        check_expression(tree, own[name], {**constants, "v": VOLTAGE}, name, path=path, key=f"post.initial.{name}")
        _no_random(tree, {"rand", "randn"}, path, f"post.initial.{name}")


def _check_delay(rule: Rule, name: str, key: str) -> None:
    if name not in rule.parameters:
        raise unknown_name("parameter", name, rule.parameters, path=rule.path, key=key)
    if rule.parameters[name].dimension != TIME:
        raise FormatError(f'"{name}" is not a time', path=rule.path, key=key)
    for value in [rule.parameters[name].value, *(s.values[name] for s in rule.sets.values() if name in s.values)]:
        if value < 0:
            raise FormatError(f'"{name}" may not be negative (got {value:g} s)', path=rule.path, key=key)
        if value > LONGEST_DELAY:
            raise FormatError(f'"{name}" is a delay and may be at most {LONGEST_DELAY:g} s (got {value:g} s)', path=rule.path, key=key)


def _check_handler(rule: Rule, handler: Handler, known: Mapping[str, Dimension], key: str) -> None:
    if handler.delay is not None:
        _check_delay(rule, handler.delay, f"{key}.delay")
    readable = {**known, "amount": NONE} if handler.event == "reward" else known
    own = {e.name: e.dimension for e in rule.equations if e.kind != "subexpression"}
    shared = {e.name: e.dimension for e in rule.post.equations if e.kind != "subexpression"} if rule.post else {}
    for n, line in enumerate(handler.lines):
        where = f"{key}.do[{n}]"
        if line.target in VERBS:
            _check_verb(handler, line, rule.path, where)
            expected = NONE
        elif line.target in own:
            expected = own[line.target]
            if line.target == rule.weight and line.op not in ("+=", "-="):
                raise ExpressionError("change the weight with ltp, ltd, += or -=", path=rule.path, key=where)
        elif line.target in shared:
            expected = shared[line.target]
            if handler.event != "pre" or line.op != "+=":
                raise ExpressionError("only a pre handler may add (+=) to a [post] variable", path=rule.path, key=where)
        else:
            raise unknown_name("variable", line.target, [*own, *shared, *VERBS], path=rule.path, key=where)
        names = {**readable, line.target: expected} if line.target not in VERBS else readable
        value = line.value() if line.target not in VERBS else line.expression
        check_expression(value, expected, names, line.target, path=rule.path, key=where)
        _no_random(line.expression, {"rand"}, rule.path, where)
        if NOISE in t.names(line.expression):
            raise ExpressionError("xi (white noise) belongs in a model; use randn() here", path=rule.path, key=where)


def _check_verb(handler: Handler, line: t.Statement, path: str, key: str) -> None:
    if line.op != "=":
        raise ExpressionError(f'write "{line.target} = ..." (got "{line.op}")', path=path, key=key)
    if line.target == "transmit" and handler.event != "pre":
        raise ExpressionError("only a pre handler may transmit", path=path, key=key)
    if sum(1 for other in handler.lines if other.target == "transmit") > 1:
        raise ExpressionError("a handler may transmit only once", path=path, key=key)


def _check_bounds(rule: Rule, bounds: Bounds, known: Mapping[str, Dimension], key: str) -> None:
    for name, tree in (("F_plus", bounds.F_plus), ("F_minus", bounds.F_minus)):
        names = {**known, **dict.fromkeys(bounds.values, NONE)}
        check_expression(tree, NONE, names, name, path=rule.path, key=f"{key}.{name}")
        _no_random(tree, {"rand"}, rule.path, f"{key}.{name}")


def _no_random(tree: t.Tree, forbidden: set[str], path: str, key: str, hint: str = "") -> None:
    drawing = sorted(t.functions(tree) & forbidden)
    if drawing:
        raise ExpressionError(f"{drawing[0]}() is not allowed here{hint}", path=path, key=key)


def _check_missing(rule: Rule) -> None:
    """A rule without a pre handler, or a trace that is read and that nothing ever feeds."""
    if not any(handler.event == "pre" for handler in rule.handlers):
        raise FormatError('no handler for the event "pre"; a synapse that receives no spike does nothing', path=rule.path, key="on")
    if not any(handler.event == "pre" and handler.delay is None for handler in rule.handlers):
        raise FormatError('no handler without delay for the event "pre", so nothing is transmitted', path=rule.path, key="on")
    written = {line.target for handler in rule.handlers for line in handler.lines}
    read = {name for handler in rule.handlers for line in handler.lines for name in t.names(line.expression)}
    for equation in rule.equations:
        if equation.kind != "differential" or equation.name in written or equation.name == rule.weight:
            continue
        assert equation.expression is not None
        feeds = t.names(equation.expression) - {equation.name, *rule.parameters}
        if rule.initial[equation.name] == t.ZERO and equation.name in read and not feeds:
            raise FormatError(f'"{equation.name}" is read but no handler ever changes it; is a handler missing?', path=rule.path, key="on")
