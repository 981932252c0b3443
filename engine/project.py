"""Where a project's root is, and where its state lies."""

from __future__ import annotations

from pathlib import Path

MARK = ".metaensemble"


def find_project(start: Path) -> Path:
    """The project root for a directory: the nearest parent with `.metaensemble`, else with `.git`,
    else `start` itself. The user's own `~/.metaensemble` is not a project's."""
    start = start.resolve()
    parents = [start, *start.parents]
    home = _home()
    for mark in (MARK, ".git"):
        for parent in parents:
            if mark == MARK and parent == home and parent != start:
                continue
            if (parent / mark).exists():
                return parent
    return start


def state_dir(project: Path) -> Path:
    """The directory of the Ledger, its mirror, blobs and locks."""
    return project / MARK / "state"


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:
        return None
