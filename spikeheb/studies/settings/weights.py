"""The settings of a study of weights, and of the inputs that it offers on the command line."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.limits import LARGEST_SEED
from spikeheb.settings import Frequency, Time, Voltage
from spikeheb.studies.settings.several import StartWeight

PANEL = "The inputs"
BY_MEMORY = 2**63 - 1
"""The largest number of what memory limits, which `fan_in_inputs` checks itself."""


def _some(doc: str, more: str = "") -> Setting:
    return Setting(doc, more, least=0, most=BY_MEMORY, metavar="N", panel=PANEL)


@dataclass(frozen=True)
class FanIn:
    """Inputs onto each cell: a correlated group, a group with latencies, and independent ones, as far as there are any."""

    inputs: Annotated[int, Setting("Plastic inputs of each cell.", most=BY_MEMORY, panel=PANEL)] = 1000
    rate: Annotated[Frequency, Setting("Rate of each input.", range=(1.0, 100.0), scale="log", panel=PANEL)] = 15.0
    _: KW_ONLY
    correlated: Annotated[
        int,
        Setting(
            "How many of the inputs are correlated with each other.", "See `correlated`.", least=0, most=BY_MEMORY, metavar="N", panel=PANEL
        ),
    ] = 0
    correlation: Annotated[
        float | None, Setting("Correlation coefficient of any two correlated inputs; by default 0.1.", range=(0.01, 1.0), panel=PANEL)
    ] = None
    correlation_time: Annotated[
        Time | None, Setting("Time constant of this correlation; by default 20 ms.", range=(1e-3, 0.2), scale="log", panel=PANEL)
    ] = None
    early: Annotated[int, _some("How many of the inputs follow a common event, 0 to 50 ms after it.")] = 0
    inhibitory: Annotated[int, _some("How many inhibitory Poisson inputs each cell gets as well, without plasticity.")] = 0
    inhibitory_rate: Annotated[
        Frequency | None, Setting("Rate of each inhibitory input; by default 10 Hz.", range=(1.0, 100.0), scale="log", panel=PANEL)
    ] = None


@dataclass(frozen=True)
class Weights:
    """How weights are let settle."""

    cell: Annotated[
        Any,
        Setting(
            "A cell, by name or path; auto is l5_pyramidal with `unit` auto, or no cell where `imposed` is given.",
            "With None, spikes must be imposed.", accepts="Cell | str | None", flags=("--cell", "-c"), metavar="CELL",
        ),
    ] = "auto"  # fmt: skip
    inputs: Annotated[
        Any,
        Setting(
            "By default those of `fan_in_inputs`: 1000 Poisson inputs at 15 Hz.",
            "Otherwise the result of a function such as that, or one source of trains.",
            accepts="Inputs | FanIn | Source | None", option=None, nested=FanIn,
        ),
    ] = None  # fmt: skip
    duration: Annotated[Time, Setting("How long the cell is simulated, in biological time.", range=(1.0, 1e4), scale="log")] = 100.0
    seeds: Annotated[
        Any,
        Setting("Repeat everything with this many seeds.", "A list gives the seeds themselves.", accepts="Sequence[int] | int", option=int),
    ] = 2
    _: KW_ONLY
    seed: Annotated[int, Setting("The first seed.", "A list of seeds needs no first seed.", least=0, most=LARGEST_SEED)] = 0
    cells: Annotated[int, Setting("How many cells get the inputs.")] = 1
    imposed: Annotated[
        Frequency | None,
        Setting(
            "Impose Poisson postsynaptic spikes at this rate, in place of a cell.", "They are independent of the inputs.",
            range=(1.0, 100.0), scale="log", panel=PANEL,
        ),
    ] = None  # fmt: skip
    dt: Annotated[Time, Setting("Time step.", range=(1e-5, 1e-3), scale="log")] = 1e-4
    unit: Annotated[
        Any,
        Setting(
            "Conductance of a synapse of efficacy 1: one value, or one for each rule. By default the cell's own, "
            "or auto where `cell` is auto. The word auto chooses it so that the cell fires at about 12 Hz with every weight at its start "
            "and at about 60 Hz with every weight at its upper bound.",
            "The cell's own is too strong for many inputs. The result says what was chosen.",
            accepts="Sequence[Conductance | str] | Conductance | str | None", metavar="CONDUCTANCE", unit="_S", row=True,
        ),
    ] = None  # fmt: skip
    current: Annotated[
        Any,
        Setting(
            "Constant current into each cell: one value, or one for each rule. By default none; "
            "where `unit` is auto, the current that is needed beside the inputs to make the cell fire at 12 Hz.",
            accepts="Sequence[Amperes | str] | Amperes | str | None", metavar="CURRENT", unit="_A", row=True,
        ),
    ] = None  # fmt: skip
    w0: StartWeight = None
    match_rates: Annotated[
        bool,
        Setting(
            "Run slow rules longer, so that the weights change as much under every rule.",
            "Each rule's duration is stretched by the inverse of its largest change in one event, relative to the first.",
            flags=("--match-rates",),
        ),
    ] = False  # fmt: skip
    normalise: Annotated[
        Any,
        Setting(
            "Keep the sum of each cell's weights constant: divisive or subtractive.",
            accepts='Literal["divisive", "subtractive"] | None', metavar="KIND",
        ),
    ] = None  # fmt: skip
    normalise_every: Annotated[
        Time | None,
        Setting("Time between two normalisations; by default every event is followed by a normalisation.", range=(1e-3, 10.0), scale="log"),
    ] = None
    snapshots: Annotated[
        int, Setting("How many times the distribution of weights is recorded.", "These times are spread from the start to the end.")
    ] = 40
    watch: Annotated[
        int, Setting("Of how many synapses of the first cell the weights are recorded at these times.", "The synapses are evenly spread.")
    ] = 1000
    epsp: Annotated[
        Voltage | None,
        Setting(
            "Size of the EPSP of a weight of 1; measured EPSPs are then drawn beside the weights.",
            "This weight is in the common unit.",
            range=(1e-4, 0.01),
        ),
    ] = None
    memory: Annotated[
        Any,
        Setting(
            'How much memory may be used, such as "2 GB".',
            "A run that needs more is refused before it starts.",
            accepts="float | str",
            metavar="BYTES",
        ),
    ] = "2 GB"
    engine: Annotated[Any, Setting("auto, kernel, plain or brian.", accepts="str", metavar="ENGINE")] = "auto"
    name: Annotated[
        Any,
        Setting(
            "Name of a rule in the result, one for each rule and in their order; by default the labels.",
            accepts="Sequence[str] | str | None", option=list[str], metavar="TEXT", panel="The rule",
        ),
    ] = None  # fmt: skip
