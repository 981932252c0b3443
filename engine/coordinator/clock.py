"""Time as an argument."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that was put off."""

    def cancel(self) -> None:
        """Forget the call; harmless after it was made."""


class Clock(Protocol):
    """Wall time, and calls that are put off."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make `call` after `seconds`, on the event loop's thread."""


class SystemClock:
    """The machine's clock and the running event loop's timers."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make `call` after `seconds`, on the event loop's thread."""
        return asyncio.get_running_loop().call_later(seconds, call)
