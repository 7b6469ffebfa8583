"""Cells: a neuron's file, and the equations that its membrane, receptors and spikes come to."""

from spikeheb.cells.cell import METHODS, Cell, Hold, Receptor
from spikeheb.cells.file import read_cell, with_parameters
from spikeheb.cells.membrane import Membrane, assemble

__all__ = ["METHODS", "Cell", "Hold", "Membrane", "Receptor", "assemble", "read_cell", "with_parameters"]
