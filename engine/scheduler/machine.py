"""The scheduler: one door in, one list of commands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...schemas.errors import IllegalTransition
from ...schemas.states import ENDED, FREE_RETRY, DagRunState, NodeState
from . import invariants
from .commands import (
    AskPrincipal,
    CancelAttempt,
    Command,
    EvaluateCondition,
    NodeEnd,
    RecordEnds,
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
    NodesReopened,
    PrincipalAnswered,
    StopRequested,
    TimerFired,
)
from .graph import Limits, NodeSpec, remaining_path, topological_order
from .needs import weigh
from .node import Node
from .outcomes import classify, doubt_of, reason_of
from .ready import ReadyQueue
from .transitions import EventKind, next_state
from .verdict import verdict


class Scheduler:
    """Decides what runs next. It reads no clock, file, socket, random source or environment.

    `handle` is the only method that changes state; the same events give the same commands. Until
    `DispatchOpened` comes in it only takes note: that is how a replay of recorded facts works, and
    what was due meanwhile is asked for then.

    `specs` must be acyclic and closed (every need is among them); `ValueError` otherwise.
    """

    def __init__(self, specs: Sequence[NodeSpec], limits: Limits) -> None:
        by_id = {spec.id: spec for spec in specs}
        order = topological_order(specs)
        if len(by_id) != len(specs) or len(order) != len(specs):
            raise ValueError("the graph has a cycle, an unknown need or two nodes with one id")
        self._specs = by_id
        self._remaining = remaining_path(by_id, order)
        self._order = {spec.id: index for index, spec in enumerate(specs)}
        self._consumers: dict[str, list[str]] = {node: [] for node in by_id}
        for spec in specs:
            for need in dict.fromkeys(need for need, _ in spec.needs):
                self._consumers[need].append(spec.id)
        self._limits = limits
        self._queue = ReadyQueue(limits)
        self._open = False
        self._stopping = False
        self._stop_hard = False
        self._cancelling = False
        self._cancel_now = False
        self._past: list[Node] = []
        self._counts: dict[NodeState, int] = {}
        self._unended = 0
        self._to_evaluate: dict[str, None] = {}
        self._to_time: dict[str, None] = {}
        self._to_ask: dict[str, None] = {}
        self._ends: list[NodeEnd] = []
        self._nodes: dict[str, Node] = {}
        for spec in specs:
            self._add(spec.id, generation=0)
        for node in self._nodes.values():
            if node.open_needs == 0:
                self._needs_ended(node, None)

    # What may be read

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The live generation of every node, in declaration order. Not to be changed by callers."""
        return self._nodes

    @property
    def past(self) -> Sequence[Node]:
        """Nodes of earlier generations, in the order in which they were replaced."""
        return self._past

    @property
    def counts(self) -> dict[NodeState, int]:
        """How many nodes are in each state; states with none are left out."""
        return {state: count for state, count in self._counts.items() if count}

    @property
    def consumers(self) -> Mapping[str, Sequence[str]]:
        """The nodes that need each node, in declaration order."""
        return self._consumers

    @property
    def limits(self) -> Limits:
        """The limits given to the constructor."""
        return self._limits

    @property
    def queue(self) -> ReadyQueue:
        """The queue of ready nodes; not to be changed by callers."""
        return self._queue

    @property
    def is_stopping(self) -> bool:
        """Whether this process was asked to stop."""
        return self._stopping

    @property
    def is_cancelling(self) -> bool:
        """Whether the DAG run is being cancelled."""
        return self._cancelling

    @property
    def in_flight(self) -> int:
        """Nodes that run, or that were asked to start."""
        return self._limits.maximum - self._queue.free

    @property
    def is_done(self) -> bool:
        """Whether every node has ended."""
        return self._unended == 0

    def waits_for_person(self) -> list[Node]:
        """The nodes that nothing but a person's answer can move, in declaration order."""
        return [node for node in self._nodes.values() if node.asked]

    def verdict(self) -> tuple[DagRunState, str]:
        """How the DAG run ends, and why; meaningful once `is_done`."""
        return verdict(self._nodes, self._consumers)

    def failures_ahead(self, event: AttemptFinished) -> tuple[EventKind, NodeState, str]:
        """What `event` will make of its node, without doing it: the kind, the state, the reason."""
        node = self._nodes[event.node]
        kind = classify(node.spec, event, node.failures, cancelling=self._cancelling)
        state = next_state("running", kind, node=event.node)
        return kind, state, reason_of(kind, event, node.attempts)

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
        commands: list[Command] = []
        match event:
            case AttemptFinished():
                self._on_attempt_finished(event)
            case AttemptStarted():
                self._on_attempt_started(event, commands)
            case ConditionEvaluated():
                self._on_condition_evaluated(event)
            case TimerFired():
                self._on_timer_fired(event)
            case PrincipalAnswered():
                self._on_principal_answered(event)
            case CancelRequested():
                self._on_cancel_requested(event, commands)
            case StopRequested():
                self._on_stop_requested(event, commands)
            case NodesReopened():
                self._on_nodes_reopened(event)
            case DispatchOpened():
                self._open = True
        if self._open:
            self._dispatch(commands)
        return commands

    # Handlers, one per event

    def _on_attempt_started(self, event: AttemptStarted, commands: list[Command]) -> None:
        node = self._live(event.node, event.generation)
        if node is None or node.live == event.run_id or event.run_id in node.past_runs:
            return
        if node.state == "waiting" and not self._open:
            # A replayed start says that the wait was over, whether or not its timer was recorded.
            self._move(node, "answer_rerun" if node.asked else "timer_fired", event.cause, "")
        self._move(node, "attempt_started", event.cause, event.run_id)
        if node.starting:
            node.starting = False
        else:
            self._queue.take(node)
        node.live = event.run_id
        node.attempts += 1
        if self._stopping:
            commands.append(CancelAttempt(event.node, event.run_id, self._stop_hard, "stop"))
        elif self._cancelling and self._is_ended_by_cancel(node):
            commands.append(CancelAttempt(event.node, event.run_id, self._cancel_now, "cancel"))

    def _on_attempt_finished(self, event: AttemptFinished) -> None:
        node = self._live(event.node, event.generation)
        if node is None or node.live != event.run_id:
            return
        kind = classify(node.spec, event, node.failures, cancelling=self._cancelling)
        self._move(node, kind, event.cause, event.run_id, reason_of(kind, event, node.attempts))
        self._queue.give_back(node)
        node.past_runs = (*node.past_runs, event.run_id)
        node.live = None
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
            self._spread(node, event.cause, record=False)

    def _on_condition_evaluated(self, event: ConditionEvaluated) -> None:
        node = self._live(event.node, event.generation)
        if node is None or node.state != "pending" or not node.evaluating:
            return
        if event.error is not None:
            kind: EventKind = "condition_error"
            reason = f"its condition could not be evaluated: {event.error}"
        elif event.value:
            kind, reason = "condition_true", ""
        else:
            kind, reason = "condition_false", "its condition was false"
        self._move(node, kind, event.cause, "", reason)
        node.evaluating = False
        self._to_evaluate.pop(event.node, None)
        if kind == "condition_true":
            self._queue.push(node)
        else:
            self._spread(node, event.cause)

    def _on_timer_fired(self, event: TimerFired) -> None:
        node = self._live(event.node, event.generation)
        if node is None or node.state != "waiting" or node.asked:
            return
        self._move(node, "timer_fired", event.cause, "")
        self._to_time.pop(event.node, None)
        self._queue.push(node)

    def _on_principal_answered(self, event: PrincipalAnswered) -> None:
        node = self._live(event.node, event.generation)
        if node is None or not node.asked:
            return
        if event.answer == "rerun":
            self._move(node, "answer_rerun", event.cause, event.by)
        else:
            reason = f"{node.asked}, and {event.by or 'the Principal'} let it fail"
            self._move(node, "answer_fail", event.cause, event.by, reason)
        self._to_ask.pop(event.node, None)
        node.asked = ""
        if node.state == "ready":
            self._queue.push(node)
        else:
            self._spread(node, event.cause)

    def _on_cancel_requested(self, event: CancelRequested, commands: list[Command]) -> None:
        if self._cancelling and (self._cancel_now or not event.now):
            return
        self._cancelling = True
        self._cancel_now = event.now
        reason = f"cancelled by {event.by or 'the Principal'}"
        for node in list(self._nodes.values()):
            if node.state in ENDED or node.starting or not self._is_ended_by_cancel(node):
                continue
            if node.live is not None:
                commands.append(CancelAttempt(node.spec.id, node.live, event.now, "cancel"))
            else:
                self._drop(node, event.cause, reason)
        if not event.now:
            commands.append(SetCancelDeadline())

    def _on_stop_requested(self, event: StopRequested, commands: list[Command]) -> None:
        if self._stopping and (self._stop_hard or not event.hard):
            return
        self._stopping = True
        self._stop_hard = event.hard
        commands.extend(
            CancelAttempt(node.spec.id, node.live, event.hard, "stop")
            for node in self._nodes.values()
            if node.live is not None
        )

    def _on_nodes_reopened(self, event: NodesReopened) -> None:
        for node_id, generation in event.nodes:
            node = self._nodes[node_id]
            if generation != node.generation + 1 or node.state not in ENDED:
                raise IllegalTransition(
                    f"node `{node_id}` cannot be reopened as generation {generation}",
                    story=node.told(),
                    task=node_id,
                )
        self._cancelling = self._cancel_now = False
        for node_id, generation in event.nodes:
            old = self._nodes[node_id]
            self._past.append(old)
            self._counts[old.state] -= 1
            node = self._add(node_id, generation=generation)
            node.story.append((event.cause, f"reopened as generation {generation}"))
        for node in self._nodes.values():
            if node.state == "pending":
                needs = {need for need, _ in node.spec.needs}
                node.open_needs = sum(self._nodes[need].state not in ENDED for need in needs)
        for node_id, _ in event.nodes:
            node = self._nodes[node_id]
            if node.state == "pending" and node.open_needs == 0 and self._needs_ended(node, event.cause):
                self._spread(node, event.cause)

    # State, and what follows from it

    def _add(self, node_id: str, *, generation: int) -> Node:
        spec = self._specs[node_id]
        node = Node(
            spec, index=self._order[node_id], generation=generation, remaining=self._remaining[node_id]
        )
        self._nodes[node_id] = node
        self._counts["pending"] = self._counts.get("pending", 0) + 1
        self._unended += 1
        node.open_needs = len({need for need, _ in spec.needs})
        return node

    def _is_ended_by_cancel(self, node: Node) -> bool:
        return self._cancel_now or not _is_cleanup(node.spec)

    def _live(self, node_id: str, generation: int) -> Node | None:
        node = self._nodes.get(node_id)
        return node if node is not None and node.generation == generation else None

    def _move(self, node: Node, kind: EventKind, cause: int | None, what: str, reason: str = "") -> None:
        old = node.state
        try:
            new = next_state(old, kind, node=node.spec.id)
        except IllegalTransition as error:
            raise IllegalTransition(error.message, story=node.told(), task=node.spec.id) from None
        node.state = new
        if reason:
            node.reason = reason
        node.story.append((cause, f"{kind} {what}" if what else kind))
        counts = self._counts
        counts[old] -= 1
        counts[new] = counts.get(new, 0) + 1
        if new in ENDED:
            self._unended -= 1

    def _spread(self, node: Node, cause: int | None, *, record: bool = True) -> None:
        # A work list instead of recursion: a chain may be longer than the interpreter's stack.
        ended = [node]
        if record:
            self._ends.append(_end_of(node))
        for done in ended:
            for consumer_id in self._consumers[done.spec.id]:
                consumer = self._nodes[consumer_id]
                if consumer.state != "pending":
                    continue
                consumer.open_needs -= 1
                if consumer.open_needs == 0 and self._needs_ended(consumer, cause):
                    ended.append(consumer)
                    self._ends.append(_end_of(consumer))

    def _needs_ended(self, node: Node, cause: int | None) -> bool:
        """All needs have ended: make the node ready, or end it; True when it ended."""
        nodes = self._nodes
        needs = node.spec.needs
        for need, mode in needs:
            if mode != "ok" or nodes[need].state != "ok":
                break
        else:
            return self._begin(node, cause)
        ends = [(need, mode, nodes[need].state, nodes[need].reason) for need, mode in needs]
        kind, reason = weigh(ends)
        if kind == "needs_met":
            return self._begin(node, cause)
        self._move(node, kind, cause, "", reason)
        return True

    def _begin(self, node: Node, cause: int | None) -> bool:
        if self._cancelling and self._is_ended_by_cancel(node):
            self._move(node, "cancelled", cause, "", "cancelled before it could start")
            return True
        if node.spec.has_condition:
            node.evaluating = True
            self._to_evaluate[node.spec.id] = None
        else:
            self._move(node, "needs_met", cause, "")
            self._queue.push(node)
        return False

    def _drop(self, node: Node, cause: int | None, reason: str) -> None:
        self._move(node, "cancelled", cause, "", reason)
        node.evaluating, node.asked = False, ""
        for waiting in (self._to_evaluate, self._to_time, self._to_ask):
            waiting.pop(node.spec.id, None)
        self._spread(node, cause)

    # What is to be done

    def _dispatch(self, commands: list[Command]) -> None:
        if self._ends:
            commands.append(RecordEnds(tuple(self._ends)))
            self._ends = []
        if self._stopping:
            return
        if self._to_ask:
            for node_id in self._to_ask:
                node = self._nodes[node_id]
                question = f"{node.asked}, and it may have changed the world: run it again?"
                commands.append(AskPrincipal(node_id, node.generation, question))
            self._to_ask = {}
        if self._to_evaluate:
            commands.extend(
                EvaluateCondition(node, self._nodes[node].generation) for node in self._to_evaluate
            )
            self._to_evaluate = {}
        if self._to_time:
            for node_id in self._to_time:
                node = self._nodes[node_id]
                commands.append(SetTimer(node_id, node.generation, node.backoff))
            self._to_time = {}
        while (ready := self._queue.pop()) is not None:
            ready.starting = True
            commands.append(StartAttempt(ready.spec.id, ready.generation, ready.attempts + 1))


def _is_cleanup(spec: NodeSpec) -> bool:
    """Whether the node accepts an end other than ok of some need, and so may run after a cancel."""
    return any(mode == "done" for _, mode in spec.needs)


def _end_of(node: Node) -> NodeEnd:
    return NodeEnd(node.spec.id, node.generation, node.state, node.reason)
