"""What the analysis finds in a rule: which variables are one-sided, which decay, which need the clock, what is written into the code."""

import pytest
from kernel_rules import ALL, LIBRARY, cell, read

from spikeheb.engines.emit.lanes import generate
from spikeheb.engines.kernel.explain import explain, show_source
from spikeheb.errors import EngineError
from spikeheb.expressions import tree as t
from spikeheb.expressions.printers import to_brian
from spikeheb.program.analysis import analyse
from spikeheb.rules import choose

DT = 1e-4


@pytest.mark.parametrize(
    ("scheme", "sides"),
    [
        ("all_to_all", {"x": "pre", "y": "post"}),
        ("symmetric", {"x": "pre", "y": "post"}),
        ("presynaptic_centred", {"y": "post"}),
        ("restricted", {}),
    ],
)
def test_a_trace_that_the_other_side_resets_is_not_one_sided(tmp_path, scheme, sides):
    assert analyse(read(tmp_path, "pair", interaction=scheme), None, DT).sides == sides


def test_a_weight_a_noisy_start_and_a_mixed_trace_are_not_one_sided(tmp_path):
    assert analyse(read(tmp_path, "noisy_jumps"), None, DT).sides == {"x": "pre", "y": "post"}
    assert analyse(read(tmp_path, "reward"), None, DT).sides == {"x": "pre", "y": "post"}
    release = analyse(read(tmp_path, "release"), None, DT).sides
    assert release == {"last": "pre", "R": "pre", "u": "pre", "y": "post"}


def test_variables_are_divided_into_plain_decaying_and_stepped(tmp_path):
    cascade = analyse(read(tmp_path, "cascade"), None, DT)
    assert [decay.names for decay in cascade.decays] == [("first", "second_one"), ("y",), ("slow",)]
    assert (cascade.plain, cascade.stepped, cascade.clocked) == (("w",), None, False)
    calcium = analyse(read(tmp_path, "calcium"), None, DT)
    assert calcium.stepped is not None
    assert (calcium.stepped.names, calcium.stepped.method, calcium.stepped.noisy) == (("c", "rho"), "heun", True)
    assert calcium.decays == ()


def test_zeros_and_ones_of_a_scheme_are_written_into_the_code_and_other_constants_are_not(tmp_path):
    rule = read(tmp_path, "pair", set="gutig", interaction="presynaptic_centred")
    program = analyse(rule, None, DT)
    assert program.folded == {"x_adds": 1, "y_survives": 1, "y_adds": 0, "x_survives": 0}
    lines = {line.target: to_brian(line.expression) for line in program.actions[1].lines}
    assert (lines["x"], lines["y"]) == ("0", "1")
    assert "0.005" not in generate(program)
    varying = analyse(rule, None, DT, varying=frozenset({"x_adds"}))
    assert "x_adds" in varying.constants


@pytest.mark.parametrize(("mu", "text"), [(0, "0.0"), (1, "w_min"), (0.5, "halves<1>"), (0.25, "quarters<1>"), (0.3, "power(")])
def test_exponents_of_a_known_kind_need_no_pow(tmp_path, mu, text):
    rule = read(tmp_path, "pair", bounds={"kind": "power", "mu_plus": mu, "mu_minus": mu, "w_min": 0, "w_max": 1})
    source = generate(analyse(rule, None, DT))
    assert ("power(" in source) == (text == "power(")
    assert text in source


def test_a_change_of_parameters_alone_gives_the_same_code(tmp_path):
    rule = read(tmp_path, "pair", set="additive")
    other = choose(rule, parameters={"A_plus": 0.02, "tau_plus": "11 ms"})
    on = cell("l5_pyramidal")
    assert generate(analyse(rule, on, DT)) == generate(analyse(other, on, 2 * DT))


@pytest.mark.parametrize("path", sorted((LIBRARY / "rules").glob("*.toml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("on", [None, "l5_pyramidal"])
def test_every_name_of_a_rule_is_mangled(path, on, tmp_path):
    rule = read(tmp_path, path.stem)
    try:
        source = generate(analyse(rule, cell(on) if on else None, DT))
    except EngineError as error:
        assert on is None
        assert "name a cell" in str(error)
        return
    for name in rule.variables:
        assert f"{name}_" in source


def test_a_rule_that_reads_the_membrane_needs_a_cell(tmp_path):
    with pytest.raises(EngineError, match="reads the membrane potential; name a cell"):
        analyse(read(tmp_path, "voltage"), None, DT)


def test_hostile_names_meet_nothing_of_the_languages(tmp_path):
    """Names that a function argument, libm, or a macro has too."""
    text = ALL["noisy_jumps"]
    for old, new in (
        ("tau", "draws"),
        ("A ", "NULL "),
        ("A*", "NULL*"),
        ("dx/", "dexpm1q/"),
        ("-x/", "-expm1q/"),
        ("*x*", "*expm1q*"),
        ("x +=", "expm1q +="),
    ):
        text = text.replace(old, new)
    path = tmp_path / "hostile.toml"
    ALL["hostile"] = text
    try:
        rule = read(tmp_path, "hostile")
    finally:
        del ALL["hostile"]
    assert path.exists()
    from kernel_rules import job, same

    from spikeheb.engines.kernel import runner

    same(runner.run(job(rule)), runner.run(job(read(tmp_path, "noisy_jumps"))))


def test_every_tree_that_is_hoisted_reads_constants_only(tmp_path):
    from spikeheb.engines.emit.lanes import _Writer

    writer = _Writer(analyse(read(tmp_path, "late"), cell("shaped"), DT))
    writer.file()
    assert writer.hoister.names
    for space, tree in writer.hoister.names:
        assert t.names(tree) <= (writer.rule_fixed if space == "rule" else writer.cell_fixed)


def test_the_explanation_says_kind_and_side_of_every_variable(tmp_path):
    text = explain(read(tmp_path, "pair", set="gutig"))
    assert "x: solved exactly between events; presynaptic spikes alone move it" in text
    assert "w: changes in handlers only" in text
    assert "no clock" in text
    assert "first: solved exactly between events, together with second_one" in explain(read(tmp_path, "cascade"))
    calcium = explain(read(tmp_path, "calcium"), cell("l5_pyramidal"))
    assert "rho: stepped on the clock (heun)" in calcium
    assert "cell v: stepped on the clock (exponential_euler)" in calcium


def test_the_source_names_rule_hash_and_equations(tmp_path):
    rule = read(tmp_path, "calcium")
    text = show_source(rule, cell("l5_pyramidal"))
    assert rule.hash in text
    assert cell("l5_pyramidal").hash in text
    assert "//   dc/dt = -c/tau_ca" in text
