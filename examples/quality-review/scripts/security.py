"""`python security.py PROJECT`: what bandit finds, test code left out."""

from __future__ import annotations

import sys
from pathlib import Path

from check import (
    Check,
    ToolBroken,
    broken,
    command_of,
    in_batches,
    is_test,
    missing,
    project_at,
    python_files,
    relative,
    run_json,
    version_of,
)


def security(project: Path) -> Check:
    """Run bandit over the project's files. It ends with 1 when it finds something."""
    command = command_of("bandit")
    if command is None:
        return missing("bandit", "bandit")
    check = Check(version_of(command, "bandit"))
    files = python_files(project)
    looked_at = [name for name in files if not is_test(name)]
    if len(looked_at) < len(files):
        check.notes.append(f"{len(files) - len(looked_at)} files of test code are left out")
    for batch in in_batches(looked_at):
        try:
            answer = run_json([*command, "-q", "-f", "json", *batch], (0, 1), project)
        except ToolBroken as error:
            return broken("bandit", error)
        for item in answer["results"]:
            severity = item["issue_severity"].lower()
            check.find(
                relative(item["filename"], project),
                item["line_number"],
                item["test_id"],
                severity if severity in ("high", "medium") else "low",
                item["issue_text"],
            )
        for item in answer["errors"]:
            check.find(relative(item["filename"], project), 0, "not-read", "high", item["reason"])
    return check


if __name__ == "__main__":
    security(project_at(sys.argv[1])).say()
