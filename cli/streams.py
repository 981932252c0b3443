"""Standard streams that cannot harm the program, whatever becomes of what is behind them."""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from .utf8 import stdio_encoding

ESCAPE = "metaensemble.escape"
"""The error handler of our streams: what an encoding lacks is written as JSON escapes, so that JSON stays
JSON, and people see which character it was."""


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(
        f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)
    ), error.end


codecs.register_error(ESCAPE, _escape)


class SteadyFile(io.RawIOBase):
    """A descriptor to write to, where a write never raises.

    The first error is kept in `failure` (a full disk, a reader or a terminal that went away), and
    everything after it goes nowhere. The descriptor stays open when this is closed. Where it does not
    wait by itself (another program has made the terminal non-blocking), this waits.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        super().__init__()
        self.name = name
        self.failure: OSError | None = None
        self._descriptor = descriptor

    def write(self, data: Any) -> int:
        """Write all of `data`, or note why that cannot be."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest and self.failure is None:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                self._wait()
            except OSError as error:
                self.failure = error
        return size

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def _wait(self) -> None:
        poller = select.poll()
        poller.register(self._descriptor, select.POLLOUT)
        poller.poll()


@contextmanager
def steady_streams() -> Iterator[SteadyFile | None]:
    """Let stdout and stderr be steady for the block; gives what is behind stdout.

    What their encodings lack is escaped (`ESCAPE`): box-drawing characters in a C locale, and names
    that are no UTF-8. A stream that was closed is the null device, so that no other file takes its
    number. None where stdout is nothing of the system's: whoever put it there hears of errors by itself.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    out = _steady(sys.stdout)
    words = _steady(sys.stderr)
    sys.stdout, sys.stderr = out or sys.stdout, words or sys.stderr
    try:
        yield _file_of(sys.stdout)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def is_heard() -> bool:
    """Whether stdout still takes what is given, as far as is known."""
    file = _file_of(sys.stdout)
    return file is None or file.failure is None


def _open_closed() -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115


def _steady(stream: TextIO) -> TextIO | None:
    """A stream like this one that cannot fail; None for one that is no file of the system."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(raw, io.FileIO):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=ESCAPE)
        return None
    with suppress(OSError):
        stream.flush()
    file = SteadyFile(raw.fileno(), stream.name)
    return io.TextIOWrapper(
        # Unbuffered (`python -u`) there is nothing between the text and the file.
        file if raw is buffer else io.BufferedWriter(file),
        encoding=stdio_encoding() or stream.encoding,
        errors=ESCAPE,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _file_of(stream: TextIO) -> SteadyFile | None:
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    return raw if isinstance(raw, SteadyFile) else None
