"""Every rule file and every set in every target of the reference engine, on the same spikes.

``python tests/engines/agreement.py`` prints a line for each and ends with exit code 1 if one is outside its tolerance.
A C++ program is built for each structure, so the first run takes minutes. Rules with noise are compared in mean and
standard deviation over the lanes.
"""

from __future__ import annotations

import sys

import numpy as np
from jobs import LIBRARY, lanes, random_trains, rule

from spikeheb.engines.brian import runtime, standalone
from spikeheb.errors import EngineError
from spikeheb.rules.meaning import is_noisy

LANES = 200


def tolerance(job, w):
    """Relative to the largest weight; the clock of Brian2 is a float that grows."""
    return (1e-12 + 4 * np.finfo(float).eps * job.steps * job.dt / 0.01) * max(1.0, float(np.abs(w).max()))


def distance(job, a, b):
    """The largest error, and what it may be."""
    if not is_noisy(job.rule):
        return float(np.abs(a - b).max()), tolerance(job, a)
    error = np.sqrt((a.var() + b.var()) / a.size)
    return float(abs(a.mean() - b.mean())), 4 * float(error) + 1e-12


def main() -> int:
    """Print the table; 1 where something disagrees."""
    pre, post = random_trains(np.random.default_rng(11), LANES, duration=1.0)
    worst = 0
    for path in sorted((LIBRARY / "rules").glob("*.toml")):
        for name in (None, *rule(path.stem).sets):
            the_rule = rule(path.stem, set=name)
            job = lanes(the_rule, pre, post)
            try:
                reference = runtime.run(job, "numpy").w
            except EngineError as error:
                print(f"{the_rule.label:45s} not without a cell ({error.message})")
                continue
            for label, run in (("cython", lambda j: runtime.run(j, "cython")), ("standalone", standalone.run)):
                error, allowed = distance(job, reference, run(job).w)
                worst |= error > allowed
                print(
                    f"{the_rule.label:45s} {label:11s} {error:9.2e}  allowed {allowed:9.2e}  {'' if error <= allowed else 'DISAGREES'}",
                    flush=True,
                )
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
