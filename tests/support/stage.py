"""A clock and a runtime in one: time passes only when nothing else can happen."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from metaensemble.engine.coordinator.coordinator import POLL_SECONDS
from metaensemble.engine.runtimes.protocol import (
    AttemptEvent,
    AttemptRequest,
    AttemptResult,
    Capabilities,
)
from metaensemble.schemas.bound import BoundTask
from metaensemble.schemas.errors import InputError

QUIET = 30
"""Turns of the loop without any news after which nothing else can happen; far more than any news takes."""

HANGS = AttemptResult(outcome="cancelled", reason="cancelled")
"""What an act gives for an attempt that ends only when it is cancelled."""

Act = Callable[[AttemptRequest], AttemptResult]


@dataclass(slots=True)
class _Open:
    result: AttemptResult
    future: asyncio.Future[AttemptResult] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    async def wait(self) -> AttemptResult:
        return await self.future

    def cancel(self, *, hard: bool) -> None:
        if not self.future.done():
            self.future.set_result(HANGS)


@dataclass(slots=True)
class _Timer:
    call: Callable[[], None]
    is_over: bool = False

    def cancel(self) -> None:
        self.is_over = True


class Stage:
    """Attempts end in the order in which they began, as `act` says; timers fire in the order of their time.

    When nothing is left but attempts that hang, `when_quiet` is called, once; the Coordinator's
    housekeeping is due then and never before.
    """

    name = "script"
    capabilities = Capabilities()

    def __init__(self, act: Act, when_quiet: Callable[[], None] | None = None) -> None:
        self._act = act
        self._when_quiet = when_quiet
        self._open: list[_Open] = []
        self._timers: list[tuple[float, int, _Timer]] = []
        self._housekeeping: list[Callable[[], None]] = []
        self._now = 1_700_000_000_000.0
        self._count = 0
        self._quiet = 0
        self._is_turning = False
        self.started: Counter[str] = Counter()
        self.newest = ""

    # The runtime

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        return []

    def start(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> _Open:
        self.started[request.node_id] += 1
        self.newest = request.node_id
        attempt = _Open(self._act(request))
        self._open.append(attempt)
        self._turn()
        return attempt

    async def close(self) -> None:
        self._open.clear()

    # The clock

    def now_ms(self) -> int:
        return int(self._now)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        timer = _Timer(call)
        if seconds == POLL_SECONDS:
            self._housekeeping.append(call)
            return timer
        self._count += 1
        heappush(self._timers, (self._now + seconds * 1000, self._count, timer))
        self._turn()
        return timer

    # One thing after the other

    def _turn(self) -> None:
        self._quiet = 0
        if not self._is_turning:
            self._is_turning = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._open = [attempt for attempt in self._open if not attempt.future.done()]
        can_end = [attempt for attempt in self._open if attempt.result is not HANGS]
        if can_end:
            self._quiet = 0
            can_end[0].future.set_result(can_end[0].result)
        elif self._quiet < QUIET:
            self._quiet += 1
        elif not self._pass_time():
            self._is_turning = False
            return
        asyncio.get_running_loop().call_soon(self._next)

    def _pass_time(self) -> bool:
        """Let the next thing happen that only time brings; whether there was one."""
        self._quiet = 0
        while self._timers:
            self._now, _, timer = heappop(self._timers)
            if not timer.is_over:
                timer.call()
                return True
        if self._when_quiet is None or not self._open:
            return False
        call, self._when_quiet = self._when_quiet, None
        call()
        due, self._housekeeping = self._housekeeping, []
        for keep_house in due:
            keep_house()
        return True
