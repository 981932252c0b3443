"""Copies of a project, with and without the patch that is reviewed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def copied(project: Path, place: Path) -> Path:
    """A copy below `place`, without what tools made."""
    unwanted = shutil.ignore_patterns("__pycache__", ".*")
    return Path(shutil.copytree(project, place / "project", ignore=unwanted))


def python_files(project: Path) -> list[str]:
    """The Python files by their paths below the project."""
    return sorted(path.relative_to(project).as_posix() for path in project.rglob("*.py"))


def patched(project: Path, place: Path) -> tuple[Path, str]:
    """A copy with the draft's patch put in, and what `git apply` says when it cannot be."""
    patch = json.load(sys.stdin)["draft"]["patch"]
    copy = copied(project, place)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "apply", "-"],
        cwd=copy,
        env={**environ, "GIT_CEILING_DIRECTORIES": str(place)},
        input=patch,
        capture_output=True,
        text=True,
        check=False,
    )
    return copy, "" if done.returncode == 0 else done.stderr.strip() or "git apply failed"


def review(about: str, findings: list[str], well: str) -> None:
    """Print a review: a rejection with findings, or an approval."""
    if findings:
        found = [{"about": about, "what": finding} for finding in findings]
        print(json.dumps({"verdict": "reject", "reason": findings[0], "findings": found}))
    else:
        print(json.dumps({"verdict": "approve", "reason": well}))
