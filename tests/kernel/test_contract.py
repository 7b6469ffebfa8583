"""What Python and C++ share is the same on both sides, and arrays that do not fit are refused."""

import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from spikeheb.engines.compiler import compiler
from spikeheb.engines.kernel import contract
from spikeheb.errors import EngineError

LENGTH = 3
PARAMETERS = {"int actions": f"<{LENGTH}>", "class real": "<float>", "": ""}


def by_python():
    """Numbers by name: the size of each struct, offset and size of each member, all numbers of enums, and constants."""
    numbers = {name: value for name, (value, _) in contract.CONSTANTS.items()}
    numbers |= {name: int(value) for members in contract.ENUMS.values() for name, value in members.items()}
    for struct in contract.STRUCTS:
        made = struct.ctype(LENGTH)
        numbers[struct.name] = np.dtype(made).itemsize
        for member in struct.members:
            numbers[f"{struct.name}.{member.name}"] = getattr(made, member.name).offset
            numbers[f"{struct.name}.{member.name} size"] = getattr(made, member.name).size
    return numbers


def program():
    """A program that prints the same numbers."""
    lines = [f'  show("{name}", {name});' for name in contract.CONSTANTS]
    lines += [f'  show("{name}", {name});' for members in contract.ENUMS.values() for name in members]
    for struct in contract.STRUCTS:
        lines.append(f"  using {struct.name}_ = {struct.name}{PARAMETERS[struct.parameter]};")
        lines.append(f'  show("{struct.name}", sizeof({struct.name}_));')
        for member in struct.members:
            lines.append(f'  show("{struct.name}.{member.name}", offsetof({struct.name}_, {member.name}));')
            lines.append(f'  show("{struct.name}.{member.name} size", sizeof({struct.name}_::{member.name}));')
    body = "\n".join(lines)
    return f"""
#include "contract.hpp"
#include <cstddef>
#include <cstdio>
static void show(const char *name, long long number) {{ std::printf("%s=%lld\\n", name, number); }}
int main() {{
{body}
}}
"""


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler")
def test_offsets_sizes_and_numbers_are_those_of_the_compiler(tmp_path):
    (tmp_path / "contract.hpp").write_text(contract.header())
    (tmp_path / "show.cpp").write_text(program())
    command = [*compiler().command, "-std=c++17", str(tmp_path / "show.cpp"), "-o", str(tmp_path / "show")]
    subprocess.run(command, check=True, capture_output=True)
    lines = subprocess.run([str(tmp_path / "show")], check=True, capture_output=True, text=True).stdout.splitlines()
    assert {name: int(number) for name, _, number in (line.rpartition("=") for line in lines)} == by_python()


def test_no_name_is_declared_twice():
    names = [*contract.CONSTANTS, *(name for members in contract.ENUMS.values() for name in members)]
    assert len(names) == len(set(names))
    for struct in contract.STRUCTS:
        assert len({member.name for member in struct.members}) == len(struct.members)


def test_headers_declare_nothing_that_the_contract_declares():
    names = {struct.name for struct in contract.STRUCTS} | {name.split()[0] for name in contract.ENUMS}
    for path in Path(contract.__file__).parent.glob("*.hpp"):
        words = path.read_text(encoding="utf-8").replace("{", " ").split()
        declared = {name for kind, name in pairwise(words) if kind in ("struct", "enum")}
        assert not declared & names, path.name


def trains(**other):
    arrays = {"kind": np.zeros(1, dtype=np.int64), "first": np.array([0, 1]), "replay_first": np.zeros(1, dtype=np.int64)}
    arrays |= {name: np.zeros(1) for name in ("value", "start", "event_scale", "skip_scale", "jitter")}
    return arrays | {"replay": np.zeros(0, dtype=np.int64)} | other


def test_pointers_and_numbers_are_filled_in():
    arrays = trains()
    filled = contract.TRAINS.filled(arrays, {"count": 7})
    assert filled.count == 7
    assert filled.value == arrays["value"].ctypes.data


@pytest.mark.parametrize("array", [np.zeros(1, dtype=np.float32), np.zeros(1, dtype=np.int64), np.zeros(4)[::2]])
def test_an_array_of_another_type_or_with_gaps_is_refused(array):
    with pytest.raises(EngineError, match="value must be const double"):
        contract.TRAINS.filled(trains(value=array), {})


def test_an_array_that_is_missing_is_no_null_pointer():
    arrays = trains()
    del arrays["first"]
    with pytest.raises(KeyError):
        contract.TRAINS.filled(arrays, {})
