from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from metaensemble.schemas.run import COLUMNS, Run

IN_THE_LEDGER = [
    "run_id",
    "dag_run_id",
    "node_id",
    "attempt_no",
    "executor_id",
    "task_id",
    "role_id",
    "role_version",
    "runtime",
    "requested_tier",
    "model",
    "model_source",
    "tokens_in",
    "tokens_out",
    "cache_read_tokens",
    "cache_create_tokens",
    "orchestration_tokens",
    "cost_usd",
    "cost_kind",
    "window_id",
    "started_ts",
    "ended_ts",
    "working_ms",
    "outcome",
    "failure_reason",
    "attempt_key",
    "reused_from",
    "brief_in",
    "brief_out",
    "manifest_id",
    "deliverable_ref",
    "files_touched",
    "tool_use",
    "gate_state",
    "quality_state",
    "quality_findings",
    "review_findings",
    "session_id",
    "usage_source",
]


def test_a_run_has_every_column_in_order() -> None:
    assert list(COLUMNS) == IN_THE_LEDGER


def test_a_run_goes_through_json_and_back() -> None:
    run = Run(
        run_id="r",
        node_id="n",
        outcome="failed",
        failure_reason="timeout",
        started_ts=1,
        ended_ts=2,
        deliverable_ref={"path": "a.md"},
        tool_use=[{"name": "Read", "count": 2}],
    )
    assert Run.model_validate(json.loads(run.model_dump_json())) == run


@pytest.mark.parametrize("wrong", [{"outcome": "fine"}, {"attempt_no": 0}, {"tokens_in": -1}, {"colour": 1}])
def test_what_is_no_run(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Run.model_validate({"run_id": "r", "outcome": "ok", **wrong})


def test_each_column_is_documented() -> None:
    assert all(field.description for field in Run.model_fields.values())
