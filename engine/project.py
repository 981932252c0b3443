"""Where a project's root is, and where its state lies."""

from __future__ import annotations

from pathlib import Path

from ..schemas.errors import WorkingDirectoryGone

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


def working_directory() -> Path:
    """The directory that this process stands in. Raises `WorkingDirectoryGone` when it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise WorkingDirectoryGone(
            "the directory that this command was typed in does not exist any more",
            hint="change into one that does, such as the project's root, or name one: `me -C DIR …`",
        ) from error


def state_dir(project: Path) -> Path:
    """The directory of the Ledger, its mirror, blobs and locks."""
    return project / MARK / "state"


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:
        return None
