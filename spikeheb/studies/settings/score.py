"""The settings of the scoreboard."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from spikeheb.declared import Setting
from spikeheb.studies.settings.several import Engine, Seed

PANEL = "The board"


@dataclass(frozen=True)
class Score:
    """How rules are scored."""

    _: KW_ONLY
    cell: Annotated[
        Any,
        Setting("The cell for all rules; by default each rule's own.", accepts="Cell | str | None", flags=("--cell", "-c"), metavar="CELL"),
    ] = None
    refit: Annotated[
        bool,
        Setting(
            "Also fit rules to each data set.", "These are rules whose file names free parameters; each point is left out in turn.",
            flags=("--refit/--no-refit",), panel=PANEL,
        ),
    ] = True  # fmt: skip
    engine: Engine = "auto"
    seed: Seed = 0
