"""The hidden synapse: its noise, its budget, its log, and that nothing of it can be cheated."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spikeheb as sh
from spikeheb.rules.meaning import is_noisy, stepped
from spikeheb.studies.mystery import log
from spikeheb.studies.mystery.candidates import CANDIDATES, LEVELS, OUTSIDE
from spikeheb.studies.mystery.conditions import Session, conditions_of
from spikeheb.studies.mystery.designs import HELD_OUT, REFERENCE, WINDOW, pairs, shared_out
from spikeheb.studies.mystery.game import Mystery, opened, replayed
from spikeheb.studies.mystery.noise import DRIFT, GAIN_CV, LOST, NOTHING, Measured, log_errors, log_likelihood, measured
from spikeheb.studies.mystery.response import STARTS, Response, _run, response
from spikeheb.studies.mystery.synapse import drawn, seed_of, token_of
from spikeheb.theory.graupner_brunel import pairs as pairs_in_theory

SECRET = b"a secret of a class of this test"
USUAL = Session(pairs("10 ms"))


def started(path=None, *, seed=3, level=1, signed=False):
    """A log without the search for a synapse that can be found out, which takes seconds."""
    owner = {"student": "Ada", "assignment": "1"} if signed else {"seed": seed}
    first = {"kind": "new", "schema": 1, "version": "0", "level": level, "attempt": 0, "signed": signed, "mark": log.PRACTICE, **owner}
    made = Mystery([first], path, SECRET if signed else None)
    if path is not None:
        log.write([first], path, made.secret)
    return made


def fixed(ratio):
    """A synapse that always changes by this ratio."""
    return Response(np.full((1, 1, STARTS.size), np.log(ratio)), np.ones((1, 1, STARTS.size)))


# --- the noise ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "low", "high"), [(1.0, 0.13, 0.19), (0.65, 0.15, 0.24), (1.8, 0.5, 0.85)])
def test_cells_vary_as_published_ones(ratio, low, high):
    """The published standard deviations of cells are 0.16 near 1, 0.19 below 0.8 and 0.68 above 1.5."""
    rng = np.random.default_rng(1)
    cells = [measured(USUAL, fixed(ratio), rng) for _ in range(4000)]
    kept = [cell.ratio for cell in cells if not cell.lost]
    assert low < np.std(kept) < high
    assert abs(1 - len(kept) / len(cells) - LOST) < 0.02


def test_the_observer_knows_the_noise():
    """The mean likelihood ratio of a wrong to the right rule is 1 if the likelihood is that of the cells that are drawn."""
    rng = np.random.default_rng(2)
    both = Response(np.concatenate([fixed(1.4).log_ratio, fixed(1.2).log_ratio]), np.ones((2, 1, STARTS.size)))
    values = np.array([log_likelihood(USUAL, both, measured(USUAL, fixed(1.4), rng)) for _ in range(4000)])
    quotients = np.exp(values[:, 1] - values[:, 0])
    assert abs(quotients.mean() - 1) < 4 * quotients.std() / np.sqrt(len(quotients))
    assert quotients.std() > 0.2


@pytest.mark.parametrize("measured_ratio", [0.3, 1.0, 1.5, 4.0, 8.0])
@pytest.mark.parametrize("ratio", [0.4, 1.2, 2.0])
def test_the_likelihood_is_the_integral_over_all_gains(ratio, measured_ratio):
    """A cell of a rare large gain does not refute its own rule: with eight gains in all it did."""
    from scipy.integrate import quad
    from scipy.stats import norm

    sd = np.sqrt(np.log1p(GAIN_CV**2))
    spread = np.hypot(DRIFT, np.hypot(*log_errors(USUAL)))

    def density(z):
        gain = np.exp(-np.log(1 - NOTHING) - sd**2 / 2 + sd * z)
        return norm.pdf(z) * np.exp(-0.5 * ((np.log(measured_ratio) - gain * np.log(ratio)) / spread) ** 2)

    expected = NOTHING * np.exp(-0.5 * (np.log(measured_ratio) / spread) ** 2)
    expected += (1 - NOTHING) * sum(quad(density, k, k + 0.5)[0] for k in np.arange(-6, 6, 0.5))
    given = np.exp(log_likelihood(USUAL, fixed(ratio), Measured(1.0, measured_ratio)))[0]
    assert given == pytest.approx(expected, rel=0.1, abs=2e-5)


def test_more_sweeps_give_less_noise():
    short = Session(pairs("10 ms"), baseline=60.0, follow_up=60.0)
    assert USUAL.sweeps == (60, 90)
    assert short.sweeps == (6, 3)
    rng = np.random.default_rng(3)
    spreads = [np.nanstd([np.log(measured(each, fixed(1.0), rng).ratio) for _ in range(2000)]) for each in (USUAL, short)]
    assert spreads[1] > 1.5 * spreads[0] > 1.5 * DRIFT


# --- what rules do --------------------------------------------------------------------------------------------------------


def test_the_weight_between_grid_points_is_interpolated():
    candidate = CANDIDATES[1]
    values = candidate.published[None]
    start = 1.1
    log_ratio, _ = response(candidate, USUAL.condition, values).at(start)
    direct = _run(candidate, USUAL.condition, values, np.array([start * 0.5])) / (start * 0.5)
    assert np.exp(log_ratio[0, 0]) == pytest.approx(direct[0], rel=0.01)


def test_a_run_equals_the_laboratory():
    """A lane of the many is what `sh.replay` gives."""
    candidate = CANDIDATES[5]
    pre, post = sh.pairings("10 ms", 60, "1 Hz")
    w = float(sh.replay(sh.rule(candidate.name), pre=pre, post=post, w0=1.3)["w"].values.ravel()[-1])
    log_ratio, _ = response(candidate, USUAL.condition, candidate.published[None]).at(1.3)
    assert np.exp(log_ratio[0, 0]) == pytest.approx(w / 1.3, rel=1e-6)


def test_a_two_state_connection_is_ten_synapses():
    candidate = next(each for each in CANDIDATES if each.name == "graupner_brunel:DP")
    made = response(candidate, USUAL.condition, candidate.published[None])
    assert made.weight.shape == (1, 11, STARTS.size)
    assert made.weight.sum(axis=1) == pytest.approx(1)
    constants = dict(candidate.rule.constants)
    theory = pairs_in_theory(constants, 0.01, 1.0, 60)
    expected = (1 + 4 * (0.6 * theory.up + 0.4 * (1 - theory.down))) / (1 + 4 * 0.4)  # at 0.9 of the mean, 4 of 10 are up
    assert made.mean()[0, np.searchsorted(STARTS, 0.9)] == pytest.approx(expected, abs=0.2)


def test_candidates_have_what_differs_and_levels_what_was_promised():
    for candidate in (*CANDIDATES, *OUTSIDE):
        assert np.all(candidate.published > 0), candidate.name
    assert [(len(level.candidates), level.cells, len(level.outside)) for level in LEVELS.values()] == [
        (4, 48, 0), (6, 48, 0), (13, 36, 0), (13, 24, 4),
    ]  # fmt: skip
    assert set(LEVELS[0].answers) < set(LEVELS[1].answers)
    assert not any(is_noisy(each.rule) or stepped(each.rule) for each in LEVELS[0].candidates), "level 0 is quick without a compiler"
    for level in LEVELS.values():
        assert level.prior.sum() == pytest.approx(1)
    assert LEVELS[3].prior[13:].sum() == pytest.approx(1 / 6)


def test_nothing_is_asked_that_was_shown():
    assert not {each.condition for each in HELD_OUT} & {each.condition for each in (*REFERENCE, *WINDOW)}
    assert sum(count for _, count in shared_out(REFERENCE, 36)) == 36


# --- the budget -----------------------------------------------------------------------------------------------------------


def test_repeating_draws_new_cells():
    game = started()
    first, second = (game.do("pairing", 6, delta_t="10 ms", pairs=60) for _ in range(2))
    shown = np.concatenate([data["epsp_before"].values.ravel() for data in (first, second)])
    assert len(set(shown)) == 12
    assert game.left == 36


def test_the_budget_ends():
    game = started()
    for _ in range(4):
        game.do("pairing", 12, delta_t="10 ms")
    assert game.left == 0
    before = list(game.records)
    with pytest.raises(sh.ScheduleError, match="costs 1 cells, and 0 are left"):
        game.do("pairing", 1, delta_t="10 ms")
    assert game.records == before


@pytest.mark.parametrize(
    ("follow_up", "frequency", "cost"), [("30 min", "1 Hz", 2), ("40 min", "1 Hz", 4), ("30 min", "10 Hz", 2), ("30 min", "0.1 Hz", 8)]
)
def test_each_further_hour_costs_another_cell(follow_up, frequency, cost):
    """10 min before, 900 pulses (15 min at 1 Hz, 90 s at 10 Hz, 150 min at 0.1 Hz), and the time after."""
    game = started()
    game.do("dudek_bear_1992", 2, frequency=frequency, inputs=1, follow_up=follow_up)
    assert game.records[-1]["cost"] == cost


def test_an_experiment_has_twelve_cells_at_most():
    with pytest.raises(sh.ScheduleError, match="more than the 12 cells"):
        started().do("pairing", 3)


def test_a_protocol_is_a_name_and_no_file(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text("raise SystemExit('it was executed')")
    with pytest.raises(sh.ScheduleError, match="name of a protocol of the library"):
        started().do(str(script))


def test_the_answer_is_the_end():
    game = started()
    game.answer({"pair:additive": 0.5, "suppression:literature": 0.3}, {"tau_plus": "18 ms"})
    answer = game.records[-1]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert answer["parameters"] == {"tau_plus": 0.018}
    with pytest.raises(sh.ScheduleError, match="the answer was given"):
        game.do("pairing", 1, delta_t="10 ms")
    with pytest.raises(sh.ScheduleError, match="already given"):
        game.answer({"pair:additive": 1.0})


# --- the log --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """The text of a signed log with two experiments and an answer."""
    path = tmp_path_factory.mktemp("signed") / "ada.jsonl"
    game = started(path, signed=True)
    game.do("pairing", 3, delta_t="10 ms")
    game.do("pairing", 3, delta_t="-10 ms", predict=(0.5, 0.9))
    game.answer({"pair:additive": 0.9})
    return path.read_text()


def test_a_signed_log_is_read(signed, tmp_path):
    (tmp_path / "ada.jsonl").write_text(signed)
    game = opened(tmp_path / "ada.jsonl", SECRET)
    assert (game.practice, game.left, len(game.records)) == (False, 42, 4)


def changed(lines):
    record = json.loads(lines[1])
    record["results"][0]["cells"][0][1] = 1.5
    return [lines[0], log.line(record), *lines[2:]]


EDITS = {
    "a number": changed,
    "a line left out": lambda lines: [lines[0], *lines[2:]],
    "two lines exchanged": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "another student": lambda lines: [lines[0].replace("Ada", "Bob"), *lines[1:]],
    "a line twice": lambda lines: [*lines[:2], *lines[1:]],
    "the signature left out": lambda lines: [*lines[:3], log.line({k: v for k, v in json.loads(lines[3]).items() if k != "hmac"})],
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_signed_log_is_refused(signed, tmp_path, name):
    (tmp_path / "ada.jsonl").write_text("\n".join(EDITS[name](signed.splitlines())) + "\n")
    with pytest.raises(sh.FormatError, match=r"line \d: was changed after it was signed"):
        opened(tmp_path / "ada.jsonl", SECRET)


def test_a_signed_log_needs_the_secret_it_was_signed_with(signed, tmp_path):
    (tmp_path / "ada.jsonl").write_text(signed)
    with pytest.raises(sh.FormatError, match="give the class secret"):
        opened(tmp_path / "ada.jsonl")
    with pytest.raises(sh.FormatError, match="line 1: was changed"):
        opened(tmp_path / "ada.jsonl", SECRET + b"?")


def test_a_signed_log_cannot_be_passed_off_as_practice(signed, tmp_path):
    (tmp_path / "ada.jsonl").write_text(signed.replace('"signed":true', '"signed":false'))
    with pytest.raises(sh.FormatError, match="has a signature in a log that is not signed"):
        opened(tmp_path / "ada.jsonl", SECRET)


def test_replay_reproduces_bytes(signed, tmp_path):
    (tmp_path / "ada.jsonl").write_text(signed)
    game = opened(tmp_path / "ada.jsonl", SECRET)
    assert log.text(replayed(game.records, SECRET), SECRET) == signed


BROKEN = {
    "no JSON": ("nothing\n", "line 1: is no line of a log"),
    "empty": ("", "line 1: is no line"),
    "another kind of file": ('{"a": 1}\n', "is no log of a hidden synapse"),
    "deep": ("[" * 100_000 + "\n", "line 1: is no line"),
    "not a number": ('{"kind":"new","schema":NaN}\n', "line 1: is no line"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_log_is_refused(tmp_path, name):
    text, message = BROKEN[name]
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(sh.FormatError, match=message):
        opened(tmp_path / "x.jsonl")


@pytest.mark.parametrize(
    ("old", "new"),
    [('"cells":[[', '"cells":[["x",'), ('"condition":null', '"condition":"two"'), ('"level":1', '"level":9'), ('"seed":3', '"sead":3'),
     ('"left":45', '"left":"all"'), ('"kind":"do"', '"kind":"redo"')],
)  # fmt: skip
def test_a_practice_log_of_another_form_is_refused(tmp_path, old, new):
    path = tmp_path / "practice.jsonl"
    started(path).do("pairing", 3, delta_t="10 ms")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(sh.SpikehebError):
        opened(path)


def test_seeds_and_tokens_belong_to_one_student_and_assignment():
    rows = [("Ada", "1"), ("Ada", "2"), ("Bob", "1"), ("A", "da1"), ("Ad", "a1")]
    assert len({seed_of(SECRET, *row) for row in rows} | {seed_of(SECRET + b"?", *row) for row in rows}) == 10
    assert len({token_of(SECRET, *row) for row in rows}) == 5
    assert drawn(LEVELS[2], seed_of(SECRET, "Ada", "1"), 0) == drawn(LEVELS[2], seed_of(SECRET, "Ada", "1"), 0)


@pytest.mark.slow
def test_every_protocol_of_the_library_can_be_bought():
    from spikeheb import library

    for name in library.names("protocol"):
        pre, post, dt = conditions_of(name, {})[0].spikes
        assert pre.size + post.size > 0, name
        assert dt > 0
