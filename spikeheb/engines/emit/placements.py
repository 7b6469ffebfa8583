"""Placements: how synapses, inputs and cells lie in memory, and the loops over them that a spike sets off."""

from __future__ import annotations

from dataclasses import dataclass

from spikeheb.program.sites import POST, PRE, SYNAPSE


@dataclass(frozen=True)
class Loop:
    """A loop over synapses.

    Attributes
    ----------
    head : tuple of str
        Lines that open it; `starts` go between the outer and the inner head.
    inner : str
    element : mapping of str to str
        The index of a synapse, an input or a cell within what the pointers point to; a side that is not here is the
        same throughout.
    start : mapping of str to str
        Where the pointers of a side begin.
    cell : str
        The cell, within the tile.
    number : str
        The number of the synapse, cell after cell, which chooses its random numbers.
    own : str or None
        The side that fired.
    hint : str
        What the compiler is told of the inner loop.
    still : str
        Where weights may be made to stand still, what says so.
    """

    head: tuple[str, ...]
    inner: str
    element: dict[str, str]
    start: dict[str, str]
    number: str
    own: str | None
    hint: str = "SIDE_BY_SIDE"
    still: str = ""


@dataclass(frozen=True)
class Shape:
    """How the synapses lie in memory: the loop of a presynaptic spike, of a postsynaptic one, and over all; how many there are.

    `header` says when things happen, and has the library's `entries`; `facts` are what the generated file says before it includes that.
    Where postsynaptic spikes wait for the next presynaptic one, `of_one` is the synapse on which they are carried out, and there are no
    columns.
    """

    of_pre: Loop
    of_post: Loop
    of_all: Loop
    count: str
    header: str
    entries: str
    facts: tuple[str, ...] = ()
    of_one: Loop | None = None


_BLOCK = {SYNAPSE: "(b*inputs + i)*W", POST: "b*W", PRE: "i"}
_IN_BLOCK = {SYNAPSE: "[l]", POST: "[l]"}
DENSE = Shape(
    Loop(
        ("for (int64_t b = 0; b < blocks; ++b) {",), "for (int l = 0; l < W; ++l) {", _IN_BLOCK, _BLOCK,
        "(t.first_cell + b*W + l)*t.inputs + i", PRE,
    ),
    Loop(
        ("{",), "for (int64_t i = 0; i < inputs; ++i) {", {SYNAPSE: "[i*W]", PRE: "[i]"},
        {SYNAPSE: "c/W*inputs*W + c%W", PRE: "0", POST: "c"}, "(t.first_cell + c)*t.inputs + i", POST,
    ),
    Loop(
        ("for (int64_t b = 0; b < blocks; ++b)", "for (int64_t i = 0; i < inputs; ++i) {"), "for (int l = 0; l < W; ++l) {",
        _IN_BLOCK, _BLOCK, "(t.first_cell + b*W + l)*t.inputs + i", None,
    ),
    "t.blocks*t.inputs*W", "fan_in.hpp", "FAN_IN_ENTRIES",
)  # fmt: skip
"""Every input reaches every cell."""
_ROW = (
    "for (int64_t e = t.row_first[i*t.ranges], end = t.row_first[i*t.ranges + 1]; e < end; ++e) { const int64_t c = t.target[e]; (void)c;"
)
_COLUMN = (
    "for (int64_t n = t.column_first[c], end = t.column_first[c + 1]; n < end; ++n) { "
    "const int64_t e = t.edge[n], i = t.row_of[n]; (void)e; (void)i;"
)
_STILL = ("{ const bool still = t.still; (void)still;",)


def sparse(*, few: bool = True, equal: bool = False, waits: bool = False) -> Shape:
    """Rows of synapses, one for each source and delay; columns with the place of each synapse of a cell.

    Parameters
    ----------
    few : bool
        Whether there are at most 65,536 cells and as many rows, so that a number of one takes 16 bits.
    equal : bool
        Whether all synapses have the same values, which nothing changes: these are then kept once.
    waits : bool
        Whether what a postsynaptic spike does waits for the next presynaptic one.
    """
    each = {} if equal else {SYNAPSE: "[e]"}
    starts = {SYNAPSE: "0", POST: "0", PRE: "i"}
    one = Loop(_STILL, "{", {SYNAPSE: "[e]", PRE: "[i]"}, {SYNAPSE: "0", PRE: "0"}, "", None, "", "still")
    return Shape(
        Loop(_STILL, _ROW, each | {POST: "[c]"}, starts, "t.number[e]", PRE, "", "still"),
        Loop(_STILL, _COLUMN, each | {PRE: "[i]"}, {SYNAPSE: "0", PRE: "0", POST: "c"}, "t.number[e]", POST, still="still"),
        Loop(("for (int64_t i = 0; i < t.inputs; ++i) {",), _ROW, each | {POST: "[c]"}, starts, "t.number[e]", None, "", "t.still"),
        "1" if equal else "t.synapses",
        "rows.hpp",
        "ROWS_ENTRIES",
        (
            f"using Number = {'uint16_t' if few else 'int32_t'};  // of a cell or a row",
            f"constexpr bool EQUAL = {str(equal).lower()};  // whether the values of a synapse are those of all",
            f"constexpr bool WAITS = {str(waits).lower()};  // whether postsynaptic spikes wait for the next presynaptic one",
        ),
        one if waits else None,
    )


ONE_SYNAPSE = Loop((), "", {}, {SYNAPSE: "(c/W*inputs + i)*W + c%W", PRE: "i", POST: "c"}, "", None)
