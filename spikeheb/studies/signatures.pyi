"""The studies as type checkers and editors see them; written by `python tests/signatures.py`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy.typing as npt
import xarray as xr

from spikeheb.cells import Cell
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.sources import Source
from spikeheb.protocols import Protocol
from spikeheb.recordings import Sweeps
from spikeheb.rules.rule import Rule
from spikeheb.schedules import Reward
from spikeheb.settings import Amperes, Conductance, Frequency, Time, Voltage
from spikeheb.studies.experiment.replay import Trains
from spikeheb.studies.inputs import Inputs
from spikeheb.studies.progress import Progress
from spikeheb.studies.settings.weights import FanIn
from spikeheb.studies.start_weights import Start

def analyse(
    recording: Path | str | Sweeps | Sequence[Path | str | Sweeps],
    *,
    unit: str | None = None,
    pulse: npt.ArrayLike | None = None,
    channel: int | str = 0,
    interval: Time | str | None = None,
    first_after: int | None = None,
    reader: str | None = None,
    cut_at: npt.ArrayLike | None = None,
    follow: npt.ArrayLike = (20.0, 40.0),
    signal: str | None = None,
    baseline: npt.ArrayLike = (-0.005, 0.0),
    blank: Time | str = 0.0005,
    search: Time | str = 0.1,
    peak_width: Time | str = 0.0005,
    slope_limits: npt.ArrayLike = (0.3, 0.75),
    paired_baseline: str | None = None,
    volley: npt.ArrayLike | None = None,
    population_spike: npt.ArrayLike | None = None,
    step: str | tuple[object, object, object] | None = None,
    reject: Sequence[int] = (),
    every: int = 1,
    from_: int = 0,
    average: int = 1,
) -> xr.Dataset:
    """Measure the sweeps of a recording as those of a virtual experiment are measured.

    Parameters
    ----------
    recording : path, Sweeps, or a sequence of these
        Several recordings are measured as one, in the given order.
    unit : str | None
        Unit of the signal, such as "mV" or "pA"; by default what the file says.
    pulse : npt.ArrayLike | None
        When the stimulus comes in a sweep; "0 ms 50 ms" for paired pulses. By default what the file says.
    channel : int | str, by default 0
        Number or name of the channel, or name of the electrode (Neo).
    interval : Time | str | None
        Time between two sweeps, in a file that Neo reads.
    first_after : int | None
        First sweep after the induction, from 0 (Neo, `cut_at`). With several files, it is counted over all of them.
    reader : str | None
        Class of Neo that reads the file.
    cut_at : npt.ArrayLike | None
        Cut a continuous recording at these stimuli, or at its "events". `pulse` is then a time after these.
    follow : npt.ArrayLike, by default '20, 40'
        The minutes after the induction in which the outcome is measured.
    signal : str | None
        membrane (tested for spikes), field or current. By default chosen from the level and the unit. A potential near 0 mV
        is taken for a field potential.
    baseline : npt.ArrayLike, by default '-5 ms, 0 ms'
        Window before the pulse whose mean is the level. Its times are relative to the pulse.
    blank : Time | str, by default '0.5 ms'
        How long after the pulse the signal is ignored, because of the stimulus artefact.
    search : Time | str, by default '100 ms'
        How long after the pulse the peak is searched for.
    peak_width : Time | str, by default '0.5 ms'
        The amplitude is the mean over this time around the peak.
    slope_limits : npt.ArrayLike, by default '0.3, 0.75'
        Fractions of the rise between which the slope is measured.
    paired_baseline : str | None
        The baseline of later pulses: their own (default) or the first. The value is own or first.
    volley : npt.ArrayLike | None
        Window of the fibre volley, after the pulse.
    population_spike : npt.ArrayLike | None
        Window of the population spike; the slope ends before it.
    step : str | tuple[object, object, object] | None
        Test step for the resistances, such as "200 ms 300 ms -5 mV". Its times are those of the file, as `pulse` is.
    reject : Sequence[int], by default ()
        Leave a sweep out; may be repeated. Sweeps are numbered from 0, and incomplete ones are always left out.
    every : int, by default 1
        How many pathways are interleaved; all are measured.
    from_ : int, by default 0
        The pathway that is listed first, from 0. The sweep with this number belongs to it.
    average : int, by default 1
        How many successive sweeps are averaged before they are measured.

    Returns
    -------
    xarray.Dataset
        As `run` gives, over ``condition``, with one condition for each pathway. Currents under voltage clamp have the same names of
        variables, with the unit A. The attribute ``notes`` says what a reader should know.

    Raises
    ------
    FormatError, UnitError, UnknownName
    """

def constraint(
    cell: Cell | str = "l23_pyramidal",
    learning_rates: npt.ArrayLike = (0.2, 0.02, 0.002),
    duration: Time | str = 200.0,
    seeds: int = 6,
    *,
    input_rates: npt.ArrayLike | None = None,
    unit: Conductance | str = "200 nS",
    progress: Progress = None,
) -> xr.Dataset:
    """Compare normalised weights of a pair rule with what counted promotions predict.

    A cell gets Poisson inputs of different rates, and after every event its weights are divided by their sum. An increase of a weight by
    a pair of spikes is a promotion, a decrease a demotion.

    Parameters
    ----------
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    cell : Cell | str, by default 'l23_pyramidal'
        A cell, by name or path.
    learning_rates : npt.ArrayLike, by default '0.2, 0.02, 0.002'
        Increase of a weight by one pair of spikes, as a share of the sum of all weights; one or more values. The length of
        a run is proportional to the inverse square root of this value.
    duration : Time | str, by default '200 s'
        How long the run with the largest learning rate lasts; the others last longer. The first half of each is left out.
    seeds : int, by default 6
        How many runs the weights are averaged over; the predictions come from as many others.
    input_rates : npt.ArrayLike | None
        Rates of the Poisson inputs; by default 20 rates from 5 to 40 Hz.
    unit : Conductance | str, by default '200 nS'
        Conductance of all weights together.

    Returns
    -------
    xarray.Dataset
        Over ``kind`` (Hebbian, STDP), ``learning_rate`` and ``input``: time-averaged ``weight`` and ``predicted`` share of
        promotions (minus demotions), each with its standard error over seeds; ``bias``, the mean absolute difference.

    Raises
    ------
    SpikehebError
        Among others for fewer than one seed, and rows of rates that are empty.
    """

def fan_in_inputs(
    inputs: int = 1000,
    rate: Frequency | str = 15.0,
    *,
    correlated: int = 0,
    correlation: float | None = None,
    correlation_time: Time | str | None = None,
    early: int = 0,
    inhibitory: int = 0,
    inhibitory_rate: Frequency | str | None = None,
) -> Inputs:
    """Inputs of up to three kinds: a correlated group, a group that follows common events, and independent inputs.

    Parameters
    ----------
    inputs : int, by default 1000
        Plastic inputs of each cell.
    rate : Frequency | str, by default '15 Hz'
        Rate of each input.
    correlated : int, by default 0
        How many of the inputs are correlated with each other. See `correlated`.
    correlation : float | None
        Correlation coefficient of any two correlated inputs; by default 0.1.
    correlation_time : Time | str | None
        Time constant of this correlation; by default 20 ms.
    early : int, by default 0
        How many of the inputs follow a common event, 0 to 50 ms after it.
    inhibitory : int, by default 0
        How many inhibitory Poisson inputs each cell gets as well, without plasticity.
    inhibitory_rate : Frequency | str | None
        Rate of each inhibitory input; by default 10 Hz.

    Raises
    ------
    ScheduleError, UnitError
    FormatError
        For an argument without effect: a correlation without correlated inputs, or a rate without inhibitory inputs.
    """

def network(
    circuit: Circuit | Mapping[str, object] | Path | str,
    duration: Time | str | None = None,
    *,
    seed: int | None = None,
    engine: str = "auto",
    precision: str | None = None,
    low_memory: bool = False,
    save: Path | str | None = None,
    every: Time | str | None = None,
    resume: Path | str | None = None,
    progress: Progress = None,
) -> xr.Dataset:
    """Run a network.

    Parameters
    ----------
    circuit : str, path, mapping or Circuit
        A network of the library by name, the path of a file, a mapping with the keys of a file, or a circuit.
    save : str or path, optional
        A file that the run is saved in on its way, again and again, and once more where it is interrupted.
    every : float or str, optional
        How long the program works from one saving to the next, such as ``"10 s"`` (bare numbers: seconds); a minute where absent.
    resume : str or path, optional
        Where an earlier run of the same network with the same settings was saved: this one goes on from there, with the same result as
        without a stop.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    duration : Time | str | None
        How long the network is simulated; by default as its file says. Snapshots of the file that come later are left out.
    seed : int | None
        Seed of connections, inputs and all other random numbers.
    engine : str, by default 'auto'
        "auto", "kernel", "plain", "brian" or "nest". Plain and brian are slow and serve to check the kernel; brian:numpy,
        brian:cython and brian:standalone name how Brian2 computes. Nest is installed separately.
    precision : str | None
        "float64" or "float32"; single precision needs half the memory.
    low_memory : bool, by default False
        Keep 6 bytes a plastic synapse less, where the rule allows it. So it is where what a postsynaptic spike does reads
        nothing but the synapse and what the source alone moves, as in pair and vogels: it waits for the next presynaptic
        spike. The results are the same; a run takes up to 1.7 times as long.

    Returns
    -------
    xarray.Dataset
        Over ``population`` the means ``mean_rate`` and ``mean_cv``; for each population P of cells ``P_rate`` and ``P_cv`` (coefficient
        of variation of the intervals) over ``P_cell``, of the second half of the run, ``P_rate_course`` over ``time``, and ``P_spike_time``
        and ``P_spike_cell`` over ``P_spike``; where not all spikes are recorded, ``P_rate`` is of the whole run, and ``P_recorded`` has the
        cells whose spikes are, and there is no ``P_rate_course``. For each projection Q with a rule ``Q_weight`` over ``snapshot`` (or
        times of its own, ``Q_snapshot``) and ``Q_synapse``, with source ``Q_pre``, cell ``Q_post`` and delay ``Q_delay`` (one number where
        all are the same) of each synapse. The last snapshot is of the end. Where phases rewire Q, ``Q_pre`` and ``Q_post`` are over the
        snapshots too, and ``Q_pruned`` and ``Q_grown`` over ``Q_rewiring``, the times.
        What the probes ask for: ``P_bin_rate`` over ``P_bin``; ``P_v`` and ``P_current`` (of each of ``P_receptor``) over ``P_sample`` and
        ``P_probed``, with the balance of the second half in ``P_current_correlation`` and ``P_current_ratio``; ``Q_watched_weight`` over
        ``Q_watch`` and ``Q_watched``, the numbers of the synapses; ``Q_histogram`` over ``Q_histogram_time`` and bins with the edges
        ``Q_edge``. For each population S of sources with
        a pattern ``S_presentation_time``, when it begins, ``S_presentation_length``, and ``S_presentation_source``, which of the
        population's sources has it, over ``S_presentation``. A ``note`` says where a rate is beyond physiology, and how many spikes were
        left out because their train has another in the same time step.

    Raises
    ------
    SpikehebError
    """

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
    exact: bool = False,
    progress: Progress = None,
) -> xr.Dataset:
    """Run the rule on spike trains, one lane for each pair of trains.

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
        The cell, for rules that read the membrane potential. A cell, or its name or path.
    events : Sequence[Reward] | Sequence[Sequence[Reward]] | None
        Rewards of all lanes, or one list of rewards for each lane.
    record : bool | Time | str, by default False
        Also record the weight over time. True records after every step with a spike or an event at the synapse, and at the
        end; a time is the interval of records.
    axonal_delay : npt.ArrayLike | None
        From the presynaptic spike to the synapse, instead of the rule's own; one for each lane if they differ.
    backpropagation_delay : npt.ArrayLike | None
        From the postsynaptic spike to the synapse, instead of the rule's own; one for each lane if they differ.
    dt : Time | str, by default '0.1 ms'
        Time step.
    engine : str, by default 'auto'
        auto, kernel, plain, brian, brian:numpy, brian:cython or brian:standalone.
    seed : int, by default 0
        Seed of all random numbers.
    exact : bool, by default False
        Carry out every time step; otherwise times in which nothing happens are computed at once, which is faster. The two
        ways differ by at most 1e-6 mV in the membrane potential and 1e-8 of its limit in a weight.

    Returns
    -------
    xarray.Dataset
        ``w`` (lane,): the final weight; with `record` ``w_record`` (lane, time), and the spikes: ``pre_time`` and ``pre_lane``
        (pre_spike,), ``post_time`` and ``post_lane`` (post_spike,). The attribute ``note`` says where no weight
        changed and why, and of a rule that draws random numbers that a lane is one draw.

    Raises
    ------
    ScheduleError
        For unsorted, negative or non-finite times, quantities that are not times, two spikes of a train in one step, unequal numbers
        of lanes, or backpropagation delays that differ between lanes where a cell or a ``[post]`` variable acts at the spike itself.
    """

def run(
    protocol: Protocol | str,
    rule: Rule | str,
    cell: Cell | str = "l5_pyramidal",
    *,
    engine: str = "auto",
    seed: int = 0,
    test_pulses: bool = True,
    baseline: Time | str | None = None,
    follow_up: Time | str | None = None,
    test_interval: Time | str | None = None,
    copies: int | None = None,
    control: bool = False,
    paired_pulse: Time | str | None = None,
    w0: Start | None = None,
    cells: int | None = None,
    synapses: int | None = None,
    seeds: Sequence[int] | int | None = None,
    exact: bool = False,
    progress: Progress = None,
    **parameters: object,
) -> xr.Dataset:
    """Carry out a protocol with a rule on a cell.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, its name in the library, or the path of a script.
    rule : Rule or str
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    **parameters
        Parameters of the protocol.
    cell : Cell | str, by default 'l5_pyramidal'
        A cell, by name or path.
    engine : str, by default 'auto'
        auto, kernel, plain, brian, brian:numpy, brian:cython or brian:standalone.
    seed : int, by default 0
        Seed of all random numbers.
    test_pulses : bool, by default True
        With off there is only the induction, and no EPSP is measured. In Python, False means off.
    baseline : Time | str | None
        How long test pulses are given before the induction; by default as the protocol says, 10 min.
    follow_up : Time | str | None
        How long test pulses are given after the induction; by default as the protocol says, 40 min. The outcome is read in
        minutes 20 to 40, or in the second half of a shorter time.
    test_interval : Time | str | None
        Time between two test pulses; by default as the protocol says, 10 s.
    copies : int | None
        Stimulate and test N inputs together in place of one. By default the protocol's own number.
    control : bool, by default False
        Test an unstimulated input of the same cell as well. This shows heterosynaptic plasticity.
    paired_pulse : Time | str | None
        Give a second pulse this long after each test pulse, such as 50ms. The result has the ratio of the two EPSPs.
    w0 : Start | None
        Initial weight, or a file with one for each synapse (.npy, or .csv with the column weight); by default the rule's
        own. An array has one weight for each synapse of a cell.
    cells : int | None
        Cells that carry out each condition; by default 1. More where all synapses of a cell share the random numbers (noise
        of the membrane or of [post] variables).
    synapses : int | None
        Synapses of each cell with the same spikes; by default 1, or 200 in all for a rule that draws random numbers.
        Together they have the conductance of one synapse.
    seeds : Sequence[int] | int | None
        Repeat everything with this many seeds, starting at `seed`. A list gives the seeds themselves.
    exact : bool, by default False
        Carry out every time step; otherwise times in which nothing happens are computed at once, which is faster. The two
        ways differ by at most 1e-6 mV in the membrane potential and 1e-8 of its limit in a weight.

    Returns
    -------
    xarray.Dataset
        Over ``condition``: EPSP amplitude and slope before and after, their ratios, the efficacy ratio one second after
        the induction, baseline drift, rejected sweeps, 1/CV^2 of the EPSPs, published ratio and SEM; over ``sweep``:
        every EPSP; over ``time``: the averaged traces. With `control` the same of the unstimulated input, with
        `paired_pulse` the paired-pulse ratio before and after. Of a population, ratios are means after over means before, and
        ``epsp_ratio_sem`` and ``efficacy_ratio_sem`` are standard errors over its synapses (of a protocol that draws, over seeds); a
        rule with a readout adds ``readout_ratio``, which is what its paper compares with data, and may have another direction than the
        efficacy, which has not settled yet. The attribute ``counted`` says which of the two counts; ``note`` says where their directions
        differ, where no weight changed, and why.

    Raises
    ------
    SpikehebError
        For unknown names, wrong units, schedules that cannot be carried out, and non-finite results.
    """

def score(
    rule: Rule | str | Sequence[Rule | str] = (),
    protocol: Protocol | str | Path | Sequence[Protocol | str | Path] = (),
    *,
    join: Rule | str | Path | Sequence[Rule | str | Path] = (),
    data: str | Path | Sequence[str | Path] = (),
    cell: Cell | str | None = None,
    refit: bool = True,
    engine: str = "auto",
    seed: int = 0,
    progress: Progress = None,
) -> xr.Dataset:
    """Score rules against published data by the efficacy at the end of induction, without test pulses.

    Parameters
    ----------
    rule : Rule or str, or a sequence of these
        If empty, all rules of the library; ``"triplet:hippocampus_all_full"`` names a set. A rule without a
        chosen set stands for each of its sets.
    protocol : Protocol or str, or a sequence of these
        If empty, all protocols of the library with published data, or none where `data` is given.
    join : Rule or str, or a sequence of these
        Rules in addition to those of `rule`.
    data : str, or a sequence of these
        Files of the user's own measurements, in addition to the others, ``"[PROTOCOL=]CSV"``; the protocol is `pairing` if it is not given.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    cell : Cell | str | None
        The cell for all rules; by default each rule's own.
    refit : bool, by default True
        Also fit rules to each data set. These are rules whose file names free parameters; each point is left out in turn.
    engine : str, by default 'auto'
        auto, kernel, plain, brian, brian:numpy, brian:cython or brian:standalone.
    seed : int, by default 0
        Seed of all random numbers.

    Returns
    -------
    xarray.Dataset
        Over ``entry`` and ``data_set``: ``deviance``, ``error`` (E), ``skill``, points ``met`` within two errors, ``signs_right``,
        ``standing`` and ``reason``, ``free_parameters``, ``aic``, ``rank`` with its interval, and what each point's prediction
        from the others gives (``deviance_left_out``, ``error_left_out``), and ``chance_share``, the largest standard error of a prediction
        over drawn synapses or sessions in standard errors of the data; over ``data_set`` the number of ``points``, of known
        ``signs``, and the noise ceiling (``ceiling_error``, ``ceiling_deviance``); over ``entry`` and ``point`` the outcomes.

    Raises
    ------
    SpikehebError
        For unknown names, and for what cannot be computed.
    """

def slice_of(
    protocol: Protocol | str,
    rule: Rule | str,
    cell: Cell | str = "l5_pyramidal",
    *,
    n: int = 10,
    cv: float = 0.5,
    synapses: int | None = None,
    engine: str = "auto",
    seed: int = 0,
    test_pulses: bool = True,
    copies: int | None = None,
    control: bool = False,
    paired_pulse: Time | str | None = None,
    exact: bool = False,
    progress: Progress = None,
    **parameters: object,
) -> xr.Dataset:
    """Carry out a protocol on n cells for each condition: mean, standard error over cells, paired t-test.

    Every input of every cell starts at a weight of its own, log-normal around the rule's initial weight. Draws outside the
    rule's bounds are drawn again, so that a rule whose initial weight lies near a bound gets less than the CV asked for. A
    rule that draws its initial weight itself keeps its own distribution. Random protocols are drawn anew for each cell.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, its name in the library, or the path of a script.
    rule : Rule or str
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    **parameters
        Parameters of the protocol.
    cell : Cell | str, by default 'l5_pyramidal'
        A cell, by name or path.
    n : int, by default 10
        Cells for each condition.
    cv : float, by default 0.5
        Coefficient of variation of the baseline weights, 0 or more.
    synapses : int | None
        Synapses of each cell with the same spikes; by default 1, or 200 in all for a rule that draws random numbers.
        Together they have the conductance of one synapse.
    engine : str, by default 'auto'
        auto, kernel, plain, brian, brian:numpy, brian:cython or brian:standalone.
    seed : int, by default 0
        Seed of all random numbers.
    test_pulses : bool, by default True
        With off there is only the induction, and no EPSP is measured. In Python, False means off.
    copies : int | None
        Stimulate and test N inputs together in place of one. By default the protocol's own number.
    control : bool, by default False
        Test an unstimulated input of the same cell as well. This shows heterosynaptic plasticity.
    paired_pulse : Time | str | None
        Give a second pulse this long after each test pulse, such as 50ms. The result has the ratio of the two EPSPs.
    exact : bool, by default False
        Carry out every time step; otherwise times in which nothing happens are computed at once, which is faster. The two
        ways differ by at most 1e-6 mV in the membrane potential and 1e-8 of its limit in a weight.

    Returns
    -------
    xarray.Dataset
        Over ``condition`` the means over cells of what `run` gives, such as ``epsp_ratio`` with ``epsp_ratio_sem`` (over
        cells), and of the paired t-test of before against after ``paired_t``, ``paired_p`` and ``cells``, the number of
        cells that it rests on (of EPSPs; without test pulses of the rule's readout, or of efficacies if it has none); over
        ``cell`` and ``condition`` the single values as ``cell_epsp_ratio`` and so on; published values as in `run`.

    Raises
    ------
    ScheduleError
        For fewer than two cells, a negative CV, or bounds that leave no room for draws.
    SpikehebError
        As `run`.
    """

def weights(
    rule: Rule | str | Sequence[Rule | str],
    cell: Cell | str | None = "auto",
    inputs: Inputs | FanIn | Source | None = None,
    duration: Time | str = 100.0,
    seeds: Sequence[int] | int = 2,
    *,
    seed: int = 0,
    cells: int = 1,
    imposed: Frequency | str | None = None,
    dt: Time | str = 0.0001,
    unit: Sequence[Conductance | str] | Conductance | str | None = None,
    current: Sequence[Amperes | str] | Amperes | str | None = None,
    w0: Start | None = None,
    match_rates: bool = False,
    normalise: Literal["divisive", "subtractive"] | None = None,
    normalise_every: Time | str | None = None,
    snapshots: int = 40,
    watch: int = 1000,
    epsp: Voltage | str | None = None,
    memory: float | str = "2 GB",
    engine: str = "auto",
    name: Sequence[str] | str | None = None,
    progress: Progress = None,
) -> xr.Dataset:
    """Let weights settle under the same input spikes for every rule.

    A run is stopped when a cell fires faster than 300 Hz; the result then has what was computed so far, and a note.

    Parameters
    ----------
    rule : Rule or str, or a sequence of these
        With their sets and bounds chosen.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    cell : Cell | str | None, by default 'auto'
        A cell, by name or path; auto is l5_pyramidal with `unit` auto, or no cell where `imposed` is given. With None,
        spikes must be imposed.
    inputs : Inputs | FanIn | Source | None
        By default those of `fan_in_inputs`: 1000 Poisson inputs at 15 Hz. Otherwise the result of a function such as that,
        or one source of trains.
    duration : Time | str, by default '100 s'
        How long the cell is simulated, in biological time.
    seeds : Sequence[int] | int, by default 2
        Repeat everything with this many seeds. A list gives the seeds themselves.
    seed : int, by default 0
        The first seed. A list of seeds needs no first seed.
    cells : int, by default 1
        How many cells get the inputs.
    imposed : Frequency | str | None
        Impose Poisson postsynaptic spikes at this rate, in place of a cell. They are independent of the inputs.
    dt : Time | str, by default '0.1 ms'
        Time step.
    unit : Sequence[Conductance | str] | Conductance | str | None
        Conductance of a synapse of efficacy 1: one value, or one for each rule. By default the cell's own, or auto where
        `cell` is auto. The word auto chooses it so that the cell fires at about 12 Hz with every weight at its start and at
        about 60 Hz with every weight at its upper bound. The cell's own is too strong for many inputs. The result says what
        was chosen.
    current : Sequence[Amperes | str] | Amperes | str | None
        Constant current into each cell: one value, or one for each rule. By default none; where `unit` is auto, the current
        that is needed beside the inputs to make the cell fire at 12 Hz.
    w0 : Start | None
        Initial weight, or a file with one for each synapse (.npy, or .csv with the column weight); by default the rule's
        own. An array has one weight for each synapse of a cell.
    match_rates : bool, by default False
        Run slow rules longer, so that the weights change as much under every rule. Each rule's duration is stretched by the
        inverse of its largest change in one event, relative to the first.
    normalise : Literal["divisive", "subtractive"] | None
        Keep the sum of each cell's weights constant: divisive or subtractive.
    normalise_every : Time | str | None
        Time between two normalisations; by default every event is followed by a normalisation.
    snapshots : int, by default 40
        How many times the distribution of weights is recorded. These times are spread from the start to the end.
    watch : int, by default 1000
        Of how many synapses of the first cell the weights are recorded at these times. The synapses are evenly spread.
    epsp : Voltage | str | None
        Size of the EPSP of a weight of 1; measured EPSPs are then drawn beside the weights. This weight is in the common
        unit.
    memory : float | str, by default '2 GB'
        How much memory may be used, such as "2 GB". A run that needs more is refused before it starts.
    engine : str, by default 'auto'
        auto, kernel, plain or brian.
    name : Sequence[str] | str | None
        Name of a rule in the result, one for each rule and in their order; by default the labels.

    Returns
    -------
    xarray.Dataset
        Over ``rule``, ``seed``, ``cell`` and ``input`` the weights in the rule's common unit (``weight``: w/w_max where every rule has
        an upper limit, else w/w0), over ``time`` the kept subset (``snapshot``, NaN after a run was stopped) and the histograms
        (``histogram`` over ``bin``), the ``rate`` of the cells; the shape of each distribution, whether it has settled (``settled``: yes,
        no or cannot tell, and ``why``), a ``note`` where the rate is beyond physiology; over ``rule`` what was run by which engine.

    Raises
    ------
    SpikehebError
        Among others where the estimated memory is beyond `memory`.
    """

def window(
    rule: Rule | str | Sequence[Rule | str],
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
    exact: bool = False,
    progress: Progress = None,
) -> xr.Dataset:
    """The weight after `pairs` pairs at each delta_t, for one rule or several.

    A rule that draws random numbers is shown by the mean of many synapses, in its readout (in its efficacy where it has none); any
    other by the weight of one.

    Parameters
    ----------
    rule : Rule or str, or a sequence of these
        A rule, or its name or path.
    progress : bool or callable, optional
        True for a bar; a function is called with the fraction done.
    delta_t : npt.ArrayLike | None
        Values of delta_t, such as "-20 ms, -10 ms, 10 ms, 20 ms"; by default -60 to 60 ms, less where the period is
        shorter. ``t_post - t_pre``, by default in steps of 2 ms. 0 is a tie, decided by the rule's coincidence policy.
    pairs : int, by default 60
        How many pairs.
    frequency : Frequency | str, by default '1 Hz'
        Pairs per second.
    w0 : Start | None
        Initial weight, or a file with one for each synapse (.npy, or .csv with the column weight); by default the rule's
        own. An array has one weight for each synapse of a cell.
    cell : Cell | str | None
        The cell, for rules that read the membrane potential. A cell, or its name or path.
    cells : int | None
        Cells that carry out each condition; by default 1. More where all synapses of a cell share the random numbers (noise
        of the membrane or of [post] variables).
    synapses : int | None
        Synapses of each cell with the same spikes; by default 1, or 200 in all for a rule that draws random numbers.
        Together they have the conductance of one synapse.
    dt : Time | str, by default '0.1 ms'
        Time step.
    engine : str, by default 'auto'
        auto, kernel, plain, brian, brian:numpy, brian:cython or brian:standalone.
    seed : int, by default 0
        Seed of all random numbers.
    seeds : Sequence[int] | int | None
        Repeat everything with this many seeds, starting at `seed`. A list gives the seeds themselves.
    exact : bool, by default False
        Carry out every time step; otherwise times in which nothing happens are computed at once, which is faster. The two
        ways differ by at most 1e-6 mV in the membrane potential and 1e-8 of its limit in a weight.

    Returns
    -------
    xarray.Dataset
        Over ``delta_t``: ``w`` (final weight, mean over synapses) and ``change`` (mean after over mean before, minus 1), of a rule that
        draws also ``change_sem``. The attribute ``counted`` says what changed: weight, efficacy or readout; ``note`` says where no weight
        changed, and why. Of several rules, over ``rule`` as well (`spikeheb.studies.windows.overlay`).

    Raises
    ------
    FormatError
        Without a rule.
    ScheduleError
        For a delta_t that is not shorter than the period, and numbers of pairs, cells, synapses or seeds below 1.
    """
