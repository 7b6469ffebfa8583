"""The tables of a circuit's file, as they stand in it: types are checked here, meanings in `spikeheb.circuits.files`."""

from __future__ import annotations

import msgspec

Number = str | int | float
"""A quantity as text, or a pure number."""
Row = str | int | float | list[Number]
"""One for all, or a list with one for each."""


class SeriesTable(msgspec.Struct, forbid_unknown_fields=True):
    """Times at equal distances; without `count` to the end of the run."""

    every: Number
    count: int | None = None
    first: Number = 0


Times = SeriesTable | list[Number]


class PatternTable(msgspec.Struct, forbid_unknown_fields=True):
    """A window of a source's trains that is pasted into them again and again."""

    window: Number
    share: Number
    members: int
    jitter: Number = 0
    deleted: Number = 0
    noise: Number = 0


class SourceTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``sources`` or ``imposed``; which keys it has depends on its kind."""

    kind: str
    count: int | None = None
    rate: Row | None = None
    share: Number | None = None
    latency: Row | None = None
    jitter: Number | None = None
    period: Row | None = None
    phase: Row | None = None
    trains: list[list[Number]] | None = None
    cells: int | None = None
    low: Number | None = None
    high: Number | None = None
    slope: Number | None = None
    turn: Number | None = None
    every: Number | None = None
    silence: Number | None = None
    pattern: PatternTable | None = None
    duplicates: str | None = None
    repeat: Number | None = None
    from_: Number | None = msgspec.field(default=None, name="from")
    until: Number | None = None


class CellTable(msgspec.Struct, forbid_unknown_fields=True):
    """A cell with parameters of its own."""

    name: str
    parameters: dict[str, Number] = {}


class RuleTable(msgspec.Struct, forbid_unknown_fields=True):
    """A rule with what is chosen of it, as `spikeheb.rules.choose` takes it."""

    name: str
    set: str | None = None
    interaction: str | None = None
    bounds: str | dict[str, Number] | None = None
    coincidence: str | None = None
    axonal_delay: Number | None = None
    backpropagation_delay: Number | None = None
    parameters: dict[str, Number] = {}


class PopulationTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``[populations]``: it has `sources`, or it has a `count` of cells."""

    sources: list[SourceTable] | None = None
    count: int | None = None
    cell: CellTable | str | None = None


class NormaliseTable(msgspec.Struct, forbid_unknown_fields=True):
    """The sum to which weights are normalised."""

    kind: str
    target: Number
    every: Number = 0


class ConnectTable(msgspec.Struct, forbid_unknown_fields=True):
    """A way to connect, with what its kind takes."""

    kind: str
    probability: float | None = None
    count: int | None = None
    autapses: bool | None = None
    multiple: bool | None = None
    pre: list[int] | None = None
    post: list[int] | None = None
    weight: list[Number] | None = None
    delay: list[Number] | None = None
    file: str | None = None
    population: str | None = None


class DistributionTable(msgspec.Struct, forbid_unknown_fields=True):
    """Numbers that are drawn for each synapse; which keys it has depends on its kind."""

    kind: str
    low: Number | None = None
    high: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    median: Number | None = None
    sigma: Number | None = None


class ProjectionTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``[projections]``."""

    pre: str
    post: str
    connect: ConnectTable | str = "all_to_all"
    reaches: list[int] | None = None
    rule: RuleTable | str | None = None
    receptor: str | None = None
    efficacy: Number | DistributionTable | None = None
    delay: Number | DistributionTable | None = None
    initial: dict[str, str | int | float | list[Row] | DistributionTable] = {}
    overrides: dict[str, Row] = {}
    normalise: NormaliseTable | None = None
    pre_cells: list[int] | None = None
    post_cells: list[int] | None = None


class ChangeTable(msgspec.Struct, forbid_unknown_fields=True):
    """A value that is set at a time, for one cell or for all."""

    at: Number
    value: Number
    cell: int | None = None


class NoiseTable(msgspec.Struct, forbid_unknown_fields=True):
    """A random current."""

    low: Number
    high: Number
    every: Number


class DrivesTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``[drives]``."""

    imposed: list[SourceTable] = []
    currents: list[ChangeTable] = []
    clamps: list[ChangeTable] = []
    rewards: list[ChangeTable] = []
    noise: NoiseTable | None = None


class CellOfTable(msgspec.Struct, forbid_unknown_fields=True):
    """A cell, or a source, of a population."""

    population: str
    cell: int


class TriggerTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``[triggers]``."""

    first: CellOfTable
    then: CellOfTable
    within: Number
    value: Number
    after: list[Number]
    rewards: list[str]


class EdgesTable(msgspec.Struct, forbid_unknown_fields=True):
    """Bins of equal width."""

    low: Number
    high: Number
    bins: int


class OfCellsTable(msgspec.Struct, forbid_unknown_fields=True):
    """What is recorded of a population; cells by number, or how many."""

    spikes: list[int] | int | None = None
    bin: Number = 0
    cells: list[int] | int = []
    samples: Times | None = None


class OfSynapsesTable(msgspec.Struct, forbid_unknown_fields=True):
    """What is recorded of a projection."""

    snapshots: Times | None = None
    watched: list[list[int]] | int = 0
    watch: Times | None = None
    histograms: Times | None = None
    edges: EdgesTable | list[Number] = []


class ProbesTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[probes]``."""

    samples: Times = []
    sweeps: Times = []
    sweep_length: Number = 0
    snapshots: Times = []
    watched: list[list[int]] = []
    watch: Times = []
    histograms: Times = []
    edges: list[Number] = []
    trains: bool = False
    populations: dict[str, OfCellsTable] = {}
    projections: dict[str, OfSynapsesTable] = {}


class RewireTable(msgspec.Struct, forbid_unknown_fields=True):
    """Which synapses are removed, and what stays the same where new ones are drawn."""

    below: Number
    keep: str


class PhaseTable(msgspec.Struct, forbid_unknown_fields=True):
    """What changes at a time."""

    at: Number
    plastic: dict[str, bool] = {}
    parameters: dict[str, dict[str, Number]] = {}
    rewire: dict[str, RewireTable] = {}


class CircuitTable(msgspec.Struct, forbid_unknown_fields=True):
    """A whole file."""

    schema: int
    dt: Number
    duration: Number
    populations: dict[str, PopulationTable]
    projections: dict[str, ProjectionTable]
    title: str = ""
    doc: str = ""
    seed: int = 0
    precision: str = "float64"
    exact: bool = False
    mirrored: bool = False
    low_memory: bool = False
    drives: dict[str, DrivesTable] = {}
    triggers: dict[str, TriggerTable] = {}
    phases: list[PhaseTable] = []
    probes: ProbesTable = msgspec.field(default_factory=ProbesTable)
