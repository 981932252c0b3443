"""Leads the names in expressions back to the graph that these were written in.

A task of a pattern that is written as a graph may be carried out somewhere else: inside the task that
uses the pattern, or deeper. There `tasks` and `params` mean other things, so each reference to them
gets the name in front under which the scope has those of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from ..schemas.bound import BoundTask, PatternUse, SubGraph
from ..schemas.template import Expr, Given
from .expression.analysis import analyse

_ROOTS: Final = ("tasks", "params")


def enclosed(task: BoundTask, name: str) -> BoundTask:
    """The task, in whose expressions `tasks` and `params` are those of the graph called `name`."""
    found = _in(task, name)
    assert isinstance(found, BoundTask)
    return found


def enclosed_source(source: str, name: str) -> str:
    """One expression's source in which `tasks.a` has become `NAME.tasks.a`."""
    starts = [one.start for one in analyse(source).references if one.root in _ROOTS]
    for start in sorted(starts, reverse=True):
        source = f"{source[:start]}{name}.{source[start:]}"
    return source


def _in(value: Any, name: str) -> Any:
    if isinstance(value, Expr):
        return Expr(enclosed_source(value.source, name))
    if isinstance(value, Given):
        return Given(enclosed_source(value.source, name), _in(value.names, name))
    if isinstance(value, tuple | list):
        return type(value)(_in(item, name) for item in value)
    if isinstance(value, Mapping):
        return {key: _in(item, name) for key, item in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    # Other graphs have names of their own; only what goes into them stands here.
    left = {SubGraph: ("graph",), PatternUse: ("template",)}.get(type(value), ())
    changes = {}
    for item in fields(value):
        before = getattr(value, item.name)
        after = before if item.name in left else _in(before, name)
        if after is not before and after != before:
            changes[item.name] = after
    return replace(value, **changes) if changes else value
