"""Maintainability: how many issues ruff counts, by the project's own settings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from .findings import finding
from .measured import Measured

TOOL: Final = "ruff"
OK: Final = (0, 1)

_MOST_NAMED: Final = 3


def command(files: Sequence[str]) -> list[str]:
    """The words behind the tool's name."""
    return ["check", "--no-cache", "--no-fix", "--output-format", "json", *files]


def parse(out: bytes, name_of: Callable[[str], str]) -> Measured:
    """What ruff's JSON says; the value is the number of issues."""
    issues = json.loads(out)
    findings = [
        finding(
            name_of(one["filename"]), one["location"]["row"], one["code"] or "invalid-syntax", one["message"]
        )
        for one in issues
    ]
    rules = Counter(one["rule"] for one in findings)
    named = ", ".join(f"{rule} {count}x" for rule, count in rules.most_common(_MOST_NAMED))
    plural = "s" if len(findings) != 1 else ""
    said = f"{len(findings)} issue{plural} ({named})" if findings else "no issues"
    return Measured(value=len(findings), said=said, findings=findings)
