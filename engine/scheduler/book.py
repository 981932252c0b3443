"""The scheduler's book: the nodes, who needs whom, and what is still to be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...schemas.errors import IllegalTransition
from ...schemas.states import ENDED, NodeState
from .commands import Command, NodeEnd, RecordEnds, RecordRenewal
from .graph import Limits, NodeSpec, remaining_path, topological_order
from .node import Node
from .ready import ReadyQueue
from .transitions import EventKind, next_state


class Book:
    """State and the plainest changes of it; what follows from a change is said in `propagation`.

    `specs` must be acyclic and closed (every need is among them); `ValueError` otherwise.
    """

    def __init__(self, specs: Sequence[NodeSpec], limits: Limits) -> None:
        self._limits = limits
        self._queue = ReadyQueue(limits)
        self._nodes: dict[str, Node] = {}
        self._consumers: dict[str, list[str]] = {}
        self._past: list[Node] = []
        self._retired: dict[str, Node] = {}
        self._last: dict[str, int] = {}
        self._counts: dict[NodeState, int] = {}
        self._unended = 0
        self._unended_behind = 0
        self._next_index = 0
        self._cancelling = False
        self._cancel_now = False
        self._commands: list[Command] = []
        self._ends: list[NodeEnd] = []
        self._noted: list[RecordEnds | RecordRenewal] = []
        self._to_evaluate: dict[str, None] = {}
        self._to_time: dict[str, None] = {}
        self._to_ask: dict[str, None] = {}
        self._to_grow: dict[str, None] = {}
        self._to_judge: dict[str, None] = {}
        self._enter(specs, tail=0.0)

    # What may be read

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The live generation of every node, in the order of growth. Not to be changed by callers."""
        return self._nodes

    @property
    def past(self) -> Sequence[Node]:
        """Nodes of earlier generations, in the order in which they were replaced."""
        return self._past

    @property
    def retired(self) -> Mapping[str, Node]:
        """Replaced nodes whose attempt has not ended yet, by its run id."""
        return self._retired

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
    def in_flight(self) -> int:
        """Nodes that hold a slot: they run, or were asked to start."""
        return 2 * self._limits.maximum - self._queue.free - self._queue.free_behind

    @property
    def is_done(self) -> bool:
        """Whether every node has ended."""
        return self._unended == 0

    @property
    def is_cancelling(self) -> bool:
        """Whether the DAG run is being cancelled."""
        return self._cancelling

    def next_generation(self, node_id: str) -> int:
        """The generation that the node will have when it is made anew."""
        node = self._nodes.get(node_id)
        return (node.generation if node is not None else self._last.get(node_id, -1)) + 1

    def next_index(self) -> int:
        """The position that the next grown node will have."""
        return self._next_index

    # Changes

    def _enter(self, specs: Sequence[NodeSpec], *, tail: float) -> list[Node]:
        """New nodes, pending or held; `tail` is the weight of what comes behind all of them."""
        by_id = {spec.id: spec for spec in specs}
        order = topological_order(specs)
        if len(by_id) != len(specs) or len(order) != len(specs):
            raise ValueError("the graph has a cycle, an unknown need or two nodes with one id")
        if not self._nodes.keys().isdisjoint(by_id):
            raise ValueError("the graph has a node of that id already")
        remaining = remaining_path(by_id, order)
        fresh = []
        for spec in specs:
            self._consumers[spec.id] = []
            node = Node(
                spec,
                index=self._next_index,
                generation=self._last.get(spec.id, -1) + 1,
                remaining=remaining[spec.id] + tail,
                state="held" if spec.held else "pending",
            )
            self._next_index += 1
            self._put(node)
            fresh.append(node)
        for spec in specs:
            for need in dict.fromkeys(need for need, _ in spec.needs):
                self._consumers[need].append(spec.id)
        return fresh

    def _put(self, node: Node) -> None:
        spec = node.spec
        self._nodes[spec.id] = node
        self._counts[node.state] = self._counts.get(node.state, 0) + 1
        self._unended += 1
        self._unended_behind += spec.background
        node.open_needs = len(spec.needs) if len(spec.needs) < 2 else len({need for need, _ in spec.needs})

    def _take_out(self, node: Node) -> None:
        """Move a node from the live ones to the past; forget what was to be asked for it."""
        del self._nodes[node.spec.id]
        self._past.append(node)
        self._last[node.spec.id] = node.generation
        self._counts[node.state] -= 1
        if node.state not in ENDED:
            self._unended -= 1
            self._unended_behind -= node.spec.background
        self._forget(node)

    def _note_ends(self) -> None:
        """Close the ends so far into one note, so that what is noted next comes after them."""
        if self._ends:
            self._noted.append(RecordEnds(tuple(self._ends)))
            self._ends = []

    def _ask_for_growth(self, group: Node) -> None:
        group.wants_growth = True
        self._to_grow[group.spec.id] = None

    def _forget(self, node: Node) -> None:
        node.evaluating, node.asked, node.wants_growth = False, "", False
        for waiting in (self._to_evaluate, self._to_time, self._to_ask, self._to_grow, self._to_judge):
            waiting.pop(node.spec.id, None)

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
        if old == "held":
            self._no_longer_held(node)
        if new in ENDED:
            self._unended -= 1
            self._unended_behind -= node.spec.background

    def _no_longer_held(self, node: Node) -> None:
        group = self._nodes.get(node.spec.group) if node.spec.group is not None else None
        if group is not None and group.members is not None and group.spec.parallel is not None:
            group.members.holding -= 1

    def _live(self, node_id: str, generation: int) -> Node | None:
        node = self._nodes.get(node_id)
        return node if node is not None and node.generation == generation else None

    def _is_ended_by_cancel(self, node: Node) -> bool:
        """Whether a cancel of the DAG run ends the node: all but `done` tasks and what is inside them.

        Nobody is asked any more, so what waits for a person, or would, is ended wherever it stands.
        """
        if self._cancel_now or node.asked or node.spec.kind == "ask":
            return True
        at: Node | None = node
        while at is not None:
            if not at.spec.piece and any(mode == "done" for _, mode in at.spec.needs):
                return False
            at = self._nodes.get(at.spec.group) if at.spec.group is not None else None
        return True
