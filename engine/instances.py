"""The nodes of a DAG run as instances of tasks: which task, in which graph, for which item.

A task with a matrix, `each`, `repeat` or a graph of its own is several nodes, one inside another. Its
layers, from the outermost: `matrix`, `each`, `repeat`, `graph`, and then the work itself. A node of
depth 2 of a task with `each` and `repeat` is one round of one item.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from ..schemas.bound import BoundGraph, BoundTask, Need, OnLost, SubGraph
from .scheduler.graph import Growth, NodeSpec, Quorum

Layer = Literal["matrix", "each", "repeat", "graph"]

GROUPS: Final = frozenset({"matrix", "each", "repeat", "graph", "pattern"})
"""The kinds of nodes that are what their members make of them; they run nothing themselves."""

_GROWS: Final[dict[Layer, Growth]] = {
    "matrix": "items",
    "each": "items",
    "repeat": "rounds",
    "graph": "graph",
}
_READS_ONLY: Final = frozenset({"Read", "Grep", "Glob", "LS", "WebFetch", "WebSearch", "TodoWrite"})
"""Tools of agents that change no file."""
_UNSAFE: Final = re.compile(r"[\[\]%\x00-\x1f\x7f\ud800-\udfff]|[^\S ]")
_LONGEST_KEY: Final = 80


def layers(task: BoundTask) -> tuple[Layer, ...]:
    """The layers of groups that a task's nodes stand in, outermost first."""
    if task.cells:
        return ("matrix",)
    if task.each is None and task.repeat is None and task.body is None:
        return ()  # asked many times per node, and so for most tasks
    found: tuple[tuple[Layer, object], ...] = (
        ("each", task.each),
        ("repeat", task.repeat),
        ("graph", task.body),
    )
    return tuple(layer for layer, is_there in found if is_there is not None)


def leaf_tasks(graph: BoundGraph) -> Iterator[tuple[BoundGraph, BoundTask]]:
    """Every task that nodes are made of which run or ask something, each with its graph; at any depth."""
    for task in graph.tasks:
        for one in [cell.task for cell in task.cells] or [task]:
            if one.body is not None:
                yield from leaf_tasks(one.body.graph)
            else:
                yield graph, one


def graphs_of(graph: BoundGraph) -> Iterator[BoundGraph]:
    """The graph and every graph inside it."""
    yield graph
    for task in graph.tasks:
        for one in [cell.task for cell in task.cells] or [task]:
            if one.body is not None:
                yield from graphs_of(one.body.graph)


def tasks_of(graph: BoundGraph) -> Iterator[BoundTask]:
    """Every task, at any depth; of one with a matrix, those of its cells."""
    for task in graph.tasks:
        for one in [cell.task for cell in task.cells] or [task]:
            yield one
            if one.body is not None:
                yield from tasks_of(one.body.graph)


def bodies_of(graph: BoundGraph) -> Iterator[SubGraph]:
    """Every graph that a task is made of, or runs, at any depth."""
    return (task.body for task in tasks_of(graph) if task.body is not None)


def replayed(graph: BoundGraph) -> BoundGraph:
    """The graph with every task, at any depth, on the runtime `replay`; what the compiler made computes."""
    return with_tasks(graph, lambda task: task if task.made else replace(task, runtime="replay"))


def with_tasks(graph: BoundGraph, changed: Callable[[BoundTask], BoundTask]) -> BoundGraph:
    """The graph with every task, at any depth, in the place of which stands what `changed` makes of it."""
    return replace(graph, tasks=tuple(_with_tasks(task, changed) for task in graph.tasks))


def _with_tasks(task: BoundTask, changed: Callable[[BoundTask], BoundTask]) -> BoundTask:
    task = changed(task)
    if not task.cells and task.body is None:
        return task
    body = task.body
    return replace(
        task,
        cells=tuple(replace(cell, task=_with_tasks(cell.task, changed)) for cell in task.cells),
        body=None if body is None else replace(body, graph=with_tasks(body.graph, changed)),
    )


def safe_key(key: str) -> str:
    """A key as it stands in a node's id: brackets, `%`, control characters and bytes that are no UTF-8
    escaped as in URLs, and what is too long cut and told apart by a digest."""
    text = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in _bytes(found[0])), key)
    if len(text) <= _LONGEST_KEY:
        return text
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[: _LONGEST_KEY - 13]}~{digest}"


def _bytes(char: str) -> bytes:
    return char.encode("utf-8", "surrogateescape" if "\udc80" <= char <= "\udcff" else "surrogatepass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One graph that is being run, with the values of its parameters. `prefix` begins the ids of its
    nodes: nothing for the outermost graph, else the id of the node that runs it and `/`.

    `host` is the node that a pattern's pieces stand for, whose id is followed by `.` instead. In the
    `background` nothing holds anything else up.
    """

    graph: BoundGraph
    prefix: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    outer: Frame | None = None
    host: Instance | None = None
    background: bool = False

    def pools(self) -> dict[str, int]:
        """The limited pools that this graph brings along, by the names that they have in the scheduler."""
        found = {f"{self.prefix}{name}": size for name, size in self.graph.pools}
        if self.outer is not None and self.graph.maximum is not None:
            found[self.prefix] = self.graph.maximum
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One node. `depth` counts the layers around it; `names` are what expressions see besides the
    frame's parameters: the item, `matrix`, `repeat`. `key` tells it from the other members of `group`.
    """

    id: str
    task: BoundTask
    frame: Frame
    depth: int = 0
    group: str | None = None
    key: str = ""
    names: Mapping[str, Any] = field(default_factory=dict)

    @property
    def layer(self) -> Layer | None:
        """What kind of group the node is; None when it is the work itself."""
        found = layers(self.task)
        return found[self.depth] if self.depth < len(found) else None

    @property
    def result(self) -> str | None:
        """The node whose end and output are those of this one; None unless it is what a pattern made."""
        body = self.task.body
        if body is None or body.result is None or self.layer != "graph":
            return None
        return f"{self.id}.{body.result}"

    @property
    def background(self) -> bool:
        """Whether the node holds nothing else up."""
        return self.task.background or self.frame.background

    @property
    def is_piece(self) -> bool:
        """Whether a pattern made the node and its needs, and nobody wrote them."""
        host = self.frame.host
        return host is not None and (self.task.made or not (host.task.body and host.task.body.called))

    @property
    def task_id(self) -> str:
        """The id of the task as it was written: a pattern's pieces share that of the task they stand for."""
        host = self.frame.host
        return self.task.id if host is None else host.task_id

    @property
    def round(self) -> int | None:
        """Which round of a repeat the node is a part of, from 1; None when it is of none."""
        found: int | None = self.names.get("round")
        if found is None and self.task.hosted and self.frame.host is not None:
            return self.frame.host.round
        return found

    def sources(self) -> Iterator[tuple[str, Frame, Need]]:
        """Every need whose result the node may see: the name that it sees it by, and where it is found.

        A piece that does the work of a task sees what the task sees; those of its own pattern have the
        task's id before theirs, so that they hide nothing.
        """
        host = self.frame.host if self.task.hosted else None
        if host is not None:
            yield from host.sources()
        for need in self.needs:
            yield (need.task if host is None else f"{host.task.id}.{need.task}"), self.frame, need

    @property
    def needs(self) -> tuple[Need, ...]:
        """The needs of the task that the node is a part of, as far as its expressions may look at them: an
        item sees nothing of the task that only the list of items comes from."""
        if self.task.each is None or self.layer == "each":
            return self.task.needs
        return tuple(need for need in self.task.needs if not need.for_items)

    @property
    def kind(self) -> str:
        """What the node is, as reports say it: a kind of group, or the kind of work."""
        if self.result is not None:
            return "pattern"
        return self.layer or self.task.kind

    @property
    def runtime(self) -> str:
        """The runtime that carries its attempts out; the kind itself for nodes that have none."""
        return self.task.runtime if self.layer is None and self.task.ask is None else self.kind

    @property
    def asks_condition(self) -> bool:
        """Whether the task's `if` is asked at this node."""
        if self.task.condition is None:
            return False
        above = layers(self.task)[: self.depth]
        match self.task.condition_at:
            case "task":
                return self.depth == 0
            case "item":
                return above[-1:] == ("each",)
            case "round":
                return above[-1:] == ("repeat",)

    def member(self, suffix: str, **changes: Any) -> Instance:
        """The instance one layer further in whose id ends in `suffix`."""
        changes.setdefault("depth", self.depth + 1)
        return replace(self, id=self.id + suffix, group=self.id, **changes)


def root_instances(graph: BoundGraph) -> list[Instance]:
    """The nodes that a DAG run begins with: one per task of the outermost graph."""
    frame = Frame(graph=graph, params=dict(graph.params))
    return instances_of(frame, None)


def instances_of(frame: Frame, group: str | None) -> list[Instance]:
    """One instance per task of a frame's graph, in the order of the file."""
    return [
        Instance(id=frame.prefix + task.id, task=task, frame=frame, group=group) for task in frame.graph.tasks
    ]


def spec_of(instance: Instance) -> NodeSpec:
    """What the scheduler needs to know of the node."""
    task, layer, frame = instance.task, instance.layer, instance.frame
    prefix = frame.prefix
    outermost = instance.depth == 0 and (instance.group is None or instance.group == prefix[:-1])
    needs = task.needs if outermost else ()
    quorums = {
        prefix + need.task: Quorum(need.count, need.of, whole=need.whole)
        for need in needs
        if need.count is not None
    }
    is_work = layer is None and task.ask is None
    each = task.each if layer == "each" else None
    return NodeSpec(
        id=instance.id,
        needs=tuple((prefix + need.task, need.mode) for need in needs),
        quorums=quorums or None,
        kind="group" if layer is not None else "ask" if task.ask is not None else "work",
        has_condition=instance.asks_condition,
        priority=task.priority,
        pools=_pools(instance) if is_work and not task.made else (),
        retry_max=task.retry.maximum,
        retry_on=task.retry.on,
        on_lost=on_lost(task),
        group=instance.group,
        grows=_GROWS[layer] if layer is not None else None,
        parallel=each.parallel if each is not None else None,
        rest=each.rest if each is not None else "stop",
        outputs_taken=task.outputs_taken,
        most=task.repeat.maximum if layer == "repeat" and task.repeat is not None else 1,
        rewind_to=prefix + task.ask.rewind_to if task.ask is not None and task.ask.rewind_to else None,
        held=task.held and outermost,
        settles=task.settles.rule if task.settles is not None and outermost else None,
        settings=task.settles.settings if task.settles is not None and outermost else None,
        result=instance.result,
        background=instance.background,
        piece=instance.is_piece,
    )


def on_lost(task: BoundTask) -> OnLost:
    """What becomes of a node of the task when nobody knows what its attempt did.

    A person is asked where the world outside may have changed, and where an agent may have written into
    the project's own files.
    """
    if task.on_lost is not None:
        return task.on_lost
    agent_writes = task.agent is not None and task.isolation == "none" and _may_write(task)
    return "ask" if task.effects == "external" or agent_writes else "rerun"


def _may_write(task: BoundTask) -> bool:
    role = task.agent.identity if task.agent is not None else None
    if task.effects == "none" or role is None:
        return False
    return role.tools is None or any(tool.partition("(")[0] not in _READS_ONLY for tool in role.tools)


def pool_of_executor(alias: str) -> str:
    """The pool, of one slot, of the tasks that name the Executor: it does one thing at a time."""
    return f"executor {alias}"


def _pools(instance: Instance) -> tuple[str, ...]:
    """The limited pools that the node takes a slot of: those of its graph and of all graphs around it."""
    task = instance.task
    found: dict[str, None] = {}
    frame: Frame | None = instance.frame
    while frame is not None:
        names = {name for name, _ in frame.graph.pools}
        for name in (task.pool, task.runtime):
            if name in names:
                found[f"{frame.prefix}{name}"] = None
        if frame.outer is not None and frame.graph.maximum is not None:
            found[frame.prefix] = None
        frame = frame.outer
    if task.agent is not None and task.agent.executor is not None:
        found[pool_of_executor(task.agent.executor)] = None
    return tuple(found)
