"""Plays a scheduler by hand: every command is answered as the test says."""

from __future__ import annotations

from collections.abc import Callable

from metaensemble.engine.scheduler.commands import (
    AskPrincipal,
    CancelAttempt,
    Command,
    EvaluateCondition,
    RecordEnds,
    SetTimer,
    StartAttempt,
)
from metaensemble.engine.scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    ConditionEvaluated,
    DispatchOpened,
    Event,
    TimerFired,
)
from metaensemble.engine.scheduler.graph import Limits, NodeSpec
from metaensemble.engine.scheduler.machine import Scheduler

Ending = tuple[str, str | None]
OK: Ending = ("ok", None)
FAIL: Ending = ("failed", "exit_status")


class Player:
    """Holds a scheduler and what it has asked for; the invariants are checked after every event."""

    def __init__(self, nodes: list[NodeSpec], limits: Limits) -> None:
        self.scheduler = Scheduler(nodes, limits)
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
            more = self.scheduler.handle(
                AttemptStarted(node=command.node, generation=command.generation, run_id=run_id)
            )
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
        elif isinstance(command, RecordEnds):
            self.ends.extend((end.node, end.state) for end in command.ends)

    def finish(
        self,
        node: str,
        ending: Ending = OK,
        *,
        why: str | None = None,
        on_lost: str | None = None,
        backoff: float = 0,
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
