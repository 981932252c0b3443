"""What the file alone can tell beyond its shape: expressions, references, needs, paths, schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from ..schemas.bound import AskSpec, BoundGraph, BoundTask, EachSpec, Need
from ..schemas.errors import InputError
from ..schemas.errors.expression import ExpressionError, ExpressionNotAllowed, UnterminatedExpression
from ..schemas.errors.grammar import BadName, ExpressionExpected, UnknownKey
from ..schemas.errors.graph import CountWithoutItems, InvalidSchema, PathOutsideProject, SelfNeed, UnknownNeed
from ..schemas.errors.invocation import BadDefault
from ..schemas.needs import Quorum, WrittenNeed, written_needs
from ..schemas.pattern_ref import BUILT_IN, is_graph_file, pattern_name
from ..schemas.span import Path
from ..schemas.task import Task, with_defaults
from ..schemas.template import EMPTY, Literal
from .document import Document
from .expression.analysis import Analysis, Problem, analyse
from .expression.scanner import Hole, Piece, has_expression, scan
from .fan_outs import fan_out_problems
from .json_schemas import schema_problem
from .loader import LoadedGraph
from .members import member_task, members_in
from .params import default_problem
from .pattern_names import shadowed
from .places import Place, When, argvs_in_task, places_in_graph, places_in_task
from .project_paths import leaves_upwards
from .reader import by_place
from .references import References, Surroundings, item_name_problem, makes_items, what_there_is
from .runtimes import misfit, unknown_pool, unknown_pools
from .shape_errors import shape_errors
from .shell import ShellText, bind_shell
from .shell_argv import argv_problems

_WHOLE = (("if",), ("each",), ("repeat", "until"))
_FIELDS = {info.alias or name: name for name, info in Task.model_fields.items()}


@dataclass(slots=True)
class Examination:
    """What `check` found. `needs` are those of each task, written or inferred, in that order."""

    problems: list[InputError] = field(default_factory=list)
    needs: dict[str, tuple[Need, ...]] = field(default_factory=dict)
    dynamic_env: dict[str, set[str]] = field(default_factory=dict)
    """For each task the variables of its `env` that only the run will tell."""
    outputs_taken: set[str] = field(default_factory=set)
    """The tasks whose `outputs`, those of all items, something refers to."""
    commands: dict[Path, ShellText] = field(default_factory=dict)
    """The shell texts with expressions in them, by their places: `run`, `setup`, one of `checks`."""
    members: dict[Path, Task] = field(default_factory=dict)
    """The members of patterns, by their places."""


_KNOWN: WeakKeyDictionary[Document, Examination] = WeakKeyDictionary()


def check_loaded(loaded: LoadedGraph) -> list[InputError]:
    """Everything that is wrong with the graph beyond its shape, in the order of the text, with places.

    Of a graph that is not whole, only what is left of it is looked at.
    """
    return list(examine(loaded).problems)


def outline(loaded: LoadedGraph) -> BoundGraph:
    """The graph's skeleton, for rules about the graph as a whole: ids, needs, and fixed `writes`.

    Needs on tasks that do not exist are left out, and of `writes` what depends on parameters.
    """
    found = examine(loaded)
    graph = loaded.graph
    tasks = []
    for name, task in graph.tasks.items():
        writes = tuple(Literal(path) for path in task.writes if not has_expression(path))
        isolation = with_defaults(task, graph.defaults).isolation
        # A number of items at once that only a parameter tells is taken to keep them apart.
        parallel = 1 if isinstance(task.parallel, str) else task.parallel
        tasks.append(
            BoundTask(
                id=name,
                kind=task.kind,  # type: ignore[arg-type]
                needs=found.needs[name],
                writes=writes,
                isolation=isolation,
                each=None if task.each is None else EachSpec(items=EMPTY, parallel=parallel),
                ask=None if task.approve is None else AskSpec(question=EMPTY, rewind_to=task.rewind_to),
            )
        )
    return BoundGraph(
        name=graph.name or "", source=loaded.file, source_digest=loaded.digest, project="", tasks=tuple(tasks)
    )


def examine(loaded: LoadedGraph) -> Examination:
    """The examination of a graph; it is made once and kept as long as the graph's document."""
    known = _KNOWN.get(loaded.document)
    if known is None:
        known = _Examiner(loaded).examine()
        _KNOWN[loaded.document] = known
    return known


class _Examiner:
    def __init__(self, loaded: LoadedGraph) -> None:
        self.graph = loaded.graph
        self.document = loaded.document
        self.is_whole = loaded.is_whole
        self.found = Examination()
        tasks = loaded.graph.tasks
        self.surroundings = Surroundings(
            params={name: param.type for name, param in loaded.graph.params.items()},
            tasks=tasks,
            item_names=frozenset(task.as_ for task in tasks.values() if task.each is not None),
        )

    def examine(self) -> Examination:
        written: dict[str, Any] = self.document.value
        self._params()
        outside = References(self.surroundings)
        for place in places_in_graph(written):
            if self.is_whole or place.path[0] in self.graph.model_fields_set:
                self._place(place, outside)
        self.found.outputs_taken |= outside.takes
        for name, task in self.graph.tasks.items():
            self._task(name, task, written["tasks"][name])
        for label, use in (
            written.get("patterns", {}).items() if "patterns" in self.graph.model_fields_set else ()
        ):
            self._members(use, ("patterns", label))
            if label in BUILT_IN and (is_graph_file(use) or pattern_name(use) != label):
                self._add(shadowed(label, "an entry under `patterns`"), ("patterns", label), key=True)
            for argv_path, argv in _argvs_of_pattern(use, ("patterns", label)):
                for position, problem in argv_problems(argv):
                    self._add_within(problem, (*argv_path, position))
        for path, error in unknown_pools(self.graph, written):
            self._add(error, path)
        self.found.problems.sort(key=by_place)
        return self.found

    # ---- noting problems

    def _add(self, error: InputError, path: Path, *, key: bool = False) -> None:
        error.where = path
        if error.span is None:
            error.span = self.document.span(path, "key" if key else "value")
        if path[0] == "tasks" and len(path) > 1:
            error.task = str(path[1])
        self.found.problems.append(error)

    def _add_within(self, problem: Problem, path: Path, offset: int = 0) -> None:
        span = self.document.span_within(path, offset + problem.start, offset + problem.end)
        self._add(problem.error(problem.message, hint=problem.hint, span=span), path)

    # ---- parameters

    def _params(self) -> None:
        for name, param in self.graph.params.items():
            path: Path = ("params", name, "default")
            if isinstance(param.default, str) and has_expression(param.default):
                continue
            refused = default_problem(param)
            if refused is not None:
                self._add(BadDefault(f"the default of `{name}` {refused.message}", hint=refused.hint), path)

    # ---- tasks

    def _task(self, name: str, task: Task, written: Mapping[str, Any]) -> None:
        if not isinstance(written, dict):
            self.found.needs[name] = ()
            return
        broken: frozenset[str] = frozenset()
        if not self.is_whole:
            kept = {key: value for key, value in written.items() if _FIELDS.get(key) in task.model_fields_set}
            broken = frozenset(key for key in written if key not in kept)
            written = kept
        references = References(self.surroundings, name, task, broken)
        self._env(references, written.get("env", {}))
        rest = {key: value for key, value in written.items() if key != "env"}
        for place in places_in_task(name, rest):
            self._place(place, references)
        self._argvs(name, rest)
        if "pattern" in rest:
            self._members(rest["pattern"], ("tasks", name, "pattern"))
        self.found.dynamic_env[name] = references.dynamic_env
        self._needs(name, task, references)
        wrong_runtime = misfit(task)
        if wrong_runtime is not None:
            self._add(wrong_runtime, ("tasks", name, "runtime"))
        self._item_name(name, task)
        self._fan_outs(name, task)
        self._paths(name, task)
        self._schemas(name, task)

    def _members(self, use: Any, at: Path) -> None:
        """The members of a pattern, and the members of these."""
        for path, member in members_in(use, at):
            task, wrong = member_task(member)
            if task is None:
                placed = [{**one, "loc": (*path, *one["loc"])} for one in wrong]
                self.found.problems += shape_errors(self.document, placed)
                continue
            self.found.members[path] = task
            wrong_runtime = misfit(task)
            if wrong_runtime is not None:
                self._add(wrong_runtime, (*path, "runtime"))
            wrong_pool = None if task.pool is None else unknown_pool(task.pool, self.graph)
            if wrong_pool is not None:
                self._add(wrong_pool, (*path, "pool"))
            for below, schema in declared_schemas(task):
                problem = schema_problem(schema) if isinstance(schema, dict) else None
                if problem is not None:
                    error = InvalidSchema(problem.message, hint=problem.hint)
                    self._add(error, (*path, *below, *problem.place))
            for below, text in declared_writes(task):
                if not has_expression(text) and leaves_upwards(text):
                    self._add(outside_project(text), (*path, *below))
            if "pattern" in member:
                self._members(member["pattern"], (*path, "pattern"))

    def _argvs(self, name: str, written: Mapping[str, Any]) -> None:
        """The commands that are lists of words."""
        for below, argv in argvs_in_task(written):
            for position, problem in argv_problems(argv):
                self._add_within(problem, ("tasks", name, *below, position))

    def _env(self, references: References, written: Any) -> None:
        """The variables in order: each sees those above it."""
        name = str(references.task_id)
        for variable, value in written.items() if isinstance(written, dict) else ():
            for place in places_in_task(name, {"env": {variable: value}}):
                holes = self._place(place, references)
                if any(self._is_dynamic(hole, references) for hole in holes):
                    references.dynamic_env.add(variable)
            references.env.add(variable)

    @staticmethod
    def _is_dynamic(hole: Hole, references: References) -> bool:
        return any(
            reference.root not in ("params", "env", "matrix")
            or (
                reference.root == "env" and not references.dynamic_env.isdisjoint(reference.path[:1] or ("",))
            )
            for reference in analyse(hole.source).references
        )

    def _place(self, place: Place, references: References) -> list[Hole]:
        """Check one text; gives the expressions in it."""
        if place.when is When.IGNORED:
            return []
        try:
            pieces = scan(place.text)
        except UnterminatedExpression as error:
            start, end = int(str(error.facts["start"])), int(str(error.facts["end"]))
            fresh = UnterminatedExpression(error.message, hint=error.hint)
            fresh.span = self.document.span_within(place.path, start, end)
            self._add(fresh, place.path)
            return []
        holes = [piece for piece in pieces if isinstance(piece, Hole)]
        if place.when is When.NEVER:
            self._not_allowed(place, holes)
            return []
        for hole in holes:
            analysis = analyse(hole.source)
            found = analysis.problems or references.check(hole.source, analysis, place.when)
            for problem in found or _constant_problem(hole.source, analysis):
                self._add_within(problem, place.path, hole.offset)
        if place.is_shell:
            bound = bind_shell(place.text, pieces)
            self.found.commands[place.path] = bound
            for problem in bound.problems:
                self._add_within(problem, place.path)
        if place.path[2:] in _WHOLE and not _is_whole(pieces):
            hint = "put all of it inside one pair of braces: `${{ a and b }}`"
            self._add(ExpressionExpected("this is not one whole expression", hint=hint), place.path)
        return holes

    def _not_allowed(self, place: Place, holes: Iterable[Hole]) -> None:
        hole = next(iter(holes))
        span = self.document.span_within(place.path, hole.start, hole.end)
        message = f"`{_key_of(place.path)}` is a plain value: expressions are not evaluated here"
        self._add(ExpressionNotAllowed(message, span=span), place.path)

    def _item_name(self, name: str, task: Task) -> None:
        why = item_name_problem(task)
        if why is not None:
            self._add(BadName(why, hint="choose another name with `as`"), ("tasks", name, "as"))

    def _fan_outs(self, name: str, task: Task) -> None:
        """What is known to be no list, and a matrix that is known to have no combination."""
        # Of a graph that is not whole, what stood in it may have been taken out.
        is_empty = self.is_whole and "matrix" in task.model_fields_set and not task.matrix
        found = fan_out_problems(task, self.graph.tasks, self.surroundings.params, is_empty=is_empty)
        for below, error in found:
            self._add(error, ("tasks", name, *below), key=isinstance(error, UnknownKey))

    # ---- needs

    def _needs(self, name: str, task: Task, references: References) -> None:
        needs: dict[str, Need] = {}
        for written in written_needs(task.needs):
            path = ("tasks", name, *written.place)
            of_key = isinstance(task.needs, dict)
            if written.task == name:
                self._add(
                    SelfNeed(f"the task `{name}` needs itself", hint="drop this need"), path, key=of_key
                )
            elif written.task not in self.graph.tasks:
                self._unknown_need(written.task, path, of_key=of_key)
            else:
                needs[written.task] = self._written_need(written, path)
        for other, mode in references.needs.items():
            for_items = references.places.get(other) == {When.EACH}
            needs.setdefault(other, Need(task=other, mode=mode, inferred=True, for_items=for_items))
        self.found.outputs_taken |= references.takes
        self.found.needs[name] = tuple(
            replace(need, whole=True) if other in references.takes else need for other, need in needs.items()
        )

    def _unknown_need(self, wanted: str, path: Path, *, of_key: bool) -> None:
        others = [other for other in self.graph.tasks if other != path[1]]
        hint = what_there_is(wanted, others)
        self._add(UnknownNeed(f"there is no task `{wanted}`", hint=hint), path, key=of_key)

    def _written_need(self, written: WrittenNeed, path: Path) -> Need:
        asks = written.asks
        if not isinstance(asks, Quorum):
            return Need(task=written.task, mode=asks)
        if asks.of is None and (asks.count or 0) > 1 and makes_items(self.graph.tasks[written.task]) is False:
            message = f"`{written.task}` is one node, so {asks.count} of its items can never end ok"
            hint = f"write `{written.task}: ok`, or make it a fan-out with `each`"
            self._add(CountWithoutItems(message, hint=hint), (*path, "ok"))
        return Need(task=written.task, count=asks.count, of=asks.of)

    # ---- paths and schemas

    def _paths(self, name: str, task: Task) -> None:
        for path, text in declared_writes(task):
            if not has_expression(text) and leaves_upwards(text):
                self._add(outside_project(text), ("tasks", name, *path))

    def _schemas(self, name: str, task: Task) -> None:
        for path, schema in declared_schemas(task):
            problem = schema_problem(schema) if isinstance(schema, dict) else None
            if problem is not None:
                error = InvalidSchema(problem.message, hint=problem.hint)
                self._add(error, ("tasks", name, *path, *problem.place))


def _argvs_of_pattern(use: Any, at: Path) -> Iterator[tuple[Path, list[Any]]]:
    for path, argv in argvs_in_task({"pattern": use}):
        yield (*at, *path[1:]), argv


def declared_writes(task: Task) -> Iterable[tuple[Path, str]]:
    """The paths and globs that a task declares to write, each with its place below the task."""
    for index, text in enumerate(task.writes):
        yield ("writes", index), text
    if task.output is not None and task.output.path is not None:
        yield ("output", "path"), task.output.path
    for index, deliverable in enumerate(task.deliverables):
        yield ("deliverables", index, "path"), deliverable.path


def declared_schemas(task: Task) -> Iterable[tuple[Path, Any]]:
    """The schemas of a task, inline or the names of files, each with its place below the task."""
    if task.output is not None and task.output.schema_ is not None:
        yield ("output", "schema"), task.output.schema_
    for index, deliverable in enumerate(task.deliverables):
        if deliverable.schema_ is not None:
            yield ("deliverables", index, "schema"), deliverable.schema_
    if task.input is not None:
        yield ("input",), task.input


def outside_project(path: str) -> PathOutsideProject:
    """The error for a declared path that leaves the project's root."""
    return PathOutsideProject(
        f"`{path}` lies outside the project", hint="what a task writes must be below the project's root"
    )


def _constant_problem(source: str, analysis: Analysis) -> list[Problem]:
    """Why an expression without references has no value."""
    if analysis.references:
        return []
    # Evaluating needs Jinja2, which most graphs can do without until they run.
    from .expression.evaluator import evaluate

    try:
        evaluate(source, {})
    except ExpressionError as error:
        return [Problem(type(error), error.message, error.hint, 0, len(source))]
    return []


def _is_whole(pieces: list[Piece]) -> bool:
    return sum(isinstance(piece, Hole) for piece in pieces) == 1 and all(
        isinstance(piece, Hole) or not piece.text.strip() for piece in pieces
    )


def _key_of(path: Path) -> str:
    return str(next((step for step in reversed(path) if isinstance(step, str)), path[-1]))
