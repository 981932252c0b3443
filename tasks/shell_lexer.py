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
from .expression.scanner import Hole
from .shell_code import Code
from .shell_cursor import Mode, Place, Stop
from .shell_flows import Flows
from .shell_here_documents import ShellHereDocuments
from .shell_hints import told_on_input
from .shell_words import OPENERS, Group, Words

_NESTING = 40
_REDIRECTION = re.compile(r"<<<|<<|<>|<&|>>|>&|>\||<|>")
_PLAIN = re.compile(r"[\w./:,@%+=-]+")
_TEST = Code("test", "")


@dataclass(slots=True)
class _Level:
    """The commands of a text, of a `$(…)` or of a `(…)`."""

    closer: str | None
    opened: int
    words: Words
    groups: list[Group] = field(default_factory=lambda: [Group()])
    """What is open: all of the level, and inside it `{`, `if`, `while` and so on."""
    cases: list[bool] = field(default_factory=list)
    """One entry per open `case`; true once its `in` has been read."""
    in_test: bool = False
    is_closed: bool = False


class ShellLexer(ShellHereDocuments):
    """Reads one text once, and says for each expression where it stands, or what is wrong there."""

    def read(self) -> None:
        """Fill `places` and `problems`."""
        try:
            everything = self._commands(None, 0)
            if self._pending:
                raise self._broken("a here-document begins on the last line", self._pending[0].position)
        except Stop:
            return
        Flows(self._refuse_code, self._refuse_input).follow(everything)

    def _refuse_input(self, hole: Hole, code: Code) -> None:
        self._refuse(hole, *told_on_input(code, self._spelled(hole)))

    def _commands(self, closer: str | None, opened: int, words: Words | None = None) -> Group:
        self._depth += 1
        if self._depth > _NESTING:
            raise self._broken("the shell text nests too deeply", opened)
        level = _Level(closer, opened, words or Words())
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
        while len(level.groups) > 1:
            self._end_group(level)
        return level.groups[0]

    # ---- one step each

    def _hole(self, level: _Level) -> None:
        hole = self._holes[self._at]
        self._place(hole, Place.BARE, level.words)
        level.words.quote()
        level.words.add("\0")
        self._at = hole.end

    def _escape(self, level: _Level) -> None:
        if self._peek(1) == "\n":
            self._line_goes_on()
            return
        level.words.quote()
        self._backslash(level.words)

    def _line_goes_on(self) -> None:
        """`\\` at the end of a line: the shell takes both away, before it looks at anything else."""
        before = self.text[max(0, self._at - 1) : self._at]
        if before and before in "<>&|" and self._peek(2) in ("<", ">", "&", "|", "("):
            raise self._broken("a line ends inside an operator", self._at, "write the operator on one line")
        self._at += 2

    def _in_single_quotes(self, level: _Level) -> None:
        start = self._at + 1
        self._single_quotes()
        level.words.quote()
        level.words.add(self.text[start : self._at - 1])

    def _in_double_quotes(self, level: _Level) -> None:
        self._double_quotes(level.words)

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

    def _ampersand(self, level: _Level) -> None:
        if self._peek(1) != ">":
            self._separator(level)
            return
        # Bash redirects both outputs; other shells end the command here and begin the next one.
        self._end_word(level)
        level.words.is_divided = True
        self._at += 1

    def _bar(self, level: _Level) -> None:
        is_pipe = self._peek(1) != "|" and not level.in_test
        self._separator(level)
        if not is_pipe:
            self._at += self._peek() == "|"
        else:
            level.groups[-1].pipe()
            self._at += self._peek() == "&"

    def _line_end(self, level: _Level) -> None:
        self._separator(level)
        if self._pending:
            self._read_here_documents()

    def _redirection(self, level: _Level) -> None:
        sign = _REDIRECTION.match(self.text, self._at)
        if sign is None or (sign[0] in "<>" and self._peek(1) == "("):
            self._process_substitution(level)
            return
        if sign[0] == "<<":
            self._end_word(level)
            self._begin_here_document(level.words)
            return
        if level.in_test:
            self._end_word(level)
        else:
            level.words.redirect(sign[0])
        self._at += len(sign[0])

    def _process_substitution(self, level: _Level) -> None:
        """`<(…)` or `>(…)`: a word, the name of a file that the commands write or read."""
        words, opened, sign = level.words, self._at, self._peek()
        code = words.reading() or words.reading_of_file()
        self._at += 2
        commands = self._commands(")", opened)
        if sign == ">":
            words.writes_to.append(commands)
        elif words.target == "<":
            words.feed(commands)
        elif code is not None:
            words.programs.append((commands, code))
        else:
            words.files.append(commands)
        words.quote()
        words.add("\0")

    def _group(self, level: _Level) -> None:
        opened = self._at
        if (level.words.current or "").endswith("=") and not level.words.is_quoted:
            self._array(level)
            return
        self._end_word(level)
        if self._peek(1) == "(":
            self._at += 2
            self._arithmetic(opened, level.words)
            if not level.in_test:
                self._end_command(level)
            return
        self._at += 1
        commands = self._commands(")", opened, Words(always=level.words.always))
        if not level.in_test:
            self._end_command(level)
            self._begin_behind(level, commands)

    def _array(self, level: _Level) -> None:
        """The values of an array, behind its `=`; the command goes on behind them."""
        opened = self._at
        self._at += 1
        values = self._commands(")", opened, Words(is_array=True))
        level.words.add("\0")
        level.words.note(values)

    def _close(self, level: _Level) -> None:
        if level.cases:
            # It is the `)` behind a pattern: commands begin.
            self._end_word(level)
            level.words = Words()
        else:
            self._end_command(level)
            if level.closer is None:
                raise self._broken("a `)` has no `(`", self._at)
        self._at += 1
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
        if leading in OPENERS:
            level.groups.append(Group(closer=OPENERS[leading]))
        elif leading is not None and leading == level.groups[-1].closer:
            self._end_group(level)
        if leading == "case":
            level.cases.append(False)
        elif leading == "esac" and level.cases:
            level.cases.pop()
        elif leading == "[[":
            level.in_test, level.words.always = True, _TEST
        elif word == "]]" and not quoted:
            level.in_test, level.words.always = False, None
        elif word == "in" and level.cases and not level.cases[-1]:
            level.cases[-1] = True
            level.words = Words()
        elif word == "{" and not quoted and level.words.is_named_group:
            level.groups.append(Group(closer="}"))
            level.words = Words()

    def _end_command(self, level: _Level) -> None:
        self._end_word(level)
        if level.in_test:
            return
        if not level.words.is_empty:
            level.groups[-1].add(level.words)
        level.words = level.words.following()

    def _end_group(self, level: _Level) -> None:
        self._begin_behind(level, level.groups.pop())

    def _begin_behind(self, level: _Level, group: Group) -> None:
        """Add a group that has ended; what follows are its redirections."""
        level.groups[-1].add(group)
        level.words = group.behind = Words(is_behind=True)


_STEPS: dict[str, Callable[[ShellLexer, _Level], None]] = {
    "\\": ShellLexer._escape,
    "'": ShellLexer._in_single_quotes,
    '"': ShellLexer._in_double_quotes,
    "`": ShellLexer._in_backticks,
    "$": ShellLexer._expansion,
    "#": ShellLexer._hash,
    **dict.fromkeys(" \t", ShellLexer._blank),
    ";": ShellLexer._separator,
    "&": ShellLexer._ampersand,
    "|": ShellLexer._bar,
    "\n": ShellLexer._line_end,
    **dict.fromkeys("<>", ShellLexer._redirection),
    "(": ShellLexer._group,
    ")": ShellLexer._close,
}
"""What the characters mean that mean something outside quotes."""
