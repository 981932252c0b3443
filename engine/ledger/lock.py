"""One Coordinator per DAG run: a lock that ends with the process that holds it."""

from __future__ import annotations

import json
import os
import random
import socket
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from ...schemas.errors import RunHeld
from .database_errors import ledger_errors
from .files import Rng, make_private, open_private, pauses, try_lock
from .identity import Holder, boot_id, process_start, this_process

_PATIENCE_MS: Final = 250.0
_LONGEST_NOTE: Final = 4096


class DagRunLock:
    """The right to be the Coordinator of one DAG run; a context manager.

    The lock is a `flock` on `state/locks/<dag_run_id>.lock`, on a descriptor that is closed in every
    child, so it is free the moment this process is gone, however it went. The file is never deleted:
    a lock on a file that lost its name guards nothing. It names its holder, for messages only.
    """

    def __init__(
        self,
        state: Path,
        dag_run_id: str,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        rng: Rng = random.random,
    ) -> None:
        self.dag_run_id = dag_run_id
        self.path = lock_path(state, dag_run_id)
        self._now_ms = now_ms
        self._rng = rng
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock, or raise `RunHeld` with the name of the holder.

        Who only looks whether it is held (`is_held`) has it for a moment, so a holder that is not
        known to live is given a quarter of a second to go away.
        """
        if self._descriptor >= 0:
            raise ValueError("this lock is held already")
        with ledger_errors(self.path):
            make_private(self.path.parent)
            descriptor = open_private(self.path, os.O_RDWR)
            try:
                self._take(descriptor)
                _write_note(descriptor, this_process(self._now_ms()))
            except BaseException:
                os.close(descriptor)
                raise
        self._descriptor = descriptor
        _HELD.add(self)

    def release(self) -> None:
        """Give the lock back; legal when it is not held."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            _HELD.discard(self)
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor >= 0

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _take(self, descriptor: int) -> None:
        for _ in pauses(_PATIENCE_MS, self._rng):
            if try_lock(descriptor):
                return
            holder = _read_note(descriptor)
            if holder.pid and _is_alive(holder):
                break
        else:
            holder = _read_note(descriptor)
        raise RunHeld(
            f"DAG run `{self.dag_run_id}` is held by {_named(holder)}",
            hint="wait until it has ended, or end it with `me dag cancel`",
            dag_run_id=self.dag_run_id,
            holder=holder.to_json(),
        )

    def _forget(self) -> None:
        """Close the descriptor without giving the lock back: it is the parent's."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def lock_path(state: Path, dag_run_id: str) -> Path:
    """The file whose lock says that the DAG run has a Coordinator; `ValueError` for what is no id."""
    if not dag_run_id or not dag_run_id.replace("-", "").isalnum():
        raise ValueError(f"not the id of a DAG run: {dag_run_id!r}")
    return state / "locks" / f"{dag_run_id}.lock"


def is_held(state: Path, dag_run_id: str) -> Holder | None:
    """Who coordinates the DAG run right now; None when nobody does. Writes nothing.

    The fields of the holder may be unknown in the moment in which the lock is being taken.
    """
    return _holder_of(lock_path(state, dag_run_id))


def held_dag_runs(state: Path) -> dict[str, Holder]:
    """All DAG runs that have a Coordinator right now, each with its holder. O(DAG runs ever started)."""
    found = {}
    for path in sorted((state / "locks").glob("*.lock")):
        holder = _holder_of(path)
        if holder is not None:
            found[path.stem] = holder
    return found


def _holder_of(path: Path) -> Holder | None:
    with ledger_errors(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            return None if try_lock(descriptor, shared=True) else _read_note(descriptor)
        finally:
            os.close(descriptor)


def _write_note(descriptor: int, holder: Holder) -> None:
    note = json.dumps(holder.to_json()).encode()
    os.pwrite(descriptor, note, 0)
    os.ftruncate(descriptor, len(note))


def _read_note(descriptor: int) -> Holder:
    try:
        return Holder.from_json(json.loads(os.pread(descriptor, _LONGEST_NOTE, 0)))
    except ValueError:
        return Holder()


def _is_alive(holder: Holder) -> bool:
    """Whether the process named is still that process, as far as this machine can tell."""
    if holder.host != socket.gethostname():
        return True
    if holder.boot_id != boot_id():
        return False
    start = process_start(holder.pid)
    return start == holder.process_start if start is not None else not holder.boot_id


def _named(holder: Holder) -> str:
    return f"process {holder.pid} on `{holder.host}`" if holder.pid else "another process"


_HELD: weakref.WeakSet[DagRunLock] = weakref.WeakSet()


def _in_forked_child() -> None:
    for lock in list(_HELD):
        lock._forget()  # a child that was forked must not keep its parent's lock alive
    _HELD.clear()


os.register_at_fork(after_in_child=_in_forked_child)
