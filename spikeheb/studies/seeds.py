"""Which seeds a study is repeated with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikeheb.errors import ScheduleError
from spikeheb.limits import LARGEST_SEED, SEEDS, check_count, check_seed, whole

Seeds = Sequence[int] | int


def chosen_seeds(seeds: Seeds, first: int = 0) -> tuple[int, ...]:
    """The given seeds, or a number of seeds from the first on.

    Raises
    ------
    ScheduleError
        For what is not whole, negative, too large for a result, not different, or too many.
    """
    begin = _seed(first)
    if not isinstance(seeds, Sequence | np.ndarray):
        chosen = [begin + n for n in range(whole(seeds, "seeds", 1, SEEDS))]
    else:
        chosen = [_seed(seed, "seeds") for seed in seeds]
        if not chosen or len(set(chosen)) < len(chosen) or begin:
            raise ScheduleError("give the number of seeds and the first seed, or a list of different seeds", key="seeds")
        check_count(len(chosen), SEEDS, "seeds", "seeds")
    check_seed(chosen[-1])
    return tuple(chosen)


def _seed(seed: object, key: str = "seed") -> int:
    number = whole(seed, key, 0, max(LARGEST_SEED, seed if isinstance(seed, int) else 0))
    check_seed(number)
    return number
