"""Where a path leads, as the system goes: links are followed before a `..` behind them."""

from __future__ import annotations

import os.path


def walked(path: str) -> str:
    """The absolute path that `path`, absolute as well, leads to, without `.` and `..`.

    A `..` behind a link leads to above what the link points to, where the text alone would lead to beside
    the link. Other links stay. What is not there counts as folders.
    """
    if ".." not in path:
        return os.path.normpath(path)
    at = "/"
    for part in path.split("/"):
        if part == "..":
            at = os.path.dirname(os.path.realpath(at) if os.path.islink(at) else at)  # noqa: PTH114
        elif part not in ("", "."):
            at = os.path.join(at, part)
    return at


def is_below(path: str, root: str) -> bool:
    """Whether `path` is `root` or lies below it, by their texts."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def leads_out(path: str, root: str) -> bool:
    """Whether `path`, absolute or relative to the project's real `root`, leads out of it.

    It must lie inside both as it is walked and once all links are followed.
    """
    full = os.path.join(root, path)
    return not (is_below(walked(full), root) and is_below(os.path.realpath(full), root))
