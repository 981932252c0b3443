"""Whether a callable left its process as it was, so that another one can be called in it.

Standard library only: it runs in the workers.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from typing import Any, Final

from ..process.spawner import PR_SET_CHILD_SUBREAPER, load_prctl

_SIGNALS: Final = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
_TIMERS: Final = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_LIMITS: Final = sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")})


def adopt_descendants() -> bool:
    """Become the one to whom descendants come when their parent dies; false where that does not exist.

    Then a process that a callable started is this one's child for as long as it lives, whatever it
    did to get away.
    """
    prctl = load_prctl()
    return prctl is not None and prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


class Tidiness:
    """The process as it was when this was made, before any callable.

    `adopts` is what `adopt_descendants` said.
    """

    def __init__(self, *, adopts: bool) -> None:
        self._adopts = adopts
        self._pid = os.getpid()
        self._settings = _settings()
        self._streams = (sys.stdin, sys.stdout, sys.stderr)

    def is_kept(self) -> bool:
        """Whether nothing runs on and nothing is set otherwise.

        Children, threads, signal handlers and masks, timers, limits and the file mask count, and
        standard streams that were replaced or closed. The state of modules does not.
        """
        return (
            os.getpid() == self._pid
            and (sys.stdin, sys.stdout, sys.stderr) == self._streams
            and not any(stream.closed for stream in self._streams)
            and threading.active_count() == 1
            and self._has_no_children()
            and _settings() == self._settings
        )

    def _has_no_children(self) -> bool:
        try:
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return False
        except ChildProcessError:
            # Where grandchildren do not come here, one who ever had a child may have descendants.
            return self._adopts or resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss == 0


def _settings() -> tuple[Any, ...]:
    mask = os.umask(0o077)
    os.umask(mask)
    return (
        mask,
        sys.getrecursionlimit(),
        [signal.getsignal(number) for number in _SIGNALS],
        signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        [signal.getitimer(which) for which in _TIMERS],
        [resource.getrlimit(number) for number in _LIMITS],
    )
