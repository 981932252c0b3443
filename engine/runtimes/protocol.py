"""The one narrow door between the Coordinator and whatever carries an attempt out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from ...schemas.agent import Role
from ...schemas.bound import BoundTask, CallableSpec, OutputContract
from ...schemas.errors import InputError
from ...schemas.states import FailureReason, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a runtime can do, as data; the scheduler reads this and never a runtime's name.

    `assesses`: it runs the task's checks and the quality gate itself, within the attempt, because it can
    have the work mended. `open_files` is how many files of this process one attempt may hold open.
    """

    structured_output: bool = False
    session_resume: bool = False
    budget_cap: bool = False
    live_usage: bool = False
    cost: bool = False
    turn_cap: bool = False
    speaks_while_running: bool = False
    cancel: bool = True
    assesses: bool = False
    open_files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What must hold of a file that the attempt leaves behind, at the absolute `path`."""

    path: str
    must_export: tuple[str, ...] = ()
    coverage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRequest:
    """What an agent is to do, ready to be put into words; see `engine.agents.prompt`.

    `executor_id` and `alias` are the Executor's. `role` is its Role. `model` is what the client is asked
    for, None for its own choice, and `tier` the class that was asked for. `prompt` is the task's text, in
    which values that others made are named `[data: NAME]` and stand in `data`. `manifest` and `brief` are
    the documents handed over, as JSON values, and `manifest_id` and `brief_id` name them.

    `session` is the client's own session that is gone on with, and `session_totals` what that session had
    used before, as its last Run recorded it; `context` is what the Executor is told of its past where the
    session cannot be gone on with. `first`: it is the Executor's first Run, and it is onboarded.
    `wall` is the hard limit of the attempt in seconds, kept by the shim; `max_turns` that of its turns, kept
    by the client.
    """

    executor_id: str
    alias: str
    role: Role
    prompt: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    manifest_id: str = ""
    brief: Mapping[str, Any] = field(default_factory=dict)
    brief_id: str = ""
    tier: str = "sonnet"
    model: str | None = None
    reask: int = 2
    session: str | None = None
    session_totals: Mapping[str, Any] | None = None
    context: str = ""
    first: bool = False
    wall: float | None = None
    max_turns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """A worktree for an attempt, on a new branch `branch`. It starts from `bases`, pairs of a node's id and
    the commit that it left, merged in this order; from the project's present commit when there are none.
    `setup` prepares it, in the form of `AttemptRequest.command`, with the values of its bindings under
    `env`."""

    branch: str
    bases: tuple[tuple[str, str], ...] = ()
    setup: Mapping[str, Any] = field(default_factory=dict)


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

    `checks` are commands that must exit with 0 after the work, in the form of `command` with the values of
    their bindings under `env`. `assertions` are about deliverables. `agent` is set for tasks with a Role.
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
    assertions: tuple[Assertion, ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()
    acceptance: tuple[str, ...] = ()
    quality: Literal["off", "note", "reask"] = "note"
    agent: AgentRequest | None = None
    isolation: Isolation | None = None
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
    `{"path": ..., "hash": ..., "summary": ...}` with the path relative to the project. `columns` are
    further columns of the Run, by their names in the Ledger, and what else its record is to keep.
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
    columns: Mapping[str, Any] = field(default_factory=dict)


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
class Adopts(Protocol):
    """A runtime whose attempts outlive the Coordinator that started them."""

    def adopt(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> AttemptHandle | None:
        """Take over the attempt `request.run_id`, which an earlier Coordinator began with the same request.

        A handle when it has finished by itself and everything it left is there, under the same attempt id
        and key: `wait` then gives its result, as if it had ended now. None when it has not; what still runs
        of it is stopped by then.
        """


@runtime_checkable
class Salvages(Protocol):
    """A runtime whose attempts may leave unfinished work that is kept."""

    def salvage(self, run_id: str) -> str | None:
        """Put away what an attempt left that was lost, once nothing of it runs any more; the name under which
        it is kept, None when there was nothing."""


@runtime_checkable
class LooksAhead(Protocol):
    """A runtime for which it is cheaper to learn about many tasks at once."""

    def look_ahead(self, tasks: Sequence[BoundTask], *, project: str) -> None:
        """Called once, before `preflight` is called for each of `tasks`."""
