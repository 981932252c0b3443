"""Binds a loaded graph to the values of its parameters: nothing is left to parse."""

from __future__ import annotations

import os.path
from collections.abc import Container, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path as FilePath
from typing import Any

from ..schemas.bound import BoundGraph, BoundTask
from ..schemas.errors import InputError, InputErrors
from ..schemas.errors.expression import ImpossibleReference
from ..schemas.later import later_in_graph
from ..schemas.task import runtime_fits, with_defaults
from . import settings
from .check import examine
from .expression.analysis import analyse, spell
from .expression.scanner import Hole, scan
from .loader import LoadedGraph
from .params import Directories, resolve_params
from .pattern_names import Preset
from .places import Place, When, places_in_task
from .producers import why_impossible
from .reader import by_place
from .references import schema_references
from .sub_graphs import Inner, Sources
from .task_binding import SchemaFiles, TaskBinding
from .templates import Binder


def bind(
    loaded: LoadedGraph,
    params: Mapping[str, object],
    *,
    project: str | PathLike[str],
    cwd: str | PathLike[str],
    environ: Mapping[str, str],
    known: Sequence[InputError] = (),
    sources: Sources | None = None,
) -> BoundGraph:
    """The graph with the values of its parameters put in; expressions over other tasks remain.

    `params` are those that were given: text is read by the type of its parameter. `project` is the
    project's root, `cwd` the directory of the shell, to which typed paths are relative, and `environ`
    its variables, of which only `HOME` is read, for `~` in a typed path. Schema files and the graphs
    that tasks run are read here; the latter are left in `sources`, by path. `known` are the problems
    that were found before; those of the loader must be among them. Raises `InputErrors` with
    everything that is wrong with the graph or the parameters, known or not.
    """
    source = os.path.abspath(loaded.file)
    directories = Directories(
        graph=os.path.dirname(source), shell=os.path.abspath(cwd), home=environ.get("HOME")
    )
    examined = examine(loaded)
    values, problems = resolve_params(loaded.graph.params, params, directories)
    found = [*problems, *known, *(error for error in examined.problems if error not in known)]
    if found:
        raise InputErrors(found)
    graph, problems = bind_values(
        loaded, values, project=os.path.abspath(project), sources=sources or Sources(), chain=(source,)
    )
    if problems:
        raise InputErrors(problems)
    return graph


def sketch(
    loaded: LoadedGraph, sources: Sources, project: str | PathLike[str], only: Container[str]
) -> tuple[BoundGraph, list[InputError]]:
    """The tasks `only` as far as they can be bound without any parameter: what depends on one stays open.

    For rules that look at the whole of a task. What is wrong is not told, but for the names of patterns
    and the settings of those that are written as graphs.
    """
    source = os.path.abspath(loaded.file)
    project = os.path.abspath(project)
    binding = _Binding(
        loaded, {}, project, sources, (source,), frozenset(loaded.graph.params), {}, may_wait=True
    )
    return binding.graph(only), binding.pattern_problems


def preset_binder(preset: Preset, binder: Binder) -> tuple[Binder, SchemaFiles]:
    """What binds the settings of a preset in another file, with the problems of `binder`, and what reads
    its schemas."""
    source, binding = os.path.abspath(preset.loaded.file), preset.binding
    found = Binder(
        preset.loaded.document,
        {"params": {} if binding is None else binding.params, "env": {}},
        problems=binder.problems,
        late_params=frozenset() if binding is None else binding.late,
        may_wait=binder.may_wait,
    )
    return found, SchemaFiles(os.path.dirname(source)) if binding is None else binding.schemas


def bind_values(
    loaded: LoadedGraph,
    values: dict[str, Any],
    *,
    project: str,
    sources: Sources,
    chain: tuple[str, ...],
    late: frozenset[str] = frozenset(),
    above: Mapping[str, Any] | None = None,
    outer: _Binding | None = None,
    told: list[InputError] | None = None,
) -> tuple[BoundGraph, list[InputError]]:
    """The graph with `values` put in, and what is wrong with it, in the order of the text.

    `late` are parameters that only the run will tell. `chain` holds the files that include one another
    down to this one. `above` are the execution keys of the task that runs this graph: they hold for
    every task that has none of its own. `outer` binds the graph around this one. What is wrong with the
    names of patterns, and the settings of written ones, is also put into `told`.
    """
    binding = _Binding(loaded, values, project, sources, chain, late, above or {}, outer=outer)
    graph = binding.graph()
    if told is not None:
        told += binding.pattern_problems
    # A setting of `defaults` is read once per task, and its problem told once.
    once = {(error.code, error.message, error.span): error for error in binding.problems}
    return graph, sorted(once.values(), key=by_place)


class _Binding:
    def __init__(
        self,
        loaded: LoadedGraph,
        params: dict[str, Any],
        project: str,
        sources: Sources,
        chain: tuple[str, ...],
        late: frozenset[str],
        above: Mapping[str, Any],
        *,
        may_wait: bool = False,
        outer: _Binding | None = None,
    ) -> None:
        self.loaded = loaded
        self.params = params
        self.project = project
        self.source = os.path.abspath(loaded.file)
        self.problems: list[InputError] = []
        self.schemas = SchemaFiles(os.path.dirname(self.source))
        self.sources = sources
        self.chain = chain
        self.late = late
        self.above = above
        self.may_wait = may_wait
        self.outer = outer
        self.pattern_problems: list[InputError] = []
        """Those of `problems` that are about the names of patterns, and the settings of written ones."""
        self._values: dict[str, Any] = {}

    def graph(self, only: Container[str] | None = None) -> BoundGraph:
        graph = self.loaded.graph
        written: dict[str, Any] = self.loaded.document.value
        binder = self._binder(set())
        limits = graph.concurrency
        pools = limits.pools.items() if limits is not None else ()
        number = "a whole number from 1"
        tasks = tuple(self._task(name) for name in graph.tasks if only is None or name in only)
        if only is None:
            self._fields_of_outputs(tasks)
        return BoundGraph(
            name=graph.name or FilePath(self.source).name.removesuffix(".yaml").removesuffix(".yml"),
            description=graph.description,
            source=self.source,
            source_digest=self.loaded.digest,
            project=self.project,
            params=tuple(self.params.items()),
            maximum=None
            if limits is None
            else settings.setting(binder, limits.max, ("concurrency", "max"), settings.positive, number),
            pools=tuple(
                (name, size)
                for name, value in pools
                if (
                    size := settings.setting(
                        binder, value, ("concurrency", "pools", name), settings.positive, number
                    )
                )
            ),
            outputs=tuple(
                (name, binder.template(value, ("outputs", name))) for name, value in graph.outputs.items()
            ),
            tasks=tasks,
            later=later_in_graph(written),
        )

    def _task(self, name: str) -> BoundTask:
        graph = self.loaded.graph
        task = with_defaults(graph.tasks[name], graph.defaults)
        given = {
            key: value
            for key, value in self.above.items()
            if key not in task.model_fields_set and (key != "runtime" or runtime_fits(value, task))
        }
        task = task.model_copy(update=given) if given else task
        binder = self._binder(examine(self.loaded).dynamic_env.get(name, set()))
        one = TaskBinding(self.loaded, name, task, binder, self.schemas, self.project, set(given))
        return one.task(Inner(parent=self, bind_values=bind_values))

    def _binder(self, dynamic_env: set[str]) -> Binder:
        return Binder(
            self.loaded.document,
            {"params": self.params, "env": {}},
            dynamic_env,
            self.problems,
            self._values,
            self.late,
            self.may_wait,
        )

    def _fields_of_outputs(self, tasks: Sequence[BoundTask]) -> None:
        """References into outputs whose schemas, or whose graphs, stand in other files."""
        schemas = self.schemas.outputs()
        patterned = {name for name, task in self.loaded.graph.tasks.items() if task.pattern is not None}
        producers = {
            name: found
            for name, found in {**_graph_schemas(tasks), **schemas}.items()
            if name not in patterned
        }
        if not producers:
            return
        document = self.loaded.document
        binder = Binder(document, {}, problems=self.problems)
        for place, hole in _holes(document.value["tasks"]):
            for other, reference, steps in schema_references(analyse(hole.source)):
                if other not in producers:
                    continue
                base = spell("tasks", reference.path[: len(reference.path) - len(steps)])
                why = why_impossible(base, "json", producers[other], steps)
                if why is not None:
                    message = why[0] if other in schemas else why[0].replace(" by its schema", "")
                    error = ImpossibleReference(message, hint=why[1])
                    start, end = hole.offset + reference.start, hole.offset + reference.end
                    binder.add(error, place.path, start, end)


def _graph_schemas(tasks: Sequence[BoundTask]) -> dict[str, Any]:
    """For each task that runs a graph, what its output can be: the names under that graph's `outputs`."""
    found: dict[str, Any] = {}
    for task in tasks:
        bodies = [one.body for one in (task, *(cell.task for cell in task.cells)) if one.body is not None]
        names: dict[str, Any] = {name: {} for body in bodies for name, _ in body.graph.outputs}
        if bodies:
            found[task.id] = {"type": "object", "properties": names, "additionalProperties": False}
    return found


def _holes(tasks: Mapping[str, Any]) -> Iterator[tuple[Place, Hole]]:
    """Every expression of every task."""
    for name, written in tasks.items():
        for place in places_in_task(name, written):
            if place.when is not When.IGNORED:
                yield from ((place, piece) for piece in scan(place.text) if isinstance(piece, Hole))
