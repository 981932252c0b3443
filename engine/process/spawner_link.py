"""One spawner and the socket to it: what it is asked, what it answers, and how it is let go of."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from . import spawner
from .group import Exited, Killed, Listener, Lost, NotStarted, ProcessGroup, Step
from .identity import boot_id
from .open_files import given_limit
from .orphans import kill_remains
from .timer import CallLater, Timer

_PROGRAM: Final = Path(__file__).with_name("spawner.py")
_STEPS: Final[dict[int, Step]] = {spawner.STEP_CHDIR: "chdir", spawner.STEP_EXEC: "exec"}
_LAST_WORDS: Final = 10.0
"""Seconds for a spawner that was hung up on; it gives what it kills half of that."""


class SpawnerLink:
    """A spawner process, from its start to the moment when nothing of it is left.

    It never waits for the process. Each request has one answer; a process that gives none within
    `grace` seconds is killed. One that cannot even be killed, since the system holds it, is let go of
    after as long again. `gone` is done once every listener was told. Raises `OSError` when the process
    cannot be started.
    """

    def __init__(
        self, environ: Mapping[str, str], *, grace: float, most_unsent: int, later: CallLater
    ) -> None:
        self._grace = grace
        self._most_unsent = most_unsent
        self._later = later
        self._loop = asyncio.get_running_loop()
        limit = given_limit()
        words = [str(os.getpid()), *([] if limit is None else [str(limit)])]
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_PROGRAM), *words],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                    cwd="/",
                )
        except OSError:
            self._socket.close()
            raise
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.is_usable = True
        self._groups: dict[int, ProcessGroup] = {}
        self._next = 0
        self._unsent: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._unsent_size = 0
        self._received = b""
        self._unanswered = 0
        self._answers = 0
        self._answers_before = 0
        self._is_silent = False
        self._watch: Timer | None = None
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket.fileno(), self._on_readable)
        inherited = b"\0".join(os.fsencode(f"{name}={value}") for name, value in environ.items())
        self._send(spawner.ENVIRONMENT, 0, inherited, ())

    @property
    def pid(self) -> int:
        """The process id of the spawner."""
        return self._process.pid

    def start(
        self, body: bytes, *, marker: str, descriptors: tuple[int, int, int], listener: Listener
    ) -> ProcessGroup:
        """Have a command started. Raises `OSError`, with `ENOBUFS` when too much waits to be sent."""
        if self._unsent_size + len(body) > self._most_unsent:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        self._next += 1
        ident = self._next
        self._ask(spawner.START, ident, body, descriptors)
        group = self._groups[ident] = ProcessGroup(self, ident, marker, listener)
        return group

    def signal(self, ident: int, kind: int) -> None:
        """Pass a signal on; nothing happens when the group has ended."""
        if ident in self._groups:
            self._ask(kind, ident, b"", ())

    def hang_up(self) -> None:
        """Have the spawner end everything and itself; kill it if that takes too long."""
        if not self.is_usable:
            return
        self.is_usable = False
        self._set_watch(_LAST_WORDS, self._kill)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    # ---- silence -------------------------------------------------------------------------------

    def _ask(self, kind: int, ident: int, body: bytes, descriptors: tuple[int, ...]) -> None:
        self._send(kind, ident, body, descriptors)
        self._unanswered += 1
        if self._watch is None and self.is_usable:
            self._answers_before = self._answers
            self._set_watch(self._grace, self._on_watch)

    def _on_watch(self) -> None:
        """Kill a spawner that has answered nothing since this was put off; else put it off again."""
        self._watch = None
        # An event loop that was held up itself has not heard yet what was said in the meantime.
        self._on_readable()
        if not self.is_usable or self._watch is not None:
            return
        if self._unanswered and self._answers == self._answers_before:
            self._is_silent = True
            self._kill()
            return
        if self._groups and not self._unanswered:
            self._ask(spawner.PING, 0, b"", ())
        elif self._unanswered:
            self._answers_before = self._answers
            self._set_watch(self._grace, self._on_watch)

    def _kill(self) -> None:
        """Kill the spawner. Its end shows where the socket is read."""
        self.is_usable = False
        self._set_watch(self._grace, self._let_go)
        self._process.kill()

    def _set_watch(self, seconds: float, call: Callable[[], None]) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._later(seconds, call)

    # ---- the end -------------------------------------------------------------------------------

    def _let_go(self) -> None:
        """Kill what the spawner may have left, and tell every listener. It has ended, or never will."""
        if self.gone.done():
            return
        self.is_usable = False
        if self._watch is not None:
            self._watch.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for _, copies in self._unsent:
            _close(copies)
        self._unsent.clear()
        lost, self._groups = self._groups, {}
        if lost:
            leaders = [(group.pid, group.started, boot_id()) for group in lost.values()]
            kill_remains(leaders, {group.marker for group in lost.values()})
        self._reap()
        self.gone.set_result(None)
        for group in lost.values():
            group.listener.process_ended(Lost(silent=self._is_silent))

    def _reap(self) -> None:
        """Take note of the process's end, now or whenever it comes."""
        if self._process.poll() is None:
            self._later(self._grace, self._reap)

    # ---- the wire ------------------------------------------------------------------------------

    def _send(self, kind: int, ident: int, body: bytes, descriptors: tuple[int, ...]) -> None:
        frame = spawner.REQUEST.pack(kind, ident, len(body)) + body
        if self._unsent:
            self._keep(frame, _copies(descriptors))
            return
        sent = self._send_some(frame, descriptors)
        if sent < len(frame):
            # Descriptors travel with the first byte.
            self._keep(frame[sent:], () if sent else _copies(descriptors))
            self._loop.add_writer(self._socket.fileno(), self._on_writable)

    def _keep(self, frame: bytes, copies: tuple[int, ...]) -> None:
        self._unsent.append((frame, copies))
        self._unsent_size += len(frame)

    def _send_some(self, frame: bytes, descriptors: tuple[int, ...]) -> int:
        try:
            if descriptors:
                return socket.send_fds(self._socket, [frame], descriptors)
            return self._socket.send(frame)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):
            # Its end is noticed where the socket is read; then every listener is told.
            return len(frame)
        except OSError as error:
            # Linux bounds how many descriptors may be under way; the spawner takes them as fast as it can.
            if error.errno == errno.ETOOMANYREFS:
                return 0
            raise

    def _on_writable(self) -> None:
        while self._unsent:
            frame, copies = self._unsent[0]
            sent = self._send_some(frame, copies)
            if sent == 0:
                return
            _close(copies)
            self._unsent_size -= sent
            if sent < len(frame):
                self._unsent[0] = (frame[sent:], ())
                return
            self._unsent.popleft()
        self._loop.remove_writer(self._socket.fileno())

    def _on_readable(self) -> None:
        try:
            chunk = self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionResetError:
            chunk = b""
        if not chunk:
            self._process.kill()
            # It has let go of all that it had: nothing can hold it up on its way out.
            self._process.wait()
            self._let_go()
            return
        received = self._received + chunk if self._received else chunk
        whole = len(received) - len(received) % spawner.REPLY.size
        self._received = received[whole:]
        for kind, ident, first, second in spawner.REPLY.iter_unpack(received[:whole]):
            self._on_reply(kind, ident, first, second)

    def _on_reply(self, kind: int, ident: int, first: int, second: int) -> None:
        if kind in (spawner.SPAWNED, spawner.FAILED, spawner.HEARD):
            self._unanswered -= 1
            self._answers += 1
        if kind == spawner.HEARD:
            return
        if kind == spawner.SPAWNED:
            group = self._groups[ident]
            group.pid, group.started = first, second
            group.listener.process_started(first, second)
            return
        group = self._groups.pop(ident)
        if kind == spawner.EXITED:
            group.listener.process_ended(Exited(first))
        elif kind == spawner.SIGNALLED:
            group.listener.process_ended(Killed(first))
        else:
            group.listener.process_ended(NotStarted(_STEPS[first], second))


def _copies(descriptors: tuple[int, ...]) -> tuple[int, ...]:
    made: list[int] = []
    try:
        for descriptor in descriptors:
            made.append(os.dup(descriptor))  # noqa: PERF401  # what was made is closed when one cannot be
    except OSError:
        _close(made)
        raise
    return tuple(made)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
