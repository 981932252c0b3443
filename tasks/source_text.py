"""A text with its lines: from an offset to a place that a person can find."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from ..schemas.span import Span

_LINE_END = re.compile(r"\r\n|\n|\r")


class SourceText:
    """The text of a file. Offsets count characters from 0; a byte order mark is not part of it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def line_number(self, offset: int) -> int:
        """The line, counted from 0, that `offset` lies on."""
        return bisect_right(self.line_starts, offset) - 1

    def line_bounds(self, number: int) -> tuple[int, int]:
        """Where line `number`, counted from 0, begins, and where it ends without its line ending."""
        start = self.line_starts[number]
        last = number + 1 == len(self.line_starts)
        end = len(self.text) if last else self.line_starts[number + 1]
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def line(self, number: int) -> str:
        """The text of line `number`, counted from 0, without its line ending."""
        start, end = self.line_bounds(number)
        return self.text[start:end]

    def is_indentation(self, offset: int) -> bool:
        """Whether nothing but white space stands before `offset` on its line."""
        first, _ = self.line_bounds(self.line_number(offset))
        return not self.text[first:offset].strip()

    def span(self, start: int, end: int | None = None) -> Span:
        """The stretch from `start` to before `end`, cut at the end of its first line."""
        start = min(max(start, 0), len(self.text))
        number = self.line_number(start)
        first, last = self.line_bounds(number)
        length = min(start + 1 if end is None else end, last) - start
        return Span(
            file=self.file,
            line=number + 1,
            column=start - first + 1,
            length=max(length, 1),
            text=self.text[first:last],
        )
