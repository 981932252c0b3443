"""The scheduler: one door in, one list of commands out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ...schemas.states import ENDED, FREE_RETRY, DagRunState, NodeState
from . import invariants
from .commands import (
    AskPrincipal,
    CancelAttempt,
    Command,
    EvaluateCondition,
    GrowGroup,
    JudgeGroup,
    NodeEnd,
    SetCancelDeadline,
    SetTimer,
    StartAttempt,
)
from .events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    ConditionEvaluated,
    DispatchOpened,
    Event,
    GraphGrew,
    GroupJudged,
    GrowthFailed,
    NodeReused,
    NodesReopened,
    PrincipalAnswered,
    StartPutOff,
    StopRequested,
    TimerFired,
)
from .node import Node
from .outcomes import classify, doubt_of, reason_of
from .renewal import Renewal
from .transitions import EventKind, next_state
from .verdict import verdict


class Scheduler(Renewal):
    """Decides what runs next. It reads no clock, file, socket, random source or environment.

    `handle` is the only method that changes state; the same events give the same commands. Until
    `DispatchOpened` comes in it only takes note: that is how a replay of recorded facts works, and
    what was due meanwhile is asked for then.

    `specs` must be acyclic and closed (every need is among them); `ValueError` otherwise. `rules` are
    the settle rules that `specs` name.
    """

    _open = False
    _stopping = False
    _stop_hard = False

    # What may be read, besides what the book offers

    @property
    def is_stopping(self) -> bool:
        """Whether this process was asked to stop."""
        return self._stopping

    def is_live(self, node_id: str, generation: int) -> bool:
        """Whether this is the node's present generation; others are past, and change nothing."""
        return self._live(node_id, generation) is not None

    def is_due(self, command: GrowGroup | JudgeGroup | EvaluateCondition) -> bool:
        """Whether the answer to `command` is still waited for.

        What was asked for may have lost its point by the answer to another command.
        """
        node = self._live(command.node, command.generation)
        if node is None:
            return False
        if isinstance(command, GrowGroup):
            return node.wants_growth
        if isinstance(command, EvaluateCondition):
            return node.state == "pending" and node.evaluating
        return self._is_judged(node)

    def waits_for_person(self) -> list[Node]:
        """The nodes that nothing but a person's answer can move, in declaration order."""
        return [node for node in self._nodes.values() if node.asked]

    def is_asked(self, node_id: str, generation: int) -> bool:
        """Whether that generation of the node waits for a person."""
        node = self._live(node_id, generation)
        return node is not None and bool(node.asked)

    def is_watched(self, node_id: str) -> bool:
        """Whether a settle rule looks at the node, so that its end must tell its output."""
        at: str | None = node_id
        while at is not None:
            if any(self._nodes[name].spec.settles is not None for name in self._consumers.get(at, ())):
                return True
            # What a group hands on may be what this node hands on.
            group = self._nodes[at].spec.group if at in self._nodes else None
            at = group if group is not None and self._nodes[group].spec.result == at else None
        return False

    def verdict(self) -> tuple[DagRunState, str]:
        """How the DAG run ends, and why; meaningful once `is_done`."""
        outermost = {name: node for name, node in self._nodes.items() if node.spec.group is None}
        return verdict(outermost, self._consumers)

    def failures_ahead(self, event: AttemptFinished) -> tuple[EventKind, NodeState, str]:
        """What `event` will make of its node, without doing it: the kind, the state, the reason."""
        node = self._retired.get(event.run_id) or self._nodes[event.node]
        kind = classify(node, event, cancelling=self._cancelling)
        state = next_state("running", kind, node=event.node)
        return kind, state, reason_of(kind, event, node)

    def story(self, node_id: str) -> list[str]:
        """Every event that the node has seen, one line each."""
        return self._nodes[node_id].told()

    def validate(self) -> None:
        """Check every invariant; raises `InvariantBroken`. Meant for tests and after a replay."""
        invariants.check(self)

    # The door

    def handle(self, event: Event) -> list[Command]:
        """Take note of `event` and say what is to be done now.

        An illegal event raises `IllegalTransition` and changes nothing. Events of an attempt or a
        generation that is no longer the live one are ignored.
        """
        handler = _HANDLERS[type(event)]
        handler(self, event)
        commands, self._commands = self._commands, []
        if self._open:
            self._dispatch(commands)
        return commands

    # Handlers, one per event

    def _on_dispatch_opened(self, _event: DispatchOpened) -> None:
        self._open = True

    def _on_attempt_started(self, event: AttemptStarted) -> None:
        node = self._live(event.node, event.generation)
        if node is None:
            self._commands.append(CancelAttempt(event.node, event.run_id, True, "unneeded"))
            return
        if node.live == event.run_id or event.run_id in node.past_runs:
            return
        if node.state == "waiting" and not self._open:
            # A replayed start says that the wait was over, whether or not its timer was recorded.
            self._move(node, "answer_rerun" if node.asked else "timer_fired", event.cause, "")
            self._forget(node)
        self._move(node, "attempt_started", event.cause, event.run_id)
        if node.starting:
            node.starting = False
        else:
            self._queue.take(node)
        node.live = event.run_id
        node.attempts += 1
        if self._stopping:
            self._commands.append(CancelAttempt(event.node, event.run_id, self._stop_hard, "stop"))
        elif node.unneeded:
            self._commands.append(CancelAttempt(event.node, event.run_id, False, "unneeded"))
        elif self._cancelling and self._is_ended_by_cancel(node):
            self._commands.append(CancelAttempt(event.node, event.run_id, self._cancel_now, "cancel"))

    def _on_attempt_finished(self, event: AttemptFinished) -> None:
        retired = self._retired.get(event.run_id)
        if retired is not None:
            del self._retired[event.run_id]
            self._queue.give_back(retired)
            retired.live = None
            return
        node = self._live(event.node, event.generation)
        if node is None or node.live != event.run_id:
            return
        kind = classify(node, event, cancelling=self._cancelling)
        self._move(node, kind, event.cause, event.run_id, reason_of(kind, event, node))
        self._queue.give_back(node)
        node.past_runs = (*node.past_runs, event.run_id)
        node.live = None
        node.output = event.output
        if event.outcome == "failed" and event.failure_reason not in FREE_RETRY:
            node.failures += 1
        if node.state == "ready":
            self._queue.push(node)
        elif node.state == "waiting":
            if kind == "attempt_retry":
                node.backoff = event.backoff
                self._to_time[node.spec.id] = None
            else:
                node.asked = doubt_of(kind)
                self._to_ask[node.spec.id] = None
        else:
            # The record of the attempt holds this end: it is not noted once more.
            self._ended.append(node)
            self._spread(event.cause)

    def _on_node_reused(self, event: NodeReused) -> None:
        node = self._live(event.node, event.generation)
        if node is None or node.state != "ready":
            return
        self._move(
            node, "reused", event.cause, event.run_id, f"reused: nothing has changed since Run {event.run_id}"
        )
        if node.starting:
            node.starting = False
            self._queue.give_back(node)
        node.output = event.output
        self._ended.append(node)
        self._spread(event.cause)

    def _on_start_put_off(self, event: StartPutOff) -> None:
        node = self._live(event.node, event.generation)
        if node is None or not node.starting:
            return
        node.starting = False
        self._queue.give_back(node)
        # Whoever asked for its end meanwhile was put off until it had started.
        if node.unneeded:
            self._move(node, "unneeded", event.cause, "", node.unneeded)
            self._end(node)
            self._spread(event.cause)
        elif self._cancelling and self._is_ended_by_cancel(node):
            self._drop(node, event.cause, "cancelled before it could start")
        else:
            self._move(node, "put_off", event.cause, "", event.reason)

    def _on_graph_grew(self, event: GraphGrew) -> None:
        group = self._growing(event.group, event.generation)
        if group is not None:
            self._queue.add_pools(event.pools)
            self._grow(group, event.specs, event.cause)
            self._spread(event.cause)

    def _on_growth_failed(self, event: GrowthFailed) -> None:
        group = self._growing(event.group, event.generation)
        if group is not None:
            self._forget(group)
            self._move(group, "growth_failed", event.cause, "", event.reason)
            self._end(group)
            self._spread(event.cause)

    def _growing(self, node_id: str, generation: int) -> Node | None:
        """The group, if it waits for members."""
        group = self._live(node_id, generation)
        return group if group is not None and group.wants_growth else None

    def _is_judged(self, group: Node) -> bool:
        """Whether the group's members have ended, and what they came to has not been told yet."""
        members = group.members
        is_waiting = group.state == "running" and not group.wants_growth
        return is_waiting and members is not None and not members.open

    def _on_group_judged(self, event: GroupJudged) -> None:
        group = self._live(event.group, event.generation)
        if group is None or not self._is_judged(group):
            return
        assert group.members is not None
        self._to_judge.pop(event.group, None)
        is_repeat = group.spec.grows == "rounds"
        rounds = len(group.members.ids)
        if event.error is not None:
            what = "`until`" if is_repeat else "its `outputs`"
            kind: EventKind = "members_failed"
            reason = f"{what} could not be evaluated: {event.error}"
        elif event.holds:
            kind = "members_ok"
            reason = f"`until` held after round {rounds}" if is_repeat else "all of it ended ok"
        elif group.unneeded:
            kind, reason = "members_skipped", group.unneeded
        elif self._cancelling and self._is_ended_by_cancel(group):
            kind, reason = "members_cancelled", "cancelled before the next round"
        elif rounds < group.members.allowed:
            self._ask_for_growth(group)
            return
        else:
            kind = "members_failed"
            reason = f"repeat_exhausted: `until` did not hold after {rounds} rounds"
        group.output = event.output
        self._move(group, kind, event.cause, "", reason)
        self._end(group)
        self._spread(event.cause)

    def _on_condition_evaluated(self, event: ConditionEvaluated) -> None:
        node = self._live(event.node, event.generation)
        if node is None or node.state != "pending" or not node.evaluating:
            return
        self._to_evaluate.pop(event.node, None)
        if event.error is not None:
            reason = f"its condition could not be evaluated: {event.error}"
            self._move(node, "condition_error", event.cause, "", reason)
            self._end(node)
        elif event.value:
            self._begin(node, event.cause)
        else:
            self._move(node, "condition_false", event.cause, "", "its condition was false")
            self._end(node)
        node.evaluating = False
        self._spread(event.cause)

    def _on_timer_fired(self, event: TimerFired) -> None:
        node = self._live(event.node, event.generation)
        if node is None or node.state != "waiting" or node.asked:
            return
        self._move(node, "timer_fired", event.cause, "")
        self._to_time.pop(event.node, None)
        self._queue.push(node)

    def _on_principal_answered(self, event: PrincipalAnswered) -> None:
        node = self._live(event.node, event.generation)
        own = node is not None and node.spec.kind == "ask"
        if node is None or not node.asked or own != (event.answer in ("yes", "no")):
            return
        by = event.by or "the Principal"
        if event.answer == "rerun":
            self._move(node, "answer_rerun", event.cause, event.by)
        elif event.answer == "fail":
            self._move(node, "answer_fail", event.cause, event.by, f"{node.asked}, and {by} let it fail")
        elif event.answer == "yes":
            self._move(node, "answer_yes", event.cause, event.by, f"{by} said yes")
        else:
            self._move(node, "answer_no", event.cause, event.by, f"rejected: {by} said no")
        self._forget(node)
        if node.state == "ready":
            self._queue.push(node)
            return
        if event.answer == "no" and node.spec.rewind_to is not None:
            # Its own end is told, and then it is made anew with the rest.
            self._ends.append(NodeEnd(node.spec.id, node.generation, node.state, node.reason))
            self._rewind(node.spec.rewind_to, event.cause)
            return
        self._end(node)
        self._spread(event.cause)

    def _on_cancel_requested(self, event: CancelRequested) -> None:
        if self._cancelling and (self._cancel_now or not event.now):
            return
        self._cancelling = True
        self._cancel_now = event.now
        reason = f"cancelled by {event.by or 'the Principal'}"
        for node in list(self._nodes.values()):
            if node.state in ENDED or node.starting or not self._is_ended_by_cancel(node):
                continue
            if node.live is not None:
                self._commands.append(CancelAttempt(node.spec.id, node.live, event.now, "cancel"))
            elif node.state != "running":
                self._drop(node, event.cause, reason)
            elif node.wants_growth:
                self._forget(node)
                self._move(node, "members_cancelled", event.cause, "", reason)
                self._end(node)
                self._spread(event.cause)
        if not event.now:
            self._commands.append(SetCancelDeadline())

    def _on_stop_requested(self, event: StopRequested) -> None:
        if self._stopping and (self._stop_hard or not event.hard):
            return
        self._stopping = True
        self._stop_hard = event.hard
        self._commands.extend(
            CancelAttempt(node.spec.id, node.live, event.hard, "stop")
            for node in self._nodes.values()
            if node.live is not None
        )

    def _on_nodes_reopened(self, event: NodesReopened) -> None:
        self._reopen(event.nodes, event.cause)

    # What is to be done

    def _drop(self, node: Node, cause: int | None, reason: str) -> None:
        self._move(node, "cancelled", cause, "", reason)
        self._forget(node)
        self._end(node)
        self._spread(cause)

    def _dispatch(self, commands: list[Command]) -> None:
        self._note_ends()
        if self._noted:
            commands += self._noted
            self._noted = []
        nodes = self._nodes
        if self._stopping:
            return
        if self._to_ask:
            for name in self._to_ask:
                about: Literal["lost", "own"] = "own" if nodes[name].spec.kind == "ask" else "lost"
                commands.append(AskPrincipal(name, nodes[name].generation, about))
            self._to_ask = {}
        if self._to_evaluate:
            commands += [EvaluateCondition(name, nodes[name].generation) for name in self._to_evaluate]
            self._to_evaluate = {}
        if self._to_grow:
            commands += [GrowGroup(name, nodes[name].generation) for name in self._to_grow]
            self._to_grow = {}
        if self._to_judge:
            commands += [JudgeGroup(name, nodes[name].generation) for name in self._to_judge]
            self._to_judge = {}
        if self._to_time:
            for name in self._to_time:
                commands.append(SetTimer(name, nodes[name].generation, nodes[name].backoff))
            self._to_time = {}
        only_behind = self._unended == self._unended_behind
        while (ready := self._queue.pop(only_behind=only_behind)) is not None:
            ready.starting = True
            commands.append(StartAttempt(ready.spec.id, ready.generation, ready.attempts + 1))


_HANDLERS: dict[type, Callable[[Scheduler, Any], None]] = {
    DispatchOpened: Scheduler._on_dispatch_opened,
    AttemptStarted: Scheduler._on_attempt_started,
    AttemptFinished: Scheduler._on_attempt_finished,
    NodeReused: Scheduler._on_node_reused,
    StartPutOff: Scheduler._on_start_put_off,
    GraphGrew: Scheduler._on_graph_grew,
    GrowthFailed: Scheduler._on_growth_failed,
    GroupJudged: Scheduler._on_group_judged,
    ConditionEvaluated: Scheduler._on_condition_evaluated,
    TimerFired: Scheduler._on_timer_fired,
    PrincipalAnswered: Scheduler._on_principal_answered,
    CancelRequested: Scheduler._on_cancel_requested,
    StopRequested: Scheduler._on_stop_requested,
    NodesReopened: Scheduler._on_nodes_reopened,
}
