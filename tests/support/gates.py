"""Holds commands back until a test lets them go on: they read a named pipe."""

from __future__ import annotations

import os
from pathlib import Path


class Gate:
    """A command that runs `cat NAME` waits until `open` is called; later ones pass at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.mkfifo(path)

    def open(self) -> None:
        """Let everybody through, now and later."""
        both_ends = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        self._path.unlink()
        self._path.touch()
        os.close(both_ends)
