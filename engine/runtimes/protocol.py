"""The one narrow door between the Coordinator and whatever carries an attempt out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ...schemas.bound import BoundTask, CallableSpec, OutputContract
from ...schemas.errors import InputError
from ...schemas.states import FailureReason, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a runtime can do, as data; the scheduler reads this and never a runtime's name.

    `open_files` is how many files of this process one attempt may hold open.
    """

    structured_output: bool = False
    session_resume: bool = False
    budget_cap: bool = False
    live_usage: bool = False
    cost: bool = False
    speaks_while_running: bool = False
    cancel: bool = True
    open_files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRequest:
    """One attempt, ready to start: every expression is evaluated, every path absolute.

    `command` is `{"argv": [...]}` or `{"shell": text}` for the runtime `command`, else empty; `python`
    is what the runtime `python` calls, else None.
    `env` are the variables to add to the Coordinator's own (bindings of the shell text included);
    `secrets` maps the names of all secrets that the graph declares to their values, which no one may
    write down.
    `inputs` are the named inputs, of which a callable need not take the `offered` ones; `briefs` maps
    the ids of upstream tasks to what they handed on.
    `deliverables` pairs an absolute path with a JSON Schema or None. `scratch` is a directory of
    this attempt's own, private to the user, that exists once the runtime asks for it to be made.
    `output_used` is false when nothing refers to the output: one that is too large to be handed on
    is then dropped, where it otherwise fails the attempt. Times are in seconds.
    """

    run_id: str
    dag_run_id: str
    node_id: str
    generation: int = 0
    attempt_no: int = 1
    key: str = ""
    project: str
    cwd: str
    command: Mapping[str, Any] = field(default_factory=dict)
    python: CallableSpec | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    offered: tuple[str, ...] = ()
    briefs: Mapping[str, Any] = field(default_factory=dict)
    output: OutputContract = OutputContract()
    output_path: str | None = None
    output_used: bool = True
    deliverables: tuple[tuple[str, Any], ...] = ()
    scratch: str = ""
    grace: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawned:
    """The attempt has a process: what is needed to find it again, and never by pid alone.

    `started` is the kernel's start time of the process (clock ticks since boot on Linux, else
    seconds since the epoch), `boot_id` names the boot in which that holds.
    """

    pid: int
    group: int
    started: int
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """The attempt showed a sign of life: `size` further bytes of output, or a step of its own."""

    size: int = 0


AttemptEvent = Spawned | Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """Captured bytes: `head` holds the first lines as text; `blob` names the whole, or is None
    when `head` already is the whole. `size` counts bytes."""

    head: str = ""
    size: int = 0
    blob: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """How an attempt ended; given exactly once.

    `interrupted`: the attempt is gone, and how it ended is not known.
    `output` is the JSON value that consumers see (only meaningful for `ok`). `reason` is one
    sentence for people and never empty unless the outcome is `ok`. `deliverable` is
    `{"path": ..., "hash": ..., "summary": ...}` with the path relative to the project.
    """

    outcome: Outcome
    failure_reason: FailureReason | None = None
    reason: str = ""
    output: Any = None
    exit_status: int | None = None
    stdout: StoredText | None = None
    stderr: StoredText | None = None
    deliverable: Mapping[str, Any] | None = None
    violations: tuple[Mapping[str, Any], ...] = ()
    retry_after: float | None = None


class AttemptHandle(Protocol):
    """An attempt that was started."""

    async def wait(self) -> AttemptResult:
        """Wait for the end. Never raises for what the attempt did; awaited exactly once."""

    def cancel(self, *, hard: bool) -> None:
        """Ask the attempt to stop (`hard`: kill all of it). Idempotent; legal after the end.

        A soft cancel becomes a hard one by itself after the request's `grace` seconds.
        The result of a cancelled attempt has the outcome `cancelled`, unless it ended before.
        """


@runtime_checkable
class Runtime(Protocol):
    """An adapter: HOW an attempt is carried out.

    `preflight` is called once per task before anything starts and returns what would make every
    attempt fail (a binary that does not exist, say). `start` must not block; it reports through
    `emit` while the attempt runs, from the event loop's own thread, and never after `wait` returns.
    `close` ends everything that the runtime still holds; nothing of it lives on.
    """

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]: ...

    def start(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> AttemptHandle: ...

    async def close(self) -> None: ...


@runtime_checkable
class LooksAhead(Protocol):
    """A runtime for which it is cheaper to learn about many tasks at once."""

    def look_ahead(self, tasks: Sequence[BoundTask], *, project: str) -> None:
        """Called once, before `preflight` is called for each of `tasks`."""
