"""What the program says: data on stdout, words on stderr."""

from __future__ import annotations

import codecs
import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from .plain import visible
from .terminal import has_colour, is_terminal, paint


def say(text: str) -> None:
    """One line of words, to stderr."""
    print(text, file=sys.stderr)


def say_dim(text: str) -> None:
    """One line of lesser words, to stderr."""
    say(paint(text, "2", colour=has_colour(sys.stderr)))


def give(text: str) -> None:
    """Data as text, to stdout, as it is: the caller ends its lines."""
    sys.stdout.write(text)


def give_foreign(text: str) -> None:
    """Data with texts of others in it, to stdout: as it is, but on a terminal nothing that it would obey."""
    give(visible(text.replace("\r\n", "\n")) if is_terminal(sys.stdout) else text)


def harmless(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Raw bytes of others for stdout: as they are, but for a terminal as text that it does not obey.

    A carriage return begins a line there, as nothing may be written over.
    """
    if not is_terminal(sys.stdout):
        yield from pieces
        return
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    for piece in pieces:
        yield _encoded(decoder.decode(piece))
    yield _encoded(decoder.decode(b"", final=True))


def _encoded(text: str) -> bytes:
    return visible(text).encode(sys.stdout.encoding or "utf-8", "replace")


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
