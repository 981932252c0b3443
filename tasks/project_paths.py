"""Paths that a task declares to write: they may not leave the project's root."""

from __future__ import annotations

import os.path
import posixpath
import re

_WILDCARD = re.compile(r"[*?\[]")


def leaves_upwards(path: str) -> bool:
    """Whether the relative path or glob `path` climbs above where it starts, by its text alone.

    A `..` behind a wildcard counts as climbing: what it leads to cannot be told.
    """
    if posixpath.isabs(path):
        return False
    parts = path.split("/")
    first = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    if ".." in parts[first:]:
        return True
    plain = posixpath.normpath("/".join(parts[:first]) or ".")
    return plain == ".." or plain.startswith("../")


def is_outside(path: str, project: str) -> bool:
    """Whether the path or glob `path`, relative to `project`, lies outside it once links are followed."""
    if leaves_upwards(path):
        return True
    absolute = os.path.normpath(os.path.join(project, _fixed_part(path)))
    # Both by its text and in truth: a link inside the project may lead out of it.
    return not (
        _is_below(absolute, project) or _is_below(absolute, os.path.realpath(project))
    ) or not _is_below(os.path.realpath(absolute), os.path.realpath(project))


def relative_to_project(path: str, project: str) -> str:
    """`path` as it is seen from the project's root, when it is absolute and inside; else as it is."""
    for root in (project, os.path.realpath(project)):
        if os.path.isabs(path) and _is_below(os.path.normpath(_fixed_part(path)), root):
            return os.path.relpath(path, root)
    return path


def _fixed_part(path: str) -> str:
    """The leading directories of a glob that have no wildcard in them."""
    parts = path.split("/")
    first = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    fixed = "/".join(parts[:first])
    return fixed or ("/" if path.startswith("/") else ".")


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
