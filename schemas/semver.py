"""Versions of Roles: Semantic Versioning 2.0.0 (semver.org). Standard library only."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = r"(0|[1-9]\d{0,8})"
_PRE: Final = r"(0|[1-9]\d{0,8}|\d*[A-Za-z-][0-9A-Za-z-]*)"
SEMVER: Final = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PRE}(\.{_PRE})*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
"""Three numbers, here of nine digits at most; a pre-release may follow `-`, and build words `+`."""

_SEMVER = re.compile(SEMVER)

Precedence = tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]


def precedence(version: str) -> Precedence:
    """What versions are compared by (rule 11 of the specification): a pre-release comes before its release,
    and what stands behind `+` counts for nothing. Raises `ValueError` for what is no version."""
    if not _SEMVER.fullmatch(version):
        raise ValueError(f"not a semantic version: {version!r}")
    numbers, _, pre = version.partition("+")[0].partition("-")
    major, minor, patch = map(int, numbers.split("."))
    words = tuple((0, int(word), "") if word.isdecimal() else (1, 0, word) for word in pre.split(".") if pre)
    return major, minor, patch, not pre, words


def next_minor(version: str) -> str:
    """The version with the second number one higher, and nothing behind it."""
    major, minor, *_ = precedence(version)
    return f"{major}.{minor + 1}.0"
