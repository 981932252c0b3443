"""What to do when the system has no file or process left: wait until something of our own has ended."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from typing import Final

SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})
"""No file left (for this process, for the system), no process, no memory: another moment may have some."""

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
