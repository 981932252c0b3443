"""What is known of a DAG run while it goes on: the numbers behind every kind of progress."""

from __future__ import annotations

from dataclasses import dataclass

from ..schemas.progress import Grew, NodeChanged, RunStarted
from ..schemas.states import ENDED, NODE_STATES, NodeState


@dataclass(slots=True)
class Running:
    """A node at work: since when (Unix milliseconds) and in which attempt."""

    since_ms: int
    attempt_no: int


class Tally:
    """Counts of nodes by state, what is running since when, and the mean duration of what ended.

    Every notice is handled in constant time, so that a graph of ten thousand nodes costs no more
    per node than one of ten. Nodes that were never spoken of are `pending`.
    """

    def __init__(self) -> None:
        self.name = ""
        self.dag_run_id = ""
        self.total = 0
        self.resumed = False
        self.running: dict[str, Running] = {}
        self._states: dict[str, NodeState] = {}
        self._counts: dict[NodeState, int] = dict.fromkeys(NODE_STATES, 0)
        self._worked_ms = 0
        self._worked = 0

    def start(self, started: RunStarted) -> None:
        """Take over what is known at the start."""
        self.name, self.dag_run_id = started.name, started.dag_run_id
        self.total, self.resumed = started.total, started.resumed

    def change(self, changed: NodeChanged) -> None:
        """Move one node to its new state."""
        if changed.is_group:
            # What a group does, its members do; they are counted.
            return
        before = self._states.get(changed.node_id)
        if before is not None:
            self._counts[before] -= 1
        self._states[changed.node_id] = changed.state
        self._counts[changed.state] += 1
        if changed.state == "running":
            self.running[changed.node_id] = Running(changed.at_ms, changed.attempt_no)
            return
        was_running = self.running.pop(changed.node_id, None)
        if was_running is not None and changed.state in ENDED:
            self._worked += 1
            self._worked_ms += (
                changed.duration_ms
                if changed.duration_ms is not None
                else max(0, changed.at_ms - was_running.since_ms)
            )

    def grow(self, grew: Grew) -> None:
        """Count nodes that are known from now on."""
        self.total += grew.count

    @property
    def ended(self) -> int:
        """How many nodes have ended, in whatever way."""
        return sum(self._counts[state] for state in ENDED)

    def counts(self) -> dict[NodeState, int]:
        """The states that some node is in; nodes not spoken of yet are among `pending`."""
        known = len(self._states)
        counts = {**self._counts, "pending": self._counts["pending"] + max(0, self.total - known)}
        return {state: counts[state] for state in NODE_STATES if counts[state]}

    def eta_ms(self, now_ms: int) -> int | None:
        """How long the rest may take: remaining nodes times mean duration, by how many run at once.

        None before any node has ended after running. What a running node has worked already is
        taken off, up to the mean.
        """
        remaining = self.total - self.ended
        if not self._worked or remaining <= 0:
            return None
        mean = self._worked_ms / self._worked
        done = sum(min(mean, max(0, now_ms - node.since_ms)) for node in self.running.values())
        return round((remaining * mean - done) / max(1, len(self.running)))
