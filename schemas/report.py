"""What a DAG run did: the answer of `me dag run`, `resume` and `status`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from .any_text import AnyText
from .states import DagRunState, FailureReason, NodeState, Outcome


class ReportModel(BaseModel):
    """Base of the report's models: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Spent(ReportModel):
    """What agents used, as far as their runtimes said. `cost_usd` adds up the Runs whose cost is known, of
    which `equivalent_usd` was not charged, because a subscription pays; `unpriced` counts the others.
    `unknown` counts Runs whose tokens are not known."""

    runs: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cache_read_tokens: int = 0
    cache_create_tokens: int = 0
    cost_usd: float = 0.0
    equivalent_usd: float = 0.0
    unpriced: int = 0
    unknown: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of all kinds."""
        return self.tokens_in + self.tokens_out + self.cache_read_tokens + self.cache_create_tokens


def added_up(parts: Iterable[Spent | None]) -> Spent | None:
    """The sum of what is known; None when there is nothing to add."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    sums = {name: sum(getattr(part, name) for part in known) for name in Spent.model_fields}
    # Sums of money are kept to what prices are given in.
    sums |= {name: round(sums[name], 9) for name in ("cost_usd", "equivalent_usd")}
    return Spent(**sums)


class AttemptReport(ReportModel):
    """One attempt. Times are Unix milliseconds; `outcome` is None while its end is not known.

    `executor` is the alias of the Executor that made it, `model` what answered. `refused` counts, by the
    tool, how often its agent asked for one that its client does not let it use.
    """

    run_id: str
    attempt_no: int
    started_ms: int
    ended_ms: int | None = None
    outcome: Outcome | None = None
    failure_reason: FailureReason | None = None
    reason: AnyText = ""
    exit_status: int | None = None
    executor: str | None = None
    role: str | None = None
    model: str | None = None
    quality_state: str | None = None
    spent: Spent | None = None
    refused: dict[AnyText, int] = {}


class NodeReport(ReportModel):
    """One node: its state, why, and its attempts. `generation` grows when a node is run anew.

    `started_ms` is when its first attempt began, None before that. `working_ms` is the sum over the
    attempts, waiting left out; one that runs counts as far as it has come. `deliverable` is a path
    relative to the project. `output` is filled only where it was asked for. `reused_from` is the Run of
    an earlier DAG run whose result was taken instead of an attempt.
    """

    id: str
    task: str
    kind: str
    runtime: str
    state: NodeState
    reason: AnyText
    generation: int = 0
    started_ms: int | None = None
    ended_ms: int | None = None
    attempts: tuple[AttemptReport, ...] = ()
    working_ms: int = 0
    deliverable: AnyText | None = None
    output: Any = None
    reused_from: str | None = None

    @property
    def is_group(self) -> bool:
        """Whether the node runs nothing itself: a fan-out, a matrix, a repeat, a sub-graph, a pattern."""
        return self.kind in ("each", "matrix", "repeat", "graph", "pattern")

    @property
    def spent(self) -> Spent | None:
        """What all attempts at it used; None where no agent was asked."""
        return added_up(attempt.spent for attempt in self.attempts)

    @property
    def executor(self) -> str | None:
        """The Executor that made the last attempt."""
        return next((one.executor for one in reversed(self.attempts) if one.executor), None)

    @property
    def took_ms(self) -> int | None:
        """`working_ms`; None where nothing ran, or nobody saw how long it did."""
        seen = any(attempt.outcome not in (None, "interrupted") for attempt in self.attempts)
        return self.working_ms if seen or self.working_ms else None


class QuestionReport(ReportModel):
    """A question that waits for a person's answer. `input` is the JSON Schema that a typed answer holds
    to, None for yes or no; `options` are the values that it lists, for `--option N`. `commands` answer:
    the first with a yes, or what stands for one, the second with a no.
    """

    node: str
    generation: int
    question: str
    input: Any = None
    options: tuple[Any, ...] = ()
    commands: tuple[str, ...]


class Report(ReportModel):
    """A DAG run as the Ledger knows it. `outputs` are the graph's own, known once it has ended.

    `project` is where that Ledger lies. `nodes` are those of the newest generation, `earlier` those
    that they took the place of, in the same order. `source_changed` is true when the graph file is not
    the one that the DAG run started from, `source_gone` when there is none any more.
    """

    dag_run_id: str
    name: AnyText
    source: AnyText
    project: AnyText
    state: DagRunState
    reason: AnyText
    started_ms: int
    ended_ms: int | None = None
    coordinators: int = 1
    counts: dict[NodeState, int]
    nodes: tuple[NodeReport, ...]
    earlier: tuple[NodeReport, ...] = ()
    outputs: dict[str, Any] = {}
    params: dict[str, Any] = {}
    source_changed: bool = False
    source_gone: bool = False
    waiting_for: tuple[str, ...] = ()
    """For a DAG run that waits for a person: the commands that answer, those of `questions` included."""
    questions: tuple[QuestionReport, ...] = ()
    spent: Spent | None = None
    """What agents used in all attempts; None where no agent was asked."""
    branches: dict[str, AnyText] = {}
    """By node, the branch on which its last good attempt left changes, made in a worktree."""
