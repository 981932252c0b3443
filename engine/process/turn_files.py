"""What a shim leaves of one turn: the agent's output, masked, and the envelope that says how it ended.

Standard library only; must import under `python -I -S`, and uses nothing of this package.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    # `typing` would cost a part of the shim's start.
    from typing import Any

STREAMS = ("stdout", "stderr")
ENVELOPE = "envelope.json"

_ROOM = 2048
_NEW = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


class TurnFiles:
    """The files of one turn in `folder`, for the user alone. `mask` is what hides secrets, None for nothing.
    A stream takes `largest` bytes at most.

    Raises `OSError` when they cannot be made. `broken` says why output could not be stored; what comes after
    that is lost.
    """

    def __init__(self, folder: str, mask: Any, largest: int) -> None:
        self._folder = folder
        self._largest = largest
        self.broken = ""
        self.sizes = dict.fromkeys(STREAMS, 0)
        # On a disk that is full by the end there is room for the envelope all the same.
        self._envelope = os.open(os.path.join(folder, ENVELOPE + ".part"), _NEW, 0o600)
        _write(self._envelope, b" " * _ROOM)
        self._files = {name: os.open(os.path.join(folder, name), _NEW, 0o600) for name in STREAMS}
        self._masks = {name: None if mask is None else mask.stream() for name in STREAMS}

    def put(self, name: str, data: bytes) -> int:
        """Take what came on a stream; how many bytes were stored now."""
        mask = self._masks[name]
        return self._store(name, data if mask is None else mask.feed(data))

    def finish(self) -> None:
        """Store what the masks held back, and make it durable."""
        for name, mask in self._masks.items():
            self._store(name, b"" if mask is None else mask.finish())
            try:
                os.fsync(self._files[name])
            except OSError as problem:
                self._break(problem)

    def seal(self, envelope: dict[str, Any]) -> None:
        """Write the envelope beside its place, make it durable, and put it there. Raises `OSError`."""
        text = json.dumps({**envelope, "broken": self.broken or None, "sizes": self.sizes}).encode("ascii")
        os.lseek(self._envelope, 0, os.SEEK_SET)
        _write(self._envelope, text)
        with contextlib.suppress(OSError):
            os.ftruncate(self._envelope, len(text))  # blanks behind it would do no harm
        os.fsync(self._envelope)
        place = os.path.join(self._folder, ENVELOPE)
        os.rename(place + ".part", place)  # noqa: PTH104  # pathlib would double the shim's start
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _store(self, name: str, data: bytes) -> int:
        if not data or self.broken:
            return 0
        try:
            if self.sizes[name] + len(data) > self._largest:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            _write(self._files[name], data)
        except OSError as problem:
            self._break(problem)
            return 0
        self.sizes[name] += len(data)
        return len(data)

    def _break(self, problem: OSError) -> None:
        self.broken = self.broken or os.strerror(problem.errno or errno.EIO)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
