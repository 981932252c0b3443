"""Binds one task: its settings are read, its texts become templates, its matrix becomes cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ..schemas.bound import (
    AskSpec,
    BoundTask,
    CallableSpec,
    Cell,
    CommandSpec,
    DeliverableSpec,
    EachSpec,
    Need,
    OutputContract,
    RepeatSpec,
    RetryPolicy,
)
from ..schemas.errors.graph import CountWithoutItems, InvalidSchema, SchemaFileUnusable
from ..schemas.errors.many_nodes import EachNotAList, EmptyMatrix
from ..schemas.later import later_in_task
from ..schemas.needs import Quorum
from ..schemas.span import Path
from ..schemas.task import Task
from ..schemas.template import EMPTY, Literal, Template, as_text
from . import settings
from .agent_binding import agent_of
from .check import declared_schemas, declared_writes, examine, outside_project
from .expression.analysis import analyse
from .expression.scanner import Hole, has_expression, scan
from .json_schemas import UnreadableSchema, load_schema, schema_problem
from .loader import LoadedGraph
from .matrix import cell_key, cells
from .pattern_binding import pattern_of
from .project_paths import is_outside, relative_to_project
from .references import makes_items
from .runtimes import runtime_of
from .templates import Binder

if TYPE_CHECKING:
    from .pattern_names import Preset
    from .sub_graphs import Inner


class SchemaFiles:
    """The schemas that stand in files of their own, each read once; paths are relative to `folder`."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.found: dict[tuple[Path, Path], Any] = {}
        self.files: dict[Path, str] = {}
        """The file of each task's output schema, as it is named in the graph, by the task's place."""
        self._read: dict[str, Any] = {}

    def outputs(self) -> dict[str, Any]:
        """The output schemas of tasks that have theirs in a file."""
        return {
            str(at[1]): found
            for (at, below), found in self.found.items()
            if below == ("output", "schema") and len(at) == 2
        }

    def load(self, binder: Binder, at: Path, task: Task) -> None:
        """Read the schema files of one task; what is wrong with them is told to the binder."""
        for below, given in declared_schemas(task):
            path = (*at, *below)
            if not isinstance(given, str):
                continue
            file = settings.setting(binder, given, path, settings.text, "the path of a file")
            if file is not None:
                if below == ("output", "schema"):
                    self.files[at] = file
                self.found[at, below] = self._schema_in(binder, file, path)

    def schema(self, at: Path, below: Path, given: Any) -> Any:
        """The schema of a task at the place `below`: the one in its file, else the one that stands there."""
        return self.found.get((at, below), None if isinstance(given, str) else given)

    def _schema_in(self, binder: Binder, file: str, path: Path) -> Any:
        if file in self._read:
            return self._read[file]
        schema: Any = None
        try:
            schema = load_schema(FilePath(self.folder, file))
        except UnreadableSchema as error:
            message = f"the schema file `{file}` cannot be used: {error}"
            hint = "its path is relative to the graph file"
            binder.add(SchemaFileUnusable(message, hint=hint), path)
        else:
            problem = schema_problem(schema)
            if problem is not None:
                binder.add(InvalidSchema(f"`{file}`: {problem.message}", hint=problem.hint), path)
        self._read[file] = schema
        return schema


def _value_at(value: Any, at: Path) -> Any:
    for step in at:
        value = value[step]
    return value


class TaskBinding:
    """One task on its way, or a member of a pattern, at the place `at` of the document.

    `given` are keys that it has from the task that runs its graph.
    """

    def __init__(
        self,
        loaded: LoadedGraph,
        name: str,
        task: Task,
        binder: Binder,
        schemas: SchemaFiles,
        project: str,
        given: set[str],
        at: Path = (),
    ) -> None:
        self.loaded = loaded
        self.name = name
        self.spec = task
        self.binder = binder
        self.schemas = schemas
        self.project = project
        self.given = given
        self.at: Path = at or ("tasks", name)
        self.written: Mapping[str, Any] = _value_at(loaded.document.value, self.at)
        self.examined = examine(loaded)

    def task(self, child: Inner) -> BoundTask:
        """The bound task; `child` binds the graph that it runs, if it runs one."""
        if not self.spec.matrix:
            return self._whole(child)
        self.binder.may_wait = True
        made = tuple(self._cell(values, child) for values in self._cells())
        outer = self._frame() if made else None
        if outer is None:
            # Without cells there is nothing to carry the settings; what is wrong is told already.
            return BoundTask(id=self.name, kind=self.spec.kind)  # type: ignore[arg-type]
        return replace(outer, cells=made)

    @property
    def is_task(self) -> bool:
        """Whether this is a task of the graph, and no member of a pattern."""
        return len(self.at) == 2 and self.at[0] == "tasks"

    def elsewhere(self, preset: Preset) -> TaskBinding:
        """What binds, for the same task, the settings of a preset that stands in another file."""
        from .binding import preset_binder  # they know one another

        binder, schemas = preset_binder(preset, self.binder)
        return TaskBinding(
            preset.loaded, self.name, self.spec, binder, schemas, self.project, set(), preset.path
        )

    def member(self, child: Inner) -> BoundTask:
        """What a member of a pattern says by itself, without its pattern; the rest has its defaults."""
        bound = self._alone()
        return bound if self.spec.graph is None else replace(bound, body=child(self, bound), inputs=())

    def _cells(self) -> list[dict[str, Any]]:
        axes: dict[str, Sequence[Any]] = {}
        problems = self.binder.problems
        before = len(problems)
        for axis, written in self.spec.matrix.items():
            path = (*self.at, "matrix", axis)
            told = len(problems)
            values = self._known(written, path)
            if isinstance(values, list) and values:
                axes[axis] = values
            elif len(problems) == told:
                what = "has no values" if isinstance(values, list) else "is no list of values"
                self.binder.add(EmptyMatrix(f"the axis `{axis}` of the matrix {what}"), path)
        include = [self._known(cell, (*self.at, "include", i)) for i, cell in enumerate(self.spec.include)]
        exclude = [self._known(cell, (*self.at, "exclude", i)) for i, cell in enumerate(self.spec.exclude)]
        if len(problems) > before:
            return []
        found = cells(axes, include, exclude)
        if not found:
            error = EmptyMatrix("`exclude` leaves no combination of the matrix")
            self.binder.add(error, (*self.at, "exclude"))
        return found

    def _known(self, value: Any, path: Path) -> Any:
        """What is fixed before the run; None, and a problem told, when only the run will tell it."""
        template = self.binder.template(list(value) if isinstance(value, tuple) else value, path)
        if isinstance(template, Literal):
            return template.value
        self.binder.add(settings.comes_late(), path)
        return None

    def _cell(self, values: dict[str, Any], child: Inner) -> Cell:
        binder = Binder(
            self.binder.document,
            {**self.binder.scope, "env": {}, "matrix": values},
            self.binder.dynamic_env,
            self.binder.problems,
            self.binder.values,
            self.binder.late_params,
        )
        one = TaskBinding(
            self.loaded, self.name, self.spec, binder, self.schemas, self.project, self.given
        )._whole(child)
        if self._condition_is_of_the_task():
            one = replace(one, condition=None)
        return Cell(key=cell_key(values), values=values, task=replace(one, later=()))

    def _frame(self) -> BoundTask:
        """The task around its cells: what does not depend on any of them."""
        spec = self.spec
        return BoundTask(
            id=self.name,
            kind=spec.kind,  # type: ignore[arg-type]
            needs=self._needs(),
            condition=self._condition() if self._condition_is_of_the_task() else None,
            runtime=runtime_of(spec),
            outputs_taken=self.name in self.examined.outputs_taken,
            isolation=spec.isolation,
            priority=self._setting(("priority",)) or 0 if not has_expression(str(spec.priority)) else 0,
            tags=spec.tags,
            description=spec.description,
            writes=self._globs(spec.writes, "writes"),
            later=later_in_task(self.at, self.written),
        )

    def _whole(self, child: Inner) -> BoundTask:
        bound = self._alone()
        if self.spec.graph is not None:
            # Graphs may lie deep in one another: no frame of the stack more than is needed.
            bound = replace(bound, body=child(self, bound), inputs=())
        if self.spec.pattern is None and self.spec.effects != "external":
            return bound
        return replace(bound, pattern=pattern_of(self, bound, child))

    def _alone(self) -> BoundTask:
        """The task without its pattern, and without the graph that it runs."""
        spec, binder, name = self.spec, self.binder, self.name
        env = tuple((key, self._variable(key, value)) for key, value in spec.env.items())
        self.schemas.load(binder, self.at, spec)
        self._written_paths()
        low, high = self._setting(("retry", "backoff")) or (1.0, 60.0)
        return BoundTask(
            id=name,
            kind=spec.kind,  # type: ignore[arg-type]
            needs=self._needs(),
            condition=self._condition(),
            condition_at=self._condition_at(),
            each=self._each(),
            repeat=self._repeat(),
            ask=self._ask(),
            outputs_taken=name in self.examined.outputs_taken,
            command=self._command(),
            python=self._callable(),
            agent=agent_of(self),
            setup=self._setup(),
            inputs=tuple(
                (key, binder.template(value, (*self.at, "with", key))) for key, value in spec.with_.items()
            ),
            env=env,
            secrets=spec.secrets,
            cwd=Literal(".") if spec.cwd is None else binder.template(spec.cwd, (*self.at, "cwd")),
            acceptance=tuple(
                binder.template(text, (*self.at, "acceptance", index))
                for index, text in enumerate(spec.acceptance)
            ),
            checks=tuple(
                self._command_at((*self.at, "checks", index), written)
                for index, written in enumerate(spec.checks)
            ),
            quality=spec.quality,
            output=self._output(),
            deliverables=self._deliverables(),
            reads=None if spec.reads is None else self._globs(spec.reads, "reads"),
            writes=self._globs(spec.writes, "writes"),
            runtime=runtime_of(spec),
            pool=spec.pool,
            priority=self._setting(("priority",)) or 0,
            timeout=self._setting(("timeout",)),
            idle_timeout=self._setting(("idle_timeout",)),
            retry=RetryPolicy(
                maximum=self._setting(("retry", "max")) or 0,
                backoff_min=low,
                backoff_max=high,
                on=None if spec.retry is None or spec.retry.on is None else frozenset(spec.retry.on),
            ),
            effects=spec.effects,
            on_lost=spec.on_lost,
            isolation=spec.isolation,
            cache=spec.cache,
            tags=spec.tags,
            description=spec.description,
            later=later_in_task(self.at, self.written),
        )

    # ---- many nodes

    def _each(self) -> EachSpec | None:
        spec, binder = self.spec, self.binder
        if spec.each is None:
            return None
        path = (*self.at, "each")
        items = self._expression(spec.each, path)
        if isinstance(items, Literal) and not isinstance(items.value, list) and items.value is not None:
            message = f"`each` needs a list, and this is `{as_text(items.value)}`"
            binder.add(EachNotAList(message, hint="a list is written `['a', 'b']`"), path)
        return EachSpec(
            items=items,
            name=spec.as_,
            key=None if spec.key is None else binder.template(spec.key, (*self.at, "key")),
            parallel=self._setting(("parallel",)),
            rest=spec.rest,
        )

    def _repeat(self) -> RepeatSpec | None:
        repeat = self.spec.repeat
        if repeat is None:
            return None
        until = self._expression(repeat.until, (*self.at, "repeat", "until"))
        return RepeatSpec(until=until, maximum=self._setting(("repeat", "max")) or 1)

    def _ask(self) -> AskSpec | None:
        spec = self.spec
        if spec.approve is None:
            return None
        return AskSpec(
            question=self.binder.template(spec.approve, (*self.at, "approve")),
            schema=self.schemas.schema(self.at, ("input",), spec.input),
            rewind_to=spec.rewind_to,
        )

    def _expression(self, text: str, path: Path) -> Template:
        hole = next(piece for piece in scan(text) if isinstance(piece, Hole))
        return self.binder.expression(hole.source, path, hole.offset)

    def _condition(self) -> Template | None:
        return None if self.spec.if_ is None else self._expression(self.spec.if_, (*self.at, "if"))

    def _condition_at(self) -> Any:
        """Which of a task's nodes ask the condition: the innermost whose names it uses."""
        names = self._names_in_condition()
        if "repeat" in names:
            return "round"
        return "item" if self.spec.each is not None and self.spec.as_ in names else "task"

    def _condition_is_of_the_task(self) -> bool:
        """Whether a task with a matrix asks its condition once, and not for every cell."""
        return self._names_in_condition().isdisjoint(("matrix", "repeat", self.spec.as_))

    def _names_in_condition(self) -> set[str]:
        if self.spec.if_ is None:
            return set()
        holes = (piece for piece in scan(self.spec.if_) if isinstance(piece, Hole))
        found: set[str] = set()
        for hole in holes:
            for reference in analyse(hole.source).references:
                known = self.spec.env.get(str(reference.path[0])) if reference.path else None
                found.add(reference.root)
                if reference.root == "env" and isinstance(known, str) and has_expression(known):
                    # What a variable is made of counts as well.
                    found |= {
                        inner.root
                        for piece in scan(known)
                        if isinstance(piece, Hole)
                        for inner in analyse(piece.source).references
                    }
        return found

    # ---- settings

    def _variable(self, key: str, value: Any) -> Template:
        """A variable of `env`; those that are known become visible as `env.NAME`, as text."""
        template = self.binder.template(value, (*self.at, "env", key))
        if type(template) is Literal:
            template = Literal(as_text(template.value))
            self.binder.scope["env"][key] = template.value
        return template

    def _setting(self, keys: tuple[str, ...]) -> Any:
        """A setting of the task, which stands in the task itself or in the graph's `defaults`."""
        value: Any = self.spec
        own: Any = self.written
        for key in keys:
            value = None if value is None else getattr(value, key)
            own = own.get(key) if isinstance(own, dict) else None
        if own is None and keys[0] in self.given:
            return value if not isinstance(value, str) else settings.BY_KEY[keys][0](value)
        path: Path = ("defaults", *keys) if own is None else (*self.at, *keys)
        return settings.setting(self.binder, value, path, *settings.BY_KEY[keys])

    def _command(self) -> CommandSpec | None:
        run = self.spec.run
        return None if run is None else self._command_at((*self.at, "run"), run)

    def _command_at(self, path: Path, written: str | Sequence[str]) -> CommandSpec:
        """The command `written`, which stands at `path` of the document."""
        if not isinstance(written, str):
            # An item that is one whole expression is one argument, also when its value is a list.
            return CommandSpec(
                argv=tuple(self.binder.template(item, (*path, i)) for i, item in enumerate(written))
            )
        bound = self.examined.commands.get(path)
        if bound is None:
            return CommandSpec(shell=written)
        offsets = {piece.source: piece.offset for piece in scan(written) if isinstance(piece, Hole)}
        return CommandSpec(
            shell=bound.text,
            bindings=tuple(
                (name, self.binder.expression(source, path, offsets[source]))
                for name, source in bound.bindings
            ),
        )

    def _setup(self) -> CommandSpec | None:
        """The command that prepares a worktree: the task's own, that of `defaults`, or that of the task that
        runs this graph, which is bound already."""
        setup: Any = self.spec.setup
        if setup is None or isinstance(setup, CommandSpec):
            return setup
        is_own = isinstance(self.written, dict) and "setup" in self.written
        return self._command_at((*self.at, "setup") if is_own else ("defaults", "setup"), setup)

    def _callable(self) -> CallableSpec | None:
        if self.spec.python is None:
            return None
        module, _, function = self.spec.python.partition(":")
        return CallableSpec(module=module, function=function, where=self.spec.in_)

    def _needs(self) -> tuple[Need, ...]:
        needs = self.examined.needs[self.name] if self.is_task else ()
        asked = self.spec.needs
        if not isinstance(asked, dict):
            return needs
        return tuple(self._need(need, asked.get(need.task)) for need in needs)

    def _need(self, need: Need, asks: Any) -> Need:
        if not (isinstance(asks, Quorum) and isinstance(asks.ok, str) and has_expression(asks.ok)):
            return need
        path = (*self.at, "needs", need.task, "ok")
        found = settings.setting(
            self.binder, asks.ok, path, settings.quorum, "a count, or a share such as `2/3`"
        )
        if found is None:
            return need
        if found[1] is None and found[0] > 1 and makes_items(self.loaded.graph.tasks[need.task]) is False:
            message = f"`{need.task}` is one node, so {found[0]} of its items can never end ok"
            self.binder.add(CountWithoutItems(message), path)
        return replace(need, count=found[0], of=found[1])

    def _globs(self, globs: Sequence[str], key: str) -> tuple[Template, ...]:
        return tuple(self._glob(text, (*self.at, key, index), key) for index, text in enumerate(globs))

    def _glob(self, text: str, path: Path, key: str) -> Template:
        template = self.binder.template(text, path)
        if not isinstance(template, Literal):
            return template
        found = settings.setting(self.binder, text, path, settings.text, "a path") or ""
        return Literal(relative_to_project(found, self.project) if key == "writes" else found)

    # ---- outputs

    def _output(self) -> OutputContract:
        output = self.spec.output
        if output is None:
            return OutputContract()
        return OutputContract(
            source=output.from_,
            path=EMPTY
            if output.path is None
            else self.binder.template(output.path, (*self.at, "output", "path")),
            form=output.form,
            schema=self.schemas.schema(self.at, ("output", "schema"), output.schema_),
            schema_file=self.schemas.files.get(self.at),
        )

    def _deliverables(self) -> tuple[DeliverableSpec, ...]:
        return tuple(
            DeliverableSpec(
                path=self.binder.template(item.path, (*self.at, "deliverables", index, "path")),
                schema=self.schemas.schema(self.at, ("deliverables", index, "schema"), item.schema_),
                must_export=item.must_export,
                coverage=item.coverage,
            )
            for index, item in enumerate(self.spec.deliverables)
        )

    def _written_paths(self) -> None:
        for below, text in declared_writes(self.spec):
            path = (*self.at, *below)
            quiet = Binder(
                self.binder.document,
                self.binder.scope,
                self.binder.dynamic_env,
                late_params=self.binder.late_params,
            )
            template = quiet.template(text, path)
            if (
                type(template) is Literal
                and isinstance(template.value, str)
                and is_outside(template.value, self.project)
            ):
                self.binder.add(outside_project(template.value), path)
