"""Who is connected with whom in a network, and how strongly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from spikeheb.errors import FormatError
from spikeheb.limits import MOST
from spikeheb.measure import checked
from spikeheb.plots.network_results import Floats, Integers, label, synapses, times_of
from spikeheb.plots.style import VERMILION, new_axes, styled

if TYPE_CHECKING:
    import xarray as xr

BLOCKS = 150
"""Rows and columns of the connection matrix at most; where there are more cells, neighbours share one."""
FAINTEST = 0.15
"""The smallest mean of the matrix is as dark as this share of the scale, so that it differs from no connection."""


@styled
def matrix(
    result: xr.Dataset,
    projection: str,
    order: npt.ArrayLike | None = None,
    post_order: npt.ArrayLike | None = None,
    assembly: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The last weights of a projection by presynaptic and postsynaptic cell; where there are many cells, means of neighbours.

    Parameters
    ----------
    result : xarray.Dataset
        The result of a network.
    projection : str
        One of its plastic projections.
    order : array of int, optional
        Cells in the order in which they stand, such as by assembly; those that it does not name are left out. Where absent, cells
        stand by number.
    post_order : array of int, optional
        The order of postsynaptic cells, where it is not to be that of presynaptic ones.
    assembly : array of int, optional
        Of a projection from a population to itself: the assembly of each cell, by which cells are sorted, and below 0 for cells of none,
        which come last. Lines divide the assemblies.
    ax : matplotlib Axes, optional
        Where to draw; new Axes where absent.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    UnknownName
        For a projection that is not plastic or not there.
    FormatError
        For an order that is not of different cells, and one beside assemblies; for a data set that lacks what the result of a network has.
    """
    weight, pre, post = synapses(result, projection)
    bounds: Sequence[int] = ()
    if assembly is not None:
        if order is not None or post_order is not None:
            raise FormatError("assemblies decide the order; give only one of the two", key="assembly")
        order, bounds = _by_assembly(assembly, max(int(pre.max()), int(post.max())) + 1)
    column = _places(order, pre, "order")
    row = _places(order if post_order is None else post_order, post, "order" if post_order is None else "post_order")
    means, edges = _block_means(weight.values[-1], (column[pre], row[post]), (int(column.max()) + 1, int(row.max()) + 1))
    ax = new_axes(7.0, 6.0) if ax is None else ax
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    span = high - low or abs(high) or 1.0
    mesh = ax.pcolormesh(*edges, means.T, cmap="Blues", vmin=low - FAINTEST * span, vmax=low + span, rasterized=True)
    figure = ax.get_figure(root=False)
    assert figure is not None
    bar = figure.colorbar(mesh, ax=ax, label=label(weight, "mean of "))
    bar.ax.set_ylim(low, low + span)
    ax.set_box_aspect(1)
    for bound in bounds:
        ax.axhline(bound - 0.5, color=VERMILION, linewidth=0.8)
        ax.axvline(bound - 0.5, color=VERMILION, linewidth=0.8)
    how = ", by assembly" if assembly is not None else ", in the given order"
    ax.set_xlabel("presynaptic cells" + ("" if order is None else how))
    ax.set_ylabel("postsynaptic cells" + ("" if order is None and post_order is None else how))
    ax.set_title(f"{projection} at {times_of(weight)[-1]:g} s (white: no connection)")
    return ax


def _by_assembly(assembly: npt.ArrayLike, least: int) -> tuple[Integers, list[int]]:
    """The order of cells, and where another assembly begins."""
    named = checked.numbers(assembly, "assembly", kinds="iu").astype(np.int64)
    if named.size < least:
        raise FormatError(f"expected the assembly of each cell, at least {least} of them (got {named.size})", key="assembly")
    keys = np.where(named < 0, np.iinfo(np.int64).max, named)
    order = np.argsort(keys, kind="stable")
    return order, (np.flatnonzero(np.diff(keys[order])) + 1).tolist()


def _places(order: npt.ArrayLike | None, cells: Integers, key: str) -> Integers:
    """Where each cell stands, by its number; -1 for those that stand nowhere."""
    order = np.arange(cells.max() + 1) if order is None else checked.cell_numbers(order, MOST, key)
    if not order.size or np.unique(order).size < order.size:
        raise FormatError("expected different cells, at least one" + ("" if order.size else " (got none)"), key=key)
    places = np.full(max(int(order.max()), int(cells.max())) + 1, -1)
    places[order] = np.arange(order.size)
    return places


def _block_means(weights: Floats, at: tuple[Integers, Integers], sizes: tuple[int, int]) -> tuple[Floats, list[Floats]]:
    """Mean weight by block of column and row, NaN without a connection, and the edges of blocks along both."""
    inside = (at[0] >= 0) & (at[1] >= 0)
    if not inside.any():
        raise FormatError("no synapse joins cells of this order", key="order")
    widths = [-(-size // BLOCKS) for size in sizes]
    shape = [-(-size // width) for size, width in zip(sizes, widths, strict=True)]
    block = at[0][inside] // widths[0] * shape[1] + at[1][inside] // widths[1]
    number = np.bincount(block, minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore"):
        means = (np.bincount(block, weights[inside], minlength=number.size) / number).reshape(shape)
    edges = [np.minimum(np.arange(n + 1) * width, size) - 0.5 for n, width, size in zip(shape, widths, sizes, strict=True)]
    return means, edges
