"""What a DAG run tells whoever watches it, while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .states import NodeState

if TYPE_CHECKING:
    from .report import Report


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A Coordinator took the DAG run up. `total` counts the nodes known so far, groups left out.

    `chosen` says in words why it was this one, where nobody named one. `tasks` counts the tasks of the
    graph where the DAG run has groups, whose members come later; it is 0 where every task is one node.
    """

    dag_run_id: str
    name: str
    total: int
    resumed: bool
    chosen: str = ""
    tasks: int = 0


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """The graph file is not what the DAG run that goes on started from; `gone`: there is none any more."""

    gone: bool


@dataclass(frozen=True, slots=True)
class NodeChanged:
    """A node entered `state` at `at_ms` (Unix milliseconds).

    `attempt_no` is the number of its latest attempt, 0 before the first. `duration_ms` is known once
    the node has ended and is None until then. `is_group`: the node runs nothing itself, its members do.
    """

    node_id: str
    state: NodeState
    reason: str
    attempt_no: int
    at_ms: int
    duration_ms: int | None
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class Grew:
    """The group `node_id` got members; `count` of the new nodes are work, and no groups themselves."""

    node_id: str
    count: int


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The Coordinator let go of the DAG run: it ended, was paused or was interrupted."""

    report: Report


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence for a person, for what has no form of its own."""

    text: str


Progress = RunStarted | SourceChanged | NodeChanged | Grew | RunEnded | Note


class Observer(Protocol):
    """Somebody who watches. `notice` is called on the event loop, must be quick, and must not raise."""

    def notice(self, progress: Progress) -> None: ...
