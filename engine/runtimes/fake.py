"""A runtime and a clock that a test drives by hand: nothing is started, and no time passes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from ...schemas.bound import BoundTask
from ...schemas.errors import InputError
from .protocol import Activity, AttemptEvent, AttemptRequest, AttemptResult, Capabilities


class ManualClock:
    """Stands still until it is moved; calls that were put off are made while it moves."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = float(now_ms)
        self._order = count()
        self._calls: list[tuple[float, int, ManualTimer]] = []

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return int(self._now_ms)

    def call_later(self, seconds: float, call: Callable[[], None]) -> ManualTimer:
        """Make `call` once the clock was moved by `seconds` or more."""
        timer = ManualTimer(call)
        heappush(self._calls, (self._now_ms + seconds * 1000, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> int:
        """Move the clock; returns how many calls were made, each at its own time and in their order."""
        until = self._now_ms + seconds * 1000
        made = 0
        while self._calls and self._calls[0][0] <= until:
            due, _, timer = heappop(self._calls)
            self._now_ms = due
            made += timer.fire()
        self._now_ms = until
        return made

    @property
    def waiting(self) -> int:
        """How many calls are put off and not cancelled."""
        return sum(timer.is_set for _, _, timer in self._calls)


class ManualTimer:
    """A call that was put off."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    @property
    def is_set(self) -> bool:
        """Whether the call is still to be made."""
        return self._call is not None

    def cancel(self) -> None:
        """Forget the call; harmless after it was made."""
        self._call = None

    def fire(self) -> bool:
        """Make the call; False when it was forgotten."""
        call, self._call = self._call, None
        if call is None:
            return False
        call()
        return True


Script = Callable[[AttemptRequest], AttemptResult | None]
"""How an attempt ends; None leaves it open, for the test to end."""


@dataclass(kw_only=True)
class ScriptedRuntime:
    """Attempts end when and how the test says.

    `script` may end an attempt as it starts. `stubborn` names nodes whose attempts do not heed a soft
    cancel. `refused` maps task ids to what preflight says about them. `attempts` holds every attempt
    that was started, in order.
    """

    clock: ManualClock = field(default_factory=ManualClock)
    script: Script = lambda _: None
    stubborn: frozenset[str] = frozenset()
    refused: dict[str, list[InputError]] = field(default_factory=dict)
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(speaks_while_running=True))
    name: str = "scripted"
    attempts: list[ScriptedAttempt] = field(default_factory=list)

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:  # noqa: ARG002
        """What the test put in for the task."""
        return self.refused.get(task.id, [])

    def start(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> ScriptedAttempt:
        """An attempt that runs until the script or the test ends it."""
        attempt = ScriptedAttempt(self, request, emit)
        self.attempts.append(attempt)
        result = self.script(request)
        if result is not None:
            attempt.finish(result)
        return attempt

    async def close(self) -> None:
        """End what is open as cancelled."""
        for attempt in self.live():
            attempt.finish(AttemptResult(outcome="cancelled", reason="the runtime was closed"))

    def live(self, node_id: str | None = None) -> Sequence[ScriptedAttempt]:
        """The attempts that have not ended, of one node or of all."""
        return [a for a in self.attempts if not a.has_ended and node_id in (None, a.request.node_id)]

    def finish(self, node_id: str, result: AttemptResult | None = None) -> None:
        """End the node's live attempt, as `ok` without output unless a result is given."""
        (attempt,) = self.live(node_id)
        attempt.finish(result or AttemptResult(outcome="ok"))


class ScriptedAttempt:
    """One attempt; `cancels` lists the cancellations it was asked for, True for a hard one."""

    def __init__(
        self, runtime: ScriptedRuntime, request: AttemptRequest, emit: Callable[[AttemptEvent], None]
    ) -> None:
        self.request = request
        self.cancels: list[bool] = []
        self._runtime = runtime
        self._emit = emit
        self._over: asyncio.Future[AttemptResult] = asyncio.get_running_loop().create_future()
        self._timer: ManualTimer | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the result is decided."""
        return self._over.done()

    async def wait(self) -> AttemptResult:
        """The result, once it is decided."""
        return await self._over

    def cancel(self, *, hard: bool) -> None:
        """End as cancelled; a stubborn one heeds only a hard cancel, which follows after the grace."""
        self.cancels.append(hard)
        if self.has_ended:
            return
        if hard or self.request.node_id not in self._runtime.stubborn:
            self.finish(AttemptResult(outcome="cancelled", reason="it was cancelled"))
        elif self._timer is None:
            self._timer = self._runtime.clock.call_later(self.request.grace, lambda: self.cancel(hard=True))

    def speak(self, event: AttemptEvent | None = None) -> None:
        """Report a sign of life, or another event; `RuntimeError` after the end."""
        if self.has_ended:
            raise RuntimeError("an attempt that has ended says nothing")
        self._emit(event or Activity())

    def finish(self, result: AttemptResult) -> None:
        """Decide the result; `RuntimeError` when it is decided already."""
        if self.has_ended:
            raise RuntimeError("an attempt ends once")
        if self._timer is not None:
            self._timer.cancel()
        self._over.set_result(result)
