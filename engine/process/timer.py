"""Calls that are put off, as an argument: the event loop's own, or a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that was put off."""

    def cancel(self) -> None:
        """Forget the call."""


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Makes a call after so many seconds."""
