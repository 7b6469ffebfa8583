"""What acts on the cells of a circuit, in its file: drives, and the rewards that cells bring about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikeheb.circuits.drives import EVERY, RELEASED, Change, Drives, Noise
from spikeheb.circuits.file_tables import ChangeTable, DrivesTable, NoiseTable, TriggerTable
from spikeheb.circuits.file_text import RELEASED_TEXT
from spikeheb.circuits.file_values import Reading, read_sources
from spikeheb.circuits.populations import Cells, Population, Spikes
from spikeheb.circuits.triggers import Trigger
from spikeheb.dimensions import CURRENT, NONE, VOLTAGE, Dimension
from spikeheb.errors import unknown_name


def read_drives(raw: DrivesTable, populations: Mapping[str, Population], file: Reading, key: str) -> Drives:
    """What acts on the cells of a population."""
    cells = of_kind(key.removeprefix("drives."), (Cells,), populations, file, key).count

    def changes(part: str, dimension: Dimension, ending: float | None = None) -> tuple[Change, ...]:
        tables: Sequence[ChangeTable] = getattr(raw, part)
        return tuple(_change(table, dimension, ending, cells, file, f"{key}.{part}[{n}]") for n, table in enumerate(tables))

    return Drives(
        imposed=read_sources(raw.imposed, file, f"{key}.imposed"),
        currents=changes("currents", CURRENT),
        clamps=changes("clamps", VOLTAGE, RELEASED),
        rewards=changes("rewards", NONE),
        noise=None if raw.noise is None else _noise(raw.noise, file, f"{key}.noise"),
    )


def _change(raw: ChangeTable, dimension: Dimension, ending: float | None, cells: int, file: Reading, key: str) -> Change:
    cell = EVERY if raw.cell is None else file.index(raw.cell, cells, "cell", f"{key}.cell")
    ends = ending is not None and raw.value == RELEASED_TEXT
    value = ending if ending is not None and ends else file.number(raw.value, dimension, f"{key}.value")
    return Change(cell, file.step(raw.at, f"{key}.at"), value)


def _noise(raw: NoiseTable, file: Reading, key: str) -> Noise:
    low, high = (file.number(getattr(raw, name), CURRENT, f"{key}.{name}") for name in ("low", "high"))
    with file.at(key):
        return Noise(low=low, high=high, every=file.time(raw.every, f"{key}.every"))


def read_trigger(raw: TriggerTable, populations: Mapping[str, Population], file: Reading, key: str) -> Trigger:
    """A reward that cells bring about."""
    ends = {}
    for part in ("first", "then"):
        end = getattr(raw, part)
        population = of_kind(end.population, (Spikes, Cells), populations, file, f"{key}.{part}.population")
        ends[part] = end.population, file.index(end.cell, population.count, "cell", f"{key}.{part}.cell")
    if len(raw.after) != 2:
        raise file.error(f"{key}.after", f'expected the shortest and the longest delay, ["1 s", "3 s"] (got {len(raw.after)} values)')
    low, high = (file.time(value, f"{key}.after[{n}]") for n, value in enumerate(raw.after))
    within, value = file.time(raw.within, f"{key}.within"), file.number(raw.value, NONE, f"{key}.value")
    for n, name in enumerate(raw.rewards):
        of_kind(name, (Cells,), populations, file, f"{key}.rewards[{n}]")
    with file.at(key):
        return Trigger(**ends, within=within, value=value, after=(low, high), rewards=tuple(raw.rewards))


def of_kind(name: str, kinds: tuple[type, ...], populations: Mapping[str, Population], file: Reading, key: str) -> Population:
    """The population of that name, which is to be of one of these kinds."""
    if name not in populations:
        raise unknown_name("population", name, populations, path=file.where, key=key)
    if not isinstance(populations[name], kinds):
        raise file.error(key, f'expected a population of cells ("{name}" is a population of sources)')
    return populations[name]
