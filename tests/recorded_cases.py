"""The cases of `recorded_bytes.py`: short runs through the functions of ``import spikeheb``, as a user would call them.

Every rule file runs as lanes (without a cell, on each cell, in a session with test pulses), as fan-in (imposed spikes, cells in blocks of
one and of several) and in numpy; every published set runs as lanes without a cell; then every option runs once or twice. All spikes come
from a generator with a fixed seed. `engines_own` alone reaches further in, for what no public function offers.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from circuits_by_hand import of_fan_in

import spikeheb as sh

ROOT = Path(__file__).resolve().parents[1]
CELL = "l5_pyramidal"
LANES, INPUTS, CELLS = 3, 12, 3
MANY = 6
"""Cells that the kernel takes in blocks of several."""
NOISY = "graupner_brunel:hippocampal_slices"
UNIT = {"costa": "200 nS", "izhikevich_reward": "80 nS", "tsodyks_markram": "200 nS", "vogels": "200 nS", "zenke": "800 nS"}
"""Of efficacy 1 in fan-in, where the rule's initial efficacy needs another one than 20 nS to make the cell fire."""
STEPS = '''
"""A current step, a voltage clamp and a reward, a lane each, with test pulses."""

from dataclasses import dataclass

import numpy as np

import spikeheb as sh


@dataclass(frozen=True)
class Parameters:
    """Nothing to change."""


def schedule(p, rng):
    """Three lanes."""
    pre = np.array([0.02, 0.07, 0.12, 0.2])
    what = {
        "current": {"currents": (sh.Current(0.01, 0.1, 1.5e-9), sh.Current(0.15, 0.05, -2e-10))},
        "clamp": {"clamps": (sh.Clamp(0.01, 0.05, -0.05), sh.Clamp(0.1, 0.05, -0.02))},
        "reward": {"rewards": (sh.Reward(0.05, 1.0), sh.Reward(0.15, -0.5))},
    }
    lanes = [sh.Lane({"what": name}, pre=(pre,), post=pre + 0.008, **given) for name, given in what.items()]
    return sh.Schedule(tuple(lanes), baseline=1.0, follow_up=1.0, test_interval=0.5)
'''


@dataclass(frozen=True)
class Case:
    """A run, and whether it is the compiled kernel's.

    Attributes
    ----------
    call : callable
        Gives a dataset, or a mapping of arrays.
    compiled : bool
        False for numpy in its place.
    """

    call: Callable[[], Any]
    compiled: bool = True


def names(folder: str) -> list[str]:
    """The rule files (``"rules"``) or cell files (``"cells"``) of the library."""
    return sorted(path.stem for path in (ROOT / "models" / folder).glob("*.toml"))


@functools.cache
def trains(lasts: float = 0.5) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Random spikes before and after the synapse for each lane, with ties, a burst, and a lane that is silent on one side."""
    rng = np.random.default_rng(7)
    pre, post = [], []
    for _ in range(LANES):
        a, b = (np.unique(rng.integers(10, round(lasts / 1e-4), round(40 * lasts))) for _ in range(2))
        b = np.union1d(b, a[::4])
        pre.append(np.union1d(a, a[0] + np.array([20, 40, 60])) * 1e-4)
        post.append(b * 1e-4)
    post[-1] = np.zeros(0)
    return pre, post


def lanes(rule: Any, cell: str | None = None, **options: Any) -> Any:
    """The weights of three lanes, followed every 5 ms."""
    pre, post = trains()
    rewards = [sh.Reward(0.1, 1.0), sh.Reward(0.3, -0.5)]
    return sh.replay(rule, pre, post, cell=cell, events=rewards, **{"record": "5 ms", "engine": "kernel", **options})


def session(rule: Any, script: str = STEPS, **options: Any) -> Any:
    """A short experiment with test pulses: EPSPs, weights and efficacies."""
    with tempfile.TemporaryDirectory(prefix="recorded-") as folder:
        path = Path(folder) / "steps.py"
        path.write_text(script, encoding="utf-8")
        return sh.run(str(path), rule, **{"cell": CELL, "engine": "kernel", **options})


def window(rule: Any, **options: Any) -> Any:
    """A short window, a tie among its pairs."""
    return sh.window(rule, [-0.02, -0.005, 0.0, 0.005, 0.02], 5, 10.0, engine="kernel", **options)


def fan_in(rule: Any, cell: str | None = CELL, cells: int = CELLS, **options: Any) -> Any:
    """A second of Poisson inputs onto cells, or with imposed spikes."""
    given: dict[str, Any] = {
        "inputs": sh.poisson_inputs(INPUTS, "40 Hz"),
        "duration": "1 s",
        "seeds": 1,
        "snapshots": 10,
        "engine": "kernel",
    }
    given |= {"imposed": "20 Hz"} if cell is None else {"unit": UNIT.get(rule if isinstance(rule, str) else rule.name, "20 nS")}
    return sh.weights([rule], cell, cells=cells, **(given | options))


def engines_own(rule: str = "pair", cells: int = CELLS, **options: Any) -> Mapping[str, Any]:
    """Fan-in with what no study asks for: adapt this one function where circuits are rearranged."""
    from spikeheb.engines.choice import carry_out

    steps = np.arange(999, 10_000, 1000)
    inputs = (sh.Poisson(np.full(INPUTS, 40.0)),)
    circuit = of_fan_in(sh.rule(rule), sh.cell(CELL), 1e-4, 10_000, cells, inputs, snapshots=steps, trains=True, current=1e-9, **options)
    result = carry_out(circuit, "kernel")
    spikes = {f"spikes_{n}": train for n, train in enumerate(result.spikes)}
    return {"w": result.w, "counts": result.counts, "snapshots": result.snapshots, **spikes}


def on_processors(most: int, call: Callable[[], Any]) -> Any:
    """The outcome of a call that may use so many processors (all where the system cannot restrict it)."""
    if not hasattr(os, "sched_setaffinity"):
        return call()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:most])
    try:
        return call()
    finally:
        os.sched_setaffinity(0, before)


def saved_and_rerun(call: Callable[[], Any]) -> Any:
    """The result, saved, read back and carried out once more from what the file says."""
    with tempfile.TemporaryDirectory(prefix="recorded-") as folder:
        return sh.rerun(sh.load(sh.save(call(), Path(folder) / "result.nc")))


def _pairing() -> Any:
    return sh.run(
        "pairing", "pair", CELL, engine="kernel", baseline="1 s", follow_up="1 s", test_interval="0.5 s", pairs=3, frequency="10 Hz"
    )


def resumed(rule: str) -> Any:
    """Fan-in that starts from the weights that another one of it ended with."""
    first = fan_in(rule, cells=1)
    weights = first["weight"].values[0, 0, 0] * float(first["scale"].values[0])
    return fan_in(rule, cells=1, w0=weights, seed=1)


# --- the list ------------------------------------------------------------------------------------------------------------


@functools.cache
def cases() -> Mapping[str, Case]:
    """Every case by its name, ``loop/rule/cell`` or ``option/which``."""
    listed: dict[str, Case] = {}
    for name, case in (*_of_rules(), *_of_sets(), *_of_numpy(), *_of_options()):
        assert name not in listed, name
        listed[name] = case
    return listed


def _of_rules() -> Iterator[tuple[str, Case]]:
    for rule in names("rules"):
        for cell in (None, *names("cells")):
            yield f"lanes/{rule}/{cell or 'no cell'}", Case(functools.partial(lanes, rule, cell))
        yield f"session/{rule}/{CELL}", Case(functools.partial(session, rule))
        yield f"window/{rule}/no cell", Case(functools.partial(window, rule))
        yield f"fan-in/{rule}/no cell", Case(functools.partial(fan_in, rule, None))
        yield f"fan-in/{rule}/{CELL}", Case(functools.partial(fan_in, rule))
        yield f"fan-in in blocks/{rule}/{CELL}", Case(functools.partial(fan_in, rule, cells=MANY))
    for cell in names("cells"):
        yield f"fan-in/triplet on each cell/{cell}", Case(functools.partial(fan_in, "triplet", cell))


def _of_sets() -> Iterator[tuple[str, Case]]:
    for rule in names("rules"):
        for each in sh.rule(rule).sets:
            yield f"lanes/{rule}:{each}/no cell", Case(functools.partial(lanes, f"{rule}:{each}"))


def _of_numpy() -> Iterator[tuple[str, Case]]:
    """What takes the kernel's place where there is no compiler."""
    for rule in names("rules"):
        for cell in (None, CELL):
            yield f"numpy lanes/{rule}/{cell or 'no cell'}", Case(functools.partial(lanes, rule, cell), compiled=False)
    yield "numpy fan-in/pair/no cell", Case(functools.partial(fan_in, "pair", None), compiled=False)
    yield "numpy fan-in/inhibition", Case(functools.partial(fan_in, "pair", inputs=_inhibited()), compiled=False)
    yield "numpy session/steps", Case(functools.partial(session, "izhikevich_reward", test_pulses=False), compiled=False)


def _inhibited() -> Any:
    return sh.with_inhibition(sh.poisson_inputs(INPUTS, "40 Hz"), 4, "20 Hz")


def _of_options() -> Iterator[tuple[str, Case]]:
    for name, call in (_delays_and_ties() | _drives() | _precision() | _noise() | _threads_and_files()).items():
        yield f"option/{name}", Case(call)


def _delays_and_ties() -> dict[str, Callable[[], Any]]:
    part = functools.partial
    delays = {"axonal_delay": "2 ms", "backpropagation_delay": "1 ms"}
    calls: dict[str, Callable[[], Any]] = {}
    for rule in ("pair", "triplet", "clopath", "graupner_2016"):
        cell = CELL if rule == "clopath" else None
        calls[f"delays lanes/{rule}"] = lambda rule=rule, cell=cell: lanes(sh.rule(rule, **delays), cell)
        calls[f"delays fan-in/{rule}"] = lambda rule=rule: fan_in(sh.rule(rule, **delays))
    calls["delays of each lane/pair"] = part(lanes, "pair", axonal_delay=[0.0, 1e-3, 3e-3], backpropagation_delay=[2e-3, 0.0, 1e-3])
    for policy in ("pre_first", "post_first", "discard"):
        for rule in ("pair", "triplet"):
            calls[f"coincidence {policy} lanes/{rule}"] = part(_with_policy, policy, rule, lanes)
            calls[f"coincidence {policy} fan-in/{rule}"] = part(_with_policy, policy, rule, part(fan_in, dt=1e-3))
            calls[f"coincidence {policy} window/{rule}"] = part(_with_policy, policy, rule, window)
    return calls


def _with_policy(policy: str, rule: str, call: Callable[[Any], Any]) -> Any:
    return call(sh.rule(rule, coincidence=policy))


def _drives() -> dict[str, Callable[[], Any]]:
    part = functools.partial
    calls: dict[str, Callable[[], Any]] = {
        f"current, clamp, reward/{rule}": part(session, rule, cell=cell, control=True)
        for rule, cell in (("clopath", "l5_clopath"), ("izhikevich_reward", CELL), ("pair", "ca1_pyramidal"))
    }
    for rule in ("covariance_reward", "izhikevich_reward"):
        calls[f"reward lanes/{rule}"] = part(lanes, rule)
        calls[f"reward fan-in/{rule}"] = part(engines_own, rule, rewards=((3000, 1.0), (7000, -0.5)))
    calls["bundle and pairs of test pulses"] = part(session, "tsodyks_markram", copies=3, paired_pulse="50 ms")
    for kind in ("divisive", "subtractive"):
        calls[f"normalise {kind}"] = part(fan_in, "pair", normalise=kind)
        calls[f"normalise {kind} now and then"] = part(fan_in, "pair", cells=MANY, normalise=kind, normalise_every="50 ms")
    for cells in (CELLS, MANY):
        calls[f"inhibition/{cells} cells"] = part(fan_in, "pair", cells=cells, inputs=_inhibited())
    groups = sh.fan_in_inputs(INPUTS, "30 Hz", correlated=4, early=4)
    private = sh.Inputs(groups.sources, private=True)
    regular = sh.Inputs((sh.Regular(np.linspace(0.02, 0.05, INPUTS), np.linspace(0, 0.02, INPUTS)),))
    calls |= {
        f"inputs/{name}": part(fan_in, "triplet", inputs=x) for name, x in (("groups", groups), ("private", private), ("regular", regular))
    }
    return calls


def _precision() -> dict[str, Callable[[], Any]]:
    """What no public function offers yet is recorded as refused, so that the day on which it is offered shows."""
    calls: dict[str, Callable[[], Any]] = {
        f"float32/{rule}, {cells} cells": functools.partial(engines_own, rule, cells, precision="float32")
        for rule in ("pair", "triplet", "clopath")
        for cells in (CELLS, 12)
    }
    for name, given in (("float32 asked for", {"precision": "float32"}), ("exact", {"exact": True})):
        calls[f"{name} fan-in"] = functools.partial(fan_in, "pair", **given)
        calls[f"{name} lanes"] = functools.partial(lanes, "pair", **given)
    return calls


def _noise() -> dict[str, Callable[[], Any]]:
    part = functools.partial
    return {
        "noise lanes": part(lanes, NOISY, seed=3),
        "noise window of a population": part(window, NOISY, cells=2, synapses=5, seeds=2),
        "noise session of a population": part(session, NOISY, cells=2, synapses=4),
        "noise fan-in": part(fan_in, NOISY, None),
        "noise fan-in in blocks": part(fan_in, NOISY, cells=MANY),
        "noise in the bounds lanes": part(lanes, "pair:van_rossum", seed=3),
        "noise in the bounds fan-in": part(fan_in, "pair:log_stdp"),
    }


def _threads_and_files() -> dict[str, Callable[[], Any]]:
    part = functools.partial
    several: dict[str, Callable[[], Any]] = {
        "fan-in": part(fan_in, "triplet", cells=12),
        "lanes": part(window, "graupner_brunel:DP", cells=4, synapses=3),
        "session": part(session, "pair"),
    }
    calls = {f"{name} on {most} processors": part(on_processors, most, call) for name, call in several.items() for most in (1, 2)}
    calls |= {
        "saved and rerun fan-in": part(saved_and_rerun, part(fan_in, "pair")),
        "saved and rerun lanes": part(saved_and_rerun, part(lanes, "triplet")),
        "saved and rerun session": part(saved_and_rerun, _pairing),
        "resumed from weights": part(resumed, "pair"),
        "w0 of each input": part(fan_in, "pair", None, w0=np.linspace(0.1, 0.9, INPUTS)),
        "combined rules": part(lanes, "triplet+tsodyks_markram", CELL),
    }
    return calls
