"""Tells for each expression in a `run:` string in which part of the shell's syntax it stands.

The text is read as POSIX sh reads it (POSIX.1-2017, Shell Command Language, sections 2.2, 2.3, 2.6
and 2.7), with an eye on what bash reads differently: `sh` is dash on one machine and bash on the
next. Where the two could disagree about a place, or where the reader cannot follow, the answer is
an error and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..schemas.errors.shell_text import ExpressionInComment
from .shell_cursor import Mode, Place, Stop
from .shell_here_documents import ShellHereDocuments
from .shell_words import Words

_NESTING = 40
_REDIRECTION = re.compile(r"<<<|<<|<>|<&|>>|>&|>\||<|>")
_PLAIN = re.compile(r"[\w./:,@%+=-]+")
_IN_TEST = ("`[[ … ]]`", "write `[ … ]`, which every shell has")


@dataclass(slots=True)
class _Level:
    """The commands of a text, of a `$(…)` or of a `(…)`."""

    closer: str | None
    opened: int
    words: Words = field(default_factory=Words)
    cases: list[bool] = field(default_factory=list)
    """One entry per open `case`; true once its `in` has been read."""
    in_test: bool = False
    is_closed: bool = False


class ShellLexer(ShellHereDocuments):
    """Reads one text once, and says for each expression where it stands, or what is wrong there."""

    def read(self) -> None:
        """Fill `places` and `problems`."""
        try:
            self._commands(None, 0)
            if self._pending:
                raise self._broken("a here-document begins on the last line", self._pending[0].position)
        except Stop:
            pass

    def _commands(self, closer: str | None, opened: int) -> None:
        self._depth += 1
        if self._depth > _NESTING:
            raise self._broken("the shell text nests too deeply", opened)
        level = _Level(closer, opened)
        while self._at < self._end and not level.is_closed:
            if self._at in self._holes:
                self._hole(level)
            else:
                char = self._peek()
                step = _STEPS.get(char)
                if step is not None:
                    step(self, level)
                else:
                    self._plain(level.words, _PLAIN, char)
        self._end_command(level)
        if not level.is_closed and closer is not None:
            raise self._broken("a `(` is never closed", opened)
        if level.cases:
            raise self._broken("a `case` is never closed by `esac`", opened)
        self._depth -= 1

    # ---- one step each

    def _hole(self, level: _Level) -> None:
        hole = self._holes[self._at]
        if level.in_test:
            self._refuse_evaluated(hole, *_IN_TEST)
        else:
            self._place(hole, Place.BARE, level.words)
        level.words.quote()
        level.words.add("\0")
        self._at = hole.end

    def _escape(self, level: _Level) -> None:
        level.words.quote()
        self._backslash(level.words)

    def _in_single_quotes(self, level: _Level) -> None:
        start = self._at + 1
        self._single_quotes()
        level.words.quote()
        level.words.add(self.text[start : self._at - 1])

    def _in_double_quotes(self, level: _Level) -> None:
        before = set(self.places) if level.in_test else set()
        self._double_quotes(level.words)
        if level.in_test:
            for start in set(self.places) - before:
                del self.places[start]
                self._refuse_evaluated(self._holes[start], *_IN_TEST)

    def _in_backticks(self, level: _Level) -> None:
        self._backticks()
        level.words.add("\0")

    def _expansion(self, level: _Level) -> None:
        self._dollar(level.words, Mode.BARE)

    def _hash(self, level: _Level) -> None:
        if level.words.current is None:
            self._comment()
        else:
            self._plain(level.words, _PLAIN, "#")

    def _blank(self, level: _Level) -> None:
        self._end_word(level)
        self._at += 1

    def _separator(self, level: _Level) -> None:
        self._end_command(level)
        self._at += 1

    def _line_end(self, level: _Level) -> None:
        self._separator(level)
        if self._pending:
            self._read_here_documents()

    def _redirection(self, level: _Level) -> None:
        sign = _REDIRECTION.match(self.text, self._at)
        if sign is not None and sign[0] == "<<":
            self._end_word(level)
            self._begin_here_document(level.words)
            return
        if level.in_test:
            self._end_word(level)
        else:
            level.words.redirect()
        self._at += len(sign[0]) if sign is not None else 1

    def _group(self, level: _Level) -> None:
        opened = self._at
        self._end_word(level)
        if self._peek(1) == "(":
            self._at += 2
            self._arithmetic(opened, level.words)
        else:
            self._at += 1
            self._commands(")", opened)
        if not level.in_test:
            self._end_command(level)

    def _close(self, level: _Level) -> None:
        self._end_command(level)
        if not level.cases and level.closer is None:
            raise self._broken("a `)` has no `(`", self._at)
        self._at += 1
        # Inside a `case`, it is the `)` behind a pattern: commands begin.
        level.is_closed = not level.cases

    def _comment(self) -> None:
        end = self.text.find("\n", self._at, self._end)
        end = self._end if end < 0 else end
        while self._at < end:
            hole = self._holes.get(self._at)
            if hole is None:
                self._at += 1
                continue
            hint = "remove it, or move it out of the comment"
            self._refuse(
                hole, ExpressionInComment, "an expression stands in a comment of the shell text", hint
            )
            self._at = hole.end
            end = max(end, self._at)

    # ---- ends

    def _end_word(self, level: _Level) -> None:
        word = level.words.current
        quoted = level.words.is_quoted
        leading = level.words.end_word()
        if leading == "case":
            level.cases.append(False)
        elif leading == "esac" and level.cases:
            level.cases.pop()
        elif leading == "[[":
            level.in_test = True
        elif word == "]]" and not quoted:
            level.in_test = False
        elif word == "in" and level.cases and not level.cases[-1]:
            level.cases[-1] = True
            level.words = Words()

    def _end_command(self, level: _Level) -> None:
        self._end_word(level)
        if not level.in_test:
            level.words = Words()


_STEPS: dict[str, Callable[[ShellLexer, _Level], None]] = {
    "\\": ShellLexer._escape,
    "'": ShellLexer._in_single_quotes,
    '"': ShellLexer._in_double_quotes,
    "`": ShellLexer._in_backticks,
    "$": ShellLexer._expansion,
    "#": ShellLexer._hash,
    **dict.fromkeys(" \t", ShellLexer._blank),
    **dict.fromkeys(";&|", ShellLexer._separator),
    "\n": ShellLexer._line_end,
    **dict.fromkeys("<>", ShellLexer._redirection),
    "(": ShellLexer._group,
    ")": ShellLexer._close,
}
"""What the characters mean that mean something outside quotes."""
