"""``spikeheb mystery``: play, answer, replay, and every wrong input in one line."""

from __future__ import annotations

import csv
import json
import threading
from pathlib import Path

import pytest

from spikeheb.studies.mystery import log
from spikeheb.studies.mystery.server import Classroom, server
from spikeheb.studies.mystery.synapse import Synapse, drawn, token_of

SECRET = "0123456789abcdef-of-this-test"
FIRST = {"kind": "new", "schema": 1, "version": "0", "level": 1, "attempt": 0, "signed": False, "seed": 3, "mark": log.PRACTICE}


@pytest.fixture
def begun(spikeheb):
    """The command line beside a log that was just started; finding a synapse with `new` takes seconds."""
    Path("mystery.jsonl").write_text(log.text([FIRST], None))
    Path("secret").write_text(SECRET + "\n")
    Path("names.csv").write_text("student,group\nAda,a\nBob,b\n")
    return lambda *words: spikeheb("mystery", *words)


def test_an_experiment_an_answer_and_a_replay(begun):
    done = begun("do", "pairing", "-p", "delta_t=10 ms, -10 ms", "--cells", 3, "--predict", "1.1, 1.6")
    assert done.code == 0
    assert len(done.table) == 6
    assert "this cost 6 cells; 42 are left" in done.err
    again = begun("do", "pairing", "-p", "delta_t=10 ms, -10 ms", "--cells", 3)
    assert {row["EPSP before (mV)"] for row in done.table}.isdisjoint(row["EPSP before (mV)"] for row in again.table)
    assert begun("answer", "--rule", "pair:additive=0.9", "-p", "tau_plus=18 ms").code == 0
    replayed = begun("replay", "mystery.jsonl")
    assert replayed.code == 0
    assert replayed.out == Path("mystery.jsonl").read_text()
    assert "reproduced to the byte" in replayed.err


def test_times_need_no_quotes(begun):
    done = begun("do", "pairing", "-p", "delta_t=10 ms", "--cells", 2, "--follow-up", "20", "min", "--baseline", "5", "min")
    assert done.code == 0, done.err
    record = json.loads(Path("mystery.jsonl").read_text().splitlines()[-1])
    assert (record["follow_up"], record["baseline"]) == (1200.0, 300.0)


def test_what_is_known_and_left_can_be_read_again(begun):
    begun("do", "pairing", "-p", "delta_t=10 ms", "-p", "post_pattern=0 ms, 20 ms", "--cells", 4)
    done = begun("show")
    assert done.code == 0
    assert "pair:additive" in done.out
    assert 'delta_t = 10 ms, post_pattern = "0 ms, 20 ms"' in done.out
    assert "44 of 48 cells are left" in done.err


def test_a_replay_shows_what_was_edited(begun):
    begun("do", "pairing", "-p", "delta_t=10 ms", "--cells", 3)
    path = Path("mystery.jsonl")
    record = json.loads(path.read_text().splitlines()[1])
    record["results"][0]["cells"][0] = [1.0, 2.5]
    path.write_text(log.text([FIRST, record], None))
    done = begun("replay", "mystery.jsonl")
    assert done.code == 1
    assert "it was edited" in done.err


WRONG = [
    ("do pairing", "6 conditions with 3 cells each are more than the 12 cells"),
    ("do pairin", 'no protocol named "pairin"'),
    ("do pairing --condition 7", "the protocol has 6 conditions (got 7)"),
    ("do pairing --condition 1 --cells 13", "--cells"),
    ("do pairing --condition 1 --start 3", "--start: expected 0.5 to 1.5"),
    ("do pairing --condition 1 --start nan", "--start"),
    ("do pairing --condition 1 --baseline 1s", "--baseline: expected 1 to 60 min"),
    ("do pairing --condition 1 --follow-up 3mV", "--follow-up"),
    ("do pairing --condition 1 --predict 1.5", "--predict: expected two ratios"),
    ("do pairing --condition 1 --predict 1.5,1.2", "--predict: expected two ratios"),
    ("do pairing --condition 1 --predict a,b", "--predict"),
    ("do pairing --condition 1 -p pears=3", 'no parameter named "pears"'),
    ("do pairing --condition 1 -p cells=3", 'no parameter named "cells"'),
    ("do pairing --condition 1 -p settings=3", 'no parameter named "settings"'),
    ("do pairing --condition 1 -p pairs=30000", "spikes"),
    ("do pairing --condition 1 -p frequency=0.001Hz -p pairs=1000", "at most"),
    ("do pairing --condition 1 --log nowhere.jsonl", "there is no such log"),
    ("do ./pairing.py", "expected the name of a protocol of the library"),
    ("do pairing --condition 1 --token abc", "--server"),
    ("do pairing --condition 1 --server http://127.0.0.1:9", "--token: give the token"),
    ("do pairing --condition 1 --server ftp://a --token b", "expected an address"),
    ("do pairing --condition 1 --server http://127.0.0.1:9 --token b", "cannot be reached"),
    ("answer --rule pair", "expected NAME=PROBABILITY"),
    ("answer --rule pair:additive=2", "expected NAME=PROBABILITY"),
    ("answer --rule pair:additive=nan", "expected NAME=PROBABILITY"),
    ("answer --rule pair:aditive=1", 'no answer named "pair:aditive"'),
    ("answer --rule pair:additive=.6 --rule pair:additive=.3", "given twice"),
    ("answer --rule pair:additive=.6 --rule suppression:literature=.6", "must add up to 1"),
    ("answer --rule pair:additive=1 -p tau_s=3ms", 'no free parameter of pair:additive named "tau_s"'),
    ("answer --rule pair:additive=1 -p tau_plus=3mV", "tau_plus"),
    ("grade nowhere.jsonl", "there is no such log"),
    ("grade .. ", "holds no logs"),
    ("grade mystery.jsonl --class-secret nowhere", "there is no such class secret"),
    ("new --level 4", "--level"),
    ("new --seed -1", "--seed"),
    ("new", "exists already"),
    ("key --class-secret secret", "give the students"),
    ("key --class-secret secret --new-secret", "exists already"),
    ("key --class-secret names.csv2 --students names.csv", "there is no such class secret"),
    ("key --class-secret secret --students nobody.csv", "there is no such list of students"),
    ("serve --class-secret secret --students secret --port 99999", "--port"),
    ("serve --class-secret secret --students names.csv --host 203.0.113.7 --port 0", "cannot be opened"),
    ("show --log nowhere.jsonl", "there is no such log"),
    ("show --token abc", "--server"),
    ("replay names.csv", "is no line of a log"),
    ("answers", "No such command"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=[words for words, _ in WRONG])
def test_wrong_input_is_one_line_and_changes_nothing(begun, words, message):
    before = Path("mystery.jsonl").read_bytes()
    assert message in begun(*words.split()).refusal
    assert Path("mystery.jsonl").read_bytes() == before


def test_a_secret_is_made_once_and_only_its_owner_reads_it(begun):
    assert begun("key", "--class-secret", "own", "--new-secret").code == 0
    assert Path("own").stat().st_mode & 0o077 == 0
    assert len(Path("own").read_text().strip()) == 64


# --- the teacher's machine ------------------------------------------------------------------------------------------------


@pytest.fixture
def served(begun, monkeypatch, tmp_path):
    """The address of a class of two, whose synapses are the first draws."""

    def first_draw(level: object, seed: int) -> Synapse:
        return drawn(level, seed, 0)

    monkeypatch.setattr("spikeheb.studies.mystery.game.hidden", first_draw)
    folder = tmp_path / "logs"
    folder.mkdir()
    room = Classroom(SECRET.encode(), ["Ada", "Bob"], "one", 1, folder)
    machine = server(room, port=0)
    thread = threading.Thread(target=machine.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{machine.server_address[1]}", room
    machine.shutdown()
    machine.server_close()
    thread.join()


def test_a_student_works_on_the_teachers_machine(begun, served):
    url, room = served
    token = token_of(room.secret, "Ada", "one")
    own = ("--server", url, "--token", token)
    done = begun("do", "pairing", "-p", "delta_t=10 ms", "--cells", 4, *own)
    assert done.code == 0
    assert len(done.table) == 4
    assert "this cost 4 cells; 44 are left" in done.err
    assert "are more than the 12 cells" in begun("do", "pairing", *own).refusal
    assert "expected the name of a protocol" in begun("do", "./pairing.py", *own).refusal
    assert "no student of this class" in begun("do", "pairing", "--server", url, "--token", "wrong").refusal
    shown = begun("show", *own)
    assert "The rule is one of: pair:additive" in " ".join(shown.out.split())
    assert "44 of 48 cells are left" in shown.err
    assert begun("answer", "--rule", "pair:additive=0.8", *own).code == 0
    assert "the answer was given" in begun("show", *own).err
    assert "the answer was given" in begun("do", "pairing", "-p", "delta_t=10 ms", *own).refusal
    path = room.folder / "ada-one.jsonl"
    text = path.read_text()
    assert text.count('"hmac"') == 3
    assert '"seed"' not in text
    replayed = begun("replay", path, "--class-secret", "secret")
    assert (replayed.code, replayed.out) == (0, text)
    path.write_text(text.replace('"left":44', '"left":48'))
    assert "was changed after it was signed" in begun("replay", path, "--class-secret", "secret").refusal
    assert "give the class secret" in begun("replay", path).refusal


def test_a_server_that_starts_anew_goes_on_and_refuses_an_edited_log(begun, served):
    url, room = served
    own = ("--server", url, "--token", token_of(room.secret, "Bob", "one"))
    begun("do", "pairing", "-p", "delta_t=10 ms", "--cells", 4, *own)
    room._open.clear()
    assert "this cost 4 cells; 40 are left" in begun("do", "pairing", "-p", "delta_t=10 ms", "--cells", 4, *own).err
    path = room.folder / "bob-one.jsonl"
    path.write_text(path.read_text().replace('"cost":4', '"cost":0', 1))
    room._open.clear()
    assert "was changed after it was signed" in begun("do", "pairing", "-p", "delta_t=10 ms", *own).refusal


ODD = [
    b"[1]", b"{", b"{}", b"x" * 30_000, b'{"protocol": 7}', b'{"parameters": 3, "protocol": "pairing"}',
    b'{"protocol": "pairing", "parameters": {"settings": 1}}', b'{"protocol": "pairing", "cells": []}',
]  # fmt: skip


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_the_server_survives_odd_requests(served, body):
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    url, room = served
    headers = {"Authorization": f"Bearer {token_of(room.secret, 'Ada', 'one')}"}
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{url}/do", body, headers), timeout=30)
    assert refused.value.code in (400, 413)
    assert "error" in json.loads(refused.value.read())
    with urlopen(Request(url + "/", headers=headers), timeout=30) as response:
        assert json.loads(response.read())["left"] == 48


@pytest.mark.slow
def test_a_class_from_key_to_grades(begun):
    key = begun("key", "--class-secret", "secret", "--students", "names.csv", "--level", 1)
    assert [row["student"] for row in key.table] == ["Ada", "Bob"]
    new = begun("new", "--seed", 5, "--log", "logs.jsonl")
    assert "48 cells" in new.out
    begun("do", "pairing", "-p", "delta_t=10 ms, -10 ms", "--cells", 6, "--log", "logs.jsonl")
    begun("answer", "--rule", "pair:additive=0.5", "--log", "logs.jsonl")
    Path("class").mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        Path("class", name).write_bytes(Path("logs.jsonl").read_bytes())
    Path("class", "c.jsonl").write_text("{}\n")
    done = begun("grade", "class", "--out", "grades")
    assert done.code == 0
    with Path("grades", "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"][:8] for row in rows] == ["practice", "practice", "refused:"]
    assert "the same experiments and results as b.jsonl" in rows[0]["status"]
    assert float(rows[0]["total"]) == float(rows[1]["total"]) > 0
    assert {path.name for path in Path("grades").iterdir()} == {"a.html", "a.txt", "b.html", "b.txt", "grades.csv", "overview.html"}
