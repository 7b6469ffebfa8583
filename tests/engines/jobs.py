"""Jobs and rules that several engine tests use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from circuits_by_hand import of_lanes

from spikeheb.rules import choose, read_rule

LIBRARY = Path(__file__).parents[2] / "models"
DT = 1e-4


def rule(name="pair", **choices):
    return choose(read_rule(LIBRARY / "rules" / f"{name}.toml"), **choices)


def steps(times):
    return np.rint(np.asarray(times, dtype=float) / DT).astype(np.int64)


def lanes(the_rule, pre, post, cell=None, tail=0.05, **options):
    """One input a lane; spike times in seconds."""
    pre, post = tuple(steps(p) for p in pre), tuple(steps(p) for p in post)
    last = max([int(train[-1]) for train in (*pre, *post) if train.size], default=0)
    return of_lanes(the_rule, cell, DT, last + round(tail / DT) + 1, np.arange(len(pre)), pre, post, **options)


def random_trains(rng, count, rate=20.0, duration=2.0):
    """Poisson trains on the grid, with a few exact coincidences between pre and post."""
    pre, post = [], []
    for _ in range(count):
        a, b = (np.unique(rng.integers(0, round(duration / DT), rng.poisson(rate * duration))) for _ in range(2))
        b = np.union1d(b, a[rng.random(a.size) < 0.1])
        pre.append(a * DT)
        post.append(b * DT)
    return pre, post


def write_rule(folder, name, text):
    path = folder / f"{name}.toml"
    path.write_text(text)
    return read_rule(path)


MINIMAL = """
schema = 1
name = "mine"
title = "A rule of my own"
doc = "Grows at every presynaptic spike."

[synapse]
model = "w : 1"
weight = "w"
initial = {{ w = 1 }}

[[on]]
event = "pre"
do = {do}
"""
