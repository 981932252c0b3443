"""Waiting for real processes without sleeping: they hold a named pipe open, and its end tells of theirs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from metaensemble.engine.process.identity import process_start


class Fifo:
    """A named pipe. Processes that open it for writing can say something, and hold it while they live."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.text = b""

    async def wait_for_line(self, count: int = 1) -> list[str]:
        """Wait until `count` lines were written, and return all lines."""
        while self.text.count(b"\n") < count:
            await self._wait()
            self._read()
        return self.text.decode().splitlines()

    async def wait_until_released(self) -> None:
        """Wait until nobody has it open for writing; somebody must have had."""
        while True:
            await self._wait()
            if not self._read():
                return

    def close(self) -> None:
        os.close(self._reader)

    def _read(self) -> bytes:
        chunk = os.read(self._reader, 1 << 16)
        self.text += chunk
        return chunk

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._reader, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._reader)


def gone(pid: int) -> bool:
    """Whether there is no living process of this number."""
    return process_start(pid) is None
