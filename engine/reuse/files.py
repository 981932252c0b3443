"""The files that a task reads or writes: found by globs, told apart by digests."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Final

from ...schemas.walked_path import walked

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
        self._is_abandoned = False

    def abandon(self) -> None:
        """Let what goes on on other threads end with `Unhashable`, and all that is asked from now on."""
        self._is_abandoned = True

    def check(self) -> None:
        """Raise `Unhashable` if nobody wants to know any more."""
        if self._is_abandoned:
            raise Unhashable("the DAG run is being ended: nobody looks at files any more")

    def of(self, path: str) -> str:
        """The digest of an ordinary file. Raises `Unhashable`."""
        try:
            # Not to wait at a named pipe for somebody who writes into it.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
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
                    self.check()
                    found.update(chunk)
        except OSError as error:
            raise Unhashable(f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}") from None
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS:
            self._known[path] = (mark, found.hexdigest())
        return found.hexdigest()


def matches(pattern: str, project: str, go_on: Callable[[], None] = lambda: None) -> list[str]:
    """The ordinary files that a glob stands for, as absolute paths, sorted; a folder stands for all in it.

    Relative patterns start at the project's root. `**` goes through any number of folders, hidden and
    linked ones included, but not into `.git` and `.metaensemble`, unless the pattern names them. What can
    be reached in several ways is found in one of them: links that lead in a circle are no matter. What is
    no ordinary file (a socket, say) is left out. `go_on` is called at each step, to raise what ends it.
    """
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    skipped = _OWN if _OWN.isdisjoint(parts) else frozenset()
    found: set[str] = set()
    seen: set[tuple[int, int, int]] = set()
    to_do = [("/" if pattern.startswith("/") else project, 0)]
    while to_do:
        go_on()
        path, at = to_do.pop()
        try:
            status = os.stat(path)  # noqa: PTH116 - a Path for each would take longer than the look
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and at == len(parts):
            found.add(walked(path))
        mark = (status.st_dev, status.st_ino, at)
        if stat.S_ISDIR(status.st_mode) and mark not in seen:
            seen.add(mark)
            to_do += _below(path, parts, at, skipped)
    return sorted(found)


def _below(folder: str, parts: Sequence[str], at: int, skipped: Collection[str]) -> Iterator[tuple[str, int]]:
    """Where to look next, linked folders last, and how much of the pattern is behind it then."""
    part = parts[at] if at < len(parts) else "**"
    if part != "**" and not glob.has_magic(part):
        yield os.path.join(folder, part), at + 1
        return
    is_last = at >= len(parts) - 1
    if part == "**" and not is_last:
        yield folder, at + 1
    try:
        with os.scandir(folder) as listing:
            # What comes last is looked at first.
            entries = sorted(listing, key=lambda entry: (entry.is_symlink(), entry.name), reverse=True)
    except OSError:
        return
    for entry in entries:
        if entry.name in skipped:
            continue
        if part != "**":
            if fnmatchcase(entry.name, part):
                yield entry.path, at + 1
        elif entry.is_dir():
            yield entry.path, at
        elif is_last:
            yield entry.path, len(parts)


def read_digests(patterns: Sequence[str], project: str, digests: Digests) -> dict[str, str]:
    """For each pattern the digest of all files that it stands for, by their names and contents.

    Raises `Unhashable`.
    """
    return {
        pattern: _digest_of(matches(pattern, project, digests.check), project, digests)
        for pattern in patterns
    }


def _digest_of(paths: Sequence[str], project: str, digests: Digests) -> str:
    whole = sha256()
    for path in paths:
        name = os.path.relpath(path, project).encode("utf-8", "surrogateescape")
        whole.update(b"%d:%b%b" % (len(name), name, digests.of(path).encode()))
    return whole.hexdigest()
