"""The expressions of a rate rule as functions of arrays, and the change of weights that they come to.

Only text that is printed from trees which have passed the gate is compiled, with numpy and the rule's own parameters in reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import numpy_scope, to_numpy
from spikeheb.rates.rate_rule import Change, RateRule

Floats = npt.NDArray[np.float64]
Term = Callable[..., Any]
COLUMN = ("y", "u", "target", "amount", "t")


@dataclass(frozen=True, slots=True)
class Terms:
    """A rule ready to be computed: each term is a function of the names in the comment.

    Attributes
    ----------
    enters : function of (x, *inputs)
    output : function of (u, *cells)
    inputs : tuple of functions of (x, t, *inputs)
    cells : tuple of functions of (y, u, target, amount, t, *cells)
    forward, lateral : ChangeTerms
    starts : mapping of str to float
        Where each running value starts, those of inputs first.
    """

    enters: Term
    output: Term
    inputs: tuple[Term, ...]
    cells: tuple[Term, ...]
    forward: ChangeTerms
    lateral: ChangeTerms | None
    starts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ChangeTerms:
    """A `Change` of weights; `eta`, `post` and `forgets` are functions of (y, u, target, amount, t, *cells).

    The lateral `pre` is a function of the same, the forward one of (x, *inputs).
    """

    eta: Term
    post: Term
    pre: Term
    forgets: Term | None
    among: str

    def of(self, weights: Floats, column: Sequence[Any], row: Sequence[Any]) -> Floats:
        """The change, shape of the weights."""
        y = column[0]
        eta = self.eta(*column)
        gain: Floats = full(eta * self.post(*column), y)[:, None] * full(self.pre(*row), row[0])
        if self.among != "own":
            product = y[:, None] * y
            return gain - full(eta, y)[:, None] * ((np.tril(product) if self.among == "earlier" else product) @ weights)
        if self.forgets is not None:
            gain -= full(eta * self.forgets(*column), y)[:, None] * weights
        return gain


def full(value: Any, like: Floats) -> Floats:
    """One value for each cell or input, where an expression may have come to a single number."""
    if type(value) is np.ndarray and value.shape == like.shape:
        return value
    return np.broadcast_to(np.asarray(value, dtype=np.float64), like.shape)


def compiled(rule: RateRule) -> Terms:
    """The terms of a rule with its parameters as they are."""
    scope = numpy_scope() | rule.values

    def term(tree: t.Tree, own: Sequence[str], running: Mapping[str, object] = {}) -> Term:
        code = compile(f"lambda {', '.join((*own, *running))}: {to_numpy(tree)}", "<rate rule>", "eval")
        function: Term = eval(code, scope)
        return function

    def change(of: Change, pre: tuple[Sequence[str], Mapping[str, object]]) -> ChangeTerms:
        forgets = None if of.forgets == t.ZERO else term(of.forgets, COLUMN, rule.cells)
        return ChangeTerms(term(of.eta, COLUMN, rule.cells), term(of.post, COLUMN, rule.cells), term(of.pre, *pre), forgets, of.among)

    return Terms(
        enters=term(rule.enters, ("x",), rule.inputs),
        output=term(rule.output, ("u",), rule.cells),
        inputs=tuple(term(each.next, ("x", "t"), rule.inputs) for each in rule.inputs.values()),
        cells=tuple(term(each.next, COLUMN, rule.cells) for each in rule.cells.values()),
        forward=change(rule.forward, (("x",), rule.inputs)),
        lateral=None if rule.lateral is None else change(rule.lateral, (COLUMN, rule.cells)),
        starts={name: float(term(each.initial, ())()) for name, each in (*rule.inputs.items(), *rule.cells.items())},
    )


def change(
    rule: RateRule,
    W: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    u: npt.ArrayLike | None = None,
    target: npt.ArrayLike | None = None,
    amount: float | None = None,
    t: float = 0.0,
    **running: npt.ArrayLike,
) -> Floats:
    """How the weights of a rule change with one sample, ``eta [ post (x) pre - K W ]``, without bounds.

    Parameters
    ----------
    rule : RateRule
    W : array, shape (cells, inputs)
    x : array, shape (inputs,)
    y : array, shape (cells,)
    u : array, shape (cells,), optional
        Summed inputs; ``W enters`` where absent.
    target : array, shape (cells,), optional
    amount : float, optional
        The reward.
    t : float
        How many samples came before.
    **running : array
        Running values as the change reads them; where absent, where they start.

    Returns
    -------
    array, shape (cells, inputs)

    Raises
    ------
    FormatError
        Where the rule reads a target or a reward that is not given.
    """
    terms = compiled(rule)
    weights, x, y = (np.asarray(each, dtype=np.float64) for each in (W, x, y))
    values = {name: np.asarray(running.get(name, start), dtype=np.float64) for name, start in terms.starts.items()}
    inputs, cells = [values[name] for name in rule.inputs], [values[name] for name in rule.cells]
    check_given(rule, target=target, amount=amount)
    summed = weights @ full(terms.enters(x, *inputs), x) if u is None else np.asarray(u, dtype=np.float64)
    wished = None if target is None else np.asarray(target, dtype=np.float64)
    return terms.forward.of(weights, (y, summed, wished, amount, t, *cells), (x, *inputs))


def check_given(rule: RateRule, **given: object) -> None:
    """Refuse to go on where the rule reads what is not given.

    Raises
    ------
    FormatError
    """
    for name, value in given.items():
        if name in rule.reads and value is None:
            raise FormatError(f'this rule reads "{name}", which is not given', path=rule.path, key=name)
