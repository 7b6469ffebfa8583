"""`--csv`: a table that Excel opens beside the result."""

from __future__ import annotations

import pytest

COMMANDS = {
    "run": ("pairing", "--rule", "pair", "--test-pulses", "off", "-p", "pairs=2", "--engine", "brian:numpy"),
    "window": ("--rule", "pair", "--delta-t", "10 ms", "--pairs", "2", "--engine", "brian:numpy"),
    "weights": ("--rule", "pair", "--inputs", "2", "--imposed", "5 Hz", "--duration", "1 s"),
    "score": ("--rule", "pair:additive", "--protocol", "markram_1997", "--no-refit"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_table_is_written_beside_the_result_and_not_over_an_old_one(command, spikeheb, tmp_path):
    call = (command, *COMMANDS[command], "--out", "there", "--csv")
    result = spikeheb(*call)
    assert result.code == 0, result.err
    (table,) = (tmp_path / "there").glob("*.csv")
    assert table.read_bytes()[:3] == b"\xef\xbb\xbf"
    assert f"table: there/{table.name}" in result.err
    assert len(table.read_text(encoding="utf-8-sig").splitlines()) >= 2
    for old in (tmp_path / "there").iterdir():
        if old != table:
            old.unlink()
    refused = spikeheb(*call)
    assert refused.code == 2
    assert f"{table.name}: exists already" in refused.err


def test_replay_writes_a_row_a_lane(spikeheb, spikes, tmp_path):
    result = spikeheb("replay", "--rule", "pair", "--spikes", str(spikes), "--out", "there", "--csv", "--engine", "brian:numpy")
    assert result.code == 0, result.err
    assert (tmp_path / "there" / "result.csv").read_text(encoding="utf-8-sig").startswith("lane,w\n")
