"""A person at a real terminal: waits for what the program says, and types."""

from __future__ import annotations

import os
import pty
import re
import select
from collections.abc import Sequence
from pathlib import Path

from support.victims import PATIENCE, Victim, Victims

END_OF_INPUT = "\x04"
CTRL_C = "\x03"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Dialog:
    """`me WORDS` on a terminal of its own."""

    def __init__(self, victims: Victims, words: Sequence[str], *, cwd: Path, term: str = "dumb") -> None:
        self._master, terminal = pty.openpty()
        environ = {**os.environ, "TERM": term}
        self.victim: Victim = victims.start(list(words), cwd=cwd, terminal=terminal, environ=environ)
        os.close(terminal)
        self.said = ""
        self._read_to = 0

    def wait_for(self, text: str) -> str:
        """Wait until `text` is said, behind what was waited for before; gives all up to there."""
        while (at := self.said.find(text, self._read_to)) < 0:
            assert self._more(), f"it ended without `{text}`; it said: {self.said}"
        seen = self.said[self._read_to : at + len(text)]
        self._read_to = at + len(text)
        return seen

    def type(self, text: str) -> None:
        """Type `text`; a line ends with a line feed."""
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._more():
            pass
        os.close(self._master)
        return self.victim.wait().code

    def _more(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE)
        assert ready, f"nothing more is said; so far: {self.said}"
        try:
            chunk = os.read(self._master, 1 << 16)
        except OSError:
            return False
        self.said += _ESCAPES.sub("", chunk.decode()).replace("\r\n", "\n")
        return bool(chunk)
