"""What the streams at hand can show."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO


def prepare_streams() -> None:
    """Make stdout and stderr unable to fail on a character: what the encoding lacks is escaped.

    File names that are no UTF-8 and box-drawing characters in a C locale would otherwise end the
    program in the middle of a sentence. A stream that was closed becomes the null device, so that no
    other file takes its number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


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


def paint(text: str, codes: str, *, colour: bool) -> str:
    """The text in an ANSI style such as `31;1`, or as it is."""
    return f"\x1b[{codes}m{text}\x1b[0m" if colour and text else text
