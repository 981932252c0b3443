"""Here-documents of a shell text: from `<<END` to the line that ends their bodies."""

from __future__ import annotations

from ..schemas.errors.shell_text import ExpressionInQuotedHereDocument
from .shell_cursor import HereDocument, Mode
from .shell_quotes import ShellQuotes
from .shell_words import Words


class ShellHereDocuments(ShellQuotes):
    """Reads the operators and, at the next end of a line, the bodies."""

    def _begin_here_document(self, command: Words) -> None:
        """At `<<`: note the delimiter; the body follows at the next end of a line."""
        position = self._at
        command.feed()
        self._at += 2
        strip_tabs = self._peek() == "-"
        self._at += strip_tabs
        while self._peek() in (" ", "\t"):
            self._at += 1
        delimiter = ""
        quoted = False
        while (char := self._peek()) and char not in " \t\n;&|<>()":
            if self._at in self._holes:
                raise self._broken("an expression cannot mark the end of a here-document", self._at)
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
            raise self._broken("a here-document has no delimiter", position)
        self._pending.append(HereDocument(delimiter, quoted, strip_tabs, position, command))

    def _read_here_documents(self) -> None:
        """At the beginning of a line: the bodies that wait, in order."""
        pending, self._pending = self._pending, []
        for document in pending:
            end, following = self._body_of(document)
            self._read_body(document, end)
            self._at = following

    def _body_of(self, document: HereDocument) -> tuple[int, int]:
        """Where the body ends, and where the line behind its delimiter begins."""
        start = self._at
        continued = False
        while start < self._end:
            stop = self._end_of_line(start)
            line = self.text[start:stop]
            if (line.lstrip("\t") if document.strip_tabs else line) == document.delimiter:
                if continued and not document.quoted:
                    raise self._broken(
                        "a line that ends in `\\` stands before the end of a here-document", document.position
                    )
                return start, min(stop + 1, self._end)
            continued = (len(line) - len(line.rstrip("\\"))) % 2 == 1
            start = stop + 1
        raise self._broken(f"the here-document is never closed by `{document.delimiter}`", document.position)

    def _end_of_line(self, start: int) -> int:
        """Where the line ends; a line end inside an expression does not count."""
        position = start
        while position < self._end and self.text[position] != "\n":
            hole = self._holes.get(position)
            position = hole.end if hole is not None else position + 1
        return min(position, self._end)

    def _read_body(self, document: HereDocument, end: int) -> None:
        outer, self._end = self._end, end
        words = Words(feeds=document.command)
        while self._at < self._end:
            hole = self._holes.get(self._at)
            if hole is not None and document.quoted:
                message = "an expression stands in a here-document that takes its text as it is"
                hint = f"write `<<{document.delimiter}` without quotes, and `\\$` for a `$` that shall stay"
                self._refuse(hole, ExpressionInQuotedHereDocument, message, hint)
                self._at = hole.end
            elif document.quoted:
                self._at += 1
            else:
                self._quoted_char(words, Mode.HERE)
        self._end = outer
