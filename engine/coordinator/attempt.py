"""One attempt that is being carried out, with its watchdogs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...schemas.bound import BoundTask
from ..agents.executors import Choice
from ..instances import on_lost
from ..reuse.results import Candidate
from ..runtimes.protocol import AttemptHandle, AttemptRequest, AttemptResult
from ..scheduler.events import CancelWhy
from .clock import Clock, Timer

_SLACK: Final = 15.0
"""Seconds that an agent's attempt may take longer than its limit, in which its shim ends it."""


class LiveAttempt:
    """An attempt between its intent and its outcome.

    `cut` is set once a watchdog has stopped it, and holds the reason. `cancelled_for` is set once
    the scheduler has asked for its end. The first of the two wins. `candidate` is what the key of its
    result is made of, for tasks whose results are kept; `offer` is what is recorded of that result.
    `choice`, `columns` and `request` are set for an agent's: its Executor, what its Run's columns are by now,
    and what it was asked.
    """

    def __init__(
        self,
        node: str,
        task: BoundTask,
        *,
        task_id: str,
        generation: int,
        attempt_no: int,
        run_id: str,
        started_ms: int,
        key: str,
        clock: Clock,
        guard: Callable[[Callable[[], None]], Callable[[], None]],
    ) -> None:
        self.node = node
        self.task = task
        self.task_id = task_id
        self.on_lost = on_lost(task)
        self.generation = generation
        self.attempt_no = attempt_no
        self.run_id = run_id
        self.started_ms = started_ms
        self.key = key
        self.handle: AttemptHandle | None = None
        self.candidate: Candidate | None = None
        self.offer: dict[str, Any] | None = None
        self.choice: Choice | None = None
        self.columns: Mapping[str, Any] = {}
        self.request: AttemptRequest | None = None
        self.cut: str | None = None
        self.cancelled_for: CancelWhy | None = None
        self._clock = clock
        self._guard = guard
        self._last_sign_ms = started_ms
        self._timers: list[Timer] = []

    def watch(self, handle: AttemptHandle) -> None:
        """Start the watchdogs over `handle`; an earlier cancel is passed on."""
        self.handle = handle
        if self.task.timeout is not None:
            limit = self.task.timeout
            # The shim of an agent keeps the limit itself, also without a Coordinator, and can say more.
            slack = _SLACK if self.task.agent is not None else 0.0
            self._later(
                limit + slack, lambda: self._stop(f"ran longer than its `timeout` of {_seconds(limit)}")
            )
        if self.task.idle_timeout is not None:
            self._later(self.task.idle_timeout, self._check_idle)

    def sign_of_life(self) -> None:
        """Note that the attempt did something."""
        self._last_sign_ms = self._clock.now_ms()

    def cancel(self, why: CancelWhy, *, hard: bool) -> None:
        """Stop the attempt because the scheduler asks for it."""
        if self.cut is None and self.cancelled_for is None:
            self.cancelled_for = why
        if self.handle is not None:
            self.handle.cancel(hard=hard)

    def verdict(self, result: AttemptResult) -> AttemptResult:
        """`result`, with the watchdog's reason in place of a bare cancellation."""
        for timer in self._timers:
            timer.cancel()
        if result.outcome != "cancelled" or self.cut is None:
            return result
        return AttemptResult(
            outcome="failed",
            failure_reason="timeout",
            reason=self.cut,
            exit_status=result.exit_status,
            stdout=result.stdout,
            stderr=result.stderr,
            columns=result.columns,
        )

    def _check_idle(self) -> None:
        limit = self.task.idle_timeout
        if limit is None:
            return
        quiet = (self._clock.now_ms() - self._last_sign_ms) / 1000
        if quiet >= limit:
            self._stop(f"gave no sign of life for its `idle_timeout` of {_seconds(limit)}")
        else:
            self._later(max(limit - quiet, 0.001), self._check_idle)

    def _stop(self, reason: str) -> None:
        if self.cut is None and self.cancelled_for is None and self.handle is not None:
            self.cut = reason
            self.handle.cancel(hard=False)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(self._clock.call_later(seconds, self._guard(call)))


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s"
