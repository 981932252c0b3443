"""What the explanations of syntax errors look at: lines, and the keys and values on them."""

from __future__ import annotations

import re

from ..schemas.errors import YamlSyntax
from .source_text import SourceText

KEY_AND_VALUE = re.compile(
    r"^(?P<key>[ ]*(?:- +)*[^\s:#\"'][^:#]*?:[ ]+)(?P<value>\S.*?)(?P<tail>[ ]+#.*|[ ]*)$"
)
"""A line `key: value`, with what stands before and behind the value."""


def syntax_error(source: SourceText, message: str, hint: str | None, start: int, end: int) -> YamlSyntax:
    """The error about what stands from `start` to before `end`."""
    return YamlSyntax(message, hint=hint, span=source.span(start, end))


def line_of(source: SourceText, at: int) -> tuple[int, int, str]:
    """The number of the line at offset `at`, where it begins, and its text."""
    number = source.line_number(min(at, len(source.text)))
    start, _ = source.line_bounds(number)
    return number, start, source.line(number)


def width_of(line: str) -> int:
    """How many spaces `line` begins with."""
    return len(line) - len(line.lstrip(" "))
