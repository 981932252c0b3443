"""The colours of graphical drawings, all for a light ground."""

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
"""Fill and border of each state; `TEXT` and `NOTE` are readable on every fill."""

GROUND = "#ffffff"
"""Behind everything, so that a drawing can be read on a dark page, too."""

PLAIN = (GROUND, "#71717a")
"""Fill and border of a node without a state."""

TEXT = "#18181b"
"""Names and titles."""

NOTE = "#52525b"
"""Lesser words."""

FRAMES = (("#fafafa", "#d4d4d8"), ("#ffffff", "#d4d4d8"))
"""Fill and border of the box around a group, by turns inwards."""

LINE = "#71717a"
"""Edges."""

FAILED_LINE = "#b91c1c"
"""Edges of the mode `failed`."""

DASHES = {"done": "6 4", "failed": "1.5 4"}
"""How the edges of modes other than `ok` are broken, as SVG has it."""

CRITICAL = "#d97706"
"""The colour of the critical path."""
