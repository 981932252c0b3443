"""One turn of an agent: its folder, its process under a shim, and what it says meanwhile."""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..private_files import write_private
from ..process.shim_link import Envelope, ShimLink, ShimSpec, read_envelope
from .client import Client, Hears, Launch, Seen, Turn, TurnEnd
from .invocation import inherited
from .protocol import AttemptRequest
from .shortage import Threads

_TURN: Final = "turn.json"
_TAIL: Final = 16 << 10
_CHUNK: Final = 1 << 18
_AT_ONCE: Final = 1 << 20
"""Bytes that are read before anything else gets its turn on the event loop."""
_LONGEST_LINE: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A turn whose process is gone: what its client made of it, and its envelope, None when the shim was
    lost as well."""

    turn: Turn
    end: TurnEnd
    envelope: Envelope | None
    stderr: str
    abandoned: bool = False
    """Whether nobody waited until all of its output was read."""

    @property
    def seconds(self) -> float:
        """How long it took; 0 when that is not known."""
        return 0.0 if self.envelope is None else (self.envelope.ended_ms - self.envelope.started_ms) / 1000

    @property
    def by_itself(self) -> bool:
        """Whether nobody and no limit ended it."""
        return self.envelope is not None and self.envelope.by_itself and not self.abandoned


class Reading:
    """Reads a turn's output from its files, as far as they have been written, in whole lines."""

    def __init__(self, client: Client, turn: Turn, folder: Path, see: Callable[[Seen], None]) -> None:
        self._reader = client.reader(turn)
        self._turn = turn
        self._folder = folder
        self._see = see
        # What a client says on its output, it says in JSON objects.
        self._files = [_Lines(folder / "stdout", partial(self._feed, self._reader.feed), having=b"{")]
        if isinstance(self._reader, Hears):
            self._files.append(_Lines(folder / "stderr", partial(self._feed, self._reader.hear)))

    def read_on(self) -> tuple[int, bool]:
        """Take some of what is new; how many bytes that was, and whether there is more."""
        sizes = [file.read_on(_AT_ONCE) for file in self._files]
        return sum(sizes), max(sizes) >= _AT_ONCE

    def abandon(self) -> None:
        """Read no further; safe from another thread."""
        for file in self._files:
            file.is_abandoned = True

    def finish(self, envelope: Envelope | None) -> Finished:
        """The end of the turn, once its process is gone."""
        for file in self._files:
            file.finish()
        stderr = _tail(self._folder / "stderr")
        status = None if envelope is None else envelope.status
        number = None if envelope is None else envelope.signal
        end = self._reader.end(status=status, signal=number, stderr=stderr)
        abandoned = any(file.is_abandoned for file in self._files)
        return Finished(turn=self._turn, end=end, envelope=envelope, stderr=stderr, abandoned=abandoned)

    def _feed(self, read: Callable[[bytes], Sequence[Seen]], line: bytes) -> None:
        for seen in read(line.removesuffix(b"\r")):
            self._see(seen)


class _Lines:
    """The whole lines of a file that is being written, those alone that hold `having`."""

    def __init__(self, path: Path, feed: Callable[[bytes], None], *, having: bytes = b"") -> None:
        self._path = path
        self._feed = feed
        self._having = having
        self.is_abandoned = False
        self._file: Any = None
        self._rest: list[bytes] = []
        self._size = 0

    def read_on(self, limit: float) -> int:
        """Take what is new, up to `limit` bytes and a piece; how many bytes that was."""
        if self._file is None:
            try:
                self._file = self._path.open("rb", buffering=0)
            except FileNotFoundError:
                return 0
        size = 0
        while size < limit and not self.is_abandoned and (chunk := self._file.read(_CHUNK)):
            size += len(chunk)
            self._take(chunk)
        return size

    def _take(self, chunk: bytes) -> None:
        first, rest = chunk.find(b"\n"), chunk.rfind(b"\n") + 1
        if first < 0:
            self._add(chunk)
            return
        self._add(chunk[:first])
        self._end_line()
        # Looked for first: a client may flood its output with millions of short lines.
        if chunk.find(self._having, first + 1, rest) >= 0:
            for line in chunk[first + 1 : rest - 1].split(b"\n") if rest - 1 > first else ():
                if self._having in line:
                    self._add(line)
                    self._end_line()
        self._add(chunk[rest:])

    def finish(self) -> None:
        self.read_on(math.inf)
        self._end_line()
        if self._file is not None:
            self._file.close()

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= _LONGEST_LINE:
            self._rest.append(piece)
        else:
            self._rest.clear()  # no client says so much at once: it is no line of a protocol

    def _end_line(self) -> None:
        line = b"".join(self._rest)
        self._rest.clear()
        self._size = 0
        if line.strip() and self._having in line:
            self._feed(line)


class RunningTurn:
    """A turn that was started here. `alive` is told of every sign of life, in bytes."""

    def __init__(
        self,
        client: Client,
        turn: Turn,
        request: AttemptRequest,
        *,
        environ: Mapping[str, str],
        wall: float | None,
        orphan: float,
        threads: Threads,
        see: Callable[[Seen], None],
        alive: Callable[[int], None],
    ) -> None:
        folder = Path(turn.folder)
        launch = client.launch(turn, environ)
        _write(folder, turn, launch, request)
        self._alive = alive
        self._threads = threads
        self._reading = Reading(client, turn, folder, see)
        self._over: asyncio.Future[Envelope | None] = asyncio.get_running_loop().create_future()
        self.link = ShimLink(
            ShimSpec(
                argv=launch.argv,
                env=_environment(launch, request, environ),
                cwd=turn.cwd,
                folder=turn.folder,
                stdin=str(folder / "stdin"),
                attempt=request.run_id,
                dag_run=request.dag_run_id,
                key=request.key,
                turn=turn.number,
                secrets=tuple(request.secrets),
                wall=wall,
                orphan=orphan,
                grace=request.grace,
            ),
            woken=self._on_output,
            ended=self._on_end,
        )

    async def wait(self) -> Finished:
        """The end of the turn."""
        envelope = await self._over
        return await self._threads.result_of(partial(self._reading.finish, envelope))

    def abandon(self) -> None:
        """Read its output no further: nobody waits for what it came to."""
        self._reading.abandon()

    def _on_output(self) -> None:
        if self._over.done():
            return  # the rest is read elsewhere
        size, more = self._reading.read_on()
        if size:
            self._alive(size)
        if more:
            asyncio.get_running_loop().call_soon(self._on_output)

    def _on_end(self, envelope: Envelope | None) -> None:
        if not self._over.done():
            self._over.set_result(envelope)


def turn_folder(scratch: str, number: int) -> Path:
    """Where everything about a turn lies."""
    return Path(scratch) / f"turn-{number}"


def recorded_turns(client: Client, scratch: str, see: Callable[[Seen], None]) -> Iterator[Finished]:
    """The turns that an earlier Coordinator began, in their order, read anew; a turn that was begun and has
    no envelope is the last one, without an end."""
    number = 1
    while (turn := _read_turn(turn_folder(scratch, number))) is not None:
        folder = turn_folder(scratch, number)
        yield Reading(client, turn, folder, see).finish(read_envelope(folder))
        number += 1


def _write(folder: Path, turn: Turn, launch: Launch, request: AttemptRequest) -> None:
    write_private(folder / "stdin", launch.stdin)
    for path, data in launch.files.items():
        write_private(Path(path), data)
    known = {"attempt": request.run_id, "key": request.key, "turn": asdict(turn)}
    # Durable before the process begins: an attempt that costs money must be found again.
    write_private(folder / _TURN, json.dumps(known).encode("ascii"), durable=True)


def _read_turn(folder: Path) -> Turn | None:
    try:
        given = json.loads((folder / _TURN).read_bytes())["turn"]
        tools = given["tools"]
        return Turn(**{**given, "tools": None if tools is None else tuple(tools)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _environment(launch: Launch, request: AttemptRequest, environ: Mapping[str, str]) -> dict[str, str]:
    base = {name: value for name, value in inherited(environ).items() if name not in launch.unset}
    marks = {
        "ME_ATTEMPT_ID": request.run_id,
        "ME_DAG_RUN_ID": request.dag_run_id,
        "ME_NODE_ID": request.node_id,
        "TRACEPARENT": traceparent(request.dag_run_id, request.run_id),
    }
    return {**base, **launch.env, **request.secrets, **request.env, **marks}


def traceparent(dag_run_id: str, run_id: str) -> str:
    """The W3C trace context (version 00) of an attempt: the DAG run is the trace, the Run the span."""
    trace = dag_run_id.replace("-", "").rjust(32, "0")[-32:]
    span = run_id.replace("-", "").rjust(16, "0")[-16:]
    return f"00-{trace}-{span}-01"


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
