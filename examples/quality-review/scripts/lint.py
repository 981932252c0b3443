"""`python lint.py PROJECT`: what ruff finds, by the project's own settings."""

from __future__ import annotations

import sys
from pathlib import Path

from check import Check, ToolBroken, broken, command_of, missing, project_at, relative, run_json, version_of


def lint(project: Path) -> Check:
    """Run ruff over the project. It ends with 1 when it finds something, and with 2 when it cannot work."""
    command = command_of("ruff")
    if command is None:
        return missing("ruff", "ruff")
    try:
        found = run_json([*command, "check", "--no-cache", "--output-format", "json", "."], (0, 1), project)
    except ToolBroken as error:
        return broken("ruff", error)
    check = Check(version_of(command, "ruff"))
    for item in found:
        rule = item["code"] or "syntax"
        severity = "high" if rule in ("syntax", "invalid-syntax") or rule.startswith("F8") else "low"
        check.find(
            relative(item["filename"], project), item["location"]["row"], rule, severity, item["message"]
        )
    return check


if __name__ == "__main__":
    lint(project_at(sys.argv[1])).say()
