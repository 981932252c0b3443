"""The runtime `command`: any program, as an argument list or as text for `sh -c`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from ...schemas.allowance import Allowance
from ...schemas.bound import BoundTask
from ...schemas.errors import InputError
from ..masking import Masker
from ..process.identity import boot_id
from ..process.launcher import End, Launcher, Lost, NotStarted, ProcessGroup
from ..process.timer import CallLater, Timer
from .capture import BlobSink, Capture, kept_as
from .command_end import conclude, is_small, not_made
from .inspection import Inspection
from .invocation import Invocation, RequestRefused, inherited
from .output_contract import LARGEST_VALUE
from .preflight import check_command
from .protocol import AttemptRequest, AttemptResult, Capabilities, Spawned
from .shortage import SHORTAGES, Queue, Threads
from .streams import Emit, Pulse, Streams

_OPEN_FILES: Final = 5
"""Of one attempt: two pipes for its output, and at the same time a stored text for each, or the three
descriptors that wait to be sent to the spawner."""


class CommandRuntime:
    """Carries attempts out as processes, each in a session and group of its own.

    `environ` is the environment that commands inherit and where the values of secrets come from.
    `drain` bounds how long an attempt whose process has ended waits for descendants that escaped
    and still hold its output open. `call_later` is the event loop's own unless given. `allowance`
    makes the bound for what is checked of one attempt, `launcher` what starts the processes.
    """

    name = "command"
    capabilities = Capabilities(open_files=_OPEN_FILES)

    def __init__(
        self,
        blobs: BlobSink,
        *,
        environ: Mapping[str, str] | None = None,
        drain: float = 1.0,
        call_later: CallLater | None = None,
        allowance: Callable[[], Allowance] = Allowance,
        launcher: Callable[[Mapping[str, str]], Launcher] = Launcher,
    ) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self.launcher = launcher(inherited(self._environ))
        self.queue = Queue()
        self.threads = Threads()
        self._null = -1
        self._maskers: dict[tuple[tuple[str, str], ...], Masker] = {(): Masker({})}
        self._call_later = call_later
        self.allowance = allowance
        self.blobs = blobs
        self.drain = drain
        self.closing = False

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        """What would make every attempt of the task fail, found without starting anything."""
        return check_command(task, project=project, environ=self._environ)

    def start(self, request: AttemptRequest, emit: Emit) -> CommandAttempt:
        """Start an attempt; what cannot be started at all is told by the attempt's result."""
        try:
            masker = self._masker(request.secrets)
        except ValueError as error:
            attempt = CommandAttempt(self, request, emit, self._maskers[()])
            attempt.refuse(str(error))
            return attempt
        attempt = CommandAttempt(self, request, emit, masker)
        attempt.begin()
        return attempt

    async def close(self) -> None:
        """Kill everything that still runs and wait until it is gone. The runtime may be used again."""
        self.closing = True
        await self.launcher.close()
        self.closing = False
        self.threads.close()
        if self._null >= 0:
            os.close(self._null)
            self._null = -1

    def _masker(self, secrets: Mapping[str, str]) -> Masker:
        key = tuple(sorted(secrets.items()))
        masker = self._maskers.get(key)
        if masker is None:
            masker = self._maskers[key] = Masker(secrets)
        return masker

    @property
    def spawner_pid(self) -> int | None:
        """The process that starts the commands, while there is one."""
        return self.launcher.spawner_pid

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make `call` after `seconds`."""
        return (self._call_later or asyncio.get_running_loop().call_later)(seconds, call)

    def null(self) -> int:
        """The null device, open for reading; it belongs to the runtime."""
        if self._null < 0:
            self._null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        return self._null


class CommandAttempt:
    """One process group and its two output streams, from the start to the result."""

    def __init__(self, runtime: CommandRuntime, request: AttemptRequest, emit: Emit, masker: Masker) -> None:
        self._runtime = runtime
        self._request = request
        self._emit = emit
        self._masker = masker
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[AttemptResult | None] = self._loop.create_future()
        self._group: ProcessGroup | None = None
        self._is_counted = False
        self._invocation: Invocation | None = None
        keep = LARGEST_VALUE if request.output.source == "stdout" else 0
        run_id = request.run_id
        self._stdout = Capture(runtime.blobs, masker, keep=keep, keep_as=kept_as(run_id, "stdout"))
        self._stderr = Capture(runtime.blobs, masker, keep_as=kept_as(run_id, "stderr"))
        self._inspection = Inspection(runtime.allowance())
        self._pulse = Pulse(emit)
        self._streams = Streams(
            self._stdout, self._stderr, self._pulse, over=self._on_silence, broken=self._on_broken
        )
        self._end: End | None = None
        self._broken: BaseException | None = None
        self._timer: Timer | None = None
        self._stopped: str | None = None

    # ---- the protocol --------------------------------------------------------------------------

    async def wait(self) -> AttemptResult:
        """The result. Raises only what the store of large texts raised."""
        early = await self._over
        if early is not None:
            return early
        assert self._end is not None
        read = partial(
            conclude,
            *(self._request, self._end, self._stdout, self._stderr, self._masker, self._runtime.blobs),
            stopped=self._stopped,
            inspection=self._inspection,
        )
        return (
            read() if is_small(self._request, self._stdout) else await self._runtime.threads.result_of(read)
        )

    def cancel(self, *, hard: bool) -> None:
        """SIGTERM to the group, and SIGKILL after the request's grace; `hard`: SIGKILL at once.

        Once the process is gone, what its output is still held to is left unchecked.
        """
        if self._runtime.queue.forget(self.begin):
            self._settle(AttemptResult(outcome="cancelled", reason="it was stopped before it could start"))
        if self._over.done():
            self._inspection.abandon()
            return
        if self._end is not None or self._group is None:
            return
        if hard:
            self._kill("it was killed")
        elif self._stopped is None:
            self._stopped = "it was asked to stop"
            self._group.terminate()
            grace = self._request.grace
            text = f"it was killed, {grace:g} s after it was asked to stop"
            self._timer = self._runtime.later(grace, lambda: self._kill(text))

    # ---- the start -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the process; never raises for what the request asks for.

        Where the system has no room for it while other attempts run, it begins anew when one has ended.
        """
        ends: list[int] = []
        try:
            self._inspection.prepare(self._request)
            self._invocation = Invocation(self._request)
            stdin = self._invocation.stdin
            if stdin is not None:
                ends.append(stdin)
            out, err = self._streams.open()
            ends += (out, err)
            self._group = self._runtime.launcher.start(
                self._invocation.argv,
                cwd=self._invocation.cwd,
                variables=self._invocation.variables,
                marker=self._request.run_id,
                descriptors=(self._runtime.null() if stdin is None else stdin, out, err),
                listener=self,
            )
        except (RequestRefused, OSError) as error:
            self._streams.stop()
            if not (isinstance(error, OSError) and self._is_put_off(error.errno)):
                self._settle(not_made(error, self._masker))
        else:
            self._is_counted = True
            self._runtime.queue.enter()
        finally:
            for descriptor in ends:
                os.close(descriptor)

    def _is_put_off(self, code: int | None) -> bool:
        """Whether the start failed for want of room only, and is made anew later."""
        queue = self._runtime.queue
        if code not in SHORTAGES or not queue.put_off(self.begin, entered=self._is_counted):
            return False
        self._is_counted = False
        self._group = None
        self._streams.stop()
        if self._invocation is not None:
            self._invocation.close()
            self._invocation = None
        return True

    def refuse(self, reason: str) -> None:
        """End without a start, because what was asked for cannot be done."""
        self._settle(not_made(RequestRefused(reason), self._masker))

    # ---- what happens --------------------------------------------------------------------------

    def process_started(self, pid: int, started: int) -> None:
        """Pass the facts on by which the process can be found again; output is told of after that."""
        self._emit(Spawned(pid=pid, group=pid, started=started, boot_id=boot_id()))
        self._pulse.begin()

    def process_ended(self, end: End) -> None:
        """Wait for the rest of the output, but not for ever."""
        if isinstance(end, NotStarted) and self._stopped is None and self._is_put_off(end.errno):
            return
        self._end = end
        if isinstance(end, Lost) and self._runtime.closing and self._stopped is None:
            self._stopped = "it was killed, because the program ended"
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._streams.is_open:
            self._timer = self._runtime.later(self._runtime.drain, self._finish)
        else:
            self._finish()

    def _on_silence(self) -> None:
        if self._end is not None:
            self._finish()

    def _on_broken(self, error: BaseException) -> None:
        """The store failed, not the command; without its output it is of no use."""
        self._broken = error
        if self._end is not None:
            self._finish()
        else:
            self._kill("its output could not be stored")

    def _kill(self, reason: str) -> None:
        if self._end is None and self._group is not None:
            self._stopped = reason
            self._group.kill()

    # ---- the end -------------------------------------------------------------------------------

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._streams.stop()
        self._pulse.finish()
        self._settle(None)

    def _settle(self, result: AttemptResult | None) -> None:
        if self._invocation is not None:
            self._invocation.close()
        if self._over.done():
            return
        if self._broken is not None:
            self._streams.abort()
            self._over.set_exception(self._broken)
        else:
            self._over.set_result(result)
        if self._is_counted:
            self._is_counted = False
            self._runtime.queue.leave()
