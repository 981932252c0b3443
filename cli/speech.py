"""What the program says: data on stdout, words on stderr."""

from __future__ import annotations

import json
import sys
from typing import Any

from .terminal import has_colour, paint


def say(text: str) -> None:
    """One line of words, to stderr."""
    print(text, file=sys.stderr)


def say_dim(text: str) -> None:
    """One line of lesser words, to stderr."""
    say(paint(text, "2", colour=has_colour(sys.stderr)))


def give(text: str) -> None:
    """Data as text, to stdout, as it is: the caller ends its lines."""
    sys.stdout.write(text)


def give_json(value: Any) -> None:
    """Data as one JSON value, to stdout. What its encoding lacks is escaped (`streams.ESCAPE`)."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def give_bytes(data: bytes) -> None:
    """Raw bytes to stdout, in order with what was written as text."""
    sys.stdout.flush()
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(data.decode(errors="backslashreplace"))
    else:
        binary.write(data)
