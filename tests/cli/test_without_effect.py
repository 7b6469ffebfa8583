"""An option that would have no effect is refused with one line that names it, on the command line and in Python."""

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.recordings import Sweeps

WEIGHTS = ("weights", "--rule", "pair", "--inputs", "9", "--duration", "1 s")
RUN = ("run", "pairing", "--rule", "pair", "--test-pulses", "off")
ANALYSE = ("analyse", "sweeps.csv", "--pulse", "1 ms", "--follow", "0", "40")
OPTIONS = [
    ("--correlation", (*WEIGHTS, "--correlation", "0.5")),
    ("--correlation-time", (*WEIGHTS, "--correlation-time", "20 ms")),
    ("--inhibitory-rate", (*WEIGHTS, "--inhibitory-rate", "10 Hz")),
    ("--normalise-every", (*WEIGHTS, "--normalise-every", "1 s")),
    ("--match-rates", (*WEIGHTS, "--match-rates")),
    ("--unit", (*WEIGHTS, "--imposed", "10 Hz", "--unit", "1 nS")),
    *((key, (*RUN, key, "1 min")) for key in ("--baseline", "--follow-up", "--test-interval", "--paired-pulse")),
    ("--paired-baseline", (*ANALYSE, "--paired-baseline", "first")),
    ("no channel 3", (*ANALYSE, "--channel", "3")),
    ("interval", (*ANALYSE, "--interval", "10 s")),
    ("first_after", (*ANALYSE, "--first-after", "1")),
    ("--layout", ("compare", "weights.csv", "--layout", "rows")),
    ("sides", ("replay", "--rule", "pair", "--spikes", "spikes.csv", "--sides", "pre, post")),
    ("--cell", ("show", "pair", "--cell", "l5_pyramidal", "--no-measure")),
    ("--latex", ("show", "pair", "--latex", "--kernel")),
    ("--measure", ("show", "pair", "--latex", "--measure")),
    ("--measure", ("show", "l5_pyramidal", "--measure")),
    ("--set", ("show", "format", "--set", "x")),
    ("--latex", ("show", "format", "--latex")),
    ("--verify", ("cache", "--clear", "--verify")),
]


@pytest.mark.parametrize(("key", "arguments"), OPTIONS, ids=[" ".join(arguments) for _, arguments in OPTIONS])
def test_an_option_that_would_have_no_effect_is_refused(spikeheb, tmp_path, spikes, key, arguments):
    (tmp_path / "sweeps.csv").write_text("time_ms,-1,1\n0,-70,-70\n1,-70,-70\n2,-69,-68.5\n3,-70,-70\n", encoding="utf-8")
    (tmp_path / "weights.csv").write_text("seed,weight\n0,0.5\n0,0.6\n1,0.5\n1,0.4\n", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    assert key in spikeheb(*arguments).refusal
    assert sorted(tmp_path.iterdir()) == before


def test_bounds_and_layout_are_for_weights_from_elsewhere(tmp_path):
    data = sh.weights("pair", None, sh.fan_in_inputs(5), "1 s", 1, imposed="10 Hz", snapshots=4)
    sh.save(data, tmp_path / "result.nc")
    for key, value in {"low": 0.0, "high": 1.0, "layout": "rows"}.items():
        with pytest.raises(sh.FormatError, match=f"{key}: has no effect without weights from elsewhere"):
            sh.compare(tmp_path / "result.nc", **{key: value})
    np.save(tmp_path / "table.npy", np.random.default_rng(0).random((3, 30)))
    assert list(sh.compare([tmp_path / "result.nc", tmp_path / "table.npy"], high=1.0, layout="rows")["sample"].values) == ["pair", "table"]


@pytest.mark.parametrize("option", [{"unit": "mV"}, {"channel": 1}, {"reader": "AxonIO"}, {"cut_at": "events"}, {"first_after": 1}])
def test_sweeps_that_are_given_are_not_read(option):
    given = Sweeps(np.zeros((2, 3)), np.array([0.0, 1e-3, 2e-3]), np.array([-1.0, 1.0]), 0.0, "V")
    with pytest.raises(sh.FormatError, match=f"{next(iter(option))}: says how a file is read"):
        sh.analyse(given, **option)


def test_the_defaults_are_those_that_help_names():
    usual = sh.fan_in_inputs(9, correlated=4, inhibitory=2)
    said = sh.fan_in_inputs(9, correlated=4, correlation=0.1, correlation_time="20 ms", inhibitory=2, inhibitory_rate="10 Hz")
    assert repr(usual) == repr(said)
