"""What happened: the only things that change the scheduler's state.

Every event is a fact in the past tense. `cause` is the `seq` of the journal record that holds the
fact, or None for facts that are true of this process only and are not journaled (`DispatchOpened`,
`StopRequested`, `StartPutOff` and the `TimerFired` that follows it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...schemas.bound import OnLost
from ...schemas.states import FailureReason, Outcome
from .graph import NodeSpec

CancelWhy = Literal["stop", "cancel", "unneeded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchOpened:
    """A Coordinator holds the DAG run and everything recorded was replayed: work may start."""

    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """The intent of an attempt is in the Ledger; whatever comes now, the attempt counts as begun."""

    node: str
    generation: int
    run_id: str
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFinished:
    """An attempt ended, or its end was given up on (`interrupted`).

    `cancelled_for` tells why a `cancelled` attempt was cancelled. `on_lost` is what the task says
    about an attempt that was cut short by a stop; None in records from before that was asked, when
    such an attempt was simply made again. `backoff` is the number of seconds to wait before another
    attempt, should there be one; it is drawn before the event is made. `output` is given for nodes
    that a settle rule looks at.
    """

    node: str
    generation: int
    run_id: str
    outcome: Outcome
    failure_reason: FailureReason | None = None
    reason: str = ""
    cancelled_for: CancelWhy | None = None
    on_lost: OnLost | None = None
    backoff: float = 0.0
    output: Any = None
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReused:
    """Instead of an attempt, the result of the Run `run_id` of another DAG run was taken over."""

    node: str
    generation: int
    run_id: str
    output: Any = None
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPutOff:
    """An attempt that was asked for cannot start yet: who is to do it is busy. `TimerFired` ends the wait."""

    node: str
    generation: int
    reason: str
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphGrew:
    """A group got members: all of its items, all tasks of its graph, or the next round.

    `specs` need nothing but one another. `pools` are limited pools of their own.
    """

    group: str
    generation: int
    specs: tuple[NodeSpec, ...]
    pools: Mapping[str, int] = field(default_factory=dict)
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthFailed:
    """A group could not get its members: `each` was no list, two keys were equal, and the like."""

    group: str
    generation: int
    reason: str
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupJudged:
    """What a group came to, once its members had ended well.

    `holds` is the value of `until` for rounds, true for others; `error` is set, and `holds` None, when
    `until` or the outputs could not be evaluated. `output` is given for groups that a rule looks at.
    """

    group: str
    generation: int
    holds: bool | None
    error: str | None = None
    output: Any = None
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionEvaluated:
    """A node's `if` was evaluated; `error` is set, and `value` None, when it could not be."""

    node: str
    generation: int
    value: bool | None
    error: str | None = None
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """The wait before a node's next attempt is over."""

    node: str
    generation: int
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalAnswered:
    """A person decided about a node that waits for them.

    About a lost attempt: run it again, or let it fail. To the question of an `ask` node: yes or no.
    """

    node: str
    generation: int
    answer: Literal["rerun", "fail", "yes", "no"]
    by: str = ""
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """The DAG run is to end. `now`: the `done` tasks are not run either, and what runs is killed."""

    now: bool = False
    by: str = ""
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested:
    """This process is to stop; the DAG run goes on when it is resumed. `hard`: kill what runs."""

    hard: bool = False
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesReopened:
    """Ended nodes get a new generation beside the old one: pairs of node id and new generation."""

    nodes: tuple[tuple[str, int], ...]
    cause: int | None = None


Event = (
    DispatchOpened
    | AttemptStarted
    | AttemptFinished
    | NodeReused
    | StartPutOff
    | GraphGrew
    | GrowthFailed
    | GroupJudged
    | ConditionEvaluated
    | TimerFired
    | PrincipalAnswered
    | CancelRequested
    | StopRequested
    | NodesReopened
)
