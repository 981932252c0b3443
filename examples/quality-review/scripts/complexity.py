"""`python complexity.py PROJECT LIMIT`: functions whose cyclomatic complexity, by radon, is above LIMIT."""

from __future__ import annotations

import sys
from pathlib import Path

from check import (
    Check,
    ToolBroken,
    broken,
    command_of,
    in_batches,
    missing,
    project_at,
    python_files,
    relative,
    run_json,
    version_of,
)


def complexity(project: Path, limit: int) -> Check:
    """Run radon over the project's files; it ends with 0 whatever it finds."""
    command = command_of("radon")
    if command is None:
        return missing("radon", "radon")
    check = Check(version_of(command, "radon"))
    for batch in in_batches(python_files(project)):
        try:
            answer = run_json([*command, "cc", "--json", *batch], (0,), project)
        except ToolBroken as error:
            return broken("radon", error)
        for name, blocks in answer.items():
            file = relative(name, project)
            if isinstance(blocks, dict):
                check.find(file, 0, "not-read", "high", blocks.get("error", "radon could not read it"))
                continue
            for block in blocks:
                score = block["complexity"]
                if block["type"] != "class" and score > limit:
                    severity = "high" if score > 4 * limit else "medium" if score > 2 * limit else "low"
                    what = f"{block['type']} `{block['name']}` has complexity {score}"
                    check.find(file, block["lineno"], f"rank-{block['rank']}", severity, what)
    return check


if __name__ == "__main__":
    complexity(project_at(sys.argv[1]), int(sys.argv[2])).say()
