"""Replies that wait for the test."""

from __future__ import annotations

import os
import select
import socket
import threading


class Holds:
    """Names that replies are held under. Each is a pipe, which is readable once its other end is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipes: dict[str, tuple[int, int]] = {}
        self._released: set[str] = set()
        self._closed = False

    def wait(self, name: str, connection: socket.socket) -> bool:
        """Wait for the release; False when the connection was given up first, or the server ends."""
        with self._lock:
            if name in self._released or self._closed:
                return not self._closed
            if name not in self._pipes:
                self._pipes[name] = os.pipe()
            reader = os.dup(self._pipes[name][0])
        try:
            ready, _, _ = select.select([reader, connection], [], [])
        finally:
            os.close(reader)
        return reader in ready and not self._closed

    def release(self, name: str) -> None:
        with self._lock:
            self._released.add(name)
            self._let_go(name)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for name in list(self._pipes):
                self._let_go(name)

    def _let_go(self, name: str) -> None:
        for end in self._pipes.pop(name, ()):
            os.close(end)
