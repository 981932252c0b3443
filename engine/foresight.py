"""What can be told of a DAG run's nodes before it runs: which there are, and in which order they start."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

from ..schemas.bound import BoundGraph, NeedMode
from .growth import grown
from .instances import Instance, root_instances, spec_of
from .scheduler.commands import (
    AskPrincipal,
    Command,
    EvaluateCondition,
    GrowGroup,
    JudgeGroup,
    StartAttempt,
)
from .scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    ConditionEvaluated,
    DispatchOpened,
    GraphGrew,
    GroupJudged,
    PrincipalAnswered,
)
from .scheduler.graph import Limits
from .scheduler.machine import Scheduler


def foreseen_nodes(graph: BoundGraph) -> list[Instance]:
    """Every node that can be told before the run, members right behind their group, as in the file.

    What only the run can tell is shown by one node that stands for all: the item `[*]` of a fan-out,
    the round `#1` of a repeat.
    """
    found: list[Instance] = []
    stack = list(reversed(root_instances(graph)))
    while stack:
        one = stack.pop()
        found.append(one)
        if one.layer is not None:
            stack += reversed(grown(one, _foreseen(one)))
    return found


def start_order(nodes: list[Instance]) -> list[str]:
    """The ids of `foreseen_nodes` in the order in which they start on a single slot when all ends well.

    The scheduler itself is asked, so that the plan cannot drift from what a run does.
    """
    by_group: dict[str | None, list[Instance]] = {}
    for one in nodes:
        by_group.setdefault(one.group, []).append(one)
    scheduler = Scheduler(
        [_spec(one) for one in by_group[None]] if nodes else [], Limits(maximum=1, pools={})
    )
    order: dict[str, None] = {}
    commands = deque(scheduler.handle(DispatchOpened()))
    while commands:
        command = commands.popleft()
        if isinstance(command, StartAttempt | GrowGroup | AskPrincipal):
            order[command.node] = None
        commands += _went_well(scheduler, command, by_group)
    # A handler of a failure does not start when all goes well; it comes where it was declared.
    for one in nodes:
        order.setdefault(one.id)
    return list(order)


def _went_well(
    scheduler: Scheduler, command: Command, members: dict[str | None, list[Instance]]
) -> list[Command]:
    match command:
        case StartAttempt(node=name):
            scheduler.handle(AttemptStarted(node=name, generation=0, run_id=name))
            return scheduler.handle(AttemptFinished(node=name, generation=0, run_id=name, outcome="ok"))
        case EvaluateCondition(node=name):
            return scheduler.handle(ConditionEvaluated(node=name, generation=0, value=True))
        case AskPrincipal(node=name):
            return scheduler.handle(PrincipalAnswered(node=name, generation=0, answer="yes"))
        case GrowGroup(node=name):
            specs = tuple(_spec(one) for one in members[name])
            return scheduler.handle(GraphGrew(group=name, generation=0, specs=specs))
        case JudgeGroup(node=name):
            return scheduler.handle(GroupJudged(group=name, generation=0, holds=True))
        case _:
            return []


def _spec(one: Instance) -> Any:
    # On a single slot pools hold nothing back; and of what only the run decides, all is shown.
    spec = spec_of(one)
    needs: tuple[tuple[str, NeedMode], ...] = spec.needs
    if spec.settles is not None:
        needs = tuple((need, "done") for need, _ in needs)
    return replace(spec, needs=needs, pools=(), settles=None, held=False, background=False)


def _foreseen(group: Instance) -> dict[str, Any]:
    """The growth of a group as far as it can be told before the run."""
    match group.layer:
        case "matrix":
            return {"how": "cells"}
        case "each":
            return {"how": "items", "keys": ["*"], "items": [None]}
        case "repeat":
            return {"how": "round", "index": 1}
        case _:
            return {"how": "graph"}
