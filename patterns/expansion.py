"""Expands every task that names a pattern, at any depth. Pure and deterministic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..schemas.agent import AGENT
from ..schemas.bound import BoundGraph, BoundTask, Member, PatternUse, SubGraph
from ..schemas.errors import InputError
from ..schemas.errors.patterns import BadSetting, PatternTooLarge
from ..schemas.span import Path
from ..schemas.template import Host, Literal, Template
from . import pieces
from .foreign import Foreign
from .pieces import MOST_PIECES, refuse_too_many
from .protocol import Expansion, Formula, Pattern, PatternProblem
from .settings import validated, waits
from .written import written_expansion

MOST_NESTED: Final = 8
"""So many patterns may lie one in the other."""

Inputs = tuple[tuple[str, Template], ...]

Names = tuple[str, ...]
"""The ids of the tasks, from the outermost, that a piece stands for."""

Find = Callable[[str, Sequence[str]], Pattern]
"""Gives a pattern by name; raises `PatternProblem` for one that there is not. The second argument has other
names that could have been meant."""

Read = Callable[[Formula], InputError | None]
"""Says what is wrong with a setting that is an expression."""


@dataclass(slots=True)
class _Work:
    """What is found, and made, along the way."""

    find: Find
    read: Read
    errors: list[InputError]
    pieces: int = 0
    told: set[tuple[str, Path]] = field(default_factory=set)
    """The uses of patterns, by file and place, of which it is told that they are wrong."""

    @property
    def is_full(self) -> bool:
        return self.pieces > MOST_PIECES


def expanded(
    graph: BoundGraph, find: Find, read: Read = lambda _: None
) -> tuple[BoundGraph, list[InputError]]:
    """The graph with every pattern in place, and what is wrong; tasks with errors stay as they are.

    A graph without patterns is given back as it is.
    """
    work = _Work(find, read, [])
    return _graph(graph, work, ()), work.errors


def _graph(graph: BoundGraph, work: _Work, above: Names) -> BoundGraph:
    tasks = tuple(_task(task, graph, work, above) for task in graph.tasks)
    if all(one is two for one, two in zip(tasks, graph.tasks, strict=True)):
        return graph
    return replace(graph, tasks=tasks)


def _task(task: BoundTask, graph: BoundGraph, work: _Work, above: Names) -> BoundTask:
    if task.cells:
        cells = tuple(replace(cell, task=_task(cell.task, graph, work, above)) for cell in task.cells)
        same = all(one.task is two.task for one, two in zip(cells, task.cells, strict=True))
        return task if same else replace(task, cells=cells)
    if task.pattern is not None:
        return _pattern(task, task.pattern, graph, work, above)
    if task.body is not None:
        inner = _graph(task.body.graph, work, above)
        return task if inner is task.body.graph else replace(task, body=replace(task.body, graph=inner))
    return task


def _pattern(task: BoundTask, use: PatternUse, graph: BoundGraph, work: _Work, above: Names) -> BoundTask:
    plain = use.name == "solo" and not use.settings and use.template is None
    if plain and (pieces.does_something(task) or task.ask is not None):
        agent = task.agent if task.kind == "role" else None
        return _task(replace(task, pattern=None, agent=agent), graph, work, above)
    place = (use.source or graph.source, use.where)
    if work.is_full or (above and place in work.told):
        return replace(task, pattern=None)  # what is wrong is told, for one of many copies
    try:
        named = replace(task, id=".".join((*above, task.id)))
        expansion = _expansion(named, use, work.find)
        made = _checked(expansion, work, above)
    except PatternProblem as problem:
        work.told.add(place)
        for error, at in problem.errors:
            source, where = use.places.get(str(at[0]) if at else "", (use.source, use.where))
            error.source = error.source or source or graph.source
            error.where = error.where or (*where, *at)
            error.task = error.task or (*above, task.id)[0]
            work.errors.append(error)
        return replace(task, pattern=None)
    inside = _inside(task, use, graph)
    told = len(work.errors)
    further = (*above, task.id)
    tasks = tuple(_task(_placed(_told_apart(piece, task), use), inside, work, further) for piece in made)
    if use.template is not None:
        _say_who_asked(work.errors[told:], task, use)
    calls = expansion.calls
    body = SubGraph(
        graph=replace(inside, tasks=tasks),
        result=expansion.result,
        pattern=use.name,
        size=expansion.size,
        where=use.where,
        asked_in=use.source or graph.source,
        called=use.template.called if use.template is not None else "",
        calls={}
        if calls is None
        else {"expected": calls.expected, "worst": calls.worst, "model": calls.model},
    )
    return _group(task, body)


def _inside(task: BoundTask, use: PatternUse, graph: BoundGraph) -> BoundGraph:
    """The graph of the pieces, without them. A written pattern brings along what its file says of all."""
    if use.template is not None:
        return replace(use.template.graph, name=task.id, outputs=(), tasks=())
    return BoundGraph(
        name=task.id,
        source=graph.source,
        source_digest=graph.source_digest,
        project=graph.project,
        tasks=(),
    )


def _say_who_asked(errors: list[InputError], task: BoundTask, use: PatternUse) -> None:
    """What is wrong in the file of a pattern may be so for one of the tasks that use it only."""
    for error in errors:
        asked = f"for the task `{task.id}`, which uses the pattern `{use.name}`"
        error.hint = asked if error.hint is None else f"{error.hint} ({asked})"


def _expansion(task: BoundTask, use: PatternUse, find: Find) -> Expansion:
    work = _work(task)
    if task.hosted:
        # What the outer pattern gives to its piece is found among that one's siblings.
        work = replace(work, inputs=_of_host(work.inputs))
    use = replace(use, settings=_with_inputs(use.settings, work))
    if use.template is not None:
        return written_expansion(work, use)
    pattern = find(use.name, use.others)
    try:
        found = validated(use.name, pattern.settings, use.settings)
    except PatternProblem:
        raise
    except Exception as error:
        if isinstance(pattern, Foreign):
            raise pattern.broken("could not read its settings", error) from error
        raise
    if any(waits(value) for key, value in use.settings.items() if key != "of"):
        raise PatternProblem  # nothing more can be said before the value is known
    return pattern.expand(work, found)


def _of_host(inputs: Inputs) -> Inputs:
    return tuple((name, item if type(item) is Literal else Host(item)) for name, item in inputs)


def _with_inputs(value: Any, work: BoundTask) -> Any:
    """Settings in which every member has the inputs of the task, those that an outer pattern gave it too."""
    if isinstance(value, Member):
        known = {name for name, _ in value.task.inputs}
        more = tuple(pair for pair in work.inputs if pair[0] not in known)
        if not more or value.task.body is not None:
            return value
        offered = (*value.task.offered, *(name for name in work.offered if name not in known))
        return replace(value, task=replace(value.task, inputs=(*value.task.inputs, *more), offered=offered))
    if isinstance(value, Mapping):
        return {key: _with_inputs(item, work) for key, item in value.items()}
    return [_with_inputs(item, work) for item in value] if isinstance(value, list) else value


def _checked(expansion: Expansion, work: _Work, above: Names) -> tuple[BoundTask, ...]:
    if len(above) >= MOST_NESTED:
        message = f"more than {MOST_NESTED} patterns lie one in the other"
        raise PatternProblem((PatternTooLarge(message), ()))
    wrong = [(error, formula.at) for formula in expansion.formulas if (error := work.read(formula))]
    if wrong:
        raise PatternProblem(*wrong)
    _refuse_shared_executors(expansion)
    work.pieces += len(expansion.pieces)
    refuse_too_many(work.pieces, ())
    return expansion.pieces


def _refuse_shared_executors(expansion: Expansion) -> None:
    """One Executor cannot be several who know nothing of one another."""
    seen: set[str] = set()
    for piece in expansion.pieces:
        alias = piece.agent.executor if piece.agent is not None and piece.agent.independent else None
        if alias in seen:
            message = f"the pattern asks for several Executors, and `{alias}` is only one"
            raise PatternProblem((BadSetting(message, hint="take `executor` out"), ()))
        if alias is not None:
            seen.add(alias)


def _told_apart(piece: BoundTask, host: BoundTask) -> BoundTask:
    """The piece as a sample of its own, where the task that it stands for is itself one of several; what
    is in its graph is one too."""
    if piece.made:
        return piece
    return _as_sample(piece, host.sample * MOST_PIECES + piece.sample)


def _as_sample(task: BoundTask, sample: int) -> BoundTask:
    if not sample:
        return task
    if task.cells:
        return replace(
            task, cells=tuple(replace(cell, task=_as_sample(cell.task, sample)) for cell in task.cells)
        )
    body = task.body
    if body is not None and task.pattern is None:
        inside = tuple(_as_sample(one, sample * MOST_PIECES + one.sample) for one in body.graph.tasks)
        body = replace(body, graph=replace(body.graph, tasks=inside))
    return replace(task, sample=sample, body=body)


def _placed(piece: BoundTask, use: PatternUse) -> BoundTask:
    """The piece, with the places of nested patterns, of Roles and of refused keys in the document; and for a
    Role what the graph says of all of them."""
    changes: dict[str, object] = {}
    if piece.pattern is not None and not _is_whole(piece.pattern.where):
        where = (*use.where, *piece.pattern.where)
        changes["pattern"] = replace(piece.pattern, where=where, source=use.source)
    agent = piece.agent
    if agent is not None and agent.where and not _is_whole(agent.where):
        # By its first step it is known which file says the setting.
        source, where = use.places.get(str(agent.where[0]), (use.source, use.where))
        agent = replace(agent, where=(*where, *agent.where), source=source)
    if agent is not None and piece.kind == "role" and piece.pattern is None:
        if piece.runtime == AGENT and use.agents.runtime is not None:
            changes["runtime"] = use.agents.runtime
        if agent.tier is None and agent.model is None:
            agent = replace(agent, tier=use.agents.tier, model=use.agents.model)
    if agent != piece.agent:
        changes["agent"] = agent
    later = tuple(
        item if _is_whole(item.where) else replace(item, where=(*use.where, *item.where))
        for item in piece.later
    )
    if later != piece.later:
        changes["later"] = later
    return replace(piece, **changes) if changes else piece  # type: ignore[arg-type]  # fields of the class


def _is_whole(where: tuple[str | int, ...]) -> bool:
    """Whether this is a place in a document, and not one below the settings of a pattern."""
    return where[:1] in (("tasks",), ("patterns",), ("defaults",))


def _work(task: BoundTask) -> BoundTask:
    """The task without what decides when, and how often, it runs."""
    return replace(
        task,
        needs=(),
        condition=None,
        condition_at="task",
        each=None,
        repeat=None,
        outputs_taken=False,
        pattern=None,
        later=(),
        tags=(),
        description=None,
        held=False,
        background=False,
        sample=0,
    )


def _group(task: BoundTask, body: SubGraph) -> BoundTask:
    """The task as the group that its pieces make up: only what decides when, and how often, it runs."""
    return BoundTask(
        id=task.id,
        kind="graph",
        runtime="graph",
        needs=task.needs,
        condition=task.condition,
        condition_at=task.condition_at,
        each=task.each,
        repeat=task.repeat,
        outputs_taken=task.outputs_taken,
        env=task.env,
        priority=task.priority,
        tags=task.tags,
        description=task.description,
        hosted=task.hosted,
        held=task.held,
        background=task.background,
        sample=task.sample,
        body=body,
        later=task.later,
    )
