"""From parse events to values and their places; everything that this program's YAML leaves out is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ..schemas.errors import InputError
from ..schemas.span import Path
from . import refused
from .document import ALIAS, DOUBLE, FOLDED, LIST, LITERAL, MAP, PLAIN, SINGLE, Document, Nodes
from .limits import MAXIMUM_ALIASED, MAXIMUM_DEPTH, MAXIMUM_PROBLEMS
from .resolve_scalar import NotJson, resolve_scalar
from .source_text import SourceText
from .stand_ins import StandIns
from .yaml_events import BrokenYaml, past_anchor

_KINDS: Final = {None: PLAIN, "": PLAIN, "'": SINGLE, '"': DOUBLE, "|": LITERAL, ">": FOLDED}
_NO_KEY: Final = object()
_DROPPED: Final = object()
_UNKNOWN: Final = object()


class Refused(Exception):
    """The document is given up: `error` says why."""

    def __init__(self, error: InputError) -> None:
        super().__init__(error.message)
        self.error = error


class _Frame:
    """A map or list that is being filled. `key` is the key whose value comes next."""

    __slots__ = ("anchor", "container", "height", "is_map", "key", "node", "parent", "weight")

    def __init__(
        self, parent: _Frame | None, container: Any, node: int, weight: int, anchor: str | None
    ) -> None:
        self.parent = parent
        self.container = container
        self.is_map = type(container) is dict
        self.node = node
        self.key: Any = _NO_KEY
        self.height = 1
        self.weight = weight
        self.anchor = anchor


class _Anchor:
    """What an alias can stand for: its value, node, number of values, and levels of nesting."""

    __slots__ = ("height", "node", "value", "weight")

    def __init__(self, value: Any, node: int, weight: int, height: int) -> None:
        self.value = value
        self.node = node
        self.weight = weight
        self.height = height


class Composer:
    """Builds one document. `problems` are those that leave the rest of the document sound.

    `sound` turns false when the structure cannot be trusted, so that looking further would only
    find errors that are not there.
    """

    def __init__(self, source: SourceText, prepared: StandIns) -> None:
        self.source = source
        self.prepared = prepared
        self.problems: list[InputError] = []
        self.sound = True
        self._nodes = Nodes()
        self._root: Any = _NO_KEY
        self._frame: _Frame | None = None
        self._depth = 0
        self._aliased = 0
        self._anchors: dict[str, _Anchor | None] = {}
        self._resolved: dict[str, Any] = {}

    def compose(self, events: Iterable[Event]) -> Document | None:
        """The document, or None when there is nothing in the text. May raise `Refused`."""
        handlers: dict[type, Any] = {
            ScalarEvent: self._on_scalar,
            MappingStartEvent: self._on_start,
            SequenceStartEvent: self._on_start,
            MappingEndEvent: self._on_end,
            SequenceEndEvent: self._on_end,
            AliasEvent: self._on_alias,
        }
        for event in events:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
            elif type(event) is DocumentStartEvent and self._root is not _NO_KEY:
                mark: Any = event.start_mark
                self.problems.append(refused.second_document(self.source, mark.index))
                break
        nodes = self._nodes
        if self._root is _NO_KEY or (self._root is None and nodes.start[0] == nodes.end[0]):
            return None
        return Document(self.source, self._root, nodes)

    def _on_scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        kind = _KINDS[event.style]
        text: str = event.value
        if event.anchor is not None:
            start = past_anchor(self.source.text, start)
        if not text and kind == PLAIN:
            # The parsers differ in where nothing stands: it is put behind what came before it.
            start = end = self._nodes.end[-1] if self._nodes.end else 0
        node = self._nodes.add(start, end, kind)
        if self.prepared.back:
            text = self._restored(text, kind, start, end)
        value: Any = text
        if kind == DOUBLE and not text.isascii():
            value = self._whole_characters(text, start)
        elif kind == PLAIN:
            value = self._resolved.get(text, _UNKNOWN)
            if value is _UNKNOWN:
                value = self._resolved[text] = self._plain(text, start, end)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(value, node, 1, 0)
        self._place(value, node)

    def _plain(self, text: str, start: int, end: int) -> Any:
        try:
            return resolve_scalar(text)
        except NotJson as error:
            self._tell(refused.not_json(str(error), self.source, start, end))
            return None

    def _whole_characters(self, text: str, start: int) -> str:
        """The text with each pair of surrogates made one character, as JSON writes them in escapes."""
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise BrokenYaml("found half a character", start) from None

    def _restored(self, text: str, kind: int, start: int, end: int) -> str:
        """The text as it is in the file; refuses what the stand-ins have hidden from the parser."""
        written = self.source.text[start:end]
        tab = refused.separating_tab(written, kind) if "\t" in written else None
        if tab is not None:
            if not self.source.is_indentation(start + tab):
                raise BrokenYaml("found a tab", start + tab)
            self.sound = False
            self._tell(refused.tab(self.source, start + tab))
        if kind == PLAIN and written:
            if written[0] == "!":
                self._tell(refused.tag(self.source, start))
                return written.partition(" ")[2].strip()
            if written[0] == "?" and not written[1:2].strip():
                self.sound = False
                self._tell(refused.explicit_key(self.source, start))
            if written[0] == "%":
                raise BrokenYaml("found character '%' that cannot start any token", start)
        return self.prepared.restored(text)

    def _on_start(self, event: Any) -> None:
        start = event.start_mark.index
        if self._depth == MAXIMUM_DEPTH:
            raise Refused(refused.too_deep(self.source, start))
        self._depth += 1
        is_map = type(event) is MappingStartEvent
        if event.anchor is not None:
            start = past_anchor(self.source.text, start)
            self._anchors[event.anchor] = None
        node = self._nodes.add(start, start, MAP if is_map else LIST)
        container: Any = {} if is_map else []
        weight = node + self._aliased
        self._frame = _Frame(self._frame, container, node, weight, event.anchor)

    def _on_end(self, event: Any) -> None:
        frame = self._frame
        assert frame is not None  # the parser opens what it closes
        nodes = self._nodes
        nodes.end[frame.node] = event.end_mark.index
        nodes.past[frame.node] = len(nodes.kind)
        self._depth -= 1
        if frame.anchor is not None:
            weight = len(nodes.kind) + self._aliased - frame.weight
            self._anchors[frame.anchor] = _Anchor(frame.container, frame.node, weight, frame.height)
        parent = self._frame = frame.parent
        if parent is not None and parent.height <= frame.height:
            parent.height = frame.height + 1
        self._place(frame.container, frame.node)

    def _on_alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        node = self._nodes.add(start, end, ALIAS)
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            recursive = event.anchor in self._anchors
            self._tell(refused.alias(self.source, start, end, sorted(self._anchors), recursive=recursive))
            self._nodes.kind[node] = PLAIN
            self._place("" if self._expects_key() else None, node)
            return
        if self._depth + anchor.height > MAXIMUM_DEPTH:
            raise Refused(refused.too_deep(self.source, start))
        self._aliased += anchor.weight
        if self._aliased > MAXIMUM_ALIASED:
            raise Refused(refused.too_many_aliases(self.source, start, end))
        self._nodes.target[node] = anchor.node
        if self._frame is not None and self._frame.height <= anchor.height:
            self._frame.height = anchor.height + 1
        self._place(anchor.value, node)

    def _place(self, value: Any, node: int) -> None:
        frame = self._frame
        if frame is None:
            self._root = value
        elif not frame.is_map:
            frame.container.append(value)
        elif frame.key is _NO_KEY:
            frame.key = self._key(frame, value, node)
        else:
            if frame.key is not _DROPPED:
                frame.container[frame.key] = value
            frame.key = _NO_KEY

    def _key(self, frame: _Frame, value: Any, node: int) -> Any:
        """`value` as a key of the map in `frame`, or `_DROPPED` for one that is refused."""
        nodes = self._nodes
        is_merge = value == "<<" and nodes.kind[node] == PLAIN
        if type(value) is str and value not in frame.container and not is_merge:
            return value
        nodes.dropped.add(node)
        if len(self.problems) < MAXIMUM_PROBLEMS:
            start, end = nodes.start[node], nodes.end[node]
            if is_merge:
                error: InputError = refused.merge_key(self.source, start, end)
            elif type(value) is str:
                error = refused.duplicate_key(self.source, value, start, end, self._first_key(frame, value))
            else:
                error = refused.key_not_text(self.source, value, start, end)
            place = self._path(frame)
            self._tell(error, place if refused.is_double_brace(self.source, start) else (*place, str(value)))
        return _DROPPED

    def _first_key(self, frame: _Frame, key: str) -> int:
        """The offset of `key` where it stands for the first time in the map of `frame`."""
        nodes = self._nodes
        child, wanted = frame.node + 1, list(frame.container).index(key)
        while wanted or child in nodes.dropped:
            wanted -= child not in nodes.dropped
            child = nodes.past[nodes.past[child]]
        return nodes.start[child]

    def _expects_key(self) -> bool:
        frame = self._frame
        return frame is not None and frame.is_map and frame.key is _NO_KEY

    def _tell(self, error: InputError, where: Path | None = None) -> None:
        error.where = self._path(self._frame) if where is None else where
        if len(self.problems) < MAXIMUM_PROBLEMS:
            self.problems.append(error)

    def _path(self, frame: _Frame | None) -> Path:
        """The place at which the next value will stand."""
        steps: list[str | int] = []
        while frame is not None:
            if not frame.is_map:
                steps.append(len(frame.container))
            elif type(frame.key) is str:
                steps.append(frame.key)
            frame = frame.parent
        return tuple(reversed(steps))
