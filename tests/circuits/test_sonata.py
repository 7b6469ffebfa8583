"""SONATA edges: written as the guide says, read as they were written, and safe to open whoever made the file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
import pytest

import spikeheb as sh
from spikeheb.circuits.connect import Explicit
from spikeheb.circuits.file_text import difference
from spikeheb.circuits.files import circuit_to_toml, read_circuit
from spikeheb.circuits.sonata import EdgePopulation, read_edges, write_edges
from spikeheb.cli.app import run
from spikeheb.draws.edges import edges_of, starts_of

NETWORK = """
schema = 1
dt = "0.1 ms"
duration = "60 ms"
seed = 1
[populations.x]
sources = [{ kind = "poisson", count = 20, rate = "50 Hz" }]
[populations.e]
count = 10
cell = "l5_pyramidal"
[projections.xe]
pre = "x"
post = "e"
receptor = "ampa"
%s
[projections.ee]
pre = "e"
post = "e"
receptor = "ampa"
rule = "pair"
%s
[drives.e]
currents = [{ at = "0 ms", value = "800 pA" }]
[probes]
trains = true
snapshots = ["0 ms"]
"""
DRAWN = (
    'efficacy = { kind = "uniform", low = 1, high = 3 }\ndelay = "1.5 ms"',
    'connect = { kind = "fixed_indegree", count = 5, autapses = false, multiple = true }\n'
    'initial = { w = { kind = "uniform", low = 0, high = 1 } }\ndelay = { kind = "uniform", low = "1 ms", high = "5 ms" }',
)
GIVEN = tuple(f'connect = {{ kind = "explicit", file = "edges.h5", population = "{name}" }}' for name in ("xe", "ee"))


def saved(folder: Path, *parts: str) -> Path:
    path = folder / "net.toml"
    path.write_text(NETWORK % parts, encoding="utf-8")
    return path


def test_what_a_run_writes_is_read_with_the_same_synapses_weights_and_delays(tmp_path: Path) -> None:
    drawn = sh.network(saved(tmp_path, *DRAWN), engine="plain")
    assert sh.to_sonata(drawn, tmp_path / "edges.h5") == tmp_path / "edges.h5"
    first, again = read_circuit(tmp_path / "net.toml"), read_circuit(saved(tmp_path, *GIVEN))
    for name in ("xe", "ee"):
        before, after = edges_of(first, name), edges_of(again, name)
        for part in ("pre", "post", "delay"):
            np.testing.assert_array_equal(getattr(after, part), getattr(before, part))
    np.testing.assert_array_equal(starts_of(again, "ee", edges_of(again, "ee"))["w"], drawn["ee_weight"].values[-1])
    of_static = [next(iter(starts_of(each, "xe", edges_of(each, "xe")).values())) for each in (first, again)]
    np.testing.assert_array_equal(*of_static)
    assert np.ptp(of_static[0]) > 1
    given = sh.network(tmp_path / "net.toml", engine="plain")
    np.testing.assert_array_equal(given["ee_delay"].values, drawn["ee_delay"].values)
    assert difference(again, sh_round(again, tmp_path)) is None


def sh_round(circuit: Any, folder: Path) -> Any:
    (folder / "round.toml").write_text(circuit_to_toml(circuit), encoding="utf-8")
    return read_circuit(folder / "round.toml")


def test_both_engines_take_the_synapses_of_a_file(tmp_path: Path) -> None:
    sh.to_sonata(sh.network(saved(tmp_path, *DRAWN), engine="plain"), tmp_path / "edges.h5")
    kernel, plain = (sh.network(saved(tmp_path, *GIVEN), engine=engine) for engine in ("auto", "plain"))
    assert kernel.sizes["e_spike"] > 5
    for name in ("ee_weight", "ee_pre", "ee_post", "ee_delay", "e_spike_time", "e_spike_cell"):
        np.testing.assert_allclose(kernel[name].values, plain[name].values, rtol=0, atol=1e-9, err_msg=name)


def test_a_written_file_has_the_layout_of_the_guide(tmp_path: Path) -> None:
    """Table 2 and the common conventions of the SONATA developer guide."""
    data = sh.network(saved(tmp_path, *DRAWN), engine="plain")
    sh.to_sonata(data, tmp_path / "edges.h5")
    with h5py.File(tmp_path / "edges.h5") as file:
        assert file.attrs["magic"] == 0x0A7A
        assert file.attrs["magic"].dtype == np.uint32
        assert file.attrs["version"].tolist() == [0, 1]
        assert file.attrs["version"].dtype == np.uint32
        assert list(file) == ["edges"]
        assert set(file["edges"]) == {"xe", "ee"}
        kinds = set()
        for name, ends in (("xe", ("x", "e")), ("ee", ("e", "e"))):
            group = file["edges"][name]
            assert set(group) == {"source_node_id", "target_node_id", "edge_type_id", "edge_group_id", "edge_group_index", "0"}
            assert (group["source_node_id"].attrs["node_population"], group["target_node_id"].attrs["node_population"]) == ends
            count = len(group["source_node_id"])
            assert count == (200 if name == "xe" else 50)
            assert {group[part].shape for part in group if part != "0"} == {(count,)}
            assert all(group[part].dtype.kind == "u" for part in group if part != "0")
            assert set(group["edge_group_id"][()].tolist()) == {0}
            np.testing.assert_array_equal(group["edge_group_index"], np.arange(count))
            assert set(group["0"]) == {"syn_weight", "delay"}
            assert group["0/syn_weight"].shape == group["0/delay"].shape == (count,)
            assert group["0/delay"].attrs["units"] == "ms"
            kinds |= set(group["edge_type_id"][()].tolist())
        assert len(kinds) == 2
        np.testing.assert_array_equal(file["edges/ee/0/syn_weight"], data["ee_weight"].values[-1])
        np.testing.assert_allclose(file["edges/ee/0/delay"], data["ee_delay"].values * 1e3, rtol=1e-12)
        np.testing.assert_allclose(file["edges/xe/0/delay"], 1.5)


def test_libsonata_reads_what_is_written(tmp_path: Path) -> None:
    libsonata = pytest.importorskip("libsonata", reason="libsonata, the reference reader, is not installed")
    edges = population(4)
    write_edges(tmp_path / "edges.h5", {"ab": edges})
    storage = libsonata.EdgeStorage(str(tmp_path / "edges.h5"))
    assert storage.population_names == {"ab"}
    there = storage.open_population("ab")
    every = there.select_all()
    assert (there.source, there.target, there.size) == ("a", "b", 4)
    np.testing.assert_array_equal(there.source_nodes(every), edges.pre)
    np.testing.assert_array_equal(there.target_nodes(every), edges.post)
    np.testing.assert_array_equal(there.get_attribute("syn_weight", every), edges.weight)
    np.testing.assert_allclose(there.get_attribute("delay", every), edges.delay * 1e3)


def population(count: int) -> EdgePopulation:
    numbers = np.arange(count)
    return EdgePopulation("a", "b", numbers % 3, numbers % 5, numbers / 7, numbers * 1e-4)


def test_edges_of_several_groups_are_put_together(tmp_path: Path) -> None:
    path = written(tmp_path, lambda group: None)
    with h5py.File(path, "r+") as file:
        group = file["edges/ee"]
        group["edge_group_id"][:] = [0, 7, 0, 7]
        group["edge_group_index"][:] = [3, 1, 0, 0]
        other = group.create_group("7")
        other["syn_weight"], other["delay"] = np.array([0.25, 0.75]), np.array([1, 2], dtype=np.int32)
    connect = read_edges(path, "ee")
    assert connect.weight is not None
    assert connect.delay is not None
    np.testing.assert_allclose(connect.weight, [3 / 7, 0.75, 0.0, 0.25])
    np.testing.assert_allclose(connect.delay, [3e-4, 2e-3, 0.0, 1e-3])


def test_what_the_projection_says_goes_before_what_the_file_has(tmp_path: Path) -> None:
    written(tmp_path, lambda group: None)
    circuit = read_circuit(saved(tmp_path, "efficacy = 2", f'{GIVEN[1]}\ninitial = {{ w = 0.25 }}\ndelay = "2 ms"'))
    connect = circuit.projections["ee"].connect
    assert isinstance(connect, Explicit)
    assert connect.weight is None and connect.delay is None
    assert set(edges_of(circuit, "ee").delay.tolist()) == {20}
    assert difference(circuit, sh_round(circuit, tmp_path)) is None


def test_given_weights_and_delays_may_stand_in_the_file_itself(tmp_path: Path) -> None:
    lists = 'pre = [3, 0, 3], post = [1, 1, 0], weight = [0.1, 0.2, 0.3], delay = ["1 ms", "2 ms", "3 ms"]'
    circuit = read_circuit(saved(tmp_path, "efficacy = 2", f'connect = {{ kind = "explicit", {lists} }}'))
    edges = edges_of(circuit, "ee")
    assert edges.pre.tolist() == [3, 0, 3]
    assert edges.post.tolist() == [0, 1, 1]
    assert edges.delay.tolist() == [30, 20, 10]
    assert starts_of(circuit, "ee", edges)["w"].tolist() == [0.3, 0.2, 0.1]
    assert difference(circuit, sh_round(circuit, tmp_path)) is None


def test_the_command_writes_edges_and_keeps_an_earlier_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, edges = str(saved(tmp_path, *DRAWN)), tmp_path / "out.h5"
    command = ["net", path, "--engine", "plain", "--edges", str(edges), "--out", str(tmp_path / "a")]
    assert run(command) == 0
    assert read_edges(edges, "ee").pre.size == 50
    capsys.readouterr()
    assert run([*command[:-1], str(tmp_path / "b")]) == 2
    assert "exists already" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_after_rewiring_the_synapses_of_the_end_are_written(tmp_path: Path) -> None:
    phase = '[[phases]]\nat = "30 ms"\nrewire.ee = { below = 0.5, keep = "indegree" }\n'
    path = saved(tmp_path, *DRAWN)
    path.write_text(path.read_text(encoding="utf-8") + phase, encoding="utf-8")
    data = sh.network(path, engine="plain")
    assert int(data["ee_pruned"].sum()) > 3
    connect = read_edges(sh.to_sonata(data, tmp_path / "edges.h5"), "ee")
    np.testing.assert_array_equal(connect.pre, data["ee_pre"].values[-1])
    np.testing.assert_array_equal(connect.weight, data["ee_weight"].values[-1])
    assert np.any(connect.pre != data["ee_pre"].values[0])


def test_what_is_no_result_of_a_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sh.FormatError, match="expected the result of a network"):
        sh.to_sonata(None, tmp_path / "edges.h5")  # type: ignore[arg-type]


# --- wrong files ---


def written(folder: Path, change: Callable[[Any], object]) -> Path:
    path = folder / "edges.h5"
    write_edges(path, {"ee": EdgePopulation("e", "e", *(np.arange(4) % n for n in (3, 5)), np.arange(4) / 7, np.arange(4) * 1e-4)})
    with h5py.File(path, "r+") as file:
        change(file["edges/ee"])
    return path


def put(name: str, values: object, **more: Any) -> Callable[[Any], object]:
    def change(group: Any) -> None:
        del group[name]
        group.create_dataset(name, data=values, **more)

    return change


def absurd(name: str, shape: tuple[int, ...], dtype: str = "u8", **more: Any) -> Callable[[Any], object]:
    def change(group: Any) -> None:
        del group[name]
        group.create_dataset(name, shape=shape, dtype=dtype, **more)

    return change


def linked(name: str, link: Any) -> Callable[[Any], object]:
    def change(group: Any) -> None:
        del group[name]
        group[name] = link

    return change


def virtual(group: Any) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="u8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(4,))
    del group["source_node_id"]
    group.create_virtual_dataset("source_node_id", layout)


def outside(group: Any) -> None:
    del group["0/syn_weight"]
    group.create_dataset("0/syn_weight", shape=(4,), dtype="f8", external=[("/etc/passwd", 0, 32)])


def cycle(group: Any) -> None:
    del group["0"]
    group["0"] = group


def empty_group(group: Any) -> None:
    del group["source_node_id"]
    group.create_group("source_node_id")


def many_groups(group: Any) -> None:
    for name in list(group):
        del group[name]
    for name in ("source_node_id", "target_node_id", "edge_type_id", "edge_group_index"):
        group[name] = np.zeros(5000, dtype=np.uint64)
    group["edge_group_id"] = np.arange(5000)


def renamed(group: Any) -> None:
    group.file.move("edges/ee", "edges/other")


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "no such population": (renamed, "edges/ee: is missing; there is 'other'"),
    "no group of attributes": (lambda group: group.__delitem__("0"), "edges/ee/0: is missing"),
    "no sources": (lambda group: group.__delitem__("source_node_id"), "edges/ee/source_node_id: is missing"),
    "no group index": (lambda group: group.__delitem__("edge_group_index"), "edges/ee/edge_group_index: is missing"),
    "no types": (lambda group: group.__delitem__("edge_type_id"), "edges/ee/edge_type_id: is missing"),
    "a source out of range": (put("source_node_id", [0, 1, 2, 10]), 'synapse 3 has source 10, but there are 10, counted from 0'),
    "a cell below 0": (put("target_node_id", [0, -1, 2, 3]), "synapse 1 has cell -1"),
    "a source too large for a machine": (put("source_node_id", np.array([0, 2**64 - 1, 1, 2], dtype=np.uint64)), "expected numbers from 0"),
    "sources that are no numbers": (put("source_node_id", [b"a", b"b", b"c", b"d"]), "expected a row of whole numbers"),
    "sources with a fraction": (put("source_node_id", [0.5, 1, 2, 3]), "expected a row of whole numbers"),
    "a table of sources": (put("source_node_id", np.zeros((2, 2), dtype=int)), "expected a row of whole numbers (got 2 dimensions"),
    "one source": (put("source_node_id", 3), "expected a row of whole numbers (got 0 dimensions"),
    "fewer cells than sources": (put("target_node_id", [0, 1]), "expected 4 numbers, one for each edge (got 2)"),
    "an index out of range": (put("edge_group_index", [0, 1, 2, 4]), "there is no edge 4 among the 4 of 0/syn_weight"),
    "a weight that is none": (
        put("0/syn_weight", [0, np.nan, 0, 0]),
        'ee.connect.file: expected a finite number as weight of synapse 1 (got nan)',
    ),
    "an infinite weight": (put("0/syn_weight", [0, 0, np.inf, 0]), "expected a finite number as weight of synapse 2 (got inf)"),
    "a delay below 0": (
        put("0/delay", [0, 1, -1, 0]),
        'ee.connect.file: expected a time from 0 to 10 s as delay of synapse 2 (got -0.001 s)',
    ),
    "a delay that is none": (put("0/delay", [np.nan, 1, 1, 0]), "delay of synapse 0 (got nan s)"),
    "a delay of an hour": (put("0/delay", [0, 3.6e6, 1, 0]), "delay of synapse 1 (got 3600 s)"),
    "weights as text": (put("0/syn_weight", [b"a", b"b", b"c", b"d"]), "0/syn_weight: expected a row of numbers"),
    "as many edges as there are atoms": (absurd("source_node_id", (2**60,), chunks=(1024,)), "are allowed; use fewer"),
    "absurd attributes": (absurd("0/syn_weight", (2**60,), "f8", chunks=(1024,)), "are allowed; use fewer"),
    "large chunks": (absurd("source_node_id", (4,), chunks=(2**28,), maxshape=(None,), compression="gzip"), "has chunks of more than"),
    "large elements": (absurd("source_node_id", (4,), "S100000"), "expected a row of whole numbers"),
    "groups without end": (many_groups, "names 5,000 groups, and 1,000 are allowed"),
    "a link to another file": (linked("source_node_id", h5py.ExternalLink("/etc/passwd", "/x")), "is a link to something else"),
    "a link to another place": (linked("0", h5py.SoftLink("/elsewhere")), "edges/ee/0: is a link to something else"),
    "data of another file": (outside, "0/syn_weight: refers to another file, which is not followed"),
    "virtual data": (virtual, "source_node_id: refers to another file, which is not followed"),
    "a group in itself": (cycle, "0/"),
    "data where a group stands": (put("0", [1, 2]), "edges/ee/0: expected a group"),
    "a group where data stand": (empty_group, "source_node_id: expected data"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_in_one_line_within_a_second(case: str, tmp_path: Path) -> None:
    change, words = WRONG[case]
    written(tmp_path, change)
    path, start = saved(tmp_path, "efficacy = 2", GIVEN[1]), time.perf_counter()
    if case == "a group in itself":  # then none has a weight, and none a delay
        assert read_circuit(path).projections["ee"].connect.weight is None  # type: ignore[union-attr]
        return
    with pytest.raises(sh.FormatError) as refused:
        read_circuit(path)
    assert time.perf_counter() - start < 1
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


NO_FILES = {
    "text": b"schema = 1\n", "empty": b"", "the beginning of one": b"\x89HDF\r\n\x1a\n" + bytes(40), "NetCDF 3": b"CDF\x01" + bytes(99),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_FILES)
def test_what_is_no_hdf5_is_refused(case: str, tmp_path: Path) -> None:
    (tmp_path / "edges.h5").write_bytes(NO_FILES[case])
    with pytest.raises(sh.FormatError, match=r"is no HDF5 file|cannot be read as HDF5") as refused:
        read_circuit(saved(tmp_path, "efficacy = 2", GIVEN[1]))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("name", "words"), [("none.h5", "cannot be read (No such file"), (".", "is a folder"), ("/dev/zero", "a device")])
def test_what_is_no_file_is_refused(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(sh.FormatError) as refused:
        read_circuit(saved(tmp_path, "efficacy = 2", GIVEN[1].replace("edges.h5", name)))
    assert words in str(refused.value)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_never_do_more_than_raise(seed: int, tmp_path: Path) -> None:
    path = written(tmp_path, lambda group: None)
    rng, content = np.random.default_rng(seed), bytearray(path.read_bytes())
    for place in rng.integers(0, len(content), 20):
        content[place] = rng.integers(256)
    path.write_bytes(content)
    try:
        read_circuit(saved(tmp_path, "efficacy = 2", GIVEN[1]))
    except sh.SpikehebError as error:
        assert "\n" not in str(error)


TABLES = {
    "a population of none": ('{ kind = "explicit", file = "edges.h5" }', "file needs population"),
    "a file of another kind": ('{ kind = "all_to_all", file = "edges.h5", population = "ee", autapses = false }', "file: has no effect"),
    "sources beside a file": ('{ kind = "explicit", file = "edges.h5", population = "ee", pre = [0] }', "pre: has no effect beside file"),
    "a population beside lists": ('{ kind = "explicit", pre = [0], post = [0], population = "ee" }', "has no effect without file"),
    "a path as a population": ('{ kind = "explicit", file = "edges.h5", population = "ee/0" }', "a name has no slash"),
    "no population's name": ('{ kind = "explicit", file = "edges.h5", population = "" }', "a name has no slash"),
    "too few weights": ('{ kind = "explicit", pre = [0, 1], post = [0, 1], weight = [1] }', "a weight for each of 2 synapses (got 1)"),
    "a delay without a unit": ('{ kind = "explicit", pre = [0], post = [0], delay = [1] }', "connect.delay[0]: expected a time"),
    "a path with a zero": ('{ kind = "explicit", file = "a\\u0000b", population = "ee" }', "is not printable and not allowed"),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_a_wrong_table_is_refused(case: str, tmp_path: Path) -> None:
    table, words = TABLES[case]
    written(tmp_path, lambda group: None)
    with pytest.raises((sh.FormatError, sh.UnitError)) as refused:
        read_circuit(saved(tmp_path, "efficacy = 2", f"connect = {table}"))
    assert words in str(refused.value)


def test_weights_below_0_need_a_rule(tmp_path: Path) -> None:
    written(tmp_path, put("0/syn_weight", [1.0, 1, 1, -1]))
    with pytest.raises(sh.FormatError, match=r"a weight without a rule is 0 or more; the receptor says its sign \(got -1\)"):
        read_circuit(saved(tmp_path, GIVEN[1], 'connect = { kind = "all_to_all", autapses = false }'))


def test_two_weights_or_delays_of_one_synapse_are_refused(tmp_path: Path) -> None:
    lists = 'connect = { kind = "explicit", pre = [0], post = [0], weight = [1], delay = ["1 ms"] }'
    for more, words in (("initial = { w = 0.5 }", "have weights of their own"), ('delay = "1 ms"', "have delays of their own")):
        with pytest.raises(sh.FormatError, match=words):
            read_circuit(saved(tmp_path, "efficacy = 2", f"{lists}\n{more}"))
