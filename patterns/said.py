"""What members said, kept small enough to be handed on: one of them must not spoil what the others did."""

from __future__ import annotations

import json
from typing import Any, Final

MOST_CHARACTERS: Final = 16 << 10
"""The most of one reason, or one finding, that a join hands on."""

MOST_TOGETHER: Final = 6 << 20
"""The most of all outputs together that a join hands on, in characters."""

MOST_DEEP: Final = 50


def bounded(value: Any) -> Any:
    """A reason or findings as they are, or as the beginning of their text where they are too much."""
    if isinstance(value, str):
        return value if len(value) <= MOST_CHARACTERS else value[:MOST_CHARACTERS] + "…"
    if is_deep(value):
        return "(nested too deeply to be handed on)"
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def is_deep(value: Any) -> bool:
    """Whether lists and objects lie more than `MOST_DEEP` levels deep in a JSON value."""
    level = [value]
    for _ in range(MOST_DEEP):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)


def size_of(value: Any) -> int:
    """How many characters a JSON value has, roughly; one that is nested too deeply counts as too much."""
    if isinstance(value, str):
        return len(value)
    return MOST_TOGETHER + 1 if is_deep(value) else len(json.dumps(value, ensure_ascii=False))
