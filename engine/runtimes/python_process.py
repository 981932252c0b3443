"""An attempt whose callable is called by a worker, a process of its own kind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from ...schemas.bound import CallableSpec
from ..masking import Masker
from ..process.identity import boot_id
from ..process.launcher import End, Lost
from ..process.orphans import kill_remains
from ..process.timer import Timer
from .capture import BlobSink, Capture, kept_as
from .inspection import Inspection
from .invocation import RequestRefused, variables_of
from .output_contract import LARGEST_VALUE
from .protocol import AttemptRequest, AttemptResult, Spawned
from .python_end import Ending, conclude, is_small, not_made
from .python_pool import Kind, Pool, Worker
from .python_wire import request_line
from .streams import Emit, Pulse, Streams


class ProcessAttempt:
    """One call in a worker, from the request to the result."""

    def __init__(
        self, pool: Pool, request: AttemptRequest, emit: Emit, masker: Masker, blobs: BlobSink, drain: float
    ) -> None:
        self._pool = pool
        self._request = request
        self._emit = emit
        self._masker = masker
        self._blobs = blobs
        self._drain = drain
        self._over: asyncio.Future[AttemptResult | None] = asyncio.get_running_loop().create_future()
        self._worker: Worker | None = None
        self._pulse = Pulse(emit)
        self._streams = Streams(
            Capture(blobs, masker, keep_as=kept_as(request.run_id, "stdout")),
            Capture(blobs, masker, keep_as=kept_as(request.run_id, "stderr")),
            self._pulse,
            over=self._on_silence,
            broken=self._on_broken,
        )
        self._inspection = Inspection()
        self._ending = Ending()
        self._has_ended = False
        self._broken: BaseException | None = None
        self._timer: Timer | None = None

    # ---- the protocol --------------------------------------------------------------------------

    async def wait(self) -> AttemptResult:
        """The result. Raises only what the store of large texts raised."""
        early = await self._over
        if early is not None:
            return early
        streams = self._streams
        concluding = partial(
            conclude,
            *(self._request, self._ending, streams.stdout, streams.stderr, self._masker, self._blobs),
            self._inspection,
        )
        if is_small(self._request, self._ending):
            return concluding()
        return await asyncio.to_thread(concluding)

    def cancel(self, *, hard: bool) -> None:
        """SIGTERM to the worker's group, and SIGKILL after the request's grace; `hard`: SIGKILL at once.

        Once the callable has returned, what its output is still held to is left unchecked.
        """
        if self._worker is None or self._ending.facts is not None:
            self._inspection.abandon()
            return
        if hard:
            self._kill("it was killed")
        elif self._ending.stopped is None:
            self._ending.stopped = "it was asked to stop"
            self._worker.terminate()
            grace = self._request.grace
            text = f"it was killed, {grace:g} s after it was asked to stop"
            self._timer = self._pool.later(grace, lambda: self._kill(text))

    # ---- the start -----------------------------------------------------------------------------

    def begin(self, spec: CallableSpec) -> None:
        """Hand the call to a worker; never raises for what the request asks for."""
        request = self._request
        ends: tuple[int, ...] = ()
        try:
            self._inspection.prepare(request)
            variables = variables_of(request)
            if "\0" in request.cwd:
                raise RequestRefused("the working directory holds a NUL character")
            line = _line(spec, request)
            out, err = ends = self._streams.open()
            kind = Kind(request.project, request.dag_run_id, tuple(sorted(variables)))
            worker = self._pool.take(kind, (out, err))
            while not worker.ask(self, line, (out, err)):
                worker = self._pool.take(kind, (out, err))
            self._worker = worker
        except (RequestRefused, OSError) as error:
            self._streams.stop()
            self._over.set_result(not_made(error, self._masker))
        finally:
            for descriptor in ends:
                os.close(descriptor)

    # ---- what happens --------------------------------------------------------------------------

    def worker_known(self, pid: int, started: int) -> None:
        """Pass the facts on by which the process can be found again; output is told of after that."""
        self._emit(Spawned(pid=pid, group=pid, started=started, boot_id=boot_id()))
        self._pulse.begin()

    def worker_answered(self, facts: Mapping[str, Any], value: bytes | None) -> None:
        """The callable has come to its end. What it left running ends with its worker."""
        self._ending.facts = facts
        self._ending.value = value
        self._forget_timer()
        if facts["again"]:
            self._on_end()

    def worker_cut_off(self, reason: str) -> None:
        """The worker is about to end, or to be killed."""
        self._ending.cut_off = reason

    def worker_ended(self, end: End) -> None:
        """Wait for the rest of the output, but not for ever."""
        ending = self._ending
        ending.end = end
        assert self._worker is not None
        ending.was_ready = self._worker.is_ready
        ending.was_killed = self._worker.was_killed
        if isinstance(end, Lost):
            # What left the group has the attempt's id, and not the worker's.
            kill_remains((), {self._request.run_id})
        if self._pool.is_closing and ending.facts is None and ending.stopped is None:
            ending.stopped = "it was killed, because the program ended"
        self._on_end()

    def _on_end(self) -> None:
        self._worker = None
        self._has_ended = True
        self._forget_timer()
        if self._streams.is_open:
            self._timer = self._pool.later(self._drain, self._finish)
        else:
            self._finish()

    def _on_silence(self) -> None:
        if self._has_ended:
            self._finish()

    def _on_broken(self, error: BaseException) -> None:
        """The store failed, not the callable; without its output it is of no use."""
        self._broken = error
        if self._has_ended:
            self._finish()
        else:
            self._kill("its output could not be stored")

    def _kill(self, reason: str) -> None:
        if self._worker is not None:
            self._ending.stopped = reason
            self._worker.kill()

    def _finish(self) -> None:
        self._forget_timer()
        self._streams.stop()
        self._pulse.finish()
        if self._over.done():
            # Who waited has been cancelled.
            return
        if self._broken is not None:
            self._streams.abort()
            self._over.set_exception(self._broken)
        else:
            self._over.set_result(None)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _line(spec: CallableSpec, request: AttemptRequest) -> bytes:
    fields = {
        "project": request.project,
        "cwd": request.cwd,
        "module": spec.module,
        "function": spec.function,
        "inputs": request.inputs,
        "briefs": request.briefs,
        "offered": request.offered,
        "env": {"ME_ATTEMPT_ID": request.run_id, "ME_NODE_ID": request.node_id},
        "limit": LARGEST_VALUE,
    }
    try:
        return request_line(fields)
    except RecursionError:
        raise RequestRefused("its inputs are nested too deeply to be handed on") from None
