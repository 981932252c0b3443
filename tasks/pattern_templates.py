"""Binds patterns that are written as task graphs: their settings are the parameters of the graph."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

from ..schemas.bound import BoundGraph, PatternUse, SubGraph
from ..schemas.canonical import canonical, digest
from ..schemas.errors import InputError
from ..schemas.errors.many_nodes import SubGraphUnusable
from ..schemas.errors.patterns import (
    BadSetting,
    EndlessTemplate,
    MissingSetting,
    TemplateUnusable,
    UnknownSetting,
)
from ..schemas.span import Path
from ..schemas.suggest import did_you_mean, in_backticks
from ..schemas.task import Task
from ..schemas.template import Concat, Expr, Given, Host, Literal, Sequence
from ..schemas.template import Mapping as MappingTemplate
from ..schemas.work import KINDS
from .enclosing import enclosed
from .params import Directories, Refused, default_of, value_of
from .pattern_names import GraphOf, InGraph, InProject, Layer
from .sub_graphs import MOST_NESTED, MOST_TASKS, with_spans

if TYPE_CHECKING:
    from .binding import _Binding
    from .loader import LoadedGraph
    from .sub_graphs import Inner
    from .task_binding import TaskBinding

_TEMPLATES: Final = (Concat, Expr, Given, Host, Literal, MappingTemplate, Sequence)
_OF_THE_USER: Final = ("each", "repeat", "matrix")
"""Keys that decide how often the work is done: whoever uses the pattern says that."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who says some settings, and where they stand in that document."""

    at: TaskBinding
    where: Path

    @property
    def source(self) -> str:
        """The document, as an absolute path."""
        return os.path.abspath(self.at.loaded.file)


def layers(parent: _Binding) -> tuple[Layer, ...]:
    """Where the patterns that a graph uses are looked up."""
    project = InProject(parent.sources, parent.project, parent.loaded.file, parent.source)
    return InGraph(parent), project


def demanding_layers(parent: _Binding) -> tuple[Layer, ...]:
    """Where the reviewers of tasks with external effects are looked up: also in the graphs around."""
    own, project = layers(parent)
    found = [own]
    outer = parent.outer
    while outer is not None:
        found.append(InGraph(outer))
        outer = outer.outer
    return (*found, project)


def tell(at: TaskBinding, inner: Inner, errors: Iterable[InputError], path: Path) -> None:
    """Note problems with the use of a pattern, at `path` unless they have a place."""
    for error in errors:
        if error.span is None:
            at.binder.add(error, path, key=isinstance(error, UnknownSetting))
        else:
            at.binder.problems.append(error)
        inner.parent.pattern_problems.append(error)


def bind_template(
    use: PatternUse, graph: GraphOf, asked: Said, said: Mapping[str, Said], inner: Inner
) -> PatternUse | None:
    """The use of a pattern with the graph that it is written as; None with its problems told.

    `asked` is who uses the pattern, and `said` who gives each setting.
    """
    parent = inner.parent
    loaded = _loaded(use, graph, asked, inner)
    if loaded is None:
        return None
    values, late = _values(use, loaded, asked, said, inner)
    if values is None:
        return None
    key = (graph.path, canonical(values), late, id(parent) if demanding_layers(parent)[1:-1] else None)
    known = parent.sources.templates
    if key not in known:
        known[key] = _bound(use, graph, loaded, values, late, asked, inner)
    found = known[key]
    if found is None:
        return None
    return replace(use, settings={}, template=found, given=_given(loaded))


def _loaded(use: PatternUse, graph: GraphOf, asked: Said, inner: Inner) -> LoadedGraph | None:
    """The file, if it can be used here."""
    parent = inner.parent
    if graph.path in parent.chain:
        names = [
            FilePath(name).name for name in (*parent.chain[parent.chain.index(graph.path) :], graph.path)
        ]
        message = f"the pattern `{use.name}` is made of itself: {' -> '.join(names)}"
        hint = "for work that is to be done again, use `repeat`"
        tell(asked.at, inner, [EndlessTemplate(message, hint=hint)], asked.where)
        return None
    if len(parent.chain) > MOST_NESTED:
        message = f"more than {MOST_NESTED} graphs lie one in the other"
        tell(asked.at, inner, [SubGraphUnusable(message)], asked.where)
        return None
    loaded, problems = parent.sources.read(graph.path, graph.shown)
    parent.sources.patterns.add(graph.path)
    if loaded is not None and not problems:
        return loaded
    if loaded is None and all(problem.span is None for problem in problems):
        message = f"the file `{graph.shown}` of the pattern `{use.name}` cannot be used: "
        hint = problems[0].hint or "its path is relative to the file that names it"
        problems = [TemplateUnusable(message + problems[0].message, hint=hint)]
    tell(asked.at, inner, problems, asked.where)
    return None


def _values(
    use: PatternUse, loaded: LoadedGraph, asked: Said, said: Mapping[str, Said], inner: Inner
) -> tuple[dict[str, Any] | None, frozenset[str]]:
    """The values of the graph's parameters, and the names of those that are not known yet."""
    declared = loaded.graph.params
    folder = os.path.dirname(os.path.abspath(loaded.file))
    directories = Directories(graph=folder, shell=inner.parent.project)
    values: dict[str, Any] = {}
    late = set()
    is_wrong = False
    for name in use.settings:
        if name not in declared:
            there = f"`{use.name}` has {in_backticks(declared, last='and')}" if declared else None
            hint = did_you_mean(name, declared) or there or f"`{use.name}` has no settings"
            error: InputError = UnknownSetting(f"unknown setting `{name}` of `{use.name}`", hint=hint)
            tell(said[name].at, inner, [error], (*said[name].where, name))
            is_wrong = True
    for name, param in declared.items():
        by = said.get(name, asked)
        try:
            if name not in use.settings and param.is_required:
                error = MissingSetting(f"the pattern `{use.name}` needs the setting `{name}`")
                tell(asked.at, inner, [error], asked.where)
                is_wrong = True
            elif name not in use.settings:
                values[name] = default_of(param, directories)
            elif _is_open(use.settings[name]):
                late.add(name)
            else:
                values[name] = value_of(param, use.settings[name], directories)
        except Refused as refused:
            message = f"the setting `{name}` of `{use.name}` {refused.message}"
            tell(by.at, inner, [BadSetting(message, hint=refused.hint)], (*by.where, name))
            is_wrong = True
    return (None if is_wrong else values), frozenset(late)


def _is_open(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_open(item) for item in value.values())
    return any(map(_is_open, value)) if isinstance(value, list) else isinstance(value, _TEMPLATES)


def _bound(
    use: PatternUse,
    graph: GraphOf,
    loaded: LoadedGraph,
    values: dict[str, Any],
    late: frozenset[str],
    asked: Said,
    inner: Inner,
) -> SubGraph | None:
    parent = inner.parent
    parent.sources.tasks += len(loaded.graph.tasks)
    if parent.sources.tasks > MOST_TASKS:
        message = f"with all that it includes, the graph has more than {MOST_TASKS:,} tasks"
        tell(asked.at, inner, [SubGraphUnusable(message)], asked.where)
        return None
    problems = _misplaced(use, loaded)
    if problems:
        tell(asked.at, inner, problems, asked.where)
        return None
    bound, found = inner.bind_values(
        loaded,
        values,
        project=parent.project,
        sources=parent.sources,
        chain=(*parent.chain, graph.path),
        late=late,
        outer=parent,
        told=parent.pattern_problems,
    )
    parent.problems += found
    called = f"graph_{digest(graph.path)[:12]}"
    return SubGraph(graph=_enclosed(with_spans(bound, loaded), loaded, called), called=called)


def _enclosed(graph: BoundGraph, loaded: LoadedGraph, called: str) -> BoundGraph:
    """The graph, with the names in tasks that are carried out elsewhere led back to it."""
    tasks = tuple(
        enclosed(task, called) if does_users_work(loaded.graph.tasks[task.id]) else task
        for task in graph.tasks
    )
    return replace(graph, tasks=tasks)


def does_users_work(task: Task) -> bool:
    """Whether a task of such a graph does the work of the task that uses it: it has none of its own, and a
    pattern."""
    return task.pattern is not None and task.model_fields_set.isdisjoint(KINDS)


def _given(loaded: LoadedGraph) -> dict[str, frozenset[str]]:
    aliases = {name: info.alias or name for name, info in Task.model_fields.items()}
    return {
        name: frozenset(aliases[key] for key in task.model_fields_set)
        for name, task in loaded.graph.tasks.items()
        if does_users_work(task)
    }


def _misplaced(use: PatternUse, loaded: LoadedGraph) -> list[InputError]:
    problems: list[InputError] = []
    for name, task in loaded.graph.tasks.items():
        if not does_users_work(task):
            continue
        for key in _OF_THE_USER:
            if key not in task.model_fields_set:
                continue
            error = TemplateUnusable(
                f"`{name}` does the work of the task that uses the pattern `{use.name}`, and cannot have"
                f" `{key}` of its own",
                hint=f"put `{key}` into the task that uses the pattern",
                task=name,
            )
            error.span = loaded.document.span(("tasks", name, key), of="key")
            problems.append(error)
    return problems
