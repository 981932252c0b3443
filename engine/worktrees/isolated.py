"""A runtime whose attempts work in worktrees of their own, where their task asks for that."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...schemas.bound import BoundTask, OutputContract
from ...schemas.errors import InputError
from ..faults import Faults, no_faults
from ..quality.assessed import AssessedHandle
from ..quality.assessment import is_assessed
from ..runtimes.assessing import Assess
from ..runtimes.protocol import (
    Adopts,
    AttemptEvent,
    AttemptHandle,
    AttemptRequest,
    AttemptResult,
    Capabilities,
    Runtime,
)
from .git import GitError
from .merging import MergeConflict, Side
from .worktree import Worktree, commit, create, opened, remove

STOPPED: Final = "it was stopped before its worktree was ready"

Emit = Callable[[AttemptEvent], None]


class IsolatedRuntime:
    """Carries attempts out by `inner`; those with `isolation` in a worktree below `folder`, the project's
    `.metaensemble`. `commands` carries out what prepares a worktree, and `assess` looks at the work there,
    where `inner` does not."""

    def __init__(
        self,
        inner: Runtime,
        commands: Runtime,
        *,
        folder: Path,
        environ: Mapping[str, str],
        assess: Assess | None = None,
        faults: Faults = no_faults,
    ) -> None:
        self.assess = assess
        self.inner = inner
        self.commands = commands
        self.folder = folder
        self.environ = environ
        self.faults = faults

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
        return IsolatedAttempt(self, request, emit, None)

    async def close(self) -> None:
        """Close the runtime within, and what prepared worktrees."""
        await self.inner.close()
        await self.commands.close()


class AdoptingIsolated(IsolatedRuntime):
    """The same, around a runtime whose attempts outlive their Coordinator."""

    def adopt(self, request: AttemptRequest, emit: Emit) -> AttemptHandle | None:
        """Take over an attempt together with its worktree."""
        assert isinstance(self.inner, Adopts)
        if request.isolation is None:
            return self.inner.adopt(request, emit)
        found = opened(request.project, self.folder, request.run_id, self.environ)
        handle = self.inner.adopt(request if found is None else mapped(request, found), emit)
        if handle is None or found is None:
            return None
        return IsolatedAttempt(self, request, emit, (found, handle))


def isolated(inner: Runtime, commands: Runtime, **more: Any) -> IsolatedRuntime:
    """The runtime `inner` with worktrees around it."""
    kind = AdoptingIsolated if isinstance(inner, Adopts) else IsolatedRuntime
    return kind(inner, commands, **more)


class IsolatedAttempt:
    """An attempt and its worktree: made, prepared, worked in, committed, and removed if it can be."""

    def __init__(
        self,
        runtime: IsolatedRuntime,
        request: AttemptRequest,
        emit: Emit,
        adopted: tuple[Worktree, AttemptHandle] | None,
    ) -> None:
        self._runtime = runtime
        self._request = request
        self._emit = emit
        self._adopted = adopted
        self._handle: AttemptHandle | None = None if adopted is None else adopted[1]
        self._stopped = False
        self._hard = False
        self._task = asyncio.get_running_loop().create_task(self._carry_out())

    async def wait(self) -> AttemptResult:
        """The result, once what was done is committed."""
        return await self._task

    def cancel(self, *, hard: bool) -> None:
        """Stop what goes on; what is there by then is committed all the same."""
        self._stopped = True
        self._hard = self._hard or hard
        if self._handle is not None:
            self._handle.cancel(hard=hard)

    async def _carry_out(self) -> AttemptResult:
        if self._adopted is not None:
            worktree, handle = self._adopted
            return await self._committed(worktree, await handle.wait())
        try:
            worktree = await asyncio.to_thread(self._create)
        except MergeConflict as problem:
            return _failed("other", f"its worktree cannot be made: {problem}")
        except (GitError, OSError) as problem:
            return _failed("spawn_failed", f"its worktree could not be made: {problem}")
        self._runtime.faults("worktree.after_create")
        early = await self._prepare(worktree)
        if early is not None:
            return await self._committed(worktree, early)
        request = mapped(self._request, worktree)
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

    def _create(self) -> Worktree:
        request = self._request
        assert request.isolation is not None
        return create(
            request.project,
            self._runtime.folder,
            request.run_id,
            request.isolation.branch,
            [Side(commit=commit, name=name) for name, commit in request.isolation.bases],
            self._runtime.environ,
        )

    async def _prepare(self, worktree: Worktree) -> AttemptResult | None:
        """Carry `setup` out in the worktree; a result when the attempt ends with that."""
        request = self._request
        assert request.isolation is not None
        if not request.isolation.setup or self._stopped:
            return AttemptResult(outcome="cancelled", reason=STOPPED) if self._stopped else None
        given = dict(request.isolation.setup)
        env = {**request.env, **given.pop("env", {})}
        asked = replace(
            request,
            cwd=worktree.project,
            project=worktree.project,
            command=given,
            env=env,
            python=None,
            agent=None,
            isolation=None,
            inputs={},
            briefs={},
            deliverables=(),
            checks=(),
            assertions=(),
            output=OutputContract(),
            output_path=None,
            output_used=False,
        )
        result = await self._through(self._runtime.commands.start(asked, self._emit))
        if result.outcome == "ok":
            return None
        return replace(result, reason=f"`setup` went wrong: {result.reason}")

    async def _committed(self, worktree: Worktree, result: AttemptResult) -> AttemptResult:
        request = self._request
        message = f"{request.node_id}\n\nRun: {request.run_id}\nOutcome: {result.outcome}\n"
        self._runtime.faults("worktree.before_commit")
        try:
            head = await asyncio.to_thread(commit, worktree, message, self._runtime.environ)
        except (GitError, OSError) as problem:
            if result.outcome != "ok":
                return result
            reason = f"what was done in `{worktree.path}` could not be committed: {problem}"
            return replace(_failed("other", reason), columns=result.columns)
        self._runtime.faults("worktree.after_commit")
        if result.outcome == "ok":
            await asyncio.to_thread(
                partial(remove, request.project, worktree, self._runtime.environ),
            )
        left = {"branch": worktree.branch, "commit": head, "base": worktree.base, "path": worktree.path}
        return replace(result, columns={**result.columns, "worktree": left})


def mapped(request: AttemptRequest, worktree: Worktree) -> AttemptRequest:
    """The request with every path below the project in the worktree in its place."""

    def moved(path: str) -> str:
        inside = os.path.relpath(path, request.project)
        return path if inside.startswith("..") else os.path.normpath(os.path.join(worktree.project, inside))

    return replace(
        request,
        project=worktree.project,
        cwd=moved(request.cwd),
        output_path=None if request.output_path is None else moved(request.output_path),
        deliverables=tuple((moved(path), schema) for path, schema in request.deliverables),
        assertions=tuple(replace(one, path=moved(one.path)) for one in request.assertions),
        isolation=None,
    )


def _failed(reason: Any, text: str) -> AttemptResult:
    return AttemptResult(outcome="failed", failure_reason=reason, reason=text)
