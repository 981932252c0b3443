"""Where a project's root is, and where its state lies."""

from __future__ import annotations

from pathlib import Path

from ..schemas.errors import DirectoryClosed, WorkingDirectoryGone

MARK = ".metaensemble"


def find_project(start: Path) -> Path:
    """The project root for a directory: the nearest parent with `.metaensemble`, else with `.git`,
    else `start` itself. The user's own `~/.metaensemble` is not a project's. Raises `DirectoryClosed` where
    the system does not tell whether a mark is there."""
    start = start.resolve()
    parents = [start, *start.parents]
    home = _home()
    for mark in (MARK, ".git"):
        for parent in parents:
            if mark == MARK and parent == home and parent != start:
                continue
            if _has(parent, mark):
                return parent
    return start


def _has(folder: Path, mark: str) -> bool:
    try:
        return (folder / mark).exists()
    except OSError as error:
        raise DirectoryClosed(
            f"the project cannot be looked for: `{folder}` cannot be looked into:"
            f" {(error.strerror or str(error)).lower()}",
            hint="change into a directory that you may enter, such as the project's root",
        ) from error


def working_directory() -> Path:
    """The directory that this process stands in.

    Raises `WorkingDirectoryGone` when it was removed, `DirectoryClosed` when its path cannot be told.
    """
    try:
        return Path.cwd()
    except PermissionError as error:
        raise DirectoryClosed(
            "the path of the directory that this command was typed in cannot be told: permission denied",
            hint="change into a directory that you may enter, such as the project's root",
        ) from error
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
    except (RuntimeError, OSError):
        return None
