"""Results that go to a file which a flag names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..schemas.errors import CannotWriteFile


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write the pieces to `path`, in place of what it held; CannotWriteFile when that fails.

    The file is opened before the first piece is asked for.
    """
    try:
        file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise _cannot(path, error) from error
    with file:
        for piece in pieces:
            try:
                file.write(piece)
            except OSError as error:
                raise _cannot(path, error) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write the data to `path`, in place of what it held; CannotWriteFile when that fails."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> CannotWriteFile:
    why = (error.strerror or str(error)).lower()
    return CannotWriteFile(f"`{path}` cannot be written: {why}", hint="without the flag it goes to stdout")
