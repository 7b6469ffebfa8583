"""What the commands do: tables on stdout, files in a folder, notes on stderr."""

import json

import numpy as np
import pytest

import spikeheb as sh

NUMPY = ("--engine", "brian:numpy")
BARE = ("--test-pulses", "off", *NUMPY)


# run


def test_run_prints_a_table_and_writes_result_and_figure(spikeheb, small, tmp_path):
    printed = spikeheb("run", small, "--rule", "pair:additive", "--cell", "ca1_pyramidal", "--seed", "3", *NUMPY)
    assert printed.code == 0
    down, up = printed.table
    columns = ["delta_t (ms)", "EPSP before (mV)", "EPSP after (mV)", "EPSP ratio", "efficacy ratio"]
    assert list(up) == columns
    assert (down["delta_t (ms)"], up["delta_t (ms)"]) == ("-10", "+10")
    data = sh.load(tmp_path / "small-pair-additive" / "result.nc")
    assert float(up["EPSP ratio"]) == pytest.approx(float(data["epsp_ratio"][1]), rel=1e-3)
    assert float(up["EPSP before (mV)"]) == pytest.approx(1e3 * float(data["epsp_before"][1]), rel=1e-3)
    assert float(down["efficacy ratio"]) < 1 < float(up["efficacy ratio"])
    assert (data.attrs["rule_set"], data.attrs["cell"], data.attrs["seed"]) == ("additive", "ca1_pyramidal", 3)
    assert (tmp_path / "small-pair-additive" / "figure.png").read_bytes()[:4] == b"\x89PNG"
    assert printed.err.splitlines() == [
        "engine: brian:numpy",
        "result: small-pair-additive/result.nc",
        "figure: small-pair-additive/figure.png",
    ]


def test_parameters_go_to_protocol_rule_or_cell(spikeheb, tmp_path):
    given = ["pairs=2", "delta_t=5 ms", "tau_plus=30 ms", "rule.A_plus=0.01", "cell.E_L=-75 mV", "protocol.frequency=2 Hz"]
    options = [word for item in given for word in ("-p", item)]
    assert spikeheb("run", "pairing", "--rule", "pair", *options, *BARE).code == 0
    data = sh.load(tmp_path / "pairing-pair" / "result.nc")
    assert data.attrs["protocol_changed"] == "pairs = 2, frequency = 2 Hz, delta_t = 5 ms"
    rule, cell = json.loads(data.attrs["rule_description"]), json.loads(data.attrs["cell_description"])
    assert (rule["constants"]["tau_plus"], rule["constants"]["A_plus"], cell["constants"]["E_L"]) == (0.03, 0.01, -0.075)
    assert float(data["efficacy_ratio"][0]) == pytest.approx(1 + 2 * 2 * 0.01 * np.exp(-5 / 30), abs=1e-3)


def test_choices_of_the_rule_are_recorded(spikeheb, tmp_path):
    choices = ["--interaction", "symmetric", "--bounds", "kind=soft, w_max=2", "--coincidence", "post_first"]
    delays = ["--axonal-delay", "1 ms", "--backpropagation-delay", "2 ms"]
    assert spikeheb("run", "pairing", "--rule", "pair", *choices, *delays, "-p", "pairs=2", *BARE, "--out", "here").code == 0
    attrs = sh.load(tmp_path / "here" / "result.nc").attrs
    names = ("interaction", "bounds", "coincidence", "axonal_delay_s", "backpropagation_delay_s")
    assert [attrs[name] for name in names] == ["symmetric", "soft", "post_first", 0.001, 0.002]
    assert json.loads(attrs["rule_description"])["constants"]["w_max"] == 2


def test_run_beside_published_points(spikeheb):
    printed = spikeheb(
        "run", "markram_1997", "--rule", "triplet", "--set", "visual_cortex_all_min", "-p", "trains=1", "--test-pulses", "off"
    )
    first, *_, last = printed.table
    assert list(first) == ["frequency (Hz)", "delta_t (ms)", "efficacy ratio", "published ratio", "published SEM"]
    assert [first[name] for name in ("frequency (Hz)", "delta_t (ms)", "published ratio", "published SEM")] == ["2", "+5", "0.9886", "0.04"]
    assert (last["delta_t (ms)"], last["published ratio"]) == ("-10", "0.7922")
    header, *rows = (line.split("\t") for line in printed.out.split("\n\n")[1].splitlines())
    assert header == ["series", "E (efficacy)"]
    by_hand = np.mean(
        [((float(r["published ratio"]) - float(r["efficacy ratio"])) / float(r["published SEM"])) ** 2 for r in printed.table[6:]]
    )
    assert {row[0]: float(row[1]) for row in rows}["timing"] == pytest.approx(by_hand, rel=0.01)


def test_progress_without_a_terminal_is_lines(spikeheb):
    printed = spikeheb("run", "pairing", "--rule", "clopath", "-p", "pairs=1", *BARE, "--progress")  # which needs the cell
    lines = [line for line in printed.err.splitlines() if line.startswith("pairing, clopath: ")]
    shares = [int(line.split()[-2]) for line in lines]
    assert shares == sorted(set(shares))
    assert len(shares) > 3
    assert not [line for line in printed.out.splitlines() if "%" in line]


# a rule of a new user


def test_a_new_users_rule_runs_under_every_command(spikeheb, mine, spikes, tmp_path):
    assert "dx/dt = -x/tau : 1" in spikeheb("show", mine).out
    assert spikeheb("check", mine).out == f"OK rule mine, 0 sets: {mine}\n"
    assert spikeheb("run", "pairing", "--rule", mine, "-p", "delta_t=15 ms", "-p", "pairs=2", *BARE).code == 0
    ratio = float(sh.load(tmp_path / "pairing-mine" / "result.nc")["efficacy_ratio"][0])
    assert ratio == pytest.approx(1 + 2 * 0.02 / np.e)
    window = spikeheb("window", "--rule", mine, "--rule", "pair", "--delta-t", "-15 ms, 15 ms", "--pairs", "1", *NUMPY)
    assert [float(row["change, mine"]) for row in window.table] == pytest.approx([-0.01 / np.e, 0.02 / np.e], rel=1e-3)
    assert (tmp_path / "window-mine-pair" / "figure.png").is_file()
    replay = spikeheb("replay", "--rule", mine, "--spikes", spikes, *NUMPY)
    expected = {"up": 1 + 0.02 * np.exp(-10 / 15), "down": 1 - 0.01 * np.exp(-10 / 15)}
    assert {row["lane"]: float(row["w"]) for row in replay.table} == pytest.approx(expected, rel=1e-12)


def test_a_users_folder_is_searched(spikeheb, mine, small, tmp_path, monkeypatch):
    home = tmp_path / "home"
    for kind, path in (("rules", mine), ("protocols", small)):
        (home / kind).mkdir(parents=True)
        path.rename(home / kind / path.name)
    monkeypatch.setenv("SPIKEHEB_PATH", str(home))
    assert {"mine", "small"} <= {row["name"] for row in spikeheb("list").table}
    assert spikeheb("run", "small", "--rule", "mine", *BARE).code == 0


# window, replay, analyse


def test_window_of_several_rules(spikeheb, tmp_path):
    arguments = ["--rule", "pair:additive", "--rule", "triplet:hippocampus_all_full", "--rule", "pair", "-p", "A_plus=0.02"]
    printed = spikeheb(
        "window", *arguments, "--delta-t", "-10 ms, 0 ms, 10 ms", "--pairs", "1", "--frequency", "5 Hz", *NUMPY, "--out", "w"
    )
    assert [row["delta_t (ms)"] for row in printed.table] == ["-10", "0", "+10"]
    assert list(printed.table[0])[1:] == [
        "change, pair / additive (A_plus changed)",
        "change, triplet / hippocampus_all_full",
        "change, pair (A_plus changed)",
    ]
    data = sh.load(tmp_path / "w" / "result.nc")
    assert data["change"].dims == ("rule", "delta_t")
    assert data["change"].attrs["units"] == "1"
    assert data["change"].values[0] == pytest.approx(data["change"].values[2])
    assert data["change"].values[0, 2] == pytest.approx(0.02 * np.exp(-0.5) / 0.5)
    assert [rule["rule_set"] for rule in json.loads(data.attrs["rules"])] == ["additive", "hippocampus_all_full", ""]
    assert data.attrs["frequency_Hz"] == 5


def test_the_same_rule_twice_keeps_two_names(spikeheb, tmp_path):
    spikeheb("window", "--rule", "pair", "--rule", "pair", "--delta-t", "10 ms", *NUMPY, "--out", "w")
    assert sh.load(tmp_path / "w" / "result.nc")["rule"].values.tolist() == ["pair (1)", "pair (2)"]


def test_replay_records_along_time(spikeheb, spikes, tmp_path):
    printed = spikeheb("replay", "--rule", "pair", "--spikes", spikes, "--w0", "0.25", "--record", *NUMPY)
    data = sh.load(tmp_path / "replay-spikes-pair" / "result.nc")
    assert data["lane"].values.tolist() == ["up", "down"]
    assert data["w_record"].values[:, 0].tolist() == [0.25, 0.25]
    assert data["w_record"].values[:, -1].tolist() == [float(row["w"]) for row in printed.table]


def test_inputs_of_a_lane_are_synapses_of_their_own(spikeheb, tmp_path):
    (tmp_path / "two.csv").write_text("lane,side,input,time\na,pre,0,0.1\na,pre,1,0.12\na,post,,0.11\n")
    table = spikeheb("replay", "--rule", "pair", "--spikes", "two.csv", *NUMPY).table
    assert [row["lane"] for row in table] == ["a, input 0", "a, input 1"]
    assert float(table[0]["w"]) > 0.5 > float(table[1]["w"])
    line = spikeheb("replay", "--rule", "pair", "--spikes", "two.csv", "--cell", "l5_pyramidal", "--force").refusal
    assert "lane a has 2 inputs; with --cell a lane has one" in line


def recording(path, ratio, unit=1.0):
    """Sweeps every minute with an exponential response of 2 units, then `ratio` times as much; one sweep has a spike."""
    time = np.arange(-5, 80.0)
    minutes = np.concatenate([np.arange(-5, 0) + 0.5, np.arange(20, 41.0)])
    shape = np.where(time > 0, np.exp(-time / 10), 0)
    sweeps = np.array([-70 + unit * (2 if minute < 0 else 2 * ratio) * shape for minute in minutes])
    sweeps[1, 20] = 30
    header = ",".join(["time_ms", *(f"{minute:g}" for minute in minutes)])
    np.savetxt(path, np.column_stack([time, sweeps.T]), delimiter=",", header=header, comments="", fmt="%.9g")


def test_recorded_sweeps_are_measured_like_virtual_ones(spikeheb, tmp_path):
    recording(tmp_path / "real.csv", 1.5)
    printed = spikeheb("analyse", "real.csv")
    assert printed.code == 0
    row = printed.table[0]
    assert row["recording"] == "real"
    assert float(row["EPSP before (mV)"]) == pytest.approx(2 * np.exp(-0.1), rel=1e-3)
    assert float(row["EPSP ratio"]) == pytest.approx(1.5, rel=1e-3)
    assert row["rejected sweeps"] == "1"
    assert "note: 1 sweep was rejected because the cell spiked" in printed.err
    data = sh.load(tmp_path / "analyse-real" / "result.nc")
    virtual = {"epsp", "epsp_before", "epsp_ratio", "slope_ratio", "drift_before", "rejected", "v_before", "v_after"}
    assert virtual <= set(data.data_vars)
    assert (tmp_path / "analyse-real" / "figure.png").is_file()


def test_sweeps_of_currents(spikeheb, tmp_path):
    recording(tmp_path / "real.csv", 1.5)
    row = spikeheb("analyse", "real.csv", "--unit", "pA").table[0]  # the peak of the average lies where one sweep leaps by 100 pA
    assert float(row["EPSC before (pA)"]) == pytest.approx((4 * 2 * np.exp(-1.5) + 100) / 5, rel=1e-3)
    assert sh.load(tmp_path / "analyse-real" / "result.nc")["epsp_before"].attrs["units"] == "A"


def test_the_window_of_the_outcome_can_be_moved(spikeheb, tmp_path):
    recording(tmp_path / "real.csv", 1.5)
    assert "no sweep 50 to 60 minutes after the induction" in spikeheb("analyse", "real.csv", "--follow", "50", "60").refusal
    assert [path.name for path in tmp_path.iterdir()] == ["real.csv"]
    assert spikeheb("analyse", "real.csv", "--follow", "30", "40").code == 0
    assert "follow" in spikeheb("analyse", "real.csv", "--follow", "40", "30", "--force").refusal


# list, show, check


def test_list(spikeheb):
    kinds = {kind: {row["name"] for row in spikeheb("list", kind).table} for kind in ("rules", "cells", "networks", "rates", "protocols")}
    assert "fan_in" in kinds["networks"]
    assert {"pair", "triplet"} <= kinds["rules"]
    assert "l5_pyramidal" in kinds["cells"]
    assert {"pairing", "sjostrom_2001"} <= kinds["protocols"]
    assert {row["name"] for row in spikeheb("list").table} == set.union(*kinds.values())


def test_list_does_not_run_protocols(spikeheb, small, tmp_path, monkeypatch):
    (tmp_path / "home" / "protocols").mkdir(parents=True)
    text = small.read_text().replace("import spikeheb as sh", "raise RuntimeError")
    (tmp_path / "home" / "protocols" / "small.py").write_text(text)
    monkeypatch.setenv("SPIKEHEB_PATH", str(tmp_path / "home"))
    assert {"kind": "protocol", "name": "small", "title": "A small protocol"} in spikeheb("list").table


@pytest.mark.parametrize("kind", ["rule", "cell", "protocol"])
def test_every_file_of_the_library_can_be_shown_and_checked(spikeheb, kind):
    from spikeheb import library

    for name, path in library.names(kind).items():
        shown = spikeheb("show", name, "--no-measure")
        assert shown.code == 0
        assert shown.out.startswith(f"{name}: ")
        assert spikeheb("check", path).code == 0
        if kind != "protocol":
            assert r"\begin{align*}" in spikeheb("show", name, "--latex").out


def test_show_a_rule(spikeheb):
    out = spikeheb("show", "triplet:visual_cortex_all_min", "--no-measure").out
    for words in (
        "triplet / visual_cortex_all_min: Triplet STDP",
        "do1/dt = -o1/tau_minus : 1",
        "At a presynaptic spike, in this order\n  transmit = 1\n  ltd = o1*(A2_minus + A3_minus*r2)",
        "bounds    hard, w_min = 0, w_max = 10",
        "tau_y      114 ms",
        "Interactions (all_to_all is chosen)",
        "Published sets (visual_cortex_all_min is chosen)",
        "10.1523/JNEUROSCI.1425-06.2006",
    ):
        assert words in out
    assert spikeheb("show", "triplet", "--set", "visual_cortex_all_min", "--no-measure").out == out


def test_show_measures_a_rule(spikeheb):
    out = spikeheb("show", "vogels").out
    assert "Measured window of vogels / single_cell: change of w after 60 pairs at 1 Hz" in out
    assert "+31.73%  +31.73%" in out
    assert "test pulses alone (0.1 Hz, 50 min) change the efficacy by -75.00%" in out
    assert "damour_2015/inhibitory  predicted, other preparation" in out
    assert "Measured" not in spikeheb("show", "vogels", "--no-measure").out


def test_show_a_cell_and_a_protocol(spikeheb):
    out = spikeheb("show", "l5_pyramidal").out
    assert all(words in out for words in ("Equations of the membrane", "Receptors", "unit", "Parameters", "References"))
    out = spikeheb("show", "sjostrom_2001").out
    assert "schedule  experiment  experiment or idealised" in out
    assert "  50         -0.01    1.75   0.19   10  amplitude  frequency" in out


def test_latex_is_balanced_and_escaped(spikeheb, mine):
    mine.write_text(mine.read_text().replace("decay of both traces", "100 % of x_1 & y"))
    out = spikeheb("show", mine, "--latex").out
    assert r"\frac{dx}{dt} &= -\frac{x}{\tau}" in out
    assert r"100 \% of x\_1 \& y" in out
    assert out.count("{") == out.count("}")
    assert out.count(r"\begin") == out.count(r"\end")


def test_run_with_a_bundle_an_unstimulated_input_and_paired_pulses(spikeheb, small, tmp_path):
    options = ("--copies", "3", "--control", "--paired-pulse", "60ms")
    printed = spikeheb("run", small, "--rule", "pair:additive", "--cell", "ca1_pyramidal", *options)
    assert printed.code == 0
    up = printed.table[1]
    assert up["unstimulated ratio"] == "1"
    assert 0.8 < float(up["paired pulse before"]) < 1
    (result,) = tmp_path.glob("small-pair-additive/result.nc")
    data = sh.load(result)
    assert (data.attrs["copies"], data.attrs["control"], data.attrs["paired_pulse_s"]) == (3, 1, 0.06)
    assert float(data["epsp_before"][0]) > 2e-3


def test_run_beside_published_directions(spikeheb):
    printed = spikeheb("run", "letzkus_2006", "--rule", "pair", "--test-pulses", "off")
    assert [row["published"] for row in printed.table] == ["", "LTP", "", "LTP", "", "LTD", "LTP", "LTD"]
