"""What a process said last and how it ended, in the words of a reason."""

from __future__ import annotations

import errno
import os
import signal
from typing import Final

from .capture import Capture

_TEXTS: Final = {
    errno.ENOENT: "there is no such file",
    errno.EACCES: "it may not be executed (no permission)",
    errno.ENOEXEC: "it is no program; a script needs a first line such as `#!/bin/sh`",
    errno.EMFILE: "this process has as many files open as it may (`ulimit -n`)",
    errno.ENFILE: "the system has as many files open as it can",
    errno.EAGAIN: "no further process is allowed here (`ulimit -u`, or the limit of a container)",
    errno.ENOMEM: "there is not enough memory for another process",
    errno.ENOBUFS: "too many large commands wait for their start; lower `concurrency`",
    errno.E2BIG: "its arguments and variables are too long together; hand large values on by `with`",
}


def last_words(stdout: Capture, stderr: Capture) -> str:
    """The end of what was printed, as the rest of a sentence; empty when nothing was."""
    for name, stream in (("stderr", stderr), ("stdout", stdout)):
        lines = stream.last_lines()
        if lines:
            return f"; {name} ends: {printable(lines)}"
    return ""


def printable(text: str) -> str:
    """What a terminal would obey is not for a sentence; bytes of names that are no UTF-8 are harmless."""
    return "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff" else " " for c in text)


def signal_text(number: int) -> str:
    """`signal 9 (SIGKILL)`."""
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def error_text(code: int | None) -> str:
    """What the system's error `code` means for somebody who wanted to start a process."""
    if code in _TEXTS:
        return _TEXTS[code]
    text = os.strerror(code or 0)
    return text[:1].lower() + text[1:]
