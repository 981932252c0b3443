"""The bound task graph: what `tasks` hands to `engine`, with nothing left to parse.

Parameters, declared environment values and matrix cells are already put in; expressions over other
tasks remain as templates. Everything here is plain data with an exact JSON form, because it is
stored with the DAG run and a resume reads it back (`bound_json`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .agent import AgentDefaults, AgentSpec
from .span import Span
from .template import EMPTY, Template
from .template import Literal as Lit

TaskKind = Literal["run", "python", "role", "graph", "approve"]
NeedMode = Literal["ok", "done", "failed"]
Effects = Literal["none", "local", "external"]
OnLost = Literal["rerun", "ask", "fail"]
OutputForm = Literal["text", "json", "lines", "check"]
Place = Literal["process", "thread", "inline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One edge of the graph: `task` must end as `mode` says before the node may run.

    `count`, or the share `count/of` rounded up, asks for that many ok items of a fan-out; both are
    None otherwise. `inferred` is true when the edge comes from a reference and was not written, `whole`
    when the node refers to the `outputs` of all items. `for_items`: only the list of `each` comes from
    there, so that the items themselves see nothing of it.
    """

    task: str
    mode: NeedMode = "ok"
    count: int | None = None
    of: int | None = None
    inferred: bool = False
    whole: bool = False
    for_items: bool = False


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
    """Where a task's output comes from, how it is read, and the JSON Schema that it must meet.

    The form `check` is that of an outside check: what it found is the output, whether it passed or not.
    """

    source: Literal["stdout", "file"] = "stdout"
    path: Template = EMPTY
    form: OutputForm = "text"
    schema: Any = None
    schema_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableSpec:
    """A file that an attempt must leave behind; `schema` is a JSON Schema for its JSON content.

    `must_export` are names that it must define for others, `coverage` is the least share of it, in percent,
    that the tests must reach.
    """

    path: Template
    schema: Any = None
    must_export: tuple[str, ...] = ()
    coverage: float | None = None


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
class EachSpec:
    """A fan-out over `items`, a list that is known when the task becomes ready.

    `name` is what an item is called in expressions. `key` names its node; without one the item's
    digest does. `parallel` bounds items at work; `rest` says what becomes of those that nobody waits
    for any more.
    """

    items: Template
    name: str = "item"
    key: Template | None = None
    parallel: int | None = None
    rest: Literal["stop", "keep"] = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatSpec:
    """Rounds of the same task until `until` holds, at most `maximum` of them."""

    until: Template
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSpec:
    """A question to a person. `schema` is what a typed answer must look like, None for yes or no.

    After a no, the task `rewind_to` and everything behind it are done anew.
    """

    question: Template
    schema: Any = None
    rewind_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubGraph:
    """Another graph, run as one task. Parameters that are known stand in `graph.params`.

    `given` are those that only the run will tell, and `specs` says what each of them must be, in the
    form in which a graph file declares it.

    With `result` the graph is what a pattern made of the task: it is one piece with the task, is what
    the task `result` in it comes to, and hands on what that hands on. `pattern` is its name, `size` how
    many take part where that is told, and `where` its place in the document `asked_in`, as long as the
    graph is being made; `calls` tells how often its work is expected to be done. `called` is set where
    the pattern is written as a graph: what stands in its file finds its siblings and parameters under
    this name, wherever it is carried out.
    """

    graph: BoundGraph
    given: tuple[tuple[str, Template], ...] = ()
    specs: Mapping[str, Any] = field(default_factory=dict)
    result: str | None = None
    pattern: str = ""
    size: int | None = None
    where: tuple[str | int, ...] = ()
    asked_in: str = ""
    calls: Mapping[str, Any] = field(default_factory=dict)
    called: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSpec:
    """The rule that says when a join has seen enough, by name, and what it is told: plain JSON."""

    rule: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One map of a pattern's settings that says how a piece of it differs from the task itself.

    `task` is the task with those differences put in; `has_work` is true when it does other work than
    the task. `keys` are what else the map says, such as `name` or `brief`; `given` are its keys that
    belong to tasks. `where` is its place below the settings.
    """

    task: BoundTask
    has_work: bool = False
    keys: Mapping[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    where: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternUse:
    """The pattern that a task is to be expanded by. It is gone from an expanded graph.

    In `settings` a `Member` stands in place of each map that is one, and a `Template` where the value
    is not known yet. `where` is the place of the settings in the document `source` (none: that of the
    graph), and `places` are the documents and places of settings that stand elsewhere, in a preset.

    `template` is the graph of a pattern that is written as one, and `given` has, for each task of it that
    does the work of the task that uses it, the keys that it gives itself. `others` are names that the
    graph and the project give to patterns, and `agents` what the graph says of its Roles.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str | int, ...] = ()
    source: str = ""
    places: Mapping[str, tuple[str, tuple[str | int, ...]]] = field(default_factory=dict)
    template: SubGraph | None = None
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    agents: AgentDefaults = AgentDefaults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination of a matrix: its values, and the task with these put in."""

    key: str
    values: Mapping[str, Any]
    task: BoundTask


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterKey:
    """A key that the grammar knows and this version does not carry out yet; `run` refuses it.

    `span` is set where the key stands in another file than the graph's own.
    """

    key: str
    where: tuple[str | int, ...]
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTask:
    """One task with its parameters put in. Times are in seconds, `priority` is higher = sooner.

    A task with `cells`, `each`, `repeat` or `body` becomes several nodes, in this order from the
    outermost: cells, items, rounds, the tasks of its graph. `condition_at` says which of them ask the
    condition: the `task` as a whole, each `item`, or each `round`. `outputs_taken`: something refers to
    the outputs of all items.

    The pieces of a pattern: `hosted` ones see what the task sees that the pattern stands for; `made`
    ones were made by the compiler and compute, in no time, from what others came to. `background` ones
    never hold anything else up. `held` ones wait until the rule of the join that `settles` names lets
    them start. `sample` counts pieces with the same work, from 1. `offered`
    are inputs that the pattern gives: a callable that does not take them does not get them.

    `checks` are commands that must exit with 0 after the work, `acceptance` statements that must be true of
    it; `quality` says what is done with the findings of the quality gate. `setup` prepares a worktree.
    """

    id: str
    kind: TaskKind = "run"
    needs: tuple[Need, ...] = ()
    condition: Template | None = None
    condition_at: Literal["task", "item", "round"] = "task"
    cells: tuple[Cell, ...] = ()
    each: EachSpec | None = None
    repeat: RepeatSpec | None = None
    body: SubGraph | None = None
    ask: AskSpec | None = None
    outputs_taken: bool = False
    command: CommandSpec | None = None
    python: CallableSpec | None = None
    agent: AgentSpec | None = None
    acceptance: tuple[Template, ...] = ()
    checks: tuple[CommandSpec, ...] = ()
    quality: Literal["off", "note", "reask"] = "note"
    setup: CommandSpec | None = None
    inputs: tuple[tuple[str, Template], ...] = ()
    env: tuple[tuple[str, Template], ...] = ()
    secrets: tuple[str, ...] = ()
    cwd: Template = field(default_factory=lambda: Lit("."))
    output: OutputContract = OutputContract()
    deliverables: tuple[DeliverableSpec, ...] = ()
    reads: tuple[Template, ...] | None = None
    writes: tuple[Template, ...] = ()
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
    pattern: PatternUse | None = None
    hosted: bool = False
    made: bool = False
    background: bool = False
    held: bool = False
    settles: SettleSpec | None = None
    sample: int = 0
    offered: tuple[str, ...] = ()
    later: tuple[LaterKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundGraph:
    """A task graph whose parameters are known. `project` and `source` are absolute paths.

    `source_digest` is the SHA-256 of the file's bytes. `tasks` are in the order of the file.
    `maximum` bounds running nodes (None: the program's default); `pools` bound those that name one.
    `given` is what expressions see of tasks that were left out of the DAG run: by id, an object with
    `status` and `output` or `outputs`.
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
    given: tuple[tuple[str, Any], ...] = ()
