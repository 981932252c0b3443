"""What the terminal's tree is drawn with."""

from __future__ import annotations

from dataclasses import dataclass

from ...schemas.states import NodeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """The characters that a tree is made of."""

    rail: str
    first: str
    fork: str
    last: str
    split: str
    gap: str
    inside: str
    needs: str
    more: str
    times: str
    plain: str
    critical: str
    states: dict[NodeState, str]


BOXES = Strokes(
    rail="│ ",
    first="╭─",
    fork="├─",
    last="╰─",
    split="┬─",
    gap="  ",
    inside="┊ ",
    needs="←",
    more="…",
    times="×",  # noqa: RUF001  # a multiplication sign is what is meant
    plain="○",
    critical="◆",
    states={
        "pending": "·",
        "held": "·",
        "ready": "○",
        "running": "▶",
        "waiting": "?",
        "ok": "✓",
        "failed": "✗",
        "blocked": "⊘",
        "skipped": "–",  # noqa: RUF001  # an en dash is what is meant
        "cancelled": "×",  # noqa: RUF001  # a multiplication sign is what is meant
    },
)

ASCII = Strokes(
    rail="| ",
    first=",-",
    fork="|-",
    last="`-",
    split="+-",
    gap="  ",
    inside=": ",
    needs="<-",
    more="...",
    times="x",
    plain="o",
    critical="*",
    states={
        "pending": ".",
        "held": ".",
        "ready": "o",
        "running": ">",
        "waiting": "?",
        "ok": "+",
        "failed": "x",
        "blocked": "!",
        "skipped": "-",
        "cancelled": "c",
    },
)

COLOURS: dict[NodeState, str] = {
    "pending": "2",
    "held": "2",
    "ready": "36",
    "running": "36;1",
    "waiting": "33",
    "ok": "32",
    "failed": "31;1",
    "blocked": "33",
    "skipped": "2",
    "cancelled": "35",
}
"""The ANSI codes of each state."""
