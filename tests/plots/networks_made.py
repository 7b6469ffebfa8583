"""The result of a network, made by hand: 800 excitatory and 200 inhibitory cells over 2 s, with assemblies in the weights."""

import json

import numpy as np
import xarray as xr

COUNTS = {"excitatory": 800, "inhibitory": 200}
STOP = 2.0
SNAPSHOTS = np.linspace(0, STOP, 21)


def made_network():
    """The result, and the assembly (0 to 3) of each excitatory cell."""
    rng = np.random.default_rng(11)
    variables = {}
    for (name, count), rate in zip(COUNTS.items(), (6.0, 14.0), strict=True):
        variables |= {
            f"{name}_spike_{what}": (f"{name}_spike", values)
            for what, values in zip(("time", "cell"), spikes(rng, count, rate), strict=True)
        }
    assembly = rng.integers(0, 4, COUNTS["excitatory"])
    variables |= projection("e_to_e", rng, assembly, assembly, 0.1)
    variables |= projection("i_to_e", rng, np.full(COUNTS["inhibitory"], -1), assembly, 0.1)
    attributes = {"populations": json.dumps(list(COUNTS.items())), "plastic": json.dumps(["e_to_e", "i_to_e"])}
    return xr.Dataset(variables, {"snapshot": SNAPSHOTS}, attributes), assembly


def spikes(rng, count, rate):
    """Poisson spikes at a rate that is doubled from 1.2 to 1.3 s, in steps of 0.1 ms."""
    number = rng.poisson(rate * count * STOP)
    burst = 1.2 + 0.1 * rng.random(rng.poisson(rate * count * 0.1))
    times = np.sort(np.round(np.concatenate([rng.uniform(0, STOP - 1e-4, number), burst]), 4))
    return times, rng.integers(0, count, times.size)


def projection(name, rng, pre_assembly, post_assembly, probability):
    """Weights that grow within an assembly and shrink elsewhere, some of them to the bound at 0."""
    pre, post = np.nonzero(rng.random((pre_assembly.size, post_assembly.size)) < probability)
    inside = pre_assembly[pre] == post_assembly[post]
    start = rng.normal(1.0, 0.15, pre.size)
    course = SNAPSHOTS[:, None] / STOP
    weights = start + course * np.where(inside, 0.8, -0.5) * rng.lognormal(0, 0.4, pre.size)
    return {
        f"{name}_weight": (("snapshot", f"{name}_synapse"), np.maximum(weights, 0.0), {"units": "nS", "long_name": "weight"}),
        f"{name}_pre": (f"{name}_synapse", pre),
        f"{name}_post": (f"{name}_synapse", post),
    }
