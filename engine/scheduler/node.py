"""The scheduler's record of one node in one generation."""

from __future__ import annotations

from ...schemas.states import ENDED, NodeState
from .graph import NodeSpec


class Node:
    """Mutable, owned by the scheduler alone.

    `open_needs` counts needs that have not ended. `live` is the run id of the attempt that is
    `running`; `attempts` and `failures` count attempts begun and failures that count against
    `retry.max`. `starting` is true between the command to start and the record of the intent.
    `asked` says why a person is asked, and is empty while nobody is. `story` holds (cause, what
    happened) in order.
    """

    __slots__ = (
        "asked",
        "attempts",
        "backoff",
        "evaluating",
        "failures",
        "generation",
        "index",
        "live",
        "open_needs",
        "past_runs",
        "reason",
        "remaining",
        "spec",
        "starting",
        "state",
        "story",
    )

    def __init__(self, spec: NodeSpec, *, index: int, generation: int, remaining: float) -> None:
        self.spec = spec
        self.index = index
        self.generation = generation
        self.remaining = remaining
        self.state: NodeState = "pending"
        self.reason = ""
        self.open_needs = 0
        self.live: str | None = None
        self.past_runs: tuple[str, ...] = ()
        self.attempts = 0
        self.failures = 0
        self.backoff = 0.0
        self.starting = False
        self.evaluating = False
        self.asked = ""
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
