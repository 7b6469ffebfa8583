"""Hebbian systems in rates: rules as files, layers and memories that learn by them, and studies of them.

Everything public is loaded when it is first used. The studies stand on a higher floor; this module is only the door to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikeheb.rates.course import integrate as integrate
    from spikeheb.rates.course import lyapunov as lyapunov
    from spikeheb.rates.data import digits as digits
    from spikeheb.rates.data import flipped as flipped
    from spikeheb.rates.data import letters as letters
    from spikeheb.rates.data import orthonormality as orthonormality
    from spikeheb.rates.data import overlap as overlap
    from spikeheb.rates.data import random_patterns as random_patterns
    from spikeheb.rates.data import spiked as spiked
    from spikeheb.rates.data import subspace_error as subspace_error
    from spikeheb.rates.file import read_rate_rule as read_rate_rule
    from spikeheb.rates.file import rule as rule
    from spikeheb.rates.gradients import loss as loss
    from spikeheb.rates.gradients import loss_gradient as loss_gradient
    from spikeheb.rates.hidden import hidden_energy as hidden_energy
    from spikeheb.rates.hidden import hidden_layer as hidden_layer
    from spikeheb.rates.layer import Layer as Layer
    from spikeheb.rates.memory import Memory as Memory
    from spikeheb.rates.memory import cancel_common_mode as cancel_common_mode
    from spikeheb.rates.memory import nearest as nearest
    from spikeheb.rates.memory import softmax as softmax
    from spikeheb.rates.rate_rule import RateRule as RateRule
    from spikeheb.rates.storing import dale as dale
    from spikeheb.rates.storing import excitatory_only as excitatory_only
    from spikeheb.rates.storing import forgetting_weights as forgetting_weights
    from spikeheb.rates.storing import hebbian as hebbian
    from spikeheb.rates.storing import predicting as predicting
    from spikeheb.rates.storing import signs as signs
    from spikeheb.rates.terms import change as change
    from spikeheb.rates.tutored import learn_until_right as learn_until_right
    from spikeheb.studies.rates.association import association as association
    from spikeheb.studies.rates.capacity import capacity as capacity
    from spikeheb.studies.rates.cued_recall import cued_recall as cued_recall
    from spikeheb.studies.rates.forgetting import forgetting as forgetting
    from spikeheb.studies.rates.online_pairs import online_pairs as online_pairs
    from spikeheb.studies.rates.prediction import prediction as prediction
    from spikeheb.studies.rates.recall_course import recall_course as recall_course
    from spikeheb.studies.rates.reward_paths import reward_paths as reward_paths
    from spikeheb.studies.rates.separation import separation as separation
    from spikeheb.studies.rates.subspace import subspace as subspace
    from spikeheb.studies.rates.three_rules import three_rules as three_rules

_HOMES = {
    "integrate": "spikeheb.rates.course",
    "lyapunov": "spikeheb.rates.course",
    "digits": "spikeheb.rates.data",
    "flipped": "spikeheb.rates.data",
    "letters": "spikeheb.rates.data",
    "orthonormality": "spikeheb.rates.data",
    "overlap": "spikeheb.rates.data",
    "random_patterns": "spikeheb.rates.data",
    "spiked": "spikeheb.rates.data",
    "subspace_error": "spikeheb.rates.data",
    "read_rate_rule": "spikeheb.rates.file",
    "rule": "spikeheb.rates.file",
    "loss": "spikeheb.rates.gradients",
    "loss_gradient": "spikeheb.rates.gradients",
    "hidden_energy": "spikeheb.rates.hidden",
    "hidden_layer": "spikeheb.rates.hidden",
    "Layer": "spikeheb.rates.layer",
    "Memory": "spikeheb.rates.memory",
    "cancel_common_mode": "spikeheb.rates.memory",
    "nearest": "spikeheb.rates.memory",
    "softmax": "spikeheb.rates.memory",
    "RateRule": "spikeheb.rates.rate_rule",
    "dale": "spikeheb.rates.storing",
    "excitatory_only": "spikeheb.rates.storing",
    "forgetting_weights": "spikeheb.rates.storing",
    "hebbian": "spikeheb.rates.storing",
    "predicting": "spikeheb.rates.storing",
    "signs": "spikeheb.rates.storing",
    "change": "spikeheb.rates.terms",
    "learn_until_right": "spikeheb.rates.tutored",
    "capacity": "spikeheb.studies.rates.capacity",
    "cued_recall": "spikeheb.studies.rates.cued_recall",
    "forgetting": "spikeheb.studies.rates.forgetting",
    "recall_course": "spikeheb.studies.rates.recall_course",
    "separation": "spikeheb.studies.rates.separation",
    "subspace": "spikeheb.studies.rates.subspace",
    "association": "spikeheb.studies.rates.association",
    "online_pairs": "spikeheb.studies.rates.online_pairs",
    "prediction": "spikeheb.studies.rates.prediction",
    "reward_paths": "spikeheb.studies.rates.reward_paths",
    "three_rules": "spikeheb.studies.rates.three_rules",
}

__all__ = list(_HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


if not TYPE_CHECKING:

    def __getattr__(name):
        import importlib

        if name not in _HOMES:
            raise AttributeError(f"module 'spikeheb.rates' has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
        return value
