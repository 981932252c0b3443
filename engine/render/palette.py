"""The colours of graphical drawings."""

from __future__ import annotations

from ...schemas.states import NodeState

FILLS: dict[NodeState, tuple[str, str]] = {
    "pending": ("#f4f4f5", "#71717a"),
    "held": ("#f4f4f5", "#71717a"),
    "ready": ("#e0f2fe", "#0369a1"),
    "running": ("#bae6fd", "#0369a1"),
    "waiting": ("#fef3c7", "#b45309"),
    "ok": ("#dcfce7", "#15803d"),
    "failed": ("#fee2e2", "#b91c1c"),
    "blocked": ("#ffedd5", "#c2410c"),
    "skipped": ("#fafafa", "#a1a1aa"),
    "cancelled": ("#fae8ff", "#a21caf"),
}
"""Fill and border of each state; dark text is readable on every fill."""

CRITICAL = "#d97706"
"""The colour of the critical path."""
