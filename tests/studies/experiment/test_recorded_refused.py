"""What does not fit a recording is refused in one line, in Python and on the command line."""

from __future__ import annotations

import numpy as np
import pytest
from recorded_sweeps import ARTEFACT, MINUTES, TIME, sweeps

import spikeheb as sh
from spikeheb.studies.experiment.recorded import analyse


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "0 ms 5 ms"}, "baseline: expected two times before the pulse"),
        ({"baseline": "-5 ms"}, "baseline: expected two times"),
        ({"blank": "200 ms"}, "search: expected 0 <= blank < search"),
        ({"slope_limits": (0.8, 0.3)}, "slope_limits: expected two fractions"),
        ({"signal": "current"}, 'signal: the sweeps are in V, which does not fit a signal "current"'),
        ({"pulse": "1 s"}, "must contain the pulse"),
        ({"pulse": "50 ms 0 ms"}, "pulses: expected the time of each pulse of a sweep, in order"),
        ({"volley": "-1 ms 2 ms"}, "volley: expected two times after the pulse"),
        ({"step": "60 ms 90 ms"}, "step: expected start, stop and size"),
        ({"step": "160 ms 190 ms -50 pA"}, "step: "),
        ({"every": 0}, "every: expected a whole number from 1 to 61"),
        ({"average": 0}, "average: expected a whole number from 1"),
        ({"follow": (40, 20)}, "follow: expected two minutes"),
        ({"follow": (20,)}, "follow: expected two numbers"),
        ({"follow": (0, 1e300)}, "follow: expected two minutes from 0 to 100,000"),
        ({"search": "1e300 ms"}, "search: 1e\\+300 ms are longer than the sweep, which goes from -20 to 99.9 ms"),
        ({"search": 1.0}, "search: 1000 ms are longer than the sweep"),
        ({"peak_width": "1e300 ms"}, "peak_width: 1e\\+300 ms are longer than the 99.4 ms in which the response is looked for"),
        ({"peak_width": "2 ms", "population_spike": "2 ms 4 ms"}, "peak_width: 2 ms are longer than the 1.5 ms"),
        ({"baseline": "-1e300 ms 0 ms"}, "baseline: the window from .* does not lie in the sweep"),
        ({"baseline": "-60 ms -40 ms"}, "baseline: the window from -60 to -40 ms about the pulse does not lie in the sweep"),
        ({"volley": "500 ms 600 ms"}, "volley: the window from 500 to 600 ms about the pulse does not lie in the sweep"),
        ({"population_spike": "5 ms 1 s"}, "population_spike: the window from 5 to 1000 ms"),
        ({"population_spike": "0.1 ms 0.2 ms"}, "population_spike: no sample from 0.5 to 0.09"),
        ({"volley": "5 ms 7 ms", "population_spike": "1 ms 3 ms"}, "volley: expected a window that ends before"),
        ({"pulse": "0 ms 0.2 ms"}, "pulse: the pulse at 0.2 ms leaves no time for the response to the one at 0 ms"),
        ({"pulse": "0 ms 1e300 ms"}, "pulse: the sweep goes from -20 to 99.9 ms and must contain the pulse"),
        ({"pulse": "-1e300 ms"}, "pulse: the sweep goes from -20 to 99.9 ms and must contain the pulse"),
        ({"pulse": "0,5 ms"}, "pulse: .*write a decimal point, or a unit after each number"),
        ({"pulse": []}, "pulse: expected a time"),
        ({"slope_limits": (0.3, 0.5, 0.7)}, "slope_limits: expected two numbers"),
        ({"step": "60 ms 90 ms 1e-300 A"}, "step: expected a size from 1e-15 to 1e-06 A"),
        ({"average": 10**9}, "average: expected a whole number"),
        ({"average": 21}, "average: expected 1 to 20, as there are 20 sweeps before and 41 after"),
        ({"average": 2.5}, "average: expected a whole number"),
        ({"every": 10**9}, "every: expected a whole number from 1 to 61"),
        ({"reject": [1.5]}, "reject: the recording has 61 sweeps, so expected 0 to 60"),
        ({"reject": "3"}, "reject: the recording has 61 sweeps"),
        ({"cut_at": "1 s"}, "cut_at: says how a file is read, and these sweeps are read already"),
        ({"interval": "10 s"}, "interval: says how a file is read"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(options, message):
    with pytest.raises(sh.SpikehebError, match=message) as error:
        analyse(sweeps(), **options)
    assert "\n" not in str(error.value)


def test_the_command_line_refuses_such_windows_with_one_line(command):
    for options in (["--search", "1e300 ms"], ["--peak-width", "1e300 ms"], ["--average", "1000000000"], ["--baseline", "-9 s -8 s"]):
        code, err, _ = command(ARTEFACT, "--pulse", "1 ms", *options)
        assert code == 2
        assert err.count("\n") == 1


def test_a_baseline_between_two_near_pulses_begins_after_the_artefact_of_the_first():
    """Artefacts of 30 mV at 0 and at 4 ms; the level before the second pulse is that between them."""
    v = sweeps(response=np.zeros(TIME.size), gain=np.ones(MINUTES.size))
    v.v[:, (TIME > -1e-9) & (TIME < 3e-4)] += 30e-3
    v.v[:, (TIME > 4e-3 - 1e-9) & (TIME < 4.3e-3)] += 30e-3
    v.v[:, TIME > 0.95e-3] += 1e-3
    v.v[:, TIME > 4.95e-3] += 2e-3
    data = analyse(v, pulse="0 ms 4 ms", search="3 ms", peak_width=0)
    assert data["epsp_of_pulses_before"].values[0, 1] == pytest.approx(2e-3 + 1e-3 * 5 / 35, rel=1e-9)


def test_units_that_are_none_are_refused():
    with pytest.raises(sh.UnitError, match=r"pulse\[0\]: expected a time"):
        analyse(sweeps(), pulse="5 mV")
    with pytest.raises(sh.UnknownName, match='no kind of signal named "membran"'):
        analyse(sweeps(), signal="membran")
