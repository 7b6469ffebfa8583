"""Which of NEST's cells has the equations of a cell file, and through which port a receptor is reached."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from spikeheb.cells import Cell, Receptor
from spikeheb.engines.nest.matching import Reader
from spikeheb.errors import EngineError
from spikeheb.expressions import gate
from spikeheb.expressions import tree as t
from spikeheb.expressions.equations import expanded
from spikeheb.expressions.printers import evaluate

PICO, NANO, MILLI = 1e12, 1e9, 1e3
ALPHA = 0.05
"""How much longer a receptor's decay may be than its rise, as a share, for its current to be taken as an alpha function: at 5 % the
two are less than 0.1 % of the peak apart."""
AT_NO_TIME = 1e9
"""Millivolts that no cell reaches."""
LEAKY = "(g_L*(E_L - v) + I_syn + I_ext)/C"
DIFFERENT = "a leaky integrate-and-fire cell, dv/dt = (g_L*(E_L - v) + I_syn + I_ext)/C, with a fixed threshold and reset"


@dataclass(frozen=True)
class Model:
    """A cell of NEST.

    Attributes
    ----------
    model : str
    parameters : mapping of str to float or list
        In NEST's units.
    start, threshold : float
        The potential at the start and the threshold, millivolts.
    ports : mapping of str to pair of int and float
        For each receptor that is driven the port, and NEST's weight for efficacy 1.
    relay : bool
        Whether it has no membrane and passes on the spikes that are imposed on it.
    notes : tuple of str
        In what it differs from the cell nevertheless.
    """

    model: str
    parameters: Mapping[str, object]
    start: float
    threshold: float
    ports: Mapping[str, tuple[int, float]]
    relay: bool = False
    notes: tuple[str, ...] = ()


def model_of(cell: Cell, driven: Collection[str], dt: float) -> Model:
    """NEST's cell for a cell.

    Parameters
    ----------
    cell : Cell
    driven : collection of str
        Names of the receptors that projections reach.
    dt : float
        Seconds.

    Raises
    ------
    EngineError
        Where NEST has none with these equations.
    """
    if cell.draws:
        raise EngineError(f'the threshold of "{cell.name}" draws a random number in each step, and NEST would draw others', path=cell.path)
    if t.names(cell.threshold) <= set(cell.constants):  # it does not hold at rest, so it never does
        return Model("parrot_neuron", {}, 0.0, 0.0, dict.fromkeys(driven, (1, 1.0)), relay=True)
    numbers = _leaky(cell)
    receptors = [receptor for receptor in cell.receptors.values() if receptor.name in driven]
    rest = cell.rest()["v"]
    shared = {
        "C_m": PICO * numbers["C"], "E_L": MILLI * numbers["E_L"], "V_reset": MILLI * numbers["V_r"],
        "t_ref": MILLI * dt * max(0, round(cell.refractory / dt) - 1), "V_m": MILLI * numbers["E_L"],
    }  # fmt: skip
    kinds = {receptor.kind for receptor in receptors}
    if "jump" in kinds:
        raise EngineError(
            f'spikes make the potential of "{cell.name}" jump; NEST\'s cells with jumps see them one step earlier', path=cell.path
        )
    if len(kinds) > 1:
        raise EngineError("NEST has no cell with conductances and currents together", path=cell.path)
    leak = {"g_L": NANO * numbers["g_L"]} if kinds == {"conductance"} else {"tau_m": MILLI * numbers["C"] / numbers["g_L"]}
    model, own, ports, notes = (_conductances if kinds == {"conductance"} else _currents)(cell, receptors)
    return Model(model, {**shared, **leak, **own}, MILLI * rest, MILLI * numbers["V_th"], ports, notes=notes)


def _leaky(cell: Cell) -> Mapping[str, float]:
    """The numbers of a leaky integrate-and-fire cell.

    Raises
    ------
    EngineError
        For any other.
    """
    differential = [e for e in cell.equations if e.kind == "differential"]
    others = [e for e in cell.equations if e.kind == "variable"]
    reset = {line.target: line.value() for line in cell.reset}
    if len(differential) == 1 and not others and not cell.shape and set(reset) == {"v"}:
        reader = Reader(frozenset({"v", "I_syn", "I_ext"}), frozenset(cell.constants))
        start = {name: t.Name(name) for name in reader.variables}
        slope, threshold = (expanded(tree, cell.equations) for tree in (differential[0].expression or t.ZERO, cell.threshold))
        for sign in (">", ">="):
            patterns = (gate.parse_expression(LEAKY), gate.parse_condition(f"v {sign} V_th"), t.Name("V_r"))
            for bound in reader.all_same(patterns, (slope, threshold, reset["v"]), start):
                return {name: float(evaluate(tree, cell.constants)) for name, tree in bound.items() if name not in reader.variables}  # type: ignore[arg-type]  # a real one
    raise EngineError(f'the equations of "{cell.name}" are those of no cell of NEST that is known here: {DIFFERENT}', path=cell.path)


Ported = tuple[str, dict[str, object], dict[str, tuple[int, float]], tuple[str, ...]]


def _conductances(cell: Cell, receptors: list[Receptor]) -> Ported:
    """Two at most, which NEST tells apart by the sign of the weight."""
    if len(receptors) > 2:
        raise EngineError(f"NEST's cells with conductances have two receptors ({len(receptors)} are driven)", path=cell.path)
    rises = {receptor.rise is not None for receptor in receptors}
    if len(rises) > 1:
        raise EngineError("NEST has no cell with one conductance that rises at once and one that does not", path=cell.path)
    own: dict[str, object] = {}
    for receptor, side in zip(receptors, ("ex", "in"), strict=False):
        own[f"E_{side}"] = MILLI * float(receptor.reversal or 0.0)
        if receptor.rise is None:
            own[f"tau_syn_{side}"] = MILLI * _decay(receptor)
        else:
            own |= {f"tau_rise_{side}": MILLI * receptor.rise, f"tau_decay_{side}": MILLI * _decay(receptor)}
    ports = {receptor.name: (0, sign * NANO * receptor.unit) for receptor, sign in zip(receptors, (1.0, -1.0), strict=False)}
    return "iaf_cond_beta" if True in rises else "iaf_cond_exp", own, ports, ()


def _decay(receptor: Receptor) -> float:
    assert receptor.decay is not None  # jumps are refused
    return receptor.decay


def _currents(cell: Cell, receptors: list[Receptor]) -> Ported:
    ports = {receptor.name: (n + 1, PICO * receptor.unit) for n, receptor in enumerate(receptors)}
    if all(receptor.rise is None for receptor in receptors):
        taus = [MILLI * _decay(receptor) for receptor in receptors] or [1.0]
        return "iaf_psc_exp_multisynapse", {"tau_syn": taus}, ports, ()
    if all(receptor.rise is not None and abs(_decay(receptor) / receptor.rise - 1.0) <= ALPHA for receptor in receptors):
        taus = [MILLI * math.sqrt(_decay(receptor) * (receptor.rise or 0.0)) for receptor in receptors]
        note = f'the currents of "{cell.name}" are alpha functions, within 0.1 % of the peak of its own'
        return "iaf_psc_alpha_multisynapse", {"tau_syn": taus}, ports, (note,)
    raise EngineError("NEST has no cell whose currents rise and decay with time constants of their own", path=cell.path)
