"""The house stands: who imports whom, read from the source of every file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "spikeheb"

FLOORS = [
    {"errors", "dimensions", "paths"},
    {"carried", "encoding"},
    {"units", "limits"},
    {"numbers"},
    {"settings"},
    {"declared"},
    {"expressions"},
    {"tables", "rows"},
    {"dataset"},
    {"rules", "cells", "schedules", "results", "published"},
    {"protocols"},
    {"library", "program"},
    {"stimuli", "recordings", "theory", "measure", "circuits"},
    {"draws"},
    {"engines", "rates"},
    {"studies"},
    {"plots"},
    {"cli", "lab"},
    {"__init__", "__main__"},
]
"""From the ground up; what stands on a floor imports only from the floors below it, and from itself."""

ROOMS = {
    "engines": [
        {"ownership", "threads"},
        {"children", "locks"},
        {"cache_folder"},
        {"cache"},
        {"zig"},
        {"compiler"},
        {"alone", "checkpoints", "recorder", "triggers"},
        {"dense"},
        {"emit"},
        {"brian", "kernel", "nest", "plain"},
        {"choice", "trial"},
    ],
    "rates": [
        {"checked", "rate_rule"},
        {"competition", "course", "data", "file", "gradients", "storing", "terms", "tutored"},
        {"layer", "memory"},
        {"hidden"},
    ],
    "studies": [
        {"changes", "datasets", "labels", "progress", "seeds", "settings", "start_weights"},
        {"inputs", "population"},
        {"calls"},
        {"distributions", "experiment", "networks"},
        {"board", "mystery", "rates"},
        {"windows"},
        {"course", "portrait", "rerun"},
    ],
}
"""The floors inside two folders, each of rooms (folders) and single files; the same rule holds."""

DOORS = {"spikeheb.rates"}
"""Modules that only say where public names are at home, as `spikeheb` itself does; nothing but that module imports them."""

LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}
ONLY = {"brian2": "engines/brian", "matplotlib": "plots", "nest": "engines/nest"}
"""Which folder alone may import what is slow to import."""

MAX_LINES = 400
OWN_CODE = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in OWN_CODE}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere in it, in full; ``from a import b`` is ``a.b`` where that is a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (full if (full := f"{node.module}.{name.name}") in MODULES else str(node.module) for name in node.names)


def part(module: str) -> str:
    """The part of the house that a module belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def test_every_part_of_the_house_has_a_floor() -> None:
    parts = {
        path.stem if path.is_file() else path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    folders = {path.parent for path in OWN_CODE}
    assert parts <= set(LEVEL)
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


@pytest.mark.parametrize("path", OWN_CODE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_from_lower_floors(path: Path) -> None:
    own = "__init__" if module_name(path) in DOORS else path.stem if path.parent == PACKAGE else path.relative_to(PACKAGE).parts[0]
    inside = [name for name in imports(path) if name.split(".")[0] == "spikeheb"]
    if own in ("cli", "lab"):
        inside = [name for name in inside if name != "spikeheb"]  # the bare package, for its version and its public names
    wrong = [name for name in inside if part(name) != own and LEVEL[part(name)] >= LEVEL[own]]
    assert wrong == []


@pytest.mark.parametrize("door", sorted(DOORS))
def test_nobody_goes_through_a_door_inside_the_house(door: str) -> None:
    assert [name for name in MODULES if name not in ("spikeheb", door) and door in imports(MODULES[name])] == []


def rooms(folder: str) -> set[str]:
    """What stands directly in a folder of the package: its folders and its single files."""
    inside = [path.relative_to(PACKAGE / folder) for path in OWN_CODE if path.is_relative_to(PACKAGE / folder)]
    return {path.with_suffix("").parts[0] for path in inside} - {"__init__"}


@pytest.mark.parametrize("folder", ROOMS)
def test_every_room_has_one_floor(folder: str) -> None:
    assert sorted(name for names in ROOMS[folder] for name in names) == sorted(rooms(folder))


@pytest.mark.parametrize("folder", ROOMS)
def test_rooms_import_only_from_lower_floors(folder: str) -> None:
    level = {f"spikeheb.{folder}.{name}": floor for floor, names in enumerate(ROOMS[folder]) for name in names}
    room = {module: ".".join(module.split(".")[:3]) for module in MODULES}
    pairs = {(name, other) for name in MODULES if room[name] in level for other in imports(MODULES[name]) if room.get(other) in level}
    wrong = {(name, other) for name, other in pairs if room[name] != room[other] and level[room[other]] >= level[room[name]]}
    assert wrong == set()


def test_studies_know_only_the_choice_of_engines() -> None:
    studies = [name for name in MODULES if name.startswith("spikeheb.studies.")]
    pairs = {(name, other) for name in studies for other in imports(MODULES[name]) if other.startswith("spikeheb.engines")}
    assert {(name, other) for name, other in pairs if other != "spikeheb.engines.choice"} == set()


def test_imports_do_not_run_in_a_circle() -> None:
    graph = {name: {other for other in imports(path) if other in MODULES and other != "spikeheb"} for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_judge_shares_no_code_with_the_engines_that_it_judges() -> None:
    """Whatever the plain engine imports, directly or through others, is no part of another engine."""
    seen: set[str] = set()
    waiting = [name for name in MODULES if name.startswith("spikeheb.engines.plain")]
    assert waiting
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting += [other for other in imports(MODULES[name]) if other in MODULES and other != "spikeheb" and other not in seen]
    others = tuple(f"spikeheb.engines.{room}" for room in ("kernel", "brian", "nest", "emit"))
    assert [name for name in sorted(seen) if name.startswith(others)] == []


@pytest.mark.parametrize("library", ONLY)
def test_slow_library_has_one_importer(library: str) -> None:
    importers = {path for path in OWN_CODE if any(name.split(".")[0] == library for name in imports(path))}
    assert importers, f"nothing imports {library}"
    assert [str(path) for path in importers if not path.is_relative_to(PACKAGE / ONLY[library])] == []


@pytest.mark.parametrize("path", sorted((ROOT / "protocols").glob("*.py")), ids=lambda path: path.stem)
def test_protocol_is_a_short_script_that_imports_little(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} <= {"spikeheb", "numpy", "dataclasses", "typing", "__future__"}
    assert [name for name in imports(path) if name.startswith("spikeheb.")] == []
    assert len(path.read_text(encoding="utf-8").splitlines()) < 90


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "oracles").glob("*.py")), ids=lambda path: path.stem)
def test_oracle_knows_nothing_of_what_it_judges(path: Path) -> None:
    allowed = {"numpy", "oracles", *sys.stdlib_module_names} | ({"pytest", "hypothesis"} if path.stem.startswith("test_") else set())
    assert {name.split(".")[0] for name in imports(path)} <= allowed


def test_content_is_no_package() -> None:
    assert [path for folder in ("models", "protocols") for path in (ROOT / folder).rglob("__init__.py")] == []
    assert [path for path in (ROOT / "models").rglob("*") if path.is_file() and path.suffix != ".toml"] == []


@pytest.mark.parametrize("path", OWN_CODE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_a_wrong_import_would_be_seen(tmp_path: Path) -> None:
    """The reader of imports finds each way to write one."""
    path = tmp_path / "wrong.py"
    path.write_text(
        "import brian2.units as u\nimport a, b\nfrom spikeheb.rules import rule, Rule\nfrom spikeheb import cells\n"
        "def f():\n    from matplotlib import pyplot\nif x:\n    import c.d\n",
        encoding="utf-8",
    )
    assert set(imports(path)) == {
        "brian2.units", "a", "b", "spikeheb.rules.rule", "spikeheb.rules", "spikeheb.cells", "matplotlib", "c.d",
    }  # fmt: skip


@pytest.mark.parametrize("room", ["plain", "brian"])
def test_what_judges_the_kernel_knows_neither_it_nor_how_it_is_written(room: str) -> None:
    judges = [name for name in MODULES if name.startswith(f"spikeheb.engines.{room}")]
    known = {
        (name, other)
        for name in judges
        for other in imports(MODULES[name])
        if other.startswith(("spikeheb.engines.kernel", "spikeheb.engines.emit"))
    }
    assert known == set()
