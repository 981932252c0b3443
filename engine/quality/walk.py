"""The files below a folder that are a project's own: nothing hidden, built, or installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages"})
_MOST: Final = 200_000
"""So many files are looked at, and then no more: whoever has more has pointed at something else."""


def walk(root: str) -> Iterator[str]:
    """The absolute paths of the files below `root`, folder by folder, each in the order of the names."""
    looked_at = 0
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if _is_own(folder, name))
        looked_at += len(files) + 1
        if looked_at > _MOST:
            return
        yield from (os.path.join(folder, name) for name in sorted(files))


def _is_own(folder: str, name: str) -> bool:
    return not name.startswith(".") and name not in _SKIPPED and not Path(folder, name, "pyvenv.cfg").exists()
