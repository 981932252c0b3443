"""The lines that clients print: one JSON object each, or something to pass over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def read_object(line: bytes) -> dict[str, Any] | None:
    """The object that a line holds, None when it holds none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one: what another program sent may be anything."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list; nothing when it is no list."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def words(value: Any) -> str:
    """The value when it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int:
    """The value when it is a number of things, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
