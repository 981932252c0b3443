"""Patterns that are written as a task graph: a team's own shape, without Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, count
from typing import Any

from ..schemas import template
from ..schemas.bound import BoundTask, CallableSpec, Member, Need, OutputContract, PatternUse, SettleSpec
from ..schemas.differences import with_differences
from ..schemas.errors.patterns import TemplateUnusable
from . import pieces
from .protocol import Expansion, problem


def written_expansion(task: BoundTask, use: PatternUse) -> Expansion:
    """The graph `use.template` as pieces: a task in it that names a pattern and has no work of its own
    does the work of `task`. Raises `PatternProblem`."""
    assert use.template is not None
    graph = use.template.graph
    made = tuple(_piece(task, one, use) for one in graph.tasks)
    times = sum(one.id in use.given for one in made)
    pieces.refuse_repeated_effects(task, use.name, times)
    if not times and pieces.does_something(task):
        raise problem(
            TemplateUnusable,
            f"the pattern `{use.name}` never does the work of the task `{task.id}`",
            "take the work out of the task; or give the pattern a task with `pattern: solo` and no work",
        )
    if graph.outputs:
        result = _outputs(use, {one.id for one in made})
        return Expansion(pieces=(*made, result), result=result.id)
    needed = {need.task for one in made for need in one.needs}
    last = [one.id for one in made if one.id not in needed]
    if len(last) != 1:
        names = ", ".join(f"`{name}`" for name in last)
        raise problem(
            TemplateUnusable,
            f"the pattern `{use.name}` ends in several tasks, {names}, and so has no result",
            "name what it hands on under `outputs`, or join them in one task",
        )
    return Expansion(pieces=made, result=last[0])


def _piece(task: BoundTask, one: BoundTask, use: PatternUse) -> BoundTask:
    """The task `one` of the graph; if it has no work of its own, with that of `task`."""
    if one.id not in use.given or one.pattern is None:
        return one
    work = with_differences(task, replace(one, inputs=()), use.given[one.id])
    plain = one.pattern.name == "solo" and not one.pattern.settings and one.pattern.template is None
    pattern = None if plain else replace(one.pattern, settings=_with_work(one.pattern.settings, work))
    return pieces.work(
        replace(work, pattern=pattern),
        one.id,
        inputs=dict(one.inputs),
        needs=one.needs,
        condition=one.condition,
        condition_at=one.condition_at,
        tags=one.tags,
        description=one.description,
    )


def _with_work(value: Any, work: BoundTask) -> Any:
    """Settings in which members without work of their own have that of the task."""
    if isinstance(value, Member):
        if pieces.does_something(value.task):
            return value
        own = with_differences(work, value.task, value.given)
        if own.pattern is not None:
            settings = _with_work(own.pattern.settings, replace(own, pattern=None))
            own = replace(own, pattern=replace(own.pattern, settings=settings))
        return replace(value, task=own)
    if isinstance(value, Mapping):
        return {key: _with_work(item, work) for key, item in value.items()}
    return [_with_work(item, work) for item in value] if isinstance(value, list) else value


def _outputs(use: PatternUse, taken: set[str]) -> BoundTask:
    """The piece that hands on the graph's `outputs`, as a graph that is run as a task does: once all have
    ended, unless one failed that nobody waits for all the same."""
    assert use.template is not None
    graph = use.template.graph
    name = next(one for one in chain(("result",), (f"result-{n}" for n in count(2))) if one not in taken)
    strict = [one.id for one in graph.tasks if not _is_taken_knowingly(one, graph.tasks)]
    return BoundTask(
        id=name,
        kind="python",
        runtime="python",
        python=CallableSpec(module=pieces.JOINS, function="passed_on", where="inline"),
        needs=tuple(Need(task=one.id, mode="done", whole=one.outputs_taken) for one in graph.tasks),
        inputs=(("value", template.Mapping(graph.outputs)),),
        output=OutputContract(form="json"),
        settles=SettleSpec(rule="all_in_order", settings={"pieces": strict}),
        made=True,
    )


def _is_taken_knowingly(task: BoundTask, tasks: tuple[BoundTask, ...]) -> bool:
    """Whether every task that waits for this one takes a failed end of it too; a quorum takes some."""
    modes = [
        need.mode != "ok" or need.count is not None
        for one in tasks
        for need in one.needs
        if need.task == task.id
    ]
    return bool(modes) and all(modes)
