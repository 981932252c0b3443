"""What callables print within the Coordinator's own process, kept apart from what the program prints.

`sys.stdout` and `sys.stderr` are replaced, while a runtime needs it, by streams that ask whose code
is running (a context variable, which tasks and threads of an attempt inherit), and pass on what is
nobody's. What writes to descriptors 1 and 2 directly, or from a thread that a callable started by
itself, is not seen here.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Final

from .capture import Capture

_QUIET: Final = 0.1

_printing: ContextVar[Prints | None] = ContextVar("metaensemble_prints", default=None)


class Prints:
    """What one attempt prints, from whatever thread.

    `beat` is called, in the thread that prints, at most ten times a second with the count of new
    bytes. `broken` holds what the store of texts raised; nothing is kept after that, nor after `close`.
    """

    def __init__(self, stdout: Capture, stderr: Capture, beat: Callable[[int], None]) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.broken: Exception | None = None
        self._captures = {"stdout": stdout, "stderr": stderr}
        self._beat = beat
        self._lock = threading.Lock()
        self._is_open = True
        self._size = 0
        self._silent_until = 0.0

    def enter(self) -> None:
        """From now on what is printed in this context is the attempt's."""
        _printing.set(self)

    def feed(self, name: str, data: bytes) -> None:
        """Take what was printed."""
        with self._lock:
            if not self._is_open:
                return
            try:
                self._captures[name].feed(data)
            except Exception as error:  # the attempt's `wait` raises it
                self.broken = error
                self._is_open = False
            self._size += len(data)
            now = time.monotonic()
            if now < self._silent_until:
                return
            self._silent_until = now + _QUIET
            size, self._size = self._size, 0
        self._beat(size)

    def close(self) -> int:
        """Take no more; returns how many bytes were not told of yet."""
        with self._lock:
            self._is_open = False
            size, self._size = self._size, 0
            return size


class _Bytes:
    """The `buffer` of a forked stream."""

    def __init__(self, name: str, original: Any) -> None:
        self._name = name
        self._original = original

    def write(self, data: bytes) -> int:
        prints = _printing.get()
        if prints is None:
            return self._original.write(data)  # type: ignore[no-any-return]  # a binary stream's
        content = bytes(data)
        prints.feed(self._name, content)
        return len(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class _Fork:
    """A text stream whose text goes to the attempt that prints it, or else to `original`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.original: Any = None

    @property
    def buffer(self) -> _Bytes:
        return _Bytes(self._name, self.original.buffer)

    def write(self, text: str) -> int:
        prints = _printing.get()
        if prints is None:
            return self.original.write(text)  # type: ignore[no-any-return]  # a text stream's
        prints.feed(self._name, text.encode("utf-8", "backslashreplace"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


class _Switch:
    """Puts the forked streams in place, as long as somebody needs them.

    There is one fork of each stream, for ever: `print` holds no reference of its own to the stream
    that it writes to, so that one which goes away while a thread prints takes the program along.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._forks = (_Fork("stdout"), _Fork("stderr"))

    def turn_on(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                for name, fork in zip(("stdout", "stderr"), self._forks, strict=True):
                    present = getattr(sys, name)
                    # Somebody who had put another stream there may have put the fork back since.
                    if present is not fork:
                        fork.original = present
                        setattr(sys, name, fork)

    def turn_off(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                for name, fork in zip(("stdout", "stderr"), self._forks, strict=True):
                    # Somebody may have put another stream there since.
                    if getattr(sys, name) is fork:
                        setattr(sys, name, fork.original)


_switch = _Switch()


def install() -> None:
    """Replace the standard streams; each call wants one of `remove`."""
    _switch.turn_on()


def remove() -> None:
    """Put the streams back, once nobody needs them replaced any more."""
    _switch.turn_off()
