"""The workers of a Coordinator: processes in which one Python callable after the other is called.

A worker is started when an attempt finds none that is idle, so there are never more of them than
there were attempts at once; one that was idle for a minute is ended. It serves attempts with one
environment only, since much of an environment is read when Python starts or a module is imported.
One that was asked to stop, that a callable did not leave as it was, or that has imported a file of
the project which was changed since, serves no further attempt.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from ...schemas.ids import new_id
from ..process.launcher import End, Launcher, ProcessGroup
from ..process.timer import CallLater, Timer
from .python_channel import Channel
from .python_files import SourceFile, are_unchanged
from .python_wire import READY, read_answer

PROGRAM: Final = Path(__file__).with_name("python_worker.py")
IDLE: Final = 60.0
"""Seconds after which a worker that nobody needs is ended."""

_CLOSING: Final = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What attempts must have in common to be served by one worker. `variables` are `NAME=value`."""

    project: str
    dag_run_id: str
    variables: tuple[bytes, ...]


class Client(Protocol):
    """An attempt, as its worker sees it; called from the event loop."""

    def worker_known(self, pid: int, started: int) -> None:
        """The worker's process exists. At most once, before anything else."""

    def worker_answered(self, facts: Mapping[str, Any], value: bytes | None) -> None:
        """The answer came. At most once; `facts["again"]` tells whether the worker lives on."""

    def worker_cut_off(self, reason: str) -> None:
        """No answer can come any more; the end of the process will."""

    def worker_ended(self, end: End) -> None:
        """The process ended, and what was left of its group was killed. The last call."""


class Worker:
    """One process, and the channel to it."""

    def __init__(self, pool: Pool, kind: Kind) -> None:
        self.kind = kind
        self.is_ready = False
        self.is_leaving = False
        self.was_killed = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pool = pool
        self._client: Client | None = None
        self._group: ProcessGroup | None = None
        self._channel = Channel(self._on_line, self._on_silence)
        self._files: list[SourceFile] = []
        self._timer: Timer | None = None

    def begin(self, launcher: Launcher, descriptors: tuple[int, int]) -> None:
        """Start the process. What it prints before its first request goes to these descriptors.

        Raises `OSError`.
        """
        marker = new_id()
        with self._channel.open() as theirs:
            try:
                self._group = launcher.start(
                    [os.fsencode(sys.executable), b"-P", os.fsencode(PROGRAM)],
                    cwd=os.fsencode(self.kind.project),
                    variables=(
                        *self.kind.variables,
                        b"ME_ATTEMPT_ID=" + marker.encode(),
                        b"ME_DAG_RUN_ID=" + self.kind.dag_run_id.encode(),
                    ),
                    marker=marker,
                    descriptors=(theirs.fileno(), *descriptors),
                    listener=self,
                )
            except OSError:
                self._channel.close()
                raise

    def ask(self, client: Client, line: bytes, descriptors: tuple[int, int]) -> bool:
        """Hand a request over, with the descriptors for the callable's output.

        False when the worker, which was idle, is gone: then it knows nothing of the client.
        """
        self._forget_timer()
        if not self._channel.send(line, descriptors):
            self.leave(self._pool.patience)
            return False
        self._client = client
        if self._group is not None and self._group.pid:
            asyncio.get_running_loop().call_soon(self._introduce, client)
        return True

    def terminate(self) -> None:
        """Ask the callable to stop."""
        self.is_leaving = True
        if self._group is not None:
            self._group.terminate()

    def kill(self) -> None:
        """End the process and its group at once."""
        self.is_leaving = self.was_killed = True
        if self._group is not None:
            self._group.kill()

    def leave(self, patience: float) -> None:
        """Let the process end by itself, and kill it when it has not after so many seconds."""
        self.is_leaving = True
        self._channel.close()
        self._forget_timer()
        if not self.ended.done():
            self._timer = self._pool.later(patience, self.kill)

    def rest(self) -> None:
        """Wait for the next attempt, but not for ever."""
        self._client = None
        self._timer = self._pool.later(IDLE, self._give_up)

    def is_good(self) -> bool:
        """Whether it can serve another attempt with the code that is on the disk."""
        return not self.is_leaving and are_unchanged(self._files)

    # ---- what happens --------------------------------------------------------------------------

    def process_started(self, pid: int, started: int) -> None:
        """Tell the attempt for which it was started."""
        if self._client is not None:
            self._client.worker_known(pid, started)

    def process_ended(self, end: End) -> None:
        """Tell the attempt, if there is one; the worker is no more."""
        # An answer may have come in the same moment.
        self._channel.drain()
        self._channel.close()
        self.is_leaving = True
        self._forget_timer()
        self._pool.forget(self)
        self.ended.set_result(None)
        client, self._client = self._client, None
        if client is not None:
            client.worker_ended(end)

    def _on_line(self, line: bytes) -> None:
        if line == READY:
            self.is_ready = True
            return
        try:
            facts, value = read_answer(line)
            self._files += [(path, changed, size) for path, changed, size in facts["files"]]
            again = facts["again"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self._on_silence("something else was written where it is told")
            return
        client = self._client
        if client is not None:
            if self.is_leaving or not again:
                self.leave(self._pool.patience)
            else:
                self._client = None
                self._pool.give_back(self)
            client.worker_answered({**facts, "again": not self.is_leaving}, value)

    def _on_silence(self, reason: str) -> None:
        client = self._client
        self.leave(self._pool.patience)
        if client is not None:
            client.worker_cut_off(reason)

    def _introduce(self, client: Client) -> None:
        if client is self._client and self._group is not None:
            client.worker_known(self._group.pid, self._group.started)

    def _give_up(self) -> None:
        self._pool.dismiss(self)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Pool:
    """All workers, started through one spawner.

    `environ` is what they inherit. `patience` is how many seconds a process gets to end by itself.
    """

    def __init__(self, environ: Mapping[str, str], *, later: CallLater, patience: float) -> None:
        self.later = later
        self.patience = patience
        self.is_closing = False
        self._launcher = Launcher(environ)
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._most = 0

    @property
    def spawner_pid(self) -> int | None:
        """The process that starts the workers, while there is one."""
        return self._launcher.spawner_pid

    def take(self, kind: Kind, descriptors: tuple[int, int]) -> Worker:
        """A worker that is free: the one that was idle for the shortest time, or a new one.

        Raises `OSError` when none can be started.
        """
        for worker in [worker for worker in reversed(self._idle) if worker.kind == kind]:
            self._idle.remove(worker)
            if worker.is_good():
                return worker
            worker.leave(self.patience)
        self._idle = [worker for worker in self._idle if not worker.is_leaving]
        worker = Worker(self, kind)
        worker.begin(self._launcher, descriptors)
        self._workers.add(worker)
        busy = sum(not worker.is_leaving for worker in self._workers) - len(self._idle)
        self._most = max(self._most, busy)
        while self._idle and busy + len(self._idle) > self._most:
            self.dismiss(self._idle[0])
        return worker

    def give_back(self, worker: Worker) -> None:
        """The worker has nothing to do."""
        self._idle.append(worker)
        worker.rest()

    def dismiss(self, worker: Worker) -> None:
        """End an idle worker."""
        if worker in self._idle:
            self._idle.remove(worker)
        worker.leave(self.patience)

    def forget(self, worker: Worker) -> None:
        """The worker's process is gone."""
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)

    async def close(self) -> None:
        """End all workers: kill those that call something, let the others go; returns when all are gone."""
        self.is_closing = True
        idle, self._idle = self._idle, []
        for worker in self._workers - set(idle):
            worker.kill()
        for worker in idle:
            worker.leave(self.patience)
        if self._workers:
            await asyncio.wait([worker.ended for worker in self._workers], timeout=_CLOSING)
        await self._launcher.close()
        self._most = 0
        self.is_closing = False
