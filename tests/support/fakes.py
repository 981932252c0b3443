"""Public fakes around runtimes: a store of texts in memory, a request with defaults, events to wait for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from metaensemble.engine.runtimes.protocol import (
    Activity,
    AttemptEvent,
    AttemptHandle,
    AttemptRequest,
    AttemptResult,
    Runtime,
    Spawned,
)
from metaensemble.schemas.ids import new_id

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds after which a test that waits for an event gives up; never reached when all is well."""


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on an event loop of its own, for at most `PATIENCE` seconds."""

    async def bounded() -> T:
        return await asyncio.wait_for(work, PATIENCE)

    return asyncio.run(bounded())


class MemoryBlobs:
    """A store of texts in memory. `largest_write` is the most that came in one piece; `broken` is
    raised by the next write, when it is set; `kept_as` are the names that writers were asked to keep."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.largest_write = 0
        self.open_writers = 0
        self.broken: Exception | None = None
        self.kept_as: list[str] = []

    def writer(self, *, keep_as: str = "") -> MemoryWriter:
        self.open_writers += 1
        self.kept_as.append(keep_as)
        return MemoryWriter(self)


class MemoryWriter:
    def __init__(self, store: MemoryBlobs) -> None:
        self._store = store
        self._pieces: list[bytes] = []
        self._ended = False

    def write(self, content: bytes) -> None:
        if self._store.broken is not None:
            raise self._store.broken
        self._store.largest_write = max(self._store.largest_write, len(content))
        self._pieces.append(content)

    def commit(self) -> tuple[str, int]:
        self.abort()
        content = b"".join(self._pieces)
        name = hashlib.sha256(content).hexdigest()
        self._store.texts[name] = content
        return name, len(content)

    def abort(self) -> None:
        if not self._ended:
            self._ended = True
            self._store.open_writers -= 1


class Events:
    """Collects what an attempt emits, and lets a test wait for it."""

    def __init__(self) -> None:
        self.seen: list[AttemptEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: AttemptEvent) -> None:
        self.seen.append(event)
        self._changed.set()

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`, looked at after every event."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    async def wait_for_output(self, size: int = 1) -> None:
        """Wait until the attempt has printed at least `size` bytes."""
        await self.wait_until(lambda: self.printed >= size)

    async def wait_for_process(self) -> Spawned:
        """Wait until the attempt has a process."""
        await self.wait_until(lambda: bool(self.spawned))
        return self.spawned[0]

    @property
    def printed(self) -> int:
        return sum(event.size for event in self.seen if isinstance(event, Activity))

    @property
    def spawned(self) -> list[Spawned]:
        return [event for event in self.seen if isinstance(event, Spawned)]


def a_request(project: Path | str = "/", **fields: Any) -> AttemptRequest:
    """A request for `true` in `project`; `fields` replace any of it."""
    given: dict[str, Any] = {
        "run_id": new_id(),
        "dag_run_id": new_id(),
        "node_id": "node",
        "project": str(project),
        "cwd": str(project),
        "command": {"argv": ["true"]},
    }
    return AttemptRequest(**(given | fields))


def shell(project: Path | str, text: str, **fields: Any) -> AttemptRequest:
    """A request for a shell text."""
    return a_request(project, command={"shell": text}, **fields)


def argv(project: Path | str, *words: str, **fields: Any) -> AttemptRequest:
    """A request for an argument list."""
    return a_request(project, command={"argv": list(words)}, **fields)


async def carried_out(
    runtime: Runtime, request: AttemptRequest, events: Events | None = None
) -> AttemptResult:
    """Start one attempt and wait for its end."""
    handle: AttemptHandle = runtime.start(request, events or Events())
    return await handle.wait()
