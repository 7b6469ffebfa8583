"""Bad input: one line, exit code 2, nothing written."""

import re

import pytest

POST_HANDLER = '[[on]]\nevent = "post"\ndo = ["ltp = A_plus*x", "y += 1"]\n'
BARE = ("--test-pulses", "off", "--engine", "brian:numpy")


def run(spikeheb, *arguments):
    return spikeheb("run", "pairing", "--rule", "pair", *BARE, *arguments).refusal


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "additiv"), 'no set named "additiv"; did you mean "additive"?'),
        (("--cell", "l5_pyramid"), 'no cell named "l5_pyramid"; did you mean "l5_pyramidal"'),
        (("--engine", "brain"), 'no engine named "brain"; did you mean "brian"'),
        (("--interaction", "symetric"), 'no interaction named "symetric"; did you mean "symmetric"'),
        (("--bounds", "softt"), 'no kind of bounds named "softt"; did you mean "soft"?'),
        (("--bounds", "kind=hard, w_max=-1"), "w_min must be below w_max"),
        (("--bounds", "w_max=2"), 'bounds must be complete: name the kind too (such as "kind=hard, w_min=0, w_max=2")'),
        (("--coincidence", "first"), 'did you mean "pre_first" or "post_first"?'),
        (("--axonal-delay", "-1 ms"), "a delay may not be negative"),
        (("--axonal-delay", "1 mV"), 'axonal_delay: expected a time such as "20 ms" (got "1 mV", a voltage)'),
        (("--backpropagation-delay", "1"), "backpropagation_delay: expected a time"),
        (("-p", "pears=3"), 'no parameter named "pears"; did you mean "pairs"?'),
        (("-p", "tau_pluss=3 ms"), 'no parameter named "tau_pluss"; did you mean "tau_plus"'),
        (("-p", "rule.pairs=3"), 'no parameter of the rule named "pairs"'),
        (("-p", "cell.g_LL=3 nS"), 'no parameter of the cell named "g_LL"; did you mean "g_L"'),
        (("-p", "w_max=2"), '"w_max" belongs to the bounds, which --bounds replaces as a whole, such as "kind=hard, w_min=0, w_max=2"'),
        (("-p", "pairs"), '-p expects name=value (got "pairs")'),
        (("-p", "pairs=2", "-p", "pairs=3"), "-p pairs is given twice"),
        (("-p", "pairs=2.5"), "parameters.pairs: expected a whole number (got '2.5')"),
        (("-p", "tau_plus=20 mV"), 'parameters.tau_plus: expected a time such as "20 ms" (got "20 mV", a voltage)'),
        (("-p", "tau_plus=nan"), "parameters.tau_plus: expected a time"),
        (("-p", "delta_t=nan ms"), "parameters.delta_t[0]: expected a time"),
        (("-p", "frequency=10 mV"), 'expected a rate such as "10 Hz" (got "10 mV", a voltage)'),
        (("-p", "frequency=0"), "frequency: expected more than 0 Hz"),
        (("-p", "delta_t=2 s"), "pairing.py: delta_t: expected less than the period of 1000 ms at 1 Hz (got 2000 ms)"),
        (("-p", "post_pattern=0 ms, 1.5 s"), "pairs overlap"),
        (("-p", "pre_pattern=0 ms, 0.01 ms"), "two spikes in one step of 0.1 ms"),
    ],
)
def test_run(spikeheb, tmp_path, arguments, words):
    assert words in run(spikeheb, *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "pairings", "--rule", "pair"), 'no protocol named "pairings"; did you mean "pairing"?'),
        (("run", "pairing", "--rule", "pairr"), 'no rule named "pairr"; did you mean "pair" or'),
        (("run", "pairing", "--rule", "pair:additiv"), 'no set named "additiv"; did you mean "additive"?'),
        (("run", "pairing", "--rule", "pair:additive", "--set", "gutig"), "give only one"),
        (("run", "none.py", "--rule", "pair"), "none.py: there is no such file"),
        (("run", "pairing", "--rule", "none.toml"), "none.toml: there is no such file"),
        (("run", "pairing"), "Missing option '--rule'"),
        (("run", "pairing", "--rule", "pair", "--sed", "1"), "No such option: --sed"),
        (("run", "pairing", "--rule", "pair", "--seed", "x"), "Invalid value for '--seed'"),
        (("run", "pairing", "--rule", "pair", "--seed", "-1"), "Invalid value for '--seed'"),
        (("run", "pairing", "--rule", "pair", "--test-pulses", "maybe"), "Invalid value for '--test-pulses'"),
        (("ruin",), "No such command 'ruin'"),
        (("window", "--rule", "pair", "--rule", "triplit"), 'no rule named "triplit"; did you mean "triplet"?'),
        (("window", "--rule", "pair", "--delta-t", "2 s"), "--delta-t: expected less than the period"),
        (("window", "--rule", "pair", "--delta-t", "10 mV"), "--delta-t[0]: expected a time"),
        (("window", "--rule", "pair", "--delta-t", ""), "--delta-t: expected a row of finite times"),
        (("window", "--rule", "pair", "--frequency", "0"), "frequency: expected more than 0 Hz"),
        (("window", "--rule", "pair", "--pairs", "0"), "Invalid value for '--pairs'"),
        (("window", "--rule", "pair", "--w0", "nan"), "w0: expected one finite weight"),
        (("window", "--rule", "pair", "--rule", "triplet", "-p", "tau_q=3 ms"), 'no parameter named "tau_q"'),
        (("replay", "--rule", "pair", "--spikes", "none.csv"), "none.csv: cannot be read (No such file or directory)"),
        (("analyse", "none.csv"), "none.csv: cannot be read (No such file or directory)"),
        (("list", "rulers"), 'no kind of thing named "rulers"; did you mean "rules" or "rates"?'),
        (("show", "par"), 'no rule, cell or protocol named "par"; did you mean "pair" or "pairing"?'),
        (("show", "l5_pyramidal:x"), "a cell has no sets"),
        (("show", "pairing", "--latex"), "a protocol has no equations"),
        (("check", "none.toml"), "none.toml: there is no such file"),
        (("check", "README.md"), "README.md: rules, cells and networks are .toml files, protocols .py files"),
    ],
)
def test_other_commands(spikeheb, tmp_path, arguments, words):
    assert words in spikeheb(*arguments).refusal
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("a,pre,-0.1", "line 2: -0.1 s is negative"),
        ("a,pre,0.2\na,pre,0.1", "line 3: 0.1 s comes after 0.2 s"),
        ("a,pre,nan", "line 2: time must be a finite number"),
        ("a,prae,0.1", 'side must be "pre", "post" or "reward"'),
        ("a,pre,0.2\na,pre,0.20001", "two spikes in one step of 0.1 ms"),
        ("a,pre", "expected 3 columns (got 2)"),
    ],
)
def test_spikes(spikeheb, tmp_path, lines, words):
    (tmp_path / "spikes.csv").write_text(f"lane,side,time\n{lines}\n")
    assert words in spikeheb("replay", "--rule", "pair", "--spikes", "spikes.csv").refusal
    assert [path.name for path in tmp_path.iterdir()] == ["spikes.csv"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (POST_HANDLER, "", 'on: "y" is read but no handler ever changes it; is a handler missing?'),
        ("ltd = A_minus*y", "ltd = A_minuss*y", 'on[0].do[1]: in ltd: undeclared name "A_minuss"; did you mean "A_minus"?'),
        ('"15 ms"', '"15 mV"', "synapse.model"),
        ('"15 ms"', '"15 msec"', 'unknown unit "msec"'),
        ("A_minus*y", "A_minus.__class__", "on[0].do[1]"),
        ('kind = "hard"', 'kind = "hart"', 'did you mean "hard"?'),
        ("value = 0.02", "value = nan", "a number that is not finite"),
        ("weight = ", "wait = ", "wait"),
    ],
)
def test_a_faulty_rule_file_is_named_with_its_key(spikeheb, mine, old, new, words):
    mine.write_text(mine.read_text().replace(old, new, 1))
    for command in (["check", mine], ["show", mine], ["window", "--rule", mine], ["run", "pairing", "--rule", mine]):
        line = spikeheb(*command).refusal
        assert line.startswith(f"error: {mine}: ")
        assert words in line


def test_a_fault_in_a_protocol_is_named_with_its_line(spikeheb, small):
    small.write_text(small.read_text().replace("lanes = []", "lanes = [1/0]"))
    assert f"{small}: line 16: ZeroDivisionError" in spikeheb("run", small, "--rule", "pair", *BARE).refusal
    assert "line 16" in spikeheb("check", small).refusal


def test_check_goes_on_after_a_fault(spikeheb, mine, small):
    printed = spikeheb("check", "none.toml", mine, small)
    assert printed.code == 2
    assert printed.out.splitlines() == [f"OK rule mine, 0 sets: {mine}", f"OK protocol small, 2 conditions: {small}"]
    assert printed.err == "error: none.toml: there is no such file\n"


def test_list_goes_on_after_a_fault(spikeheb, tmp_path, monkeypatch):
    (tmp_path / "home" / "rules").mkdir(parents=True)
    (tmp_path / "home" / "rules" / "broken.toml").write_text("schema = 1")
    monkeypatch.setenv("SPIKEHEB_PATH", str(tmp_path / "home"))
    printed = spikeheb("list")
    assert printed.code == 2
    assert {"kind": "rule", "name": "broken", "title": "(not usable)"} in printed.table
    assert {"pair", "pairing", "l5_pyramidal"} <= {row["name"] for row in printed.table}
    assert "broken.toml" in printed.err


def test_unwritable_folder_is_found_before_anything_is_computed(spikeheb, tmp_path, monkeypatch):
    monkeypatch.setattr("spikeheb.studies.experiment.experiment.run", None)
    (tmp_path / "file").write_text("")
    for folder in ("file", "file/below"):
        line = run(spikeheb, "--out", folder)
        assert f"{folder}: cannot be written" in line
        assert "choose another folder with --out" in line


@pytest.mark.parametrize("there", ["result.nc", "figure.png"])
def test_an_earlier_result_is_kept_unless_forced(spikeheb, tmp_path, monkeypatch, there):
    folder = tmp_path / "pairing-pair"
    folder.mkdir()
    (folder / there).write_text("precious")
    monkeypatch.setattr("spikeheb.studies.experiment.experiment.run", None)
    line = run(spikeheb)
    assert "exists already; use --force to replace it, or another --out" in line
    assert (folder / there).read_text() == "precious"
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert spikeheb("run", "pairing", "--rule", "pair", "-p", "pairs=2", *BARE, "--force").code == 0
    assert (folder / there).read_bytes() != b"precious"


def test_debug_shows_the_traceback_and_the_line(spikeheb):
    printed = spikeheb("run", "pairing", "--rule", "pairr", "--debug")
    assert printed.code == 2
    assert printed.err.startswith("Traceback")
    assert printed.err.splitlines()[-1].startswith('error: no rule named "pairr"')


def test_a_fault_of_the_program_is_not_hidden(spikeheb, monkeypatch):
    """It is one line that says so, and --debug shows where it comes from."""
    monkeypatch.setattr("spikeheb.library.names", lambda kind: 1 / 0)
    outcome = spikeheb("list")
    assert outcome.code == 2
    assert re.fullmatch(r"error: ZeroDivisionError: division by zero \(at .*\); this is a fault of spikeheb.*\n", outcome.err)
    assert "ZeroDivisionError" in spikeheb("list", "--debug").err.splitlines()[-2]
