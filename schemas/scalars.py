"""The small texts of the grammar: their spelling and what they mean. Standard library only.

Durations (`90s`, `1h30m`), spans of durations (`2s..1m`), line ranges (`10..40`), token counts
(`400k`), shares (`2/3`), whole expressions (`${{ … }}`). Each has a pattern that Python, pydantic's
Rust engine and JSON Schema read alike, and a function that gives its value or raises `ValueError`.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
"""A name that can stand in an expression as it is: parameters, inputs, axes."""
TASK_ID: Final = rf"{NAME}(-[A-Za-z0-9_]+)*"
DURATION: Final = r"(\d{1,12}(\.\d{1,12})?(ms|s|m|h|d))+"
TOKENS: Final = r"\d{1,15}(\.\d{1,15})?[kM]?"
SHARE: Final = r"[1-9]\d*/[1-9]\d*"
LINES: Final = r"[1-9]\d*(\.\.[1-9]\d*)?"
CALLABLE: Final = rf"{NAME}(\.{NAME})*:{NAME}(\.{NAME})*"

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_ORDER: Final = ("d", "h", "m", "s", "ms")
_DURATION = re.compile(DURATION)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_TOKENS = re.compile(TOKENS)
_FACTORS: Final = {"k": 1_000, "M": 1_000_000}


def is_expression(value: object) -> bool:
    """Whether `value` is text that consists of one `${{ … }}` and nothing around it but white space.

    A look at the braces only: the scanner of `tasks` has the last word on what stands between them.
    """
    if not isinstance(value, str):
        return False
    text = value.strip()
    return text.startswith("${{") and text.endswith("}}") and text.find("${{", 3) < 0 and len(text) >= 5


@lru_cache(maxsize=1024)
def duration_seconds(text: str) -> float:
    """The seconds of a duration: numbers with the units `d`, `h`, `m`, `s`, `ms`, largest unit first."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"not a duration: {text!r}")
    pieces = _PIECE.findall(text)
    ranks = [_ORDER.index(unit) for _, unit in pieces]
    if any(later <= earlier for earlier, later in pairwise(ranks)):
        raise ValueError(f"units must go from large to small, each once: {text!r}")
    return math.fsum(float(number) * _UNITS[unit] for number, unit in pieces)


@lru_cache(maxsize=1024)
def backoff_seconds(text: str) -> tuple[float, float]:
    """The shortest and the longest wait of a span `A..B`; one duration alone stands for both."""
    first, dots, last = text.partition("..")
    low = duration_seconds(first)
    high = duration_seconds(last) if dots else low
    if high < low:
        raise ValueError(f"the first wait is longer than the last: {text!r}")
    return low, high


def token_count(value: int | str) -> int:
    """The number of tokens: a whole number, or text such as `400k` (thousands) and `1.5M` (millions)."""
    if isinstance(value, int):
        if value < 0:
            raise ValueError(f"not a token count: {value!r}")
        return value
    if not _TOKENS.fullmatch(value):
        raise ValueError(f"not a token count: {value!r}")
    return round(float(value.rstrip("kM")) * _FACTORS.get(value[-1], 1))


def share_of(text: str) -> tuple[int, int]:
    """The two numbers of a share `N/M`, where N is at most M."""
    count, slash, whole = text.partition("/")
    if not (slash and count.isdecimal() and whole.isdecimal() and 0 < int(count) <= int(whole)):
        raise ValueError(f"not a share: {text!r}")
    return int(count), int(whole)


def line_range(text: str) -> tuple[int, int]:
    """First and last line of `A..B`, counted from 1, both included; `A` alone is that one line."""
    first, dots, last = text.partition("..")
    if not (first.isdecimal() and (last.isdecimal() or not dots)):
        raise ValueError(f"not a range of lines: {text!r}")
    low = int(first)
    high = int(last) if dots else low
    if not 1 <= low <= high:
        raise ValueError(f"not a range of lines: {text!r}")
    return low, high
