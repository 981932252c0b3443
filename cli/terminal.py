"""What the streams at hand can show."""

from __future__ import annotations

import os
import shutil
from typing import TextIO


def is_terminal(stream: TextIO) -> bool:
    """Whether a person is likely to watch the stream."""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def has_colour(stream: TextIO) -> bool:
    """Whether to write ANSI colours: never with NO_COLOR (no-color.org) or a dumb terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM", "") not in {"", "dumb"}


def has_boxes(stream: TextIO) -> bool:
    """Whether the stream's encoding holds box-drawing characters."""
    try:
        "│╭←✓◆".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def columns(stream: TextIO) -> int | None:
    """The width to fit into, at least 20; None where nobody's screen limits it."""
    if not is_terminal(stream) and not os.environ.get("COLUMNS"):
        return None
    return max(20, shutil.get_terminal_size().columns)


def size_by_hand() -> tuple[int | None, int | None]:
    """Columns and lines where COLUMNS or LINES says 0, which stands for nothing; None leaves it to others."""
    width, height = shutil.get_terminal_size()
    return (
        width if os.environ.get("COLUMNS", "").strip("0") == "" and "COLUMNS" in os.environ else None,
        height if os.environ.get("LINES", "").strip("0") == "" and "LINES" in os.environ else None,
    )


def paint(text: str, codes: str, *, colour: bool) -> str:
    """The text in an ANSI style such as `31;1`, or as it is."""
    return f"\x1b[{codes}m{text}\x1b[0m" if colour and text else text
