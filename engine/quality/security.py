"""Security: the worst severity that bandit finds, and, where asked for, known weaknesses of packages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from ...schemas.quality import SEVERITIES
from .findings import finding
from .measured import Measured

TOOL: Final = "bandit"
AUDIT: Final = "pip-audit"
OK: Final = (0, 1)
"""The exit statuses that mean that the tool did its work."""


def command(files: Sequence[str]) -> list[str]:
    """The words behind the tool's name. Files are absolute paths, which no option can be mistaken for."""
    return ["-q", "-f", "json", *files]


def parse(out: bytes, name_of: Callable[[str], str]) -> Measured:
    """What bandit's JSON says; the value is the worst severity as a number. Raises `ValueError`,
    `KeyError` or `TypeError` for what is no such report."""
    report = json.loads(out)
    found = []
    for one in report["results"]:
        severity = str(one["issue_severity"]).lower()
        rank = _rank(severity)
        file = name_of(one["filename"])
        entry = finding(file, one["line_number"], one["test_id"], one["issue_text"], severity=severity)
        found.append((-rank, file, one["line_number"], entry))
    # A file that could not be read was not looked at, and that is no clean bill.
    unread = [finding(name_of(one["filename"]), None, "not-read", one["reason"]) for one in report["errors"]]
    found.sort(key=lambda item: item[:3])
    worst = max((-item[0] for item in found), default=0)
    counts = {name: sum(-item[0] == rank for item in found) for rank, name in enumerate(SEVERITIES, start=1)}
    said = ", ".join(f"{counts[name]} {name}" for name in reversed(SEVERITIES) if counts[name])
    return Measured(
        value=worst,
        said=f"{len(found)} finding{'s' if len(found) > 1 else ''} ({said})" if found else "nothing found",
        findings=[*(item[3] for item in found), *unread],
        unread=len(unread),
    )


def parse_audit(out: bytes, name_of: Callable[[str], str]) -> Measured:  # noqa: ARG001  # as all others
    """What pip-audit's JSON says. It knows no severities: each weakness counts as a medium one."""
    report = json.loads(out)
    packages: list[dict[str, Any]] = report["dependencies"] if isinstance(report, dict) else report
    findings = [
        finding(
            f"{one['name']} {one.get('version', '')}".strip(), None, weak["id"], weak.get("description", "")
        )
        for one in packages
        for weak in one.get("vulns", ())
    ]
    what = "weakness" if len(findings) == 1 else "weaknesses"
    said = f"{len(findings) or 'no'} known {what} of installed packages"
    return Measured(value=2 if findings else 0, said=said, findings=findings)


def _rank(severity: str) -> int:
    return next((rank for rank, name in enumerate(SEVERITIES, start=1) if name == severity), 1)
