"""Runs the programs of an assessment: each with its own time, several at once, none left over."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Final

from ..masking import Masker
from ..process.launcher import End, Exited, Killed, Launcher, NotStarted, ProcessGroup
from ..process.timer import CallLater, Timer

MOST_OUTPUT: Final = 8 << 20
"""So many bytes of a program's standard output are kept for parsing; more is no report of a tool."""

TAIL: Final = 4096
"""So many bytes of the end of what a program printed are kept for people."""

GRACE: Final = 2.0
"""Seconds between SIGTERM and SIGKILL."""

DRAIN: Final = 1.0
"""Seconds that are waited for output after the end: whoever still holds a pipe open has left the group."""

_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program to run: `argv` in the directory `cwd`, with the variables `env` on top of those that all
    programs inherit, for at most `timeout` seconds."""

    argv: Sequence[str]
    cwd: str
    timeout: float
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a program ended. `status` is its exit status, None when it did not end by itself: `why` then says
    what became of it. `out` is its standard output, masked, None when there was too much of it, and `tail`
    the end of all that it printed. `absent`: there is no such program."""

    status: int | None = None
    why: str = ""
    out: bytes | None = b""
    tail: str = ""
    absent: bool = False


class Programs:
    """Runs programs through `launcher` under the name `marker`, by which all that they leave is found.

    With `room` they share its places with others: who waits for one has not begun. What they print passes
    the mask before anything is kept of it. `beat` is called with the number of bytes when something was
    printed. A call that is cancelled has ended its program before it raises.
    """

    def __init__(
        self,
        launcher: Launcher,
        *,
        marker: str,
        variables: Mapping[str, str] | None = None,
        masker: Masker | None = None,
        room: asyncio.Semaphore | None = None,
        beat: Callable[[int], None] = lambda _: None,
        call_later: CallLater | None = None,
    ) -> None:
        self._launcher = launcher
        self._marker = marker
        self._variables = {**(variables or {}), "ME_ATTEMPT_ID": marker}
        self._masker = masker or Masker({})
        self._room = room
        self._beat = beat
        self._call_later = call_later

    async def run(self, program: Program) -> Ran:
        """Run it to its end. Never raises for what the program does."""
        async with self._room or nullcontext():
            running = _Running(self._masker, self._beat, self._later)
            try:
                running.start(self._launcher, program, self._marker, self._variables)
            except (OSError, ValueError) as error:
                return Ran(why=f"it cannot be started: {_said(error)}")
            try:
                return await asyncio.shield(running.over)
            except asyncio.CancelledError:
                running.kill("it was stopped")
                # The end of a killed group is certain; whoever cancels waits for no more than that.
                await asyncio.shield(running.over)
                raise

    def _later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return (self._call_later or asyncio.get_running_loop().call_later)(seconds, call)


class _Running:
    """One program and its two pipes, until both it and its output have ended."""

    def __init__(
        self, masker: Masker, beat: Callable[[int], None], later: Callable[[float, Callable[[], None]], Timer]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[Ran] = self._loop.create_future()
        self._beat = beat
        self._later = later
        self._masks = {True: masker.stream(), False: masker.stream()}
        self._out: bytearray | None = bytearray()
        self._tail = bytearray()
        self._readers: dict[int, bool] = {}
        self._timer: Timer | None = None
        self._group: ProcessGroup | None = None
        self._end: End | None = None
        self._why = ""

    def start(self, launcher: Launcher, program: Program, marker: str, variables: Mapping[str, str]) -> None:
        """Start it. Raises `OSError`, and `ValueError` for what no system call can carry."""
        argv = [_encoded(word) for word in program.argv]
        pairs = [_encoded(f"{name}={value}") for name, value in {**program.env, **variables}.items()]
        cwd = _encoded(program.cwd)
        ends: list[int] = []
        try:
            ends.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            for is_out in (True, False):
                reader, writer = os.pipe()
                ends.append(writer)
                os.set_blocking(reader, False)
                self._readers[reader] = is_out
                self._loop.add_reader(reader, self._on_readable, reader, is_out)
            self._group = launcher.start(
                argv,
                cwd=cwd,
                variables=pairs,
                marker=marker,
                descriptors=(ends[0], ends[1], ends[2]),
                listener=self,
            )
        except BaseException:
            self._close_all()
            raise
        finally:
            for descriptor in ends:
                os.close(descriptor)
        limit = program.timeout
        self._timer = self._later(limit, lambda: self._stop(f"it ran longer than {limit:g} s"))

    def kill(self, why: str) -> None:
        """End it and all that stayed in its group, at once."""
        self._why = self._why or why
        if self._group is not None and self._end is None:
            self._group.kill()

    def process_started(self, pid: int, started: int) -> None:
        """Nothing to do: its group is found by the name that it carries."""

    def process_ended(self, end: End) -> None:
        """Wait for the rest of the output, but not for ever."""
        self._end = end
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._readers:
            self._timer = self._later(DRAIN, self._finish)
        else:
            self._finish()

    def _stop(self, why: str) -> None:
        self._why = self._why or why
        if self._group is not None and self._end is None:
            self._group.terminate()
            self._timer = self._later(GRACE, lambda: self.kill(why))

    def _on_readable(self, reader: int, is_out: bool) -> None:
        try:
            chunk = os.read(reader, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._keep(self._masks[is_out].finish(), is_out)
            self._close(reader)
            if not self._readers and self._end is not None:
                self._finish()
            return
        self._keep(self._masks[is_out].feed(chunk), is_out)
        self._beat(len(chunk))

    def _keep(self, masked: bytes, is_out: bool) -> None:
        if is_out and self._out is not None:
            self._out += masked
            if len(self._out) > MOST_OUTPUT:
                self._out = None
        self._tail = (self._tail + masked)[-TAIL:]

    def _close(self, reader: int) -> None:
        del self._readers[reader]
        self._loop.remove_reader(reader)
        os.close(reader)

    def _close_all(self) -> None:
        for reader in list(self._readers):
            self._close(reader)

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for is_out in self._readers.values():
            self._keep(self._masks[is_out].finish(), is_out)
        self._close_all()
        if self.over.done():
            return
        out = None if self._out is None else bytes(self._out)
        tail = self._tail.decode("utf-8", "replace")
        status, why, absent = _ending(self._end, self._why)
        self.over.set_result(Ran(status=status, why=why, out=out, tail=tail, absent=absent))


def _ending(end: End | None, why: str) -> tuple[int | None, str, bool]:
    match end:
        case _ if why:
            return None, why, False
        case Exited(status):
            return status, "", False
        case Killed(signal):
            return None, f"it was ended by signal {signal}", False
        case NotStarted(step, errno):
            what = "there is no such directory" if step == "chdir" else "it cannot be started"
            return None, f"{what}: {os.strerror(errno).lower()}", step == "exec"
    return None, "what became of it is not known: the process that starts programs was lost", False


def _encoded(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text.encode("utf-8", "surrogateescape")


def _said(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    with suppress(IndexError):
        return text[0].lower() + text[1:]
    return type(error).__name__
