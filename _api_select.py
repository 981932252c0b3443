"""Layer 3, part of `api`: leaving tasks of a graph out of a DAG run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .engine.coordinator.requests import all_sources
from .engine.ledger.connection import DATABASE
from .engine.project import state_dir
from .engine.selection import select
from .schemas.errors import InputError, InputErrors, OutputNotSelected
from .schemas.template import expressions

if TYPE_CHECKING:
    from .engine.ledger.ledger import Ledger
    from .schemas.bound import BoundGraph, BoundTask

LOOKED_AT = 100
"""How many of the newest DAG runs are looked through for an earlier output."""


def selected(graph: BoundGraph, chosen: Sequence[str], excluded: Sequence[str]) -> BoundGraph:
    """The graph with only the tasks that are meant, and with what is known of the others.

    A task that waits for a left-out one to fail is left out as well: nobody can tell whether it did.
    Raises `InputErrors` for a selector that is wrong, and for a reference to a left-out task that has no
    earlier output.
    """
    if not chosen and not excluded:
        return graph
    state = state_dir(Path(graph.project))
    if not (state / DATABASE).exists():
        return _reduced(graph, _chosen(graph, chosen, excluded, {}), {})
    from .engine.ledger.ledger import Ledger

    with Ledger.open(state, readonly=True) as ledger:
        earlier = _Earlier(ledger, graph.source)
        kept = _chosen(graph, chosen, excluded, earlier.states())
        return _reduced(graph, kept, earlier)


def _chosen(
    graph: BoundGraph, chosen: Sequence[str], excluded: Sequence[str], states: Mapping[str, str]
) -> set[str]:
    try:
        kept = set(select(graph, chosen, excluded, states))
    except InputError as error:
        raise InputErrors([error]) from None
    before = 0
    while before != len(kept):
        before = len(kept)
        kept = {
            task.id
            for task in graph.tasks
            if task.id in kept and not any(n.mode == "failed" and n.task not in kept for n in task.needs)
        }
    return kept


def _reduced(graph: BoundGraph, kept: set[str], earlier: _Earlier | Mapping[str, Any]) -> BoundGraph:
    tasks = tuple(
        replace(task, needs=tuple(need for need in task.needs if need.task in kept))
        for task in graph.tasks
        if task.id in kept
    )
    left_out = {task.id: task for task in graph.tasks if task.id not in kept}
    given: dict[str, Any] = {}
    problems: list[InputError] = []
    for task in tasks:
        for name in _named_in(task, left_out):
            if name not in given:
                found = earlier.get(name)
                if found is not None:
                    given[name] = found
                    continue
                problems.append(
                    OutputNotSelected(
                        f"`{task.id}` refers to `{name}`, which is left out and has no earlier output",
                        hint=f"select it too: `--select +{task.id}`",
                        task=task.id,
                    )
                )
    if problems:
        raise InputErrors(problems)
    outputs = tuple(
        (name, template)
        for name, template in graph.outputs
        if all(other in given for other in _names(expressions(template), left_out))
    )
    return replace(graph, tasks=tasks, outputs=outputs, given=tuple(given.items()))


def _named_in(task: BoundTask, names: Mapping[str, Any]) -> Iterator[str]:
    return _names(all_sources(task), names)


def _names(sources: Iterator[str], names: Mapping[str, Any]) -> Iterator[str]:
    """Which of `names` the expressions refer to as tasks."""
    for source in sources:
        for name in names:
            quoted = re.escape(name)
            if re.search(rf"\btasks\s*(\.\s*{quoted}\b|\[\s*[\"']{quoted}[\"']\s*\])", source):
                yield name


class _Earlier:
    """What earlier DAG runs of the graph file came to, each replayed at most once."""

    def __init__(self, ledger: Ledger, source: str) -> None:
        from .engine.ledger import queries

        self._ledger = ledger
        rows = queries.recent_dag_runs(ledger, limit=LOOKED_AT)
        self._ids = [row.dag_run_id for row in rows if row.source == source]
        self._sessions: dict[str, Any] = {}

    def states(self) -> dict[str, str]:
        """How each task ended in the newest DAG run."""
        if not self._ids:
            return {}
        nodes = self._session(self._ids[0]).scheduler.nodes
        return {name: node.state for name, node in nodes.items() if node.spec.group is None}

    def get(self, task: str) -> dict[str, Any] | None:
        """What expressions see of the task: its last ok end; None when there is none."""
        for dag_run_id in self._ids:
            session = self._session(dag_run_id)
            known = dict(session.graph.given).get(task)
            node = session.scheduler.nodes.get(task)
            if node is not None and node.state == "ok":
                entry: dict[str, Any] = session.entry(task)
                return entry
            if known is not None and node is None:
                return dict(known)
        return None

    def _session(self, dag_run_id: str) -> Any:
        if dag_run_id not in self._sessions:
            from ._api_patterns import RULES
            from .engine.coordinator.session import Session, Surroundings
            from .tasks.expression.evaluator import evaluate

            world = Surroundings(evaluate=evaluate, runtimes={}, environ={}, rules=RULES)
            self._sessions[dag_run_id] = Session(self._ledger, dag_run_id, world, state=self._ledger.state)
        return self._sessions[dag_run_id]
