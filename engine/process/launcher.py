"""The Coordinator's end of the spawner: start commands, signal their groups, learn how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from .group import End, Exited, Killed, Listener, Lost, NotStarted, ProcessGroup
from .spawner_link import SpawnerLink
from .timer import CallLater, Timer

__all__ = [
    "GRACE",
    "MOST_UNSENT",
    "End",
    "Exited",
    "Killed",
    "Launcher",
    "Listener",
    "Lost",
    "NotStarted",
    "ProcessGroup",
]

GRACE: Final = 10.0
"""Seconds that a spawner has for an answer; it needs less than a thousandth of one."""

MOST_UNSENT: Final = 256 << 20
"""Bytes of commands that may wait for a spawner to take them."""


class Launcher:
    """Starts process groups through one spawner, which is started with the first of them.

    `environ` is what every command inherits; a limit of open files that this process raised for itself is
    not. When the spawner dies, everything that it had started ends as `Lost`, and the next start gets a new
    spawner. A spawner that is silent for `grace` seconds about what it was asked is killed, so that this
    holds for it too; while commands run, it is asked whether it lives. Nothing here waits for a spawner: at
    most `most_unsent` bytes are kept for it. `call_later` is the event loop's own unless given. Use it from
    one event loop only.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        grace: float = GRACE,
        most_unsent: int = MOST_UNSENT,
        call_later: CallLater | None = None,
    ) -> None:
        self._environ = dict(environ)
        self._grace = grace
        self._most_unsent = most_unsent
        self._call_later = call_later
        self._links: set[SpawnerLink] = set()
        self._current: SpawnerLink | None = None

    @property
    def spawner_pid(self) -> int | None:
        """The spawner's process id while there is one."""
        link = self._usable()
        return link.pid if link else None

    def start(
        self,
        argv: Sequence[bytes],
        *,
        cwd: bytes,
        variables: Sequence[bytes],
        marker: str,
        descriptors: tuple[int, int, int],
        listener: Listener,
    ) -> ProcessGroup:
        """Start `argv` in `cwd` with `variables` (`NAME=value`) on top of the inherited ones.

        `marker` is the value of `ME_ATTEMPT_ID`, which must be among the variables. The descriptors
        become 0, 1 and 2; they may be closed as soon as this returns. No part may contain NUL.
        Raises `OSError` when no spawner can be started, and with `ENOBUFS` when too much waits for it.
        """
        link = self._usable()
        if link is None:
            link = SpawnerLink(
                self._environ, grace=self._grace, most_unsent=self._most_unsent, later=self._later
            )
            self._links.add(link)
            link.gone.add_done_callback(lambda _, link=link: self._links.discard(link))  # type: ignore[misc]
            self._current = link
        fields = [marker.encode(), cwd, b"%d" % len(argv), *argv, *variables]
        return link.start(b"\0".join(fields), marker=marker, descriptors=descriptors, listener=listener)

    async def close(self) -> None:
        """End everything that still runs, and every spawner. Returns when all of it is gone."""
        for link in list(self._links):
            link.hang_up()
        if self._links:
            await asyncio.wait([link.gone for link in self._links])

    def _usable(self) -> SpawnerLink | None:
        return self._current if self._current is not None and self._current.is_usable else None

    def _later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return (self._call_later or asyncio.get_running_loop().call_later)(seconds, call)
