"""Figures that a notebook shows: as the last line of a cell, and all others that a cell has made when it ends.

Pyplot does not know them, so that ``%matplotlib inline`` does not show them a second time.
"""

from __future__ import annotations

import io
import sys
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_waiting: list[Figure] = []
"""Figures of the running cell that were not shown yet, in the order in which they were made."""


class ShownFigure(Figure):
    """A figure that a notebook shows."""

    def _repr_png_(self) -> bytes:
        _show_earlier_than(self)
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.dpi, bbox_inches="tight")
        return buffer.getvalue()


class ShownAxes(Axes):
    """Axes that a notebook shows with the figure that they stand in."""

    name = "spikeheb"

    def _repr_png_(self) -> bytes:
        figure = self.get_figure(root=True)
        assert isinstance(figure, ShownFigure)
        return figure._repr_png_()


def show_when_cell_ends(figure: Figure | None) -> None:
    """Let a notebook show the figure at the end of its cell, unless it was shown by then. Elsewhere, and for others' figures, nothing."""
    shell = _notebook()
    if shell is not None and isinstance(figure, ShownFigure) and figure not in _waiting:
        _waiting.append(figure)
        shell.events.register("post_execute", _show_all)  # once, however often
        shell.display_formatter.formatters["image/png"].for_type(ShownFigure, ShownFigure._repr_png_)  # pyplot has one for all figures


def _show_earlier_than(figure: Figure) -> None:
    """Show the figures that the cell made before this one, so that pictures come in the order of the lines."""
    while figure in _waiting:
        earlier = _waiting.pop(0)
        if earlier is not figure:
            _display(earlier)


def _show_all() -> None:
    while _waiting:
        _display(_waiting.pop(0))


def _display(figure: Figure) -> None:
    from IPython.display import display  # type: ignore[import-not-found,unused-ignore]  # every notebook has it

    display(figure)  # type: ignore[no-untyped-call,unused-ignore]  # it says nothing of types


def _notebook() -> Any:
    """IPython's shell where a notebook's kernel runs this, else None."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell if hasattr(shell, "kernel") else None
