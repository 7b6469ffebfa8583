"""In a notebook: an interrupted cell stops and leaves nothing, and a cell shows every figure that it makes, once and in order."""

from __future__ import annotations

import importlib.util
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import spikeheb as sh
from spikeheb.engines.compiler import compiler

PATIENCE = 60.0
"""Seconds until something must have happened: a bound, not a measurement. The cells that are interrupted would take minutes."""
BEGUN = 1.5
"""Seconds of computing after which a study is on its way, with all modules that it needs; importing the package takes one more."""
INPUTS = "'l5_pyramidal', sh.poisson_inputs(200, '20 Hz'), '200000 s'"
LONG = {
    "weights": f"sh.weights(['pair'], {INPUTS}, seeds=1)",
    "weights side by side": f"sh.weights(['pair', 'triplet'], {INPUTS}, seeds=3)",
    "weights with a bar": f"sh.weights(['pair'], {INPUTS}, seeds=6, progress=True)",
    "run": "sh.run('sjostrom_2001', 'triplet', seeds=200)",
    "run with a bar": "sh.run('sjostrom_2001', 'triplet', seeds=200, progress=True)",
}
LEFT = """
import os, sys, threading, time
end = time.monotonic() + 10
while threading.active_count() > count and time.monotonic() < end:
    time.sleep(0.05)
print("left:", threading.active_count() - count, *sorted(os.listdir(os.environ["TMPDIR"])))
"""

compiled = pytest.mark.skipif(compiler() is None, reason="the kernel needs a compiler")
signals = pytest.mark.skipif(os.name == "nt", reason="signals")


def cpu(process: int) -> float:
    """Seconds of all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


@signals
@compiled
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
@pytest.mark.parametrize("case", LONG)
def test_an_interrupt_of_python_stops_a_study_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    """As a notebook's kernel does it: one KeyboardInterrupt in the main thread, and the process goes on."""
    code = (
        "import signal, threading, spikeheb as sh\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "count = threading.active_count()\n"
        f"try:\n    {LONG[case]}\nexcept KeyboardInterrupt:\n    print('interrupted')\n{LEFT}"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        wait_for(lambda: running.poll() is not None or cpu(running.pid) > BEGUN + 1.0)
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
        running.wait()
    assert output == "interrupted\nleft: 0\n", errors


# --- in a kernel of Jupyter ----------------------------------------------------------------------------------------------

jupyter = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("ipykernel", "jupyter_client")), reason="Jupyter is not installed"
)


class Notebook:
    """Cells that are run one after the other in a kernel."""

    def __init__(self, folder: Path) -> None:
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import KernelManager

        self.manager = KernelManager()
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager._kernel_spec = KernelSpec(argv=command, display_name="here", language="python")
        self.manager.start_kernel(env={**os.environ, "TMPDIR": str(folder)}, cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, cell: str, interrupted_after: float | None = None) -> list[tuple[str, Any]]:
        """What the cell gives: kinds of messages, and their content; it may be interrupted after some seconds of work."""
        process, request = self.manager.provisioner.process.pid, self.client.execute(cell)
        begun, end, given = cpu(process), time.monotonic() + 2 * PATIENCE, []
        while True:
            if interrupted_after is not None and cpu(process) - begun > interrupted_after:
                self.manager.interrupt_kernel()
                interrupted_after = None
            assert time.monotonic() < end, "the cell never ended"
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == "idle":
                return given
            if message["msg_type"] not in ("status", "execute_input"):
                given.append((message["msg_type"], message["content"]))


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    opened = Notebook(tmp_path)
    yield opened
    opened.close()


@jupyter
@signals
@compiled
def test_an_interrupted_cell_of_jupyter_leaves_nothing(notebook: Notebook) -> None:
    notebook.run("import threading, spikeheb as sh; count = threading.active_count()")
    for cell in LONG.values():
        given = notebook.run(cell, interrupted_after=BEGUN)
        assert [content["ename"] for kind, content in given if kind == "error"] == ["KeyboardInterrupt"]
        bars = [content["data"]["text/plain"] for kind, content in given if kind.endswith("display_data")]
        assert not bars or bars[-1] == ""
        ((_, printed),) = notebook.run(LEFT)
        assert printed["text"] == "left: 0\n"


TWO = "sh.{0}(d)\nsh.{0}(d)"
CELLS = {
    TWO.format("plot"): 2,
    TWO.format("figure"): 2,
    "for _ in range(3): sh.plot(d)": 3,
    "ax = sh.plot(d)\n_ = ax.set_title('mine')": 1,
    "sh.plot(d);": 1,
    "display(sh.plot(d))": 1,
    "sh.plot(d)\n1/0": 1,
    "sh.plot(d, ax=sh.plot(d))": 1,
    "import matplotlib.pyplot as plt\nsh.plot(d, plt.subplots()[1])\nsh.plot(d)": 2,
    "sh.plot(d, panel='nonsense')": 0,
    "1": 0,
}


@jupyter
@pytest.mark.parametrize("before", ["", "%matplotlib inline", "import matplotlib.pyplot as plt"])
def test_a_cell_of_jupyter_shows_each_of_its_figures_once(notebook: Notebook, before: str) -> None:
    notebook.run(f"{before}\nimport spikeheb as sh; d = sh.window('pair', [0.01], pairs=1)")
    shown = {cell: sum("image/png" in content.get("data", ()) for _, content in notebook.run(cell)) for cell in CELLS}
    assert shown == CELLS


# --- without Jupyter -----------------------------------------------------------------------------------------------------


class Shell:
    """What figures see of a notebook's kernel; `shown` are the figures that it displayed."""

    def __init__(self) -> None:
        self.kernel = self.events = self.display_formatter = self
        self.formatters = {"image/png": self}
        self.shown: list[Any] = []
        self.at_end: list[Callable[[], None]] = []

    def register(self, event: str, function: Callable[[], None]) -> None:
        assert event == "post_execute"
        self.at_end += [] if function in self.at_end else [function]

    def for_type(self, kind: type, function: Callable[[Any], bytes]) -> None:
        assert function is kind._repr_png_

    def display(self, figure: Any) -> None:
        assert figure._repr_png_()[:4] == b"\x89PNG"
        self.shown.append(figure)

    def end_cell(self, value: Any = None) -> list[Any]:
        """The cell ends with a value, which is displayed if it is a picture; all that was displayed."""
        if value is not None:
            self.display(value)
        for function in self.at_end:
            function()
        shown, self.shown = self.shown, []
        return shown


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()

    class Module:
        version_info = (9, 0)  # matplotlib asks
        get_ipython = staticmethod(lambda: made)
        display = staticmethod(made.display)

    monkeypatch.setitem(sys.modules, "IPython", Module)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython.display", Module)  # type: ignore[arg-type]
    return made


def test_all_figures_of_a_cell_are_shown_in_their_order(shell: Shell) -> None:
    data = sh.window("pair", [0.01], pairs=1)
    first, last = sh.plot(data), sh.plot(data)
    assert shell.end_cell(last) == [first.figure, last]
    pages = [sh.figure(data) for _ in range(3)]
    assert shell.end_cell() == pages
    with pytest.raises(sh.UnknownName):
        sh.plot(data, panel="nonsense")
    assert shell.end_cell() == []
