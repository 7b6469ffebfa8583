"""The frozen values that a rule file turns into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from spikeheb.dimensions import Dimension
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import Equation
from spikeheb.expressions.printers import to_brian
from spikeheb.tables import Parameter, Reference, content_hash, page, prompt

EVENTS = ("pre", "post", "reward", "clock")
BOUND_KINDS = ("hard", "soft", "power", "law", "none")
COINCIDENCES = ("pre_first", "post_first", "discard")
VERBS = ("transmit", "ltp", "ltd")
CHOICES = ("name_or_path", "set", "interaction", "bounds", "coincidence", "axonal_delay", "backpropagation_delay")
"""What `spikeheb.rule` takes beside the parameters of a rule, under these names."""


@dataclass(frozen=True, slots=True)
class Handler:
    """What happens, in order, when a spike or a reward arrives at the synapse, or at regular times.

    Attributes
    ----------
    event : str
        ``"pre"``, ``"post"``, ``"reward"`` or ``"clock"``.
    delay : str or None
        The parameter that is added to the axonal or backpropagation delay.
    lines : tuple of Statement
        ``transmit``, ``ltp`` and ``ltd`` appear as targets like any other.
    every : float
        Of a handler on the clock: seconds between two of its times, of which the first is that long after the start.
    """

    event: str
    delay: str | None
    lines: tuple[t.Statement, ...]
    every: float = 0.0

    @property
    def heard(self) -> str:
        """The event, with the time between its times where that is on the clock: handlers of one name run at the same times."""
        return f"clock_{round(self.every * 1e9)}_ns" if self.event == "clock" else self.event


@dataclass(frozen=True, slots=True)
class Bounds:
    """How a weight change depends on the weight, and where the weight is clipped.

    ``w += F_plus(w)*ltp - F_minus(w)*ltd``, then clipping to [w_min, w_max] where these are given. The numbers (limits,
    exponents, and whatever a law names) are in `values`; the trees read them by name.
    """

    kind: str
    values: Mapping[str, float]
    F_plus: t.Tree
    F_minus: t.Tree

    @property
    def w_min(self) -> float | None:
        """The lower limit, if there is one."""
        return self.values.get("w_min") if self.kind != "none" else None

    @property
    def w_max(self) -> float | None:
        """The upper limit, if there is one."""
        return self.values.get("w_max") if self.kind != "none" else None


@dataclass(frozen=True, slots=True)
class Delayed:
    """A variable of the cell read `by` (a parameter) earlier than now."""

    of: str
    by: str


@dataclass(frozen=True, slots=True)
class Post:
    """Variables that exist once for each postsynaptic cell."""

    equations: tuple[Equation, ...]
    method: str | None
    on_spike: tuple[t.Statement, ...]
    initial: Mapping[str, t.Tree]
    delayed: Mapping[str, Delayed]


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """A published set of values, and what it was fitted to.

    Attributes
    ----------
    fitted_to : tuple of str
        Names of data sets, ``"sjostrom_2001"``, or of one series, ``"sjostrom_2001/frequency"``.
    free_parameters : int or None
        How many parameters its authors fitted; None where that is not known.
    initial : mapping of str to Tree
        Starting values of the variables that it names; the others keep the file's.
    """

    name: str
    reference: str
    tissue: str
    fitted_to: tuple[str, ...]
    values: Mapping[str, float]
    interaction: str | None
    bounds: Bounds | None
    free_parameters: int | None = None
    initial: Mapping[str, t.Tree] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A plasticity rule, ready to be run: the file's content with a set, an interaction and bounds chosen.

    Immutable; `spikeheb.rules.choose` returns changed copies. `refit` names the parameters that may change when the rule is
    fitted to data.
    """

    name: str
    title: str
    doc: str
    path: str
    references: Mapping[str, Reference]
    parameters: Mapping[str, Parameter]
    equations: tuple[Equation, ...]
    weight: str
    efficacy: t.Tree
    readout: t.Tree | None
    initial: Mapping[str, t.Tree]
    method: str | None
    post: Post | None
    handlers: tuple[Handler, ...]
    bounds: Bounds
    interactions: Mapping[str, Mapping[str, float]]
    sets: Mapping[str, ParameterSet]
    claims: Mapping[str, bool]
    set: str | None = None
    interaction: str | None = None
    coincidence: str = "pre_first"
    axonal_delay: float = 0.0
    backpropagation_delay: float = 0.0
    changed: tuple[str, ...] = field(default=())
    refit: tuple[str, ...] = ()
    before: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """For variables that a discarded tie must read as they were: the variables with that value, and with the step of the last change."""
    texts: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """The files as they were read, one for each rule of a combination, so that a result can hold them even if the files change."""

    __repr__, _repr_html_ = prompt, page

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """Every number that the equations read by name: parameters, interaction constants, bounds; SI."""
        values = {name: parameter.value for name, parameter in self.parameters.items()}
        values.update(self.interactions[self.interaction] if self.interaction else {})
        values.update(self.bounds.values)
        return values

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the synaptic variables with a value of their own (subexpressions have none)."""
        return tuple(equation.name for equation in self.equations if equation.kind != "subexpression")

    @property
    def dimension_of_weight(self) -> Dimension:
        """The dimension of the weight."""
        return next(equation.dimension for equation in self.equations if equation.name == self.weight)

    @property
    def all_equations(self) -> tuple[Equation, ...]:
        """All equations: the synapse's, and those of ``[post]``, which the synapse may read."""
        return (*self.equations, *(self.post.equations if self.post is not None else ()))

    @property
    def label(self) -> str:
        """Name and set, and what was changed from the file, for tables and legends."""
        published = f"{self.name} / {self.set}" if self.set else self.name
        return f"{published} ({', '.join(self.changed)} changed)" if self.changed else published

    def describe(self) -> dict[str, object]:
        """Everything that decides what the rule does, as plain data (it is hashed and stored with results)."""
        return dict(self._content)

    @cached_property
    def _content(self) -> dict[str, object]:
        return {
            "name": self.name,
            "set": self.set,
            "interaction": self.interaction,
            "coincidence": self.coincidence,
            "axonal_delay_s": self.axonal_delay,
            "backpropagation_delay_s": self.backpropagation_delay,
            "bounds": self.bounds.kind,
            "constants": dict(sorted(self.constants.items())),
            "changed": list(self.changed),
            "equations": [
                [e.kind, e.name, to_brian(e.expression) if e.expression is not None else "", e.dimension.brian] for e in self.equations
            ],
            "weight": self.weight,
            "efficacy": to_brian(self.efficacy),
            "readout": to_brian(self.readout) if self.readout is not None else None,
            "initial": {name: to_brian(tree) for name, tree in self.initial.items()},
            "method": self.method,
            "post": _describe_post(self.post),
            "handlers": [[h.heard, h.delay, [[s.target, s.op, to_brian(s.expression)] for s in h.lines]] for h in self.handlers],
            "F_plus": to_brian(self.bounds.F_plus),
            "F_minus": to_brian(self.bounds.F_minus),
        }

    @cached_property
    def description(self) -> str:
        """`describe` as JSON."""
        return json.dumps(self._content, sort_keys=True)

    @cached_property
    def hash(self) -> str:
        """Content hash of `describe`; two rules with the same hash do the same."""
        return content_hash(self._content)


def _describe_post(post: Post | None) -> object:
    if post is None:
        return None
    return {
        "equations": [[e.kind, e.name, to_brian(e.expression) if e.expression is not None else ""] for e in post.equations],
        "method": post.method,
        "on_spike": [[s.target, s.op, to_brian(s.expression)] for s in post.on_spike],
        "initial": {name: to_brian(tree) for name, tree in post.initial.items()},
        "delayed": {name: [d.of, d.by] for name, d in post.delayed.items()},
    }
