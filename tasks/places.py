"""Where in a graph file expressions may stand, and what is known there: one table, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from ..schemas.pattern_ref import is_graph_file
from ..schemas.span import Path
from .expression.scanner import has_expression
from .members import MEMBER_KEYS, members_in


class When(Enum):
    """When the expressions of a place are evaluated, and so what they can see."""

    RUN = auto()
    """When the task becomes ready: everything."""
    EACH = auto()
    """When the task becomes ready, before its items are known: everything but the item."""
    ROUND = auto()
    """After each round of a `repeat`."""
    BIND = auto()
    """Before anything runs: `params`, `env`, `matrix`."""
    ITEM = auto()
    """Before the attempt: `params`, `env`, `matrix`, and the item of a fan-out."""
    MATRIX = auto()
    """Before the matrix is known: `params`, `env`."""
    END = auto()
    """When the DAG run ends: `params`, `tasks`, `run`."""
    GRAPH = auto()
    """Before anything runs and outside every task: `params`."""
    NEVER = auto()
    """Not at all: an expression here is an error."""
    IGNORED = auto()
    """Text for people: left alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """One text with an expression in it. `path` leads to it from the document's root."""

    path: Path
    text: str
    when: When
    is_shell: bool = False


_TASK: dict[str, When] = {
    **dict.fromkeys(("run", "with", "env", "cwd", "if", "key", "prompt", "approve"), When.RUN),
    **dict.fromkeys(("acceptance", "checks", "setup"), When.RUN),
    **dict.fromkeys(("reads", "writes"), When.ITEM),
    **dict.fromkeys(("timeout", "idle_timeout", "priority", "retry", "parallel"), When.BIND),
    **dict.fromkeys(("pattern", "needs", "graph", "model", "reask", "max_turns"), When.BIND),
    **dict.fromkeys(("budget", "estimate", "assume_price"), When.BIND),
    **dict.fromkeys(("matrix", "include", "exclude"), When.MATRIX),
    "each": When.EACH,
    "description": When.IGNORED,
}
_BELOW: dict[tuple[str, str], When] = {
    ("output", "path"): When.RUN,
    ("output", "schema"): When.BIND,
    ("deliverables", "path"): When.RUN,
    ("deliverables", "schema"): When.BIND,
    ("context", "files"): When.RUN,
    ("context", "prior_runs"): When.NEVER,
    ("repeat", "until"): When.ROUND,
    ("repeat", "max"): When.BIND,
}
_GRAPH: dict[str, When] = {
    **dict.fromkeys(("concurrency", "budget", "defaults", "patterns"), When.GRAPH),
    "outputs": When.END,
    "description": When.IGNORED,
}
_SHELL = frozenset({"run", "setup", "checks"})


def places_in_task(task_id: str, written: Mapping[str, Any]) -> Iterator[Place]:
    """The texts with expressions of one task, as it stands in the document, in the order of the file."""
    yield from _places(("tasks", task_id), written)


def _places(at: Path, written: Mapping[str, Any], *, always: When | None = None) -> Iterator[Place]:
    """The texts of one task, or of a member of a pattern; `always` is when, whatever the key."""
    for key, value in written.items():
        if key == "pattern":
            yield from _places_in_pattern((*at, key), value, always or When.BIND)
            continue
        for path, text in _texts(value, (key,)):
            when = _TASK.get(key) or _BELOW.get((key, _name_below(path)), When.NEVER)
            # A schema in the file is data; only the name of a schema's file may be an expression.
            if when is When.BIND and key in ("output", "deliverables") and path[-1] != "schema":
                when = When.NEVER
            if key == "context" and path[-1] in ("lines", "role"):
                when = When.NEVER
            if always is not None and when is not When.IGNORED:
                when = always
            depth = 2 if key == "checks" else 1
            yield Place((*at, *path), text, when, key in _SHELL and len(path) == depth)


def _places_in_pattern(at: Path, value: Any, when: When) -> Iterator[Place]:
    """The texts of a pattern's settings, and those of the tasks that its members are."""
    members = dict(members_in(value, at))
    for path, member in members.items():
        always = None if when is When.BIND else when
        known = {key: inner for key, inner in member.items() if key in MEMBER_KEYS}
        yield from _places(path, known, always=always)
        rest = {key: inner for key, inner in member.items() if key not in MEMBER_KEYS}
        yield from (Place((*path, *below), text, when) for below, text in _texts(rest, ()))
    for path, text in _texts(value, at):
        if not any(path[: len(place)] == place for place in members):
            yield Place(path, text, when)


def argvs_in_task(written: Mapping[str, Any]) -> Iterator[tuple[Path, list[Any]]]:
    """The commands of one task that are lists of words, each with its place below the task."""
    if "pattern" in written:
        for at, member in members_in(written["pattern"], ("pattern",)):
            yield from (((*at, *path), argv) for path, argv in argvs_in_task(member))
    for key in _SHELL & written.keys():
        value = written[key]
        if key != "checks" and isinstance(value, list):
            yield (key,), value
        elif isinstance(value, list):
            yield from (((key, index), item) for index, item in enumerate(value) if isinstance(item, list))


def places_in_graph(written: Mapping[str, Any]) -> Iterator[Place]:
    """The texts with expressions outside the tasks."""
    for key, value in written.items():
        if key == "tasks":
            continue
        if key == "patterns" and isinstance(value, dict):
            for name, use in value.items():
                if is_graph_file(use):
                    yield from (Place(path, text, When.NEVER) for path, text in _texts(use, (key, name)))
                    continue
                yield from _places_in_pattern((key, name), use, When.GRAPH)
            continue
        for path, text in _texts(value, (key,)):
            when = _GRAPH.get(key, When.NEVER)
            if key == "params" and path[-1] == "description":
                when = When.IGNORED
            yield Place(path, text, when, path == ("defaults", "setup"))


def _name_below(path: Path) -> str:
    """The first key below the task's own that is no position in a list."""
    return next((step for step in path[1:] if isinstance(step, str)), "")


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if has_expression(value):
            yield path, value
    elif isinstance(value, dict):
        for name, child in value.items():
            if not (isinstance(name, str) and name.startswith("x-")):
                yield from _texts(child, (*path, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _texts(child, (*path, index))
