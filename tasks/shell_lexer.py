"""Tells for each expression in a `run:` string in which part of the shell's syntax it stands.

The text is read as POSIX sh reads it (POSIX.1-2017, Shell Command Language, sections 2.2, 2.3, 2.6
and 2.7), with an eye on what bash reads differently: `sh` is dash on one machine and bash on the
next. Where the two could disagree about a place, or where the reader cannot follow, the answer is
an error and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from ..schemas.errors.expression import ExpressionError
from ..schemas.errors.shell_text import (
    ExpressionAfterEscape,
    ExpressionInBackticks,
    ExpressionInCode,
    ExpressionInComment,
    ExpressionInEvaluatedText,
    ExpressionInQuotedHereDocument,
    ExpressionInSingleQuotes,
    OpenShellText,
)
from .expression.analysis import Problem
from .expression.scanner import Hole
from .shell_words import Reading, Words

_NESTING = 40
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]", re.ASCII)
_REDIRECTION = re.compile(r"<<<|<<|<>|<&|>>|>&|>\||<|>")
_VALUE_OPERATOR = re.compile(r":?[-=?+]")
_PATTERN_OPERATOR = re.compile(r"##?|%%?")


class Place(Enum):
    """Where an expression stands, when a value can safely stand there."""

    BARE = auto()
    """Outside quotes: the reference is put into double quotes."""
    QUOTED = auto()
    """Inside double quotes or a here-document: the reference stands as it is."""


class _Mode(Enum):
    BARE = auto()
    DOUBLE = auto()
    HERE = auto()


@dataclass(slots=True)
class _HereDocument:
    delimiter: str
    quoted: bool
    strip_tabs: bool
    position: int
    command: Words


class _Stop(Exception):
    """Reading cannot go on; the problem is already noted."""


class ShellLexer:
    """Reads one text once. `places` has the holes (by their start) where a value can stand."""

    def __init__(self, text: str, holes: Iterable[Hole]) -> None:
        self.text = text
        self.places: dict[int, Place] = {}
        self.problems: list[Problem] = []
        self._holes = {hole.start: hole for hole in holes}
        self._at = 0
        self._end = len(text)
        self._depth = 0
        self._pending: list[_HereDocument] = []

    def read(self) -> None:
        """Fill `places` and `problems`."""
        try:
            self._commands(None, 0)
            if self._pending:
                self._stop("a here-document begins on the last line", self._pending[0].position)
        except _Stop:
            pass

    # ---- noting

    def _stop(self, message: str, position: int, hint: str | None = None) -> None:
        end = min(position + 1, len(self.text))
        self.problems.append(Problem(OpenShellText, message, hint, position, end))
        raise _Stop

    def _refuse(self, hole: Hole, error: type[ExpressionError], message: str, hint: str) -> None:
        self.problems.append(Problem(error, message, hint, hole.start, hole.end))

    def _spelled(self, hole: Hole) -> str:
        return self.text[hole.start : hole.end]

    def _place(self, hole: Hole, place: Place, words: Words) -> None:
        reading = words.reading()
        if reading is Reading.CODE:
            message = "an expression stands in text that a shell runs as a program"
            hint = "hand the value over instead: `sh -c 'echo \"$1\"' sh ${{ … }}`, or by `env`"
            self._refuse(hole, ExpressionInCode, message, hint)
        elif reading is Reading.EVALUATED:
            self._refuse_evaluated(hole, "an array subscript or an integer declaration")
        else:
            self.places[hole.start] = place

    def _refuse_evaluated(self, hole: Hole, where: str, hint: str | None = None) -> None:
        message = f"an expression stands in {where}, where some shells run what a value holds"
        hint = hint or "put the value into a variable first, or work it out inside the `${{ … }}`"
        self._refuse(hole, ExpressionInEvaluatedText, message, hint)

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
        self._stop(f"{what} is never closed", opened)
        return holes

    # ---- commands

    def _commands(self, closer: str | None, opened: int) -> None:
        """Read commands up to and with `closer`, or to the end of the text when that is None."""
        self._depth += 1
        if self._depth > _NESTING:
            self._stop("the shell text nests too deeply", opened)
        _Commands(self, closer, opened).read()
        self._depth -= 1

    def _single_quotes(self) -> None:
        opened = self._at
        self._at += 1
        for hole in self._take_until("'", opened, "a single quote", escapes=False):
            fixed = self._spelled(hole)
            hint = f"use double quotes, which are safe here: `\"{fixed}\"`"
            message = "an expression stands inside single quotes, where the shell puts in nothing"
            self._refuse(hole, ExpressionInSingleQuotes, message, hint)

    def _backticks(self) -> None:
        opened = self._at
        self._at += 1
        for hole in self._take_until("`", opened, "a backtick", escapes=True):
            message = "an expression stands inside backticks"
            self._refuse(hole, ExpressionInBackticks, message, "write `$(…)` instead of the backticks")

    def _comment(self) -> None:
        end = self.text.find("\n", self._at, self._end)
        end = self._end if end < 0 else end
        while self._at < end:
            hole = self._holes.get(self._at)
            if hole is None:
                self._at += 1
                continue
            hint = "remove it, or move it out of the comment"
            self._refuse(hole, ExpressionInComment, "an expression stands in a comment of the shell text", hint)
            self._at = hole.end
            end = max(end, self._at)

    def _double_quotes(self, words: Words) -> None:
        opened = self._at
        self._at += 1
        words.quote()
        while self._at < self._end:
            if self._peek() == '"':
                self._at += 1
                return
            self._quoted_char(words, _Mode.DOUBLE)
        self._stop("a double quote is never closed", opened)

    def _quoted_char(self, words: Words, mode: _Mode) -> None:
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
                words.add(char)
                self._at += 1

    def _backslash(self, words: Words) -> None:
        hole = self._holes.get(self._at + 1)
        if hole is not None:
            self._refuse_after(hole, "\\")
            self._at = hole.end
            words.add("\0")
            return
        words.add(self._peek(1).replace("\n", ""))
        self._at += 2

    def _refuse_after(self, hole: Hole, char: str) -> None:
        message = f"an expression stands right behind a `{char}`, which changes its meaning"
        hint = f"remove the `{char}`, or put it into single quotes: `'{char}'{self._spelled(hole)}`"
        self._refuse(hole, ExpressionAfterEscape, message, hint)

    # ---- expansions

    def _dollar(self, words: Words, mode: _Mode) -> None:
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
            waiting = len(self._pending)
            self._commands(")", opened)
            if len(self._pending) != waiting:
                self._stop("a here-document inside `$(…)` goes beyond it", opened, "put the `)` on a line of its own")
        elif follows == "{":
            self._at += 2
            self._parameter(opened, mode, words)
        elif follows == "[":
            self._old_arithmetic(opened)
        elif follows == "'" and mode is _Mode.BARE:
            self._ansi_quotes(opened)
        else:
            name = _NAME.match(self.text, self._at + 1, self._end)
            self._at = name.end() if name else self._at + 1

    def _ansi_quotes(self, opened: int) -> None:
        # In bash `\'` goes on inside $'…', in dash it ends the quotes.
        self._at += 1
        close = self.text.find("'", self._at + 1, self._end)
        before = self.text[self._at + 1 : close]
        if close > 0 and (len(before) - len(before.rstrip("\\"))) % 2:
            self._stop("shells disagree about `\\'` inside `$'…'`", opened, "use `printf` for special characters")
        self._single_quotes()

    def _old_arithmetic(self, opened: int) -> None:
        self._at += 2
        while self._at < self._end and self._peek() not in "]\n":
            hole = self._holes.get(self._at)
            if hole is not None:
                self._refuse_evaluated(hole, "arithmetic")
                self._at = hole.end
            elif self._peek() in "'\"`":
                self._stop("quotes inside `$[…]` cannot be followed", opened, "write `$((…))` for arithmetic")
            else:
                self._at += 1

    def _arithmetic(self, opened: int, words: Words) -> None:
        """Behind `$((` or `((`: up to and with the `))` that closes it."""
        depth = 0
        while self._at < self._end:
            hole = self._holes.get(self._at)
            char = self._peek()
            if hole is not None:
                self._refuse_evaluated(hole, "arithmetic", "calculate inside the expression: `${{ params.n + 1 }}`")
                self._at = hole.end
            elif char in "'\"`":
                self._stop("quotes inside `((…))` cannot be followed", opened, "write `( (` for a group in a group")
            elif char == "$":
                self._dollar(words, _Mode.DOUBLE)
            elif char == ")" and depth == 0:
                if self._peek(1) != ")":
                    self._stop("this `((` is not closed by `))`", opened, "write `( (` for a group in a group")
                self._at += 2
                return
            else:
                depth += (char == "(") - (char == ")")
                self._at += 2 if char == "\\" else 1
        self._stop("a `((` is never closed", opened)

    def _parameter(self, opened: int, mode: _Mode, words: Words) -> None:
        """Behind `${`: up to and with the `}` that closes it."""
        kind = self._parameter_kind()
        inner = Words()
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
                if mode is not _Mode.BARE:
                    self._stop(_QUOTES_IN_PARAMETER, opened, _QUOTES_HINT)
                self._single_quotes()
            elif char == '"':
                self._quotes_in_parameter(opened, kind, mode)
            elif char == "\\":
                self._backslash(inner)
            elif char == "`":
                self._backticks()
            elif char == "$":
                self._dollar(inner, mode)
            else:
                self._at += 1
        self._stop("a `${` is never closed", opened)

    def _parameter_kind(self) -> str:
        """Read the name and operator of `${…}`: `value`, `pattern`, or `other`."""
        if self._peek() == "#" and _NAME.match(self.text, self._at + 1, self._end):
            self._at += 1
        name = _NAME.match(self.text, self._at, self._end)
        if name is None or self._at in self._holes:
            return "other"
        self._at = name.end()
        for kind, operator in (("value", _VALUE_OPERATOR), ("pattern", _PATTERN_OPERATOR)):
            if found := operator.match(self.text, self._at, self._end):
                self._at = found.end()
                return kind
        return "other"

    def _hole_in_parameter(self, hole: Hole, kind: str, mode: _Mode, words: Words) -> None:
        if kind == "other" or mode is _Mode.HERE:
            self._refuse_evaluated(hole, "a `${…}` of this kind")
        else:
            # A pattern is quoted afresh even inside double quotes, so that its value is no pattern.
            inside = mode is _Mode.DOUBLE and kind == "value"
            self._place(hole, Place.QUOTED if inside else Place.BARE, words)

    def _quotes_in_parameter(self, opened: int, kind: str, mode: _Mode) -> None:
        if mode is _Mode.HERE or (mode is _Mode.DOUBLE and kind != "pattern"):
            self._stop(_QUOTES_IN_PARAMETER, opened, _QUOTES_HINT)
        self._double_quotes(Words())

    # ---- here-documents

    def begin_here_document(self, command: Words) -> None:
        """At `<<`: note the delimiter; the body follows at the next end of a line."""
        position = self._at
        self._at += 2
        strip_tabs = self._peek() == "-"
        self._at += strip_tabs
        while self._peek() in (" ", "\t"):
            self._at += 1
        delimiter = ""
        quoted = False
        while (char := self._peek()) and char not in " \t\n;&|<>()":
            if self._at in self._holes:
                self._stop("an expression cannot mark the end of a here-document", self._at)
            if char in "'\"":
                start = self._at + 1
                self._at = start
                self._take_until(char, position, "the delimiter of a here-document", escapes=False)
                delimiter += self.text[start : self._at - 1]
                quoted = True
            else:
                quoted = quoted or char == "\\"
                self._at += char == "\\"
                delimiter += self._peek()
                self._at += 1
        if not delimiter:
            self._stop("a here-document has no delimiter", position)
        self._pending.append(_HereDocument(delimiter, quoted, strip_tabs, position, command))

    def read_here_documents(self) -> None:
        """At the beginning of a line: the bodies that wait, in order."""
        pending, self._pending = self._pending, []
        for document in pending:
            end, following = self._body_of(document)
            self._read_body(document, end)
            self._at = following

    def _body_of(self, document: _HereDocument) -> tuple[int, int]:
        """Where the body ends, and where the line behind its delimiter begins."""
        start = self._at
        continued = False
        while start < self._end:
            stop = self._line_end(start)
            line = self.text[start:stop]
            if (line.lstrip("\t") if document.strip_tabs else line) == document.delimiter:
                if continued and not document.quoted:
                    self._stop("a line that ends in `\\` stands before the end of a here-document", document.position)
                return start, min(stop + 1, self._end)
            continued = (len(line) - len(line.rstrip("\\"))) % 2 == 1
            start = stop + 1
        self._stop(f"the here-document is never closed by `{document.delimiter}`", document.position)
        return start, start

    def _line_end(self, start: int) -> int:
        """Where the line ends; a line end inside an expression does not count."""
        position = start
        while position < self._end and self.text[position] != "\n":
            hole = self._holes.get(position)
            position = hole.end if hole is not None else position + 1
        return min(position, self._end)

    def _read_body(self, document: _HereDocument, end: int) -> None:
        outer, self._end = self._end, end
        program = document.command.reads_program()
        while self._at < self._end:
            hole = self._holes.get(self._at)
            if hole is not None and (document.quoted or program):
                self._refuse_in_body(hole, document)
                self._at = hole.end
            elif document.quoted:
                self._at += 1
            else:
                self._quoted_char(Words(), _Mode.HERE)
        self._end = outer

    def _refuse_in_body(self, hole: Hole, document: _HereDocument) -> None:
        if document.quoted:
            message = "an expression stands in a here-document that takes its text as it is"
            hint = f"write `<<{document.delimiter}` without quotes, and `\\$` for a `$` that shall stay"
            self._refuse(hole, ExpressionInQuotedHereDocument, message, hint)
        else:
            message = "an expression stands in text that a shell runs as a program"
            self._refuse(hole, ExpressionInCode, message, "hand the value over as an argument or by `env`")


_QUOTES_IN_PARAMETER = "quotes inside a `${…}` that itself stands in quotes cannot be followed"
_QUOTES_HINT = "put the value into a variable first"


class _Commands:
    """The commands of a text, a `$(…)` or a `(…)`: what is outside quotes."""

    def __init__(self, lexer: ShellLexer, closer: str | None, opened: int) -> None:
        self._lexer = lexer
        self._closer = closer
        self._opened = opened
        self._words = Words()
        self._cases: list[bool] = []
        """One entry per open `case`; true once its `in` has been read."""
        self._in_test = False

    def read(self) -> None:
        lexer = self._lexer
        while lexer._at < lexer._end:
            if lexer._at in lexer._holes:
                self._hole()
            elif self._char(lexer._peek()):
                return
        self._end_command()
        if self._closer is not None:
            lexer._stop("a `(` is never closed", self._opened)
        if self._cases:
            lexer._stop("a `case` is never closed by `esac`", self._opened)

    def _hole(self) -> None:
        lexer = self._lexer
        hole = lexer._holes[lexer._at]
        if self._in_test:
            lexer._refuse_evaluated(hole, "`[[ … ]]`", "write `[ … ]`, which every shell has")
        else:
            lexer._place(hole, Place.BARE, self._words)
        self._words.quote()
        self._words.add("\0")
        lexer._at = hole.end

    def _char(self, char: str) -> bool:
        """One step; true when the closing parenthesis has been read."""
        lexer = self._lexer
        match char:
            case "\\":
                self._words.quote()
                lexer._backslash(self._words)
            case "'":
                start = lexer._at + 1
                lexer._single_quotes()
                self._words.quote()
                self._words.add(lexer.text[start : lexer._at - 1])
            case '"':
                self._double_quotes()
            case "`":
                lexer._backticks()
                self._words.add("\0")
            case "$":
                lexer._dollar(self._words, _Mode.BARE)
            case "#" if self._words.current is None:
                lexer._comment()
            case " " | "\t":
                self._end_word()
                lexer._at += 1
            case "\n":
                self._end_command()
                lexer._at += 1
                if lexer._pending:
                    lexer.read_here_documents()
            case ";" | "&" | "|":
                self._end_command()
                lexer._at += 1
            case "<" | ">":
                self._redirection()
            case "(":
                self._group()
            case ")":
                return self._close()
            case _:
                self._words.add(char)
                lexer._at += 1
        return False

    def _double_quotes(self) -> None:
        lexer = self._lexer
        if not self._in_test:
            lexer._double_quotes(self._words)
            return
        before = set(lexer.places)
        lexer._double_quotes(self._words)
        for start in set(lexer.places) - before:
            del lexer.places[start]
            lexer._refuse_evaluated(lexer._holes[start], "`[[ … ]]`", "write `[ … ]`, which every shell has")

    def _redirection(self) -> None:
        lexer = self._lexer
        sign = _REDIRECTION.match(lexer.text, lexer._at)
        if sign is not None and sign[0] == "<<":
            self._end_word()
            lexer.begin_here_document(self._words)
            return
        if self._in_test:
            self._end_word()
        else:
            self._words.redirect()
        lexer._at += len(sign[0]) if sign is not None else 1

    def _group(self) -> None:
        lexer = self._lexer
        opened = lexer._at
        self._end_word()
        if lexer._peek(1) == "(":
            lexer._at += 2
            lexer._arithmetic(opened, self._words)
        else:
            lexer._at += 1
            lexer._commands(")", opened)
        if not self._in_test:
            self._end_command()

    def _close(self) -> bool:
        lexer = self._lexer
        self._end_command()
        if not self._cases and self._closer is None:
            lexer._stop("a `)` has no `(`", lexer._at)
        lexer._at += 1
        # Inside a `case`, it is the `)` behind a pattern: commands begin.
        return not self._cases

    def _end_word(self) -> None:
        word = self._words.current
        quoted = self._words._quoted
        leading = self._words.end_word()
        if leading == "case":
            self._cases.append(False)
        elif leading == "esac" and self._cases:
            self._cases.pop()
        elif leading == "[[":
            self._in_test = True
        elif word == "]]" and not quoted:
            self._in_test = False
        elif word == "in" and self._cases and not self._cases[-1]:
            self._cases[-1] = True
            self._words = Words()

    def _end_command(self) -> None:
        self._end_word()
        if not self._in_test:
            self._words = Words()
