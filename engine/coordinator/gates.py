"""The records of gates: what the quality gate said about a Run."""

from __future__ import annotations

from typing import Any

from ..ledger.records import GATE_EVALUATED, Record
from ..runtimes.protocol import AttemptResult
from .attempt import LiveAttempt

_KEPT = ("axis", "state", "value", "files")
"""What an axis came to; why, by which tool, and what could not be looked at stand in the Run."""


def quality_gate(live: LiveAttempt, dag_run_id: str, result: AttemptResult, now: int) -> list[Record]:
    """The record of what the quality gate said, if it said anything; the findings stand in the Run."""
    state = result.columns.get("quality_state")
    if state is None:
        return []
    findings: dict[str, Any] = result.columns.get("quality_findings") or {}
    payload: dict[str, Any] = {
        "gate": "quality",
        "state": state,
        "node_id": live.node,
        "generation": live.generation,
        "run_id": live.run_id,
        "axes": [
            {key: axis[key] for key in _KEPT if key in axis}
            for axis in findings.get("axes", ())
            if axis.get("state") != "skipped"
        ],
    }
    return [Record(GATE_EVALUATED, live.run_id, dag_run_id, payload, None, now)]
