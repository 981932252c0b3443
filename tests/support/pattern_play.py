"""Plays the scheduler over graphs with patterns: the real pieces, the real rules, attempts by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metaensemble.engine.growth import grown, pools_of
from metaensemble.engine.instances import Instance, root_instances, spec_of
from metaensemble.engine.scheduler.events import Event, GraphGrew, GroupJudged
from metaensemble.patterns import joins
from metaensemble.patterns.expansion import expanded
from metaensemble.patterns.registry import Rules, find
from metaensemble.schemas.bound import BoundGraph, BoundTask, CommandSpec, Member, OutputContract, PatternUse
from metaensemble.schemas.declined import Declined, Refused
from metaensemble.schemas.template import Literal
from support.node_specs import limits
from support.play import Player

RULES = Rules()


def command(name: str, **fields: Any) -> BoundTask:
    """A task that runs a program of that name; its output is free JSON with a field `vote`."""
    contract = OutputContract(form="json", schema={"type": "object", "properties": {"vote": {}}})
    given: dict[str, Any] = {"command": CommandSpec(argv=(Literal(name),)), "output": contract}
    return BoundTask(id=name, **(given | fields))


def member(name: str, **fields: Any) -> Member:
    """A member with work of its own."""
    return Member(task=command(name, **fields), has_work=True, where=(name,))


def with_pattern(task: BoundTask, name: str, **given: Any) -> BoundTask:
    """The task as the pattern `name` does it."""
    from dataclasses import replace

    return replace(task, pattern=PatternUse(name=name, settings=given))


def expanded_graph(*tasks: BoundTask, **fields: Any) -> BoundGraph:
    """A graph of these tasks with every pattern in place."""
    place = {"source": "/nowhere/graph.yaml", "source_digest": "0" * 64, "project": "/nowhere"}
    graph, errors = expanded(BoundGraph(name="played", tasks=tasks, **place, **fields), find)
    assert not errors, errors
    return graph


class PatternPlayer(Player):
    """A player whose groups grow by themselves as soon as they are asked to: a fan-out by two items, a
    repeat until its second round."""

    def __init__(self, graph: BoundGraph, slots: int = 9, **pools: int) -> None:
        roots = root_instances(graph)
        self.instances: dict[str, Instance] = {one.id: one for one in roots}
        super().__init__([spec_of(one) for one in roots], limits(slots, **pools), RULES)

    def feed(self, event: Event) -> list[Any]:
        commands = super().feed(event)
        while self.growing or self.judging:
            if self.growing:
                self._grow(next(iter(self.growing)))
            else:
                name = next(iter(self.judging))
                command = self.judging.pop(name)
                members = self.scheduler.nodes[name].members
                holds = self.instances[name].layer != "repeat" or len(members.ids if members else ()) > 1
                super().feed(GroupJudged(group=name, generation=command.generation, holds=holds))
        return commands

    def _grow(self, name: str) -> None:
        asked = self.growing.pop(name)
        group = self.instances[name]
        if not self.scheduler.is_due(asked):
            return
        members = self.scheduler.nodes[name].members
        rounds = len(members.ids) if members is not None else 0
        payload: dict[str | None, dict[str, Any]] = {
            "matrix": {"how": "cells"},
            "each": {"how": "items", "keys": ["1", "2"], "items": [1, 2]},
            "repeat": {"how": "round", "index": rounds + 1},
            "graph": {"how": "graph"},
        }
        made = grown(group, payload[group.layer])
        self.instances |= {one.id: one for one in made}
        super().feed(
            GraphGrew(
                group=name,
                generation=asked.generation,
                specs=tuple(spec_of(one) for one in made),
                pools=pools_of(made, group),
            )
        )

    def is_behind(self, name: str) -> bool:
        """Whether the node is in the background."""
        return self.scheduler.nodes[name].spec.background

    def waiting(self) -> list[str]:
        """The nodes whose timer somebody still waits for."""
        states = self.states()
        return [name for name in self.timers if states.get(name) == "waiting"]

    def stopped(self) -> set[str]:
        """The running nodes that were told to stop."""
        live = set(self.running.values())
        return {command.node for command in self.cancelled if command.run_id in live}

    def briefs(self, node: str) -> dict[str, dict[str, Any]]:
        """What the join `node` is told about its needs, by the names that they have for it."""
        join = self.instances[node]
        found: dict[str, dict[str, Any]] = {}
        for need in join.task.needs:
            one = self.scheduler.nodes[join.frame.prefix + need.task]
            found[need.task] = {"status": one.state, "reason": one.reason, "attempts": one.attempts}
            if one.state == "ok":
                found[need.task]["output"] = one.output
        return found


def joined(player: PatternPlayer, node: str, **more: Any) -> tuple[Any, str]:
    """What the join `node` makes of what it is told now: its result, or None and why there is none."""
    task = player.instances[node].task
    assert task.python is not None
    inputs: Mapping[str, Any] = dict(task.inputs)
    function = getattr(joins, task.python.function)
    with tempfile.TemporaryDirectory() as folder:
        given = {"settings": inputs["settings"].value, "node": node.rpartition(".")[0], **more}
        if "report" in inputs:
            given["report"] = str(Path(folder, "report.md"))
        try:
            return function(briefs=player.briefs(node), **given), ""
        except (Declined, Refused) as told:
            return None, str(told)
