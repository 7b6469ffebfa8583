"""Batteries of experiments: the reference design, the window alone, and what predictions are tested on."""

from __future__ import annotations

from collections.abc import Sequence

from spikeheb.studies.mystery.conditions import Condition, Session, condition


def pairs(delta_t: str, number: int = 60, frequency: str = "1 Hz", post_pattern: str = "0 ms", pre_pattern: str = "0 ms") -> Condition:
    """Equal pairings, as the protocol `pairing` gives them."""
    own = {name: text for name, text in {"pre_pattern": pre_pattern, "post_pattern": post_pattern}.items() if text != "0 ms"}
    return condition("pairing", {"delta_t": delta_t, "pairs": str(number), "frequency": frequency} | own)


WINDOW = tuple(Session(pairs(delta_t)) for delta_t in ("-40 ms", "-20 ms", "-10 ms", "-5 ms", "5 ms", "10 ms", "20 ms", "40 ms"))
"""Only the timing of single pairs at 1 Hz."""
REFERENCE = (
    Session(pairs("-30 ms", post_pattern="0 ms, 10 ms, 20 ms")),
    Session(pairs("-10 ms", 240, post_pattern="0 ms, 20 ms")),
    Session(pairs("10 ms"), start=0.5),
    Session(pairs("-10 ms"), start=0.5),
    Session(pairs("-10 ms", 240)),
    Session(pairs("10 ms", 75, "5 Hz", pre_pattern="-20 ms, 0 ms")),
)
"""The varied design: a burst before the input, post-pre-post, weak connections in both orders, many pairs, and pre-pre-post at 5 Hz.

The six were chosen among 29 sessions, one after the other, each so that an ideal observer of 150 synapses knew most with four cells; on
150 other synapses it then named the rule as often.
"""
HELD_OUT = (
    Session(pairs("10 ms", frequency="20 Hz")),
    Session(pairs("25 ms")),
    Session(pairs("5 ms", 100, "5 Hz")),
    Session(pairs("-5 ms", post_pattern="0 ms, 10 ms", pre_pattern="0 ms, 50 ms")),
)
"""What an answer's parameters are tested on."""


def shared_out(design: Sequence[Session], cells: int) -> list[tuple[Session, int]]:
    """A number of cells, one after the other to the sessions of a design."""
    counts = [len(range(n, cells, len(design))) for n in range(len(design))]
    return [(session, count) for session, count in zip(design, counts, strict=True) if count]
