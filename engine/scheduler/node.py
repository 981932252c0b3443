"""The scheduler's record of one node in one generation."""

from __future__ import annotations

from collections import deque
from typing import Any

from ...schemas.states import ENDED, NodeState
from .graph import NodeSpec


class Members:
    """What a group knows of its members: their ids in order, and counts that are kept up to date.

    `held` are those that wait for `parallel`, in order, and perhaps some that ended while they waited;
    `holding` counts the former. `open` and `ok` do not count those in the background. `begun`: they were
    let start. `stopped`: nobody waits for the open members any more. `allowed` bounds the rounds of a
    `repeat`.
    """

    __slots__ = ("allowed", "begun", "held", "holding", "ids", "ok", "open", "stopped")

    def __init__(self, allowed: int) -> None:
        self.ids: list[str] = []
        self.open = 0
        self.ok = 0
        self.held: deque[str] = deque()
        self.holding = 0
        self.begun = False
        self.stopped = False
        self.allowed = allowed


class Node:
    """Mutable, owned by the scheduler alone.

    `open_needs` counts needs that have not ended and are not decided, and one more for a member whose
    group has not begun; `decided` are the needs that were settled before they ended. `live` is the run
    id of the attempt that is `running`; `attempts` and `failures` count attempts begun and failures
    that count against `retry.max`. `starting` is true between the command to start and the record of
    the intent. `asked` says why a person is asked, and is empty while nobody is; `unneeded` says why
    nobody waits for the node any more, and `settled` why its rule had seen enough. `wants_growth` is true
    while a group waits for its members, or for its next round. `rewinds` counts how often a person sent
    the work back. `members` is None but for groups that have grown. `output` is kept only for nodes that
    a rule looks at. `story` holds (cause, what happened) in order.
    """

    __slots__ = (
        "asked",
        "attempts",
        "backoff",
        "decided",
        "evaluating",
        "failures",
        "generation",
        "index",
        "live",
        "members",
        "open_needs",
        "output",
        "past_runs",
        "reason",
        "remaining",
        "rewinds",
        "settled",
        "spec",
        "starting",
        "state",
        "story",
        "unneeded",
        "wants_growth",
    )

    def __init__(
        self, spec: NodeSpec, *, index: int, generation: int, remaining: float, state: NodeState = "pending"
    ) -> None:
        self.spec = spec
        self.index = index
        self.generation = generation
        self.remaining = remaining
        self.state: NodeState = state
        self.reason = ""
        self.open_needs = 0
        self.decided: set[str] | None = None
        self.live: str | None = None
        self.past_runs: tuple[str, ...] = ()
        self.attempts = 0
        self.failures = 0
        self.backoff = 0.0
        self.starting = False
        self.evaluating = False
        self.asked = ""
        self.unneeded = ""
        self.settled = ""
        self.wants_growth = False
        self.rewinds = 0
        self.members: Members | None = None
        self.output: Any = None
        self.story: list[tuple[int | None, str]] = []

    @property
    def has_ended(self) -> bool:
        """Whether the node is in a state that it never leaves."""
        return self.state in ENDED

    def told(self) -> list[str]:
        """The story for people: one line per event, with the journal record that caused it."""
        return [
            f"{'#' + str(cause) if cause is not None else '(not journaled)'} {what}"
            for cause, what in self.story
        ]


def is_behind(member: Node, group: Node) -> bool:
    """Whether the group does not wait for the member: that is in the background, and the group is not."""
    return member.spec.background and not group.spec.background
