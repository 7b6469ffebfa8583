"""The settings of a replay."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.studies.settings.several import CellOrNone, Engine, Exact, Seed, StartWeight, TimeStep


def _delay(side: str) -> Setting:
    text = f"From the {side} spike to the synapse, instead of the rule's own; one for each lane if they differ."
    return Setting(text, accepts="npt.ArrayLike | None", option=None)


@dataclass(frozen=True)
class Replay:
    """How spike trains are replayed."""

    w0: StartWeight = None
    cell: CellOrNone = None
    events: Annotated[
        Any,
        Setting(
            "Rewards of all lanes, or one list of rewards for each lane.",
            accepts="Sequence[Reward] | Sequence[Sequence[Reward]] | None",
            option=None,
        ),
    ] = None
    record: Annotated[
        Any,
        Setting(
            "Also record the weight over time.",
            "True records after every step with a spike or an event at the synapse, and at the end; a time is the interval of records.",
            accepts="bool | Time | str", option=bool,
        ),
    ] = False  # fmt: skip
    _: KW_ONLY
    axonal_delay: Annotated[Any, _delay("presynaptic")] = None
    backpropagation_delay: Annotated[Any, _delay("postsynaptic")] = None
    dt: TimeStep = 1e-4
    engine: Engine = "auto"
    seed: Seed = 0
    exact: Exact = False
