"""The programming interface, and the only layer that knows tasks, patterns and engine together.

Every function that takes `cwd` finds the project from there: the nearest parent with
`.metaensemble`, else with `.git`. On purpose, functions raise the classes of `schemas.errors` and
nothing else. Each name is imported on first use, so that a short command pays only for its own part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .schemas.lazy import lazy_exports

__all__ = [
    "Answered",
    "ApproveAnswer",
    "CancelAnswer",
    "DagRunSummary",
    "PatternPage",
    "PatternSummary",
    "approve",
    "cancel",
    "check",
    "check_brief",
    "check_manifest",
    "consensus_reports",
    "diff",
    "ledger_export",
    "ledger_head",
    "ledger_rebuild",
    "ledger_recent",
    "ledger_run",
    "ledger_verify",
    "list_dag_runs",
    "list_executors",
    "list_patterns",
    "logs",
    "new_manifest_id",
    "plan",
    "plan_of",
    "project_of",
    "read_truth",
    "registry",
    "relaunch_context",
    "resume",
    "run",
    "said_by_pieces",
    "scaffold_manifest",
    "shadow_reports",
    "show_pattern",
    "status",
    "write_manifest_twin",
]

if TYPE_CHECKING:
    from ._api_approve import Answered, ApproveAnswer, approve
    from ._api_check import check, plan
    from ._api_contracts import (
        check_brief,
        check_manifest,
        new_manifest_id,
        scaffold_manifest,
        write_manifest_twin,
    )
    from ._api_diff import diff
    from ._api_executors import list_executors, registry, relaunch_context
    from ._api_ledger import (
        ledger_export,
        ledger_head,
        ledger_rebuild,
        ledger_recent,
        ledger_run,
        ledger_verify,
    )
    from ._api_pattern_pages import PatternPage, PatternSummary, list_patterns, show_pattern
    from ._api_pattern_reports import consensus_reports, read_truth, said_by_pieces, shadow_reports
    from ._api_read import CancelAnswer, DagRunSummary, list_dag_runs, logs, plan_of, project_of, status
    from ._api_run import cancel, resume, run
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Answered": f"{__package__}._api_approve",
            "ApproveAnswer": f"{__package__}._api_approve",
            "CancelAnswer": f"{__package__}._api_read",
            "DagRunSummary": f"{__package__}._api_read",
            "PatternPage": f"{__package__}._api_pattern_pages",
            "PatternSummary": f"{__package__}._api_pattern_pages",
            "approve": f"{__package__}._api_approve",
            "cancel": f"{__package__}._api_run",
            "check": f"{__package__}._api_check",
            "check_brief": f"{__package__}._api_contracts",
            "check_manifest": f"{__package__}._api_contracts",
            "consensus_reports": f"{__package__}._api_pattern_reports",
            "diff": f"{__package__}._api_diff",
            "ledger_export": f"{__package__}._api_ledger",
            "ledger_head": f"{__package__}._api_ledger",
            "ledger_rebuild": f"{__package__}._api_ledger",
            "ledger_recent": f"{__package__}._api_ledger",
            "ledger_run": f"{__package__}._api_ledger",
            "ledger_verify": f"{__package__}._api_ledger",
            "list_dag_runs": f"{__package__}._api_read",
            "list_executors": f"{__package__}._api_executors",
            "list_patterns": f"{__package__}._api_pattern_pages",
            "logs": f"{__package__}._api_read",
            "new_manifest_id": f"{__package__}._api_contracts",
            "plan": f"{__package__}._api_check",
            "plan_of": f"{__package__}._api_read",
            "project_of": f"{__package__}._api_read",
            "read_truth": f"{__package__}._api_pattern_reports",
            "registry": f"{__package__}._api_executors",
            "relaunch_context": f"{__package__}._api_executors",
            "resume": f"{__package__}._api_run",
            "run": f"{__package__}._api_run",
            "said_by_pieces": f"{__package__}._api_pattern_reports",
            "scaffold_manifest": f"{__package__}._api_contracts",
            "shadow_reports": f"{__package__}._api_pattern_reports",
            "show_pattern": f"{__package__}._api_pattern_pages",
            "status": f"{__package__}._api_read",
            "write_manifest_twin": f"{__package__}._api_contracts",
        },
    )
