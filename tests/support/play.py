"""Plays a scheduler by hand: every command is answered as the test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from metaensemble.engine.scheduler.commands import (
    AskPrincipal,
    CancelAttempt,
    Command,
    EvaluateCondition,
    GrowGroup,
    JudgeGroup,
    RecordEnds,
    RecordRenewal,
    SetTimer,
    StartAttempt,
)
from metaensemble.engine.scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    ConditionEvaluated,
    DispatchOpened,
    Event,
    GraphGrew,
    GroupJudged,
    GrowthFailed,
    PrincipalAnswered,
    StopRequested,
    TimerFired,
)
from metaensemble.engine.scheduler.graph import Limits, NodeSpec
from metaensemble.engine.scheduler.machine import Scheduler
from metaensemble.schemas.settling import Rule
from support.node_specs import specs

Ending = tuple[str, str | None]
OK: Ending = ("ok", None)
FAIL: Ending = ("failed", "exit_status")


class Player:
    """Holds a scheduler and what it has asked for; the invariants are checked after every event.

    `facts` are the events that a Ledger would hold, in order; `replayed` makes them anew.
    """

    def __init__(
        self,
        nodes: Sequence[NodeSpec],
        limits: Limits,
        rules: Mapping[str, Rule] = MappingProxyType({}),
    ) -> None:
        self._of = (nodes, limits, rules)
        self.scheduler = Scheduler(nodes, limits, rules)
        self.facts: list[Event] = []
        self.growing: dict[str, GrowGroup] = {}
        self.judging: dict[str, JudgeGroup] = {}
        self.renewals: list[RecordRenewal] = []
        self.running: dict[str, str] = {}
        self.timers: dict[str, SetTimer] = {}
        self.conditions: list[EvaluateCondition] = []
        self.asked: list[str] = []
        self.cancelled: list[CancelAttempt] = []
        self.ends: list[tuple[str, str]] = []
        self.started: list[str] = []
        self._runs = 0

    def open(self) -> Player:
        self.feed(DispatchOpened())
        return self

    def feed(self, event: Event) -> list[Command]:
        commands = self.scheduler.handle(event)
        self._note(event)
        for command in commands:
            self._take(command)
        self.scheduler.validate()
        return commands

    def _take(self, command: Command) -> None:
        if isinstance(command, StartAttempt):
            self._runs += 1
            run_id = f"run-{self._runs}"
            self.started.append(command.node)
            self.running[command.node] = run_id
            start = AttemptStarted(node=command.node, generation=command.generation, run_id=run_id)
            more = self.scheduler.handle(start)
            self._note(start)
            for extra in more:
                self._take(extra)
        elif isinstance(command, SetTimer):
            self.timers[command.node] = command
        elif isinstance(command, EvaluateCondition):
            self.conditions.append(command)
        elif isinstance(command, AskPrincipal):
            self.asked.append(command.node)
        elif isinstance(command, CancelAttempt):
            self.cancelled.append(command)
        elif isinstance(command, GrowGroup):
            self.growing[command.node] = command
        elif isinstance(command, JudgeGroup):
            self.judging[command.node] = command
        elif isinstance(command, RecordRenewal):
            self.renewals.append(command)
        elif isinstance(command, RecordEnds):
            self.ends.extend((end.node, end.state) for end in command.ends)

    def _note(self, event: Event) -> None:
        if not isinstance(event, DispatchOpened | StopRequested):
            self.facts.append(event)

    def finish(
        self,
        node: str,
        ending: Ending = OK,
        *,
        why: str | None = None,
        on_lost: str | None = None,
        backoff: float = 0,
        output: Any = None,
    ) -> None:
        generation = self.scheduler.nodes[node].generation
        self.feed(
            AttemptFinished(
                node=node,
                generation=generation,
                run_id=self.running.pop(node),
                outcome=ending[0],  # type: ignore[arg-type]
                failure_reason=ending[1],  # type: ignore[arg-type]
                reason="" if ending[0] == "ok" else f"{ending[1] or ending[0]} happened",
                cancelled_for=why,  # type: ignore[arg-type]
                on_lost=on_lost,  # type: ignore[arg-type]
                backoff=backoff,
                output=output,
            )
        )

    def fire(self, node: str) -> None:
        timer = self.timers.pop(node)
        self.feed(TimerFired(node=node, generation=timer.generation))

    def decide(self, value: bool | None, error: str | None = None) -> None:
        command = self.conditions.pop(0)
        self.feed(
            ConditionEvaluated(node=command.node, generation=command.generation, value=value, error=error)
        )

    # Groups and questions

    def grow(self, group: str, members: Sequence[NodeSpec], **pools: int) -> None:
        """Answer that the group has these members."""
        command = self.growing.pop(group)
        self.feed(GraphGrew(group=group, generation=command.generation, specs=tuple(members), pools=pools))

    def items(self, group: str, keys: str, **fields: Any) -> None:
        """Answer with one item per word of `keys`: `each[a]`, `each[b]`."""
        self.grow(group, [NodeSpec(id=f"{group}[{key}]", group=group, **fields) for key in keys.split()])

    def round(self, group: str, **fields: Any) -> str:
        """Answer with the next round, and give its id."""
        members = self.scheduler.nodes[group].members
        name = f"{group}#{len(members.ids) + 1 if members is not None else 1}"
        self.grow(group, [NodeSpec(id=name, group=group, **fields)])
        return name

    def tasks(self, group: str, text: str, **fields: dict[str, Any]) -> None:
        """Answer with the tasks of a graph, in the shorthand of `specs`; ids get the group's prefix."""
        self.grow(group, sub_graph(group, text, **fields))

    def cannot_grow(self, group: str, reason: str) -> None:
        command = self.growing.pop(group)
        self.feed(GrowthFailed(group=group, generation=command.generation, reason=reason))

    def judge(self, group: str, holds: bool | None = True, error: str | None = None) -> None:
        command = self.judging.pop(group)
        self.feed(GroupJudged(group=group, generation=command.generation, holds=holds, error=error))

    def answer(self, node: str, answer: str) -> None:
        self.asked.remove(node)
        generation = self.scheduler.nodes[node].generation
        self.feed(
            PrincipalAnswered(node=node, generation=generation, answer=answer, by="ana")  # type: ignore[arg-type]
        )

    def run_all(self, ending_of: Callable[[str], Ending] = lambda _node: OK) -> None:
        while self.running or self.timers or self.conditions:
            if self.conditions:
                self.decide(True)
            elif self.running:
                node = next(iter(self.running))
                self.finish(node, ending_of(node))
            else:
                self.fire(next(iter(self.timers)))

    def states(self) -> dict[str, str]:
        return {name: node.state for name, node in self.scheduler.nodes.items()}

    def state(self, node: str) -> str:
        return self.scheduler.nodes[node].state

    def reason(self, node: str) -> str:
        return self.scheduler.nodes[node].reason

    def replayed(self) -> Scheduler:
        """Another scheduler that was told the same facts, as a resume does."""
        scheduler = Scheduler(*self._of)
        for event in self.facts:
            scheduler.handle(event)
            scheduler.validate()
        return scheduler


def sub_graph(group: str, text: str, **fields: dict[str, Any]) -> list[NodeSpec]:
    """The tasks of a graph inside `group`, in the shorthand of `specs`."""
    found = []
    for spec in specs(text, **fields):
        needs = tuple((f"{group}/{need}", mode) for need, mode in spec.needs)
        quorums = {f"{group}/{need}": quorum for need, quorum in (spec.quorums or {}).items()} or None
        found.append(replace(spec, id=f"{group}/{spec.id}", needs=needs, quorums=quorums, group=group))
    return found


def what_stands(scheduler: Scheduler) -> dict[str, tuple[int, str, str]]:
    """Generation, state and reason of every live node."""
    return {name: (node.generation, node.state, node.reason) for name, node in scheduler.nodes.items()}
