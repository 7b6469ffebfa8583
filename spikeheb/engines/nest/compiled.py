"""Synapses of NEST that are compiled from a rule, where none of NEST's own computes it.

The handlers are printed by `spikeheb.engines.emit.in_nest` and compiled against the headers that NEST brings, as a module that NEST
loads. Numbers of the rule are handed over when it runs, so that one module serves all of its parameter sets.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spikeheb.circuits.steps import Floats
from spikeheb.engines import cache
from spikeheb.engines.compiler import SUFFIX, Compiler, compiler_of_system
from spikeheb.engines.emit.in_nest import generate
from spikeheb.engines.emit.text import mangled
from spikeheb.errors import EngineError
from spikeheb.program.program import Program

HERE = Path(__file__).parent
HEADERS = (HERE / "synapse.hpp", HERE.parent / "kernel" / "runtime.hpp")
BOOST = HERE / "boost"
FLAGS = ("-std=c++20", "-O2", "-fno-math-errno", "-ffp-contract=off", "-Wno-psabi", "-shared", "-fPIC")
"""As NEST itself is compiled, but every operation stays as it is written."""
OLD_STRINGS = b"ModuleManager7installERKSs"
"""A symbol of NEST where it was built with the older of the two forms that GNU's library has for strings."""
WITH_MPI = re.compile(r"^#define HAVE_MPI 1", re.MULTILINE)
SOURCE = """\
#include "nest_extension_interface.h"

#include "connection.h"
#include "common_synapse_properties.h"
#include "event.h"

#include "runtime.hpp"

namespace {{
{model}
}}  // namespace

#include "synapse.hpp"

struct {name}_module : nest::NESTExtensionInterface {{
  void initialize() override {{ nest::register_connection_model<Printed>("{name}"); }}
}};
{name}_module {name}_LTX_module;
"""


@dataclass(frozen=True)
class Compiled:
    """What a compiled synapse is told.

    Attributes
    ----------
    program : Program
    late : int
        Steps from a postsynaptic spike to the synapse, as NEST's synapse counts.
    start : mapping of str to array, shape (synapses,)
        By variable, where it starts.
    """

    program: Program
    late: int
    start: Mapping[str, Floats]

    @property
    def states(self) -> dict[str, Floats]:
        """Where variables start, but for the weight, by the names that the synapse has for them."""
        return {mangled(name): values for name, values in self.start.items() if name != self.program.rule.weight}

    def during(self, plastic: bool, values: Mapping[str, float]) -> dict[str, object]:
        """What holds in a phase: whether weights may change, and the rule's numbers in the order in which the synapse has them."""
        numbers = {**self.program.rule.constants, **values}
        return {"plastic": plastic, "constants": [float(numbers[name]) for name in self.program.constants]}


def install(nest: Any, program: Program) -> str:
    """Have NEST load the synapse of a rule, built where the build cache does not have it.

    Parameters
    ----------
    nest : module
    program : Program

    Returns
    -------
    str
        The name of NEST's synapse model.

    Raises
    ------
    EngineError
        Where there is no C++ compiler, or no headers of NEST.
    BuildError, StorageError
    """
    model = generate(program)
    working = compiler_of_system()
    if working is None:
        why = f'NEST has no synapse of its own for the rule "{program.rule.name}", and there is no C++ compiler to build one'
        raise EngineError(f"{why}; install g++ (a compiler from a Python wheel does not fit NEST)", key="engine")
    builder = _builder(nest, working)
    files = {file.name: file.read_text(encoding="utf-8") for file in (*HEADERS, *BOOST.glob("*.hpp"))}
    stamped = "\0".join((model, SOURCE, *files.values(), nest.__version__, builder.identity))
    key = hashlib.sha256(stamped.encode()).hexdigest()[:32]
    name = f"spikeheb_{key}"
    if name not in nest.synapse_models:
        nest.Install(str(_built(SOURCE.format(model=model.rstrip(), name=name), name, key, builder)))
    return name


def _built(source: str, name: str, key: str, working: Compiler) -> Path:
    def compile_in(folder: Path) -> None:
        (folder / "model.cpp").write_text(source, encoding="utf-8")
        working.build(folder / "model.cpp", folder / f"{name}{SUFFIX}")

    return cache.opened("nest", key, compile_in, (f"{name}{SUFFIX}",), lambda folder: folder / f"{name}{SUFFIX}")


@functools.cache
def _builder(nest: Any, compiler: Compiler) -> Compiler:
    """The compiler of a module for this NEST: MPI's, which knows where its headers are, if NEST was built with MPI.

    Raises
    ------
    EngineError
        Where NEST's headers are not found, or not MPI's compiler.
    """
    package = Path(nest.__file__).parent
    headers, own = package / "include" / "nest", ["-fopenmp"]
    includes = [f"-I{headers}"]
    if not (headers / "connection.h").is_file():  # it was built from source, and says itself how
        includes, own = _said_by_nest("--includes"), _said_by_nest("--cflags")
        headers = Path(next((word[2:] for word in includes if (Path(word[2:]) / "connection.h").is_file()), headers))
    command = compiler.command
    if WITH_MPI.search(_text(headers / "config.h")):
        of_mpi = shutil.which("mpicxx")
        if of_mpi is None:
            raise EngineError("NEST was built with MPI, and its compiler mpicxx is not found; put it on the PATH", key="engine")
        command = (of_mpi,)
    old = any(OLD_STRINGS in file.read_bytes() for file in package.glob("nestkernel_api*"))
    strings = [f"-D_GLIBCXX_USE_CXX11_ABI={int(not old)}"]
    mine = [f"-I{file.parent}" for file in HEADERS] + ["-idirafter", str(HERE)]  # whose `boost` is for where there is none
    return replace(compiler, command=command, flags=(*FLAGS, *own, *strings, *includes, *mine))


def _said_by_nest(what: str) -> list[str]:
    """The words with which ``nest-config`` answers."""
    program = shutil.which("nest-config")
    if program is None:
        raise EngineError("the headers of NEST are not where its package is, and there is no nest-config that says where", key="engine")
    try:
        return shlex.split(subprocess.run([program, what], capture_output=True, text=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines() or [str(error)]
        raise EngineError(f"{program} {what} does not say how NEST was built ({lines[-1]}); run it by hand", key="engine") from None


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
