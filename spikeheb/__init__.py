"""spikeheb: a virtual plasticity laboratory.

Everything public is loaded when it is first used, so that ``import spikeheb`` takes no time.
"""

from __future__ import annotations

from collections.abc import Sequence as _Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikeheb import rates as rates
    from spikeheb.cells import Cell as Cell
    from spikeheb.circuits.sources import Poisson as Poisson
    from spikeheb.circuits.sources import Regular as Regular
    from spikeheb.circuits.sources import Replayed as Replayed
    from spikeheb.cli import main as main
    from spikeheb.engines.brian.textbook import set_initial as set_initial
    from spikeheb.engines.brian.textbook import synapses as synapses
    from spikeheb.errors import BuildError as BuildError
    from spikeheb.errors import DuplicateName as DuplicateName
    from spikeheb.errors import EngineError as EngineError
    from spikeheb.errors import ExpressionError as ExpressionError
    from spikeheb.errors import FormatError as FormatError
    from spikeheb.errors import NonFiniteError as NonFiniteError
    from spikeheb.errors import OutputExists as OutputExists
    from spikeheb.errors import ScheduleError as ScheduleError
    from spikeheb.errors import SpikehebError as SpikehebError
    from spikeheb.errors import StorageError as StorageError
    from spikeheb.errors import UnitError as UnitError
    from spikeheb.errors import UnknownName as UnknownName
    from spikeheb.library import catalogue as list  # noqa: F401  # not in __all__, see there
    from spikeheb.library import cell as cell
    from spikeheb.library import protocol as protocol
    from spikeheb.library import rule as rule
    from spikeheb.numbers import UnitWarning as UnitWarning
    from spikeheb.plots import figure as figure
    from spikeheb.plots import plot as plot
    from spikeheb.protocols import Protocol as Protocol
    from spikeheb.published import Published as Published
    from spikeheb.recordings import read_spikes as read_spikes
    from spikeheb.results import load as load
    from spikeheb.results import save as save
    from spikeheb.results import to_csv as to_csv
    from spikeheb.rules import Rule as Rule
    from spikeheb.schedules import Clamp as Clamp
    from spikeheb.schedules import Current as Current
    from spikeheb.schedules import Lane as Lane
    from spikeheb.schedules import Reward as Reward
    from spikeheb.schedules import Schedule as Schedule
    from spikeheb.settings import Amperes as Amperes
    from spikeheb.settings import Concentration as Concentration
    from spikeheb.settings import Conductance as Conductance
    from spikeheb.settings import Frequency as Frequency
    from spikeheb.settings import Time as Time
    from spikeheb.settings import Voltage as Voltage
    from spikeheb.stimuli import bursts as bursts
    from spikeheb.stimuli import pairings as pairings
    from spikeheb.stimuli import poisson as poisson
    from spikeheb.stimuli import train as train
    from spikeheb.studies import course as course
    from spikeheb.studies.distributions.comparison import compare as compare
    from spikeheb.studies.inputs import Inputs as Inputs
    from spikeheb.studies.inputs import correlated as correlated
    from spikeheb.studies.inputs import early as early
    from spikeheb.studies.inputs import poisson_inputs as poisson_inputs
    from spikeheb.studies.inputs import with_inhibition as with_inhibition
    from spikeheb.studies.mystery.game import mystery as mystery
    from spikeheb.studies.networks.edges import to_sonata as to_sonata
    from spikeheb.studies.portrait import portrait as portrait
    from spikeheb.studies.rerun import rerun as rerun
    from spikeheb.studies.signatures import analyse as analyse
    from spikeheb.studies.signatures import constraint as constraint
    from spikeheb.studies.signatures import fan_in_inputs as fan_in_inputs
    from spikeheb.studies.signatures import network as network
    from spikeheb.studies.signatures import replay as replay
    from spikeheb.studies.signatures import run as run
    from spikeheb.studies.signatures import score as score
    from spikeheb.studies.signatures import slice_of as slice_of
    from spikeheb.studies.signatures import weights as weights
    from spikeheb.studies.signatures import window as window

_HOMES = {
    "rates": "spikeheb",
    "Cell": "spikeheb.cells",
    "BuildError": "spikeheb.errors",
    "DuplicateName": "spikeheb.errors",
    "EngineError": "spikeheb.errors",
    "ExpressionError": "spikeheb.errors",
    "FormatError": "spikeheb.errors",
    "NonFiniteError": "spikeheb.errors",
    "OutputExists": "spikeheb.errors",
    "ScheduleError": "spikeheb.errors",
    "SpikehebError": "spikeheb.errors",
    "StorageError": "spikeheb.errors",
    "UnitError": "spikeheb.errors",
    "UnknownName": "spikeheb.errors",
    "cell": "spikeheb.library",
    "list": "spikeheb.library",
    "protocol": "spikeheb.library",
    "rule": "spikeheb.library",
    "Amperes": "spikeheb.settings",
    "Concentration": "spikeheb.settings",
    "Conductance": "spikeheb.settings",
    "Frequency": "spikeheb.settings",
    "Protocol": "spikeheb.protocols",
    "Time": "spikeheb.settings",
    "Voltage": "spikeheb.settings",
    "Published": "spikeheb.published",
    "Rule": "spikeheb.rules",
    "Clamp": "spikeheb.schedules",
    "Current": "spikeheb.schedules",
    "Lane": "spikeheb.schedules",
    "Reward": "spikeheb.schedules",
    "Schedule": "spikeheb.schedules",
    "bursts": "spikeheb.stimuli",
    "pairings": "spikeheb.stimuli",
    "poisson": "spikeheb.stimuli",
    "train": "spikeheb.stimuli",
    "main": "spikeheb.cli",
    "set_initial": "spikeheb.engines.brian.textbook",
    "synapses": "spikeheb.engines.brian.textbook",
    "UnitWarning": "spikeheb.numbers",
    "figure": "spikeheb.plots",
    "plot": "spikeheb.plots",
    "read_spikes": "spikeheb.recordings",
    "load": "spikeheb.results",
    "save": "spikeheb.results",
    "to_csv": "spikeheb.results",
    "run": "spikeheb.studies.experiment.experiment",
    "analyse": "spikeheb.studies.experiment.recorded",
    "portrait": "spikeheb.studies.portrait",
    "replay": "spikeheb.studies.experiment.replay",
    "Replayed": "spikeheb.circuits.sources",
    "Regular": "spikeheb.circuits.sources",
    "Poisson": "spikeheb.circuits.sources",
    "compare": "spikeheb.studies.distributions.comparison",
    "course": "spikeheb.studies",
    "constraint": "spikeheb.studies.distributions.constraint",
    "mystery": "spikeheb.studies.mystery.game",
    "network": "spikeheb.studies.networks.network",
    "rerun": "spikeheb.studies.rerun",
    "to_sonata": "spikeheb.studies.networks.edges",
    "with_inhibition": "spikeheb.studies.inputs",
    "fan_in_inputs": "spikeheb.studies.inputs",
    "early": "spikeheb.studies.inputs",
    "correlated": "spikeheb.studies.inputs",
    "Inputs": "spikeheb.studies.inputs",
    "score": "spikeheb.studies.board.score",
    "slice_of": "spikeheb.studies.experiment.slices",
    "poisson_inputs": "spikeheb.studies.inputs",
    "weights": "spikeheb.studies.distributions.weights",
    "window": "spikeheb.studies.windows.window",
}

_OWN_NAMES = {"list": "catalogue"}
"""What is called otherwise where it is at home."""
_MODULES = ("course", "rates")
"""What is a module of its home."""

__all__ = [name for name in _HOMES if name != "list"]  # `from spikeheb import *` shall not hide Python's own


def __dir__() -> _Sequence[str]:
    return sorted({*globals(), *_HOMES, "__version__"})


if not TYPE_CHECKING:

    def __getattr__(name):
        import importlib

        if name == "__version__":
            from importlib.metadata import version

            return version("spikeheb")
        if name not in _HOMES:
            raise AttributeError(f"module 'spikeheb' has no attribute {name!r}")
        if name in _MODULES:
            value = importlib.import_module(f"{_HOMES[name]}.{name}")
        else:
            value = getattr(importlib.import_module(_HOMES[name]), _OWN_NAMES.get(name, name))
        globals()[name] = value
        return value
