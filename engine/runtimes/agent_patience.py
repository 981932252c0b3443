"""How long a client may wait for its service by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from .client import Seen

LONGEST: Final = 20.0
"""Seconds. The engine waits for more: it holds no place meanwhile, and its wait outlives it."""


class Patience:
    """Watches a client that was turned away. It is given up when it says that it will wait for longer than
    `longest`, or when so much time has passed since it was first turned away and nothing came of it."""

    def __init__(self, give_up: Callable[[], None], *, longest: float) -> None:
        self._give_up = give_up
        self._longest = longest
        self._waits: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.is_spent = False

    def see(self, seen: Seen) -> None:
        """Note what a line told; safe from any thread."""
        if seen.waits is not None:
            self._waits = max(seen.waits, self._waits or 0.0)
        elif seen.usage is not None or seen.tool is not None:
            self._waits = None

    def mind(self) -> None:
        """Act on what was noted; on the event loop."""
        if self._waits is None:
            self.rest()
        elif self._waits > self._longest:
            self._end()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._longest, self._end)

    def rest(self) -> None:
        """Forget what was noted: the client goes on, or is gone."""
        self._waits = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        if not self.is_spent:
            self.is_spent = True
            self._give_up()
