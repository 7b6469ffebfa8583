"""The C++ compiler: which one there is, and the flags that every kernel is built with.

The flags keep NaN and infinity apart from numbers and keep every operation as it is written, so that C++, numpy and
Brian2 compute the same; ``-ffast-math`` would delete the checks for NaN.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from spikeheb.engines import cache, children, zig
from spikeheb.errors import BuildError, StorageError

NAMES = ("g++", "c++", "clang++")
NATIVE = "-march=native"
FLAGS = ("-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-shared", "-fPIC")
SUFFIX = ".dll" if sys.platform == "win32" else ".so"
_PROBE = '#include <cmath>\nextern "C" double probe(double x) { return std::exp(x); }\n'
_PATIENCE = 300.0
OUTCOME = "probe.json"
"""The file of a probe's outcome in the cache."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C++ compiler that has shown that it works.

    Attributes
    ----------
    command : tuple of str
        The program, with whatever ``CXX`` says after it, or how Python calls that of the wheel.
    version : str
        First line of its own ``--version``; of the wheel's, after the version of the wheel.
    flags : tuple of str
    cpu : str
        What tells this processor from others, where the flags make code for just this one.
    """

    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]
    cpu: str

    @property
    def identity(self) -> str:
        """Everything about compiler and processor that a library depends on."""
        return "\n".join((*self.command, self.version, *self.flags, self.cpu))

    def build(self, source: Path, library: Path) -> None:
        """Compile one file to a shared library.

        Raises
        ------
        BuildError
            With the compiler's first complaint, or where it made nothing.
        """
        problem = _compile(self.command, self.flags, source, library)
        if problem:
            name = zig.WHEEL if zig.is_called_by(self.command) else self.command[0]
            raise BuildError(f"{name} failed: {problem}", path=str(source))


@functools.cache
def compiler() -> Compiler | None:
    """The compiler that ``CXX`` names (then no other is tried), else the first that works of g++, c++, clang++ and ziglang; or None.

    What was found is kept in the build cache, so that a process pays for the probe only once on a machine.

    Raises
    ------
    BuildError
        Where ``CXX`` is no command.
    """
    return next((working for command in _commands() if (working := _remembered(command))), None)


def compiler_of_system() -> Compiler | None:
    """The same, but for ziglang: what Brian2 can use, which calls the system's compiler itself.

    Raises
    ------
    BuildError
        Where ``CXX`` is no command.
    """
    chosen = compiler()
    return None if chosen is None or zig.is_called_by(chosen.command) else chosen


def remedy() -> str:
    """What to do where there is no compiler.

    Raises
    ------
    BuildError
        Where ``CXX`` is no command.
    """
    if _given():
        return f'the environment variable CXX names "{os.environ["CXX"]}", which does not work; correct it, or unset it'
    return 'pip install "spikeheb[compiler]" brings one'


def _commands() -> Iterator[tuple[str, ...]]:
    """The compilers that are tried, in this order, as far as they are there."""
    given = _given()
    for words in [given] if given else [[name] for name in NAMES]:
        program = shutil.which(words[0])
        if program:
            yield (program, *words[1:])
    wheel = zig.command() if not given else None
    if wheel:
        yield wheel


def _given() -> list[str]:
    """The words of ``CXX``."""
    text = os.environ.get("CXX", "")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BuildError(f"the environment variable CXX is not a command ({str(error).lower()}: {text}); write it as for a shell") from None


def _remembered(command: tuple[str, ...]) -> Compiler | None:
    """The probe's outcome, from the cache where this very program was probed before."""
    own = zig.program() if zig.is_called_by(command) else None
    real = (own or Path(command[0])).resolve()
    stamp = real.stat()
    cpu = processor()
    stamped = "\n".join((*command, str(real), str(stamp.st_size), str(stamp.st_mtime_ns), cpu, *_flags(command)))

    def read(folder: Path) -> Compiler:
        raw = json.loads((folder / OUTCOME).read_text(encoding="utf-8"))
        return Compiler(command, str(raw["version"]), tuple(map(str, raw["flags"])), cpu)

    def write(folder: Path) -> None:
        working = probe(command, cpu)
        if working is None:
            raise BuildError("it does not work")
        (folder / OUTCOME).write_text(json.dumps({"version": working.version, "flags": working.flags}), encoding="utf-8")

    try:
        return cache.opened("compiler", hashlib.sha256(stamped.encode()).hexdigest()[:32], write, (OUTCOME,), read)
    except BuildError:
        return None
    except StorageError:
        return probe(command, cpu)


def probe(command: tuple[str, ...], cpu: str) -> Compiler | None:
    """Compile a trivial file, for this very processor where the compiler can, and give back what worked."""
    with tempfile.TemporaryDirectory(prefix="spikeheb-") as folder:
        source, library = Path(folder) / "probe.cpp", Path(folder) / f"probe{SUFFIX}"
        source.write_text(_PROBE, encoding="utf-8")
        for flags in ((*_flags(command), NATIVE), _flags(command)):
            if _compile(command, flags, source, library) is None:
                return Compiler(command, _version(command, Path(folder)), flags, cpu if NATIVE in flags else platform.machine())
    return None


def _flags(command: tuple[str, ...]) -> tuple[str, ...]:
    return (*FLAGS, *zig.FLAGS) if zig.is_called_by(command) else FLAGS


def processor() -> str:
    """Text that differs between processors for which ``-march=native`` makes different code."""
    cpuinfo = Path("/proc/cpuinfo")
    try:
        with cpuinfo.open(encoding="utf-8", errors="replace") as file:
            first = file.read(8192).split("\n\n")[0]
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    lines = [line for line in first.splitlines() if line.startswith(("vendor_id", "model", "cpu family", "flags", "Features", "CPU"))]
    return "\n".join([platform.machine(), *lines])


def _compile(command: tuple[str, ...], flags: tuple[str, ...], source: Path, library: Path) -> str | None:
    """None if it worked, else the first line that speaks of an error. Its temporary files stand beside the library."""
    arguments = [*command, *flags, "-o", str(library), str(source)]
    patience = zig.PATIENCE if zig.is_called_by(command) else _PATIENCE
    try:
        with _variables(command, library.parent) as environment:
            done = children.call(arguments, environment=environment, patience=patience)
    except StorageError:
        raise
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None if library.is_file() and library.stat().st_size else "it ended without an error and made no library"
    lines = done.stderr.decode(errors="replace").splitlines()
    complaints = [line for line in lines if "error" in line] or lines
    return complaints[0] if complaints else f"exit code {done.returncode}"


@contextmanager
def _variables(command: tuple[str, ...], folder: Path) -> Iterator[Mapping[str, str]]:
    """Variables that send what the compiler writes on its way to the folder, and to the build cache."""
    with ExitStack() as stack:
        own = stack.enter_context(zig.caches(folder)) if zig.is_called_by(command) else {}
        yield {"TMPDIR": str(folder), **own}


def _version(command: tuple[str, ...], folder: Path) -> str:
    """What the compiler says of itself; the wheel's also says which wheel it is, by which its libraries differ."""
    with _variables(command, folder) as environment:
        done = children.call([*command, "--version"], environment=environment, patience=_PATIENCE)
        wheel = zig.version(command, environment) if zig.is_called_by(command) else ""
    first = done.stdout.decode(errors="replace").splitlines()[0] if done.stdout.strip() else "unknown version"
    return f"{wheel}, {first}" if wheel else first
