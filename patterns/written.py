"""Patterns that are written as a task graph: a team's own shape, without Python."""

from __future__ import annotations

from dataclasses import replace

from ..schemas.bound import BoundTask, CallableSpec, Need, OutputContract, PatternUse, SettleSpec
from ..schemas.errors.patterns import TemplateUnusable
from ..schemas.template import Mapping
from . import pieces
from .protocol import Expansion, problem


def written_expansion(task: BoundTask, use: PatternUse) -> Expansion:
    """The graph `use.template` as pieces: a task in it that names a pattern and has no work of its own
    does the work of `task`. Raises `PatternProblem`."""
    assert use.template is not None
    graph = use.template.graph
    made = tuple(_piece(task, one, use.name) for one in graph.tasks)
    pieces.refuse_repeated_effects(task, use.name, sum(one.hosted for one in made))
    if graph.outputs:
        result = BoundTask(
            id="result",
            kind="python",
            runtime="python",
            python=CallableSpec(module=pieces.JOINS, function="passed_on", where="inline"),
            needs=tuple(Need(task=one.id) for one in made),
            inputs=(("value", Mapping(graph.outputs)),),
            output=OutputContract(form="json"),
            settles=SettleSpec(rule="everything"),
            made=True,
        )
        return Expansion(pieces=(*made, result), result="result")
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


def _piece(task: BoundTask, one: BoundTask, name: str) -> BoundTask:
    if pieces.does_something(one) or one.ask is not None or one.pattern is None or one.cells:
        return one
    if one.each is not None or one.repeat is not None or one.condition is not None:
        raise problem(
            TemplateUnusable,
            f"`{one.id}` of the pattern `{name}` does the work of the task that uses it, and cannot have"
            " `each`, `repeat` or `if` of its own",
            "put these keys into the task that uses the pattern",
        )
    plain = one.pattern.name == "solo" and not one.pattern.settings
    return replace(pieces.work(task, one.id), needs=one.needs, pattern=None if plain else one.pattern)
