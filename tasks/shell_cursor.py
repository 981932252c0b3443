"""A place in a shell text, and what is found there: the base on which the shell lexer is built."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from ..schemas.errors.expression import ExpressionError
from ..schemas.errors.shell_text import ExpressionAfterEscape, OpenShellText
from .expression.analysis import Problem
from .expression.scanner import Hole
from .shell_code import Code
from .shell_hints import told_in_text
from .shell_words import Words


class Place(Enum):
    """Where an expression stands, when a value can safely stand there."""

    BARE = auto()
    """Outside quotes: the reference is put into double quotes."""
    QUOTED = auto()
    """Inside double quotes or a here-document: the reference stands as it is."""


class Mode(Enum):
    """What encloses the text that is being read."""

    BARE = auto()
    DOUBLE = auto()
    HERE = auto()


@dataclass(slots=True)
class HereDocument:
    """A here-document whose body is still to come; `command` reads it."""

    delimiter: str
    quoted: bool
    strip_tabs: bool
    position: int
    command: Words


class Stop(Exception):
    """Reading cannot go on; the problem is already noted."""


class ShellCursor:
    """Moves through one text. `places` has the holes (by their start) where a value can stand."""

    def __init__(self, text: str, holes: Iterable[Hole]) -> None:
        self.text = text
        self.places: dict[int, Place] = {}
        self.problems: list[Problem] = []
        self._holes = {hole.start: hole for hole in holes}
        self._at = 0
        self._end = len(text)
        self._depth = 0
        self._pending: list[HereDocument] = []

    # ---- noting

    def _broken(self, message: str, position: int, hint: str | None = None) -> Stop:
        """Note that the text cannot be followed from `position` on; gives what to raise."""
        end = min(position + 1, len(self.text))
        self.problems.append(Problem(OpenShellText, message, hint, position, end))
        return Stop()

    def _refuse(self, hole: Hole, error: type[ExpressionError], message: str, hint: str) -> None:
        self.problems.append(Problem(error, message, hint, hole.start, hole.end))

    def _spelled(self, hole: Hole) -> str:
        return self.text[hole.start : hole.end]

    def _place(self, hole: Hole, place: Place, words: Words) -> None:
        if words.is_unclear:
            raise self._broken("shells disagree about `&>`", hole.start, "write `> FILE 2>&1` instead")
        code = words.reading()
        if code is not None:
            self._refuse_code(hole, code)
        else:
            words.note(hole)
            self.places[hole.start] = place

    def _refuse_code(self, hole: Hole, code: Code) -> None:
        self._refuse(hole, *told_in_text(code, self._spelled(hole)))

    def _refuse_after(self, hole: Hole, char: str) -> None:
        message = f"an expression stands right behind a `{char}`, which changes its meaning"
        hint = f"remove the `{char}`, or escape it: `\\{char}{self._spelled(hole)}`"
        self._refuse(hole, ExpressionAfterEscape, message, hint)

    # ---- moving

    def _peek(self, offset: int = 0) -> str:
        position = self._at + offset
        return self.text[position] if position < self._end else ""

    def _take_until(self, closer: str, opened: int, what: str, *, escapes: bool) -> list[Hole]:
        """Move behind the next `closer`; gives the expressions on the way."""
        holes: list[Hole] = []
        while self._at < self._end:
            hole = self._holes.get(self._at)
            if hole is not None:
                holes.append(hole)
                self._at = hole.end
            elif escapes and self._peek() == "\\":
                self._at += 1 if self._at + 1 in self._holes else 2
            elif self._peek() == closer:
                self._at += 1
                return holes
            else:
                self._at += 1
        raise self._broken(f"{what} is never closed", opened)

    def _plain(self, words: Words, run: re.Pattern[str], char: str) -> None:
        """Take a run of characters that mean nothing, or else the one at hand."""
        found = run.match(self.text, self._at, self._end)
        words.add(found[0] if found else char)
        self._at = found.end() if found else self._at + 1
