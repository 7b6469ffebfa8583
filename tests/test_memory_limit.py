"""How much memory a run may take: 2 GB, or what the environment says."""

from __future__ import annotations

import pytest

import spikeheb as sh
from spikeheb.limits import GIGABYTES, allowed_memory, check_memory

LARGE = """
schema = 1
dt = "0.1 ms"
duration = "1 s"
[populations.e]
count = 200000
cell = "vogels_2011"
[projections.ee]
pre = "e"
post = "e"
connect = { kind = "fixed_indegree", count = 500, autapses = true, multiple = true }
rule = "pair"
receptor = "ampa"
"""


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.delenv(GIGABYTES, raising=False)


def test_two_gigabytes_are_allowed_where_nothing_is_said():
    assert allowed_memory() == 2e9
    check_memory(2e9, "the things")
    with pytest.raises(sh.EngineError, match=r"things need about 2\.1 GB, and 2 GB are allowed; use fewer, or allow more: SPIKEHEB_MEMORY"):
        check_memory(2.1e9, "the things")


@pytest.mark.parametrize(("text", "allowed"), [("16", 16e9), (" 0.5 ", 5e8), ("", 2e9), ("1e3", 1e12)])
def test_the_environment_says_how_much(monkeypatch, text, allowed):
    monkeypatch.setenv(GIGABYTES, text)
    assert allowed_memory() == allowed


@pytest.mark.parametrize("text", ["much", "-1", "0", "nan", "inf", "16 GB"])
def test_what_is_no_number_of_gigabytes_is_refused(monkeypatch, text):
    monkeypatch.setenv(GIGABYTES, text)
    with pytest.raises(sh.EngineError, match=r"SPIKEHEB_MEMORY is a number of gigabytes above 0, such as 16 \(got "):
        allowed_memory()


def test_a_large_network_is_refused_until_it_is_allowed(monkeypatch, tmp_path):
    from spikeheb.circuits.files import read_circuit

    (tmp_path / "net.toml").write_text(LARGE)
    with pytest.raises(sh.SpikehebError, match="the 100,000,000 synapses need about 6 GB, and 2 GB are allowed"):
        read_circuit(tmp_path / "net.toml")
    monkeypatch.setenv(GIGABYTES, "8")
    assert read_circuit(tmp_path / "net.toml").expected_synapses("ee") == 1e8
