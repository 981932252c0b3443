"""Paths that a task declares to write: they may not leave the project's root."""

from __future__ import annotations

import os.path
import posixpath
import re

from ..schemas.walked_path import is_below, walked

_WILDCARD = re.compile(r"[*?\[]")


def leaves_upwards(path: str) -> bool:
    """Whether the relative path or glob `path` climbs above where it starts, by its text alone.

    A `..` behind a wildcard counts as climbing: what it leads to cannot be told.
    """
    if posixpath.isabs(path):
        return False
    fixed, rest = _split(path)
    if ".." in rest.split("/"):
        return True
    plain = posixpath.normpath(fixed)
    return plain == ".." or plain.startswith("../")


def is_outside(path: str, project: str) -> bool:
    """Whether the path or glob `path`, relative to `project`, lies outside it once links are followed."""
    fixed, rest = _split(path)
    if leaves_upwards(path) or ".." in rest.split("/"):
        return True
    absolute, real = os.path.join(project, fixed), os.path.realpath(project)
    plain = walked(absolute)
    # Both by its text and in truth: a link inside the project may lead out of it.
    return not (is_below(plain, project) or is_below(plain, real)) or not is_below(
        os.path.realpath(absolute), real
    )


def relative_to_project(path: str, project: str) -> str:
    """`path` as it is seen from the project's root, when it is absolute and inside; else as it is."""
    if not os.path.isabs(path):
        return path
    fixed, rest = _split(path)
    plain = walked(fixed)
    for root in (project, os.path.realpath(project)):
        if is_below(plain, root):
            return os.path.relpath(os.path.join(plain, rest), root)
    return path


def _split(path: str) -> tuple[str, str]:
    """The leading directories of a glob that have no wildcard in them, and what is behind them."""
    parts = path.split("/")
    first = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    fixed = "/".join(parts[:first])
    return fixed or ("/" if path.startswith("/") else "."), "/".join(parts[first:])
