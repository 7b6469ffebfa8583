"""The teacher's machine: it carries out the experiments of a class, so that no student's machine knows the secret.

A student shows a token with every request (``Authorization: Bearer ...``). ``GET /`` says what is known and what is left, ``POST /do``
carries out an experiment, ``POST /answer`` gives the answer, ``GET /log`` returns the signed log. All bodies are JSON. Tokens travel
unencrypted: use it on this machine or in a class room's own network.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from spikeheb.errors import EngineError, SpikehebError, one_line
from spikeheb.paths import exists
from spikeheb.studies.mystery import log
from spikeheb.studies.mystery.classroom import file_of
from spikeheb.studies.mystery.game import Mystery, answer, do_as_asked, new_for_marks, opened
from spikeheb.studies.mystery.report import so_far, state
from spikeheb.studies.mystery.synapse import token_of

LARGEST_BODY = 20_000
"""Bytes of a request."""
PATIENCE = 30.0
"""Seconds that a silent connection stays open."""


@dataclass
class Classroom:
    """The logs of a class.

    Attributes
    ----------
    secret : bytes
    students : sequence of str
    assignment : str
    level : int
    folder : Path
        Where the logs stand.
    """

    secret: bytes
    students: Sequence[str]
    assignment: str
    level: int
    folder: Path
    _open: dict[str, Mystery] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def student_of(self, token: str) -> str | None:
        """Whose token it is."""
        known = [(name, token_of(self.secret, name, self.assignment)) for name in self.students]
        return next((name for name, own in known if hmac.compare_digest(own.encode(), token.encode())), None)

    def respond(self, student: str, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a student's request gives; one request at a time.

        Raises
        ------
        SpikehebError
        """
        with self._lock:
            own = self._of(student)
            if (method, path) == ("POST", "/do"):
                return {"record": do_as_asked(own, body.get("protocol"), body, _mapping(body, "parameters")), "left": own.left}
            if (method, path) == ("POST", "/answer"):
                answer(own, _mapping(body, "probabilities"), _mapping(body, "parameters"))
                return {"record": own.records[-1], "left": own.left}
            if (method, path) == ("GET", "/log"):
                return {"log": log.text(own.records, own.secret)}
            if (method, path) == ("GET", "/"):
                return {"text": own.text, "left": own.left, "student": student, "state": state(own), "so_far": so_far(own)}
        raise EngineError(f"there is no {method} {path}; known: GET /, GET /log, POST /do, POST /answer")

    def _of(self, student: str) -> Mystery:
        """The student's log, checked again if the server was started anew."""
        if student not in self._open:
            path = self.folder / file_of(student, self.assignment)
            if exists(path):
                own = opened(path, self.secret)
                if (own.records[0].get("student"), own.records[0].get("assignment")) != (student, self.assignment):
                    raise EngineError(f"is the log of another student or assignment than {student}, {self.assignment}", path=str(path))
                self._open[student] = own
            else:
                self._open[student] = new_for_marks(self.secret, student, self.assignment, self.level, path)
        return self._open[student]


def _mapping(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise EngineError("expected an object of names and values", key=name)
    return value


def server(room: Classroom, host: str = "127.0.0.1", port: int = 8765) -> ThreadingHTTPServer:
    """A server that is ready to ``serve_forever``.

    Raises
    ------
    EngineError
        Where the address cannot be had.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version = "spikeheb"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer("GET", {})

        def do_POST(self) -> None:
            try:
                size = int(self.headers.get("Content-Length") or 0)
                if not 0 <= size <= LARGEST_BODY:
                    return self._send(413, {"error": f"a request has at most {LARGEST_BODY} bytes"})
                body = json.loads(self.rfile.read(size) or b"{}")
                if not isinstance(body, dict):
                    raise ValueError
            except (ValueError, RecursionError):
                return self._send(400, {"error": "expected an object of JSON"})
            return self._answer("POST", body)

        def _answer(self, method: str, body: Mapping[str, Any]) -> None:
            scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
            student = room.student_of(token.strip()) if scheme.lower() == "bearer" else None
            if student is None:
                return self._send(401, {"error": "no student of this class has this token"})
            try:
                return self._send(200, room.respond(student, method, self.path.split("?")[0], body))
            except SpikehebError as error:
                return self._send(400, {"error": str(error)})
            except Exception as error:  # a fault of this program: the class goes on
                return self._send(500, {"error": one_line(f"{type(error).__name__}: {error}", 300)})

        def _send(self, code: int, content: Mapping[str, Any]) -> None:
            data = json.dumps(content, ensure_ascii=False).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the logs say what happened."""

    try:
        return ThreadingHTTPServer((host, port), Handler)
    except (OSError, OverflowError) as error:
        raise EngineError(f"{host}:{port} cannot be opened ({getattr(error, 'strerror', None) or error}); choose another --port") from None
