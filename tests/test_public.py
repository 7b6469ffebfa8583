"""What the package offers, so that nothing comes or goes unnoticed."""

from __future__ import annotations

import spikeheb as sh

PUBLIC = """
Amperes BuildError Cell Clamp Concentration Conductance Current DuplicateName EngineError ExpressionError FormatError
Frequency Inputs Lane NonFiniteError OutputExists Poisson Protocol Published Regular Replayed Reward Rule Schedule
ScheduleError SpikehebError StorageError Time UnitError UnitWarning UnknownName Voltage analyse bursts cell compare constraint correlated
course early fan_in_inputs figure load main network pairings plot poisson poisson_inputs portrait protocol read_spikes replay rerun rule run save score
set_initial slice_of synapses to_csv to_sonata train weights window with_inhibition
""".split()


def test_the_public_names():
    assert sorted(sh.__all__) == sorted(PUBLIC)


def test_every_public_name_can_be_had():
    for name in PUBLIC:
        assert getattr(sh, name) is not None


def test_a_star_import_hides_nothing_of_python():
    import builtins

    assert not set(sh.__all__) & set(dir(builtins))
    assert sh.list("cells").rows
