"""What the colours and lines of a graphical drawing mean."""

from __future__ import annotations

from dataclasses import dataclass

from ...schemas.states import NODE_STATES
from .palette import CRITICAL, FAILED_LINE, FILLS, LINE
from .picture import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the legend: a box when it has a `fill`, else a line, of edges of that `mode`."""

    words: str
    stroke: str
    fill: str = ""
    width: float = 1.3
    mode: str = "ok"


def legend(picture: Picture) -> list[Entry]:
    """What the picture holds and does not say in words: its states, its critical path, the kinds of its
    edges."""
    states = {vertex.state for vertex in picture.vertices}
    for vertex in picture.vertices:
        states |= {state for state, _ in (vertex.members.counts if vertex.members else ())}
    entries = [
        Entry(words=state, fill=FILLS[state][0], stroke=FILLS[state][1])
        for state in NODE_STATES
        if state in states
    ]
    if any(vertex.critical for vertex in picture.vertices) and len(picture.vertices) > 1:
        entries.append(Entry(words="critical path", stroke=CRITICAL, width=2.5))
    modes = {edge.mode for edge in picture.edges}
    if "done" in modes:
        entries.append(Entry(words="needs any end", stroke=LINE, mode="done"))
    if "failed" in modes:
        entries.append(Entry(words="needs a failure", stroke=FAILED_LINE, mode="failed"))
    return entries
