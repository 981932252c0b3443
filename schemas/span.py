"""Where in a text something stands."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]
"""A place inside a document: the keys and list positions that lead to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one line of a file: `line` and `column` count from 1, in characters.

    `length` is the number of characters to underline, at least 1; a span never covers more than
    one line. `text` is that whole line without its line ending, kept here so that an error can be
    drawn after the file has changed or gone.
    """

    file: str
    line: int
    column: int
    length: int = 1
    text: str = ""
