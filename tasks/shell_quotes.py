"""Quotes and expansions of the shell: `'…'`, `"…"`, backticks, `$NAME`, `${…}`, `$(…)`, `$((…))`."""

from __future__ import annotations

import re

from ..schemas.errors.shell_text import ExpressionInBackticks, ExpressionInSingleQuotes
from .expression.scanner import Hole
from .shell_code import Code
from .shell_cursor import Mode, Place, ShellCursor
from .shell_words import Group, Words

_NAME = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]", re.ASCII)
_PLAIN_IN_QUOTES = re.compile(r"[^\"\\`$]+")
_VALUE_OPERATOR = re.compile(r":?[-=?+]")
_PATTERN_OPERATOR = re.compile(r"##?|%%?")
_QUOTES_IN_PARAMETER = "quotes inside a `${…}` that itself stands in quotes cannot be followed"
_QUOTES_HINT = "put the value into a variable first"
_SHELL_VARIABLES = frozenset({"SHELL", "BASH", "0"})
_ARITHMETIC = Code("arithmetic", "")
_PARAMETER = Code("parameter", "")


class ShellQuotes(ShellCursor):
    """Reads everything in which a word can consist of more than plain characters."""

    def _commands(self, closer: str | None, opened: int) -> Group:
        """Read commands up to and with `closer`, or to the end of the text when that is None."""
        raise NotImplementedError

    def _single_quotes(self) -> None:
        opened = self._at
        self._at += 1
        for hole in self._take_until("'", opened, "a single quote", escapes=False):
            fixed = self._spelled(hole)
            hint = f"use double quotes, or step out of the single ones: `'\"{fixed}\"'`"
            message = "an expression stands inside single quotes, where the shell puts in nothing"
            self._refuse(hole, ExpressionInSingleQuotes, message, hint)

    def _backticks(self) -> None:
        opened = self._at
        self._at += 1
        for hole in self._take_until("`", opened, "a backtick", escapes=True):
            message = "an expression stands inside backticks"
            self._refuse(hole, ExpressionInBackticks, message, "write `$(…)` instead of the backticks")

    def _double_quotes(self, words: Words) -> None:
        opened = self._at
        self._at += 1
        words.quote()
        while self._at < self._end:
            if self._peek() == '"':
                self._at += 1
                return
            self._quoted_char(words, Mode.DOUBLE)
        raise self._broken("a double quote is never closed", opened)

    def _quoted_char(self, words: Words, mode: Mode) -> None:
        """One step inside double quotes or a here-document, whose closing is the caller's."""
        hole = self._holes.get(self._at)
        if hole is not None:
            self._place(hole, Place.QUOTED, words)
            words.add("\0")
            self._at = hole.end
            return
        match self._peek():
            case "\\":
                self._backslash(words)
            case "`":
                self._backticks()
                words.add("\0")
            case "$":
                self._dollar(words, mode)
            case char:
                self._plain(words, _PLAIN_IN_QUOTES, char)

    def _backslash(self, words: Words) -> None:
        hole = self._holes.get(self._at + 1)
        if hole is not None:
            self._refuse_after(hole, "\\")
            self._at = hole.end
            words.add("\0")
            return
        words.add(self._peek(1).replace("\n", ""))
        self._at += 2

    def _dollar(self, words: Words, mode: Mode) -> None:
        opened = self._at
        follows = self._peek(1)
        hole = self._holes.get(self._at + 1)
        words.add("\0")
        if hole is not None:
            self._refuse_after(hole, "$")
            self._at = hole.end
        elif self.text.startswith("((", opened + 1):
            self._at += 3
            self._arithmetic(opened, words)
        elif follows == "(":
            self._at += 2
            self._substitution(opened, words)
        elif follows == "{":
            self._at += 2
            self._parameter(opened, mode, words)
        elif follows == "[":
            self._old_arithmetic(opened)
        elif follows == "'" and mode is Mode.BARE:
            self._ansi_quotes(opened)
        else:
            name = _NAME.match(self.text, self._at + 1, self._end)
            self._name(name[0] if name else "", words)
            self._at = name.end() if name else self._at + 1

    def _substitution(self, opened: int, words: Words) -> None:
        """Behind `$(`: up to and with the `)` that closes it."""
        code = words.reading()
        waiting = len(self._pending)
        words.put_in(self._commands(")", opened), code)
        if len(self._pending) != waiting:
            raise self._broken(
                "a here-document inside `$(…)` goes beyond it", opened, "put the `)` on a line of its own"
            )

    def _ansi_quotes(self, opened: int) -> None:
        # In bash `\'` goes on inside $'…', in dash it ends the quotes.
        self._at += 1
        close = self.text.find("'", self._at + 1, self._end)
        before = self.text[self._at + 1 : close]
        if close > 0 and (len(before) - len(before.rstrip("\\"))) % 2:
            raise self._broken(
                "shells disagree about `\\'` inside `$'…'`", opened, "use `printf` for special characters"
            )
        self._single_quotes()

    def _old_arithmetic(self, opened: int) -> None:
        self._at += 2
        while self._at < self._end and self._peek() not in "]\n":
            hole = self._holes.get(self._at)
            if hole is not None:
                self._refuse_code(hole, _ARITHMETIC)
                self._at = hole.end
            elif self._peek() in "'\"`":
                raise self._broken(
                    "quotes inside `$[…]` cannot be followed", opened, "write `$((…))` for arithmetic"
                )
            else:
                self._at += 1

    def _arithmetic(self, opened: int, words: Words) -> None:
        """Behind `$((` or `((`: up to and with the `))` that closes it."""
        depth = 0
        words = Words(within=words, always=_ARITHMETIC)
        while self._at < self._end:
            hole = self._holes.get(self._at)
            char = self._peek()
            if hole is not None:
                self._refuse_code(hole, _ARITHMETIC)
                self._at = hole.end
            elif char in "'\"`":
                raise self._broken(
                    "quotes inside `((…))` cannot be followed", opened, "write `( (` for a group in a group"
                )
            elif char == "$":
                self._dollar(words, Mode.DOUBLE)
            elif char == ")" and depth == 0:
                if self._peek(1) != ")":
                    raise self._broken(
                        "this `((` is not closed by `))`", opened, "write `( (` for a group in a group"
                    )
                self._at += 2
                return
            else:
                depth += (char == "(") - (char == ")")
                self._at += 2 if char == "\\" else 1
        raise self._broken("a `((` is never closed", opened)

    def _parameter(self, opened: int, mode: Mode, words: Words) -> None:
        """Behind `${`: up to and with the `}` that closes it."""
        kind = self._parameter_kind(words)
        if kind == "other" or mode is Mode.HERE:
            words = Words(within=words, always=_PARAMETER)
        while self._at < self._end:
            hole = self._holes.get(self._at)
            char = self._peek()
            if char == "}" and hole is None:
                self._at += 1
                return
            if hole is not None:
                self._hole_in_parameter(hole, kind, mode, words)
                self._at = hole.end
            elif char == "'":
                if mode is not Mode.BARE:
                    raise self._broken(_QUOTES_IN_PARAMETER, opened, _QUOTES_HINT)
                self._single_quotes()
            elif char == '"':
                self._quotes_in_parameter(opened, kind, mode, words)
            elif char == "\\":
                self._backslash(Words())
            elif char == "`":
                self._backticks()
            elif char == "$":
                self._dollar(Words(within=words), mode)
            else:
                self._at += 1
        raise self._broken("a `${` is never closed", opened)

    def _name(self, name: str, words: Words) -> None:
        """A variable that is put in: what it holds is not known, but for the name of the user's shell."""
        if name in _SHELL_VARIABLES:
            words.add(f"${name}")

    def _parameter_kind(self, words: Words) -> str:
        """Read the name and operator of `${…}`: `value`, `pattern`, or `other`."""
        if self._peek() == "#" and _NAME.match(self.text, self._at + 1, self._end):
            self._at += 1
        name = _NAME.match(self.text, self._at, self._end)
        if name is None or self._at in self._holes:
            return "other"
        self._name(name[0], words)
        self._at = name.end()
        for kind, operator in (("value", _VALUE_OPERATOR), ("pattern", _PATTERN_OPERATOR)):
            if found := operator.match(self.text, self._at, self._end):
                self._at = found.end()
                return kind
        return "other"

    def _hole_in_parameter(self, hole: Hole, kind: str, mode: Mode, words: Words) -> None:
        # A pattern is quoted afresh even inside double quotes, so that its value is no pattern.
        inside = mode is Mode.DOUBLE and kind == "value"
        self._place(hole, Place.QUOTED if inside else Place.BARE, words)

    def _quotes_in_parameter(self, opened: int, kind: str, mode: Mode, words: Words) -> None:
        if mode is Mode.HERE or (mode is Mode.DOUBLE and kind != "pattern"):
            raise self._broken(_QUOTES_IN_PARAMETER, opened, _QUOTES_HINT)
        self._double_quotes(Words(within=words))
