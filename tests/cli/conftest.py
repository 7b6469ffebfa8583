"""A command line to try, in an empty folder; a short protocol; and a rule that a new user wrote."""

from dataclasses import dataclass

import pytest

from spikeheb.cli.app import run

PROTOCOL = '''"""A small protocol."""

from dataclasses import dataclass

import spikeheb as sh


@dataclass(frozen=True)
class Parameters:
    delta_t: tuple[sh.Time, ...] = (-0.01, 0.01)
    pairs: int = 5
    frequency: sh.Frequency = 10.0


def schedule(p, rng):
    lanes = []
    for delta_t in p.delta_t:
        pre, post = sh.pairings(delta_t, p.pairs, p.frequency)
        lanes.append(sh.Lane({"delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes), baseline=120.0, follow_up=1260.0, test_interval=60.0)


if __name__ == "__main__":
    sh.main(__file__)
'''

RULE = """schema = 1
name = "mine"
title = "Every spike counts"
doc = "A presynaptic spike takes a share of y, a postsynaptic one adds a share of x; written for a test."

[parameters]
tau = { value = "15 ms", doc = "decay of both traces", source = "chosen for illustration" }
A_plus = { value = 0.02, doc = "LTP of a pair", source = "chosen for illustration" }
A_minus = { value = 0.01, doc = "LTD of a pair", source = "chosen for illustration" }

[synapse]
model = '''
dx/dt = -x/tau : 1
dy/dt = -y/tau : 1
w : 1
'''
weight = "w"
efficacy = "w"
initial = { w = 1 }

[[on]]
event = "pre"
do = ["transmit = 1", "ltd = A_minus*y", "x += 1"]

[[on]]
event = "post"
do = ["ltp = A_plus*x", "y += 1"]

[bounds]
kind = "hard"
w_min = 0
w_max = 2
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def table(self):
        """The first table of stdout: a list of rows, each by column."""
        header, *rows = [line.split("\t") for line in self.out.split("\n\n")[0].splitlines()]
        return [dict(zip(header, row, strict=True)) for row in rows]

    @property
    def refusal(self):
        """The one line of a refused command."""
        assert self.code == 2, (self.code, self.out, self.err)
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("error: ")
        return lines[0]


@pytest.fixture
def spikeheb(tmp_path, monkeypatch, capsys):
    """``spikeheb("run", "pairing", ...)``, carried out in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPIKEHEB_PATH", raising=False)

    def carry_out(*arguments):
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Outcome(code, *capsys.readouterr())

    return carry_out


@pytest.fixture
def small(tmp_path):
    """The short protocol's file, in another folder than the current one."""
    path = tmp_path / "elsewhere" / "small.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(PROTOCOL, encoding="utf-8")
    return path


@pytest.fixture
def mine(tmp_path):
    """The user's rule file, in another folder than the current one."""
    path = tmp_path / "elsewhere" / "mine.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(RULE, encoding="utf-8")
    return path


@pytest.fixture
def spikes(tmp_path):
    """Two lanes with a pair each: 10 ms one way and the other."""
    path = tmp_path / "spikes.csv"
    path.write_text("lane,side,time\nup,pre,0.1\nup,post,0.11\ndown,pre,0.11\ndown,post,0.1\n", encoding="utf-8")
    return path
