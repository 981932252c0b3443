"""The Coordinator's end of the spawner: start commands, signal their groups, learn how they ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from . import spawner
from .identity import boot_id
from .open_files import given_limit
from .orphans import kill_remains

_PROGRAM = Path(__file__).with_name("spawner.py")
_STEPS: dict[int, Step] = {spawner.STEP_CHDIR: "chdir", spawner.STEP_EXEC: "exec"}
_CLOSING = 10.0

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
    """The spawner died; what it had started was killed, and how the command ended is not known."""


End = Exited | Killed | NotStarted | Lost


class Listener(Protocol):
    """Who is told about a process group; called from the event loop."""

    def process_started(self, pid: int, started: int) -> None:
        """The group exists; its id is `pid`. At most once, before the end."""

    def process_ended(self, end: End) -> None:
        """The leader ended and the rest of its group was killed. Exactly once, the last call."""


class ProcessGroup:
    """A command and all that stayed in its group."""

    __slots__ = ("_ident", "_launcher", "listener", "marker", "pid", "started")

    def __init__(self, launcher: Launcher, ident: int, marker: str, listener: Listener) -> None:
        self._launcher = launcher
        self._ident = ident
        self.listener = listener
        self.marker = marker
        self.pid = 0
        self.started = 0

    def terminate(self) -> None:
        """Ask the group to stop (SIGTERM). Legal at any time, the end included."""
        self._launcher.signal(self._ident, spawner.TERMINATE)

    def kill(self) -> None:
        """End the group at once (SIGKILL). Legal at any time, the end included."""
        self._launcher.signal(self._ident, spawner.KILL)


class Launcher:
    """Starts process groups through one spawner, which is started with the first of them.

    `environ` is what every command inherits; a limit of open files that this process raised for itself is
    not. When the spawner dies, everything that it had started
    ends as `Lost`, and the next start gets a new spawner. Use it from one event loop only.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._groups: dict[int, ProcessGroup] = {}
        self._next = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._unsent: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._received = b""
        self._closed: asyncio.Future[None] | None = None

    @property
    def spawner_pid(self) -> int | None:
        """The spawner's process id while there is one."""
        return self._process.pid if self._process else None

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
        Raises `OSError` when no spawner can be started.
        """
        link = self._link or self._open()
        self._next += 1
        ident = self._next
        fields = [marker.encode(), cwd, b"%d" % len(argv), *argv, *variables]
        self._send(link, spawner.START, ident, b"\0".join(fields), descriptors)
        group = self._groups[ident] = ProcessGroup(self, ident, marker, listener)
        return group

    def signal(self, ident: int, kind: int) -> None:
        """Pass a signal on; nothing happens when the group has ended."""
        if ident in self._groups and self._link is not None:
            self._send(self._link, kind, ident, b"", ())

    async def close(self) -> None:
        """End everything that still runs, and the spawner. Returns when all of it is gone."""
        if self._link is None:
            return
        if self._closed is None or self._closed.done():
            self._closed = asyncio.get_running_loop().create_future()
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_WR)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._closed), _CLOSING)
        self._lose_spawner()

    # ---- the spawner's life --------------------------------------------------------------------

    def _open(self) -> socket.socket:
        limit = given_limit()
        words = [str(os.getpid()), *([] if limit is None else [str(limit)])]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
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
            ours.close()
            raise
        ours.setblocking(False)
        self._link = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._on_readable)
        inherited = b"\0".join(os.fsencode(f"{name}={value}") for name, value in self._environ.items())
        self._send(ours, spawner.ENVIRONMENT, 0, inherited, ())
        return ours

    def _lose_spawner(self) -> None:
        """The spawner is gone or is given up: kill what it may have left, and tell every listener."""
        link, process = self._link, self._process
        if link is None or process is None:
            return
        self._link = self._process = None
        loop = asyncio.get_running_loop()
        loop.remove_reader(link.fileno())
        loop.remove_writer(link.fileno())
        link.close()
        for _, copies in self._unsent:
            _close(copies)
        self._unsent.clear()
        self._received = b""
        process.kill()
        process.wait()
        lost, self._groups = self._groups, {}
        if lost:
            leaders = [(group.pid, group.started, boot_id()) for group in lost.values()]
            kill_remains(leaders, {group.marker for group in lost.values()})
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)
        for group in lost.values():
            group.listener.process_ended(Lost())

    # ---- the wire ------------------------------------------------------------------------------

    def _send(
        self, link: socket.socket, kind: int, ident: int, body: bytes, descriptors: tuple[int, ...]
    ) -> None:
        frame = spawner.REQUEST.pack(kind, ident, len(body)) + body
        if self._unsent:
            self._unsent.append((frame, _copies(descriptors)))
            return
        sent = self._send_some(link, frame, descriptors)
        if sent < len(frame):
            # Descriptors travel with the first byte.
            self._unsent.append((frame[sent:], () if sent else _copies(descriptors)))
            asyncio.get_running_loop().add_writer(link.fileno(), self._on_writable)

    def _send_some(self, link: socket.socket, frame: bytes, descriptors: tuple[int, ...]) -> int:
        try:
            if descriptors:
                return socket.send_fds(link, [frame], descriptors)
            return link.send(frame)
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
        link = self._link
        while link is not None and self._unsent:
            frame, copies = self._unsent[0]
            sent = self._send_some(link, frame, copies)
            if sent == 0:
                return
            _close(copies)
            if sent < len(frame):
                self._unsent[0] = (frame[sent:], ())
                return
            self._unsent.popleft()
        if link is not None:
            asyncio.get_running_loop().remove_writer(link.fileno())

    def _on_readable(self) -> None:
        assert self._link is not None
        try:
            chunk = self._link.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionResetError:
            chunk = b""
        if not chunk:
            self._lose_spawner()
            return
        received = self._received + chunk if self._received else chunk
        whole = len(received) - len(received) % spawner.REPLY.size
        self._received = received[whole:]
        for kind, ident, first, second in spawner.REPLY.iter_unpack(received[:whole]):
            self._on_reply(kind, ident, first, second)

    def _on_reply(self, kind: int, ident: int, first: int, second: int) -> None:
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
