"""Recordings with a known truth."""

import json

import numpy as np

from spikeheb.recordings import Sweeps

ARTEFACT = "time_ms,-1,1\n0,-70,-70\n1,-50,-50\n2,-70,-70\n3,-69,-68.5\n4,-70,-70\n"
FIELD = "time_ms,-1,1\n0,0,0\n1,-0.5,-0.75\n2,0,0\n"
PAIRED = "time_ms,-1,1\n0,-70,-70\n5,-69,-69\n50,-70,-70\n55,-67,-69.5\n60,-70,-70\n"
FOLLOW = (0.0, 40.0)
TIME = np.arange(-200, 1000) * 1e-4
MINUTES = np.concatenate([np.arange(-20, 0) / 2, 20 + np.arange(41) / 2])


def shape(time, rise=2e-3, decay=2e-2):
    late = np.maximum(time, 0)
    peak = np.log(decay / rise) * rise * decay / (decay - rise)
    return (np.exp(-late / decay) - np.exp(-late / rise)) / (np.exp(-peak / decay) - np.exp(-peak / rise))


def sweeps(gain=None, noise=0.0, level=-70e-3, unit="V", minutes=MINUTES, response=None, seed=0):
    """Responses of 1 mV (pA) before and 1.5 after, 2 ms after the pulse."""
    gain = np.where(minutes < 0, 1.0, 1.5) if gain is None else gain
    response = shape(TIME - 2e-3) if response is None else response
    scale = 1e-3 if unit == "V" else 1e-12
    v = level + scale * (gain[:, None] * response + noise * np.random.default_rng(seed).standard_normal((minutes.size, TIME.size)))
    return Sweeps(v, TIME, minutes, 0.0, unit)


def notes(data):
    return " | ".join(json.loads(data.attrs["notes"]))
