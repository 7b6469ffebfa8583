"""Whether a projection can be between the populations that it names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeheb.circuits.connect import check as check_connector
from spikeheb.circuits.populations import Cells, Population
from spikeheb.circuits.projections import Projection
from spikeheb.errors import EngineError, unknown_name

Range = tuple[int, int]


def taking_part(projection: Projection, populations: Mapping[str, Population]) -> tuple[Range, Range]:
    """The first source and cell that a projection joins, and those after the last."""
    pre, post = (populations[name].count for name in (projection.pre, projection.post))
    return projection.pre_cells or (0, pre), projection.post_cells or (0, post)


def check_projection(projection: Projection, populations: Mapping[str, Population]) -> None:
    """Raise for what cannot be.

    Raises
    ------
    EngineError, UnknownName
        With a key of the projection.
    """
    for end in ("pre", "post"):
        if getattr(projection, end) not in populations:
            raise unknown_name("population", getattr(projection, end), populations, key=end)
    post = populations[projection.post]
    if not isinstance(post, Cells):
        raise EngineError(f'a projection must lead to cells ("{projection.post}" is a population of sources)', key="post")
    if projection.rule is None and post.cell is None:
        raise EngineError(f'without a rule, the population that it leads to, "{projection.post}", needs a cell model', key="post")
    for constant, values in projection.overrides.items():
        if np.shape(values) not in ((), (post.count,)):
            text = f"expected a number, or one for each of {post.count} cells (got shape {np.shape(values)})"
            raise EngineError(text, key=f"overrides.{constant}")
    _check_ranges(projection, populations)


def _check_ranges(projection: Projection, populations: Mapping[str, Population]) -> None:
    itself = projection.pre == projection.post
    (first, last), (low, high) = taking_part(projection, populations)
    ranges = (("pre_cells", projection.pre, first, last), ("post_cells", projection.post, low, high))
    for key, name, start, stop in ranges:
        count, given = populations[name].count, getattr(projection, key) is not None
        if not 0 <= start <= stop <= count or (start == stop and (given or key == "post_cells")):
            allowed = f'the first and the one after the last of the {count:,} in "{name}", counted from 0'
            raise EngineError(f"expected {allowed} (got {start} and {stop})", key=key)
    itself = itself and not (last <= low or high <= first)
    if itself and (first, last) != (low, high) and getattr(projection.connect, "autapses", True) is False:
        text = "without autapses, sources and cells must be the same range, or two ranges that do not overlap"
        raise EngineError(f"{text} (got {first} to {last} and {low} to {high})", key="post_cells" if projection.post_cells else "pre_cells")
    check_connector(projection.connect, last - first, high - low, itself=itself)
