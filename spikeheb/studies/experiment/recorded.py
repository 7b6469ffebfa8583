"""Recorded sweeps, measured like virtual ones: one condition for each pathway, with the variables of an experiment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikeheb.declared import described, takes_settings
from spikeheb.dimensions import CURRENT, TIME, VOLTAGE
from spikeheb.errors import FormatError, UnitError, check_used
from spikeheb.measure.compare import mean_and_sem
from spikeheb.measure.epsp import SweepMeasures, measure_sweeps, spiked
from spikeheb.measure.measurement import FOLLOW, Measurement, Step
from spikeheb.numbers import parts
from spikeheb.recordings import Sweeps
from spikeheb.studies.experiment.readout import MEASURED, TEXTS
from spikeheb.studies.experiment.remarks import doubts, remarks, why_rejected
from spikeheb.studies.experiment.sweeps import OF_FILES, Files, Source, gathered, in_groups, pathways
from spikeheb.studies.labels import VERSION, describe
from spikeheb.studies.settings.recorded import STANDARD, Recorded
from spikeheb.units import quantity

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEAR_ZERO = 0.02
"""Volts: a level nearer to zero than this is that of a field potential."""
LONGEST = 100_000
"""Minutes after the induction, more than two months, that a follow-up may last."""
STEPS = {"V": (1e-6, 1.0), "A": (1e-15, 1e-6)}
"""Smallest and largest test step that an amplifier gives."""
RESPONSES = {"membrane": "epsp", "field": "epsp", "current": "epsc"}


@takes_settings(Recorded)
def analyse(recording: Path | str | Sweeps | Sequence[Path | str | Sweeps], settings: Recorded) -> xr.Dataset:
    """Measure the sweeps of a recording as those of a virtual experiment are measured.

    Parameters
    ----------
    recording : path, Sweeps, or a sequence of these
        Several recordings are measured as one, in the given order.

    Returns
    -------
    xarray.Dataset
        As `run` gives, over ``condition``, with one condition for each pathway. Currents under voltage clamp have the same names of
        variables, with the unit A. The attribute ``notes`` says what a reader should know.

    Raises
    ------
    FormatError, UnitError, UnknownName
    """
    _check_minutes(settings.follow)
    sources: list[Source] = list(recording) if isinstance(recording, Sequence) and not isinstance(recording, str) else [recording]
    if not sources:
        raise FormatError("expected a file, or several", key="recording")
    for source in sources:
        if not isinstance(source, Path | str | Sweeps):
            raise FormatError(f"expected a file, or sweeps (got {type(source).__name__})", key="recording")
    given = settings.pulse or ()
    if settings.pulse == ():
        raise FormatError('expected a time such as "20 ms", or several (got none)', key="pulse")
    measurement = Measurement(
        **{name: getattr(settings, name) for name in ("baseline", "blank", "search", "peak_width", "volley", "population_spike")},
        rise=settings.slope_limits, paired_baseline=settings.paired_baseline or STANDARD.paired_baseline,
        signal=settings.signal or STANDARD.signal, pulses=given or STANDARD.pulses,
    )  # fmt: skip
    around = (settings.baseline[0], max(given[-1] if given else 0.0, 0.0) + settings.search)
    files = Files(**{name: getattr(settings, name) for name in OF_FILES}, around=around)
    sweeps, pulses, notes = gathered(sources, files, given or ((0.0,) if settings.cut_at is not None else ()))
    if len(pulses) < 2:
        check_used("a second pulse", paired_baseline=settings.paired_baseline)
    measurement, kind_notes = _fitted(measurement, sweeps, pulses, settings.signal, settings.step, sweeps.pulse)
    data = measured(sweeps, measurement, settings, notes + kind_notes)
    return _named(data, sources, measurement, settings, sweeps.unit)


def _check_minutes(follow: tuple[float, float]) -> None:
    """Refuse a window of the follow-up that is none, or longer than any."""
    first, last = follow
    if not 0 <= first < last <= LONGEST:
        raise FormatError(
            f"expected two minutes from 0 to {LONGEST:,}, the first before the second (got {first:g} and {last:g})", key="follow"
        )


def _fitted(
    settings: Measurement, sweeps: Sweeps, pulses: tuple[float, ...], signal: str | None, step: object, zero: float
) -> tuple[Measurement, list[str]]:
    """The settings with pulses, kind of signal and test step of the recording."""
    notes = []
    kind = signal
    if kind is None:
        level = float(np.nanmedian(sweeps.v[:, sweeps.time <= max(0.0, sweeps.time[0])]))
        kind = "current" if sweeps.unit == "A" else "field" if abs(level) < NEAR_ZERO else "membrane"
        if kind == "field":
            notes.append(
                f"a level of {level * 1e3:g} mV is that of a field potential: it is not tested for spikes (--signal membrane changes this)"
            )
    elif (kind == "current") != (sweeps.unit == "A"):
        raise FormatError(f'the sweeps are in {sweeps.unit}, which does not fit a signal "{kind}"', key="signal")
    return replace(settings, signal=kind, pulses=pulses, step=_step(step, kind, zero)), notes


def _step(step: object, signal: str, zero: float) -> Step | None:
    if step is None:
        return None
    dimension = VOLTAGE if signal == "current" else CURRENT
    try:
        values: Sequence[object] = parts(step) if isinstance(step, str) else list(step)  # type: ignore[call-overload]
    except UnitError as error:
        raise UnitError(error.message, key="step") from None
    if len(values) != 3:
        raise FormatError('expected start, stop and size, such as "200 ms 300 ms -5 mV"', key="step")
    start, stop = (quantity(part, TIME, key="step") - zero for part in values[:2])
    size = quantity(values[2], dimension, key="step")
    least, most = STEPS[unit := "V" if signal == "current" else "A"]
    if not least <= abs(size) <= most:
        raise FormatError(f"expected a size from {least:g} to {most:g} {unit}, positive or negative (got {size:g} {unit})", key="step")
    return Step(start, stop, size)


# --- measuring -----------------------------------------------------------------------------------------------------------


def measured(sweeps: Sweeps, settings: Measurement, given: Recorded, notes: list[str]) -> xr.Dataset:
    """The measures of all pathways over ``condition``; sweeps of other pathways are NaN."""
    import xarray as xr

    incomplete: Flags = np.asarray(~np.isfinite(sweeps.v).all(axis=1))
    asked = _asked(given.reject, len(sweeps.v))
    fired = spiked(np.nan_to_num(sweeps.v), sweeps.time, settings) if settings.signal == "membrane" else np.zeros_like(asked)
    fired &= ~(incomplete | asked)
    notes = [*notes, *why_rejected(incomplete, asked, fired)]
    if fired.any() and fired.sum() == len(fired) - (incomplete | asked).sum():
        notes.append("every sweep went beyond -30 mV: check the unit (--unit) and the kind of signal (--signal)")
    pathway_data = []
    for members in pathways(len(sweeps.v), given.every, given.from_):
        own = replace(sweeps, v=sweeps.v[members], minutes=sweeps.minutes[members])
        out = (incomplete | asked | fired)[members]
        name = f"pathway {members[0]}: " if given.every > 1 else ""
        own, out, more = in_groups(own, out, given.average)
        measures = measure_sweeps(own.v, own.time, own.minutes, 0.0, out, settings=settings, follow=given.follow)
        notes += [name + text for text in [*more, *remarks(measures, settings, own.unit), *doubts(measures, settings, own.unit, own.time)]]
        pathway_data.append(_dataset(measures, own, settings, int((incomplete | asked | fired)[members].sum()), int(members[0])))
    data = pathway_data[0] if len(pathway_data) == 1 else xr.concat(pathway_data, "condition", join="outer", fill_value={"rejected": False})
    data = data.swap_dims(minutes="sweep") if "minutes" in data.dims else data
    data.attrs["notes"] = json.dumps(list(dict.fromkeys(notes)))
    return data if given.every > 1 else data.drop_vars("pathway")


def _asked(reject: object, count: int) -> Flags:
    """Which sweeps the user wants to leave out."""
    flags = np.zeros(count, dtype=bool)
    for given in reject if isinstance(reject, Iterable) and not isinstance(reject, str) else [reject]:
        number = getattr(given, "item", lambda given=given: given)()
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < count:
            raise FormatError(f"the recording has {count} sweeps, so expected 0 to {count - 1} (got {str(given)[:40]})", key="reject")
        flags[number] = True
    return flags


def _dataset(measures: SweepMeasures, sweeps: Sweeps, settings: Measurement, rejected: int, pathway: int) -> xr.Dataset:
    import xarray as xr

    single: dict[str, Any] = {name: getattr(measures, source) for name, source in MEASURED.items()}
    single |= {
        "rejected_sweeps": rejected,
        "epsp_difference": measures.amplitude_difference,
        "epsp_difference_sem": measures.amplitude_difference_sem,
        "drift_before": measures.drift.slope if np.isfinite(measures.amplitude_ratio) else np.nan,
        "drift_after": measures.drift_after.slope,
    }
    sides = {"before": (measures.before, sweeps.minutes < 0), "after": (measures.after, sweeps.minutes >= 0)}
    extra = _extras(measures, settings)
    for when, (shape, part) in sides.items():
        seen = when == "after" or np.isfinite(measures.amplitude_ratio)
        single |= {f"{name}_{when}": getattr(shape, name) if seen else np.nan for name in ("latency", "rise_time", "decay_time")}
        single |= {f"{name}_{when}": mean_and_sem(values[part])[0] for name, values in extra.items()}
        if len(settings.pulses) > 1:
            single[f"paired_pulse_ratio_{when}"] = getattr(measures, f"paired_pulse_ratio_{when}")
    of_sweeps = {"epsp": measures.amplitude, "slope": measures.slope, "rejected": measures.rejected} | extra
    data = xr.Dataset(
        {
            **{name: (("condition", "minutes"), np.asarray(values)[np.newaxis]) for name, values in of_sweeps.items()},
            **{name: ("condition", np.asarray(value)[np.newaxis]) for name, value in single.items()},
            "v_before": (("condition", "time"), measures.trace_before[np.newaxis]),
            "v_after": (("condition", "time"), measures.trace_after[np.newaxis]),
        },
        coords={"pathway": ("condition", [pathway]), "minutes": sweeps.minutes, "time": sweeps.time},
    )
    if len(settings.pulses) > 1:
        for when, means in (("before", measures.pulses_before), ("after", measures.pulses_after)):
            data[f"epsp_of_pulses_{when}"] = (("condition", "pulse"), means[np.newaxis])
        data = data.assign_coords(pulse=np.array(settings.pulses))
    return data


def _extras(measures: SweepMeasures, settings: Measurement) -> dict[str, Floats]:
    """Further measures that were asked for, one value for each sweep."""
    wanted = {
        "volley": settings.volley, "population_spike": settings.population_spike,
        "input_resistance": settings.step, "series_resistance": settings.step,
    }  # fmt: skip
    return {name: getattr(measures, name) for name, asked in wanted.items() if asked is not None}


# --- names ---------------------------------------------------------------------------------------------------------------


def _named(data: xr.Dataset, sources: list[Source], settings: Measurement, given: Recorded, unit: str) -> xr.Dataset:
    """The data with recording, settings, units and names."""
    paths = [Path(source) for source in sources if not isinstance(source, Sweeps)]
    stem = paths[0].stem if paths else "sweeps"
    data = data.assign_coords(recording=("condition", [stem] * data.sizes["condition"]))
    data.attrs |= described(given) | {
        "study": "recording",
        "spikeheb": VERSION,
        "recording": ", ".join(path.name for path in paths) or "sweeps",
        "response": RESPONSES[settings.signal],
        "signal": settings.signal,
        "pulses_s": list(settings.pulses),
    }
    return _in_its_unit(describe(data, _texts(given.follow)), unit)


def _texts(follow: tuple[float, float]) -> dict[str, tuple[str, str]]:
    """Units and names of an experiment's variables, with the minutes that count here."""
    standard, chosen = (f"{first:g}-{last:g} min" for first, last in (FOLLOW, follow))
    return {name: (units, text.replace(standard, chosen)) for name, (units, text) in (TEXTS | RECORDED).items()}


def _in_its_unit(data: xr.Dataset, unit: str) -> xr.Dataset:
    """Units and names of currents, where these were measured."""
    for name in data.variables if unit == "A" else ():
        attrs = data[name].attrs
        if "units" in attrs:
            units = {"V": "A", "V/s": "A/s"}.get(attrs["units"], attrs["units"])
            attrs.update(units=units, long_name=attrs["long_name"].replace("EPSP", "EPSC"))
    return data


_WHEN = {"before": "before induction", "after": "20-40 min after induction"}
_TWICE = {
    "latency": ("s", "latency of the EPSP from the pulse to the onset of the line through its rise"),
    "rise_time": ("s", "rise of the EPSP from 20 to 80 % of its peak"),
    "decay_time": ("s", "decay of the EPSP from its peak to 1/e"),
    "volley": ("V", "fibre volley"),
    "population_spike": ("V", "population spike from the line between the ends of its window"),
    "input_resistance": ("ohm", "input resistance"),
    "series_resistance": ("ohm", "series resistance"),
    "epsp_of_pulses": ("V", "EPSP amplitude of each pulse"),
}
RECORDED = {
    **{name: text for name, text in _TWICE.items() if name not in ("latency", "rise_time", "decay_time", "epsp_of_pulses")},
    **{f"{name}_{when}": (unit, f"{text} {words}") for name, (unit, text) in _TWICE.items() for when, words in _WHEN.items()},
    "slope": ("V/s", "EPSP slope"),
    "epsp_difference": ("V", "EPSP amplitude after less before"),
    "epsp_difference_sem": ("V", "standard error of the difference over sweeps"),
    "drift_after": ("1", "drift of the EPSP over 20-40 min after induction, as a fraction of its mean"),
    "pathway": ("1", "number of the first sweep of the pathway"),
    "pulse": ("s", "time of the pulse from the first"),
}
