"""Delayed reads of [post]: a chain of past values on the postsynaptic side, moved on by one in every step.

After the state update of a step the read ``x_late`` of x by D steps has the value that x had after the update D steps
earlier; the [post] equations, which are stepped before that, find it at the chain's last link but one.
"""

from __future__ import annotations

from spikeheb.dimensions import Dimension
from spikeheb.engines.alone import Alone
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.rules.rule import Post

LONGEST = 1000
"""Steps; a longer chain would take too many statements."""


def steps(job: Alone) -> dict[str, int]:
    """By how many steps each delayed read is late.

    Raises
    ------
    EngineError
        For a delay that differs between lanes, or is too long for a chain.
    """
    delays = {}
    for name, delayed in _post(job).delayed.items():
        if delayed.by in job.overrides:
            raise EngineError('delayed reads that differ between lanes need the "kernel" engine', path=job.rule.path, key=f"post.{name}")
        delays[name] = round(job.rule.parameters[delayed.by].value / job.dt)
        if delays[name] > LONGEST:
            raise EngineError(
                f'a read {delays[name]} steps late needs the "kernel" engine, or a larger time step', path=job.rule.path, key=f"post.{name}"
            )
    return delays


def links(job: Alone) -> dict[str, list[str]]:
    """For each delayed read the variables of its chain: one step ago, two steps ago, and so on, then the read itself."""
    return {name: [*(f"{name}_{n}_steps_ago" for n in range(count)), name] for name, count in steps(job).items()}


def declarations(job: Alone, dimensions: dict[str, Dimension]) -> list[str]:
    """The variables of all chains."""
    return [f"{link} : {dimensions[name].brian}" for name, chain in links(job).items() for link in chain]


def advance(job: Alone) -> str:
    """Statements that move every chain on by a step, last link first."""
    lines = []
    for name, chain in links(job).items():
        sources = [_post(job).delayed[name].of, *chain[:-1]]
        lines += [f"{link} = {source}" for link, source in reversed(list(zip(chain, sources, strict=True)))]
    return "\n".join(lines)


def before_advance(job: Alone) -> dict[str, t.Tree]:
    """Where the [post] equations find a delayed read: the chain has not been moved on yet."""
    return {name: t.Name(chain[-2]) for name, chain in links(job).items() if len(chain) > 1}


def _post(job: Alone) -> Post:
    assert job.rule.post is not None
    return job.rule.post
