"""Process groups that a test starts through a launcher and waits for."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from metaensemble.engine.process.launcher import End, Launcher, ProcessGroup


class Watched:
    """A listener that can be waited for."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[tuple[int, int]] = loop.create_future()
        self.ended: asyncio.Future[End] = loop.create_future()

    def process_started(self, pid: int, started: int) -> None:
        self.started.set_result((pid, started))

    def process_ended(self, end: End) -> None:
        self.ended.set_result(end)


@contextlib.asynccontextmanager
async def a_launcher(environ: dict[str, str] | None = None, **arguments: Any) -> AsyncIterator[Launcher]:
    """A launcher that is closed in the end; `arguments` go to its constructor."""
    launcher = Launcher(dict(os.environ) if environ is None else environ, **arguments)
    try:
        yield launcher
    finally:
        await launcher.close()


def start(
    launcher: Launcher,
    *words: str,
    cwd: str = "/",
    marker: str = "m",
    out: int | None = None,
    **variables: str,
) -> tuple[ProcessGroup, Watched]:
    """Start a command with the null device on its streams; `out` is its standard output if given."""
    watched = Watched()
    null = os.open(os.devnull, os.O_RDWR)
    fields = [f"ME_ATTEMPT_ID={marker}", *(f"{name}={value}" for name, value in variables.items())]
    try:
        group = launcher.start(
            [word.encode() for word in words],
            cwd=cwd.encode(),
            variables=[field.encode() for field in fields],
            marker=marker,
            descriptors=(null, null if out is None else out, null),
            listener=watched,
        )
    finally:
        os.close(null)
    return group, watched


def sh(launcher: Launcher, text: str, **rest: str) -> tuple[ProcessGroup, Watched]:
    """Start a shell text."""
    return start(launcher, "/bin/sh", "-c", text, **rest)
