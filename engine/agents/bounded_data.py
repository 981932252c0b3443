"""What others made, as data of a bounded length: the caps on what goes into a message.

A text of more than `LONGEST_TEXT` characters is cut, wherever it stands; a value that is still too large is
given as the beginning of its JSON text. Either ends with a note that says how much is missing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from .data_text import escaped

LONGEST_TEXT: Final = 32_000
"""Characters of one text within a value."""

LARGEST_RESULT: Final = 256_000
"""Characters of the JSON text of what a Brief hands on."""

LARGEST_VALUE: Final = 64_000
"""Characters of the JSON text of one value that the task names."""

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


def bounded_data(value: Any, largest: int | None = None) -> str:
    """The JSON text of `value` on one line, in which nothing acts as markup, held to the caps.

    `json.loads` gives back what `value` is, as long as none of its texts is longer than `LONGEST_TEXT` and
    its JSON text than `largest`; without `largest` nothing at all is cut. NaN and infinities, which JSON has
    not, become null.
    """
    text = json_text(value)
    if largest is None:
        return _STRING.sub(lambda found: escaped(found[0]), text)
    if len(text) > LONGEST_TEXT:
        text = _STRING.sub(_cut, text)
    if len(text) > largest:
        text = _quoted(_noted(text[:largest], len(text) - largest))
    return _STRING.sub(lambda found: escaped(found[0]), text)


def is_cut(value: Any, largest: int) -> bool:
    """Whether `bounded_data` leaves something of `value` out."""
    text = json_text(value)
    if len(text) <= LONGEST_TEXT:
        return len(text) > largest
    return len(text) > largest or _STRING.sub(_cut, text) != text


def json_text(value: Any) -> str:
    """`value` as JSON on one line, with the characters of its texts as they are."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_finite(value))
    except RecursionError:
        return _quoted("[a value that is nested too deeply to be shown]")


def _cut(found: re.Match[str]) -> str:
    if len(found[0]) <= LONGEST_TEXT:
        return found[0]
    text: str = json.loads(found[0])
    if len(text) <= LONGEST_TEXT:
        return found[0]
    return _quoted(_noted(text[:LONGEST_TEXT], len(text) - LONGEST_TEXT))


def _noted(text: str, missing: int) -> str:
    return f"{text} [cut: {missing} more characters]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _native(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"), default=_native
)
