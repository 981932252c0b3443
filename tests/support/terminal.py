"""A terminal with a program in it, as a person has it: a width, keys, and a window that can be closed."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 240.0


class Terminal:
    """A pseudo-terminal whose foreground is `words`, run in `cwd`. `shown` is all that it was told so far.

    A variable that is None is not set. A context manager: what still runs at its end is killed.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        path: str,
        cwd: Path,
        size: tuple[int, int] = (24, 80),
        environ: Mapping[str, str | None] | None = None,
    ) -> None:
        self.shown = b""
        self._screen, keyboard = os.openpty()
        self.resize(*size)
        changes = {"PATH": path, "TERM": "xterm-256color", "COLUMNS": None, "LINES": None, **(environ or {})}
        variables = {**os.environ, **{name: value for name, value in changes.items() if value is not None}}
        for name in (name for name, value in changes.items() if value is None):
            variables.pop(name, None)
        self.process = subprocess.Popen(
            words,
            executable=Path(path.split(os.pathsep, maxsplit=1)[0], words[0]),
            cwd=cwd,
            env=variables,
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # one system call, and no lock of ours is involved
        )
        os.close(keyboard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()

    def wait_for(self, text: str) -> None:
        """Read until `text` has been shown."""
        while text.encode() not in self.shown:
            assert self.read(), f"{text!r} was never shown, but {self.shown!r}"

    def press(self, keys: str) -> None:
        """Type something; `\\x03` is Ctrl-C."""
        os.write(self._screen, keys.encode())

    def resize(self, lines: int, columns: int) -> None:
        """Give the window another size; the program is told by SIGWINCH."""
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the window; the program is told by SIGHUP."""
        if self._screen >= 0:
            os.close(self._screen)
            self._screen = -1

    def finish(self) -> int:
        """Read what is still shown, and wait for the exit code."""
        while self._screen >= 0 and self.read():
            pass
        return self.process.wait(PATIENCE)

    def read(self) -> bool:
        """Take in what is shown next; False when nothing more can come."""
        ready, _, _ = select.select([self._screen], [], [], PATIENCE)
        assert ready, f"nothing more was shown after {self.shown!r}"
        try:
            piece = os.read(self._screen, 1 << 16)
        except OSError:  # nobody has the other end open any more
            return False
        self.shown += piece
        return bool(piece)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
