"""What is neither a name nor a path nor a result is refused in words, wherever it is handed over."""

from __future__ import annotations

import pytest

import spikeheb as sh

CALLS = {
    "analyse": sh.analyse,
    "cell": sh.cell,
    "cell of run": lambda wrong: sh.run("pairing", "pair", cell=wrong),
    "compare": sh.compare,
    "figure": sh.figure,
    "plot": sh.plot,
    "portrait": sh.portrait,
    "protocol": sh.protocol,
    "protocol of run": lambda wrong: sh.run(wrong, "pair"),
    "protocol of score": lambda wrong: sh.score("pair", wrong),
    "protocol of slice_of": lambda wrong: sh.slice_of(wrong, "pair"),
    "rerun": sh.rerun,
    "rule": sh.rule,
    "rule of run": lambda wrong: sh.run("pairing", wrong),
    "rule of score": sh.score,
    "rule of weights": sh.weights,
    "rule of window": sh.window,
    "table": lambda wrong: sh.to_csv(wrong, "never.csv"),
}


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("wrong", [3, 2.5, object()], ids=["whole", "number", "object"])
def test_it_is_refused_in_words(what, wrong):
    with pytest.raises(sh.SpikehebError):
        CALLS[what](wrong)
