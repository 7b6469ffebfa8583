"""The studies as type checkers and editors see them; written by `python tests/signatures.py`."""

from collections.abc import Sequence

import numpy.typing as npt
import xarray as xr

from spikeheb.cells import Cell
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Reward
from spikeheb.settings import Frequency, Time
from spikeheb.studies.progress import Progress
from spikeheb.studies.replay import Trains
from spikeheb.studies.start_weights import Start

def replay(
    rule: Rule | str,
    pre: Trains,
    post: Trains,
    w0: Start | None = None,
    cell: Cell | str | None = None,
    events: Sequence[Reward] | Sequence[Sequence[Reward]] | None = None,
    record: bool | Time | str = False,
    *,
    axonal_delay: npt.ArrayLike | None = None,
    backpropagation_delay: npt.ArrayLike | None = None,
    dt: Time | str = 0.0001,
    engine: str = "auto",
    seed: int = 0,
    progress: Progress = None,
) -> xr.Dataset:
    """Run the rule on spike trains, a lane each.

    The run ends when the last event has reached its synapse; a rule that moves by the clock is followed for another second. With a cell,
    its own spikes count as well as the imposed ones. Spike times are rounded to `dt`, and the largest shift is in the result.

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name or path.
    pre, post : list of arrays of float
        Spike times, one train for each lane (a single train is one lane); sorted, not negative. Bare numbers are seconds; what
        carries its unit is converted: text (``"100 ms, 110 ms"``), quantities, neo.SpikeTrain.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    w0 : Start | None
        Initial weight, or a file with one for each synapse (.npy, or .csv with the column weight); by default the rule's
        own. An array has one weight for each synapse of a cell.
    cell : Cell | str | None
        For rules that read the membrane potential. A cell, or its name or path.
    events : Sequence[Reward] | Sequence[Sequence[Reward]] | None
        Rewards of all lanes, or a list of them for each.
    record : bool | Time | str, by default False
        Keep the weight along time as well. True after every step in which a spike fell or an event reached the synapse, and
        at the end; a time, every so many seconds.
    axonal_delay : npt.ArrayLike | None
        From the presynaptic spike to the synapse, instead of the rule's own; one for each lane if they differ.
    backpropagation_delay : npt.ArrayLike | None
        From the postsynaptic spike to the synapse, instead of the rule's own; one for each lane if they differ.
    dt : Time | str, by default '0.1 ms'
        Time step.
    engine : str, by default 'auto'
        auto, kernel; brian, brian:numpy, brian:cython, brian:standalone.
    seed : int, by default 0
        Of all random numbers.

    Returns
    -------
    xarray.Dataset
        ``w`` (lane,): the final weight; with `record` ``w_record`` (lane, time), and the spikes: ``pre_time`` and ``pre_lane``
        (pre_spike,), ``post_time`` and ``post_lane`` (post_spike,). The attribute ``note`` says where no weight
        changed and why, and of a rule that draws random numbers that a lane is one draw.

    Raises
    ------
    ScheduleError
        For unsorted, negative or non-finite times, quantities that are no times, two spikes of a train in one step, unequal numbers
        of lanes, or backpropagation delays that differ between lanes where a cell or a ``[post]`` variable acts at the spike itself.
    """

def window(
    rule: Rule | str,
    delta_t: npt.ArrayLike | None = None,
    pairs: int = 60,
    frequency: Frequency | str = 1.0,
    *,
    w0: Start | None = None,
    cell: Cell | str | None = None,
    cells: int | None = None,
    synapses: int | None = None,
    dt: Time | str = 0.0001,
    engine: str = "auto",
    seed: int = 0,
    seeds: Sequence[int] | int | None = None,
    progress: Progress = None,
) -> xr.Dataset:
    """The weight after `pairs` pairs at each delta_t.

    A rule that draws random numbers is shown by the mean of many synapses, in its readout (in its efficacy where it has none); any
    other by the weight of one.

    Parameters
    ----------
    rule : Rule or str
        A rule, or its name or path.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    delta_t : npt.ArrayLike | None
        Such as "-20 ms, -10 ms, 10 ms, 20 ms"; by default -60 to 60 ms. ``t_post - t_pre``, by default in steps of 2 ms. 0
        is a tie, decided by the rule's coincidence policy.
    pairs : int, by default 60
        How many pairs.
    frequency : Frequency | str, by default '1 Hz'
        Pairs a second.
    w0 : Start | None
        Initial weight, or a file with one for each synapse (.npy, or .csv with the column weight); by default the rule's
        own. An array has one weight for each synapse of a cell.
    cell : Cell | str | None
        For rules that read the membrane potential. A cell, or its name or path.
    cells : int | None
        Cells that carry out each condition; by default 1. Where what is drawn is the same for all synapses of a cell (noise
        of the membrane or of [post] variables), more.
    synapses : int | None
        Synapses of each cell with the same spikes; by default 1, of a rule that draws random numbers 200 in all. They share
        the conductance of one.
    dt : Time | str, by default '0.1 ms'
        Time step.
    engine : str, by default 'auto'
        auto, kernel; brian, brian:numpy, brian:cython, brian:standalone.
    seed : int, by default 0
        Of all random numbers.
    seeds : Sequence[int] | int | None
        Repeat all with so many seeds, from `seed` on. A list is of the seeds themselves.

    Returns
    -------
    xarray.Dataset
        Over ``delta_t``: ``w`` (final weight, mean over synapses) and ``change`` (mean after over mean before, minus 1), of a rule that
        draws also ``change_sem``. The attribute ``counted`` says of what: weight, efficacy or readout; ``note`` says where no weight
        changed, and why.

    Raises
    ------
    ScheduleError
        For a delta_t that is not shorter than the period, and numbers of pairs, cells, synapses or seeds below 1.
    """
