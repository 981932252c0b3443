"""The files that a task reads or writes: found by globs, told apart by digests."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20
_OWN: Final = frozenset({".git", ".metaensemble"})
"""Folders whose content is never an input: they change with every commit and every run."""

_SETTLED_NS: Final = 1_000_000_000
"""A file that was changed less than a second ago may change again within one tick of its clock."""


class Unhashable(Exception):
    """A file cannot be read, so that nothing can be said about it. The text is one sentence."""


class Digests:
    """SHA-256 of files, remembered as long as a file's identity, size and times stay what they were."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, ...], str]] = {}

    def of(self, path: str) -> str:
        """The digest of an ordinary file. Raises `Unhashable`."""
        try:
            with Path(path).open("rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise Unhashable(f"`{path}` is not an ordinary file")
                mark = (
                    status.st_dev,
                    status.st_ino,
                    status.st_size,
                    status.st_mtime_ns,
                    status.st_ctime_ns,
                )
                known = self._known.get(path)
                if known is not None and known[0] == mark:
                    return known[1]
                found = sha256()
                while chunk := file.read(_CHUNK):
                    found.update(chunk)
        except OSError as error:
            raise Unhashable(f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}") from None
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS:
            self._known[path] = (mark, found.hexdigest())
        return found.hexdigest()


def matches(pattern: str, project: str) -> list[str]:
    """The ordinary files that a glob stands for, as absolute paths, sorted; a folder stands for all in it.

    Relative patterns start at the project's root. `**` goes through any number of folders, hidden ones
    included, but not into `.git` and `.metaensemble`, unless the pattern names them. What is no ordinary
    file (a socket, say) is left out.
    """
    found: set[str] = set()
    whole = os.path.join(project, pattern)
    # An absolute pattern is one that `Path.glob` refuses.
    for name in glob.glob(whole, recursive=True, include_hidden=True):  # noqa: PTH207
        path = os.path.normpath(name)
        if _is_own(path, project) and not _is_own(pattern, project):
            continue
        if Path(path).is_dir():
            found.update(_inside(path))
        elif Path(path).is_file():
            found.add(path)
    return sorted(found)


def read_digests(patterns: Sequence[str], project: str, digests: Digests) -> dict[str, str]:
    """For each pattern the digest of all files that it stands for, by their names and contents.

    Raises `Unhashable`.
    """
    return {pattern: _digest_of(matches(pattern, project), project, digests) for pattern in patterns}


def _digest_of(paths: Sequence[str], project: str, digests: Digests) -> str:
    whole = sha256()
    for path in paths:
        name = os.path.relpath(path, project).encode("utf-8", "surrogateescape")
        whole.update(b"%d:%b%b" % (len(name), name, digests.of(path).encode()))
    return whole.hexdigest()


def _is_own(path: str, project: str) -> bool:
    return not _OWN.isdisjoint(Path(os.path.relpath(os.path.join(project, path), project)).parts)


def _inside(folder: str) -> Iterator[str]:
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _OWN]
        yield from (path for name in files if Path(path := os.path.join(at, name)).is_file())
