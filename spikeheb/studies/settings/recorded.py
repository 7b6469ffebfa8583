"""The settings of a measurement of recorded sweeps."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.measure.measurement import FOLLOW, Measurement
from spikeheb.settings import Time

of_file = partial(Setting, panel="The file")
of_measure = partial(Setting, panel="The measurement")
STANDARD = Measurement()


def _of_sweeps(value: object) -> object:
    """A number that the sweeps limit, so that it is checked where they are known."""
    return value


of_sweeps = partial(Setting, panel="The sweeps", check=_of_sweeps)


@dataclass(frozen=True)
class Recorded:
    """How recordings are read and measured."""

    _: KW_ONLY
    unit: Annotated[str | None, of_file('Unit of the signal, such as "mV" or "pA"; by default what the file says.', metavar="UNIT")] = None
    pulse: Annotated[
        tuple[Time, ...] | None,
        of_file('When the stimulus comes in a sweep; "0 ms 50 ms" for paired pulses. By default what the file says.', metavar="TIMES"),
    ] = None
    channel: Annotated[
        Any, of_file("Number or name of the channel, or name of the electrode (Neo).", accepts="int | str", metavar="CHANNEL")
    ] = 0  # fmt: skip
    interval: Annotated[Time | None, of_file("Time between two sweeps, in a file that Neo reads.")] = None
    first_after: Annotated[
        int | None,
        of_file(
            "First sweep after the induction, from 0 (Neo, `cut_at`).", "With several files, it is counted over all of them.",
            least=0, metavar="NUMBER", check=_of_sweeps,
        ),
    ] = None  # fmt: skip
    reader: Annotated[str | None, of_file("Class of Neo that reads the file.", metavar="CLASS")] = None
    cut_at: Annotated[
        Any,
        of_file(
            'Cut a continuous recording at these stimuli, or at its "events".', "`pulse` is then a time after these.",
            accepts="npt.ArrayLike | None", metavar="TIMES", row=True,
        ),
    ] = None  # fmt: skip
    follow: Annotated[
        tuple[float, float],
        of_file("The minutes after the induction in which the outcome is measured.", metavar='"FROM TO"', unit="_min", range=(0.0, 120.0)),
    ] = FOLLOW
    signal: Annotated[
        str | None,
        of_measure(
            "membrane (tested for spikes), field or current. By default chosen from the level and the unit.",
            "A potential near 0 mV is taken for a field potential.", metavar="KIND",
        ),
    ] = None  # fmt: skip
    baseline: Annotated[
        tuple[Time, Time],
        of_measure(
            "Window before the pulse whose mean is the level.",
            "Its times are relative to the pulse.",
            metavar='"FROM TO"',
            range=(-0.1, 0.0),
        ),
    ] = STANDARD.baseline
    blank: Annotated[
        Time, of_measure("How long after the pulse the signal is ignored, because of the stimulus artefact.", range=(0.0, 5e-3))
    ] = STANDARD.blank
    search: Annotated[
        Time, of_measure("How long after the pulse the peak is searched for.", range=(5e-3, 0.2), scale="log")
    ] = STANDARD.search  # fmt: skip
    peak_width: Annotated[
        Time, of_measure("The amplitude is the mean over this time around the peak.", range=(0.0, 5e-3))
    ] = STANDARD.peak_width  # fmt: skip
    slope_limits: Annotated[
        tuple[float, float],
        of_measure("Fractions of the rise between which the slope is measured.", metavar='"LOW HIGH"', range=(0.05, 0.95)),
    ] = STANDARD.rise
    paired_baseline: Annotated[
        str | None,
        of_measure("The baseline of later pulses: their own (default) or the first.", "The value is own or first.", metavar="WHICH"),
    ] = None
    volley: Annotated[
        tuple[Time, Time] | None, of_measure("Window of the fibre volley, after the pulse.", metavar='"FROM TO"', range=(0.0, 5e-3))
    ] = None
    population_spike: Annotated[
        tuple[Time, Time] | None,
        of_measure("Window of the population spike; the slope ends before it.", metavar='"FROM TO"', range=(0.0, 0.03)),
    ] = None
    step: Annotated[
        Any,
        of_measure(
            'Test step for the resistances, such as "200 ms 300 ms -5 mV".', "Its times are those of the file, as `pulse` is.",
            accepts="str | tuple[object, object, object] | None", metavar='"START STOP SIZE"', row=True,
        ),
    ] = None  # fmt: skip
    reject: Annotated[
        Any,
        of_sweeps(
            "Leave a sweep out; may be repeated.", "Sweeps are numbered from 0, and incomplete ones are always left out.",
            accepts="Sequence[int]", option=list[int], metavar="NUMBER",
        ),
    ] = ()  # fmt: skip
    every: Annotated[int, of_sweeps("How many pathways are interleaved; all are measured.", metavar="N")] = 1
    from_: Annotated[
        int,
        of_sweeps("The pathway that is listed first, from 0.", "The sweep with this number belongs to it.", least=0, metavar="NUMBER"),
    ] = 0  # fmt: skip
    average: Annotated[int, of_sweeps("How many successive sweeps are averaged before they are measured.", metavar="N")] = 1
