"""The lines that clients print: one JSON object each, or something to pass over."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

from ..client import MOST

NONSENSE: Final = MOST + 1
"""What is counted where a figure is told that none can be: a sum with it is none either."""

_LONGEST_NUMBER: Final = 400
"""Digits. A double has no more."""


def read_object(line: bytes) -> dict[str, Any] | None:
    """The object that a line holds, None when it holds none."""
    try:
        value = _loaded(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _loaded(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError:  # one of its numbers has more digits than Python reads
        return json.loads(line, parse_int=_whole)


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_NUMBER else float(text)


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
    """The value when it is a number of things, 0 when nothing is said, `NONSENSE` for all else."""
    if value is None:
        return 0
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
    return value if is_count else NONSENSE


def left_of(whole: int, *parts: int) -> int:
    """What is left of a number of things, never less than nothing; no number where one of them is none."""
    return NONSENSE if max(whole, *parts) > MOST else max(whole - sum(parts), 0)


def number(value: Any) -> float | None:
    """The value when it is a number, whatever it is worth; infinite when it is beyond a double."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def seconds(value: Any) -> float | None:
    """The value when it is a number of seconds, also as the text of one."""
    try:
        return max(float(value), 0.0)
    except (TypeError, ValueError):
        return None
    except OverflowError:
        return math.inf


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
