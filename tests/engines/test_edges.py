"""Which synapses are drawn: how many, between whom, how evenly, and that what a cell has depends on nothing else."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spikeheb as sh
from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.connect import AllToAll, Explicit, FixedIndegree, FixedOutdegree, FixedTotal, PairwiseBernoulli, expected
from spikeheb.circuits.distributions import LogNormal, Normal, Uniform
from spikeheb.circuits.populations import Cells
from spikeheb.circuits.projections import Projection
from spikeheb.draws.edges import alone_with, edges_of, without_synapses

CELL = sh.cell("l5_pyramidal")


def circuit(connect, pre=20, post=20, *, seed=1, delay=1e-3, name="ab", itself=False):
    projection = Projection("a", "a" if itself else "b", connect, receptor="ampa", delay=delay)
    return Circuit(dt=1e-4, steps=1, seed=seed, populations={"a": Cells(pre, CELL), "b": Cells(post, CELL)}, projections={name: projection})


def edges(connect, *sizes, **more):
    return edges_of(circuit(connect, *sizes, **more), more.get("name", "ab"))


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_synapses_are_as_many_as_asked_sorted_and_within_limits(data):
    pre, post = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 30))
    itself, autapses, multiple = data.draw(st.booleans()), data.draw(st.booleans()), data.draw(st.booleans())
    post = pre if itself else post
    spared = itself and not autapses
    kind = data.draw(st.sampled_from([FixedIndegree, FixedOutdegree, FixedTotal]))
    there = {FixedIndegree: pre - spared, FixedOutdegree: post - spared, FixedTotal: (pre - spared) * post}[kind]
    connect = kind(count=data.draw(st.integers(0, there)), multiple=multiple, autapses=autapses)
    drawn = edges(connect, pre, post, itself=itself, seed=data.draw(st.integers(0, 2**63 - 1)))
    assert len(drawn.pre) == len(drawn.post) == len(drawn.delay) == expected(connect, pre, post)
    pairs = drawn.post * pre + drawn.pre
    assert np.all(np.diff(pairs) >= (0 if multiple else 1))
    assert np.all((drawn.pre >= 0) & (drawn.pre < pre) & (drawn.post >= 0) & (drawn.post < post))
    assert not (spared and np.any(drawn.pre == drawn.post))
    if kind is FixedIndegree:
        assert np.all(np.bincount(drawn.post, minlength=post) == connect.count)
    if kind is FixedOutdegree:
        assert np.all(np.bincount(drawn.pre, minlength=pre) == connect.count)


@pytest.mark.parametrize("connect", [PairwiseBernoulli(probability=0.3), FixedIndegree(count=7), FixedIndegree(count=15)])
@pytest.mark.parametrize("delay", [Uniform(low=1e-3, high=5e-3), LogNormal(median=1e-3, sigma=0.5)])
def test_what_a_cell_has_does_not_depend_on_how_many_cells_there_are(connect, delay):
    few, many = edges(connect, 20, 5, delay=delay), edges(connect, 20, 5000, delay=delay)
    first = many.post < 5
    for name in ("pre", "post", "delay"):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[first])


@pytest.mark.parametrize(
    "connect",
    [
        PairwiseBernoulli(probability=0.25, autapses=False),
        FixedIndegree(count=10, autapses=False),
        FixedIndegree(count=30, autapses=False),
        FixedOutdegree(count=10, autapses=False),
        FixedTotal(count=800, autapses=False),
        FixedTotal(count=8000, multiple=True, autapses=False),
    ],
)
def test_all_pairs_are_equally_likely(connect):
    """Chi-square of sources, of cells and of how far they are from each other."""
    cells, rounds = 40, 40
    drawn = [edges(connect, cells, cells, itself=True, seed=seed) for seed in range(rounds)]
    pre, post = (np.concatenate([getattr(each, name) for each in drawn]) for name in ("pre", "post"))
    for kinds, count in ((pre, cells), (post, cells), ((pre - post) % cells - 1, cells - 1)):
        number = np.bincount(kinds, minlength=count)
        chi_square = np.sum((number - len(pre) / count) ** 2) / (len(pre) / count)
        assert chi_square < count + 5 * np.sqrt(2 * count)


@settings(max_examples=30, deadline=None)
@given(low=st.floats(0, 5e-3), width=st.floats(0, 5e-3), seed=st.integers(0, 100))
def test_delays_lie_within_limits(low, width, seed):
    high = low + width
    for delay in (Uniform(low=low, high=high), Normal(mean=low + width / 2, sd=width, low=low, high=high + 1e-9)):
        steps = edges(AllToAll(), delay=delay, seed=seed).delay
        assert round(low / 1e-4) <= steps.min() and steps.max() <= round((high + 1e-9) / 1e-4)


def test_given_synapses_are_kept_in_order_and_twice_where_given_twice():
    drawn = edges(Explicit(pre=np.array([5, 1, 1, 0, 19]), post=np.array([3, 2, 2, 19, 0])))
    np.testing.assert_array_equal(drawn.pre, [19, 1, 1, 5, 0])
    np.testing.assert_array_equal(drawn.post, [0, 2, 2, 3, 19])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["ab", "ee", "x", "noise"])
def test_neighbouring_seeds_share_no_random_numbers(seed, name):
    """Noise and random initial values are drawn from the seed of the part, which must differ for different seeds of the network."""
    here, there = circuit(FixedIndegree(count=3), seed=seed, name=name), circuit(FixedIndegree(count=3), seed=seed + 1, name=name)
    parts = [alone_with(each, name, edges_of(each, name)).seed for each in (here, there)]
    assert parts[0] != parts[1]
    assert without_synapses(here, "a").seed != without_synapses(there, "a").seed


def test_connecting_takes_little_memory():
    synapses = 10**6
    for connect in (FixedIndegree(count=1000), PairwiseBernoulli(probability=0.5)):
        asked = circuit(connect, 2000, 1000)
        tracemalloc.start()
        drawn = edges_of(asked, "ab")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(drawn.pre) == pytest.approx(synapses, rel=0.01)
        assert drawn.delay.strides == (0,)
        assert peak < 110 * synapses  # of which 2^20 numbers that are drawn at once have the larger part


@pytest.mark.parametrize(
    "connect",
    [
        AllToAll(), FixedIndegree(count=7), FixedOutdegree(count=7), FixedTotal(count=30), PairwiseBernoulli(probability=0.3),
        Explicit(pre=np.array([3]), post=np.array([0])),
    ],
)  # fmt: skip
def test_sources_cells_and_delays_are_numbers_of_32_bits(connect):
    drawn = edges(connect, delay=Uniform(low=1e-3, high=5e-3))
    assert {array.dtype for array in (drawn.pre, drawn.post, drawn.delay)} == {np.dtype(np.int32)}
