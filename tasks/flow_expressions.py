"""Expressions inside `{ }` or `[ ]` without quotes: finding those of a line, and quoting them."""

from __future__ import annotations

from dataclasses import dataclass

from ..schemas.errors import InputError, UnquotedExpression
from .expression.scanner import OPENER, Hole, scan
from .quoting import in_quotes
from .source_text import SourceText

MOST_IN_A_LINE = 100
LONGEST = 1_000
"""Characters of one expression; a longer one is refused without being put in quotes."""
SHOWN = 200
"""Characters of a line that is shown with its quotes put in."""

Extent = tuple[int, int]


@dataclass(frozen=True, slots=True)
class UnquotedLine:
    """The unquoted expressions of one line: the error, and what to hide to be able to read on."""

    error: InputError
    expressions: tuple[Extent, ...]


def unquoted_at(source: SourceText, at: int) -> UnquotedLine | None:
    """The line on which the parser stopped at offset `at`, if an unquoted expression is the reason."""
    if not source.text.startswith(OPENER, at - 1):
        return None
    first, last = source.line_bounds(source.line_number(at))
    line = source.text[first:last]
    expressions: list[Extent] = []
    pieces: list[str] = []
    copied = 0
    # What stands before the expression that the parser stopped at is sound as it is.
    position: int | None = _value_start(line, at - 1 - first)
    while position is not None and len(expressions) < MOST_IN_A_LINE:
        value, inside = _value(line, position)
        if inside:
            pieces += [line[copied:position], in_quotes(line[position:value])]
            copied = value
            expressions += [(first + start, first + end) for start, end in inside]
        position = _next_unquoted(line, max(value, position + 1))
    fixed = "".join([*pieces, line[copied:]]).strip()
    start = at - 1
    end = next((end for begin, end in expressions if begin == start), last)
    error = UnquotedExpression(
        "an expression inside `{ }` or `[ ]` needs quotes",
        hint="put the whole value in quotes"
        + (f":\n    {fixed}" if expressions and len(fixed) <= SHOWN else ""),
        span=source.span(start, end),
    )
    return UnquotedLine(error, tuple(expressions))


def _value_start(line: str, dollar: int) -> int:
    """Where the plain text begins that holds the expression at `dollar`."""
    start = dollar
    while start and line[start - 1] not in "[{,":
        if line[start - 1] == " " and line[start - 2 : start - 1] in (":", "-", ",", ""):
            break
        start -= 1
    while line[start] == " ":
        start += 1
    return start


def _value(line: str, start: int) -> tuple[int, list[Extent]]:
    """Where the value ends that begins at `start`, and the expressions in it."""
    inside: list[Extent] = []
    at = start
    while at < len(line) and line[at] not in ",]}":
        if line.startswith(OPENER, at):
            end = _expression_end(line, at)
            if end is None:
                return len(line), []
            inside.append((at, end))
            at = end
        elif line.startswith((": ", " #"), at):
            break
        else:
            at += 1
    while at > start and line[at - 1] == " ":
        at -= 1
    return at, inside


def _expression_end(line: str, start: int) -> int | None:
    try:
        first = scan(line[start : start + LONGEST])[0]
    except InputError:
        return None
    return start + first.end if isinstance(first, Hole) else None


def _is_start(line: str, at: int) -> bool:
    """Whether a value begins at `at`."""
    before = at - 1
    while before >= 0 and line[before] == " ":
        before -= 1
    return before >= 0 and line[before] in ",[{:"


def _next_unquoted(line: str, position: int) -> int | None:
    """Where the next value begins that holds an unquoted expression, from `position` on."""
    quote = ""
    for at in range(position, len(line)):
        character = line[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and _is_start(line, at):
            quote = character
        elif line.startswith(OPENER, at):
            return max(_value_start(line, at), position)
        elif line.startswith(" #", at):
            return None
    return None
