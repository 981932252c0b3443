"""Ranges of lines as contracts write them, `A..B`."""

from __future__ import annotations

from typing import Any

from ...schemas.scalars import line_range


def as_lines(lines: Any) -> str | None:
    """`A..B` for a pair of numbers, `A` for a pair of twice the same; text and None as they are."""
    if lines is None or isinstance(lines, str):
        return lines
    first, last = lines
    return str(first) if first == last else f"{first}..{last}"


def bounds(lines: Any) -> tuple[int, int] | None:
    """The first and the last line of a range in a contract; None for the whole file, and for what is no
    range, about which the contract's schema has its own word."""
    try:
        return line_range(lines) if isinstance(lines, str) else None
    except ValueError:
        return None
