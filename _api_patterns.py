"""Layer 3, part of `api`: patterns put in place, and what they expand to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .patterns.expansion import expanded
from .patterns.registry import Rules, find
from .schemas.template import Concat, Given, Mapping, Sequence
from .tasks.expression.analysis import analyse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .schemas.bound import BoundGraph, BoundTask
    from .schemas.errors import InputError
    from .schemas.template import Template

RULES = Rules()
"""The settle rules of all patterns, by name."""


def has_patterns(graph: BoundGraph) -> bool:
    """Whether any task of the graph, at any depth, names a pattern."""
    return any(_names_one(task) for task in graph.tasks)


def _names_one(task: BoundTask) -> bool:
    if task.pattern is not None:
        return True
    if task.cells:
        return any(_names_one(cell.task) for cell in task.cells)
    return task.body is not None and has_patterns(task.body.graph)


def with_patterns(graph: BoundGraph) -> tuple[BoundGraph, list[InputError]]:
    """The graph with every pattern in place, and what is wrong with their use."""
    if not has_patterns(graph):
        return graph, []
    made, errors = expanded(graph, find)
    return made, [*errors, *(error for task in made.tasks for error in _expressions(task, made.source))]


def _expressions(task: BoundTask, source: str) -> Iterator[InputError]:
    """What is wrong with expressions over the outputs of pieces."""
    for one in (task, *(cell.task for cell in task.cells)):
        if one.body is None:
            continue
        for piece in one.body.graph.tasks:
            yield from _expressions(piece, source)
            if not piece.made:
                continue
            for given in _given(Mapping(piece.inputs)):
                for problem in analyse(given.source).problems[:1]:
                    error = problem.error(
                        problem.message, hint=problem.hint, where=one.body.where, task=one.id
                    )
                    error.source = source
                    yield error
                    return


def _given(template: Template) -> Iterator[Given]:
    match template:
        case Given():
            yield template
        case Mapping(pairs):
            for _, item in pairs:
                yield from _given(item)
        case Concat(items) | Sequence(items):
            for item in items:
                yield from _given(item)
