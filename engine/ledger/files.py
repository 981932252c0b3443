"""Files and locks as the Ledger needs them: written whole, made durable, private, exclusive."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ...schemas.errors import LedgerLocked
from .database_errors import translated_os

_FIRST_PAUSE_S: Final = 0.0002
_LONGEST_PAUSE_S: Final = 0.02

Rng = Callable[[], float]
"""Gives numbers from 0 up to 1, as `random.random` does."""


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`; the system may take it in parts."""
    done = os.write(descriptor, content)
    if done < len(content):
        view = memoryview(content)
        while done < len(content):
            done += os.write(descriptor, view[done:])


def sync_file(path: Path) -> None:
    """Make the content of the file durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    sync_file(folder)


def make_private(folder: Path) -> None:
    """Make `folder` and what is missing above it, each open to the user alone."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def make_unshared(folder: Path) -> None:
    """As `make_private`; and git passes over what is in the folder, unless the user has put another
    `.gitignore` there: records of this machine are not committed by an `add` of everything."""
    make_private(folder)
    # It is a courtesy: where it cannot be written, what comes next says why.
    with suppress(OSError):
        descriptor = open_private(folder / ".gitignore", os.O_WRONLY | os.O_EXCL)
        try:
            os.write(descriptor, b"*\n")
        finally:
            os.close(descriptor)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of `path`, made with mode 0600 if need be, that no child inherits."""
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)


def pauses(
    budget_ms: float,
    rng: Rng,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Sleep a little longer each time, with jitter, until `budget_ms` are used up; the first is free."""
    deadline = now() + budget_ms / 1000
    pause = _FIRST_PAUSE_S
    yield
    while (left := deadline - now()) > 0:
        sleep(min(left, pause * (0.5 + rng())))
        pause = min(pause * 2, _LONGEST_PAUSE_S)
        yield


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the `flock` of an open file if it is free; whether it was."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def acquire_lock(path: Path, *, shared: bool = False, wait_ms: float, rng: Rng) -> int:
    """A descriptor that holds the `flock` of the file at `path` until it is closed.

    The file is made if need be, and stays. Raises `LedgerLocked` when another process keeps the lock
    for longer than `wait_ms`.
    """
    try:
        descriptor = open_private(path, os.O_RDWR)
    except OSError as error:
        raise translated_os(error, path) from error
    return _wait_for(descriptor, path, shared, wait_ms, rng)


def acquire_for_reading(path: Path, *, wait_ms: float, rng: Rng) -> int:
    """The same, shared, for who may not write: -1 when the file is not there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
    return _wait_for(descriptor, path, True, wait_ms, rng)


def _wait_for(descriptor: int, path: Path, shared: bool, wait_ms: float, rng: Rng) -> int:
    try:
        if any(try_lock(descriptor, shared=shared) for _ in pauses(wait_ms, rng)):
            return descriptor
        raise LedgerLocked(
            f"another process keeps `{path}` locked", hint="wait for it, and try again", path=str(path)
        )
    except BaseException:
        os.close(descriptor)
        raise


@contextmanager
def locked(path: Path, *, wait_ms: float, rng: Rng) -> Iterator[None]:
    """Hold the `flock` of the file at `path`, as `acquire_lock` takes it, for the block."""
    descriptor = acquire_lock(path, wait_ms=wait_ms, rng=rng)
    try:
        yield
    finally:
        os.close(descriptor)
