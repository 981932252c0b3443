"""A process group from the Coordinator's side: what is told about it, and how it can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from . import spawner

Step = Literal["chdir", "exec"]


@dataclass(frozen=True, slots=True)
class Exited:
    """The leader ended by itself with this status."""

    status: int


@dataclass(frozen=True, slots=True)
class Killed:
    """The leader was ended by this signal."""

    signal: int


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The command never ran: `step` failed with `errno`."""

    step: Step
    errno: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The spawner died; what it had started was killed, and how the command ended is not known.

    `silent`: it did not answer for too long, and was killed for that.
    """

    silent: bool = False


End = Exited | Killed | NotStarted | Lost


class Listener(Protocol):
    """Who is told about a process group; called from the event loop."""

    def process_started(self, pid: int, started: int) -> None:
        """The group exists; its id is `pid`. At most once, before the end."""

    def process_ended(self, end: End) -> None:
        """The leader ended and the rest of its group was killed. Exactly once, the last call."""


class Signaller(Protocol):
    """Who passes signals on to groups, by their number."""

    def signal(self, ident: int, kind: int) -> None:
        """Pass a signal on; nothing happens when the group has ended."""


class ProcessGroup:
    """A command and all that stayed in its group."""

    __slots__ = ("_ident", "_signaller", "listener", "marker", "pid", "started")

    def __init__(self, signaller: Signaller, ident: int, marker: str, listener: Listener) -> None:
        self._signaller = signaller
        self._ident = ident
        self.listener = listener
        self.marker = marker
        self.pid = 0
        self.started = 0

    def terminate(self) -> None:
        """Ask the group to stop (SIGTERM). Legal at any time, the end included."""
        self._signaller.signal(self._ident, spawner.TERMINATE)

    def kill(self) -> None:
        """End the group at once (SIGKILL). Legal at any time, the end included."""
        self._signaller.signal(self._ident, spawner.KILL)
