"""``spikeheb analyse``: recorded sweeps, measured like virtual ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeheb.cli import options
from spikeheb.cli.output import STANDARD, Words, deliver, folder_name, output

FILE_PANEL, MEASURE_PANEL, SWEEP_PANEL = "The file", "The measurement", "The sweeps"


def analyse(
    recording: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECORDING...",
            help="CSV: time_ms, then a column a sweep, headed by its minute; or a file that Neo reads. Several are taken in turn.",
        ),
    ],
    unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help='Unit of the signal, such as "mV" or "pA".', rich_help_panel=FILE_PANEL)
    ] = None,
    pulse: Annotated[
        str | None,
        typer.Option(
            metavar="TIMES",
            help='When the stimulus comes in a sweep; "0 ms 50 ms" for paired pulses. By default what the file says.',
            rich_help_panel=FILE_PANEL,
        ),
    ] = None,
    channel: Annotated[
        str,
        typer.Option(metavar="CHANNEL", help="Number or name of the channel, or electrode, for Neo.", rich_help_panel=FILE_PANEL),
    ] = "0",
    interval: Annotated[
        str | None, typer.Option(metavar="TIME", help="Time between two sweeps, in a file that Neo reads.", rich_help_panel=FILE_PANEL)
    ] = None,
    first_after: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="First sweep after the induction, from 0 (Neo, --cut-at).", rich_help_panel=FILE_PANEL),
    ] = None,
    reader: Annotated[
        str | None, typer.Option(metavar="CLASS", help="Class of Neo that reads the file.", rich_help_panel=FILE_PANEL)
    ] = None,
    cut_at: Annotated[
        str | None,
        typer.Option(metavar="TIMES", help='Cut a continuous recording at these stimuli, or at its "events".', rich_help_panel=FILE_PANEL),
    ] = None,
    follow: Annotated[
        tuple[float, float],
        typer.Option(
            metavar="FROM TO", help="The minutes after the induction in which the outcome is measured.", rich_help_panel=FILE_PANEL
        ),
    ] = (20.0, 40.0),
    signal: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="membrane (tested for spikes), field or current. By default what level and unit say.",
            rich_help_panel=MEASURE_PANEL,
        ),
    ] = None,
    baseline: Annotated[
        str, typer.Option(metavar="FROM TO", help="Window before the pulse whose mean is the level.", rich_help_panel=MEASURE_PANEL)
    ] = "-5 ms 0 ms",
    blank: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="How long after the pulse the signal is ignored, because of the stimulus artefact.",
            rich_help_panel=MEASURE_PANEL,
        ),
    ] = "0.5 ms",
    search: Annotated[
        str, typer.Option(metavar="TIME", help="How long after the pulse the peak is searched for.", rich_help_panel=MEASURE_PANEL)
    ] = "100 ms",
    peak_width: Annotated[
        str, typer.Option(metavar="TIME", help="The amplitude is the mean over this time about the peak.", rich_help_panel=MEASURE_PANEL)
    ] = "0.5 ms",
    slope_limits: Annotated[
        tuple[float, float],
        typer.Option(metavar="LOW HIGH", help="Fractions of the rise between which the slope is measured.", rich_help_panel=MEASURE_PANEL),
    ] = (0.30, 0.75),
    paired_baseline: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH", help="Later pulses count from their own (default) or the first baseline.", rich_help_panel=MEASURE_PANEL
        ),
    ] = None,
    volley: Annotated[
        str | None, typer.Option(metavar="FROM TO", help="Window of the fibre volley, after the pulse.", rich_help_panel=MEASURE_PANEL)
    ] = None,
    population_spike: Annotated[
        str | None,
        typer.Option(metavar="FROM TO", help="Window of the population spike; the slope ends before it.", rich_help_panel=MEASURE_PANEL),
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(
            metavar="START STOP SIZE", help='Test step for the resistances, such as "200 ms 300 ms -5 mV".', rich_help_panel=MEASURE_PANEL
        ),
    ] = None,
    reject: Annotated[
        list[int] | None, typer.Option(metavar="NUMBER", help="Leave a sweep out; may be repeated.", rich_help_panel=SWEEP_PANEL)
    ] = None,
    every: Annotated[
        int, typer.Option(metavar="N", help="How many pathways are interleaved; all are measured.", rich_help_panel=SWEEP_PANEL)
    ] = 1,
    from_: Annotated[
        int, typer.Option("--from", metavar="NUMBER", help="The pathway that is listed first, from 0.", rich_help_panel=SWEEP_PANEL)
    ] = 0,
    average: Annotated[
        int,
        typer.Option(metavar="N", help="How many successive sweeps are averaged before they are measured.", rich_help_panel=SWEEP_PANEL),
    ] = 1,
    csv: options.Csv = False,
    out: options.Out = None,
    force: options.Force = False,
) -> None:
    """Measure a recorded sweep file as virtual sweeps are measured: EPSP before and after, drift, rejected sweeps.

    Sweeps are numbered from 0. Windows count from the pulse; --pulse and --step are times of the file.
    """  # fmt: skip
    from spikeheb.cli.report import print_notes, print_outcome
    from spikeheb.studies.recorded import analyse as analyse_recording

    with output(out or folder_name("analyse", recording[0].stem), force, STANDARD.with_csv(csv)) as folder:
        data = analyse_recording(
            list(recording), unit=unit, pulse=pulse, channel=int(channel) if channel.isdecimal() else channel, interval=interval,
            first_after=first_after, reader=reader, cut_at=cut_at, follow=follow, signal=signal, baseline=baseline, blank=blank,
            search=search, peak_width=peak_width, slope_limits=slope_limits, paired_baseline=paired_baseline, volley=volley,
            population_spike=population_spike, step=step, reject=reject or (), every=every, from_=from_, average=average,
        )  # fmt: skip
        deliver(data, folder, force, STANDARD.with_csv(csv), Words(lambda: print_outcome(data), lambda: print_notes(data)))
