"""Finds `${{ … }}` in a text.

Only that one form counts; anything else in braces is left alone. The end of an expression is the
first `}}` that stands neither inside a string nor inside braces of the expression's own, so
`${{ "}}" }}` and `${{ {"a": {"b": 1}} }}` are one expression each. The text `${{` itself is written
`${{ "${{" }}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...schemas.errors.expression import UnterminatedExpression

OPENER = "${{"

_PAIRS = {")": "(", "]": "[", "}": "{"}
_INTERESTING = re.compile(r"""["'(){}\[\]]""")
_STRING = {
    '"': re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL),
    "'": re.compile(r"'[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of plain text, from `start` to `end` of what was scanned."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hole:
    """One expression. `source` is what stands between the braces, white space cut off; it begins at
    `offset`. `start` and `end` enclose it with its `${{ }}`."""

    source: str
    start: int
    end: int
    offset: int


Piece = Text | Hole


def scan(text: str) -> list[Piece]:
    """The pieces of `text` in order, without empty ones; joined they cover all of it.

    Raises `UnterminatedExpression`, whose facts `start` and `end` say where the expression begins.
    """
    pieces: list[Piece] = []
    position = 0
    while (start := text.find(OPENER, position)) >= 0:
        if start > position:
            pieces.append(Text(text[position:start], position, start))
        inside = start + len(OPENER)
        close = _find_end(text, start, inside)
        raw = text[inside:close]
        source = raw.strip()
        offset = inside + (len(raw) - len(raw.lstrip()) if source else 0)
        pieces.append(Hole(source, start, close + 2, offset))
        position = close + 2
    if position < len(text):
        pieces.append(Text(text[position:], position, len(text)))
    return pieces


def has_expression(text: str) -> bool:
    """True when `text` holds at least the beginning of an expression."""
    return OPENER in text


def whole_expression(pieces: list[Piece]) -> Hole | None:
    """The expression that a scanned text is, else None; its value then keeps its type.

    The line ends that a YAML block scalar adds do not count.
    """
    holes = [piece for piece in pieces if isinstance(piece, Hole)]
    if len(holes) != 1:
        return None
    bare = all(not piece.text.strip("\n") for piece in pieces if isinstance(piece, Text))
    return holes[0] if bare else None


def _find_end(text: str, start: int, position: int) -> int:
    """Where the `}}` stands that ends the expression whose `${{` is at `start`."""
    open_brackets: list[str] = []
    while match := _INTERESTING.search(text, position):
        char, position = match[0], match.end()
        if char in _STRING:
            string = _STRING[char].match(text, match.start())
            if string is None:
                raise UnterminatedExpression(
                    f"a string that begins with {char} inside an expression is never closed",
                    hint=f"close the string with another {char} before `}}}}`",
                    start=match.start(),
                    end=match.end(),
                )
            position = string.end()
        elif char in "([{":
            open_brackets.append(char)
        elif char == "}" and open_brackets[-1:] != ["{"] and text.startswith("}}", match.start()):
            # Brackets that are still open are the expression parser's to complain about.
            return match.start()
        elif open_brackets[-1:] == [_PAIRS[char]]:
            open_brackets.pop()
    raise UnterminatedExpression(
        "an expression begins with `${{` and is never closed",
        hint='close it with `}}`; the text `${{` itself is written `${{ "${{" }}`',
        start=start,
        end=start + len(OPENER),
    )
