"""A runtime whose attempts work in worktrees of their own, where their task asks for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from ...schemas.bound import BoundTask
from ...schemas.errors import InputError
from ..faults import Faults, no_faults
from ..quality.assessed import AssessedHandle
from ..quality.assessment import is_assessed
from ..runtimes.assessing import Assess
from ..runtimes.protocol import (
    Activity,
    Adopts,
    AttemptEvent,
    AttemptHandle,
    AttemptRequest,
    AttemptResult,
    Capabilities,
    Runtime,
)
from .git import GitError, Stopped
from .keeping import Kept, commit, remove, salvage, withdraw
from .making import BASE, again, create, fill, head_of
from .mapping import mapped, preparation, promised
from .merging import MergeConflict, Side
from .worktree import Place, Worktree, opened

STOPPED: Final = "it was stopped before its worktree was ready"

Emit = Callable[[AttemptEvent], None]


class Yard:
    """The worktrees of one project, as far as one Coordinator has them made.

    All that begin without the work of others begin at one commit: the one that is checked out when the first
    of them is made.
    """

    def __init__(self, place: Place, *, faults: Faults = no_faults) -> None:
        self.place = place
        self.faults = faults
        self.turn = asyncio.Lock()
        self._start: str | None = None

    def start(self) -> str:
        """The commit at which worktrees begin. Raises `GitError`."""
        if self._start is None:
            self._start = head_of(self.place)
        return self._start


class IsolatedRuntime:
    """Carries attempts out by `inner`; those with `isolation` in a worktree of `yard`. `commands` carries out
    what prepares a worktree, and `assess` looks at the work there, where `inner` does not."""

    def __init__(
        self, inner: Runtime, commands: Runtime, yard: Yard, *, assess: Assess | None = None
    ) -> None:
        self.assess = assess
        self.inner = inner
        self.commands = commands
        self.yard = yard
        self._going_on: set[asyncio.Task[AttemptResult]] = set()

    @property
    def name(self) -> str:
        """That of the runtime within."""
        return self.inner.name

    @property
    def version(self) -> str:
        """That of the runtime within."""
        return str(getattr(self.inner, "version", "1"))

    @property
    def capabilities(self) -> Capabilities:
        """Those of the runtime within."""
        return self.inner.capabilities

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        """What the runtime within finds."""
        return self.inner.preflight(task, project=project)

    def start(self, request: AttemptRequest, emit: Emit) -> AttemptHandle:
        """Start an attempt, in a worktree if it asks for one."""
        if request.isolation is None:
            return self.inner.start(request, emit)
        return self._begun(IsolatedAttempt(self, request, emit, None))

    def _begun(self, attempt: IsolatedAttempt) -> IsolatedAttempt:
        self._going_on.add(attempt.task)
        attempt.task.add_done_callback(self._going_on.discard)
        return attempt

    def salvage(self, run_id: str) -> str | None:
        """Put away what a lost attempt left in its worktree: the ref that keeps its work, None where there is
        none. What cannot be put away stays where it is."""
        try:
            return salvage(self.yard.place, run_id)
        except (GitError, OSError):
            return None

    async def close(self) -> None:
        """Close the runtime within, and what prepared worktrees; nothing goes on in any of them then."""
        await self.inner.close()
        await self.commands.close()
        for task in self._going_on:
            task.cancel()
        await asyncio.gather(*self._going_on, return_exceptions=True)


class AdoptingIsolated(IsolatedRuntime):
    """The same, around a runtime whose attempts outlive their Coordinator."""

    def adopt(self, request: AttemptRequest, emit: Emit) -> AttemptHandle | None:
        """Take over an attempt together with its worktree, which is made anew from its branch if its work was
        committed before its Coordinator was gone."""
        assert isinstance(self.inner, Adopts)
        if request.isolation is None:
            return self.inner.adopt(request, emit)
        place = self.yard.place
        found = opened(place, request.run_id) or again(place, request.run_id, request.isolation.branch)
        if found is None:
            return None
        handle = self.inner.adopt(mapped(request, found, place.environ), emit)
        return None if handle is None else self._begun(IsolatedAttempt(self, request, emit, (found, handle)))


def isolated(
    inner: Runtime, commands: Runtime, yard: Yard, *, assess: Assess | None = None
) -> IsolatedRuntime:
    """The runtime `inner` with worktrees around it."""
    kind = AdoptingIsolated if isinstance(inner, Adopts) else IsolatedRuntime
    return kind(inner, commands, yard, assess=assess)


class IsolatedAttempt:
    """An attempt and its worktree: made, prepared, worked in, committed, and taken away if it can be."""

    def __init__(
        self,
        runtime: IsolatedRuntime,
        request: AttemptRequest,
        emit: Emit,
        adopted: tuple[Worktree, AttemptHandle] | None,
    ) -> None:
        self._runtime = runtime
        self._place = runtime.yard.place
        self._faults = runtime.yard.faults
        self._request = request
        self._emit = emit
        self._adopted = adopted
        self._handle: AttemptHandle | None = None if adopted is None else adopted[1]
        self._stopped = False
        self._hard = False
        self.task = asyncio.get_running_loop().create_task(self._carry_out())

    async def wait(self) -> AttemptResult:
        """The result, once what was done is committed."""
        return await self.task

    def cancel(self, *, hard: bool) -> None:
        """Stop what goes on; what is there by then is committed all the same."""
        self._stopped = True
        self._hard = self._hard or hard
        if self._handle is not None:
            self._handle.cancel(hard=hard)

    async def _carry_out(self) -> AttemptResult:
        if self._adopted is not None:
            worktree, handle = self._adopted
            return await self._committed(worktree, await self._through(handle))
        try:
            worktree = await self._ready()
        except Stopped:
            with suppress(GitError, OSError):
                await asyncio.to_thread(withdraw, self._place, self._request.run_id)
            return AttemptResult(outcome="cancelled", reason=STOPPED)
        except MergeConflict as problem:
            return _failed("other", f"its worktree cannot be made: {problem}")
        except (GitError, OSError) as problem:
            return _failed("spawn_failed", f"its worktree could not be made: {problem}")
        self._faults("worktree.after_create")
        self._emit(Activity())
        early = await self._prepared(worktree)
        if early is not None:
            return await self._committed(worktree, early)
        request = mapped(self._request, worktree, self._place.environ)
        inner = self._runtime.inner.start(request, self._emit)
        assess = self._runtime.assess
        if assess is not None and not self._runtime.capabilities.assesses and is_assessed(request):
            inner = AssessedHandle(inner, request, assess, self._emit)
        return await self._committed(worktree, await self._through(inner))

    async def _through(self, handle: AttemptHandle) -> AttemptResult:
        self._handle = handle
        if self._stopped:
            handle.cancel(hard=self._hard)
        try:
            return await handle.wait()
        finally:
            self._handle = None

    async def _ready(self) -> Worktree:
        """The worktree with its files. Only the making waits for its turn: files take their time."""
        async with self._runtime.yard.turn:
            worktree = await asyncio.to_thread(self._create)
        self._faults("worktree.before_fill")
        await asyncio.to_thread(fill, self._place, worktree, self._is_stopped)
        if self._stopped:
            raise Stopped
        return worktree

    def _is_stopped(self) -> bool:
        return self._stopped

    def _create(self) -> Worktree:
        isolation = self._request.isolation
        assert isolation is not None
        return create(
            self._place,
            self._request.run_id,
            isolation.branch,
            [Side(commit=commit, name=name) for name, commit in isolation.bases],
            otherwise=self._runtime.yard.start,
            stopped=self._is_stopped,
        )

    async def _prepared(self, worktree: Worktree) -> AttemptResult | None:
        """Carry `setup` out in the worktree; a result when the attempt ends with that."""
        assert self._request.isolation is not None
        if self._request.isolation.setup:
            request = preparation(self._request, worktree, self._place.environ)
            result = await self._through(self._runtime.commands.start(request, self._emit))
            if result.outcome != "ok":
                return replace(result, reason=f"`setup` went wrong: {result.reason}")
        return AttemptResult(outcome="cancelled", reason=STOPPED) if self._stopped else None

    async def _committed(self, worktree: Worktree, result: AttemptResult) -> AttemptResult:
        request = mapped(self._request, worktree, {})
        message = (
            f"{request.node_id}\n\nRun: {request.run_id}\nOutcome: {result.outcome}\n{BASE}{worktree.base}\n"
        )
        self._faults("worktree.before_commit")
        try:
            kept = await asyncio.to_thread(commit, self._place, worktree, message, promised(request))
        except (GitError, OSError) as problem:
            if result.outcome != "ok":
                return result
            reason = f"what was done in `{worktree.path}` could not be committed: {problem}"
            return replace(_failed("other", reason), columns=result.columns)
        self._faults("worktree.after_commit")
        if result.outcome == "ok" and not kept.within:
            await asyncio.to_thread(remove, self._place, worktree, [worktree.ref])
            self._faults("worktree.after_remove")
        return replace(result, columns={**result.columns, "worktree": _record(worktree, kept)})


def _record(worktree: Worktree, kept: Kept) -> dict[str, Any]:
    """What the Run says of the worktree."""
    return {
        "branch": worktree.branch,
        "commit": kept.commit,
        "base": worktree.base,
        "path": worktree.path,
    }


def _failed(reason: Any, text: str) -> AttemptResult:
    return AttemptResult(outcome="failed", failure_reason=reason, reason=text)
