"""The log of a hidden synapse: one line of JSON for each step, signed where it comes from the teacher's machine.

The signature of a line covers the line and the signature before it, so that no line can be changed, moved, or taken out of the middle.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spikeheb.errors import FormatError, StorageError
from spikeheb.limits import check_file
from spikeheb.paths import is_file
from spikeheb.results import replace_file
from spikeheb.studies.mystery.synapse import keyed

Record = dict[str, Any]

SCHEMA = 1
SIGNATURE = "hmac"
PRACTICE = "practice: not signed, and anyone can compute this synapse from its seed"
MARKED = "for marks: signed by the teacher's machine"
LARGEST = 1_000_000
"""Bytes of a log."""
LEAST_SECRET = 16
"""Bytes of a class secret."""


def line(record: Mapping[str, Any]) -> str:
    """A record as its line, always in the same form."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def text(records: Sequence[Record], secret: bytes | None) -> str:
    """The whole log; signed if there is a secret."""
    lines, before = [], ""
    for record in records:
        signed = dict(record)
        if secret is not None:
            before = signature(record, before, secret)
            signed[SIGNATURE] = before
        lines.append(line(signed) + "\n")
    return "".join(lines)


def signature(record: Mapping[str, Any], before: str, secret: bytes) -> str:
    """The signature of a record behind the one before."""
    key = keyed(secret, "log")
    return hmac.new(key, f"{before}\n{line(record)}".encode(), hashlib.sha256).hexdigest()


def write(records: Sequence[Record], path: Path, secret: bytes | None) -> None:
    """Write the whole log, or leave what was there.

    Raises
    ------
    StorageError
    """
    replace_file(path, text(records, secret).encode())


def read(path: Path | str, secret: bytes | None = None) -> list[Record]:
    """The records of a log, without their signatures.

    Raises
    ------
    FormatError
        For a file that is no log; for a signed log without the secret, or with a signature that does not belong to its line.
    """
    file = Path(path)
    if not is_file(file):
        raise FormatError("there is no such log; spikeheb mystery new starts one", path=str(path))
    check_file(file, LARGEST)
    try:
        content = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise StorageError(f"cannot be read ({error.strerror})", path=str(path)) from None
    except UnicodeDecodeError:
        raise FormatError("is no log of a hidden synapse (not UTF-8)", path=str(path)) from None
    return records_of(content, str(path), secret)


def records_of(content: str, where: str, secret: bytes | None) -> list[Record]:
    """The records of a log's text; as `read`."""
    records = [
        _record(row, n, where) for n, row in enumerate(content.split("\n")[:-1] if content.endswith("\n") else content.split("\n"), 1)
    ]
    if not records or records[0].get("kind") != "new" or records[0].get("schema") != SCHEMA:
        raise FormatError("is no log of a hidden synapse; its first line is written by spikeheb mystery new", path=where, key="line 1")
    signed = records[0].get("signed") is True
    if signed and secret is None:
        raise FormatError("is signed; give the class secret to check it (--class-secret FILE)", path=where)
    before = ""
    for n, record in enumerate(records, 1):
        given = record.pop(SIGNATURE, None)
        if signed and secret is not None:
            expected = signature(record, before, secret)
            if not hmac.compare_digest(str(given).encode(), expected.encode()):
                raise FormatError(
                    "was changed after it was signed, or signed with another secret; it is refused", path=where, key=f"line {n}"
                )
            before = expected
        elif given is not None:
            raise FormatError("has a signature in a log that is not signed; it is refused", path=where, key=f"line {n}")
    return records


def _record(row: str, number: int, where: str) -> Record:
    try:
        record = json.loads(row, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise FormatError("is no line of a log of a hidden synapse", path=where, key=f"line {number}")
    return record


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def read_secret(path: Path | str) -> bytes:
    """The class secret in a file.

    Raises
    ------
    FormatError
    """
    file = Path(path)
    if not is_file(file):
        raise FormatError("there is no such class secret; spikeheb mystery key --new-secret makes one", path=str(path))
    check_file(file, LARGEST)
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise StorageError(f"cannot be read ({error.strerror})", path=str(path)) from None
    if len(secret) < LEAST_SECRET:
        raise FormatError(f"a class secret needs {LEAST_SECRET} characters or more (got {len(secret)})", path=str(path))
    return secret
