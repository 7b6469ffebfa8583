"""A circuit from a TOML file, and as the text of one.

A file has `schema = 1`, `dt` and `duration`, and may have `title`, `doc`, `seed`, `precision`, `exact`, `mirrored`, `low_memory`; tables:

``[populations.NAME]``
    Either `sources`, a list of tables as `spikeheb.circuits.file_values` says. Or a `count` of cells, and the `cell` by name or path,
    perhaps as ``{ name = "l5_pyramidal", parameters = { E_L = "-65 mV" } }``; without it the cells have only imposed spikes.
``[projections.NAME]``
    `pre` and `post` name populations. `connect` is the name of a connector, or ``{ kind = "pairwise_bernoulli", probability = 0.02,
    autapses = false }`` with what `spikeheb.circuits.connect` has for it; or ``"own_copies"``, or ``"pairwise"`` with `reaches`, the
    cell of each source. `rule` is a name or path, or ``{ name = "pair", set = "additive", parameters = { tau_plus = "15 ms" } }`` with what
    `spikeheb.rules.choose` takes. `receptor` names one of the cell's. With a rule: `initial`, `overrides` (constants, one for each cell),
    `normalise` (`kind`, `target`, `every`). Without: `efficacy`. With or without: `delay`. Of a network,
    `pre_cells` and `post_cells`, such as ``[0, 100]``, are those that take part, and initial values, efficacy and delay may be drawn for
    each synapse: ``{ kind = "uniform", low = "1 ms", high = "5 ms" }``, ``"normal"`` (`mean`, `sd`, and limits `low` and `high`) or
    ``"lognormal"`` (`median`, `sigma`).
    Given synapses (``kind = "explicit"``) are `pre` and `post`, and perhaps `weight` and `delay`, lists with one for each; or a `file` in
    the SONATA format and the name of a `population` of its edges, with `syn_weight` (in the unit of the rule's weight, without a rule in
    unit conductances) and `delay` (in ms) where it has them and the projection says nothing else: see `spikeheb.circuits.sonata`.
``[drives.NAME]``
    By population of cells: `imposed`, a list of sources; `currents`, `clamps` and `rewards`, lists of
    ``{ at = "50 ms", value = "200 pA" }`` for every cell, or with `cell = 3` for that one. A clamp that ends
    has the value ``"released"``. Of a network, `noise` is a random current, ``{ low = "-1 nA", high = "1 nA", every = "1 ms" }``.
``[triggers.NAME]``
    Of a network: rewards that cells bring about. An event is a spike of `then` ``within = "20 ms"`` after one of `first`, each
    ``{ population = "e", cell = 0 }``; ``after = ["1 s", "3 s"]`` it, which is drawn, a reward of `value` reaches all synapses onto the
    populations `rewards`, a list of names.
``[[phases]]``
    Of a network: `at`, from when on, which may be the start; `plastic`, whether the weights of a projection may change
    (``plastic = { ie = false }``); `parameters`, new constants of its rule (``parameters.ie = { eta = 0.01 }``); and `rewire`: its
    synapses whose weight is below a limit are removed, and as many new ones drawn (``rewire.ee = { below = 0.05, keep = "indegree" }``,
    or ``"outdegree"``).
``[probes]``
    As `spikeheb.circuits.probes.Probes`, in times: a list of them, or ``{ first = "0 ms", every = "10 ms", count = 50 }``, in which
    `first` and `count` may be left out: from the start on, to the end of the run.
``[probes.populations.NAME]``
    Of a network, of a population of cells: `spikes`, of which cells they are recorded (numbers of cells, or how many, at equal distances);
    `bin`, the width of bins in which the spikes of all are counted; `cells` (as `spikes`), whose potential and synaptic currents are
    recorded at the times `samples`.
``[probes.projections.NAME]``
    Of a network, of a projection with a rule: `snapshots`; `watched` (pairs of cell and source, or how many) and the times `watch`;
    `histograms` and their `edges`, a list or ``{ low = 0, high = 1, bins = 20 }``.

Quantities carry their units as text. A time means the nearest time step. A path is relative to the folder of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from spikeheb import library
from spikeheb.cells import Cell, with_parameters
from spikeheb.circuits.circuit import PRECISIONS, Circuit
from spikeheb.circuits.distributions import Distribution
from spikeheb.circuits.file_connect import read_connect, read_drawn
from spikeheb.circuits.file_drives import of_kind, read_drives, read_trigger
from spikeheb.circuits.file_phases import read_phases
from spikeheb.circuits.file_probes import read_probes
from spikeheb.circuits.file_tables import (
    CellTable,
    CircuitTable,
    DistributionTable,
    PopulationTable,
    ProjectionTable,
    RuleTable,
)
from spikeheb.circuits.file_text import difference, toml_text
from spikeheb.circuits.file_values import Reading, check_trains, read_sources
from spikeheb.circuits.populations import Cells, Population, Spikes
from spikeheb.circuits.projections import Normalise, Projection
from spikeheb.circuits.steps import Floats
from spikeheb.circuits.values import initial_shapes
from spikeheb.dimensions import NONE, TIME, Dimension
from spikeheb.errors import FormatError, unknown_name
from spikeheb.limits import LEVELS, check_memory
from spikeheb.paths import is_file
from spikeheb.rules import Rule, choose
from spikeheb.rules.numbers import check_numbers
from spikeheb.tables import as_table, decode_text, read_text
from spikeheb.units import format_quantity

MAX_BYTES = library.MOST_OF_NETWORK
MAX_ITEMS = 500_000
"""The largest number of entries of a list."""
REMEDY = "give fewer trains, or trains drawn from rates"
WRITTEN, GIVEN = "text of the circuit", "the network"
OF_RULES = {
    "parameters": "parameters", "sets": "set", "interactions": "interaction", "bounds": "bounds", "coincidence": "coincidence",
    "axonal_delay": "axonal_delay", "backpropagation_delay": "backpropagation_delay",
}  # fmt: skip
"""What may be chosen of a rule: keys of this file by those that errors have."""


def read_circuit(path: Path | str) -> Circuit:
    """The circuit of a file.

    Raises
    ------
    FormatError, UnitError, UnknownName
        Naming the file and the key, for the first thing that is not as the format says.
    """
    return circuit_of_text(read_text(Path(path), MAX_BYTES, REMEDY), str(path), Path(path).parent)


def circuit_of(content: Mapping[str, object]) -> Circuit:
    """The circuit that a mapping describes, with the keys of a file.

    A rule or a cell may stand in it as a value, a list as an array or a tuple. The time step is 0.1 ms where it is not given.

    Raises
    ------
    FormatError, UnitError, UnknownName
        Naming the key, for the first thing that is not as the format says.
    """
    things: dict[str, Rule | Cell] = {}
    plain = _plain(content, things)
    assert isinstance(plain, dict)
    return _made(as_table({"schema": 1, "dt": "0.1 ms", **plain}, CircuitTable, GIVEN, MAX_ITEMS), GIVEN, Path(), things)


def _plain(value: object, things: dict[str, Rule | Cell], level: int = 0) -> object:
    """What a file could hold; rules and cells go into `things`, and their names there stand in their places."""
    if level > LEVELS:
        raise FormatError(f"tables and lists more than {LEVELS} deep; write them flatter", path=GIVEN)
    if isinstance(value, Mapping):
        return {str(name): _plain(each, things, level + 1) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(each, things, level + 1) for each in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Rule | Cell):
        things[name := f"given {len(things)}"] = value
        return name
    return str(value) if isinstance(value, Path) else value


def circuit_to_toml(circuit: Circuit) -> str:
    """The circuit as the text of a file; `read_circuit` makes an equal circuit of it.

    Rules and cells are written by name where the library has their files under it, else by path.

    Raises
    ------
    FormatError, UnitError, UnknownName
        For what no file can say: a rule changed otherwise than by `spikeheb.rules.choose`, or more spikes than a file may hold.
    """
    text = toml_text(circuit)
    if len(text.encode()) > MAX_BYTES:
        raise FormatError(f"has more than {MAX_BYTES} bytes; {REMEDY}", path=WRITTEN)
    key = difference(circuit, circuit_of_text(text, WRITTEN, Path()))
    if key is not None:
        raise FormatError(
            "was changed in a way that the file of a circuit cannot express; write a rule or cell file of its own", path=WRITTEN, key=key
        )
    return text


def circuit_of_text(text: str, where: str, folder: Path) -> Circuit:
    """The circuit that the text of a file describes; paths in it are seen from `folder`.

    Raises
    ------
    FormatError, UnitError, UnknownName
        Naming `where` and the key.
    """
    return _made(decode_text(text, CircuitTable, where, MAX_ITEMS), where, folder, {})


def _made(table: CircuitTable, where: str, folder: Path, things: Mapping[str, Rule | Cell]) -> Circuit:
    if table.schema != 1:
        raise FormatError(f"this version reads schema 1 (got {table.schema})", path=where, key="schema")
    dt = Reading(where).number(table.dt, TIME, "dt")
    if not dt > 0:
        raise FormatError(f"expected a time above 0 (got {table.dt})", path=where, key="dt")
    file = Reading(where, dt, things)
    lists = {f"populations.{name}.sources": raw.sources or [] for name, raw in table.populations.items()}
    check_trains(lists | {f"drives.{name}.imposed": raw.imposed for name, raw in table.drives.items()}, file)
    populations = {name: _population(raw, file, folder, f"populations.{name}") for name, raw in table.populations.items()}
    projections = {name: _projection(raw, populations, file, folder, f"projections.{name}") for name, raw in table.projections.items()}
    drives = {name: read_drives(raw, populations, file, f"drives.{name}") for name, raw in table.drives.items()}
    steps = file.step(table.duration, "duration")
    if steps < 1:
        raise file.error("duration", f"expected at least one time step (got {table.duration})")
    if table.precision not in PRECISIONS:
        raise unknown_name("precision", table.precision, PRECISIONS, path=where, key="precision")
    with file.at("projections"):
        circuit = Circuit(
            dt=dt, steps=steps, populations=populations, projections=projections, seed=table.seed, precision=table.precision,
            exact=table.exact, mirrored=table.mirrored, low_memory=table.low_memory, title=table.title, doc=table.doc,
        )  # fmt: skip
    with file.at("populations"):
        if not circuit.is_network:
            check_memory(8.0 * circuit.synapse_count * len(circuit.rule.variables), f"the {circuit.synapse_count:,} synapses")
    with file.at("drives"):
        circuit = replace(circuit, drives=drives)
    with file.at("triggers"):
        triggers = {name: read_trigger(raw, populations, file, f"triggers.{name}") for name, raw in table.triggers.items()}
        circuit = replace(circuit, triggers=triggers)
    with file.at("phases"):
        circuit = replace(circuit, phases=read_phases(table.phases, projections, steps, file))
    if not circuit.is_network:
        _check_initial(circuit, file)
    with file.at("probes"):
        return replace(circuit, probes=read_probes(table.probes, populations, steps, file))


# --- populations ---


def _population(raw: PopulationTable, file: Reading, folder: Path, key: str) -> Population:
    if (raw.sources is None) == (raw.count is None):
        raise file.error(key, "expected either sources (a population that sends spikes) or count (cells)")
    if raw.sources is not None:
        if raw.cell is not None:
            raise file.error(f"{key}.cell", "has no effect where sources are given; describe cells as a population of their own")
        return Spikes(read_sources(raw.sources, file, f"{key}.sources"))
    count = file.whole(raw.count or 0, f"{key}.count", least=1)
    return Cells(count, None if raw.cell is None else _cell(raw.cell, file, folder, f"{key}.cell"))


def _cell(raw: CellTable | str, file: Reading, folder: Path, key: str) -> Cell:
    name, given = (raw, {}) if isinstance(raw, str) else (raw.name, raw.parameters)
    with file.at(key):
        cell = library.cell(file.things.get(name) or _placed("cell", name, folder))
    with file.at(key), file.chosen(cell.name, cell.path, {"parameters": "parameters"}, key):
        return with_parameters(cell, _as_text(given))


def _rule(raw: RuleTable | str, file: Reading, folder: Path, key: str) -> Rule:
    table = RuleTable(raw) if isinstance(raw, str) else raw
    whole = file.things.get(table.name)
    parts = table.name.split("+") if whole is None and library.is_combination(table.name) else [table.name]
    with file.at(key):
        given = "+".join(_placed("rule", part, folder) for part in parts)
        name, own = (given, None) if whole is not None or len(parts) > 1 else library.split_set(given)
        if table.set is not None and (own is not None or len(parts) > 1):
            raise file.error(f"{key}.set", "the name says which set it is; give only one")
        rule = library.rule(whole or name)
    with file.at(key), file.chosen(rule.name, rule.path, OF_RULES, key):
        return choose(
            rule,
            set=own or table.set,
            interaction=table.interaction,
            bounds=table.bounds,
            coincidence=table.coincidence,
            axonal_delay=None if table.axonal_delay is None else str(table.axonal_delay),
            backpropagation_delay=None if table.backpropagation_delay is None else str(table.backpropagation_delay),
            parameters=_as_text(table.parameters),
        )


def _placed(kind: str, text: str, folder: Path) -> str:
    """A name as it is; a path, perhaps with a set after it, seen from the folder of the file.

    Raises
    ------
    FormatError
        For the file of a network, which could be this one.
    """
    is_path = library.is_path(text) or library.is_path(text.rpartition(":")[0])
    placed = str(folder / text) if is_path else text
    if is_path and placed.endswith(".toml") and is_file(placed) and library.kind_of(Path(placed)) == "network":
        raise FormatError(f'"{text}" is the file of a network; name a {kind} of the library, or the file of a {kind}')
    return placed


def _as_text(values: Mapping[str, str | int | float]) -> dict[str, str]:
    """The values as text, so that what is not a pure number must name its unit."""
    return {name: str(value) for name, value in values.items()}


# --- projections ---


def _projection(raw: ProjectionTable, populations: Mapping[str, Population], file: Reading, folder: Path, key: str) -> Projection:
    kinds = (("pre", (Spikes, Cells)), ("post", (Cells,)))
    pre, post = (of_kind(getattr(raw, end), kind, populations, file, f"{key}.{end}") for end, kind in kinds)
    cell = post.cell if isinstance(post, Cells) else None
    _check_effect(raw, cell, file, key)
    rule = None if raw.rule is None else _rule(raw.rule, file, folder, f"{key}.rule")
    if raw.receptor is not None and cell is not None and raw.receptor not in cell.receptors:
        raise unknown_name("receptor", raw.receptor, cell.receptors, path=file.where, key=f"{key}.receptor")
    with file.at(key):
        return Projection(
            pre=raw.pre,
            post=raw.post,
            connect=read_connect(raw, rule, pre.count, post.count, file, folder, key),
            rule=rule,
            receptor=raw.receptor,
            efficacy=1.0 if raw.efficacy is None else _drawn(raw.efficacy, NONE, file, f"{key}.efficacy"),
            delay=0.0 if raw.delay is None else _drawn(raw.delay, TIME, file, f"{key}.delay"),
            initial={} if rule is None else _initial(raw.initial, rule, file, f"{key}.initial"),
            overrides={} if rule is None else _overrides(raw, rule, post.count, file, f"{key}.overrides"),
            normalise=_normalise(raw, file, f"{key}.normalise"),
            **{name: _taking_part(getattr(raw, name), file, f"{key}.{name}") for name in ("pre_cells", "post_cells")},
        )


def _taking_part(raw: list[int] | None, file: Reading, key: str) -> tuple[int, int] | None:
    if raw is not None and len(raw) != 2:
        raise file.error(key, f"expected two numbers, the first and the one after the last, such as [0, 100] (got {len(raw)} numbers)")
    return None if raw is None else (raw[0], raw[1])


def _check_effect(raw: ProjectionTable, cell: Cell | None, file: Reading, key: str) -> None:
    """Raise for what would have no effect."""
    idle: tuple[str, ...]
    if raw.rule is not None:
        idle, why = ("efficacy",), "has no effect where there is a rule, which sets the efficacy itself"
    else:
        idle, why = ("initial", "overrides", "normalise"), "has no effect without a rule"
    for name in idle:
        if getattr(raw, name) not in (None, {}):
            raise file.error(f"{key}.{name}", why)
    if raw.receptor is not None and cell is None:
        raise file.error(f"{key}.receptor", f'has no effect without a cell; give the population "{raw.post}" one, with the key cell')


def _initial(raw: Mapping[str, object], rule: Rule, file: Reading, key: str) -> dict[str, float | Floats | Distribution]:
    kinds = {equation.name: equation.dimension for equation in rule.equations if equation.name in rule.initial}
    for name in raw:
        if name not in kinds:
            raise unknown_name("variable", name, kinds, path=file.where, key=key)
    return {
        name: read_drawn(value, kinds[name], file, f"{key}.{name}") if isinstance(value, DistributionTable)
        else _array(value, kinds[name], file, f"{key}.{name}") for name, value in raw.items()
    }  # fmt: skip


def _overrides(raw: ProjectionTable, rule: Rule, cells: int, file: Reading, key: str) -> dict[str, Floats]:
    for name in raw.overrides:
        if name not in rule.constants:
            raise unknown_name("constant", name, rule.constants, path=file.where, key=key)
    kinds = {name: rule.parameters[name].dimension if name in rule.parameters else NONE for name in raw.overrides}
    overrides = {
        name: file.row(value, kinds[name], cells, f"{key}.{name}") if isinstance(value, list)
        else np.array(file.number(value, kinds[name], f"{key}.{name}")) for name, value in raw.overrides.items()
    }  # fmt: skip
    for name in overrides.keys() & rule.parameters.keys():
        with file.chosen(rule.name, rule.path, {f"parameters.{name}": name}, key):
            choose(rule, parameters={name: format_quantity(overrides[name].min(), kinds[name])})
    if overrides:
        with file.chosen(rule.name, rule.path, {}, key):
            check_numbers(rule, {**rule.constants, **overrides})
    return overrides


def _drawn(raw: str | int | float | DistributionTable, dimension: Dimension, file: Reading, key: str) -> float | Distribution:
    """One number for all synapses, or a distribution."""
    if isinstance(raw, DistributionTable):
        return read_drawn(raw, dimension, file, key)
    return file.time(raw, key) if dimension == TIME else file.number(raw, dimension, key)


def _array(value: object, dimension: Dimension, file: Reading, key: str) -> float | Floats:
    """A number, a row of numbers, or rows of one length."""
    if not isinstance(value, list):
        return file.number(value, dimension, key)  # type: ignore[arg-type]  # the table has checked the types
    if not any(isinstance(item, list) for item in value):
        return file.floats(value, dimension, key)
    rows = [item if isinstance(item, list) else [] for item in value]
    if len({len(row) for row in rows}) != 1:
        raise file.error(key, "expected a list of numbers, or lists of numbers that all have the same length")
    return np.array([file.floats(row, dimension, f"{key}[{n}]") for n, row in enumerate(rows)], dtype=float)


def _check_initial(circuit: Circuit, file: Reading) -> None:
    name = next(name for name, projection in circuit.projections.items() if projection is circuit.plastic)
    shapes = initial_shapes(circuit)
    for variable, value in circuit.plastic.fixed_initial.items():
        if np.ndim(value) and np.shape(value) not in shapes:
            raise file.error(f"projections.{name}.initial.{variable}", f"expected a number, or shape {shapes[0]} (got {np.shape(value)})")


def _normalise(raw: ProjectionTable, file: Reading, key: str) -> Normalise | None:
    if raw.normalise is None:
        return None
    target = file.number(raw.normalise.target, NONE, f"{key}.target")
    every = file.time(raw.normalise.every, f"{key}.every")
    with file.at(key):
        return Normalise(raw.normalise.kind, target, every)
