"""Keeps who watches from harming what is watched."""

from __future__ import annotations

from ...schemas.progress import Observer, Progress


class SteadyObserver:
    """Passes progress on until the observer raises; from then on it is told nothing more.

    A terminal that went away, or a mistake in a program that watches, must not end a DAG run.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer: Observer | None = observer

    def notice(self, progress: Progress) -> None:
        """Pass `progress` on; never raises an `Exception`."""
        if self._observer is None:
            return
        try:
            self._observer.notice(progress)
        except Exception:
            self._observer = None
