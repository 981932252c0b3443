"""Which kind of progress suits the terminal at hand."""

from __future__ import annotations

import os
import sys
from typing import Protocol, Self

from ..schemas.progress import Progress
from .terminal import is_terminal


class Watcher(Protocol):
    """An Observer that is entered before the run and left after it, however that ends.

    `told_source`: it has said that the graph file is not what the DAG run started from.
    """

    told_source: bool

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...

    def notice(self, progress: Progress) -> None: ...


class Silence:
    """An Observer that says nothing."""

    told_source = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        return None

    def notice(self, progress: Progress) -> None:
        """Nothing."""


def watcher(*, quiet: bool) -> Watcher:
    """A live picture on a terminal that can move its cursor, lines elsewhere, nothing if `quiet`.

    All of it goes to stderr: stdout belongs to the result.
    """
    if quiet:
        return Silence()
    if is_terminal(sys.stderr) and has_cursor():
        from .progress_live import LiveProgress

        return LiveProgress(sys.stderr)
    from .progress_plain import PlainProgress

    return PlainProgress(sys.stderr)


def has_cursor() -> bool:
    """Whether the terminal can move its cursor, as far as TERM says."""
    return os.environ.get("TERM", "") not in {"", "dumb", "unknown"}
