"""Which tasks of a graph a person means: dbt's node selection, for ids, tags and earlier results. Pure.

A selector is a name with `*` and `?`, `tag:NAME`, or `result:STATE`, where STATE is how the task ended in
the newest DAG run of the graph. `+` before it adds all that it needs, `+` behind it all that needs it; a
number beside the plus bounds the steps (`2+x`, `x+1`). A comma between selectors takes what all of them
mean; a space, or a further flag, adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from ..schemas.bound import BoundGraph
from ..schemas.errors import BadSelector, NothingSelected, UnknownSelection
from ..schemas.states import NODE_STATES
from ..schemas.suggest import did_you_mean, in_backticks

_SHAPE: Final = re.compile(r"(?:(\d*)\+)?([^+]+?)(?:\+(\d*))?")
_METHODS: Final = ("tag", "result")


@dataclass(frozen=True, slots=True)
class _Term:
    """One selector: what it names, and how many steps before and behind it are meant (0: none)."""

    text: str
    method: str
    value: str
    before: float
    behind: float


def select(
    graph: BoundGraph,
    chosen: Sequence[str],
    excluded: Sequence[str],
    states: Mapping[str, str],
) -> list[str]:
    """The ids of the tasks that are meant, in the order of the file.

    Without `chosen` all are, less the excluded ones. `states` are those of the tasks in the newest DAG
    run. Raises `BadSelector`, `UnknownSelection`, and `NothingSelected` when nothing is left.
    """
    before = {task.id: [need.task for need in task.needs] for task in graph.tasks}
    behind: dict[str, list[str]] = {task.id: [] for task in graph.tasks}
    for task, needs in before.items():
        for need in needs:
            behind[need].append(task)
    wanted = _union(graph, chosen, states, before, behind) if chosen else set(before)
    wanted -= _union(graph, excluded, states, before, behind)
    if not wanted:
        raise NothingSelected(
            "the selection leaves no task to run",
            hint="`me dag plan` with the same flags shows what is selected",
        )
    return [task for task in before if task in wanted]


def _union(
    graph: BoundGraph,
    texts: Iterable[str],
    states: Mapping[str, str],
    before: Mapping[str, Sequence[str]],
    behind: Mapping[str, Sequence[str]],
) -> set[str]:
    found: set[str] = set()
    for text in texts:
        for word in text.split():
            parts = [_with_around(_term(part), graph, states, before, behind) for part in word.split(",")]
            found |= set.intersection(*parts)
    return found


def _term(text: str) -> _Term:
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise BadSelector(
            f"`{text}` is not a selector",
            hint="write a task's id, `tag:NAME` or `result:STATE`, with `+` before or behind it",
        )
    method, colon, value = shape[2].partition(":")
    if not colon:
        method, value = "id", shape[2]
    elif method not in _METHODS:
        raise BadSelector(
            f"`{text}` selects by `{method}`, which there is not",
            hint=did_you_mean(method, _METHODS) or f"there are {in_backticks(_METHODS, last='and')}",
        )
    elif method == "result" and value not in NODE_STATES:
        ended = ("ok", "failed", "blocked", "skipped", "cancelled")
        raise BadSelector(
            f"no task ends `{value}`",
            hint=did_you_mean(value, ended) or f"write one of {in_backticks(ended)}",
        )
    return _Term(text, method, value, _steps(shape[1]), _steps(shape[3]))


def _steps(number: str | None) -> float:
    return 0 if number is None else float(number) if number else float("inf")


def _with_around(
    term: _Term,
    graph: BoundGraph,
    states: Mapping[str, str],
    before: Mapping[str, Sequence[str]],
    behind: Mapping[str, Sequence[str]],
) -> set[str]:
    core = _named(term, graph, states)
    return core | _walk(core, before, term.before) | _walk(core, behind, term.behind)


def _named(term: _Term, graph: BoundGraph, states: Mapping[str, str]) -> set[str]:
    if term.method == "result":
        # That nothing ended so is an answer, and no mistake.
        return {task.id for task in graph.tasks if states.get(task.id) == term.value}
    if term.method == "tag":
        tags = {tag for task in graph.tasks for tag in task.tags}
        found = {task.id for task in graph.tasks if any(fnmatchcase(tag, term.value) for tag in task.tags)}
    else:
        tags = {task.id for task in graph.tasks}
        found = {name for name in tags if fnmatchcase(name, term.value)}
    if not found:
        what = "tag" if term.method == "tag" else "task"
        known = in_backticks(sorted(tags), last="and")
        there = f"there are {known}" if tags else f"the graph has no {what}s"
        hint = did_you_mean(term.value, sorted(tags)) or there
        raise UnknownSelection(f"`{term.text}` selects nothing: there is no {what} `{term.value}`", hint=hint)
    return found


def _walk(start: set[str], edges: Mapping[str, Sequence[str]], steps: float) -> set[str]:
    found: set[str] = set()
    layer = start
    while layer and steps > 0:
        layer = {other for name in layer for other in edges[name]} - found
        found |= layer
        steps -= 1
    return found
