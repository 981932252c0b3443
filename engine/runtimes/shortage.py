"""What to do when the system has no file, process or thread left: wait, or make do without."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM, errno.ENOBUFS})
"""No file left (for this process, for the system), no process, no memory, no room on the way to the
spawner: another moment may have some."""

_THREADS: Final = 4

Begin = Callable[[], None]


class Queue:
    """Counts the attempts that run, and keeps those that could not start for want of room.

    Whenever one ends, one of those that wait begins anew. While some wait there is always one that runs,
    so none waits for ever.
    """

    def __init__(self) -> None:
        self._running = 0
        self._waiting: deque[Begin] = deque()

    def enter(self) -> None:
        """One more runs."""
        self._running += 1

    def leave(self) -> None:
        """One that ran has ended, and gave back what it held."""
        self._running -= 1
        # When that leaves none running, those that wait must each find out for themselves.
        more = True
        while self._waiting and more:
            self._waiting.popleft()()
            more = self._running == 0

    def put_off(self, begin: Begin, *, entered: bool) -> bool:
        """Call `begin` once another attempt has ended; False, and nothing happens, when none runs.

        `entered` says whether the attempt counts as one that runs; it does so no longer then.
        """
        if self._running <= entered:
            return False
        self._running -= entered
        self._waiting.append(begin)
        return True

    def forget(self, begin: Begin) -> bool:
        """Do not call it any more; whether it was waiting."""
        if not self.waits(begin):
            return False
        self._waiting.remove(begin)
        return True

    def waits(self, begin: Begin) -> bool:
        """Whether it is to be called once another attempt has ended."""
        return begin in self._waiting


class Threads:
    """A few threads for work that takes long; where there can be none, it is done without.

    They are not those of asyncio, whose event loop needs one more thread to close when there were any.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    async def result_of(self, work: Callable[[], T]) -> T:
        """The result of `work`, or its error."""
        from concurrent.futures import ThreadPoolExecutor  # only for large outputs

        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS)
        once = _Once(work)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, once)
        except RuntimeError:
            # Threads count as processes. The work may be queued all the same, for a thread that is there.
            return once()

    def close(self) -> None:
        """Let the threads end, once their work is done. They may be used again."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


class _Once(Generic[T]):
    """`work`, done by the first who asks; everybody gets the same result, or the same error."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._results: list[T] = []
        self._error: BaseException | None = None

    def __call__(self) -> T:
        with self._lock:
            if not self._results and self._error is None:
                try:
                    self._results.append(self._work())
                except BaseException as error:
                    self._error = error
        if self._error is not None:
            raise self._error
        return self._results[0]
