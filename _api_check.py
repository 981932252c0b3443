"""Layer 3, part of `api`: from a file on disk to a bound graph or a list of problems."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from copy import copy
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from ._api_patterns import RULES, with_patterns
from .engine.compile import graph_errors
from .engine.instances import bodies_of, graphs_of, tasks_of
from .engine.project import find_project, working_directory
from .schemas.errors import InputError, InputErrors
from .schemas.errors.invocation import KeyNotBuilt
from .schemas.errors.patterns import NothingToDo, NoVoteField, SharedFile, UnknownSetting
from .schemas.errors.structure import WriteConflict
from .tasks.binding import bind, sketch
from .tasks.check import check_loaded, outline
from .tasks.loader import load_problems, text_problems
from .tasks.pattern_binding import may_have_patterns
from .tasks.pattern_templates import does_users_work
from .tasks.sub_graphs import Sources

if TYPE_CHECKING:
    from .engine.coordinator.rehearsal import Foreseen
    from .schemas.bound import BoundGraph, LaterKey, SubGraph
    from .schemas.plan import Plan
    from .schemas.span import Path, Span
    from .tasks.document import Document
    from .tasks.loader import LoadedGraph


def check(source: FilePath) -> list[InputError]:
    """Every problem that the file can tell, with the Roles that there are where it is, in the order of the
    text; empty when there is none."""
    loaded, problems = _checked(*load_problems(source))
    if loaded is None:
        return problems
    return _in_order([*problems, *_wrong_patterns(loaded, problems), *_wrong_roles(loaded)])


def plan(
    source: FilePath,
    *,
    params: Mapping[str, object] | None = None,
    concurrency: int | None = None,
    force: bool = False,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    cwd: FilePath | None = None,
    replayed: bool = False,
) -> Plan:
    """What a run of the file would do, and why. Touches nothing. Raises `InputErrors`.

    With `replayed` recorded attempts are going to be played.

    Where tasks declare what they read, it says which results of earlier DAG runs would be taken, and
    what has changed for those that would not.
    """
    from ._api_agents import unusable_executors, with_agents, wrong_pointers
    from .engine.plan import build_plan
    from .engine.project import state_dir

    graph, texts = bound(source, params or {}, cwd=cwd, environ=os.environ)
    if select or exclude:
        from ._api_select import selected

        graph = selected(graph, select, exclude)
    graph, errors = with_agents(graph, environ=os.environ, replayed=replayed, looking=True)
    errors += unusable_executors(graph, state_dir(FilePath(graph.project)))
    errors += wrong_pointers(graph)
    refuse(_without_repeats(place(errors, texts)))
    return build_plan(graph, concurrency=concurrency, rehearsed=_rehearsed(graph, force=force))


def _rehearsed(graph: BoundGraph, *, force: bool) -> Mapping[str, Foreseen]:
    from .engine.coordinator.rehearsal import has_offers, rehearse

    if not has_offers(graph):
        return {}
    from .engine.ledger.connection import DATABASE
    from .engine.ledger.ledger import Ledger
    from .engine.project import state_dir
    from .engine.runtimes.registry import open_to_look
    from .tasks.expression.evaluator import evaluate
    from .tasks.sub_graphs import read_late_parameter

    with ExitStack() as stack:
        state = state_dir(FilePath(graph.project))
        ledger = None
        if (state / DATABASE).exists():
            ledger = stack.enter_context(Ledger.open(state, readonly=True))
        return rehearse(
            graph,
            ledger,
            evaluate=evaluate,
            runtimes=open_to_look(graph, environ=os.environ),
            environ=os.environ,
            read_parameter=read_late_parameter,
            rules=RULES,
            force=force,
        )


def bound(
    source: FilePath, params: Mapping[str, object], *, cwd: FilePath | None, environ: Mapping[str, str]
) -> tuple[BoundGraph, Texts]:
    """The bound graph of a file, with what its text, and that of the graphs in it, looked like.

    Raises `InputErrors`.
    """
    return _bound(*_checked(*load_problems(source)), params, cwd=cwd, environ=environ)


def bound_text(
    data: bytes, source: FilePath, *, cwd: FilePath, environ: Mapping[str, str]
) -> tuple[BoundGraph, Texts]:
    """The same for what is to be written to the file `source`, without parameters."""
    return _bound(*_checked(*text_problems(data, str(source))), {}, cwd=cwd, environ=environ)


def _bound(
    loaded: LoadedGraph | None,
    problems: list[InputError],
    params: Mapping[str, object],
    *,
    cwd: FilePath | None,
    environ: Mapping[str, str],
) -> tuple[BoundGraph, Texts]:
    if loaded is None:
        raise InputErrors(problems)
    sources = Sources()
    project = find_project(FilePath(loaded.file).resolve().parent)
    try:
        graph = bind(
            loaded,
            params,
            project=project,
            cwd=cwd or working_directory(),
            environ=environ,
            known=problems,
            sources=sources,
        )
    except InputErrors as found:
        # What is wrong with patterns is told at once with the rest.
        of_tasks = [error for error in found.errors if error.where[:1] == ("tasks",)]
        more = _wrong_patterns(loaded, [*problems, *of_tasks])
        raise InputErrors(_in_order(_without_repeats([*found.errors, *more]))) from None
    texts = Texts(loaded, sources)
    graph, errors = with_patterns(graph)
    refuse(_without_repeats(place(errors, texts)))
    # Values of parameters can make writes collide that the text alone leaves open.
    found_errors = []
    # What a pattern made stands nowhere but in the line that asks for it.
    patterns = {id(body.graph): body for body in bodies_of(graph) if body.result is not None}
    for one in graphs_of(graph):
        body = patterns.get(id(one))
        errors = graph_errors(one) if body is None else _collisions(body)
        for error in errors:
            error.source = error.source or one.source
        found_errors += place(errors, texts)
    refuse(_without_repeats(found_errors))
    return graph, texts


class Texts:
    """The text of a graph file and of every graph that its tasks run."""

    def __init__(self, loaded: LoadedGraph, sources: Sources) -> None:
        self._main = loaded
        self._sources = sources

    def document(self, source: str | None) -> Document:
        """The document of the file `source`, given by its absolute path; of the main one by default."""
        other = self._sources.loaded.get(source) if source is not None else None
        return (other or self._main).document


def refuse_later(graph: BoundGraph, texts: Texts) -> None:
    """Raise for every key that validates and is not carried out by this version."""
    # The pieces of a pattern are told by the task that they stand for.
    owners = {id(task.body.graph): task.id for task in tasks_of(graph) if task.body is not None}
    patterns = {id(body.graph) for body in bodies_of(graph) if body.result is not None}
    found: list[tuple[str | None, LaterKey]] = []
    for one in graphs_of(graph):
        owner = owners[id(one)] if id(one) in patterns else None
        found += [(None, later) for later in one.later]
        found += [(owner or task.id, later) for task in one.tasks for later in task.later]
    errors: list[InputError] = []
    for task, later in found:
        owner = f"task `{task}` uses `{later.key}`" if task else f"the graph uses `{later.key}`"
        errors.append(
            KeyNotBuilt(
                f"{owner}, which this version cannot carry out yet",
                hint="the file is valid, and `me dag plan` shows it; take the key out to run the rest",
                where=later.where,
                span=later.span,
                task=task,
                key=later.key,
            )
        )
    refuse(place(errors, texts))


def place(errors: Iterable[InputError], texts: Texts) -> list[InputError]:
    """Give each error that knows its place in the document the place in the text."""
    placed = list(errors)
    for error in placed:
        if error.span is None and error.where:
            error.span = _span(texts.document(error.source), error)
    return placed


def refuse(errors: list[InputError]) -> None:
    """Raise `InputErrors`, in the order of the text, when there are any."""
    if errors:
        raise InputErrors(_in_order(errors))


def _checked(
    loaded: LoadedGraph | None, problems: list[InputError]
) -> tuple[LoadedGraph | None, list[InputError]]:
    if loaded is None:
        return None, problems
    problems = [
        *problems,
        *check_loaded(loaded),
        *place(graph_errors(outline(loaded)), Texts(loaded, Sources())),
    ]
    return loaded, _in_order(problems)


def _wrong_roles(loaded: LoadedGraph) -> list[InputError]:
    """What is wrong with the Roles that tasks name, each time that one is named."""
    named = {name: task.role for name, task in loaded.graph.tasks.items() if task.role is not None}
    if not named:
        return []
    from .tasks.roles import load_roles

    home = os.environ.get("HOME")
    project = find_project(FilePath(loaded.file).resolve().parent)
    roles = load_roles(project, home=FilePath(home) if home else None)
    found: list[InputError] = []
    for task, role in named.items():
        try:
            roles.find(role)
        except InputErrors as problems:
            found += (_of_task(problem, task) for problem in problems.errors)
        except InputError as problem:
            found.append(_of_task(problem, task))
    return _without_repeats(place(found, Texts(loaded, Sources())))


def _of_task(problem: InputError, task: str) -> InputError:
    if problem.span is not None:
        return problem  # it stands in the Role's own file
    found = copy(problem)
    found.task, found.where = task, ("tasks", task, "role")
    return found


def _wrong_patterns(loaded: LoadedGraph, known: Iterable[InputError]) -> list[InputError]:
    """What is wrong with patterns, as far as the file tells without the values of its parameters.

    Tasks of which there is something `known` are left out, and all of them where it is not about a task:
    what else were said could only follow from it.
    """
    if not may_have_patterns(loaded):
        return []
    names = set(loaded.graph.tasks)
    for error in known:
        if error.where[:1] != ("tasks",) or len(error.where) < 2:
            return []
        names.discard(str(error.where[1]))
    sources = Sources()
    project = find_project(FilePath(loaded.file).resolve().parent)
    graph, told = sketch(loaded, sources, project, names)
    made, errors = with_patterns(graph)
    # A task without work is complete where the graph is used as a pattern, and its output is then known.
    open_tasks = {name for name, task in loaded.graph.tasks.items() if does_users_work(task)}
    own = {None, graph.source}
    errors = [
        error
        for error in errors
        if (error.source in own or error.source in sources.patterns)
        and not (error.source in own and _waits_for_work(error, open_tasks))
        and not (error.source not in own and isinstance(error, NothingToDo))
    ]
    bodies = [body for body in bodies_of(made) if body.result is not None]
    collisions = [
        error for body in bodies if body.graph.source == graph.source for error in _collisions(body)
    ]
    return _without_repeats([*told, *place([*errors, *collisions], Texts(loaded, sources))])


def _collisions(body: SubGraph) -> list[InputError]:
    """What is wrong with the pieces of a pattern as a whole, told at the line that asks for it."""
    errors: list[InputError] = []
    for error in graph_errors(body.graph):
        if isinstance(error, WriteConflict):
            said = error.message.removeprefix("tasks ")
            hint = "hand the results on as outputs, or give each member files of its own"
            errors.append(SharedFile(f"in the pattern `{body.pattern}`, {said}", hint=hint))
        else:
            errors.append(error)
    for error in errors:
        error.task, error.source, error.where = body.graph.name, body.asked_in, body.where
    return errors


def _waits_for_work(error: InputError, open_tasks: set[str]) -> bool:
    """Whether the error is only that a task, which has none, has no work: somebody may give it some."""
    task = error.where[1] if error.where[:1] == ("tasks",) else error.task
    if task not in open_tasks:
        return False
    return isinstance(error, NothingToDo) or (isinstance(error, NoVoteField) and error.where[-1] == "vote")


def _in_order(errors: Iterable[InputError]) -> list[InputError]:
    # Sorting is stable: errors without a place stay in front, in the order in which they were found.
    return sorted(errors, key=lambda e: (e.span.file, e.span.line, e.span.column) if e.span else ("", 0, 0))


def _span(document: Document, error: InputError) -> Span:
    where = error.where
    if not document.has(where) and "needs" in where and isinstance(where[-1], str):
        # A need may be an item of a list, or only follow from a reference somewhere in the task.
        task = where[: where.index("needs")]
        place = _need_in(document, (*task, "needs"), where[-1])
        return document.span(place) if place else document.span(task, of="key")
    if not document.has(where):
        return document.span(where)
    # A task is shown by its name, and so is a pattern, and a setting that there is not.
    is_pattern = len(where) > 3 and where[-2] in ("pattern", "of")
    by_key = len(where) == 2 or is_pattern or isinstance(error, UnknownSetting)
    return document.span(where, of="key" if by_key else "value")


def _need_in(document: Document, where: Path, need: str) -> Path | None:
    if not document.has(where):
        return None
    value = document.value
    for step in where:
        value = value[step]
    return (*where, value.index(need)) if isinstance(value, list) and need in value else None


def _without_repeats(errors: Iterable[InputError]) -> list[InputError]:
    return list({(error.code, error.message, error.span): error for error in errors}.values())
