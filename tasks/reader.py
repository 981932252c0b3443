"""Reads a graph file's text: YAML 1.2 core schema, with positions, all problems at once.

The text passes four stations: `stand_ins` hides what PyYAML would take for YAML 1.1, `parse_events`
gives the events of either parser, `Composer` builds values and refuses what this program leaves
out, and `explain` says in plain words why a parser gave up. Nothing is ever built from a tag, and
nothing deeper than 100 levels is composed.
"""

from __future__ import annotations

import re

from ..schemas.errors import InputError, InputErrors, SourceEmpty
from . import refused
from .compose import Composer, Refused
from .document import Document
from .flow_expressions import Extent, unquoted_at
from .source_file import decode_source, printable
from .source_text import SourceText
from .stand_ins import StandIns, stand_ins
from .syntax_errors import explain, separator_tabs, tag_near
from .yaml_events import HAS_C_PARSER, BrokenYaml, parse_events

MAXIMUM_REPAIRS = 20
SECOND_OPINION_BELOW = 200_000
"""Up to this size a text that the C parser refuses is read again by the Python parser, so that the
verdict, the words and the place are the same with and without libyaml."""

_DIRECTIVE = re.compile(r"(?:[ ]*(?:#[^\r\n]*)?(?:\r\n|\n|\r))*(?P<line>%[^\r\n]*)")
_ACCEPTED = re.compile(r"%YAML +1\.2 *(?:#.*)?")


def read(text: str | bytes, file: str = "<text>", *, in_python: bool = False) -> Document:
    """The document in `text`; `file` is its name for messages.

    Raises `InputErrors` with everything that is wrong. `in_python` leaves PyYAML's C parser aside;
    the result is the same.
    """
    document, problems = read_problems(text, file, in_python=in_python)
    if problems or document is None:
        raise InputErrors(problems)
    return document


def read_problems(
    text: str | bytes, file: str = "<text>", *, in_python: bool = False
) -> tuple[Document | None, list[InputError]]:
    """The document, as far as it can be trusted, and all problems in the order of the text.

    There is a document beside problems when they leave the rest of it sound; it then has null where
    a value was refused. Without a document there is at least one problem.
    """
    try:
        source = decode_source(text, file) if isinstance(text, bytes) else printable(_from_text(text, file))
    except InputError as error:
        return None, [error]
    document, problems = _Attempts(source, in_python=in_python).read()
    return document, sorted(problems, key=by_place)


def _from_text(text: str, file: str) -> SourceText:
    return SourceText(file, text.removeprefix("\ufeff"))


def by_place(error: InputError) -> tuple[int, int]:
    """The key that sorts errors in the order of the text; those without a place come first."""
    return (error.span.line, error.span.column) if error.span else (0, 0)


class _Attempts:
    """Reads one text, again and again while there is something that can be hidden to read on."""

    def __init__(self, source: SourceText, *, in_python: bool) -> None:
        self.source = source
        self.in_python = in_python
        self.problems: list[InputError] = []
        self.hidden: list[Extent] = []
        self.blank: list[Extent] = []

    def read(self) -> tuple[Document | None, list[InputError]]:
        self._directives()
        for _ in range(MAXIMUM_REPAIRS):
            prepared = stand_ins(self.source.text, self.hidden, self.blank)
            try:
                document, composer = self._compose(prepared)
            except Refused as refusal:
                return None, [*self.problems, refusal.error]
            except BrokenYaml as broken:
                if self._repaired(broken):
                    continue
                return None, [*self.problems, explain(self.source, broken)]
            problems = [*self.problems, *composer.problems]
            if document is None and not problems:
                return None, [self._empty()]
            return (document if composer.sound else None), problems
        return None, self.problems

    def _compose(self, prepared: StandIns) -> tuple[Document | None, Composer]:
        try:
            return self._composed(prepared, in_python=self.in_python)
        except BrokenYaml:
            if self.in_python or not HAS_C_PARSER or len(prepared.text) > SECOND_OPINION_BELOW:
                raise
        return self._composed(prepared, in_python=True)

    def _composed(self, prepared: StandIns, *, in_python: bool) -> tuple[Document | None, Composer]:
        composer = Composer(self.source, prepared)
        return composer.compose(parse_events(prepared.text, in_python=in_python)), composer

    def _repaired(self, broken: BrokenYaml) -> bool:
        """Whether the text can be read on when what the parser stopped at is hidden from it."""
        line = unquoted_at(self.source, broken.at)
        if line is not None and line.expressions:
            self.problems.append(line.error)
            self.hidden += line.expressions
            return True
        tab = separator_tabs(self.source, broken)
        if tab is not None:
            self.problems.append(refused.tab(self.source, tab[0]))
            self.blank.append(tab)
            return True
        tag = tag_near(self.source, broken.at)
        if tag is not None and not any(start == tag for start, _ in self.blank):
            error = refused.tag(self.source, tag)
            self.problems.append(error)
            length = error.span.length if error.span else 1
            self.blank.append((tag, tag + length))
            return True
        return False

    def _directives(self) -> None:
        """Refuse the lines above the document that begin with `%`, but for `%YAML 1.2`."""
        at = 0
        while found := _DIRECTIVE.match(self.source.text, at):
            start, end = found.span("line")
            if not _ACCEPTED.fullmatch(found["line"]):
                self.problems.append(refused.directive(self.source, start, end))
            self.blank.append((start, end))
            at = end

    def _empty(self) -> SourceEmpty:
        comments = any(self.source.text.strip())
        what = "nothing but comments" if comments else "nothing"
        return SourceEmpty(
            f"`{self.source.file}` holds {what}",
            hint="a graph has at least `tasks: {hello: {run: echo hello}}`",
        )
