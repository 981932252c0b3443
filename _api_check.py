"""Layer 3, part of `api`: from a file on disk to a bound graph or a list of problems."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .engine.compile import graph_errors
from .engine.project import find_project
from .schemas.errors import InputError, InputErrors, KeyNotBuilt
from .schemas.later import LATER_HINT
from .tasks import bind, check_loaded, load_problems, outline

if TYPE_CHECKING:
    from .schemas.bound import BoundGraph
    from .schemas.plan import Plan
    from .tasks.load import LoadedGraph


def check(source: Path) -> list[InputError]:
    """Every problem that the file alone can tell, in the order of the text; empty when there is none."""
    return _checked(source)[1]


def plan(
    source: Path,
    *,
    params: Mapping[str, object] | None = None,
    concurrency: int | None = None,
    cwd: Path | None = None,
) -> Plan:
    """What a run of the file would do, and why. Touches nothing. Raises `InputErrors`."""
    from .engine.plan import build_plan

    graph, _ = bound(source, params or {}, cwd=cwd, environ=os.environ)
    return build_plan(graph, concurrency=concurrency)


def bound(
    source: Path, params: Mapping[str, object], *, cwd: Path | None, environ: Mapping[str, str]
) -> tuple[BoundGraph, LoadedGraph]:
    """The bound graph of a file, with what its text looked like. Raises `InputErrors`."""
    loaded, problems = _checked(source)
    if loaded is None:
        raise InputErrors(problems)
    project = find_project(source.resolve().parent)
    try:
        graph = bind(loaded, params, project=project, cwd=cwd or Path.cwd(), environ=environ)
    except InputErrors as more:
        raise InputErrors(_in_order(_without_repeats([*problems, *more.errors]))) from None
    if problems:
        raise InputErrors(problems)
    # Values of parameters can make writes collide that the text alone leaves open.
    refuse(place(graph_errors(graph), loaded))
    return graph, loaded


def refuse_later(graph: BoundGraph, loaded: LoadedGraph) -> None:
    """Raise for every key that validates and is not carried out by this version."""
    found = [(None, later) for later in graph.later]
    found += [(task.id, later) for task in graph.tasks for later in task.later]
    errors: list[InputError] = []
    for task, later in found:
        owner = f"task `{task}` uses `{later.key}`" if task else f"the graph uses `{later.key}`"
        errors.append(
            KeyNotBuilt(
                f"{owner}, which this version cannot carry out yet",
                hint=LATER_HINT,
                where=later.where,
                task=task,
                key=later.key,
            )
        )
    refuse(place(errors, loaded))


def place(errors: Iterable[InputError], loaded: LoadedGraph) -> list[InputError]:
    """Give each error that knows its place in the document the place in the text."""
    placed = list(errors)
    for error in placed:
        if error.span is None and error.where:
            error.span = loaded.document.nearest_span(error.where)
    return placed


def refuse(errors: list[InputError]) -> None:
    """Raise `InputErrors`, in the order of the text, when there are any."""
    if errors:
        raise InputErrors(_in_order(errors))


def _checked(source: Path) -> tuple[LoadedGraph | None, list[InputError]]:
    loaded, problems = load_problems(source)
    if loaded is None:
        return None, problems
    problems = [*problems, *check_loaded(loaded), *place(graph_errors(outline(loaded)), loaded)]
    return loaded, _in_order(problems)


def _in_order(errors: Iterable[InputError]) -> list[InputError]:
    # Sorting is stable: errors without a place stay in front, in the order in which they were found.
    return sorted(errors, key=lambda e: (e.span.file, e.span.line, e.span.column) if e.span else ("", 0, 0))


def _without_repeats(errors: Iterable[InputError]) -> list[InputError]:
    return list({(error.code, error.message, error.span): error for error in errors}.values())
