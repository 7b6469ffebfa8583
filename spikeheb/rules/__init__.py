"""Rules: what a plasticity rule is, how its file reads, and what its lines mean."""

from spikeheb.rules.choices import choose
from spikeheb.rules.combine import combine
from spikeheb.rules.file import format_reference, read_rule
from spikeheb.rules.rule import Bounds, Delayed, Handler, ParameterSet, Post, Rule

__all__ = [
    "Bounds",
    "Delayed",
    "Handler",
    "ParameterSet",
    "Post",
    "Rule",
    "choose",
    "combine",
    "format_reference",
    "read_rule",
]
