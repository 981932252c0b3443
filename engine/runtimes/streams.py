"""Standard output and standard error of a process, read as they come, and the signs of life in them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

from .capture import Capture
from .protocol import Activity, AttemptEvent

_CHUNK: Final = 1 << 16
_QUIET: Final = 0.1
"""Seconds between two signs of life: watchdogs count in whole seconds, and every sign costs."""

Emit = Callable[[AttemptEvent], None]
"""Takes what an attempt tells while it runs."""


class Pulse:
    """Tells of an attempt's output, at most ten times a second.

    Says nothing before `begin`: what an attempt emits first is its process, if it has one.
    """

    __slots__ = ("_emit", "_loop", "_silent_until", "_size")

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._silent_until = float("inf")
        self._size = 0

    def begin(self) -> None:
        """From now on signs of life are told, and the one that was held back at once."""
        self._silent_until = 0.0
        if self._size:
            self.beat(0)

    def beat(self, size: int) -> None:
        """`size` further bytes came."""
        self._size += size
        now = self._loop.time()
        if now >= self._silent_until:
            self._silent_until = now + _QUIET
            self.flush()

    def flush(self) -> None:
        """Tell what was not told yet."""
        size, self._size = self._size, 0
        self._emit(Activity(size=size))

    def finish(self) -> None:
        """Tell what was not told yet, if there is any."""
        if self._size:
            self.flush()


class Streams:
    """Two pipes that are read into `stdout` and `stderr` until nobody holds them open any more.

    `over` is called when both have ended by themselves, `broken` when a capture cannot store what
    came: then neither is read any further.
    """

    __slots__ = ("_broken", "_loop", "_open", "_over", "_pulse", "stderr", "stdout")

    def __init__(
        self,
        stdout: Capture,
        stderr: Capture,
        pulse: Pulse,
        *,
        over: Callable[[], None],
        broken: Callable[[BaseException], None],
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self._pulse = pulse
        self._over = over
        self._broken = broken
        self._loop = asyncio.get_running_loop()
        self._open: set[int] = set()

    @property
    def is_open(self) -> bool:
        """Whether somebody may still write."""
        return bool(self._open)

    def open(self) -> tuple[int, int]:
        """Make both pipes; their ends for writing, which the caller closes. Raises `OSError`."""
        out, out_end = os.pipe()
        try:
            err, err_end = os.pipe()
        except OSError:
            os.close(out)
            os.close(out_end)
            raise
        for descriptor, capture in ((out, self.stdout), (err, self.stderr)):
            os.set_blocking(descriptor, False)
            self._open.add(descriptor)
            self._loop.add_reader(descriptor, self._on_readable, descriptor, capture)
        return out_end, err_end

    def stop(self) -> None:
        """Read no further; `over` is not called."""
        for descriptor in list(self._open):
            self._close(descriptor)

    def abort(self) -> None:
        """Read no further, and forget what came."""
        self.stop()
        self.stdout.abort()
        self.stderr.abort()

    def _on_readable(self, descriptor: int, capture: Capture) -> None:
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._close(descriptor)
            if not self._open:
                self._over()
            return
        try:
            capture.feed(chunk)
        except Exception as error:  # the attempt's `wait` raises it
            self.stop()
            self._broken(error)
            return
        self._pulse.beat(len(chunk))

    def _close(self, descriptor: int) -> None:
        self._open.discard(descriptor)
        self._loop.remove_reader(descriptor)
        os.close(descriptor)
