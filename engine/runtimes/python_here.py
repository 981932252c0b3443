"""Attempts whose callable is called in the Coordinator's own process: in a thread, or on its loop.

Such a callable shares the working directory, the environment and the modules of the program.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from functools import partial
from threading import Thread
from typing import Any, ClassVar, Final

from ...schemas.bound import CallableSpec
from ...schemas.declined import Declined
from ..masking import Masker
from ..process.timer import CallLater, Timer
from .capture import BlobSink, Capture, kept_as
from .inspection import Inspection, is_trivial
from .output_contract import LARGEST_VALUE
from .protocol import AttemptRequest, AttemptResult
from .python_call import (
    Unusable,
    address,
    awaited,
    full_traceback,
    is_a_stop,
    is_awaitable,
    keywords_for,
    put_away,
    sentence,
)
from .python_end import told
from .python_import import HomeImports
from .python_prints import Prints
from .python_value import NotJson, as_json, encoded
from .streams import Emit, Pulse

_SMALL: Final = 256 << 10

Told = tuple[Mapping[str, Any], bytes | None]
"""What a worker would answer: the facts of a call that is over, and the text of its value."""


class HomeAttempt(ABC):
    """A call within this process.

    `imports` gives the callable, `later` puts the end of the grace off, `gone` is told when nothing
    of the attempt is left on the loop.
    """

    remains: ClassVar[str]
    """What is said of a callable that is given up."""

    task: asyncio.Task[None] | None = None
    """What runs on the Coordinator's loop, perhaps even after the attempt was given up."""

    def __init__(
        self,
        spec: CallableSpec,
        request: AttemptRequest,
        emit: Emit,
        masker: Masker,
        blobs: BlobSink,
        *,
        imports: HomeImports,
        later: CallLater,
        gone: Callable[[HomeAttempt], None],
    ) -> None:
        self._spec = spec
        self._request = request
        self._masker = masker
        self._blobs = blobs
        self._imports = imports
        self._later = later
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse(emit)
        self._pulse.begin()
        self._prints = Prints(
            Capture(blobs, masker, keep_as=kept_as(request.run_id, "stdout")),
            Capture(blobs, masker, keep_as=kept_as(request.run_id, "stderr")),
            self._on_output,
        )
        self._inspection = Inspection()
        self._inspection.prepare(request)
        self._over: asyncio.Future[Told | None] = self._loop.create_future()
        self._stopped: str | None = None
        self._timer: Timer | None = None

    # ---- the protocol --------------------------------------------------------------------------

    async def wait(self) -> AttemptResult:
        """The result. Raises only what the store of large texts raised."""
        answer = await self._over
        prints = self._prints
        if prints.broken is not None:
            prints.stdout.abort()
            prints.stderr.abort()
            raise prints.broken
        if answer is not None and self._takes_time(answer):
            return await asyncio.to_thread(self._conclude, answer)
        return self._conclude(answer)

    def cancel(self, *, hard: bool) -> None:
        """Cancel what is awaited. What cannot be cancelled is given up after the grace; `hard`: at once.

        Once the callable has returned, what its output is still held to is left unchecked.
        """
        if self._over.done():
            self._inspection.abandon()
            return
        if hard:
            self._give_up("")
        elif self._stopped is None:
            self._stopped = "it was asked to stop"
            grace = self._request.grace
            when = f" {grace:g} s after it was asked to stop"
            self._timer = self._later(grace, partial(self._give_up, when))
            self._ask_to_stop()

    # ---- for the two kinds ---------------------------------------------------------------------

    @abstractmethod
    def begin(self) -> None:
        """Have the callable called soon."""

    @abstractmethod
    def _ask_to_stop(self) -> None:
        """Cancel what can be cancelled."""

    def _call(self) -> Any:
        """What the callable returns, which may want to be awaited."""
        spec, request = self._spec, self._request
        function = self._imports.load(spec.module, spec.function)
        # The Coordinator's own values: a callable may do with its arguments what it likes.
        inputs, briefs = _copied(request.inputs), _copied(request.briefs)
        where = address(spec.module, spec.function)
        return function(**keywords_for(function, inputs, briefs, where, request.offered))

    def _told(self, result: Any) -> Told:
        try:
            value = encoded(as_json(result))
        except NotJson as problem:
            violation = {"path": problem.path, "message": problem.message, "rule": "json"}
            return _failure("output_invalid", problem.reason, violation)
        return ({}, value) if len(value) <= LARGEST_VALUE else ({"too_large": True}, None)

    def _told_of(self, error: BaseException) -> Told:
        if isinstance(error, Declined):
            return _failure(error.failure_reason, str(error))
        if isinstance(error, Unusable):
            return _failure("invalid_request", str(error))
        if self._stopped is None or not is_a_stop(error):
            self._prints.feed("stderr", full_traceback(error).encode("utf-8", "backslashreplace"))
        return _failure("exception", sentence(error, self._request.project))

    def _settle(self, answer: Told | None) -> None:
        if self._over.done():
            return
        if self._timer is not None:
            self._timer.cancel()
        untold = self._prints.close()
        if untold:
            self._pulse.beat(untold)
        self._pulse.finish()
        self._over.set_result(answer)
        if self.task is None or self.task.done():
            self._gone(self)
        else:
            self.task.add_done_callback(lambda _: self._gone(self))

    # ---- the end -------------------------------------------------------------------------------

    def _give_up(self, when: str) -> None:
        if not self._over.done():
            self._stopped = f"it was given up{when}; {self.remains}"
            self._ask_to_stop()
            self._settle(None)

    def _conclude(self, answer: Told | None) -> AttemptResult:
        out, err = self._prints.stdout.finish(), self._prints.stderr.finish()
        if self._stopped is not None or answer is None:
            return AttemptResult(outcome="cancelled", reason=self._stopped or "", stdout=out, stderr=err)
        facts, value = answer
        return told(
            self._request,
            facts,
            value,
            self._masker,
            self._blobs,
            self._inspection,
            stdout=out,
            stderr=err,
        )

    def _takes_time(self, answer: Told) -> bool:
        return not is_trivial(self._request) or len(answer[1] or b"") > _SMALL

    def _on_output(self, size: int) -> None:
        # The loop of an attempt that was given up may be closed.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._beat, size)

    def _beat(self, size: int) -> None:
        if not self._over.done():
            self._pulse.beat(size)


class ThreadAttempt(HomeAttempt):
    """A call in a thread of its own, which the end of the program does not wait for."""

    remains = "a thread cannot be killed and goes on to its end"
    _cancel_task: Callable[[], object] | None = None

    def begin(self) -> None:
        """Start the thread."""
        Thread(target=self._work, name=self._request.node_id, daemon=True).start()

    def _ask_to_stop(self) -> None:
        if self._cancel_task is not None:
            with contextlib.suppress(RuntimeError):  # its loop may have ended this moment
                self._cancel_task()

    def _work(self) -> None:
        self._prints.enter()
        try:
            result = self._call()
            answer = self._told(asyncio.run(self._await(result)) if is_awaitable(result) else result)
        except BaseException as error:  # whatever a callable raises is its answer
            answer = self._told_of(error)
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(self._settle, answer)

    async def _await(self, result: Any) -> Any:
        task = asyncio.ensure_future(awaited(result))
        self._cancel_task = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
        if self._stopped is not None:
            task.cancel()
        try:
            return await task
        finally:
            put_away(result)


class InlineAttempt(HomeAttempt):
    """A call on the Coordinator's own loop, which does nothing else meanwhile unless it awaits."""

    remains = "what it awaits may go on for a while"
    _handle: asyncio.Handle | None = None

    def begin(self) -> None:
        """Have it called in the next turn of the loop."""
        context = copy_context()
        self._handle = self._loop.call_soon(self._work, context, context=context)

    def _ask_to_stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
        elif self._handle is not None:
            self._handle.cancel()
            self._settle(None)

    def _work(self, context: Context) -> None:
        self._prints.enter()
        try:
            result = self._call()
            if is_awaitable(result):
                self.task = self._loop.create_task(self._await(result), context=context)
                self.task.add_done_callback(partial(self._on_task_over, result))
                return
            answer = self._told(result)
        except BaseException as error:  # whatever a callable raises is its answer
            answer = self._told_of(error)
        self._settle(answer)

    async def _await(self, result: Any) -> None:
        try:
            answer = self._told(await result)
        except BaseException as error:  # as above, and no `SystemExit` may end the loop
            answer = self._told_of(error)
        self._settle(answer)

    def _on_task_over(self, result: Any, _: asyncio.Task[None]) -> None:
        # One that was cancelled before its first step has not come to `_settle`.
        put_away(result)
        self._settle(None)


def _failure(reason: str, text: str, *violations: dict[str, Any]) -> Told:
    return {"failure": reason, "reason": text, "violations": violations}, None


def _copied(value: Any) -> Any:
    """A JSON value that shares nothing with the first, however deep it is."""
    top = _shell(value)
    stack = [(value, top)] if top is not value else []
    while stack:
        source, target = stack.pop()
        pairs = source.items() if isinstance(target, dict) else enumerate(source)
        for key, item in pairs:
            copy = _shell(item)
            if isinstance(target, dict):
                target[key] = copy
            else:
                target.append(copy)
            if copy is not item:
                stack.append((item, copy))
    return top


def _shell(value: Any) -> Any:
    """An empty object or list in place of one; another value as it is."""
    if isinstance(value, dict | Mapping):
        return {}
    return [] if isinstance(value, list | tuple) else value
