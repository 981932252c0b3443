"""A YAML document as plain JSON values, with the place in the text of every one of them."""

from __future__ import annotations

from array import array
from typing import Any, Literal, NamedTuple

from ..schemas.span import Path, Span
from .scalar_offsets import scalar_offsets
from .source_text import SourceText

PLAIN, SINGLE, DOUBLE, LITERAL, FOLDED, MAP, LIST, ALIAS = range(8)
Style = Literal["plain", "single", "double", "block"]
_STYLES: tuple[Style, ...] = ("plain", "single", "double", "block", "block")


class Nodes:
    """Where the nodes stand, in the order of the text; one number per node and column.

    `start` and `end` are offsets, `kind` one of the constants above, `past` the node that follows
    after all that is inside. A map's nodes are key, value, key, value. `target` gives the node that
    an alias stands for; `dropped` holds keys that are not in the value, because they were refused.
    """

    __slots__ = ("dropped", "end", "kind", "past", "start", "target")

    def __init__(self) -> None:
        self.start = array("I")
        self.end = array("I")
        self.kind = bytearray()
        self.past = array("I")
        self.target: dict[int, int] = {}
        self.dropped: set[int] = set()

    def add(self, start: int, end: int, kind: int) -> int:
        """The number of a new node."""
        number = len(self.kind)
        self.start.append(start)
        self.end.append(end)
        self.kind.append(kind)
        self.past.append(number + 1)
        return number


class _Place(NamedTuple):
    key: int | None
    node: int


class Document:
    """What one graph file says.

    `value` consists of dict, list, str, int, float, bool and None; parts that aliases repeat are the
    same object, so it must not be changed. `file` is the name for messages.
    """

    def __init__(self, source: SourceText, value: Any, nodes: Nodes) -> None:
        self.source = source
        self.value = value
        self._nodes = nodes
        self._children: dict[int, dict[str | int, _Place]] = {}

    @property
    def file(self) -> str:
        """The name of the file, for messages."""
        return self.source.file

    @property
    def text(self) -> str:
        """The whole text, without a byte order mark."""
        return self.source.text

    def span(self, path: Path, of: Literal["value", "key"] = "value") -> Span:
        """Where the value at `path`, or its key, stands.

        A value that goes over several lines is shown by its first one, and one that is left empty
        by its key. For a path that is not in the document the nearest place above it is given;
        for the key of a list's item, or of the whole document, the value.
        """
        place = self._find(path)
        nodes = self._nodes
        node = place.node
        if place.key is not None and (of == "key" or nodes.start[node] == nodes.end[node]):
            node = place.key
        start, end = nodes.start[node], nodes.end[node]
        if nodes.kind[node] in (MAP, LIST) and self.text[start : start + 1] not in ("{", "["):
            # A block ends where the next one begins: its first line, without what follows, stands for it.
            _, end = self.source.line_bounds(self.source.line_number(start))
            end = start + len(self.text[start:end].rstrip())
        elif nodes.kind[node] in (LITERAL, FOLDED):
            end = start + 1
        return self.source.span(start, end)

    def span_within(self, path: Path, start: int, end: int) -> Span:
        """Where the characters from `start` to before `end` of the text at `path` stand in the file.

        Escapes, doubled quotes, folded lines and the indentation of blocks are accounted for. Where
        the way back cannot be found, the whole scalar's place is given.
        """
        node = self._scalar(path)
        offsets = self._offsets(path, node) if node is not None else None
        if offsets is None or not 0 <= start < len(offsets):
            return self.span(path)
        last = offsets[min(max(end, start + 1), len(offsets)) - 1]
        return self.source.span(offsets[start], last + 1)

    def style(self, path: Path) -> Style | None:
        """How the scalar at `path` is written; None for a map, a list, or no such place."""
        node = self._scalar(path)
        return None if node is None else _STYLES[self._nodes.kind[node]]

    def has(self, path: Path) -> bool:
        """Whether there is a value at `path`."""
        return self._walk(path)[1] == len(path)

    def below(self, *steps: str) -> Document:
        """The same text as a document in which its value stands at `steps`."""
        value, nodes, own = self.value, Nodes(), self._nodes
        count = 2 * len(steps)
        for step in reversed(steps):
            value = {step: value}
            nodes.past[nodes.add(own.start[0], own.end[0], MAP)] = count + len(own.kind)
            nodes.add(own.start[0], own.end[0], PLAIN)
        nodes.start.extend(own.start)
        nodes.end.extend(own.end)
        nodes.kind.extend(own.kind)
        nodes.past.extend(past + count for past in own.past)
        nodes.target = {node + count: target + count for node, target in own.target.items()}
        nodes.dropped = {node + count for node in own.dropped}
        return Document(self.source, value, nodes)

    def _scalar(self, path: Path) -> int | None:
        place, depth = self._walk(path)
        node = self._nodes.target.get(place.node, place.node)
        return node if depth == len(path) and self._nodes.kind[node] < MAP else None

    def _offsets(self, path: Path, node: int) -> list[int] | None:
        value = self.value
        for step in path:
            value = value[step]
        if not isinstance(value, str):
            return None
        nodes = self._nodes
        return scalar_offsets(self.text, nodes.start[node], nodes.end[node], _STYLES[nodes.kind[node]], value)

    def _find(self, path: Path) -> _Place:
        return self._walk(path)[0]

    def _walk(self, path: Path) -> tuple[_Place, int]:
        """The place that `path` leads to, or the last one on the way, and how many steps were taken."""
        place = _Place(None, 0)
        for depth, step in enumerate(path):
            node = self._nodes.target.get(place.node, place.node)
            if self._nodes.kind[node] < MAP:
                return place, depth
            found = self._places(node, path[:depth]).get(step)
            if found is None:
                return place, depth
            place = found
        return place, len(path)

    def _places(self, node: int, path: Path) -> dict[str | int, _Place]:
        """The places of what is directly inside the map or list `node`, which stands at `path`."""
        known = self._children.get(node)
        if known is not None:
            return known
        nodes = self._nodes
        inside = []
        child, past = node + 1, nodes.past[node]
        while child < past:
            inside.append(child)
            child = nodes.past[child]
        places: dict[str | int, _Place]
        if nodes.kind[node] == LIST:
            places = {index: _Place(None, item) for index, item in enumerate(inside)}
        else:
            value = self.value
            for step in path:
                value = value[step]
            pairs = [
                pair for pair in zip(inside[::2], inside[1::2], strict=True) if pair[0] not in nodes.dropped
            ]
            places = {key: _Place(*pair) for key, pair in zip(value, pairs, strict=True)}
        self._children[node] = places
        return places
