"""The Coordinator's end of a shim: starts it, is woken by it, and reads the envelope that it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .identity import boot_id, process_start
from .open_files import given_limit
from .orphans import kill_remains
from .timer import CallLater, Timer

_PROGRAM: Final = Path(__file__).with_name("shim.py")
_ENVELOPE: Final = "envelope.json"
_LAST_WORDS: Final = 10.0
"""Seconds for a shim to end what it was told to end; it gives what it kills half of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShimSpec:
    """What a shim is to do; see `shim.Spec`. All paths are absolute."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    folder: str
    stdin: str
    attempt: str
    dag_run: str
    key: str
    turn: int
    secrets: tuple[str, ...] = ()
    wall: float | None = None
    orphan: float = 1800.0
    grace: float = 5.0
    open_files: int | None = field(default_factory=given_limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """How a turn's process ended: by itself with `status` or `signal`, or `stopped` for one of the reasons
    `asked`, `killed`, `signal`, `wall`, `orphan`, `broken`. `broken` says why its output could not be stored,
    and `error` is the step and the number of the system's error where it could not be started at all."""

    attempt: str
    key: str
    turn: int
    status: int | None
    signal: int | None
    stopped: str | None
    killed: bool
    broken: str | None
    error: tuple[int, int] | None
    started_ms: int
    ended_ms: int

    @property
    def by_itself(self) -> bool:
        """Whether nobody and no limit ended it."""
        return self.stopped is None and self.broken is None


class ShimLink:
    """One shim that was started here. `woken` is called when there is something new to read, and `ended`
    once it is gone, with its envelope if it left one; both on the event loop.

    A shim that was told to end its agent and is still there `last_words` seconds after that must have ended
    is killed itself, and the agent and all that it started with it. Raises `OSError` when it cannot start.
    """

    def __init__(
        self,
        spec: ShimSpec,
        *,
        woken: Callable[[], None],
        ended: Callable[[Envelope | None], None],
        last_words: float = _LAST_WORDS,
        call_later: CallLater | None = None,
    ) -> None:
        self._spec = spec
        self._woken = woken
        self._ended = ended
        marks = {"ME_ATTEMPT_ID": spec.attempt, "ME_DAG_RUN_ID": spec.dag_run}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": spec.env.get("PATH", os.defpath), **marks},
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.started = process_start(self.pid) or 0
        self._loop = asyncio.get_running_loop()
        self._last_words = last_words
        self._later = call_later or self._loop.call_later
        self._timer: Timer | None = None
        self._told: bytes | None = b""
        self._agent = (0, 0, "")
        self._out = self._pipe(self._process.stdout)
        self._in = self._pipe(self._process.stdin)
        self._unsent = _spec_line(spec)
        self._is_over = False
        self._loop.add_reader(self._out, self._read)
        self._send(b"")

    def terminate(self) -> None:
        """Ask the agent to stop; it is killed after the spec's grace."""
        self._send(b"terminate\n")
        self._expect_end(self._spec.grace)

    def kill(self) -> None:
        """End the agent at once, and all that it started."""
        self._send(b"kill\n")
        self._expect_end(0.0)

    def _expect_end(self, grace: float) -> None:
        if self._is_over:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._later(grace + self._last_words, self._give_up)

    def _give_up(self) -> None:
        """The shim is stopped, or hangs. It is not reaped yet, so that its number is its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _pipe(self, file: Any) -> int:
        descriptor = int(file.fileno())
        os.set_blocking(descriptor, False)
        return descriptor

    def _send(self, words: bytes) -> None:
        """Write as much as the pipe takes; the rest follows when it takes more."""
        if self._is_over:
            return
        self._unsent += words
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._in, self._unsent) :]
        except BlockingIOError:
            self._loop.add_writer(self._in, self._send, b"")
            return
        except OSError:
            self._unsent = b""  # it is gone; the other pipe tells
        self._loop.remove_writer(self._in)

    def _read(self) -> None:
        try:
            data = os.read(self._out, 1 << 16)
        except BlockingIOError:
            return
        if data:
            self._note_agent(data)
            self._woken()
            return
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._out)
        self._loop.remove_writer(self._in)
        for file in (self._process.stdin, self._process.stdout):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()
        self._process.wait()
        found = read_envelope(Path(self._spec.folder))
        if found is None:
            # It was killed. The agent died with it, at least on Linux, and what that had started did not.
            kill_remains([self._agent], {self._spec.attempt})
        self._ended(found)

    def _note_agent(self, data: bytes) -> None:
        """Take the agent's pid and start time from the first line; what follows says nothing."""
        if self._told is None:
            return
        self._told += data
        line, end, _ = self._told.partition(b"\n")
        if end:
            pid, started = line.split()
            self._agent = int(pid), int(started), boot_id()
            self._told = None


def read_envelope(folder: Path) -> Envelope | None:
    """The envelope in a turn's folder; None where there is none, or none of this kind."""
    try:
        data = json.loads((folder / _ENVELOPE).read_bytes())
        error = data["error"]
        return Envelope(
            attempt=data["attempt"],
            key=data["key"],
            turn=data["turn"],
            status=data["status"],
            signal=data["signal"],
            stopped=data["stopped"],
            killed=data["killed"],
            broken=data["broken"],
            error=None if error is None else (error["step"], error["errno"]),
            started_ms=data["started_ms"],
            ended_ms=data["ended_ms"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _spec_line(spec: ShimSpec) -> bytes:
    given = {
        "argv": list(spec.argv),
        "env": dict(spec.env),
        "cwd": spec.cwd,
        "folder": spec.folder,
        "stdin": spec.stdin,
        "attempt": spec.attempt,
        "key": spec.key,
        "turn": spec.turn,
        "secrets": list(spec.secrets),
        "wall": spec.wall,
        "orphan": spec.orphan,
        "grace": spec.grace,
        "open_files": spec.open_files,
    }
    return json.dumps(given).encode("ascii") + b"\n"
