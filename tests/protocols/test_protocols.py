"""Every protocol of the library: it loads, its lanes are what it says, and its published values belong to its lanes."""

import ast
from pathlib import Path

import numpy as np
import pytest

import spikeheb as sh
from spikeheb import library

NAMES = sorted(library.names("protocol"))
MEASURED = [name for name in NAMES if sh.protocol(name).published]
RNG = 0


def lanes_of(name, **parameters):
    return sh.protocol(name, **parameters).schedule(np.random.default_rng(RNG)).lanes


def at(lanes, **condition):
    (lane,) = [lane for lane in lanes if all(np.isclose(lane.condition[name], value) for name, value in condition.items())]
    return lane


# contract: every file


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_and_its_schedule_is_valid(name):
    protocol = sh.protocol(name)
    schedule = protocol.schedule(np.random.default_rng(RNG))
    assert protocol.title
    assert protocol.doc
    assert all(sum(train.size for train in (*lane.pre, lane.post)) for lane in schedule.lanes)
    assert all(lane.duration > 0 for lane in schedule.lanes)
    labels = [lane.label for lane in schedule.lanes]
    assert len(set(labels)) == len(labels)
    assert sh.protocol(name, **protocol.texts).hash == protocol.hash


@pytest.mark.parametrize("name", NAMES)
def test_the_same_generator_gives_the_same_schedule(name):
    for first, second in zip(lanes_of(name), lanes_of(name), strict=True):
        assert first.condition == second.condition
        assert np.array_equal(first.post, second.post)
        assert all(np.array_equal(a, b) for a, b in zip(first.pre, second.pre, strict=True))


@pytest.mark.parametrize("name", MEASURED)
def test_every_published_value_belongs_to_a_lane(name):
    protocol = sh.protocol(name)
    lanes = protocol.schedule(np.random.default_rng(RNG)).lanes
    matched = [row.line for lane in lanes for row in protocol.published.match(lane.condition)]
    assert sorted(set(matched)) == [row.line for row in protocol.published.rows]
    assert all("doi 10." in row.citation for row in protocol.published.rows)


@pytest.mark.parametrize("name", [name for name in NAMES if sh.protocol(name).not_simulated])
def test_what_is_not_simulated_says_under_what_it_was_measured(name):
    """And it is no second reading of a condition that is simulated."""
    protocol = sh.protocol(name)
    assert set(protocol.published.series).isdisjoint(protocol.not_simulated.series)
    assert "not" in protocol.doc
    assert "simulated" in protocol.doc
    assert all("doi 10." in row.citation for row in protocol.not_simulated.rows)


@pytest.mark.parametrize("name", NAMES)
def test_a_published_protocol_gives_its_reference(name):
    protocol = sh.protocol(name)
    if name[-4:].isdigit():
        assert "doi 10." in protocol.doc
        assert protocol.published or protocol.fitted or "No published outcome is given here" in protocol.doc


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_short_and_imports_only_what_a_protocol_may(name):
    path = library.find("protocol", name)
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 90
    imports = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imports <= {"spikeheb", "numpy", "dataclasses", "typing"}
    assert text.endswith('if __name__ == "__main__":\n    sh.main(__file__)\n')


def test_those_without_measured_values_are_known():
    """Their docstrings say why."""
    assert set(NAMES) - set(MEASURED) == {"pairing", "bi_poo_1998", "froemke_dan_2002", "tbs", "replayed"}


def test_no_data_file_is_forgotten():
    protocols = [sh.protocol(name) for name in NAMES]
    texts = [Path(protocol.path).read_text(encoding="utf-8") for protocol in protocols]
    for folder in {Path(protocol.path).parent / "data" for protocol in protocols}:
        for path in folder.glob("*.csv"):
            assert any(f'"data/{path.name}"' in text for text in texts), path


# each protocol


def realised(lane):
    """Distances of the pairs, given that both trains have one spike for each."""
    return lane.post - lane.pre[0]


@pytest.mark.parametrize("name", ["pairing", "bi_poo_1998"])
def test_sixty_pairs_at_one_hertz(name):
    for lane in lanes_of(name):
        assert lane.pre[0].size == lane.post.size == 60
        np.testing.assert_allclose(np.diff(lane.pre[0]), 1.0)
        np.testing.assert_allclose(realised(lane), lane.condition["delta_t"], rtol=0, atol=1e-12)


def test_pairing_takes_every_combination():
    lanes = lanes_of("pairing", frequency="1 Hz, 5 Hz", delta_t="-10 ms, 0 ms, 10 ms", pairs=3, post_pattern="0 ms, 10 ms")
    assert [(lane.condition["frequency"], lane.condition["delta_t"]) for lane in lanes] == [
        (1, -0.01), (1, 0), (1, 0.01), (5, -0.01), (5, 0), (5, 0.01),
    ]  # fmt: skip
    np.testing.assert_allclose(lanes[3].pre[0], [0.01, 0.21, 0.41])
    np.testing.assert_allclose(lanes[3].post, [0, 0.01, 0.2, 0.21, 0.4, 0.41])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"frequency": "50 Hz", "delta_t": "10 ms", "post_pattern": "0 ms, 15 ms"},
            "frequency: pairs overlap: one lasts 25 ms, longer than the period of 20 ms at 50 Hz; lower the frequency",
        ),
        ({"frequency": "50 Hz", "delta_t": "-20 ms"}, "delta_t: expected less than the period of 20 ms at 50 Hz (got -20 ms)"),
        ({"pairs": 0}, "pairs: expected a whole number from 1 to 10,000,000 (got 0)"),
        ({"frequency": "0 Hz"}, "frequency: expected more than 0 Hz (got 0 Hz)"),
        ({"delta_t": ""}, "a schedule needs at least one lane"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(given, message):
    protocol = sh.protocol("pairing", **given)
    with pytest.raises(sh.ScheduleError) as caught:
        protocol.schedule(np.random.default_rng(RNG))
    assert str(caught.value) == f"{protocol.path}: {message}"


def test_bi_poo_spans_the_window_and_carries_fits_but_no_points():
    protocol = sh.protocol("bi_poo_1998")
    delta_t = [lane.condition["delta_t"] for lane in protocol.schedule(np.random.default_rng(RNG)).lanes]
    assert (min(delta_t), max(delta_t), len(delta_t)) == (-0.1, 0.1, 40)
    assert protocol.published is None
    soft, usual = protocol.fitted
    assert (soft.A_plus, soft.tau_plus, soft.A_minus, soft.tau_minus) == (0.66, 0.021, -0.17, 0.062)
    assert soft.errors == {"A_plus": 0.16, "tau_plus": 0.013, "A_minus": 0.05, "tau_minus": 0.058}
    assert (usual.tau_plus, usual.tau_minus) == (0.0168, 0.0337)
    assert "unverified" in usual.note


def test_sjostrom_as_it_was_done():
    lanes = lanes_of("sjostrom_2001")
    assert len(lanes) == 17
    for lane in lanes:
        single = lane.condition["frequency"] == 0.1
        assert lane.pre[0].size == lane.post.size == (50 if single else 75)
        np.testing.assert_allclose(realised(lane), lane.condition["delta_t"], rtol=0, atol=1e-12)
        if single:
            np.testing.assert_allclose(np.diff(lane.pre[0]), 10.0)
        else:
            bursts = lane.pre[0].reshape(15, 5)
            np.testing.assert_allclose(np.diff(bursts[:, 0]), 10.0)
            np.testing.assert_allclose(np.diff(bursts, axis=1), 1 / lane.condition["frequency"])


def test_sjostrom_idealised():
    for lane in lanes_of("sjostrom_2001", schedule="idealised"):
        assert lane.pre[0].size == lane.post.size == 60
        np.testing.assert_allclose(np.diff(lane.pre[0]), 1 / lane.condition["frequency"])
        np.testing.assert_allclose(realised(lane), lane.condition["delta_t"], rtol=0, atol=1e-12)


def test_sjostrom_values_as_the_triplet_rule_was_fitted_to():
    published = sh.protocol("sjostrom_2001").published
    rows = {(row.condition["frequency"], row.condition["delta_t"]): row for row in published.rows if row.series == "frequency"}
    hertz = (0.1, 10.0, 20.0, 40.0, 50.0)
    assert [round(rows[f, 0.01].ratio - 1, 9) for f in hertz] == [-0.04, 0.14, 0.29, 0.53, 0.56]
    assert [round(rows[f, -0.01].ratio - 1, 9) for f in hertz] == [-0.29, -0.41, -0.34, 0.56, 0.75]
    assert [rows[f, 0.01].sem for f in hertz] == [0.05, 0.1, 0.14, 0.11, 0.26]
    assert [rows[f, -0.01].sem for f in hertz] == [0.08, 0.11, 0.1, 0.32, 0.19]
    assert [rows[f, 0.01].n for f in hertz] == [7, 6, 3, 6, 6]
    assert [rows[f, -0.01].n for f in hertz] == [7, 3, 4, 5, 10]
    assert len(published.rows) == 17
    assert all(row.temperature_C is None and row.delta_t_reference is None for row in published.rows)


def test_markram():
    lanes = lanes_of("markram_1997")
    assert len(lanes) == 8
    for lane in lanes:
        assert lane.pre[0].size == lane.post.size == 50
        trains = lane.pre[0].reshape(10, 5)
        np.testing.assert_allclose(np.diff(trains[:, 0]), 4.0)
        np.testing.assert_allclose(np.diff(trains, axis=1), 1 / lane.condition["frequency"])
        np.testing.assert_allclose(realised(lane), lane.condition["delta_t"], rtol=0, atol=1e-12)
    published = sh.protocol("markram_1997").published
    (row,) = published.match(at(lanes, frequency=10, delta_t=-0.01).condition)
    assert (row.ratio, row.sem, row.n, row.series) == (0.7922, 0.0259, 6, "timing")
    (row,) = published.match(at(lanes, frequency=40, delta_t=0.005).condition)
    assert (row.ratio, row.sem, row.n, row.series) == (1.5008, 0.12, 4, "frequency")


# Schedule and data together: the error of Pfister & Gerstner's sets, with a triplet rule written out spike by spike.


def triplet(pre, post, values):
    """Change of the weight; slow traces are read before their own increment."""
    A2p, A3p, A2m, A3m, tau_x, tau_y, nearest = values
    taus = np.array([0.0168, tau_x, 0.0337, tau_y])
    traces, last, change = np.zeros(4), 0.0, 0.0
    for time, side in sorted([(t, 0) for t in pre] + [(t, 1) for t in post]):
        traces *= np.exp(-(time - last) / taus)
        last = time
        r1, r2, o1, o2 = traces
        change += r1 * (A2p + A3p * o2) if side else -o1 * (A2m + A3m * r2)
        own = slice(2, 4) if side else slice(0, 2)
        traces[own] = 1 if nearest else traces[own] + 1
    return change


FULL = (5e-10, 6.2e-3, 7e-3, 2.3e-4, 0.101, 0.125, False)
MINIMAL = (0, 6.5e-3, 7.1e-3, 0, 0.1, 0.114, False)
NEAREST_FULL = (8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 0.714, 0.040, True)
NEAREST_MINIMAL = (0, 5e-2, 8e-3, 0, 0.1, 0.040, True)


@pytest.mark.parametrize(
    ("schedule", "values", "expected"),
    [
        ("idealised", MINIMAL, "0.36"),
        ("idealised", NEAREST_FULL, "0.23"),
        ("experiment", FULL, "6.2"),
        ("experiment", MINIMAL, "5.8"),
        ("experiment", NEAREST_FULL, "0.47"),
        ("experiment", NEAREST_MINIMAL, "0.35"),
    ],
)
def test_the_errors_that_the_docstring_states(schedule, values, expected):
    protocol = sh.protocol("sjostrom_2001", schedule=schedule, series="frequency")
    deviations = []
    for lane in protocol.schedule(np.random.default_rng(RNG)).lanes:
        (row,) = protocol.published.match(lane.condition)
        deviations.append((row.ratio - 1 - triplet(lane.pre[0], lane.post, values)) / row.sem)
    assert len(deviations) == 10
    assert f"{np.mean(np.square(deviations)):.{len(expected) - 2}f}" == expected
