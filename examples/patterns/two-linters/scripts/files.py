"""Prints the Python files of a project, one a line, by their paths below it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

LEFT_OUT = {"__pycache__", "node_modules", "build", "dist"}


def main(project: Path) -> None:
    """Walk the project; hidden folders and what tools made are left out."""
    found = []
    for folder, folders, files in os.walk(project):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in LEFT_OUT]
        found += [Path(folder, name).relative_to(project) for name in files if name.endswith(".py")]
    print("\n".join(sorted(path.as_posix() for path in found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
