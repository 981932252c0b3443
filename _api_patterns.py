"""Layer 3, part of `api`: patterns put in place, and what they expand to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .patterns.expansion import expanded
from .patterns.registry import Rules, find
from .schemas.errors.expression import UnknownName
from .schemas.suggest import did_you_mean, in_backticks
from .tasks.expression.analysis import analyse

if TYPE_CHECKING:
    from .patterns.protocol import Formula
    from .schemas.bound import BoundGraph, BoundTask
    from .schemas.errors import InputError

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
    return expanded(graph, find, _wrong_with) if has_patterns(graph) else (graph, [])


def _wrong_with(formula: Formula) -> InputError | None:
    """What is wrong with a setting that is an expression, in itself and by the names in it."""
    analysis = analyse(formula.text)
    for problem in analysis.problems:
        return problem.error(problem.message, hint=problem.hint)
    for reference in analysis.references:
        if reference.root not in formula.names:
            known = f"an expression here sees {in_backticks(formula.names, last='and')} only"
            hint = did_you_mean(reference.root, formula.names) or known
            return UnknownName(f"`{reference.root}` is not known here", hint=hint)
    return None
