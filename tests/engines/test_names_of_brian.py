"""Names to which Brian2, its algebra system or Python give a meaning of their own do no harm in a rule or cell."""

from __future__ import annotations

import builtins
import keyword
import re
from pathlib import Path

import numpy as np
import pytest
from circuits_by_hand import but, of_lanes

import spikeheb as sh
from spikeheb.engines.brian import names
from spikeheb.engines.choice import carry_out
from spikeheb.engines.kernel import numpy_lanes
from spikeheb.errors import ExpressionError
from spikeheb.expressions import gate
from spikeheb.program.analysis import analyse
from spikeheb.rules import Rule, read_rule
from spikeheb.rules.rule import CHOICES

GIVEN = (
    "gamma erf len self beta zeta S N I E pi e i j inf nan Q O C oo sin cos floor diff poisson binomial rate value lastupdate sum id "
    "range print max min_ Symbol root arg re im source target delay pre post name clock order dtype xi_a of_xi_a a_ a_u "
    "a_pre a_post x_of_rule x_of_cell x_steps_ago local_change0 "
    "unit_g_ampa forced sweeping gram pascal um2 mega k k_ np _np exec eval numpy"
).split()  # fmt: skip


def everything() -> list[str]:
    """Every name of the namespaces that stand around an equation, which a file may declare."""
    import brian2
    import sympy
    from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS

    units = sorted(DEFAULT_UNITS)[::25]
    taken = [*DEFAULT_CONSTANTS, *DEFAULT_FUNCTIONS, *units, *dir(brian2.Synapses), *dir(sympy), *dir(builtins), *GIVEN]
    return [name for name in dict.fromkeys(taken) if _may_be_declared(name)]


def _may_be_declared(name: str) -> bool:
    try:
        gate.check_name(name)
    except ExpressionError:
        return False
    return True


TEXT = """
schema = 1
name = "named"
title = "Names"
doc = "For tests."

[parameters]
{p0} = {{ value = "20 ms", doc = "", source = "chosen for illustration" }}
{p1} = {{ value = 0.1, doc = "", source = "chosen for illustration" }}
{many}

[synapse]
model = '''
d{x}/dt = -{x}/{p0} : 1
{y} = {x}*{p1} + {sum} : 1
{w} : 1
'''
weight = "{w}"
initial = {{ {w} = 0.5 }}

[post]
model = '''
d{u}/dt = -{u}/{p0} : 1
'''
on_spike = ["{u} = {u} + {p1}"]
{late} = {{ of = "{u}", by = "{p2}" }}

[[on]]
event = "pre"
do = ["transmit = 1", "ltd = 0.01*{late}", "{x} += 1"]

[[on]]
event = "post"
do = ["ltp = {p1}*{y} + {more}", "{w} += 0.001*{u}"]

[bounds]
kind = "hard"
w_min = 0
w_max = 1
"""


def rule_of(folder: Path, chosen: list[str]) -> Rule:
    """A rule whose every name is one of the chosen ones; what is left over are parameters."""
    x, y, w, u, late, p0, p1, p2, *rest = chosen
    numbers = {p2: '"0.5 ms"'} | {name: f"{0.001 * (k + 1):g}" for k, name in enumerate(rest)}
    lines = [f'{name} = {{ value = {value}, doc = "", source = "chosen for illustration" }}' for name, value in numbers.items()]
    half = (len(rest) + 1) // 2
    total, more = (" + ".join(f"0.01*{name}" for name in part) or "0.01" for part in (rest[:half], rest[half:]))
    path = folder / "named.toml"
    text = TEXT.format(x=x, y=y, w=w, u=u, late=late, p0=p0, p1=p1, p2=p2, many="\n".join(lines), sum=total, more=more)
    path.write_text(text, encoding="utf-8")
    return read_rule(path)


def weights(rule: Rule, engine: str) -> tuple[float, dict[str, float]]:
    pre, post = np.array([5, 60, 130, 300]), np.array([20, 90, 125, 280])
    job = of_lanes(rule, None, 1e-4, 400, np.zeros(1, dtype=np.int64), (pre,), (post,))
    recording = numpy_lanes.run(job, analyse(rule, None, job.dt)) if engine == "numpy" else carry_out(job, engine)
    return float(recording.w[0]), {name: float(value[0]) for name, value in recording.variables.items()}


ORDINARY = ["x", "y", "w", "u", "u_late", "p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize("turn", range(4))
def test_given_names_take_every_place_and_change_nothing(tmp_path: Path, turn: int) -> None:
    """The names one would try first, as variables, subexpressions, [post] variables, delayed reads and parameters, in Brian2 too."""
    plain = weights(rule_of(tmp_path, ORDINARY), "numpy")[0]
    usable = [name for name in GIVEN if _may_be_declared(name)]
    assert len(usable) > 60
    size = len(ORDINARY)
    groups = [usable[k : k + size] for k in range(0, len(usable) - size + 1, size)]
    for chosen in groups[turn::4]:
        rule = rule_of(tmp_path, chosen)
        by_engine = {engine: weights(rule, engine) for engine in ("numpy", "brian:numpy")}
        for w, variables in by_engine.values():
            assert w == pytest.approx(plain, rel=1e-12), chosen
            assert set(variables) == {chosen[0], chosen[2]}, "results have the names of the file"


def test_every_name_around_an_equation_may_be_a_parameter(tmp_path: Path) -> None:
    """All of them, eighty at a time, in both engines."""
    usable = [name for name in everything() if name not in CHOICES]
    assert len(usable) > 800
    for k in range(0, len(usable), 80):
        rule = rule_of(tmp_path, [*ORDINARY[:8], *(name for name in usable[k : k + 80] if name not in ORDINARY)])
        assert weights(rule, "numpy")[0] == pytest.approx(weights(rule, "brian:numpy")[0], rel=1e-12)


def test_a_cell_may_have_them_too(tmp_path: Path) -> None:
    text = Path(sh.cell("ca1_pyramidal").path).read_text(encoding="utf-8")
    for new in ("gamma", "N", "pi", "len", "xi_a", "a_", "self", "E", "i"):
        assert gate.check_name(new) == new
    for old, new in {"C": "gamma", "g_L": "pi", "E_L": "xi_a", "V_th": "N", "V_r": "a_"}.items():
        text = re.sub(rf"\b{old}\b", new, text)
    path = tmp_path / "cell.toml"
    path.write_text(text, encoding="utf-8")
    pre, post = np.array([5, 60]), np.array([20])
    job = of_lanes(
        sh.rule("pair"), sh.cell(path), 1e-4, 200, np.zeros(1, dtype=np.int64), (pre,), (post,), sweeps=np.array([4]), sweep_steps=90
    )
    plain = but(job, cell=sh.cell("ca1_pyramidal"))
    runs = [carry_out(j, "brian:numpy") for j in (job, plain)]
    runs.append(numpy_lanes.run(job, analyse(job.rule, job.cell, job.dt)))
    for run in runs[1:]:
        np.testing.assert_allclose(run.w, runs[0].w, rtol=1e-12)
        np.testing.assert_allclose(run.v, runs[0].v, rtol=1e-9)


def test_no_two_names_come_to_one() -> None:
    every = [*everything(), *GIVEN, *(f"{name}_of_rule" for name in GIVEN), *(f"of_{name}" for name in GIVEN), "a_uu", "of_of_xi_a", "v"]
    every = [name for name in dict.fromkeys(every) if _may_be_declared(name)]
    for naming in (names.owned, names.of_cell, names.as_declared):
        assert len({naming(name) for name in every}) == len(every)
        assert not [name for name in map(naming, every) if name.startswith("xi_") or keyword.iskeyword(name)]


def test_in_a_network_of_ones_own_names_stay_unless_brian2_takes_them() -> None:
    assert [names.as_declared(name) for name in ("w", "tau_plus", "x", "rho")] == ["w", "tau_plus", "x", "rho"]
    import brian2
    from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS

    around = {*DEFAULT_CONSTANTS, *DEFAULT_FUNCTIONS, *(name for name in DEFAULT_UNITS if len(name) > 1), *dir(brian2.Synapses)}
    usable = [name for name in around if _may_be_declared(name) and not name.startswith("_")]
    assert [name for name in usable if names.as_declared(name) == name] == []
