"""A layer of rate cells that learns from samples, in the manners of scikit-learn: rows are samples, a trailing underscore is learned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from spikeheb.errors import FormatError, NonFiniteError, unknown_name
from spikeheb.limits import check_seed, whole
from spikeheb.rates import checked
from spikeheb.rates.competition import compete, rectified
from spikeheb.rates.file import rule as rate_rule
from spikeheb.rates.rate_rule import SOFTMAX, RateRule
from spikeheb.rates.terms import Terms, check_given, compiled, full

Floats = npt.NDArray[np.float64]


class Layer:
    """Cells with weighted inputs and perhaps lateral weights, which change by a rate rule.

    Parameters
    ----------
    rule : str, Path or RateRule
        A rate rule, by name or path.
    units : int
        How many cells.
    seed : int
        Of the initial weights, which are normal with a variance of 1 over the number of inputs (their magnitudes, where the rule keeps
        weights at 0 or above).
    winners : int or "softmax", optional
        How many cells stay active, in the place of what the rule says.
    w0 : array, shape (units, features), optional
        Initial weights.
    start : mapping of str to array, optional
        Where running values start, in the place of what the rule says: ``{"mu": samples.mean(0)}``.

    Attributes
    ----------
    weights_ : array, shape (units, features)
    lateral_ : array, shape (units, units), or None
    running_ : dict of str to array
        The running values of inputs, shape (features,), and of cells, shape (units,).
    n_features_in_, n_samples_seen_ : int

    Raises
    ------
    SpikehebError
        For a rule that does not exist, and numbers that cannot be used.
    """

    weights_: Floats
    lateral_: Floats | None
    running_: dict[str, Floats]
    n_features_in_: int
    n_samples_seen_: int

    def __init__(
        self,
        rule: str | Path | RateRule,
        units: int,
        *,
        seed: int = 0,
        winners: int | str | None = None,
        w0: npt.ArrayLike | None = None,
        start: Mapping[str, npt.ArrayLike] | None = None,
    ) -> None:
        self.rule = rate_rule(rule)
        self.units = whole(units, "units")
        check_seed(seed)
        self.seed = seed
        self.winners = _winners(self.rule.winners if winners is None else winners, self.units, self.rule)
        self.w0, self.start = w0, dict(start or {})
        self._terms: Terms = compiled(self.rule)
        self._leak = np.eye(self.units) if self.rule.lateral is not None else np.empty((0, 0))
        for name in self.start:
            if name not in self._terms.starts:
                raise unknown_name("running value", name, self._terms.starts, path=self.rule.path, key="start")

    def __repr__(self) -> str:
        return f"Layer({self.rule.name!r}, units={self.units}, seed={self.seed})"

    def fit(self, X: npt.ArrayLike, targets: npt.ArrayLike | None = None, *, amounts: npt.ArrayLike | None = None) -> Self:
        """Learn from the beginning: once from each row, in their order.

        Parameters
        ----------
        X : array, shape (samples, features)
        targets : array, shape (samples, units), optional
            Wished outputs, where the rule reads them.
        amounts : array, shape (samples,), optional
            Rewards, where the rule reads them.

        Raises
        ------
        FormatError
            For what is not a table, and where the rule needs targets or rewards.
        NonFiniteError
            For what is not finite, and where weights grow without bound.
        """
        samples = checked.rows(X, "X")
        self._begin(samples.shape[1])
        return self.partial_fit(samples, targets, amounts=amounts)

    def partial_fit(self, X: npt.ArrayLike, targets: npt.ArrayLike | None = None, *, amounts: npt.ArrayLike | None = None) -> Self:
        """Go on learning, with the same arguments as `fit`."""
        begun = hasattr(self, "weights_")
        samples = checked.rows(X, "X", self.n_features_in_ if begun else None)
        if not begun:
            self._begin(samples.shape[1])
        check_given(self.rule, target=targets, amount=amounts)
        wished = [None] * len(samples) if targets is None else _like(checked.rows(targets, "targets", self.units), samples, "targets")
        paid = [None] * len(samples) if amounts is None else _like(np.ravel(np.asarray(amounts, dtype=np.float64)), samples, "amounts")
        if amounts is not None:
            checked.finite(np.asarray(paid), "amounts")
        with np.errstate(all="ignore"):  # what is not finite is named by its sample
            for x, target, amount in zip(samples, wished, paid, strict=True):
                self._learn(x, target, amount)
        checked.finite(self.weights_, f"{self.rule.name}: weights after {self.n_samples_seen_} samples")
        return self

    def transform(self, X: npt.ArrayLike) -> Floats:
        """The output of each cell for each sample, shape (samples, units); nothing is learned."""
        self._check_begun()
        samples = checked.rows(X, "X", self.n_features_in_)
        entered = full(self._terms.enters(samples, *self._inputs()), samples)
        return self._settled(entered @ self.weights_.T)

    def fit_transform(self, X: npt.ArrayLike, targets: npt.ArrayLike | None = None) -> Floats:
        """`fit`, then `transform` of the same samples."""
        return self.fit(X, targets).transform(X)

    @property
    def components_(self) -> Floats:
        """The linear filter of each cell, shape (units, features): with settled lateral weights ``(I + M)^-1 W``, else W."""
        self._check_begun()
        return np.asarray(np.linalg.solve(self._opposing(), self.weights_)) if self.rule.settle == "linear" else self.weights_

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Names of the outputs, as scikit-learn's pipelines ask for them: ``oja0``, ``oja1``."""
        return np.array([f"{self.rule.name}{n}" for n in range(self.units)], dtype=object)

    def _begin(self, features: int) -> None:
        units, rule = self.units, self.rule
        checked.room({"the weights": 3.0 * units * features, "the lateral weights": 3.0 * units**2 * (rule.lateral is not None)}, "units")
        rng = np.random.default_rng(self.seed)
        drawn = rng.standard_normal((units, features)) / math.sqrt(features)
        if self.w0 is not None:
            drawn = checked.rows(self.w0, "w0", features).copy()
            if len(drawn) != units:
                raise FormatError(f"expected {units} rows, one for each cell (got {len(drawn)})", key="w0")
        low, high = rule.bounds.w_min, rule.bounds.w_max
        self.weights_ = drawn if high is None else np.clip(np.abs(drawn) if low == 0 else drawn, low, high)
        self.lateral_ = None if rule.lateral is None else np.eye(units) if rule.learned_diagonal else np.zeros((units, units))
        self.running_ = {
            name: np.broadcast_to(
                np.asarray(self.start.get(name, value), dtype=np.float64), (features if name in rule.inputs else units,)
            ).copy()
            for name, value in self._terms.starts.items()
        }
        self.n_features_in_, self.n_samples_seen_ = features, 0

    def _check_begun(self) -> None:
        if not hasattr(self, "weights_"):
            raise FormatError("has no weights yet; call fit or partial_fit first", key=f"Layer of {self.rule.name}")

    def _inputs(self) -> list[Floats]:
        return [self.running_[name] for name in self.rule.inputs]

    def _cells(self) -> list[Floats]:
        return [self.running_[name] for name in self.rule.cells]

    def _opposing(self) -> Floats:
        """What the settled output is multiplied with to give the summed input."""
        assert self.lateral_ is not None
        opposing = self.lateral_ if self.rule.effect == "inhibitory" else -self.lateral_
        return opposing if self.rule.learned_diagonal else self._leak + opposing

    def _settled(self, u: Floats) -> Floats:
        """The outputs for summed inputs, shape (units,) or (samples, units)."""
        if self.rule.settle == "linear":
            return np.asarray(np.linalg.solve(self._opposing(), u.T).T)
        if self.rule.settle == "rectified":
            return rectified(self._opposing(), u)
        y = full(self._terms.output(u, *self._cells()), u)
        return y if self.winners is None else compete(y, u, self.winners)

    def _learn(self, x: Floats, target: Floats | None, amount: float | None) -> None:
        terms, rule = self._terms, self.rule
        inputs, cells, time = self._inputs(), self._cells(), float(self.n_samples_seen_)
        u = self.weights_ @ full(terms.enters(x, *inputs), x)
        y = self._settled(u)
        if not math.isfinite(y.dot(y)):
            place = f"{rule.name}: sample {self.n_samples_seen_}"
            raise NonFiniteError("the outputs are not finite any more; use a smaller eta, or bounds", key=place)
        column: tuple[Any, ...] = (y, u, target, amount, time)
        inputs = [full(term(x, time, *inputs), x) for term in terms.inputs]
        cells = [full(term(*column, *cells), y) for term in terms.cells]
        self.running_ = dict(zip((*rule.inputs, *rule.cells), (*inputs, *cells), strict=True))
        column = (*column, *cells)
        step = terms.forward.of(self.weights_, column, (x, *inputs))
        if terms.lateral is not None and self.lateral_ is not None:
            self.lateral_ += terms.lateral.of(self.lateral_, column, column)
            if not rule.learned_diagonal:
                self.lateral_.flat[:: self.units + 1] = 0.0
        self.weights_ += step
        if rule.bounds.w_max is not None:
            np.clip(self.weights_, rule.bounds.w_min, rule.bounds.w_max, out=self.weights_)
        self.n_samples_seen_ += 1


def _winners(winners: int | str | None, units: int, rule: RateRule) -> int | str | None:
    if winners is None or winners == SOFTMAX:
        return winners
    if isinstance(winners, str):
        raise FormatError(f'expected a number of winners or "{SOFTMAX}" (got {winners!r:.40})', key="winners")
    if rule.settle != "none":
        raise FormatError("has no effect: the lateral weights of this rule settle the outputs", path=rule.path, key="winners")
    return whole(winners, "winners", 1, units)


def _like(values: Any, samples: Floats, key: str) -> Any:
    if len(values) != len(samples):
        raise FormatError(f"expected {len(samples)} rows, one for each sample (got {len(values)})", key=key)
    return values
