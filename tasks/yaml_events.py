"""Parse events of a YAML text, from PyYAML's C parser or from its Python one, the same from both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import Event, ScalarEvent, StreamEndEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

try:
    from yaml.cyaml import CParser
except ImportError:  # PyYAML was built without libyaml
    CParser = None

HAS_C_PARSER = CParser is not None

_HEADER = re.compile(r"[|>][-+]?[1-9]?[-+]?#")


class BrokenYaml(Exception):
    """The parser cannot go on.

    `problem` and `context` are the parser's own words, `at` and `since` the offsets that they are
    about: where it stopped, and where the part of the text begins that it was reading.
    """

    def __init__(self, problem: str, at: int, context: str = "", since: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at
        self.context = context
        self.since = since


class PythonParser(Reader, Scanner, Parser):
    """PyYAML's parser without the composer and constructor above it."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


class _Source(Protocol):
    def get_event(self) -> Event | None: ...


def parse_events(text: str, *, in_python: bool = False) -> Iterator[Event]:
    """The events of `text`; raises `BrokenYaml` at the first place that is not YAML.

    `in_python` leaves the C parser aside even where there is one. The text must hold no characters
    that `stand_ins` replaces.
    """
    source: _Source
    try:
        # A line end at the end of the text: the parsers differ in where a text without one ends.
        source = PythonParser(text) if in_python or CParser is None else CParser(text)
        while True:
            event = source.get_event()
            if event is None or type(event) is StreamEndEvent:
                return
            if type(event) is ScalarEvent and event.style in _BLOCK_STYLES:
                _refuse_glued_comment(event, text)
            yield event
    except MarkedYAMLError as error:
        raise _broken(error, text) from None
    except YAMLError as error:
        raise BrokenYaml(str(error), getattr(error, "position", 0) or 0) from None


_BLOCK_STYLES = ("|", ">")


def _refuse_glued_comment(event: Any, text: str) -> None:
    """Refuse `|#`, which the C parser takes for a header and a comment."""
    start = event.start_mark.index
    found = _HEADER.match(text, start)
    if found:
        raise BrokenYaml("expected a line break", found.end() - 1, "while scanning a block scalar", start)


def _broken(error: Any, text: str) -> BrokenYaml:
    mark = error.problem_mark or error.context_mark
    at = mark.index if mark is not None else len(text)
    since = error.context_mark.index if error.context_mark is not None else None
    return BrokenYaml(str(error.problem or error.context), at, str(error.context or ""), since)
