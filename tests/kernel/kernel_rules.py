"""Rules that use what the format offers and the kernel could get wrong, each about as short as it can be; and jobs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import of_lanes

from spikeheb.cells import Hold, read_cell
from spikeheb.circuits.drives import Change
from spikeheb.rules import choose, read_rule

LIBRARY = Path(__file__).parents[2] / "models"
DT = 1e-4

HEAD = """
schema = 1
name = "{name}"
title = "{name}"
doc = "For a test."
"""

CALCIUM = """
[parameters]
tau_ca = { value = "20 ms", doc = "", source = "chosen" }
C_1 = { value = 1, doc = "", source = "chosen" }
C_2 = { value = 2, doc = "", source = "chosen" }
D = { value = "13.7 ms", doc = "", source = "chosen" }
theta_d = { value = 1, doc = "", source = "chosen" }
theta_p = { value = 1.3, doc = "", source = "chosen" }
gamma_d = { value = 200, doc = "", source = "chosen" }
gamma_p = { value = 321.808, doc = "", source = "chosen" }
sigma = { value = 2.8284, doc = "", source = "chosen" }
tau = { value = "15 s", doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dc/dt = -c/tau_ca : 1
up = int(c >= theta_p) : 1
down = int(c >= theta_d) : 1
drho/dt = (-rho*(1 - rho)*(0.5 - rho) + gamma_p*(1 - rho)*up - gamma_d*rho*down)/tau + sigma*sqrt((up + down)/tau)*xi : 1
\"\"\"
method = "heun"
weight = "rho"
efficacy = "1 + 4*rho"
initial = { rho = 0.3 }

[[on]]
event = "pre"
do = ["transmit = 1"]

[[on]]
event = "pre"
delay = "D"
do = ["c += C_1"]

[[on]]
event = "post"
do = ["c += C_2"]

[bounds]
kind = "none"
"""

RELEASE = """
[parameters]
U = { value = 0.3, doc = "", source = "chosen" }
tau_rec = { value = "200 ms", doc = "", source = "chosen" }
tau_f = { value = "50 ms", doc = "", source = "chosen" }
eta = { value = 0.02, doc = "", source = "chosen" }
tau_y = { value = "30 ms", doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dR/dt = (1 - R)/tau_rec : 1
du/dt = (U - u)/tau_f : 1
dy/dt = -y/tau_y : 1
w : 1
last : 1
\"\"\"
weight = "w"
efficacy = "w"
initial = { R = 1, u = "U", w = 0.5 }

[[on]]
event = "pre"
do = ["u += U*(1 - u)", "last = u*R", "transmit = last", "R -= last", "ltd = eta*y*last"]

[[on]]
event = "post"
do = ["ltp = eta*(1 - y)*last", "y += 1"]

[bounds]
kind = "soft"
w_min = 0
w_max = 1
"""

CASCADE = """
[parameters]
tau_a = { value = "10 ms", doc = "", source = "chosen" }
tau_b = { value = "10 ms", doc = "", source = "chosen" }
tau_y = { value = "40 ms", doc = "", source = "chosen" }
gain = { value = 0.02, doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dfirst/dt = -first/tau_a : 1
dsecond_one/dt = (first - second_one)/tau_b : 1
dy/dt = -y/tau_y : 1
dslow/dt = (w - slow)/(1*second) : 1
w : 1
\"\"\"
weight = "w"
efficacy = "w"
initial = { w = 0.5, slow = 0.5 }

[[on]]
event = "pre"
do = ["ltd = gain*y*slow", "first += 1"]

[[on]]
event = "post"
do = ["ltp = 3*gain*second_one*(1 - slow)", "y += 1"]

[bounds]
kind = "hard"
w_min = 0.1
w_max = 0.9
"""

REWARD = """
[parameters]
tau_e = { value = "1 s", doc = "", source = "chosen" }
tau_x = { value = "20 ms", doc = "", source = "chosen" }
late = { value = "3 ms", doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dx/dt = -x/tau_x : 1
dy/dt = -y/tau_x : 1
delig/dt = -elig/tau_e : 1
w : 1
\"\"\"
weight = "w"
efficacy = "w"
initial = { w = 0.5 }

[[on]]
event = "pre"
do = ["elig -= 0.01*y", "x += 1"]

[[on]]
event = "post"
delay = "late"
do = ["elig += 0.01*x", "y += 1"]

[[on]]
event = "reward"
do = ["w += amount*elig"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""

VOLTAGE = """
[parameters]
theta = { value = "-65 mV", doc = "", source = "chosen" }
theta_high = { value = "-55 mV", doc = "", source = "chosen" }
A_d = { value = "2e-3 / mV", doc = "", source = "chosen" }
A_p = { value = "2e-4 / mV**2 / ms", doc = "", source = "chosen" }
tau_u = { value = "10 ms", doc = "", source = "chosen" }
tau_x = { value = "15 ms", doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dx/dt = -x/tau_x : 1
dw/dt = A_p*x*positive(v - theta_high)*positive(u - theta) : 1
\"\"\"
method = "euler"
weight = "w"
efficacy = "w"
initial = { w = 0.5 }

[post]
model = \"\"\"
du/dt = (v - u)/tau_u : volt
\"\"\"
method = "euler"
initial = { u = "theta - 5*mV" }

[[on]]
event = "pre"
do = ["ltd = A_d*positive(u - theta)", "x += 1"]

[bounds]
kind = "hard"
w_min = 0
w_max = 3
"""

LATE = (
    VOLTAGE.replace('u - theta)"', 'u_late - theta)"')
    .replace("positive(u - theta) : 1", "positive(u_late - theta) : 1")
    .replace("[[on]]", 'u_late = { of = "u", by = "delay_u" }\n\n[[on]]', 1)
    .replace("tau_x = {", 'delay_u = { value = "3 ms", doc = "", source = "chosen" }\ntau_x = {', 1)
)

NOISY_JUMPS = """
[parameters]
tau = { value = "20 ms", doc = "", source = "chosen" }
A = { value = 0.01, doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dx/dt = -x/tau : 1
dy/dt = -y/tau : 1
w : 1
\"\"\"
weight = "w"
efficacy = "w"
initial = { w = "0.4 + 0.2*rand()" }

[[on]]
event = "pre"
do = ["ltd = A*y*(1 + 0.1*randn())", "x += 1"]

[[on]]
event = "post"
do = ["ltp = A*x*(1 + 0.1*randn())", "y += 1"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""

HOMEOSTAT = """
[parameters]
tau_r = { value = "500 ms", doc = "", source = "chosen" }
tau_x = { value = "20 ms", doc = "", source = "chosen" }
eta = { value = 0.01, doc = "", source = "chosen" }

[synapse]
model = \"\"\"
dx/dt = -x/tau_x : 1
w : 1
\"\"\"
weight = "w"
efficacy = "w"
initial = { w = 0.5 }

[post]
model = \"\"\"
dr/dt = -r/tau_r : 1
heard : 1
\"\"\"
on_spike = ["r += 1"]

[[on]]
event = "pre"
do = ["heard += 0.01*w", "x += 1"]

[[on]]
event = "post"
do = ["ltp = eta*x*(1 - r) + 0.001*heard"]

[bounds]
kind = "hard"
w_min = 0
w_max = 2
"""

ALL = {
    "calcium": CALCIUM,
    "release": RELEASE,
    "cascade": CASCADE,
    "reward": REWARD,
    "voltage": VOLTAGE,
    "late": LATE,
    "noisy_jumps": NOISY_JUMPS,
    "homeostat": HOMEOSTAT,
}


def read(folder, name, **choices):
    """The test rule of that name, or the library's."""
    if name in ALL:
        path = folder / f"{name}.toml"
        path.write_text(HEAD.format(name=name) + ALL[name])
    else:
        path = LIBRARY / "rules" / f"{name}.toml"
    return choose(read_rule(path), **choices)


def cell(name):
    """A cell of the library, or "shaped": one whose spike has two parts."""
    if name == "shaped":
        return replace(cell("l5_pyramidal"), name=name, shape=(Hold(0.03, 1e-3), Hold(0.01, 5e-4)), refractory=1e-3)
    return read_cell(LIBRARY / "cells" / f"{name}.toml")


def trains(rng, count, steps, rate):
    """Poisson trains of steps."""
    return tuple(np.unique(rng.integers(0, steps, rng.poisson(rate * steps * DT))) for _ in range(count))


def job(rule, on_cell=None, *, seed=1, lanes=3, inputs=2, steps=8000, rate=30.0, **more):
    """Random trains with ties, rewards for a rule that hears them, current steps where there is a cell."""
    rng = np.random.default_rng(seed)
    pre, post = trains(rng, lanes * inputs, steps, rate), trains(rng, lanes, steps, rate)
    post = tuple(np.union1d(train, pre[lane * inputs][::4]) for lane, train in enumerate(post))
    if any(handler.event == "reward" for handler in rule.handlers):
        more.setdefault("rewards", (Change(0, 2000, 1.0), Change(lanes - 1, 5000, -0.5)))
    if on_cell is not None:
        more.setdefault("currents", (Change(0, 2000, 1.2e-9), Change(0, 3000, 0.0)))
        length = more.setdefault("sweep_steps", 1000)
        more.setdefault("sweeps", np.array([start for start in (100, 4000) if start + length <= steps], dtype=np.int64))
    more.setdefault("samples", np.unique([0, min(3999, steps // 2), steps - 1]))
    return of_lanes(rule, on_cell, DT, steps, np.repeat(np.arange(lanes), inputs), pre, post, **more)


def same(recording, expected, atol=1e-12):
    """Hold two recordings against each other: first the spike steps, then weights, efficacies and potentials."""
    for lane, (a, b) in enumerate(zip(recording.spikes, expected.spikes, strict=True)):
        np.testing.assert_array_equal(a, b, err_msg=f"spikes of lane {lane}")
    np.testing.assert_allclose(recording.w, expected.w, rtol=0, atol=atol)
    np.testing.assert_allclose(recording.weight, expected.weight, rtol=0, atol=atol)
    np.testing.assert_allclose(recording.efficacy, expected.efficacy, rtol=0, atol=10 * atol)
    np.testing.assert_allclose(recording.v, expected.v, rtol=0, atol=1e-12)


def as_bytes(recording):
    """All that was recorded, for comparing byte by byte."""
    arrays = [recording.w, recording.weight, recording.efficacy, recording.v, *recording.spikes, *recording.variables.values()]
    return [array.tobytes() for array in arrays]


def one_of(pairs, turn):
    """Cases of two names each; every `turn`-th of them runs always, the others where full experiments are asked for."""
    marks = (() if n % turn == 0 else pytest.mark.full for n in range(10**6))
    return [pytest.param(*pair, id="-".join(map(str, pair)), marks=mark) for pair, mark in zip(pairs, marks, strict=False)]
