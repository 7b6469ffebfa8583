"""What the package offers, so that nothing comes or goes unnoticed."""

from __future__ import annotations

import spikeheb as sh

PUBLIC = """
Amperes BuildError Cell Clamp Concentration Conductance Current DuplicateName EngineError ExpressionError FormatError
Frequency Inputs Lane NonFiniteError OutputExists Poisson Protocol Published Regular Replayed Reward Rule Schedule
ScheduleError SpikehebError StorageError Time UnitError UnknownName Voltage bursts cell compare correlated early
fan_in_inputs load main pairings plot poisson poisson_inputs protocol read_spikes replay rerun rule run save score
set_initial slice_of synapses train weights window with_inhibition
""".split()


def test_the_public_names():
    assert sorted(sh.__all__) == sorted(PUBLIC)


def test_every_public_name_can_be_had():
    for name in PUBLIC:
        assert getattr(sh, name) is not None
