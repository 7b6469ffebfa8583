"""A record of bytes: a short run of every rule file in every loop, and of every option, so that a rearrangement can be held to it.

``python tests/recorded_bytes.py BEFORE.json`` carries out all cases (`recorded_cases.py`) and writes for each the SHA-256 of every array
that it returned, with engine, compiler and processor. Then change the code, and

``python tests/recorded_bytes.py AFTER.json --against BEFORE.json``

does the same and prints one line for each case that differs: which arrays, and what ran before and now. The exit code is 1 where there is
any. Two records can be compared only where compiler and processor are the same; where they are not, a note says so.

- Attributes are not hashed, and neither are variables that describe what ran (`DESCRIPTIONS`): versions and names of engines may change.
- A case that is refused records the text of the refusal, without the folders of this machine. One that is refused no more differs, too.
  A case that fails otherwise is recorded the same way, and a note names it.
- ``--only PART`` takes the cases whose name holds PART; with ``--against``, the others are left out of the comparison.
- The first record compiles some hundred kernels, which takes many minutes; later ones take a few.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from recorded_cases import cases

import spikeheb as sh

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
NO_COMPILER = "no-such-compiler"
DESCRIPTIONS = {"engine", "engine_details", "rule_description", "rule_hash"}
"""Variables of a result that say what ran, not what came of it."""
Entry = dict[str, Any]


def hashed(values: np.ndarray) -> str:
    """SHA-256 of type, shape and bytes; of words that of the words."""
    array = np.ascontiguousarray(values)
    content = array.tobytes() if array.dtype.kind in "biufc" else json.dumps(array.tolist(), default=str).encode()
    kind = array.dtype.str if array.dtype.kind in "biufc" else "words"
    return hashlib.sha256(f"{kind} {array.shape} ".encode() + content).hexdigest()


def arrays(result: Any) -> dict[str, str]:
    """The hash of each array of a dataset, or of a mapping of arrays, by name."""
    variables: Mapping[str, Any] = getattr(result, "variables", result)
    return {str(name): hashed(np.asarray(variables[name])) for name in sorted(variables, key=str) if name not in DESCRIPTIONS}


def without_folders(text: str) -> str:
    """The text of a refusal as it would be in any folder."""
    for folder in (str(ROOT), os.environ.get("SPIKEHEB_CACHE", ""), tempfile.gettempdir()):
        text = text.replace(folder, "...") if folder else text
    return text


def entry(name: str) -> Entry:
    """What a case gave: arrays with their hashes, or the refusal; and what ran."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = cases()[name].call()
        except Exception as error:  # a refusal is an outcome as well
            return {
                "refused": without_folders(f"{type(error).__name__}: {error}"),
                "meant": isinstance(error, sh.SpikehebError | TypeError),
            }
    attrs = getattr(result, "attrs", {})
    return {"engine": str(attrs.get("engine", "")), "compiler": compiler_of(result), "arrays": arrays(result)}


def compiler_of(result: Any) -> str:
    """The compiler that the result names, in its attributes or in the details of its first rule."""
    attrs = getattr(result, "attrs", {})
    if "engine_compiler" in attrs or "engine_details" not in getattr(result, "variables", {}):
        return str(attrs.get("engine_compiler", ""))
    return str(json.loads(str(result["engine_details"].values[0])).get("compiler", ""))


def settle(compiled: bool) -> None:
    """In a new process: without a compiler, where numpy shall take the kernel's place."""
    if not compiled:
        os.environ["CXX"] = NO_COMPILER


def recorded(names: list[str], jobs: int) -> dict[str, Entry]:
    """The entries of the cases of these names, from so many processes at a time."""
    entries: dict[str, Entry] = {}
    for compiled in (True, False):
        chosen = [name for name in names if cases()[name].compiled is compiled]
        with ProcessPoolExecutor(jobs, get_context("spawn"), settle, (compiled,)) as pool:
            running: dict[Future[Entry], str] = {pool.submit(entry, name): name for name in chosen}
            for future in as_completed(running):
                entries[running[future]] = future.result()
                print(f"\r{len(entries)}/{len(names)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {name: entries[name] for name in names}


def processor() -> str:
    """The name of this processor, as far as the system gives one."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "CPU part"))), "")


def machine(entries: Mapping[str, Entry]) -> dict[str, str]:
    """Processor and libraries, and the compiler of the cases."""
    used = sorted({each["compiler"] for each in entries.values() if each.get("compiler")})
    return {"cpu": processor(), "numpy": np.__version__, "python": sys.version.split()[0], "compiler": ", ".join(used)}


def differences(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Iterator[str]:
    """A line for each case that is not as before."""
    for name in sorted({*before, *after}):
        if name not in after or name not in before:
            yield f"{name}: {'is not carried out any more' if name in before else 'was not carried out before'}"
            continue
        old, new = before[name], after[name]
        if "refused" in old or "refused" in new:
            if old.get("refused") != new.get("refused"):
                yield f"{name}: {old.get('refused', 'not refused')} -> {new.get('refused', 'not refused')}"
            continue
        changed = sorted(key for key in {*old["arrays"], *new["arrays"]} if old["arrays"].get(key) != new["arrays"].get(key))
        if changed:
            yield f"{name}: {', '.join(changed)} ({old['engine']} -> {new['engine']})"


def compared(before: Mapping[str, Any], after: Mapping[str, Any], part: str) -> int:
    """Print the differences; how many there are."""
    for key in sorted({*before["machine"], *after["machine"]}):
        old, new = before["machine"].get(key), after["machine"].get(key)
        if old != new:
            print(f"note: the {key} is not that of the earlier record ({old} -> {new})", file=sys.stderr)
    lines = list(differences({name: each for name, each in before["cases"].items() if part in name}, after["cases"]))
    print("".join(f"{line}\n" for line in lines), end="")
    print(f"{len(lines)} of {len(after['cases'])} cases differ", file=sys.stderr)
    return len(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the record")
    parser.add_argument("--against", type=Path, help="an earlier record that this one is compared with")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--only", default="", metavar="PART", help="only the cases whose name holds this")
    options = parser.parse_args()
    os.environ |= SETTINGS
    os.environ.pop("SPIKEHEB_PATH", None)
    before = json.loads(options.against.read_text(encoding="utf-8")) if options.against else None
    names = [name for name in cases() if options.only in name]
    entries = recorded(names, options.jobs)
    for name in (name for name, each in entries.items() if not each.get("meant", True)):
        print(f"note: {name} failed ({entries[name]['refused']})", file=sys.stderr)
    record = {"machine": machine(entries), "cases": entries}
    options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return int(before is not None and compared(before, record, options.only) > 0)


if __name__ == "__main__":
    sys.exit(main())
