"""What the four checks share: the shape of their answer, the project's files, and starting a tool."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SKIPPED = {"__pycache__", "build", "dist", "node_modules", "site-packages"}


@dataclass
class Check:
    """The answer of one check, as `check.schema.json` describes it."""

    tool: str
    status: str = "ran"
    notes: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    coverage: dict[str, float] = field(default_factory=dict)

    def find(self, file: str, line: int, rule: str, severity: str, message: str) -> None:
        """Add one finding."""
        self.findings.append(
            {"file": file, "line": line, "rule": rule, "severity": severity, "message": message}
        )

    def say(self) -> None:
        """Hand the answer on: one JSON object on standard output."""
        self.findings.sort(key=lambda found: (found["file"], found["line"], found["rule"]))
        json.dump(asdict(self), sys.stdout)


class ToolBroken(Exception):
    """The tool was started and did not do its work; the text says what it printed."""


def project_at(word: str) -> Path:
    """The project's folder; the task fails when there is none."""
    project = Path(word).resolve()
    if not project.is_dir():
        sys.exit(f"error: there is no folder {project}")
    return project


def command_of(tool: str) -> list[str] | None:
    """How to start `tool`: as a module of this interpreter, else from PATH; None when it is not there."""
    if importlib.util.find_spec(tool) is not None:
        return [sys.executable, "-m", tool]
    found = shutil.which(tool)
    return [found] if found else None


def missing(tool: str, install: str) -> Check:
    """The answer when `tool` is not installed: nothing was checked, and nothing is claimed."""
    return Check(
        tool, status="missing", notes=[f"`{tool}` is not installed; `pip install {install}` gets it"]
    )


def broken(tool: str, why: object) -> Check:
    """The answer when `tool` is there but failed."""
    return Check(tool, status="broken", notes=[f"`{tool}` could not do its work: {why}"])


def version_of(command: list[str], tool: str) -> str:
    """`tool` with its version number, or just its name."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    words = [word for word in done.stdout.split() if word[:1].isdigit()]
    return f"{tool} {words[0].rstrip(',')}" if words else tool


def run_json(command: list[str], allowed: tuple[int, ...], cwd: Path) -> Any:
    """The JSON that `command` prints.

    Linters end with a status of their own when they find something; `allowed` lists those that mean
    "I did my work". Any other status, and output that is not JSON, raises `ToolBroken`.
    """
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    last = (done.stderr.strip() or done.stdout.strip() or "it printed nothing").splitlines()[-1]
    if done.returncode not in allowed:
        raise ToolBroken(f"exit status {done.returncode}: {last}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise ToolBroken(f"its output is not JSON: {last}") from None


def python_files(project: Path) -> list[str]:
    """The project's Python files, relative to it, sorted: those git knows or would add, else all.

    Without git, hidden folders, virtual environments and build folders are left out.
    """
    listed = _git_files(project)
    if listed is not None:
        return sorted(name for name in listed if name.endswith(".py") and (project / name).is_file())
    found = []
    for folder, inner, names in os.walk(project):
        inner[:] = [
            name
            for name in inner
            if not name.startswith(".")
            and name not in _SKIPPED
            and not (Path(folder) / name / "pyvenv.cfg").exists()
        ]
        found += [
            (Path(folder) / name).relative_to(project).as_posix() for name in names if name.endswith(".py")
        ]
    return sorted(found)


def _git_files(project: Path) -> list[str] | None:
    if shutil.which("git") is None:
        return None
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    return done.stdout.split("\0") if done.returncode == 0 else None


def is_test(name: str) -> bool:
    """Whether a file is test code, by the names that pytest and unittest go by."""
    path = Path(name)
    return (
        any(part in ("tests", "test") for part in path.parts[:-1])
        or path.name == "conftest.py"
        or path.name.startswith("test_")
        or path.name.endswith("_test.py")
    )


def relative(name: str, project: Path) -> str:
    """`name`, which may be absolute, as a path below the project where that is possible."""
    path = Path(name)
    if not path.is_absolute():
        return path.as_posix()
    try:
        return path.resolve().relative_to(project.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def in_batches(names: list[str], size: int = 500) -> list[list[str]]:
    """`names` in lists short enough for one command line."""
    return [names[start : start + size] for start in range(0, len(names), size)]
