"""The Coordinator's end of the socket to a worker: lines out, with descriptors, and lines in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from .output_contract import LARGEST_VALUE
from .python_wire import HUNG_UP

_CHUNK: Final = 1 << 18
_LONGEST: Final = LARGEST_VALUE + (1 << 20)
"""A value of the largest size, and what is told of it."""


class Channel:
    """Sends one line at a time and gives each line that comes to `on_line`.

    `on_end` is called once with a reason when nothing more can come; not after `close`.
    """

    def __init__(self, on_line: Callable[[bytes], None], on_end: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._unsent = memoryview(b"")
        self._pieces: list[bytes] = []
        self._size = 0

    def open(self) -> socket.socket:
        """Make the channel; the worker's end of it, which the caller closes. Raises `OSError`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        self._socket = ours
        self._loop.add_reader(ours.fileno(), self._read)
        return theirs

    def send(self, line: bytes, descriptors: tuple[int, ...]) -> bool:
        """Send a line, the descriptors with its first byte; the line before must have arrived.

        False when the worker has hung up. One that does so later is noticed where the channel is read.
        """
        if self._socket is None:
            return False
        try:
            sent = socket.send_fds(self._socket, [line], descriptors)
        except OSError:
            return False
        if sent < len(line):
            self._unsent = memoryview(line)[sent:]
            self._loop.add_writer(self._socket.fileno(), self._on_writable)
        return True

    def drain(self) -> None:
        """Take what has come by now."""
        while self._read():
            pass

    def close(self) -> None:
        """Hang up."""
        if self._socket is None:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        self._socket = None

    def _on_writable(self) -> None:
        assert self._socket is not None
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self._unsent = memoryview(b"")
        if not self._unsent:
            self._loop.remove_writer(self._socket.fileno())

    def _read(self) -> bool:
        """Take one piece; whether there may be more at once."""
        if self._socket is None:
            return False
        try:
            chunk = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            chunk = b""
        if not chunk:
            self._stop(HUNG_UP)
            return False
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line = b"".join((*self._pieces, end))
            self._pieces.clear()
            self._size = 0
            self._on_line(line)
        self._pieces.append(rest)
        self._size += len(rest)
        if self._size > _LONGEST:
            self._stop("what came in its place is longer than any result")
        return True

    def _stop(self, reason: str) -> None:
        self.close()
        self._on_end(reason)
