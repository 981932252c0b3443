"""Where in what was handed over a value stands already, so that it is not given twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .bounded_data import LARGEST_RESULT, LARGEST_VALUE, is_cut, json_text

_SHORTEST: Final = 60
"""Characters of JSON: a shorter value costs less than words about where it stands."""

_DEEPEST: Final = 6
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def place_of(value: Any, result: Any) -> str | None:
    """The place of `value` below a Brief's `result`, such as `.tasks.draft.output`; None when it is not there
    to be read: too short to be worth it, absent, or in what the caps cut off."""
    if not isinstance(value, str | list | tuple | Mapping) or not isinstance(result, Mapping):
        return None
    if len(json_text(value)) < _SHORTEST:
        return None
    try:
        place = next((place for place, found in _within(result, "", 0) if _is_same(found, value)), None)
    except RecursionError:  # nested too deeply to be compared
        return None
    if place is None or is_cut(result, LARGEST_RESULT) or is_cut(value, LARGEST_VALUE):
        return None
    return place


def _is_same(found: Any, value: Any) -> bool:
    # Python takes 1, 1.0 and true for equal; their JSON texts differ.
    return found is value or (found == value and json_text(found) == json_text(value))


def _within(value: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
    yield place, value
    if depth < _DEEPEST and isinstance(value, Mapping):
        for key, item in value.items():
            step = f".{key}" if _PLAIN_KEY.fullmatch(key) else f'["{key}"]'
            yield from _within(item, place + step, depth + 1)
