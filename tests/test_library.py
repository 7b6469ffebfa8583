"""Files by name: where they are looked for, what is refused, and what loading a protocol does and does not do."""

import ast
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from signatures import FUNCTIONS

import spikeheb as sh
from spikeheb import library
from spikeheb.errors import FormatError, SpikehebError, UnknownName
from spikeheb.protocols import with_parameters

ROOT = Path(__file__).parent.parent

PROTOCOL = '''"""A title.

And a text.
"""
from dataclasses import dataclass
from typing import Literal
import numpy as np
import spikeheb as sh

@dataclass(frozen=True)
class Parameters:
    delta_t: tuple[sh.Time, ...] = (-0.01, 0.01)
    frequency: sh.Frequency = "10 Hz"
    hold: sh.Voltage = -0.07
    step: sh.Amperes = 4e-10
    calcium: sh.Concentration = 2.5
    gain: float = 1
    pairs: int = 5
    shuffled: bool = False
    kind: Literal["one", "two"] = "one"
    label: str = "x"

def schedule(p, rng):
    lanes = []
    for delta_t in p.delta_t:
        pre, post = sh.pairings(delta_t, p.pairs, p.frequency)
        pre = pre + (rng.random() if p.shuffled else 0)
        lanes.append(sh.Lane({"delta_t": delta_t}, pre=(pre,), post=post))
    return sh.Schedule(tuple(lanes))
'''


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's folder in SPIKEHEB_PATH; `home("protocols/mine.py", text)` writes a file into it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SPIKEHEB_PATH", str(folder))

    def write(name, text):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


# where files are found


def test_the_built_in_files_are_found(monkeypatch):
    monkeypatch.delenv("SPIKEHEB_PATH", raising=False)
    assert {"pair", "triplet"} <= set(library.names("rule"))
    assert {"pairing", "bi_poo_1998", "sjostrom_2001", "markram_1997"} <= set(library.names("protocol"))
    for kind in ("rule", "cell", "protocol"):
        assert all(library.find(kind, name) == path for name, path in library.names(kind).items())


def test_a_users_folder_adds_to_them(home):
    path = home("protocols/mine.py", PROTOCOL)
    home("protocols/_draft.py", PROTOCOL)
    home("protocols/.hidden.py", PROTOCOL)
    assert library.find("protocol", "mine") == path
    assert {"mine", "pairing"} <= set(library.names("protocol"))
    assert not {"_draft", ".hidden"} & set(library.names("protocol"))


def test_several_folders(home, tmp_path, monkeypatch):
    home("protocols/mine.py", PROTOCOL)
    other = tmp_path / "other" / "protocols" / "theirs.py"
    other.parent.mkdir(parents=True)
    other.write_text(PROTOCOL)
    monkeypatch.setenv("SPIKEHEB_PATH", os.pathsep.join([str(tmp_path / "home"), "", str(tmp_path / "other")]))
    assert {"mine", "theirs"} <= set(library.names("protocol"))


def test_one_name_found_twice_lists_both(home):
    mine = home("rules/pair.toml", "")
    built_in = ROOT / "models" / "rules" / "pair.toml"
    for ask in (lambda: library.find("rule", "pair"), lambda: library.names("rule"), lambda: sh.rule("pair")):
        with pytest.raises(sh.DuplicateName, match='there are 2 files of the rule "pair"') as caught:
            ask()
        assert str(mine) in str(caught.value)
        assert str(built_in) in str(caught.value)
    assert library.find("rule", "triplet").stem == "triplet"
    assert library.find("rule", str(mine)) == mine


def test_the_same_folder_twice_is_no_duplicate(home, tmp_path, monkeypatch):
    home("protocols/mine.py", PROTOCOL)
    monkeypatch.setenv("SPIKEHEB_PATH", os.pathsep.join([str(tmp_path / "home")] * 2))
    assert "mine" in library.names("protocol")


def test_unknown_names_offer_the_nearest():
    with pytest.raises(sh.UnknownName, match=r'^no rule named "tripplet"; did you mean "triplet"\?'):
        sh.rule("tripplet")
    with pytest.raises(sh.UnknownName, match=r'^no protocol named "sjostrom_201"; did you mean "sjostrom_2001"'):
        sh.protocol("sjostrom_201")
    with pytest.raises(sh.UnknownName, match=r'^no kind of file named "rules"; did you mean "rule"'):
        library.names("rules")


def test_an_unknown_name_tells_of_a_folder_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("SPIKEHEB_PATH", str(tmp_path / "gone"))
    with pytest.raises(sh.UnknownName, match=r"\(SPIKEHEB_PATH names .*gone, which does not exist\)"):
        sh.rule("zzz")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("none.toml", "none.toml: there is no such file"),
        (f"some{os.sep}where", f"some{os.sep}where: a rule is a .toml file"),
        ("pair.py", "pair.py: a rule is a .toml file"),
        (Path("none.toml"), "none.toml: there is no such file"),
    ],
)
def test_a_path_that_is_no_rule_file(given, message):
    with pytest.raises(sh.SpikehebError) as caught:
        sh.rule(given)
    assert str(caught.value) == message


def test_choices_are_passed_on():
    rule = sh.rule("pair", set="multiplicative", coincidence="post_first", axonal_delay="1 ms", A_plus=0.01, tau_plus="15 ms")
    assert (rule.set, rule.coincidence, rule.axonal_delay) == ("multiplicative", "post_first", 0.001)
    assert (rule.constants["A_plus"], rule.constants["tau_plus"], rule.bounds.kind) == (0.01, 0.015, "soft")
    assert sh.rule(rule, A_minus=0).constants["A_plus"] == 0.01
    with pytest.raises(sh.UnknownName, match='no parameter named "tau_pluss"; did you mean "tau_plus"'):
        sh.rule("pair", tau_pluss="15 ms")


# protocols


def test_a_protocol_is_loaded_by_path_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "numpy.py"  # by name, this would hide numpy
    path.write_text(PROTOCOL)
    before = dict(sys.modules)
    protocol = sh.protocol(path)
    assert (protocol.name, protocol.title, protocol.doc) == ("numpy", "A title", "And a text.")
    assert set(sys.modules) == set(before)
    assert sys.modules["numpy"] is np
    assert [entry.name for entry in tmp_path.iterdir()] == ["numpy.py"]
    assert len(protocol.schedule(np.random.default_rng(0)).lanes) == 2


def test_parameters_accept_text_numbers_and_quantities(home):
    home("protocols/mine.py", PROTOCOL)
    protocol = sh.protocol("mine", delta_t="-20 ms, 5 ms,0", frequency=20, pairs="7", shuffled="yes", kind="two", hold="-65 mV", gain="2")
    assert protocol.values == {
        "delta_t": (-0.02, 0.005, 0.0), "frequency": 20.0, "hold": -0.065, "step": 4e-10, "calcium": 2.5, "gain": 2.0, "pairs": 7,
        "shuffled": True, "kind": "two", "label": "x",
    }  # fmt: skip
    assert sh.protocol("mine").values["frequency"] == 10.0
    assert sh.protocol("mine", delta_t=0.01).values["delta_t"] == (0.01,)
    assert sh.protocol("mine", delta_t=np.array([0.01, 0.02])).values["delta_t"] == (0.01, 0.02)
    assert sh.protocol("mine", delta_t="").values["delta_t"] == ()
    assert sh.protocol("mine", pairs=np.int64(3)).values["pairs"] == 3


def test_the_texts_read_back(home):
    home("protocols/mine.py", PROTOCOL)
    protocol = sh.protocol("mine", delta_t="-20 ms, 5 ms")
    assert protocol.texts["delta_t"] == "-20 ms, 5 ms"
    assert protocol.texts["frequency"] == "10 Hz"
    assert protocol.texts["step"] == "400 pA"
    assert with_parameters(protocol, protocol.texts).values == protocol.values


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"delta_tt": 1}, 'parameters: no parameter named "delta_tt"; did you mean "delta_t"?'),
        ({"frequency": "10 ms"}, 'parameters.frequency: expected a rate such as "10 Hz" (got "10 ms", a time)'),
        ({"frequency": True}, 'parameters.frequency: expected a rate such as "10 Hz" (got True)'),
        ({"delta_t": "1 ms, 2 mV"}, 'parameters.delta_t[1]: expected a time such as "20 ms" (got "2 mV", a voltage)'),
        ({"delta_t": [0.1, np.nan]}, 'parameters.delta_t[1]: expected a time such as "20 ms" (got nan)'),
        ({"pairs": 2.5}, "parameters.pairs: expected a whole number (got 2.5)"),
        ({"pairs": "many"}, "parameters.pairs: expected a whole number (got 'many')"),
        ({"shuffled": "maybe"}, "parameters.shuffled: expected true or false (got 'maybe')"),
        ({"kind": "three"}, 'parameters.kind: expected one of "one", "two" (got \'three\')'),
        ({"label": 3}, "parameters.label: expected a word (got 3)"),
    ],
)
def test_a_parameter_that_does_not_fit(home, given, message):
    path = home("protocols/mine.py", PROTOCOL)
    with pytest.raises(sh.SpikehebError) as caught:
        sh.protocol("mine", **given)
    assert str(caught.value) == f"{path}: {message}"


def test_parameters_can_be_changed_later(home):
    home("protocols/mine.py", PROTOCOL)
    first = sh.protocol("mine", pairs=7)
    second = with_parameters(first, {"gain": 3})
    assert (second.values["pairs"], second.values["gain"], first.values["gain"]) == (7, 3.0, 1.0)


def test_the_hash_follows_the_file_and_the_parameters(home):
    home("protocols/mine.py", PROTOCOL)
    base = sh.protocol("mine").hash
    assert sh.protocol("mine", pairs=5, frequency="10 Hz").hash == base
    assert sh.protocol("mine", pairs=6).hash != base
    home("protocols/mine.py", PROTOCOL + "\n# changed\n")
    assert sh.protocol("mine").hash != base


def test_randomness_comes_from_the_generator(home):
    home("protocols/mine.py", PROTOCOL)
    protocol = sh.protocol("mine", shuffled=True)
    first, second, other = (protocol.schedule(np.random.default_rng(seed)).lanes[1].pre[0] for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


DEFAULTLESS = PROTOCOL.replace("pairs: int = 5", "").replace(
    "delta_t: tuple[sh.Time, ...] = (-0.01, 0.01)", "pairs: int\n    delta_t: tuple[sh.Time, ...] = (-0.01, 0.01)"
)
FAULTS = {
    "line 3: SyntaxError: '(' was never closed": '"""T."""\n\nx = (\n',
    "line 2: ZeroDivisionError: division by zero": '"""T."""\nx = 1 / 0\n',
    "line 2: SystemExit: 3": '"""T."""\nraise SystemExit(3)\n',
    "line 2: ModuleNotFoundError: No module named 'no_such_module'": '"""T."""\nimport no_such_module\n',
    'expected a frozen dataclass "Parameters"': PROTOCOL.replace("(frozen=True)", ""),
    "Parameters.pairs: needs a default": DEFAULTLESS,
    "Parameters.pairs: expected int, float, bool, str, Literal[...], sh.Time or another of its kind, or tuple[one of these, ...]": (
        PROTOCOL.replace("pairs: int", "pairs: list")
    ),
    "line 20: NameError: name 'Literal' is not defined": PROTOCOL.replace("from typing import Literal\n", "\n"),
    "expected a docstring whose first line is the title": PROTOCOL.partition('"""\nfrom')[2].join(["from", ""]),
    'expected a function "schedule(p, rng)"': PROTOCOL.replace("def schedule", "def plan"),
    'parameters.frequency: expected a rate such as "10 Hz" (got "10 mV", a voltage)': PROTOCOL.replace("10 Hz", "10 mV"),
    "PUBLISHED: expected text: a path relative to the script, or the name of a tissue": PROTOCOL + "PUBLISHED = 3\n",
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_faulty_script_is_named_with_its_line(home, message):
    path = home("protocols/mine.py", FAULTS[message])
    with pytest.raises(sh.SpikehebError) as caught:
        sh.protocol("mine")
    assert str(caught.value) == f"{path}: {message}"
    assert caught.value.path == str(path)


def test_a_missing_data_file_is_named(home):
    path = home("protocols/mine.py", PROTOCOL + 'PUBLISHED = "data/none.csv"\n')
    with pytest.raises(sh.FormatError) as caught:
        sh.protocol("mine")
    assert str(caught.value) == f"{path.parent / 'data/none.csv'}: cannot be read (No such file or directory)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return sh.Schedule(tuple(lanes))", "return lanes", "schedule: expected a Schedule (got list)"),
        ("return sh.Schedule(tuple(lanes))", "return sh.Schedule(lanes[7])", "line 29: IndexError: list index out of range"),
        ("lanes = []", "lanes = None", "line 28: AttributeError: 'NoneType' object has no attribute 'append'"),
        ("p.frequency)", "200)", "delta_t: expected less than the period of 5 ms at 200 Hz (got -10 ms)"),
        ("pre + (", "pre - 1 + (", "delta_t = -0.01: pre[0]: spike time -0.99 s is negative; shift the train"),
    ],
)
def test_a_schedule_that_fails_is_named_with_its_file(home, old, new, message):
    path = home("protocols/mine.py", PROTOCOL.replace(old, new))
    with pytest.raises(sh.SpikehebError) as caught:
        sh.protocol("mine").schedule(np.random.default_rng(0))
    assert str(caught.value) == f"{path}: {message}"


def test_a_protocol_with_deferred_annotations(home):
    home("protocols/mine.py", PROTOCOL.replace("from dataclasses", "from __future__ import annotations\nfrom dataclasses", 1))
    assert sh.protocol("mine", frequency="20 Hz").values["frequency"] == 20.0


# what the package exports


def test_the_exports_that_a_type_checker_sees_are_those_that_exist():
    tree = ast.parse((ROOT / "spikeheb" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {name.asname: node.module for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names}
    of_stub = {name for name, module in seen.items() if module == "spikeheb.studies.signatures"}
    assert of_stub == {function.__name__ for function in FUNCTIONS}
    assert seen | {name: sh._HOMES[name] for name in of_stub} == sh._HOMES
    assert set(sh.__all__) | {"list"} == set(seen) <= set(dir(sh))
    for name in seen:
        assert getattr(sh, name) is not None
    with pytest.raises(AttributeError, match="module 'spikeheb' has no attribute 'rulle'"):
        _ = sh.rulle


def test_importing_the_package_and_loading_a_protocol_need_neither_brian2_nor_matplotlib():
    script = (
        "import sys; before = set(sys.modules); import spikeheb as sh; first = set(sys.modules) - before\n"
        "sh.protocol('pairing'); sh.rule('pair')\n"
        "heavy = {'brian2', 'matplotlib', 'xarray', 'scipy', 'sympy'}\n"
        "print(sorted(first & (heavy | {'numpy', 'msgspec'})), sorted(set(sys.modules) & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[] []"


def test_a_protocol_cannot_be_changed(home):
    home("protocols/mine.py", PROTOCOL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sh.protocol("mine").parameters.pairs = 3


def test_a_set_may_stand_with_the_name_of_a_rule_wherever_a_rule_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "visual_cortex_nearest_min"
    chosen = sh.rule("triplet", set=name)
    path = library.find("rule", "triplet")
    for text in (f"triplet:{name}", f"{path}:{name}", Path(f"{path}:{name}")):
        assert sh.rule(text) == sh.rule(text, set=name) == chosen
    np.testing.assert_array_equal(sh.window(f"triplet:{name}", delta_t=["10 ms"]).change, sh.window(chosen, delta_t=["10 ms"]).change)
    for wrong in (f"triplet:{name[:-1]}", f"{path}:{name[:-1]}"):
        with pytest.raises(UnknownName, match=f'no set named "{name[:-1]}"; did you mean "{name}"') as caught:
            sh.rule(wrong)
        assert "\n" not in str(caught.value)
    for wrong in ("triplet:", "triplet:visual cortex", f"triplet:{name}.toml:x"):
        with pytest.raises(SpikehebError):
            sh.rule(wrong)
    with pytest.raises(FormatError, match='names the set "hippocampus_all_full", and the set "visual_cortex_nearest_min" is given'):
        sh.rule("triplet:hippocampus_all_full", set=name)
    with pytest.raises(UnknownName, match='did you mean "triplet"'):
        sh.rule(f"tripplet:{name}")


def test_a_colon_of_a_file_or_folder_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = library.find("rule", "pair").read_text(encoding="utf-8")
    folder = tmp_path / "at 10:30" / "rules"
    folder.mkdir(parents=True)
    for file in ("my:additive.toml", "mine.toml"):
        (folder / file).write_text(text, encoding="utf-8")
    for file in ("my:additive.toml", "mine.toml"):
        assert sh.rule(str(folder / file)).set is None
        assert sh.rule(f"{folder / file}:gutig").set == "gutig"
    monkeypatch.chdir(folder)
    assert sh.rule("my:additive.toml").set is None
    assert sh.rule("mine.toml:additive").set == "additive"
    other = tmp_path / "other" / "rules"
    other.mkdir(parents=True)
    (other / "my:additive.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SPIKEHEB_PATH", str(other.parent))
    assert sh.rule("my:additive").set is None
    assert sh.rule("my:additive:gutig").set == "gutig"
