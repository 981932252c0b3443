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
    "Applied",
    "ApproveAnswer",
    "CancelAnswer",
    "ClientFound",
    "DagRunSummary",
    "Dispatch",
    "Health",
    "PatternPage",
    "PatternSummary",
    "PricesPage",
    "QualityReport",
    "RoleChange",
    "RoleCheck",
    "RolePage",
    "RoleServed",
    "RoleSummary",
    "apply_worktrees",
    "approve",
    "archive_role",
    "cancel",
    "check",
    "check_brief",
    "check_manifest",
    "check_quality",
    "check_roles",
    "clean_worktrees",
    "consensus_reports",
    "diff",
    "dispatch_graph",
    "examine_health",
    "ledger_export",
    "ledger_head",
    "ledger_rebuild",
    "ledger_recent",
    "ledger_run",
    "ledger_verify",
    "list_dag_runs",
    "list_executors",
    "list_patterns",
    "list_roles",
    "list_worktrees",
    "logs",
    "new_manifest_id",
    "new_role",
    "plan",
    "plan_of",
    "project_of",
    "read_truth",
    "refresh_prices",
    "registry",
    "relaunch_context",
    "restore_role",
    "restore_worktree",
    "resume",
    "run",
    "said_by_pieces",
    "scaffold_manifest",
    "shadow_reports",
    "show_pattern",
    "show_prices",
    "show_role",
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
    from ._api_dispatch import Dispatch, dispatch_graph
    from ._api_doctor import ClientFound, Health, RoleServed, examine_health
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
    from ._api_prices import PricesPage, refresh_prices, show_prices
    from ._api_quality import QualityReport, check_quality
    from ._api_read import CancelAnswer, DagRunSummary, list_dag_runs, logs, plan_of, project_of, status
    from ._api_role_changes import RoleChange, archive_role, new_role, restore_role
    from ._api_roles import RoleCheck, RolePage, RoleSummary, check_roles, list_roles, show_role
    from ._api_run import cancel, resume, run
    from ._api_worktrees import (
        Applied,
        apply_worktrees,
        clean_worktrees,
        list_worktrees,
        restore_worktree,
    )
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Applied": f"{__package__}._api_worktrees",
            "apply_worktrees": f"{__package__}._api_worktrees",
            "clean_worktrees": f"{__package__}._api_worktrees",
            "list_worktrees": f"{__package__}._api_worktrees",
            "restore_worktree": f"{__package__}._api_worktrees",
            "Answered": f"{__package__}._api_approve",
            "ApproveAnswer": f"{__package__}._api_approve",
            "CancelAnswer": f"{__package__}._api_read",
            "DagRunSummary": f"{__package__}._api_read",
            "ClientFound": f"{__package__}._api_doctor",
            "Dispatch": f"{__package__}._api_dispatch",
            "Health": f"{__package__}._api_doctor",
            "PatternPage": f"{__package__}._api_pattern_pages",
            "RoleServed": f"{__package__}._api_doctor",
            "PatternSummary": f"{__package__}._api_pattern_pages",
            "PricesPage": f"{__package__}._api_prices",
            "RoleChange": f"{__package__}._api_role_changes",
            "RoleCheck": f"{__package__}._api_roles",
            "RolePage": f"{__package__}._api_roles",
            "RoleSummary": f"{__package__}._api_roles",
            "QualityReport": f"{__package__}._api_quality",
            "approve": f"{__package__}._api_approve",
            "archive_role": f"{__package__}._api_role_changes",
            "cancel": f"{__package__}._api_run",
            "check": f"{__package__}._api_check",
            "check_roles": f"{__package__}._api_roles",
            "check_quality": f"{__package__}._api_quality",
            "check_brief": f"{__package__}._api_contracts",
            "check_manifest": f"{__package__}._api_contracts",
            "consensus_reports": f"{__package__}._api_pattern_reports",
            "diff": f"{__package__}._api_diff",
            "dispatch_graph": f"{__package__}._api_dispatch",
            "examine_health": f"{__package__}._api_doctor",
            "ledger_export": f"{__package__}._api_ledger",
            "ledger_head": f"{__package__}._api_ledger",
            "ledger_rebuild": f"{__package__}._api_ledger",
            "ledger_recent": f"{__package__}._api_ledger",
            "ledger_run": f"{__package__}._api_ledger",
            "ledger_verify": f"{__package__}._api_ledger",
            "list_dag_runs": f"{__package__}._api_read",
            "list_executors": f"{__package__}._api_executors",
            "list_patterns": f"{__package__}._api_pattern_pages",
            "list_roles": f"{__package__}._api_roles",
            "logs": f"{__package__}._api_read",
            "new_role": f"{__package__}._api_role_changes",
            "new_manifest_id": f"{__package__}._api_contracts",
            "plan": f"{__package__}._api_check",
            "plan_of": f"{__package__}._api_read",
            "project_of": f"{__package__}._api_read",
            "read_truth": f"{__package__}._api_pattern_reports",
            "refresh_prices": f"{__package__}._api_prices",
            "registry": f"{__package__}._api_executors",
            "relaunch_context": f"{__package__}._api_executors",
            "restore_role": f"{__package__}._api_role_changes",
            "resume": f"{__package__}._api_run",
            "run": f"{__package__}._api_run",
            "said_by_pieces": f"{__package__}._api_pattern_reports",
            "scaffold_manifest": f"{__package__}._api_contracts",
            "shadow_reports": f"{__package__}._api_pattern_reports",
            "show_pattern": f"{__package__}._api_pattern_pages",
            "show_prices": f"{__package__}._api_prices",
            "show_role": f"{__package__}._api_roles",
            "status": f"{__package__}._api_read",
            "write_manifest_twin": f"{__package__}._api_contracts",
        },
    )
