"""What fits into one argument of a program."""

from __future__ import annotations

from typing import Final

LIMIT: Final = 100_000
"""Bytes; systems take 128 KiB or more."""


def fits(text: str) -> bool:
    """Whether a text can be an argument: it is not too long, and has no NUL in it."""
    return "\0" not in text and len(text.encode("utf-8", "surrogatepass")) <= LIMIT
