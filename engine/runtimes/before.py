"""What lay before an attempt where it is to write: a file counts only when the attempt wrote it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..process.identity import IS_LINUX

Identity = tuple[int, int, int, int, int]
"""Device, inode, size, time of the last change of the content, and of any change at all.

The last one moves with every write, also of a program that sets the other time back (`cp -p`).
"""

NOTHING: Final[Mapping[str, Identity]] = {}

_TICK_NS: Final = 20_000_000
_NAP: Final = 0.001
# The kernel's clock for the times of files. Python has no name for it.
_COARSE_CLOCK: Final = 5


def identity_of(status: os.stat_result) -> Identity:
    """What tells a file from every other, and from itself before it was written again."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def note_files(
    paths: Iterable[str],
    *,
    file_time: Callable[[], int | None] | None = None,
    nap: Callable[[float], None] = time.sleep,
) -> dict[str, Identity]:
    """The identity of each file that is there, links followed, for the moment before a start.

    `file_time` is the time in nanoseconds that a file written now would get, None where that cannot
    be told. Times of files go in ticks of some milliseconds: a file that was written in this very tick
    could be written again and look the same, so that this waits for the next one.
    """
    found = {}
    for path in paths:
        try:
            found[path] = identity_of(os.stat(path))  # noqa: PTH116  # it is text, and may hold anything
        except (OSError, ValueError):
            continue
    if found:
        newest = max(identity[4] for identity in found.values())
        now = file_time or _file_time
        for _ in range(_TICK_NS // int(_NAP * 1_000_000_000)):
            present = now()
            # What lies far ahead was stamped by another machine's clock, and waiting tells nothing.
            if present is None or not present <= newest < present + _TICK_NS:
                break
            nap(_NAP)
    return found


def _file_time() -> int | None:
    return time.clock_gettime_ns(_COARSE_CLOCK) if IS_LINUX else None
