"""Graphs that tasks run: read, given their parameters, and bound."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

from ..schemas.bound import BoundGraph, BoundTask, CommandSpec, SubGraph
from ..schemas.errors import InputError
from ..schemas.errors.invocation import MissingParameter, UnknownParameter
from ..schemas.errors.many_nodes import SubGraphCycle, SubGraphUnusable
from ..schemas.execution import Execution
from ..schemas.suggest import did_you_mean, in_backticks
from ..schemas.template import Literal, Template
from . import settings
from .check import examine
from .loader import LoadedGraph, load_problems
from .params import Directories, Refused, default_of, value_of
from .pattern_names import beside
from .preset_files import load_preset
from .reader import by_place

if TYPE_CHECKING:
    from .binding import _Binding
    from .task_binding import TaskBinding


MOST_TASKS: Final = 100_000
"""A graph and all that it includes, each as often as it is included, have at most so many tasks."""

MOST_NESTED: Final = 100
"""So many graphs may lie one in the other."""


OFFERED: Final = frozenset(
    {
        *("brief", "purpose", "candidate", "candidates", "deliverable", "draft", "findings"),
        *("others", "own", "proposal", "reviews", "votes"),
    }
)
"""The inputs that patterns give to their pieces: parameters of these names need no value in `with`."""


@dataclass(slots=True)
class Sources:
    """The graph files that were read, by absolute path, with their problems; `tasks` counts the tasks of
    all graphs that were included."""

    loaded: dict[str, LoadedGraph] = field(default_factory=dict)
    tasks: int = 0
    templates: dict[Any, Any] = field(default_factory=dict)
    """Patterns that are written as graphs, as they were bound, by file and settings."""
    patterns: set[str] = field(default_factory=set)
    """The files that patterns are written in, and those of presets."""
    _problems: dict[str, list[InputError]] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)

    def read(self, path: str, shown: str) -> tuple[LoadedGraph | None, list[InputError]]:
        """The file at `path` and all that is wrong with it by itself; `shown` is how people name it."""
        if path not in self._problems:
            loaded, problems = load_problems(shown)
            if loaded is not None:
                self.loaded[path] = loaded
                problems = sorted([*problems, *examine(loaded).problems], key=by_place)
            self._problems[path] = problems
        return self.loaded.get(path), self._problems[path]

    def preset(self, path: str, shown: str, name: str) -> tuple[LoadedGraph | None, list[InputError]]:
        """The preset in the file at `path` and all that is wrong with it by itself; neither, where the
        file is a graph."""
        if path not in self._problems:
            loaded, problems = load_preset(path, shown, name)
            if loaded is None and not problems:
                return None, []
            if loaded is not None:
                self.loaded[path] = loaded
                self.patterns.add(path)
                problems = examine(loaded).problems
            self._problems[path] = problems
        known = self.loaded.get(path)
        is_graph = known is not None and bool(known.graph.tasks)
        return (None, []) if is_graph else (known, self._problems[path])

    def size(self, path: str, shown: str, depth: int = 0) -> int:
        """How many tasks the file at `path` has with all that it includes, as far as names of files are
        plain there; at most one more than `MOST_TASKS`."""
        if path not in self._sizes:
            self._sizes[path] = 0  # what includes itself is refused elsewhere
            loaded, _ = self.read(path, shown)
            names = [] if loaded is None else [task.graph for task in loaded.graph.tasks.values()]
            size = len(names)
            for name in names:
                is_plain = name is not None and "${{" not in name
                if is_plain and size <= MOST_TASKS and depth <= MOST_NESTED:
                    inner, told = (beside(file, str(name)) for file in (path, shown))
                    size += self.size(inner, told, depth + 1)
            self._sizes[path] = min(size, MOST_TASKS + 1)
        return self._sizes[path]


BindValues = Callable[..., tuple[BoundGraph, list[InputError]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """Binds the graphs inside the tasks of the graph that `parent` binds."""

    parent: _Binding
    bind_values: BindValues

    def __call__(self, at: TaskBinding, bound: BoundTask) -> SubGraph | None:
        return bind_sub_graph(at, bound, self.parent, self.bind_values)


def bind_sub_graph(
    at: TaskBinding, bound: BoundTask, parent: _Binding, bind_values: BindValues
) -> SubGraph | None:
    """The graph that the task runs, bound as far as its parameters are known; None with its problems told."""
    binder = at.binder
    where = (*at.at, "graph")
    file = at._setting(("graph",))
    if file is None:
        return None
    path = os.path.abspath(os.path.join(os.path.dirname(parent.source), file))
    if path in parent.chain:
        names = [FilePath(name).name for name in (*parent.chain[parent.chain.index(path) :], path)]
        message = f"the graph includes itself: {' -> '.join(names)}"
        hint = "for work that is to be done again, use `repeat`"
        binder.add(SubGraphCycle(message, hint=hint), where)
        return None
    if len(parent.chain) > MOST_NESTED:
        message = f"more than {MOST_NESTED} graphs lie one in the other"
        binder.add(SubGraphUnusable(message, hint="name the inner ones in one graph"), where)
        return None
    shown = beside(parent.loaded.file, file)
    loaded, problems = parent.sources.read(path, shown)
    if loaded is None and all(problem.span is None for problem in problems):
        message = f"the graph file `{file}` cannot be used: {problems[0].message}"
        hint = problems[0].hint or "its path is relative to the file that names it"
        binder.add(SubGraphUnusable(message, hint=hint), where)
        return None
    if loaded is None or problems:
        parent.problems += problems
        return None
    is_told = parent.sources.tasks > MOST_TASKS
    parent.sources.tasks += len(loaded.graph.tasks)
    if max(parent.sources.tasks, parent.sources.size(path, shown)) > MOST_TASKS:
        if not is_told:
            message = f"with all that it includes, the graph has more than {MOST_TASKS:,} tasks"
            hint = "an `each` over a list makes as many nodes as it has items, and only when they run"
            binder.add(SubGraphUnusable(message, hint=hint), where)
        return None
    values, given = _parameters(at, bound, loaded, parent, file)
    if values is None:
        return None
    graph, problems = bind_values(
        loaded,
        values,
        project=parent.project,
        sources=parent.sources,
        chain=(*parent.chain, path),
        late=frozenset(name for name, _ in given),
        above=_execution_keys(at),
        outer=parent,
    )
    parent.problems += problems
    specs = {name: loaded.graph.params[name].model_dump(mode="json", exclude_unset=True) for name, _ in given}
    return SubGraph(graph=with_spans(graph, loaded), given=given, specs=specs)


def _parameters(
    at: TaskBinding, bound: BoundTask, loaded: LoadedGraph, parent: _Binding, file: str
) -> tuple[dict[str, Any] | None, tuple[tuple[str, Template], ...]]:
    """The values that are known by now, and the templates of the others."""
    declared = loaded.graph.params
    directories = Directories(graph=os.path.dirname(os.path.abspath(loaded.file)), shell=parent.project)
    values: dict[str, Any] = {}
    given: list[tuple[str, Template]] = []
    told = len(parent.problems)
    binder = at.binder
    inputs = dict(bound.inputs)
    for name in inputs:
        if name not in declared:
            there = f"`{file}` has {in_backticks(declared, last='and')}" if declared else f"`{file}` has none"
            error = UnknownParameter(
                f"unknown parameter `{name}`", hint=did_you_mean(name, declared) or there
            )
            binder.add(error, (*at.at, "with", name), key=True)
    is_piece = at.spec.pattern is not None or len(at.at) > 2
    for name, param in declared.items():
        template = inputs.get(name)
        if template is None and is_piece and name in OFFERED:
            # The pattern may give it; where it does not, the default stands.
            given.append((name, Literal(None if param.is_required else default_of(param, directories))))
            continue
        if template is not None and not isinstance(template, Literal):
            given.append((name, template))
            continue
        where = (*at.at, "graph") if template is None else (*at.at, "with", name)
        try:
            if template is not None:
                values[name] = value_of(param, template.value, directories)
            elif param.is_required:
                message = f"the parameter `{name}` of `{file}` has no default and was not given"
                binder.add(MissingParameter(message, hint=f"give it under `with`: `{name}: …`"), where)
            else:
                values[name] = default_of(param, directories)
        except Refused as refused:
            message = f"the parameter `{name}` of `{file}` {refused.message}"
            binder.add(refused.error(message, hint=refused.hint), where)
    return (None if len(parent.problems) > told else values), tuple(given)


def _execution_keys(at: TaskBinding) -> Mapping[str, Any]:
    """The execution keys that the task has, for the tasks of its graph; their values known by now."""
    found: dict[str, Any] = {}
    for name in Execution.model_fields:
        if name not in at.spec.model_fields_set or name == "in_":
            continue
        value = getattr(at.spec, name)
        if (name,) in settings.BY_KEY and isinstance(value, str):
            value = at._setting((name,))
        if name == "setup":
            value = _settled_setup(at)
        if value is not None:
            found[name] = value
    return found


def _settled_setup(at: TaskBinding) -> CommandSpec | None:
    """The command that prepares worktrees, for tasks in another graph: it has its values before the run."""
    setup = at._setup()
    if setup is not None and any(
        not isinstance(item, Literal) for item in (*(setup.argv or ()), *(one for _, one in setup.bindings))
    ):
        at.binder.add(settings.comes_late(), (*at.at, "setup"))
        return None
    return setup


def with_spans(graph: BoundGraph, loaded: LoadedGraph) -> BoundGraph:
    """Keys that are refused later are placed in the file that they stand in."""

    def placed(task: BoundTask) -> BoundTask:
        later = tuple(
            item if item.span is not None else replace(item, span=loaded.document.span(item.where, of="key"))
            for item in task.later
        )
        return replace(task, later=later)

    later = tuple(replace(item, span=loaded.document.span(item.where, of="key")) for item in graph.later)
    return replace(graph, later=later, tasks=tuple(placed(task) for task in graph.tasks))


def read_late_parameter(spec: Mapping[str, Any], value: Any, project: str) -> Any:
    """The value of a sub-graph's parameter that only the run could tell. Raises `Refused`."""
    from ..schemas.param import Param  # pydantic, for runs with such parameters only

    param = Param.model_validate(dict(spec))
    return value_of(param, value, Directories(graph=project, shell=project))
