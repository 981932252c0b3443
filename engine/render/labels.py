"""The words in and beside the boxes of graphical drawings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..node_ids import within
from .picture import Edge, Picture, Vertex
from .words import clipped, clipped_middle, counted, duration

NAME: Final = 36
"""Characters of a name that are drawn; graphical drawings hold the whole in a tooltip."""

NOTE: Final = 44
"""Characters of every other line."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a box says: its name, and lines of lesser words below."""

    name: str
    notes: tuple[str, ...] = ()


def label(vertex: Vertex, group: str = "") -> Label:
    """What the vertex says inside the drawn group of that name."""
    name = clipped_middle(plain(within(vertex.id, group)), NAME)
    notes: list[str] = []
    if vertex.members is not None:
        name = f"{name} × {vertex.members.size:,}"  # noqa: RUF001  # a multiplication sign is what is meant
        notes += _member_notes(vertex)
    elif vertex.state is not None:
        took = f", {duration(vertex.duration_ms)}" if vertex.duration_ms is not None else ""
        notes.append(f"{vertex.state}{took}")
    elif vertex.runtime not in {"command", vertex.kind}:
        notes.append(vertex.runtime)
    if vertex.condition is not None:
        notes.append(f"if {vertex.condition}")
    if vertex.later:
        notes.append(f"not built yet: {', '.join(vertex.later)}")
    return Label(name, tuple(clipped(plain(note), NOTE) for note in notes))


def _member_notes(vertex: Vertex) -> list[str]:
    members = vertex.members
    assert members is not None
    notes = [counted(dict(members.counts))] if members.counts else []
    if vertex.duration_ms is not None:
        notes.append(f"{duration(vertex.duration_ms)} of work")
    notes += [f"failed: {clipped_middle(plain(within(id_, vertex.id)), NAME - 6)}" for id_ in members.failed]
    more = dict(members.counts).get("failed", 0) - len(members.failed)
    if more > 0:
        notes.append(f"and {more:,} more failed")
    return notes


def edge_label(edge: Edge) -> str:
    """How many items must end well, where that is asked; the other needs differ by the stroke."""
    return f"{edge.quorum} {edge.mode}" if edge.quorum else ""


def tooltip(vertex: Vertex) -> str:
    """The whole of what is known of a vertex, in one line."""
    parts = [vertex.id]
    if vertex.state is not None and vertex.members is None:
        parts.append(f"{vertex.state}: {vertex.reason}" if vertex.reason else vertex.state)
    if vertex.condition is not None:
        parts.append(f"if {vertex.condition}")
    parts.extend(f"#{tag}" for tag in vertex.tags)
    return plain(", ".join(parts))


def summary(picture: Picture) -> str:
    """The line below the title: how it went, or how many nodes there are and are critical."""
    if picture.outcome:
        return picture.outcome
    size = sum(vertex.members.size if vertex.members else 1 for vertex in picture.vertices)
    return f"{size:,} node{'s' if size != 1 else ''}"


def plain(text: str) -> str:
    """The text with control characters, lone surrogates and the like as spaces."""
    return "".join(character if character.isprintable() else " " for character in text)
