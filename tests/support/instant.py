"""A clock without waiting and a runtime whose attempts end as a script says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from metaensemble.engine.coordinator.coordinator import POLL_SECONDS
from metaensemble.engine.runtimes.protocol import (
    AttemptEvent,
    AttemptRequest,
    AttemptResult,
    Capabilities,
)
from metaensemble.schemas.bound import BoundTask
from metaensemble.schemas.canonical import digest
from metaensemble.schemas.errors import InputError


class InstantClock:
    """Every timer is due at once, in the order of its time; the Coordinator's housekeeping never is."""

    def __init__(self) -> None:
        self._now = 1_700_000_000_000

    def now_ms(self) -> int:
        self._now += 1
        return self._now

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        if seconds == POLL_SECONDS:
            return _Never()
        return asyncio.get_running_loop().call_soon(call)


class _Never:
    def cancel(self) -> None:
        return


class ScriptRuntime:
    """Ends attempts in an order drawn from `rng`, as `failures` says.

    `failures[node]` is the number of first attempts that fail; None fails for ever. The output of a
    node is a digest over its name and what came before, so that a wrong input shows in every output
    behind it. `started` counts attempts per node over the life of this object.
    """

    name = "script"
    capabilities = Capabilities()

    def __init__(self, failures: Mapping[str, int | None], rng: Random) -> None:
        self._failures = failures
        self._rng = rng
        self._open: list[_Handle] = []
        self.started: Counter[str] = Counter()

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        return []

    def start(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> _Handle:
        self.started[request.node_id] += 1
        handle = _Handle(self._result(request))
        self._open.append(handle)
        asyncio.get_running_loop().call_soon(self._end_one)
        return handle

    async def close(self) -> None:
        self._open.clear()

    def _end_one(self) -> None:
        waiting = [handle for handle in self._open if not handle.future.done()]
        self._open = waiting
        if waiting:
            chosen = self._rng.choice(waiting)
            chosen.future.set_result(chosen.result)

    def _result(self, request: AttemptRequest) -> AttemptResult:
        wanted = self._failures.get(request.node_id, 0)
        if wanted is None or request.attempt_no <= wanted:
            return AttemptResult(outcome="failed", failure_reason="exit_status", reason="as scripted")
        seen = {name: brief.get("output") for name, brief in sorted(request.briefs.items())}
        return AttemptResult(outcome="ok", output=digest([request.node_id, seen])[:12])


class _Handle:
    def __init__(self, result: AttemptResult) -> None:
        self.result = result
        self.future: asyncio.Future[AttemptResult] = asyncio.get_running_loop().create_future()

    async def wait(self) -> AttemptResult:
        return await self.future

    def cancel(self, *, hard: bool) -> None:
        if not self.future.done():
            self.future.set_result(AttemptResult(outcome="cancelled", reason="cancelled"))
