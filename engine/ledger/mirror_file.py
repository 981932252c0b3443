"""The mirror as a file: its last line, a place in it, its lines in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from .chain import Line, read_line

_BLOCK: Final = 1 << 16


def whole_size(descriptor: int, size: int) -> int:
    """The offset behind the last line feed of the first `size` bytes; 0 when there is none.

    What stands behind it is a line that was torn while it was written.
    """
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def last_line(descriptor: int, size: int) -> Line | None:
    """The last line of a file of `size` bytes that ends in a line feed; None for an empty file.

    `ValueError` when it is no record.
    """
    if size == 0:
        return None
    start = whole_size(descriptor, size - 1)
    return read_line(os.pread(descriptor, size - start, start))


def line_starting_from(file: BinaryIO, offset: int) -> tuple[int, bytes]:
    """The first line that starts at `offset` or later, and where; an empty line at the file's end."""
    if offset == 0:
        file.seek(0)
    else:
        file.seek(offset - 1)
        file.readline()
    start = file.tell()
    return start, file.readline()


def offset_after(file: BinaryIO, size: int, seq: int) -> int:
    """Where the record after `seq` starts. Bisects, so it reads O(log size) lines.

    `ValueError` when a line on the way is no record.
    """
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        start, line = line_starting_from(file, middle)
        if start >= high or not line:
            high = middle
        elif read_line(line).seq <= seq:
            low = start + len(line)
        else:
            high = middle
    return line_starting_from(file, low)[0]


def lines_from(file: BinaryIO, offset: int, end: int) -> Iterator[Line]:
    """The records between two offsets, read as they are asked for; `ValueError` for what is none."""
    file.seek(offset)
    while offset < end:
        data = file.readline()
        offset += len(data)
        yield read_line(data)
