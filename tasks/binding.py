"""Binds a loaded graph to the values of its parameters: nothing is left to parse."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path as FilePath
from typing import Any

from ..schemas.bound import (
    BoundGraph,
    BoundTask,
    CommandSpec,
    DeliverableSpec,
    Need,
    OutputContract,
    RetryPolicy,
)
from ..schemas.errors import InputError, InputErrors
from ..schemas.errors.expression import ImpossibleReference
from ..schemas.errors.graph import CountWithoutItems, InvalidSchema, SchemaFileUnusable
from ..schemas.later import later_in_graph, later_in_task
from ..schemas.needs import Quorum
from ..schemas.span import Path
from ..schemas.task import Task, with_defaults
from ..schemas.template import EMPTY, Literal, Template, as_text
from . import settings
from .check import declared_schemas, declared_writes, examine, outside_project
from .expression.analysis import analyse, spell
from .expression.scanner import Hole, has_expression, scan
from .json_schemas import UnreadableSchema, load_schema, schema_problem
from .loader import LoadedGraph
from .params import Directories, resolve_params
from .places import Place, When, places_in_task
from .producers import why_impossible
from .project_paths import is_outside, relative_to_project
from .reader import by_place
from .references import makes_items, schema_references
from .runtimes import runtime_of
from .templates import Binder


def bind(
    loaded: LoadedGraph,
    params: Mapping[str, object],
    *,
    project: str | PathLike[str],
    cwd: str | PathLike[str],
    environ: Mapping[str, str],
    known: Sequence[InputError] = (),
) -> BoundGraph:
    """The graph with the values of its parameters put in; expressions over other tasks remain.

    `params` are those that were given: text is read by the type of its parameter. `project` is the
    project's root, `cwd` the directory of the shell, to which typed paths are relative, and `environ`
    its variables, of which only `HOME` is read, for `~` in a typed path. Schema files are read here.
    `known` are the problems that were found before; those of the loader must be among them. Raises
    `InputErrors` with everything that is wrong with the graph or the parameters, known or not.
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
    binding = _Binding(loaded, values, os.path.abspath(project))
    graph = binding.graph()
    if binding.problems:
        # A setting of `defaults` is read once per task, and its problem told once.
        once = {(error.code, error.message, error.span): error for error in binding.problems}
        raise InputErrors(sorted(once.values(), key=by_place))
    return graph


class _Binding:
    def __init__(self, loaded: LoadedGraph, params: dict[str, Any], project: str) -> None:
        self.loaded = loaded
        self.params = params
        self.project = project
        self.source = os.path.abspath(loaded.file)
        self.examined = examine(loaded)
        self.problems: list[InputError] = []
        self.schemas: dict[tuple[str, Path], Any] = {}
        """What the schemas hold that stand in files of their own, by task and place below it."""
        self.schema_files: dict[str, str] = {}
        """The file of each task's output schema, as it is named in the graph."""
        self._files: dict[str, Any] = {}
        self._values: dict[str, Any] = {}

    def graph(self) -> BoundGraph:
        graph = self.loaded.graph
        written: dict[str, Any] = self.loaded.document.value
        binder = Binder(self.loaded.document, {"params": self.params}, problems=self.problems)
        limits = graph.concurrency
        pools = limits.pools.items() if limits is not None else ()
        number = "a whole number from 1"
        tasks = tuple(
            self._task(name, with_defaults(task, graph.defaults), written["tasks"][name])
            for name, task in graph.tasks.items()
        )
        self._fields_of_schemas()
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

    # ---- one task

    def _task(self, name: str, task: Task, written: Mapping[str, Any]) -> BoundTask:
        at: Path = ("tasks", name)
        dynamic = self.examined.dynamic_env.get(name, set())
        binder = Binder(
            self.loaded.document, {"params": self.params, "env": {}}, dynamic, self.problems, self._values
        )
        env = tuple(
            (key, self._variable(binder, key, value, (*at, "env", key))) for key, value in task.env.items()
        )
        self._load_schemas(binder, name, task)
        self._written_paths(binder, name, task)
        low, high = self._setting(binder, name, task, written, ("retry", "backoff")) or (1.0, 60.0)
        return BoundTask(
            id=name,
            kind=task.kind,  # type: ignore[arg-type]
            needs=self._needs(binder, name, task),
            condition=self._condition(binder, task, (*at, "if")),
            command=self._command(binder, name, task),
            inputs=tuple(
                (key, binder.template(value, (*at, "with", key))) for key, value in task.with_.items()
            ),
            env=env,
            secrets=task.secrets,
            cwd=Literal(".") if task.cwd is None else binder.template(task.cwd, (*at, "cwd")),
            output=self._output(binder, name, task),
            deliverables=self._deliverables(binder, name, task),
            reads=None if task.reads is None else self._globs(binder, task.reads, (*at, "reads")),
            writes=tuple(
                relative_to_project(path, self.project)
                for path in self._globs(binder, task.writes, (*at, "writes"))
            ),
            runtime=runtime_of(task),
            pool=task.pool,
            priority=self._setting(binder, name, task, written, ("priority",)) or 0,
            timeout=self._setting(binder, name, task, written, ("timeout",)),
            idle_timeout=self._setting(binder, name, task, written, ("idle_timeout",)),
            retry=RetryPolicy(
                maximum=self._setting(binder, name, task, written, ("retry", "max")) or 0,
                backoff_min=low,
                backoff_max=high,
                on=None if task.retry is None or task.retry.on is None else frozenset(task.retry.on),
            ),
            effects=task.effects,
            on_lost=task.on_lost,
            isolation=task.isolation,
            cache=task.cache,
            tags=task.tags,
            description=task.description,
            later=later_in_task(name, written),
        )

    def _variable(self, binder: Binder, name: str, value: Any, path: Path) -> Template:
        """A variable of `env`; those that are known become visible as `env.NAME`, as text."""
        template = binder.template(value, path)
        if type(template) is Literal:
            template = Literal(as_text(template.value))
            binder.scope["env"][name] = template.value
        return template

    def _setting(
        self, binder: Binder, name: str, task: Task, written: Mapping[str, Any], keys: tuple[str, ...]
    ) -> Any:
        """A setting of the task, which stands in the task itself or in the graph's `defaults`."""
        value: Any = task
        own: Any = written
        for key in keys:
            value = None if value is None else getattr(value, key)
            own = own.get(key) if isinstance(own, dict) else None
        path: Path = ("defaults", *keys) if own is None else ("tasks", name, *keys)
        return settings.setting(binder, value, path, *settings.BY_KEY[keys])

    def _condition(self, binder: Binder, task: Task, path: Path) -> Template | None:
        if task.if_ is None:
            return None
        hole = next(piece for piece in scan(task.if_) if isinstance(piece, Hole))
        return binder.expression(hole.source, path, hole.offset)

    def _command(self, binder: Binder, name: str, task: Task) -> CommandSpec | None:
        if task.run is None:
            return None
        path: Path = ("tasks", name, "run")
        if not isinstance(task.run, str):
            # An item that is one whole expression is one argument, also when its value is a list.
            return CommandSpec(
                argv=tuple(binder.template(item, (*path, i)) for i, item in enumerate(task.run))
            )
        bound = self.examined.commands.get(name)
        if bound is None:
            return CommandSpec(shell=task.run)
        offsets = {piece.source: piece.offset for piece in scan(task.run) if isinstance(piece, Hole)}
        return CommandSpec(
            shell=bound.text,
            bindings=tuple(
                (name, binder.expression(source, path, offsets[source])) for name, source in bound.bindings
            ),
        )

    def _needs(self, binder: Binder, name: str, task: Task) -> tuple[Need, ...]:
        needs = self.examined.needs[name]
        if not isinstance(task.needs, dict):
            return needs
        return tuple(self._need(binder, need, task.needs.get(need.task), ("tasks", name)) for need in needs)

    def _need(self, binder: Binder, need: Need, asks: Any, at: Path) -> Need:
        if not (isinstance(asks, Quorum) and isinstance(asks.ok, str) and has_expression(asks.ok)):
            return need
        path = (*at, "needs", need.task, "ok")
        found = settings.setting(binder, asks.ok, path, settings.quorum, "a count, or a share such as `2/3`")
        if found is None:
            return need
        if found[1] is None and found[0] > 1 and makes_items(self.loaded.graph.tasks[need.task]) is False:
            message = f"`{need.task}` is one node, so {found[0]} of its items can never end ok"
            binder.add(CountWithoutItems(message), path)
        return Need(task=need.task, count=found[0], of=found[1])

    def _globs(self, binder: Binder, globs: tuple[str, ...], path: Path) -> tuple[str, ...]:
        return tuple(
            found
            for index, text in enumerate(globs)
            if (found := settings.setting(binder, text, (*path, index), settings.text, "a path"))
        )

    # ---- outputs

    def _output(self, binder: Binder, name: str, task: Task) -> OutputContract:
        output = task.output
        if output is None:
            return OutputContract()
        return OutputContract(
            source=output.from_,
            path=EMPTY
            if output.path is None
            else binder.template(output.path, ("tasks", name, "output", "path")),
            form=output.form,
            schema=self.schemas.get((name, ("output", "schema")), _inline(output.schema_)),
            schema_file=self.schema_files.get(name),
        )

    def _deliverables(self, binder: Binder, name: str, task: Task) -> tuple[DeliverableSpec, ...]:
        return tuple(
            DeliverableSpec(
                path=binder.template(item.path, ("tasks", name, "deliverables", index, "path")),
                schema=self.schemas.get((name, ("deliverables", index, "schema")), _inline(item.schema_)),
            )
            for index, item in enumerate(task.deliverables)
        )

    def _written_paths(self, binder: Binder, name: str, task: Task) -> None:
        for below, text in declared_writes(task):
            path = ("tasks", name, *below)
            quiet = Binder(binder.document, binder.scope, binder.dynamic_env)
            template = quiet.template(text, path)
            if (
                type(template) is Literal
                and isinstance(template.value, str)
                and is_outside(template.value, self.project)
            ):
                binder.add(outside_project(template.value), path)

    def _load_schemas(self, binder: Binder, name: str, task: Task) -> None:
        for below, given in declared_schemas(task):
            path = ("tasks", name, *below)
            if not isinstance(given, str):
                continue
            file = settings.setting(binder, given, path, settings.text, "the path of a file")
            if file is not None:
                if below == ("output", "schema"):
                    self.schema_files[name] = file
                self.schemas[name, below] = self._schema_in(binder, file, path)

    def _schema_in(self, binder: Binder, file: str, path: Path) -> Any:
        if file in self._files:
            return self._files[file]
        schema: Any = None
        try:
            schema = load_schema(FilePath(os.path.dirname(self.source), file))
        except UnreadableSchema as error:
            message = f"the schema file `{file}` cannot be used: {error}"
            hint = "its path is relative to the graph file"
            binder.add(SchemaFileUnusable(message, hint=hint), path)
        else:
            problem = schema_problem(schema)
            if problem is not None:
                binder.add(InvalidSchema(f"`{file}`: {problem.message}", hint=problem.hint), path)
        self._files[file] = schema
        return schema

    def _fields_of_schemas(self) -> None:
        """References into outputs whose schemas stand in files: their fields can only be told now."""
        producers = {
            name: schema for (name, below), schema in self.schemas.items() if below == ("output", "schema")
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
                    error = ImpossibleReference(why[0], hint=why[1])
                    start, end = hole.offset + reference.start, hole.offset + reference.end
                    binder.add(error, place.path, start, end)


def _holes(tasks: Mapping[str, Any]) -> Iterator[tuple[Place, Hole]]:
    """Every expression of every task."""
    for name, written in tasks.items():
        for place in places_in_task(name, written):
            if place.when is not When.IGNORED:
                yield from ((place, piece) for piece in scan(place.text) if isinstance(piece, Hole))


def _inline(schema: Any) -> Any:
    return None if isinstance(schema, str) else schema
