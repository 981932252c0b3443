"""Which files of the project the modules of a process were read from, and whether they are still the same.

Standard library only: it also runs in the workers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Final

SourceFile = tuple[str, int, int]
"""Path, time of change in nanoseconds, size."""

_PACKAGES: Final = frozenset({"site-packages", "dist-packages"})


class ProjectFiles:
    """The files of modules that were imported since this was made, each told once."""

    def __init__(self) -> None:
        self._seen = set(sys.modules)
        self._new: list[SourceFile] = []

    def note(self, project: str) -> None:
        """Note the files of modules that are new, as they are now: call it soon after an import."""
        names = sys.modules.keys() - self._seen
        self._seen |= names
        for name in names:
            path = file_of(sys.modules.get(name))
            if path and is_in_project(path, project):
                found = _stat(path)
                if found is not None:
                    self._new.append(found)

    def take(self) -> list[SourceFile]:
        """What was noted since the last call."""
        found, self._new = self._new, []
        return found


def file_of(module: ModuleType | None) -> str | None:
    """The file that a module was read from, if there is one."""
    path = getattr(module, "__file__", None)
    return path if isinstance(path, str) else None


def is_in_project(path: str, project: str) -> bool:
    """Whether a file belongs to the project, and not to an environment that lies in it."""
    root = project.rstrip("/") + "/"
    return path.startswith(root) and _PACKAGES.isdisjoint(path[len(root) :].split("/"))


def are_unchanged(files: Iterable[SourceFile]) -> bool:
    """Whether all of these are still as they were noted."""
    return all(_stat(file[0]) == file for file in files)


def _stat(path: str) -> SourceFile | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # a text, many times faster than a `Path`
    except OSError:
        return None
    return path, found.st_mtime_ns, found.st_size
