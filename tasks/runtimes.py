"""The runtime of a task, and the pools that tasks may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..schemas.agent import CLIENTS, OF_OTHERS
from ..schemas.errors.agents import RuntimeOfAnotherKind
from ..schemas.errors.graph import UnknownPool
from ..schemas.span import Path
from ..schemas.suggest import did_you_mean, in_backticks
from ..schemas.task import Task, with_defaults
from ..schemas.task_graph import TaskGraph
from .expression.scanner import has_expression

RUNTIMES = {"run": "command", "python": "python", "role": "agent", "graph": "graph", "approve": "approve"}
"""The runtime of each kind of work that names none."""


def runtime_of(task: Task) -> str:
    """The runtime of a task that has the values of `defaults` already."""
    return task.runtime or RUNTIMES[task.kind]


def misfit(task: Task) -> RuntimeOfAnotherKind | None:
    """The error for a task, or a member of a pattern, that names a runtime of another kind of work."""
    runtime = task.runtime
    if task.role is not None and runtime in OF_OTHERS:
        kind, hint = f"the Role `{task.role}`", f"take it out, or name one of {in_backticks(CLIENTS)}"
    elif runtime in CLIENTS and (task.run, task.python, task.approve) != (None, None, None):
        kind, hint = f"a task with `{task.kind}`", "take it out; or let a `role` do it"
    else:
        return None
    return RuntimeOfAnotherKind(f"the runtime `{runtime}` cannot do the work of {kind}", hint=hint)


def unknown_pools(graph: TaskGraph, written: Mapping[str, Any]) -> Iterator[tuple[Path, UnknownPool]]:
    """An error, with its place, for each `pool` that is neither in `concurrency.pools` nor a runtime
    of the graph. One in `defaults` is told once.

    `written` is the whole document; of a graph that is not whole, it still says which pools there are.
    """
    sizes = written.get("concurrency")
    pools = sizes.get("pools", {}) if isinstance(sizes, dict) else {}
    if not isinstance(sizes or {}, dict) or not isinstance(pools, dict):
        return
    tasks = {name: with_defaults(task, graph.defaults) for name, task in graph.tasks.items()}
    runtimes = {runtime_of(task) for task in tasks.values() if task.kind in RUNTIMES}
    told = False
    for name, task in tasks.items():
        if task.pool is None or task.pool in pools or task.pool in runtimes or has_expression(task.pool):
            continue
        is_own = "pool" in graph.tasks[name].model_fields_set
        if is_own or not told:
            path: Path = ("tasks", name, "pool") if is_own else ("defaults", "pool")
            yield path, _error(task.pool, list(pools))
        told = told or not is_own


def unknown_pool(pool: str, graph: TaskGraph) -> UnknownPool | None:
    """The error for a member of a pattern that names a pool which there is not."""
    pools = () if graph.concurrency is None else graph.concurrency.pools
    runtimes = {runtime_of(with_defaults(task, graph.defaults)) for task in graph.tasks.values()}
    if pool in pools or pool in runtimes or has_expression(pool):
        return None
    return _error(pool, list(pools))


def _error(pool: str, pools: list[str]) -> UnknownPool:
    hint = did_you_mean(pool, pools)
    if hint is None:
        verb = "is" if len(pools) == 1 else "are"
        there = f"there {verb} {in_backticks(pools, last='and')}; " if pools else ""
        hint = f"{there}write its size: `concurrency: {{pools: {{{pool}: 1}}}}`"
    return UnknownPool(f"there is no pool `{pool}`", hint=hint)
