"""A Run: one attempt at one node, with every column that the Ledger keeps of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .any_text import AnyText
from .quality import GateState
from .states import FailureReason, Outcome

_NotNegative = Annotated[int, Field(ge=0)]
_Millis = Annotated[int, Field(ge=0)]


class RunModel(BaseModel):
    """Base of the models of a Run: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DeliverableRef(RunModel):
    """Where the Deliverable of a Run is. `path` is relative to the project, `hash` is a SHA-256."""

    path: AnyText | None = Field(default=None, description="The file, relative to the project.")
    summary: str | None = Field(default=None, description="The first lines of the Deliverable.")
    hash: str | None = Field(default=None, description="The SHA-256 of the Deliverable's bytes.")


class ToolUse(RunModel):
    """How often an Executor used one tool."""

    name: str = Field(description="The tool, as the runtime calls it.")
    count: _NotNegative = Field(description="How often it was used.")
    refused: int = Field(default=0, ge=0, description="How many of these its client did not allow.")


class Run(RunModel):
    """One attempt at one node, after its end. Absent means: not known, or not of this kind of work."""

    run_id: str = Field(description="The UUIDv7 of this attempt.")
    dag_run_id: str | None = Field(default=None, description="The DAG run that it belongs to.")
    node_id: str | None = Field(default=None, description="The node that was attempted.")
    attempt_no: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Which attempt at the node it was, counted from 1."
    )
    executor_id: str | None = Field(default=None, description="The Executor that did the work.")
    task_id: str | None = Field(default=None, description="The task that the node came from.")
    role_id: str | None = Field(default=None, description="The Role of the Executor.")
    role_version: str | None = Field(default=None, description="The version of the Role.")
    runtime: str | None = Field(default=None, description="The adapter that carried the attempt out.")
    requested_tier: str | None = Field(default=None, description="The class of model that was asked for.")
    model: str | None = Field(default=None, description="The model that answered.")
    model_source: Literal["runtime", "transcript", "statusline", "tier_fallback"] | None = Field(
        default=None, description="Where the name of the model was learned from."
    )
    tokens_in: _NotNegative | None = Field(default=None, description="Tokens that went in.")
    tokens_out: _NotNegative | None = Field(default=None, description="Tokens that came out.")
    cache_read_tokens: _NotNegative | None = Field(
        default=None, description="Tokens read from the provider's cache."
    )
    cache_create_tokens: _NotNegative | None = Field(
        default=None, description="Tokens written to the provider's cache."
    )
    orchestration_tokens: _NotNegative | None = Field(
        default=None, description="Tokens that the ensemble itself added to the work."
    )
    cost_usd: Annotated[float, Field(ge=0)] | None = Field(default=None, description="US dollars.")
    cost_kind: Literal["billed", "equivalent", "unknown"] | None = Field(
        default=None,
        description="Whether `cost_usd` was charged, or is what it would have cost without a subscription.",
    )
    window_id: str | None = Field(
        default=None, description="The provider's rolling window that was drawn on."
    )
    started_ts: _Millis | None = Field(default=None, description="The start, in Unix milliseconds.")
    ended_ts: _Millis | None = Field(default=None, description="The end, in Unix milliseconds.")
    working_ms: _NotNegative | None = Field(
        default=None, description="Milliseconds of work, waiting for limits and people left out."
    )
    outcome: Outcome = Field(description="How the attempt ended.")
    failure_reason: FailureReason | None = Field(
        default=None, description="Why it failed; only for the outcome `failed`."
    )
    attempt_key: str | None = Field(
        default=None, description="The digest of all that the result depends on: equal keys, equal work."
    )
    reused_from: str | None = Field(default=None, description="The Run whose result was taken.")
    brief_in: str | None = Field(default=None, description="The Brief that the Executor was given.")
    brief_out: str | None = Field(default=None, description="The Brief that the Executor handed on.")
    manifest_id: str | None = Field(default=None, description="The Manifest of the handoff.")
    deliverable_ref: DeliverableRef | None = Field(
        default=None, description="Where what a person reads of the result is."
    )
    files_touched: tuple[AnyText, ...] | None = Field(
        default=None, description="The files that were written, relative to the project."
    )
    tool_use: tuple[ToolUse, ...] | None = Field(default=None, description="The tools that were used.")
    gate_state: GateState | None = Field(default=None, description="What the cost gate said before it.")
    quality_state: GateState | None = Field(default=None, description="What the quality gate said after it.")
    quality_findings: Any = Field(default=None, description="What the quality gate found.")
    review_findings: Any = Field(default=None, description="What reviewers found.")
    session_id: str | None = Field(default=None, description="The runtime's own session.")
    usage_source: str | None = Field(default=None, description="Where tokens and cost were learned from.")


COLUMNS: tuple[str, ...] = tuple(Run.model_fields)
"""The columns of the table `runs`, in order."""
