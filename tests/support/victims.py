"""Processes that run this program, to be killed, stopped and waited for by tests."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from metaensemble.engine.process.identity import process_start

SERVER = Path(__file__).with_name("victim_server.py")
PATIENCE = 60.0
"""Seconds after which a test that waits gives up; never reached when all is well."""


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds()`; fails, naming `what`, when that takes longer than `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        select.select([], [], [], 0.01)


@dataclass(frozen=True, slots=True)
class Told:
    """How a process ended, and what it said. A negative code is the signal that ended it."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Both streams together."""
        return self.out + self.err


class Victim:
    """One process, the leader of a group of its own."""

    def __init__(self, reports: int, out: IO[bytes], err: IO[bytes]) -> None:
        self._reports = os.fdopen(reports, "rb")
        self._out = out
        self._err = err
        self.pid = int(self._reports.readline())
        self._code: int | None = None

    @property
    def said(self) -> str:
        """What it has said so far, on both streams."""
        return _text(self._out) + _text(self._err)

    def wait(self, timeout: float = PATIENCE) -> Told:
        """Wait for the end. Raises `TimeoutError` while it lives."""
        if self._code is None:
            ready, _, _ = select.select([self._reports], [], [], timeout)
            if not ready:
                raise TimeoutError(f"process {self.pid} still lives; it said: {self.said}")
            self._code = int(self._reports.readline())
            self._reports.close()
        return Told(self._code, _text(self._out), _text(self._err))

    def wait_until_it_said(self, text: str) -> None:
        """Wait until `text` stands in what it said."""
        wait_until(lambda: text in self.said, f"`{text}` was said; so far: {self.said}")

    @property
    def has_ended(self) -> bool:
        """Whether it lives no more."""
        try:
            self.wait(0)
        except TimeoutError:
            return False
        return True

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until `holds()`; fails at once when this process ends without that."""
        wait_until(lambda: holds() or self.has_ended, what)
        assert holds(), f"it ended before {what}: {self.wait()}"

    def signal(self, number: int) -> None:
        """Send it a signal; it must not have been waited for."""
        os.kill(self.pid, number)

    def kill(self) -> Told:
        """kill -9, and wait."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def spawner(self) -> int:
        """The process that starts its commands; waits until there is one."""
        found: list[int] = []

        def is_there() -> bool:
            found[:] = children(self.pid)
            return bool(found)

        wait_until(is_there, "there is a spawner")
        return found[0]

    def close(self) -> None:
        """End it if it lives, and let go of its files."""
        if not self.has_ended:
            self.kill()
        self._out.close()
        self._err.close()


class Victims:
    """The source of such processes. A context manager: none outlives it."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen([sys.executable, "-P", str(SERVER)], stdin=theirs.fileno())
        self._started: list[Victim] = []

    def start(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        place: str | None = None,
        nth: int = 1,
        stdin: int | None = None,
        terminal: int | None = None,
        largest_file: int | None = None,
        vanishing: bool = False,
    ) -> Victim:
        """Start `me WORDS`; or, with `place`, a run that dies there, see `victim_server`.

        `terminal` is a terminal's descriptor, to be all three streams and the controlling terminal.
        `vanishing` removes the working directory, which must be empty, before anything starts.
        """
        out, err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 # the Victim closes them
        reports, tell = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        request = {
            "words": list(words),
            "cwd": str(cwd),
            "environ": dict(os.environ if environ is None else environ),
            "place": place,
            "nth": nth,
            "terminal": terminal is not None,
            "largest_file": largest_file,
            "vanishing": vanishing,
        }
        streams = [null if stdin is None else stdin, out.fileno(), err.fileno()]
        if terminal is not None:
            streams = [terminal] * 3
        socket.send_fds(self._link, [json.dumps(request).encode()], [tell, *streams])
        os.close(tell)
        os.close(null)
        victim = Victim(reports, out, err)
        self._started.append(victim)
        return victim

    def end_all(self) -> None:
        """End what a test left alive."""
        for victim in self._started:
            victim.close()
        self._started.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end_all()
        self._link.close()
        self._server.wait(PATIENCE)


def children(pid: int) -> list[int]:
    """The living children of a process (Linux)."""
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(word) for word in words if process_start(int(word)) is not None]


def _text(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 1 << 24, 0).decode(errors="backslashreplace")
