"""One connection: reads requests, finds their dialect, and writes the answers, faults included."""

from __future__ import annotations

import json
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import anthropic, chat, gemini, responses
from .record import Record
from .reply import Fault

if TYPE_CHECKING:
    from .server import ModelServer

DIALECTS: tuple[ModuleType, ...] = (anthropic, responses, chat, gemini)


class Connection(BaseHTTPRequestHandler):
    """Carries the HTTP of the server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def owner(self) -> ModelServer:
        return self.server.owner  # type: ignore[attr-defined, no-any-return]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it so
        """Nothing is printed."""

    def do_GET(self) -> None:
        self._other()

    def do_HEAD(self) -> None:
        self._other()

    def _other(self) -> None:
        self.owner.other.append(f"{self.command} {self.path}")
        self._plain(404, {"error": {"message": "not served here"}})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        dialect = next((one for one in DIALECTS if one.reads(self.path)), None)
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if dialect is None or not isinstance(body, dict):
            self._other()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = dialect.asked(self.path, headers, body)
        if asked.counts:
            self._plain(200, dialect.count(asked))
            return
        record = self.owner.begin(asked)
        completed = False
        try:
            completed = self._answer(dialect, record)
        except OSError:
            self.close_connection = True
        finally:
            self.owner.note(record, completed=completed, done=True)

    def _answer(self, dialect: ModuleType, record: Record) -> bool:
        """Write the reply; whether all of it was written."""
        fault = record.reply.fault or Fault()
        if fault.status is not None:
            self._fail(dialect, fault, fault.status)
            return False
        if record.asked.stream:
            return self._stream(dialect, record, fault)
        if fault.way == "hold" and not self.owner.holds.wait(fault.name, self.connection):
            self._reset()
            return False
        if fault.way in {"drop", "truncate"}:
            self._half(dialect.plain(record.asked, record.reply))
            if fault.way == "drop":
                self._reset()
            return False
        if fault.way == "error":
            self._fail(dialect, fault, 500)
            return False
        self.owner.note(record, began=True)
        self._plain(200, dialect.plain(record.asked, record.reply))
        return True

    def _fail(self, dialect: ModuleType, fault: Fault, status: int) -> None:
        body = fault.body if fault.body is not None else json.dumps(dialect.error(status, fault)).encode()
        self._whole(status, body, dict(fault.headers))

    def _plain(self, status: int, data: dict[str, Any]) -> None:
        self._whole(status, json.dumps(data).encode(), {})

    def _whole(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _half(self, data: dict[str, Any]) -> None:
        """Write the head and the first half of an answer, and end."""
        body = json.dumps(data).encode()
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])

    def _stream(self, dialect: ModuleType, record: Record, fault: Fault) -> bool:
        pieces: list[bytes] = dialect.stream(record.asked, record.reply)
        self.send_response(200)
        for name, value in {"content-type": "text/event-stream", **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        after = len(pieces) // 2 if fault.after is None else fault.after
        for number, piece in enumerate(pieces):
            if fault.way is not None and number == after and not self._go_on(dialect, fault):
                return False
            self._chunk(piece)
            if number == 0:
                self.owner.note(record, began=True)
            if fault.pause:
                time.sleep(fault.pause)
        self.wfile.write(b"0\r\n\r\n")
        return True

    def _go_on(self, dialect: ModuleType, fault: Fault) -> bool:
        """Do what goes wrong in the middle of a stream; whether the rest follows."""
        if fault.way == "hold":
            held = self.owner.holds.wait(fault.name, self.connection)
            if not held:
                self._reset()
            return held
        if fault.way == "drop":
            self._reset()
        elif fault.way == "error":
            self._chunk(dialect.error_event(fault))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(b"0\r\n\r\n")
        return False

    def _chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def _reset(self) -> None:
        """Leave without a word: the other side sees a reset connection."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
