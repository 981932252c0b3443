"""The bound task graph: what `tasks` hands to `engine`, with nothing left to parse.

Parameters, declared environment values and matrix cells are already put in; expressions over other
tasks remain as templates. Everything here is plain data with an exact JSON form, because it is
stored with the DAG run and a resume reads it back (`bound_json`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .template import EMPTY, Template
from .template import Literal as Lit

TaskKind = Literal["run", "python", "role", "graph", "approve"]
NeedMode = Literal["ok", "done", "failed"]
Effects = Literal["none", "local", "external"]
OnLost = Literal["rerun", "ask", "fail"]
OutputForm = Literal["text", "json", "lines"]
Place = Literal["process", "thread", "inline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One edge of the graph: `task` must end as `mode` says before the node may run.

    `count`, or the share `count/of` rounded up, asks for that many ok items of a fan-out; both are
    None otherwise. `inferred` is true when the edge comes from a reference and was not written.
    """

    task: str
    mode: NeedMode = "ok"
    count: int | None = None
    of: int | None = None
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """A command: either `argv`, or `shell` text for `sh -c` with `bindings` for its variables.

    `bindings` maps the names of the environment variables that stand in `shell` to their values.
    """

    argv: tuple[Template, ...] | None = None
    shell: str | None = None
    bindings: tuple[tuple[str, Template], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableSpec:
    """A Python callable: `function`, perhaps with dots, within `module`.

    `where` it runs: in a process that can be killed, in a thread, or in the Coordinator's own loop.
    """

    module: str
    function: str
    where: Place = "process"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputContract:
    """Where a task's output comes from, how it is read, and the JSON Schema that it must meet."""

    source: Literal["stdout", "file"] = "stdout"
    path: Template = EMPTY
    form: OutputForm = "text"
    schema: Any = None
    schema_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableSpec:
    """A file that an attempt must leave behind; `schema` is a JSON Schema for its JSON content."""

    path: Template
    schema: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """`maximum` further attempts, waiting between `backoff_min` and `backoff_max` seconds.

    `on` lists the failure reasons that are tried again; None means every retryable one.
    """

    maximum: int = 0
    backoff_min: float = 1.0
    backoff_max: float = 60.0
    on: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterKey:
    """A key that the grammar knows and this version does not carry out yet; `run` refuses it."""

    key: str
    where: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTask:
    """One task with its parameters put in. Times are in seconds, `priority` is higher = sooner."""

    id: str
    kind: TaskKind = "run"
    needs: tuple[Need, ...] = ()
    condition: Template | None = None
    command: CommandSpec | None = None
    python: CallableSpec | None = None
    inputs: tuple[tuple[str, Template], ...] = ()
    env: tuple[tuple[str, Template], ...] = ()
    secrets: tuple[str, ...] = ()
    cwd: Template = field(default_factory=lambda: Lit("."))
    output: OutputContract = OutputContract()
    deliverables: tuple[DeliverableSpec, ...] = ()
    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] = ()
    runtime: str = "command"
    pool: str | None = None
    priority: int = 0
    timeout: float | None = None
    idle_timeout: float | None = None
    retry: RetryPolicy = RetryPolicy()
    effects: Effects = "local"
    on_lost: OnLost | None = None
    isolation: Literal["none", "worktree"] = "none"
    cache: Literal["auto", "off", "refresh"] = "auto"
    tags: tuple[str, ...] = ()
    description: str | None = None
    later: tuple[LaterKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundGraph:
    """A task graph whose parameters are known. `project` and `source` are absolute paths.

    `source_digest` is the SHA-256 of the file's bytes. `tasks` are in the order of the file.
    `maximum` bounds running nodes (None: the program's default); `pools` bound those that name one.
    """

    name: str
    source: str
    source_digest: str
    project: str
    tasks: tuple[BoundTask, ...]
    description: str | None = None
    params: tuple[tuple[str, Any], ...] = ()
    maximum: int | None = None
    pools: tuple[tuple[str, int], ...] = ()
    outputs: tuple[tuple[str, Template], ...] = ()
    later: tuple[LaterKey, ...] = ()
