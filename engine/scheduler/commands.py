"""What is to be done: the scheduler's only output.

Each command but the recording ones ends as exactly one terminal event that goes back through
`Scheduler.handle`; which one is said beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...schemas.states import NodeState
from .events import CancelWhy


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """Record an intent and start an attempt. Ends as `AttemptFinished`, after `AttemptStarted`; or as
    `NodeReused`, when an earlier result is taken instead; or as `StartPutOff`, and later `TimerFired`."""

    node: str
    generation: int
    attempt_no: int


@dataclass(frozen=True, slots=True)
class GrowGroup:
    """Find the members of a group, or its next round. Ends as `GraphGrew` or `GrowthFailed`."""

    node: str
    generation: int


@dataclass(frozen=True, slots=True)
class JudgeGroup:
    """Evaluate the outputs, or the `until`, of a group whose members ended well. Ends as `GroupJudged`."""

    node: str
    generation: int


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """Stop a live attempt, gracefully or hard. The end is the attempt's own `AttemptFinished`."""

    node: str
    run_id: str
    hard: bool
    why: CancelWhy


@dataclass(frozen=True, slots=True)
class EvaluateCondition:
    """Evaluate the node's `if`. Ends as `ConditionEvaluated`."""

    node: str
    generation: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wait `seconds`. Ends as `TimerFired`, unless this process ends before."""

    node: str
    generation: int
    seconds: float


@dataclass(frozen=True, slots=True)
class AskPrincipal:
    """Ask a person about a node. Ends as `PrincipalAnswered`, perhaps in another process.

    `about` tells what is asked: whether to repeat a `lost` attempt, or the node's own question (`own`).
    """

    node: str
    generation: int
    about: Literal["lost", "own"]


@dataclass(frozen=True, slots=True)
class SetCancelDeadline:
    """Bound the time that a cancelled DAG run's `done` tasks get. Ends as `CancelRequested(now)`."""


@dataclass(frozen=True, slots=True)
class NodeEnd:
    """One node that ended without an attempt of its own deciding it."""

    node: str
    generation: int
    state: NodeState
    reason: str


@dataclass(frozen=True, slots=True)
class RecordEnds:
    """Note in the Ledger which nodes ended as a consequence. Recording only, no event follows."""

    ends: tuple[NodeEnd, ...]


@dataclass(frozen=True, slots=True)
class RecordRenewal:
    """Note in the Ledger which nodes a rewind made anew (id and generation), and which members it
    dropped, since their group will grow again. Recording only, no event follows."""

    nodes: tuple[tuple[str, int], ...]
    dropped: tuple[tuple[str, int], ...]


Command = (
    StartAttempt
    | GrowGroup
    | JudgeGroup
    | CancelAttempt
    | EvaluateCondition
    | SetTimer
    | AskPrincipal
    | SetCancelDeadline
    | RecordEnds
    | RecordRenewal
)
