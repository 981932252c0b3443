"""From a character of a YAML scalar's value back to its place in the file."""

from __future__ import annotations

import re
from collections.abc import Callable

_ESCAPES = dict(zip("0abtnvfreN_LP", "\0\a\b\t\n\v\f\r\x1b\x85\xa0\u2028\u2029", strict=True))
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_BREAK = r"(?:\r\n|\n|\r)"
_FOLD = re.compile(rf"[ \t]*{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*")
_ONE_BREAK = re.compile(_BREAK)
_HEADER = re.compile(rf"[|>][-+0-9]*[^\r\n]*{_BREAK}")

Pieces = list[tuple[str, int]]
"""The characters of a value, each with the offset at which it is written."""


def scalar_offsets(text: str, start: int, end: int, style: str, value: str) -> list[int] | None:
    """For each character of `value` the offset in `text` of the character that it is written as.

    The scalar stands from `start` to before `end`. None when reading it again does not give `value`:
    no place at all is better than a wrong one.
    """
    readers: dict[str, Callable[[str, int, int], Pieces]] = {
        "plain": _plain,
        "single": _single,
        "double": _double,
    }
    if style in readers:
        return _matching(readers[style](text, start, end), value)
    return _matching(_block(text, start, end, value), value)


def _matching(pieces: Pieces, value: str) -> list[int] | None:
    if "".join(character for character, _ in pieces) != value:
        return None
    return [offset for _, offset in pieces]


def _folded(fold: str, offset: int) -> Pieces:
    """What a run of white space with line ends in it is read as: one break a space, n breaks n-1."""
    breaks = [offset + found.start() for found in _ONE_BREAK.finditer(fold)]
    return [(" ", breaks[0])] if len(breaks) == 1 else [("\n", at) for at in breaks[1:]]


def _plain(text: str, start: int, end: int) -> Pieces:
    return _flow(text, start, end, lambda _, at: ([(text[at], at)], at + 1))


def _single(text: str, start: int, end: int) -> Pieces:
    def take(_: Pieces, at: int) -> tuple[Pieces, int]:
        return [(text[at], at)], at + (2 if text.startswith("''", at) else 1)

    return _flow(text, start + 1, end - 1, take)


def _double(text: str, start: int, end: int) -> Pieces:
    def take(_: Pieces, at: int) -> tuple[Pieces, int]:
        if text[at] != "\\":
            return [(text[at], at)], at + 1
        name = text[at + 1]
        if name in _HEX_DIGITS:
            past = at + 2 + _HEX_DIGITS[name]
            character = chr(int(text[at + 2 : past], 16))
            if "\ud800" <= character <= "\udbff" and text.startswith("\\u", past):
                character += chr(int(text[past + 2 : past + 6], 16))
                character = character.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
                past += 6
            return [(character, at)], past
        if name in "\r\n":
            # An escaped line end joins the lines; further empty lines still count.
            fold = _FOLD.match(text, at + 1, end)
            past = fold.end() if fold else at + 2
            breaks = [at + 1 + found.start() for found in _ONE_BREAK.finditer(text[at + 1 : past])]
            return [("\n", offset) for offset in breaks[1:]], past
        return [(_ESCAPES.get(name, name), at)], at + 2

    return _flow(text, start + 1, end - 1, take)


def _flow(text: str, start: int, end: int, take: Callable[[Pieces, int], tuple[Pieces, int]]) -> Pieces:
    pieces: Pieces = []
    at = start
    while at < end:
        fold = _FOLD.match(text, at, end) if text[at] in " \t\r\n" else None
        if fold:
            pieces += _folded(fold.group(), at)
            at = fold.end()
        else:
            taken, at = take(pieces, at)
            pieces += taken
    return pieces


def _block(text: str, start: int, end: int, value: str) -> Pieces:
    """The lines of a block, read with the indentation that gives `value`; literal ones and folded ones."""
    header = _HEADER.match(text, start)
    if header is None:
        return []
    lines = []
    at = header.end()
    while at < end:
        found = _ONE_BREAK.search(text, at)
        stop = found.start() if found else len(text)
        lines.append((at, stop))
        at = found.end() if found else stop
        if not found:
            break
    indent = _indent(text, lines, header.group())
    read = _literal if text[start] == "|" else _fold_block
    pieces = read(text, lines, indent)
    # Chomping only takes away or keeps line ends at the end, and the value tells which.
    while len(pieces) > len(value) and pieces[-1][0] == "\n":
        pieces.pop()
    return pieces


def _indent(text: str, lines: list[tuple[int, int]], header: str) -> int:
    """How many spaces each line of a block begins with that are not part of the value."""
    widths = [
        stop - start - len(text[start:stop].lstrip(" "))
        for start, stop in lines
        if text[start:stop].strip(" ")
    ]
    if not widths:
        return max((stop - start for start, stop in lines), default=0)
    # With an indentation indicator the first lines may be indented further than the block.
    return min(widths) if re.match(r"[|>][-+]?[1-9]", header) else widths[0]


def _literal(text: str, lines: list[tuple[int, int]], indent: int) -> Pieces:
    pieces: Pieces = []
    for start, stop in lines:
        pieces += [(text[at], at) for at in range(start + indent, stop)]
        pieces.append(("\n", stop))
    return pieces


def _fold_block(text: str, lines: list[tuple[int, int]], indent: int) -> Pieces:
    pieces: Pieces = []
    pending: list[int] = []
    before_spaced = True
    for start, stop in lines:
        content = [(text[at], at) for at in range(start + indent, stop)]
        if not content:
            pending.append(stop)
            continue
        spaced = content[0][0] in " \t"
        if pieces or pending:
            pieces += _between(pending, keep=spaced or before_spaced)
        pieces += content
        pending = [stop]
        before_spaced = spaced
    return pieces + [("\n", at) for at in pending]


def _between(pending: list[int], *, keep: bool) -> Pieces:
    """What the line ends between two lines of a folded block are read as."""
    if keep:
        return [("\n", at) for at in pending]
    return [(" ", pending[0])] if len(pending) == 1 else [("\n", at) for at in pending[1:]]
