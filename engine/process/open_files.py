"""How many files this process may have open. Standard library only.

The soft limit is often a quarter of a thousand or a thousand, the hard one far above it. A process may
raise its own up to there, and does so only as far as it needs to: what it starts gets back what it had
been given itself, because old programs take a high limit for a promise to close that many files.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

UNLIMITED = 1 << 30
"""Stands for a limit that there is not."""

_given: list[int] = []
"""The soft limits that were raised and not yet put back; the first is the one that came from outside."""


@contextmanager
def room_for(wanted: int) -> Iterator[int]:
    """Let this process open `wanted` further files; gives how many it may, which can be fewer or more.

    The limit is put back behind the block.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = open_now()
    limit = _raised(soft, hard, used + wanted)
    if limit != soft:
        _given.append(soft)
    try:
        yield max(0, _number(limit) - used)
    finally:
        if limit != soft:
            _given.remove(soft)
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def given_limit() -> int | None:
    """The soft limit for what this process starts; None when it simply inherits the right one."""
    return _given[0] if _given else None


def current_limit() -> int:
    """The soft limit as it is now."""
    return _number(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def open_now() -> int:
    """How many files this process has open; 64 where the system does not tell."""
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return 64


def _raised(soft: int, hard: int, needed: int) -> int:
    """The soft limit after it was raised to `needed`, or as far as it went."""
    if _number(soft) >= needed:
        return soft
    limit = min(needed, _number(hard))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        return limit
    return soft


def _number(limit: int) -> int:
    return UNLIMITED if limit == resource.RLIM_INFINITY else limit
