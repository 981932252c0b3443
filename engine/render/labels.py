"""The words in and beside the boxes of graphical drawings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..node_ids import within
from .group_words import group_kind, own_reason, waits_or_not, who
from .picture import Edge, Picture, Vertex
from .words import ASKS, clipped, clipped_middle, counted, duration, why

NAME: Final = 36
"""Characters of a name that are drawn; graphical drawings hold the whole in a tooltip."""

NOTE: Final = 44
"""Characters of every other line."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a box or a frame says: its name, what kind of group it is where it is a frame, and lines of
    lesser words below."""

    name: str
    notes: tuple[str, ...] = ()
    kind: str = ""


def label(vertex: Vertex, group: str = "") -> Label:
    """What the vertex says as a box inside the drawn group of that name."""
    name = _name(vertex, group)
    notes: list[str] = []
    if vertex.is_group:
        notes += [group_kind(vertex), *_group_notes(vertex), *_what_failed(vertex)]
    elif vertex.members is not None:
        name = f"{name} × {vertex.members.size:,}"  # noqa: RUF001  # a multiplication sign is what is meant
        notes += [*_counts_and_work(vertex), *_what_failed(vertex)]
    else:
        notes += _node_notes(vertex)
    return Label(name, _clipped([*notes, *_asked(vertex)]))


def frame_label(vertex: Vertex, group: str = "") -> Label:
    """What a group node says as a frame inside the drawn group of that name."""
    notes = _clipped([*_group_notes(vertex), *_asked(vertex)])
    return Label(_name(vertex, group), notes, clipped(plain(group_kind(vertex)), NOTE))


def _name(vertex: Vertex, group: str) -> str:
    return clipped_middle(plain(within(vertex.id, group)), NAME)


def _clipped(notes: list[str]) -> tuple[str, ...]:
    return tuple(clipped(plain(note), NOTE) for note in notes)


def _node_notes(vertex: Vertex) -> Iterator[str]:
    if vertex.role:
        yield who(vertex)
    if vertex.state is not None:
        took = f", {duration(vertex.duration_ms)}" if vertex.duration_ms is not None else ""
        yield f"{vertex.state}{took}{', reused' if vertex.reused else ''}"
    elif vertex.held or vertex.background:
        yield waits_or_not(vertex)
    elif vertex.kind == "approve":
        yield ASKS
    elif vertex.runtime not in {"command", vertex.kind} and not vertex.role:
        yield vertex.runtime
    if vertex.says:
        yield vertex.says
    if vertex.stands_for:
        yield f"one per {vertex.stands_for}"


def _group_notes(vertex: Vertex) -> Iterator[str]:
    """How a group went, in the words in which a DAG run says it."""
    if vertex.state is None:
        return
    took = f" in {duration(vertex.duration_ms)}" if vertex.duration_ms is not None else ""
    counts = f": {counted(dict(vertex.members.counts))}" if vertex.members is not None else ""
    yield f"{vertex.state}{took}{counts}"
    if vertex.says:
        yield vertex.says
    if own_reason(vertex):
        yield why(vertex.state, own_reason(vertex))


def _counts_and_work(vertex: Vertex) -> Iterator[str]:
    if vertex.members is not None and vertex.members.counts:
        yield counted(dict(vertex.members.counts))
    if vertex.duration_ms is not None:
        yield f"{duration(vertex.duration_ms)} of work"


def _what_failed(vertex: Vertex) -> Iterator[str]:
    members = vertex.members
    if members is None:
        return
    if members.reused:
        yield f"{members.reused:,} reused"
    for id_ in members.failed:
        yield f"failed: {clipped_middle(plain(within(id_, vertex.id)), NAME - 6)}"
    if members.more_failed:
        yield f"and {members.more_failed:,} more failed"


def _asked(vertex: Vertex) -> Iterator[str]:
    if vertex.condition is not None:
        yield f"if {vertex.condition}"
    if vertex.later:
        yield f"not built yet: {', '.join(vertex.later)}"


def edge_label(edge: Edge) -> str:
    """How many items must end well, where that is asked; the other needs differ by the stroke."""
    return f"{edge.quorum} {edge.mode}" if edge.quorum else ""


def tooltip(vertex: Vertex) -> str:
    """The whole of what is known of a vertex, in one line."""
    parts = [vertex.id]
    if vertex.is_group:
        parts.append(group_kind(vertex))
    if vertex.state is not None and (vertex.members is None or vertex.is_group):
        parts.append(f"{vertex.state}: {vertex.reason}" if vertex.reason else vertex.state)
    if vertex.is_group and vertex.duration_ms is not None:
        parts.append(f"{duration(vertex.duration_ms)} from its start to its end")
    if vertex.says:
        parts.append(vertex.says)
    if vertex.condition is not None:
        parts.append(f"if {vertex.condition}")
    parts.extend(f"#{tag}" for tag in vertex.tags)
    return plain(", ".join(parts))


def summary(picture: Picture) -> str:
    """The line below the title: how it went, or how many nodes there are."""
    return picture.outcome or f"{picture.size:,} node{'s' if picture.size != 1 else ''}"


def plain(text: str) -> str:
    """The text with control characters, lone surrogates and the like as spaces."""
    return "".join(character if character.isprintable() else " " for character in text)
