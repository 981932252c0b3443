"""Results that go to a file which a flag names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..schemas.errors import CannotWriteFile
from .streams import ESCAPE


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write the pieces to `path`, in place of what it held; CannotWriteFile when that fails.

    The file is opened before the first piece is asked for.
    """
    try:
        with path.open("w", encoding="utf-8", errors=ESCAPE, newline="") as file:
            for piece in pieces:
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
