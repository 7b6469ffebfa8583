"""Writes notebooks/data/: results of long runs, for machines without a compiler. Call it without arguments after a rule has changed."""

from pathlib import Path

import numpy as np

import spikeheb as sh

FOLDER = Path(__file__).parent / "data"


def sjostrom_40_hz() -> str:
    """EPSPs of notebook 1."""
    data = sh.run("sjostrom_2001", "triplet:visual_cortex_nearest_min", series="frequency")
    chosen = data.isel(condition=int(np.flatnonzero((data.frequency == 40) & (data.delta_t > 0))[0]))
    rows = [f"{minute:.4f},{1e3 * epsp:.6f}" for minute, epsp in zip(chosen.minutes.values, chosen.epsp.values, strict=True)]
    head = ["# Computed by notebooks/make_results.py", "# sjostrom_2001 with triplet:visual_cortex_nearest_min, +10 ms, 40 Hz"]
    return "\n".join([*head, "minutes,epsp_mV", *rows]) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "sjostrom_40_hz.csv").write_text(sjostrom_40_hz(), encoding="utf-8")
