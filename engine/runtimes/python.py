"""The runtime `python`: a callable of the project or of the environment, called with keyword arguments.

Where a callable is looked for: `sys.path` of a worker begins with the project's root, so that
`steps.clean:run` is the function `run` in `steps/clean.py`; then comes the environment in which this
program is installed. The inputs are its keyword arguments, a parameter called `briefs` gets what the
tasks before handed on, and what it returns, awaited if it can be, is the output.

- `process`: in a worker (`python_pool.py`), which can be killed. It has the task's environment and
  working directory; what it prints is captured. Workers serve one attempt after the other, so the
  state of modules lives on between attempts. Whatever a callable starts ends with its attempt: a
  worker with a process or thread left over is ended, with its group, and on Linux with what left the
  group.
- `thread`: in a thread of the Coordinator. It cannot be killed, only given up.
- `inline`: on the Coordinator's loop, which waits for it. For what takes no time, or awaits.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence

from ...schemas.bound import BoundTask, CallableSpec
from ...schemas.errors import InputError
from ..masking import Masker
from ..process.timer import CallLater, Timer
from . import python_prints
from .capture import BlobSink
from .invocation import RequestRefused, inherited
from .protocol import AttemptHandle, AttemptRequest, AttemptResult, Capabilities
from .python_end import not_made
from .python_here import HomeAttempt, InlineAttempt, ThreadAttempt
from .python_import import HomeImports
from .python_looker import PATIENCE, Looker
from .python_pool import Pool
from .python_preflight import CallableCheck
from .python_process import ProcessAttempt
from .streams import Emit


class PythonRuntime:
    """Calls Python callables, each attempt where its task wants it.

    `environ` is the environment that workers inherit and where the values of secrets come from.
    `drain` bounds how long an attempt waits for descendants that still hold its output open, and a
    worker for its own end. `looking` is how many seconds the import of a module may take before the
    DAG run starts. `call_later` is the event loop's own unless given.
    """

    name = "python"
    capabilities = Capabilities(structured_output=True)

    def __init__(
        self,
        blobs: BlobSink,
        *,
        environ: Mapping[str, str] | None = None,
        drain: float = 1.0,
        looking: float = PATIENCE,
        call_later: CallLater | None = None,
    ) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._blobs = blobs
        self._drain = drain
        self._call_later = call_later
        self._check = CallableCheck(self._environ, Looker(looking))
        self._pool = Pool(inherited(self._environ), later=self._later, patience=drain)
        self._maskers: dict[tuple[tuple[str, str], ...], Masker] = {(): Masker({})}
        self._imports: dict[str, HomeImports] = {}
        self._home: set[HomeAttempt] = set()
        self._prints_installed = False

    @property
    def spawner_pid(self) -> int | None:
        """The process that starts the workers, while there is one."""
        return self._pool.spawner_pid

    def look_ahead(self, tasks: Sequence[BoundTask], *, project: str) -> None:
        """Learn at once, in one process, what `preflight` will be asked about these tasks."""
        self._check.look_ahead(tasks, project)

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        """What would make every attempt of the task fail. Its module is imported elsewhere for that."""
        return self._check.check(task, project)

    def start(self, request: AttemptRequest, emit: Emit) -> AttemptHandle:
        """Start an attempt; what cannot be started at all is told by the attempt's result."""
        try:
            masker = self._masker(request.secrets)
        except ValueError as error:
            return Refused(str(error), self._maskers[()])
        spec = request.python
        if spec is None:
            return Refused("there is no callable to call", masker)
        if spec.where == "process":
            attempt = ProcessAttempt(self._pool, request, emit, masker, self._blobs, self._drain)
            attempt.begin(spec)
            return attempt
        if request.env or os.path.normpath(request.cwd) != os.path.normpath(request.project):
            text = "a callable within the program cannot have variables or a directory of its own"
            return Refused(f"{text}; use `in: process`", masker)
        return self._start_here(spec, request, emit, masker)

    async def close(self) -> None:
        """Kill what runs in workers, give up what runs here, and end all workers. It may be used again.

        A thread that was given up goes on: nothing can end it.
        """
        for attempt in list(self._home):
            attempt.cancel(hard=True)
        tasks = [attempt.task for attempt in self._home if attempt.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self._drain)
        self._home.clear()
        await self._pool.close()
        for imports in self._imports.values():
            imports.close()
        self._imports.clear()
        if self._prints_installed:
            self._prints_installed = False
            python_prints.remove()

    def _start_here(
        self, spec: CallableSpec, request: AttemptRequest, emit: Emit, masker: Masker
    ) -> HomeAttempt:
        if not self._prints_installed:
            self._prints_installed = True
            python_prints.install()
        imports = self._imports.setdefault(request.project, HomeImports(request.project))
        kind = ThreadAttempt if spec.where == "thread" else InlineAttempt
        attempt: HomeAttempt = kind(
            spec,
            request,
            emit,
            masker,
            self._blobs,
            imports=imports,
            later=self._later,
            gone=self._home.discard,
        )
        self._home.add(attempt)
        attempt.begin()
        return attempt

    def _masker(self, secrets: Mapping[str, str]) -> Masker:
        key = tuple(sorted(secrets.items()))
        masker = self._maskers.get(key)
        if masker is None:
            masker = self._maskers[key] = Masker(secrets)
        return masker

    def _later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return (self._call_later or asyncio.get_running_loop().call_later)(seconds, call)


class Refused:
    """An attempt that was not made, because what was asked for cannot be done."""

    def __init__(self, reason: str, masker: Masker) -> None:
        self._result = not_made(RequestRefused(reason), masker)

    async def wait(self) -> AttemptResult:
        """The refusal."""
        return self._result

    def cancel(self, *, hard: bool) -> None:
        """Nothing is left to cancel."""
