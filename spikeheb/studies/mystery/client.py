"""A student's side of `spikeheb.studies.mystery.server`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from spikeheb.errors import EngineError

PATIENCE = 600.0
"""Seconds that an experiment may take on the teacher's machine."""


def ask(url: str, token: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask the teacher's machine; with a body it is told to do something.

    Raises
    ------
    EngineError
        With what the machine says, or why it cannot be reached.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise EngineError(f'expected an address such as "http://127.0.0.1:8765" (got "{url[:60]}")', key="server")
    data = None if body is None else json.dumps(body).encode()
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with urlopen(Request(url.rstrip("/") + path, data, headers), timeout=PATIENCE) as response:
            return _object(response.read(), url)
    except HTTPError as error:
        raise EngineError(str(_object(error.read(), url).get("error", error.reason))) from None
    except (URLError, OSError, ValueError) as error:
        raise EngineError(f"cannot be reached ({getattr(error, 'reason', None) or error})", path=url) from None


def _object(content: bytes, url: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise EngineError("does not answer as spikeheb mystery serve does", path=url)
    return value
