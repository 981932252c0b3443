"""An attempt together with the assessment of its work, for runtimes that do not assess by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ..runtimes.assessing import Assess
from ..runtimes.protocol import Activity, AttemptEvent, AttemptHandle, AttemptRequest, AttemptResult

STOPPED: Final = "it was asked to stop while its work was checked"
"""Why an attempt was cancelled whose work was done and not known to be good."""


async def assessed(
    request: AttemptRequest,
    result: AttemptResult,
    assess: Assess,
    *,
    beat: Callable[[int], None] = lambda _: None,
) -> AttemptResult:
    """`result`, with what its work came to: a failure with the reason `quality_gate` where that is not ok,
    and the Run's columns `quality_state` and `quality_findings`."""
    if result.outcome != "ok":
        return result
    found = await assess(request, result, beat=beat)
    result = replace(result, columns={**result.columns, **found.columns})
    if found.ok:
        return result
    result = replace(result, outcome="failed", failure_reason="quality_gate", reason=found.reason)
    return replace(result, output=None, deliverable=None)


class AssessedHandle:
    """A started attempt whose work is assessed before it ends; cancelling it stops that as well."""

    def __init__(
        self,
        handle: AttemptHandle,
        request: AttemptRequest,
        assess: Assess,
        emit: Callable[[AttemptEvent], None],
    ) -> None:
        self._handle = handle
        self._request = request
        self._assess = assess
        self._emit = emit
        self._work: asyncio.Task[AttemptResult] | None = None
        self._stopped = asyncio.Event()

    async def wait(self) -> AttemptResult:
        """The result, once its work has been assessed."""
        result = await self._handle.wait()
        if result.outcome != "ok":
            return result
        unknown = replace(result, outcome="cancelled", reason=STOPPED, output=None, deliverable=None)
        if self._stopped.is_set():
            return unknown
        self._work = asyncio.get_running_loop().create_task(
            assessed(self._request, result, self._assess, beat=self._beat)
        )
        try:
            return await self._work
        except asyncio.CancelledError:
            if self._stopped.is_set():
                return unknown
            raise

    def cancel(self, *, hard: bool) -> None:
        """Stop the attempt, or the assessment of what it did; of that, nothing is worth waiting for."""
        self._stopped.set()
        if self._work is None:
            self._handle.cancel(hard=hard)
        else:
            self._work.cancel()

    def _beat(self, size: int) -> None:
        self._emit(Activity(size=size))
