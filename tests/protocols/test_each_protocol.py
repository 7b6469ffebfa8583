"""Each protocol of a paper: spike counts, realised delta_t, schedule, and the published rows that its lanes meet."""

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.schedules import to_steps

RNG = 0


def schedule_of(name, **parameters):
    return sh.protocol(name, **parameters).schedule(np.random.default_rng(RNG))


def lanes_of(name, **parameters):
    return schedule_of(name, **parameters).lanes


def row_of(name, **condition):
    """The only published row of that condition."""

    def fits(own):
        return all(own[key] == value if isinstance(value, str) else np.isclose(own[key], value) for key, value in condition.items())

    (row,) = [row for row in sh.protocol(name).published.rows if fits(row.condition)]
    return row


def pairs_at(lane, delta_t, count):
    """As many pairs as said, each at delta_t."""
    assert lane.pre[0].size == lane.post.size == count
    np.testing.assert_allclose(lane.post - lane.pre[0], delta_t, rtol=0, atol=1e-9)


def trains_at(train, count, spikes, frequency, interval):
    """Regular trains at regular intervals."""
    trains = train.reshape(count, spikes)
    np.testing.assert_allclose(np.diff(trains[:, 0]), interval)
    np.testing.assert_allclose(np.diff(trains, axis=1), 1 / frequency)


@pytest.mark.parametrize("name", ["ngezahayo_2000", "replayed", "wang_2005", "froemke_dan_2002", "nevian_sakmann_2006", "hfs", "tbs"])
def test_spikes_fall_on_steps_of_the_default_time_step(name):
    for lane in lanes_of(name):
        for train in (*lane.pre, lane.post):
            assert np.abs(to_steps(train, 1e-4, "") * 1e-4 - train).max(initial=0) < 1e-9


def test_egger():
    lanes = lanes_of("egger_1999")
    assert [(lane.condition["connection"], lane.condition["frequency"]) for lane in lanes] == [
        ("L2/3", 20), ("L4", 1), ("L4", 10), ("L4", 20), ("L4", 50),
    ]  # fmt: skip
    for lane in lanes:
        pairs_at(lane, 0.01, 50)
        trains_at(lane.pre[0], 10, 5, lane.condition["frequency"], 10.0)
    assert (row_of("egger_1999", connection="L2/3").ratio, row_of("egger_1999", connection="L2/3").n) == (1.299, 12)
    assert (row_of("egger_1999", connection="L4", frequency=20).ratio, row_of("egger_1999", connection="L4", frequency=20).sem) == (
        0.672,
        0.059,
    )


def motif_of(lane, count):
    """Distances of the post- and presynaptic spikes within each motif, the same in every repetition."""
    pre, post = lane.pre[0].reshape(count, -1), lane.post.reshape(count, -1)
    for side in (pre, post):
        assert np.ptp(side - pre[:, :1], axis=0).max() < 1e-9
    return pre[0], post[0]


@pytest.mark.parametrize("name", ["wang_2005", "froemke_dan_2002"])
def test_triplets_are_two_pairs_that_share_a_spike(name):
    lanes = lanes_of(name, series="triplets")
    assert len(lanes) == 8
    for lane in lanes:
        pre, post = motif_of(lane, 60)
        first, second = lane.condition["delta_t_1"], lane.condition["delta_t_2"]
        assert (pre.size, post.size) == ((2, 1) if lane.condition["motif"] == "pre-post-pre" else (1, 2))
        np.testing.assert_allclose([post[0] - pre[0], post[-1] - pre[-1]], [first, second], atol=1e-9)
        order = "pre-post-pre" if pre[0] < post[0] else "post-pre-post"
        assert lane.condition["motif"] == order


def test_quadruplets_are_a_pair_each_way_at_the_gap():
    lanes = lanes_of("wang_2005", series="quadruplets")
    assert len(lanes) == 6
    for lane in lanes:
        pre, post = motif_of(lane, 60)
        np.testing.assert_allclose(post - pre, [lane.condition["delta_t_1"], lane.condition["delta_t_2"]], atol=1e-9)
        assert np.diff(pre + post)[0] / 2 == pytest.approx(lane.condition["gap"])
        names = [name for _, name in sorted([(t, "pre") for t in pre] + [(t, "post") for t in post])]
        assert "-".join(names) == lane.condition["motif"]


def test_wang_values():
    values = {(row.condition["motif"], row.condition["delta_t_1"]): row for row in sh.protocol("wang_2005").published.rows}
    outer, other = values["post-pre-post", -0.01], values["pre-post-pre", 0.01]
    assert (outer.ratio, outer.sem, outer.n) == (1.2539, 0.0565, 8)
    assert (other.ratio, other.sem, other.n) == (1.0263, 0.0368, 12)
    assert outer.ratio - other.ratio > 0.15


def test_froemke_and_dan():
    for lane in lanes_of("froemke_dan_2002"):
        pairs_at(lane, lane.condition["delta_t"], 60)
        np.testing.assert_allclose(np.diff(lane.pre[0]), 5.0)
    first, second = sh.protocol("froemke_dan_2002").fitted
    assert (first.A_plus, first.tau_plus, first.A_minus, first.tau_minus) == (1.01, 0.0148, -0.52, 0.0338)
    assert (second.A_plus, second.tau_plus, second.A_minus, second.tau_minus) == (1.03, 0.0133, -0.51, 0.0345)
    assert "unverified" in second.note
    assert [lane.condition["motif"] for lane in lanes_of("froemke_dan_2002", series="quadruplets")] == [
        "pre-post-post-pre",
        "post-pre-pre-post",
    ]


def test_nevian_and_sakmann():
    lanes = {(lane.condition["pattern"], lane.condition["delta_t"]): lane for lane in lanes_of("nevian_sakmann_2006")}
    assert len(lanes) == 16
    for (pattern, delta_t), lane in lanes.items():
        assert lane.calcium == 2.0
        if "only" in pattern:
            assert (lane.pre[0].size, lane.post.size) == ((60, 0) if pattern == "EPSP only" else (0, 180))
            continue
        count = int(pattern[0])
        bursts = lane.post.reshape(60, count)
        np.testing.assert_allclose(bursts[:, 0] - lane.pre[0], delta_t, atol=1e-9)
        np.testing.assert_allclose(np.diff(lane.pre[0]), 10.0)
        if count > 1:
            np.testing.assert_allclose(np.diff(bursts, axis=1), 1 / float(pattern.split()[2]))
    for pattern, onset in (("3 AP 50 Hz", -0.05), ("2 AP 50 Hz", -0.03), ("3 AP 20 Hz", -0.11), ("3 AP 100 Hz", -0.03)):
        lane = lanes[pattern, onset]
        assert lane.post[int(pattern[0]) - 1] - lane.pre[0][0] == pytest.approx(-0.01), "the last action potential is the nearest"


def test_nevian_and_sakmann_values_and_drugs():
    row = row_of("nevian_sakmann_2006", pattern="3 AP 50 Hz", delta_t=0.01)
    assert (row.ratio, row.sem, row.n, row.digitisation_error) == (2.01, 0.22, 11, 0.07)
    assert (
        row_of("nevian_sakmann_2006", pattern="1 AP", delta_t=0.01).ratio,
        row_of("nevian_sakmann_2006", pattern="1 AP", delta_t=-0.01).ratio,
    ) == (1.04, 0.8)
    drugs = sh.protocol("nevian_sakmann_2006").not_simulated.rows
    assert [(row.condition["drug"], row.condition["pattern"], row.ratio) for row in drugs] == [
        ("MCPG", "3 AP 50 Hz", 1.79), ("MCPG", "3 AP 50 Hz", 1.06), ("MCPG", "3 AP 100 Hz", 1.53),
        ("AM251", "3 AP 50 Hz", 1.09), ("U73122", "3 AP 50 Hz", 1.11),
    ]  # fmt: skip


def test_wittenberg_and_wang():
    for lane in lanes_of("wittenberg_wang_2006"):
        pairings = int(lane.condition["pairings"])
        posts = lane.post.reshape(pairings, -1)
        assert lane.pre[0].size == pairings
        np.testing.assert_allclose(np.diff(lane.pre[0]), 0.2)
        np.testing.assert_allclose(posts[:, -1] - lane.pre[0], lane.condition["delta_t"], atol=1e-9)
        assert posts.shape[1] == int(lane.condition["pattern"][0])
        np.testing.assert_allclose(np.diff(posts, axis=1), 0.01)
    signs = {(r.condition["pattern"], r.condition["pairings"]): r.outcome for r in sh.protocol("wittenberg_wang_2006").published.rows}
    assert signs == {("1 AP", 85): "LTD", ("2 AP", 85): "LTP", ("2 AP", 25): "LTP"}


def test_dudek_and_bear():
    schedule = schedule_of("dudek_bear_1992")
    assert [lane.condition["frequency"] for lane in schedule.lanes] == [0.5, 1, 3, 10, 50]
    assert schedule.copies == 10
    for lane in schedule.lanes:
        assert (lane.pre[0].size, lane.post.size, lane.calcium) == (900, 0, 2.5)
        np.testing.assert_allclose(np.diff(lane.pre[0]), 1 / lane.condition["frequency"])
    assert [row.outcome for row in sh.protocol("dudek_bear_1992").published.rows] == ["LTD", "LTD", "none", "LTP"]


def test_hfs_and_tbs():
    for lane in lanes_of("hfs"):
        trains_at(lane.pre[0], int(lane.condition["trains"]), 100, 100.0, 20.0)
    (row,) = sh.protocol("hfs").published.rows
    assert (row.condition["trains"], row.ratio, row.sem, row.n) == (1, 1.968, 0.184, 14)
    assert "not available" in row.note
    for lane in lanes_of("tbs"):
        repeats = lane.pre[0].reshape(int(lane.condition["repeats"]), 40)
        np.testing.assert_allclose(np.diff(repeats[:, 0]), 10.0)
        trains_at(repeats[0], 10, 4, 100.0, 0.2)


def test_ngezahayo_holds_the_cell_over_all_pulses():
    for lane in lanes_of("ngezahayo_2000"):
        assert lane.pre[0].size == 100
        np.testing.assert_allclose(np.diff(lane.pre[0]), 0.5)
        clamp, down = lane.clamps
        assert clamp.v == lane.condition["holding"]
        assert clamp.start == 0
        assert clamp.lasts == pytest.approx(lane.pre[0][-1] + 0.5)
        assert (down.start, down.v) == (clamp.lasts, -0.07)
    rows = {round(row.condition["holding"], 9): row.ratio for row in sh.protocol("ngezahayo_2000").published.rows}
    assert rows == {-0.04: 0.984, -0.03: 0.627, -0.02: 1.012, -0.01: 1.71, 0.0: 2.498}


def test_inglebert():
    lanes = lanes_of("inglebert_2020")
    assert len(lanes) == 15
    for lane in lanes:
        delta_t, spikes = lane.condition["delta_t"], int(lane.condition["pattern"][0])
        pairings = 100 if delta_t > 0 else 150
        assert lane.calcium == lane.condition["external_calcium"]
        assert (lane.pre[0].size, lane.post.size) == (pairings, pairings * spikes)
        np.testing.assert_allclose(np.diff(lane.pre[0]), 1 / 0.3)
        np.testing.assert_allclose(lane.post.reshape(pairings, spikes)[:, 0] - lane.pre[0], delta_t, atol=1e-9)
    signs = {
        (row.condition["external_calcium"], row.condition["pattern"], round(row.condition["delta_t"] * 1e3)): row.outcome
        for row in sh.protocol("inglebert_2020").published.rows
    }
    assert [signs[calcium, "1 AP", 10] for calcium in (3, 2.5, 1.8, 1.5, 1.3)] == ["LTP", "LTP", "LTD", "none", "none"]
    assert [signs[calcium, "1 AP", -25] for calcium in (3, 2.5, 1.8, 1.5, 1.3)] == ["LTD", "LTD", "LTD", "none", "none"]
    assert [signs[1.8, f"{n} AP", 10] for n in (2, 3, 4)] == ["none", "LTP", "LTP"]
    assert (signs[3, "1 AP", 50], signs[1.3, "3 AP", 10]) == ("LTD", "none")


def test_letzkus():
    lanes = lanes_of("letzkus_2006")
    assert len(lanes) == 8
    for lane in lanes:
        spikes = int(lane.condition["pattern"][0])
        posts = lane.post.reshape(150, spikes)
        np.testing.assert_allclose(posts[:, 0] - lane.pre[0], lane.condition["delta_t"], atol=1e-9)
        np.testing.assert_allclose(np.diff(posts, axis=1), 0.005)
    assert row_of("letzkus_2006", location="distal", pattern="3 AP", delta_t=-0.01).outcome == "LTP"
    assert row_of("letzkus_2006", location="distal", pattern="1 AP", delta_t=0.01).outcome == "LTD"


def test_mishra():
    lanes = {(lane.condition["pattern"], lane.condition["delta_t"]): lane for lane in lanes_of("mishra_2016")}
    for delta_t in (-0.01, 0.01):
        pairs_at(lanes["pairing", delta_t], delta_t, 300)
    assert (lanes["presynaptic only", 0.0].post.size, lanes["postsynaptic only", 0.0].pre[0].size) == (0, 0)
    assert [row.ratio for row in sh.protocol("mishra_2016").published.rows] == [1.78, 1.593, 1.028, 0.957]
    assert len(sh.protocol("mishra_2016").not_simulated.rows) == 7


@pytest.mark.parametrize(
    ("name", "expected", "drug"),
    [
        ("rodriguez_moreno_2008", {-0.015: (0.76, 0.06, 6), 0.01: (1.54, 0.05, 5)}, (1.04, 0.06, 6)),
        ("banerjee_2014", {-0.015: (0.77, 0.07, 5)}, (0.8, 0.06, 6)),
    ],
)
def test_pairs_at_a_fifth_of_a_hertz(name, expected, drug):
    for lane in lanes_of(name):
        pairs_at(lane, lane.condition["delta_t"], 100)
        np.testing.assert_allclose(np.diff(lane.pre[0]), 5.0)
    rows = sh.protocol(name).published.rows
    assert {row.condition["delta_t"]: (row.ratio, row.sem, row.n) for row in rows} == expected
    assert {row.measure for row in rows} == {"slope"}
    (row,) = sh.protocol(name).not_simulated.rows
    assert (row.ratio, row.sem, row.n) == drug


def test_zilberter():
    for lane in lanes_of("zilberter_2009"):
        frequency, delta_t = lane.condition["frequency"], lane.condition["delta_t"]
        pairs_at(lane, delta_t, 40 if frequency == 0.2 else 200)
        starts = lane.pre[0] if frequency == 0.2 else lane.pre[0].reshape(40, 5)[:, 0]
        np.testing.assert_allclose(np.diff(starts), 5.0)
    assert row_of("zilberter_2009", frequency=0.2, delta_t=0.01).ratio == 0.64
    assert row_of("zilberter_2009", frequency=20, delta_t=-0.01).ratio == 0.93


def test_sjostrom_and_hausser():
    for lane in lanes_of("sjostrom_hausser_2006"):
        pairs_at(lane, 0.01, 75)
        trains_at(lane.pre[0], 15, 5, 50.0, 10.0)
    rows = {row.condition["connection"]: (row.ratio, row.sem, row.n) for row in sh.protocol("sjostrom_hausser_2006").published.rows}
    assert rows == {"L5-L5": (1.4, 0.06, 34), "L2/3-L5": (1.06, 0.09, 19)}


def test_inhibitory_synapses_are_driven_through_their_receptor():
    schedule = schedule_of("damour_2015")
    assert schedule.receptor == "gaba"
    for lane in schedule.lanes:
        pairs_at(lane, lane.condition["delta_t"], 60)
    assert [row.outcome for row in sh.protocol("damour_2015").published.rows] == ["LTP", "LTP"]


def test_interneurons():
    for lane in lanes_of("interneurons"):
        pairs_at(lane, lane.condition["delta_t"], 60)
    rows = {(row.condition["synapse"], row.condition["delta_t"] > 0): row.outcome for row in sh.protocol("interneurons").published.rows}
    assert [rows["pyramidal to FS (S1)", order] for order in (True, False)] == ["LTD", "LTD"]
    assert [rows["pyramidal to LTS (S1)", order] for order in (True, False)] == ["LTP", "LTD"]
    assert [rows["pyramidal to FS (V1)", order] for order in (True, False)] == ["none", "LTD"]


def test_poisson_trains_have_the_rates_that_they_are_given():
    for lane in lanes_of("poisson", spikes=20_000):
        duration = 20_000 / lane.condition["rate"]
        for train in (lane.pre[0], lane.post):
            assert train.size == pytest.approx(20_000, abs=4 * 20_000**0.5)
            assert train[-1] < duration
            assert np.diff(train).min() >= 0.002
    first, other = (sh.protocol("poisson").schedule(np.random.default_rng(seed)).lanes[0] for seed in (1, 2))
    assert not np.array_equal(first.pre[0], other.pre[0])
    assert [row.ratio for row in sh.protocol("poisson").published.rows] == [0.75, 0.85, 1.0, 1.35]


def test_given_trains_are_replayed(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("lane,side,time,input\na,pre,0.1,0\na,pre,0.3,0\na,pre,0.2,1\na,post,0.15,\nb,pre,0.0,0\nb,post,0.4,\n")
    first, second = lanes_of("replayed", file=str(file), repeats=2, every="1 s")
    assert [lane.condition["lane"] for lane in (first, second)] == ["a", "b"]
    np.testing.assert_allclose(first.pre[0], [0.1, 0.3, 1.1, 1.3])
    np.testing.assert_allclose(first.pre[1], [0.2, 1.2])
    np.testing.assert_allclose(first.post, [0.15, 1.15])
    np.testing.assert_allclose(second.post, [0.4, 1.4])
    with pytest.raises(sh.ScheduleError, match=r"the trains last 0\.3 s; repeat them at longer intervals"):
        lanes_of("replayed", file=str(file), repeats=2, every="0.2 s")


def test_the_example_trains_lead_and_lag():
    lead, lag = lanes_of("replayed", repeats=1)
    assert lead.pre[0].size == lead.post.size
    assert 0.005 < np.mean(lead.post - lead.pre[0]) < 0.015
    assert -0.015 < np.mean(lag.post - lag.pre[0]) < -0.005


def test_froemke_2006_pairs_bursts_by_their_first_spikes():
    schedule = schedule_of("froemke_2006")
    assert len(schedule.lanes) == 6
    for lane in schedule.lanes:
        frequency, delta_t = lane.condition["frequency"], lane.condition["delta_t"]
        pre, post = lane.pre[0].reshape(60, 5), lane.post.reshape(60, 5)
        np.testing.assert_allclose(post[:, 0] - pre[:, 0], delta_t, atol=1e-9)
        np.testing.assert_allclose(np.diff(pre, axis=1), 1 / frequency, atol=1e-9)


def test_artola_holds_the_cell_over_five_tetani():
    for lane in schedule_of("artola_1990").lanes:
        assert lane.pre[0].size == 500
        assert lane.clamps[0].v == lane.condition["holding"]
        assert lane.clamps[0].lasts > lane.pre[0][-1]


def test_tigaret_has_single_spikes_and_doublets():
    sizes = {lane.condition["pattern"]: lane.post.size for lane in schedule_of("tigaret_2016").lanes}
    assert sizes == {"1 AP": 300, "2 AP": 600}
    rows = {
        (row.condition["pattern"], row.condition["delta_t"]): (row.outcome, row.n) for row in sh.protocol("tigaret_2016").published.rows
    }
    assert rows == {("1 AP", 0.01): ("none", 6), ("2 AP", 0.01): ("LTP", 8), ("2 AP", 0.05): ("LTP", 7)}


def test_the_drugs_of_mishra_on_high_frequency_stimulation():
    rows = {row.condition["treatment"]: row for row in sh.protocol("hfs").not_simulated.rows}
    assert {name: (row.ratio, row.sem, row.n) for name, row in rows.items()} == {
        "D-AP5": (0.987, 0.11, 6),
        "EGTA": (1.024, 0.112, 5),
        "nimodipine": (0.82, 0.08, 5),
    }
