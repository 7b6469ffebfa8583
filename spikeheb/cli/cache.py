"""``spikeheb cache``: list what was built, check it for damage, and remove it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from spikeheb.cli.given import refuse
from spikeheb.cli.printing import data_table, note


def cache(
    context: typer.Context,
    clear: Annotated[bool, typer.Option("--clear", help="Remove everything that was built; it is built again when it is needed.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="List only damaged entries; the exit code is 1 if there are any.")] = False,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="List or remove only entries of this kind, such as kernel.")] = None,
) -> None:
    """List what was built for earlier runs: kernels, standalone programs, compiler probes."""
    from spikeheb.engines import cache as build_cache
    from spikeheb.engines.cache_folder import root
    from spikeheb.errors import unknown_name

    if clear:
        refuse(context, "without --clear", "verify")
    entries = build_cache.entries()
    kinds = sorted({entry.kind for entry in entries})
    if kind is not None and kind not in kinds:
        raise unknown_name("kind of entry", kind, kinds, path=str(root()))
    if clear:
        removed = build_cache.clear(kind)
        note(f"removed {len(removed)} entries, {_size(sum(entry.size for entry in removed))}")
        return
    shown = [entry for entry in entries if (kind in (None, entry.kind)) and not (verify and entry.intact)]
    rows = [
        [e.kind, e.key, _size(e.size), datetime.fromtimestamp(e.built).strftime("%Y-%m-%d %H:%M"), "whole" if e.intact else "DAMAGED"]
        for e in shown
    ]
    data_table(["kind", "key", "size", "built", "state"], rows)
    note(f"{root()}: {len(shown)} of {len(entries)} entries")
    if verify and shown:
        raise typer.Exit(1)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
