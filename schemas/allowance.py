"""How long a check of a value against a JSON Schema may take. Standard library only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from .pattern_search import PATTERN_SECONDS

CHECK_SECONDS: Final = 60.0
"""How much of a processor's time one check may take; 8 MiB of ordinary records take about six seconds."""


class CheckTooSlow(Exception):
    """A check was given up because it took longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"that took more than {seconds:g} s of a processor's time")
        self.seconds = seconds


class CheckAbandoned(Exception):
    """A check was given up because somebody asked for that."""


class Allowance:
    """The time for one check; the check itself looks at it again and again, and so it begins.

    `pattern_seconds` bounds each search for a pattern. `clock` counts seconds; that of the thread stands
    still while others have the processor, so that a busy machine makes no output invalid.
    """

    __slots__ = ("_abandoned", "_clock", "_deadline", "_seconds", "pattern_seconds")

    def __init__(
        self,
        *,
        seconds: float = CHECK_SECONDS,
        pattern_seconds: float = PATTERN_SECONDS,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self.pattern_seconds = pattern_seconds
        self._seconds = seconds
        self._clock = clock
        self._deadline: float | None = None
        self._abandoned = False

    def abandon(self) -> None:
        """End the check soon, or let it not begin. May be called from any thread, and at any time."""
        self._abandoned = True

    def look(self) -> None:
        """Raise `CheckAbandoned` or `CheckTooSlow` when the check must end."""
        if self._abandoned:
            raise CheckAbandoned
        now = self._clock()
        if self._deadline is None:
            self._deadline = now + self._seconds
        elif now > self._deadline:
            raise CheckTooSlow(self._seconds)
