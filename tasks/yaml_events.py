"""Parse events of a YAML text, from PyYAML's C parser or from its Python one, the same from both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event, ScalarEvent, StreamEndEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner


class _Source(Protocol):
    def get_event(self) -> Event | None: ...


_C_PARSER: Callable[[str], _Source] | None
try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML was built without libyaml
    _C_PARSER = None
else:
    _C_PARSER = CParser

HAS_C_PARSER = _C_PARSER is not None

_ANCHOR = re.compile(r"&[^\s,\[\]{}]+(?:\s+#[^\r\n]*(?=[\r\n])|\s+)*")
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


def parse_events(text: str, *, in_python: bool = False) -> Iterator[Event]:
    """The events of `text`; raises `BrokenYaml` at the first place that is not YAML.

    `in_python` leaves the C parser aside even where there is one. The text must hold no characters
    that `stand_ins` replaces.
    """
    if in_python or _C_PARSER is None:
        events = _refuse_glued_colons(_events(PythonParser(text)), text)
    else:
        events = _refuse_glued_comments(_events(_C_PARSER(text)), text)
    try:
        yield from events
    except MarkedYAMLError as error:
        raise _broken(error, text) from None
    except YAMLError as error:
        raise BrokenYaml(str(error), getattr(error, "position", 0) or 0) from None


def _events(source: _Source) -> Iterator[Event]:
    while True:
        event = source.get_event()
        if event is None or type(event) is StreamEndEvent:
            return
        yield event


def _refuse_glued_comments(events: Iterator[Event], text: str) -> Iterator[Event]:
    """Refuse `|#`, as the Python parser does; the C parser takes it for a header and a comment."""
    for event in events:
        if type(event) is ScalarEvent and event.style in ("|", ">"):
            start = past_anchor(text, _index(event.start_mark))
            found = _HEADER.match(text, start)
            if found:
                problem = "expected a line break"
                raise BrokenYaml(problem, found.end() - 1, "while scanning a block scalar", start)
        yield event


def _refuse_glued_colons(events: Iterator[Event], text: str) -> Iterator[Event]:
    """Refuse `{a:[b]}`, as the C parser does; the Python parser takes it for `{a: [b]}`."""
    flow = 0
    for event in events:
        if isinstance(event, CollectionStartEvent):
            flow += bool(flow or event.flow_style)
        elif isinstance(event, CollectionEndEvent):
            flow -= bool(flow)
        elif flow and type(event) is ScalarEvent and not event.style:
            end = _index(event.end_mark)
            if text[end : end + 1] == ":" and text[end + 1 : end + 2] in set(",[]{}"):
                raise BrokenYaml(
                    "found unexpected ':'", end, "while scanning a plain scalar", _index(event.start_mark)
                )
        yield event


def past_anchor(text: str, start: int) -> int:
    """Where the value begins that has its anchor, if any, at `start`."""
    found = _ANCHOR.match(text, start)
    return found.end() if found else start


def _index(mark: Any) -> int:
    index: int = mark.index
    return index


def _broken(error: Any, text: str) -> BrokenYaml:
    mark = error.problem_mark or error.context_mark
    at = mark.index if mark is not None else len(text)
    since = error.context_mark.index if error.context_mark is not None else None
    return BrokenYaml(str(error.problem or error.context), at, str(error.context or ""), since)
