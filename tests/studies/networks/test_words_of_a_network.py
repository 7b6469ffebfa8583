"""Title and doc of a network's file: they reach its result, and the same run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import spikeheb as sh
from spikeheb.circuits.files import circuit_to_toml, read_circuit

TEXT = """
schema = 1
title = "Two cells and a source"
doc = "The source drives one cell, \\"a\\", and it the other.\\nChosen for illustration."
dt = "0.1 ms"
duration = "5 ms"
[populations.x]
sources = [{ kind = "regular", count = 1, period = "1 ms" }]
[populations.e]
count = 2
cell = "vogels_2011"
[projections.xe]
pre = "x"
post = "e"
connect = { kind = "explicit", pre = [0], post = [0] }
[projections.ee]
pre = "e"
post = "e"
connect = { kind = "explicit", pre = [0], post = [1] }
[probes]
trains = true
"""


def test_title_and_doc_go_from_the_file_to_the_result_and_to_its_repetition(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TEXT, encoding="utf-8")
    circuit = read_circuit(path)
    words = circuit.title, circuit.doc
    assert words == ("Two cells and a source", 'The source drives one cell, "a", and it the other.\nChosen for illustration.')
    data = sh.network(path, engine="plain")
    for result in (data, sh.rerun(data)):
        assert (result.attrs["title"], result.attrs["doc"]) == words
        path.write_text(result.attrs["circuit"], encoding="utf-8")
        stored = read_circuit(path)
        assert (stored.title, stored.doc) == words
        assert stored == circuit


def test_a_circuit_without_words_is_written_without_them() -> None:
    circuit = read_circuit(Path(__file__).parents[3] / "models" / "networks" / "fan_in.toml")
    assert "title" not in circuit_to_toml(replace(circuit, title="", doc="")).partition("[")[0]
