"""Named places at which a test may make the Coordinator fail or die.

A fault callable is a constructor argument; it gets the name of the place and may raise, or kill the
process. The default does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Faults = Callable[[str], None]

FAULT_POINTS: Final[tuple[str, ...]] = (
    "dag_run.before_create",
    "dag_run.after_create",
    "dag_run.after_claim",
    "intent.before_commit",
    "intent.after_commit",
    "attempt.after_start",
    "worktree.before_fill",
    "worktree.after_create",
    "worktree.before_commit",
    "worktree.after_commit",
    "worktree.after_remove",
    "attempt.after_end",
    "outcome.before_commit",
    "outcome.after_commit",
    "ends.before_commit",
    "ends.after_commit",
    "condition.before_commit",
    "condition.after_commit",
    "timer.after_commit",
    "reuse.before_commit",
    "reuse.after_commit",
    "growth.before_commit",
    "growth.after_commit",
    "judgement.before_commit",
    "judgement.after_commit",
    "asked.after_commit",
    "renewal.before_commit",
    "renewal.after_commit",
    "lost.before_commit",
    "lost.after_commit",
    "reopen.after_commit",
    "end.before_commit",
    "end.after_commit",
)
"""Every place, in the order in which a DAG run comes past them."""


def no_faults(_place: str) -> None:
    """The default: nothing fails."""
