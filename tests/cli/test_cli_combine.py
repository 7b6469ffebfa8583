"""Rules combined by name on the command line."""

import pytest

import spikeheb as sh

BARE = ("--test-pulses", "off", "--engine", "brian:numpy")


def test_a_combination_runs_shows_and_lands_in_a_folder_of_its_name(spikeheb, tmp_path):
    both = "pair:additive+tsodyks_markram:depressing_1998"
    assert spikeheb("run", "pairing", "--rule", both, "-p", "pairs=2", *BARE).code == 0
    data = sh.load(tmp_path / "pairing-pair+tsodyks_markram-additive+depressing_1998" / "result.nc")
    assert data.attrs["rule_label"] == "pair+tsodyks_markram / additive+depressing_1998"
    assert spikeheb("run", "pairing", "--rule", "pair:additive", "-p", "pairs=2", *BARE).code == 0
    ratio = sh.load(tmp_path / "pairing-pair-additive" / "result.nc")["efficacy_ratio"].values
    assert (
        spikeheb(
            "window",
            "--rule",
            both,
            "-p",
            "tsodyks_markram_U=0.4",
            "--delta-t",
            "-10 ms, 10 ms",
            "--pairs",
            "2",
            "--out",
            "w",
            "--engine",
            "brian:numpy",
        ).code
        == 0
    )
    assert data["efficacy_ratio"].values == pytest.approx(ratio, abs=1e-15)
    assert "transmit = tsodyks_markram_u*tsodyks_markram_x" in spikeheb("show", both).out


def test_a_set_for_a_combination_is_refused_in_one_line(spikeheb):
    printed = spikeheb("run", "pairing", "--rule", "pair+tsodyks_markram", "--set", "gutig", *BARE)
    assert printed.code == 2
    assert "a combination names the set of each rule" in printed.err
