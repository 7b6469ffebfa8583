"""Which engine carries a circuit out, and in which loop.

``auto`` takes the generated kernel; where the code that builds it refuses the rule or the cell, Brian2, and the recording says why.
``brian`` takes Brian2's Cython target for long runs where there is a compiler, else numpy. ``plain`` is slow and shares no code with the
others: a second opinion. ``nest`` is for networks. A network is carried out by another engine than the kernel only where it is named,
or where there is no compiler. In the kernel the shape of the connections chooses the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from spikeheb.circuits.circuit import Circuit
from spikeheb.circuits.recording import NetworkRecording, Recording
from spikeheb.engines.alone import FOR_NETWORKS, OF_NETWORKS
from spikeheb.engines.checkpoints import Checkpoints
from spikeheb.engines.compiler import compiler, compiler_of_system, remedy
from spikeheb.engines.threads import needs_main_thread, side_by_side
from spikeheb.errors import EngineError, unknown_name

if TYPE_CHECKING:
    from spikeheb.engines.kernel.fan_in import FanIn as Started

__all__ = [
    "ENGINES",
    "ENGINES_OF_NETWORKS",
    "Checkpoints",
    "carry_out",
    "carry_out_network",
    "check_engine",
    "hint_on_compiler",
    "on_its_way",
    "refusal",
    "shares_processors",
    "side_by_side",
]

Progress = Callable[[float], None] | None
ENGINES = ("auto", "kernel", "plain", "brian", "brian:numpy", "brian:cython", "brian:standalone")
ENGINES_OF_NETWORKS = (*ENGINES, "nest")


def check_engine(name: str) -> str:
    """The name itself, if there is such an engine.

    Raises
    ------
    UnknownName
    """
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return name


def carry_out(circuit: Circuit, engine: str = "auto", *, threads: int | None = None, progress: Progress = None) -> Recording:
    """Run the circuit.

    Parameters
    ----------
    circuit : Circuit
    engine : {"auto", "kernel", "plain", "brian", "brian:numpy", "brian:cython", "brian:standalone"}
    threads : int, optional
        Of the kernel, which shares cells among so many; among as many as this work may have if not given.
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    UnknownName, EngineError, BuildError, NonFiniteError
    """
    if engine == "nest":
        raise EngineError(FOR_NETWORKS, key="engine")
    check_engine(engine)
    if circuit.is_network:
        raise EngineError(OF_NETWORKS)
    if engine.startswith("brian"):
        return _brian(circuit, engine, progress)
    if engine == "plain":
        from spikeheb.engines.plain import run as plain

        return plain.run(circuit, progress=progress)
    reason = None if engine == "kernel" else _against_kernel(circuit)
    if reason is None:
        try:
            return _kernel(circuit, threads, progress)
        except EngineError as error:
            if engine == "kernel":
                raise
            reason = error.message
    recording = _brian(circuit, "brian", progress)
    return replace(recording, engine={**recording.engine, "note": f"not the kernel: {reason}"})


def carry_out_network(
    circuit: Circuit, engine: str = "auto", *, checkpoints: Checkpoints | None = None, progress: Progress = None
) -> NetworkRecording:
    """Run a network.

    Parameters
    ----------
    circuit : Circuit
    engine : {"auto", "kernel", "plain", "brian", "brian:numpy", "brian:cython", "brian:standalone", "nest"}
        Without a compiler ``auto`` takes the plain engine, which is slow.
    checkpoints : Checkpoints, optional
        Where the kernel saves the run on its way, and where it goes on from.
    progress : callable, optional
        Called with the fraction done.

    Raises
    ------
    UnknownName, EngineError, BuildError, NonFiniteError
    """
    if engine not in ENGINES_OF_NETWORKS:
        raise unknown_name("engine", engine, ENGINES_OF_NETWORKS)
    if engine.startswith("brian"):
        _refuse_checkpoints(checkpoints, engine)
        return _network_in_brian(circuit, engine, progress)
    if engine == "nest":
        _refuse_checkpoints(checkpoints, engine)
        from spikeheb.engines.nest import run as nest

        return nest.run(circuit, progress=progress)
    if engine == "plain" or (engine == "auto" and compiler() is None):
        _refuse_checkpoints(checkpoints, "plain")
        from spikeheb.engines.plain import network as plain

        return plain.run(circuit, progress=progress)
    from spikeheb.engines.kernel import network

    return network.run(circuit, checkpoints=checkpoints, progress=progress)


def refusal(circuit: Circuit, engine: str) -> str | None:
    """Why that engine would not carry the circuit out, from the code that builds; None where it would.

    Raises
    ------
    UnknownName, BuildError, NonFiniteError
    """
    check_engine(engine)
    try:
        carry_out(replace(circuit, steps=1, probes=circuit.probes.until(1)), engine)
    except EngineError as error:
        return error.message
    return None


def _kernel(circuit: Circuit, threads: int | None, progress: Progress) -> Recording:
    """Run in the loop for the shape of the connections; what it cannot run, with every synapse separately, if that is possible."""
    from spikeheb.engines.kernel import fan_in, runner

    if circuit.is_pairwise or compiler() is None:
        return runner.run(circuit, threads=threads, progress=progress)
    try:
        return fan_in.run(circuit, threads=threads, progress=progress)
    except EngineError as error:
        try:
            return runner.run(circuit, threads=threads, progress=progress)
        except EngineError:
            raise error from None


def _against_kernel(circuit: Circuit) -> str | None:
    """Why Brian2 serves this circuit better, though the kernel could carry it out."""
    if circuit.is_pairwise and circuit.cell is not None and compiler() is None:
        return f"there is no C++ compiler, and without one it steps through every quiet stretch; {remedy()}"
    return None


def shares_processors(engine: str) -> bool:
    """Whether several works of that engine run side by side: kernels do; Brian2 needs the main thread, and numpy keeps Python busy."""
    return not engine.startswith("brian") and compiler() is not None


def hint_on_compiler() -> str:
    """What to say to a user whose machine has no compiler; nothing where there is one."""
    return f"; there is no C++ compiler here: {remedy()}" if compiler() is None else ""


def on_its_way(circuit: Circuit, threads: int | None = None, *, progress: Progress = None) -> Started:
    """The circuit in the kernel, so that it can be looked at in between.

    Raises
    ------
    EngineError
        Where not every source reaches every cell, and for what the kernel cannot do.
    BuildError
        Where there is no compiler.
    """
    from spikeheb.engines.kernel.fan_in import FanIn

    return FanIn(circuit, threads, progress=progress)


def _brian(circuit: Circuit, engine: str, progress: Progress) -> Recording:
    needs_main_thread()
    from spikeheb.engines.brian import runtime, standalone

    if engine == "brian:standalone" and compiler_of_system() is not None:
        return standalone.run(circuit)
    recording = runtime.run(circuit, _target(engine), progress=progress)
    return replace(recording, engine={**recording.engine, **_note(engine)})


def _target(engine: str) -> str:
    """What Brian2 generates inside this process."""
    return {"brian:numpy": "numpy", "brian:cython": "cython", "brian:standalone": "numpy"}.get(engine, "auto")


def _note(engine: str) -> dict[str, str]:
    """What a recording says that was made inside this process."""
    note = "no C++ compiler found that Brian2 can use, numpy instead of standalone"
    return {"note": note} if engine == "brian:standalone" else {}


def _network_in_brian(circuit: Circuit, engine: str, progress: Progress) -> NetworkRecording:
    needs_main_thread()
    from spikeheb.engines.brian import network_program, network_run

    if engine == "brian:standalone" and compiler_of_system() is not None:
        return network_program.run(circuit)
    recording = network_run.run(circuit, _target(engine), progress=progress)
    return replace(recording, engine={**recording.engine, **_note(engine)})


def _refuse_checkpoints(checkpoints: Checkpoints | None, engine: str) -> None:
    if checkpoints is not None and checkpoints.asked:
        raise EngineError(f"the engine {engine} writes and reads no checkpoints; the kernel does", key="engine")
