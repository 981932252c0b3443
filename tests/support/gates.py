"""Holds commands back until a test lets them go on: they read a named pipe."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class Gate:
    """A command that runs `cat NAME` waits until `open` is called; later ones pass at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.mkfifo(path)

    def open(self) -> None:
        """Let everybody through, now and later."""
        behind = self._path.with_name(f".{self._path.name}-behind")
        behind.hardlink_to(self._path)
        both_ends = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        self._path.unlink()
        self._path.touch()
        os.close(both_ends)
        # Whoever had looked the pipe up, and had not opened it yet, waits for a writer now.
        threading.Thread(target=_let_through, args=(behind,), daemon=True).start()


def _let_through(pipe: Path) -> None:
    """Be the writer of everybody who opens the pipe, until its folder is removed."""
    while True:
        try:
            os.close(os.open(pipe, os.O_WRONLY))
        except OSError:
            return
