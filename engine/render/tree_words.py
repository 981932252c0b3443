"""What the terminal's tree says beside a node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...schemas.states import NodeState
from ..node_ids import within
from .group_words import group_kind, own_reason, waits_or_not, who
from .picture import Vertex
from .strokes import Strokes
from .words import ASKS, counted, duration, why

REASONED: frozenset[NodeState] = frozenset({"failed", "blocked", "skipped", "cancelled", "waiting"})
"""The states whose reason is worth a place in the drawing."""


def title(vertex: Vertex, strokes: Strokes) -> str:
    """The vertex's name inside its group."""
    name = within(vertex.id, vertex.group or "")
    is_many = vertex.members is not None and not vertex.is_group
    return f"{name} {strokes.times} {vertex.members.size:,}" if is_many and vertex.members else name


def remarks(vertex: Vertex, strokes: Strokes, *, is_open: bool, needs: str) -> str:
    """All that stands beside a vertex; `is_open` is a group whose members stand below it."""
    parts: list[str] = []
    if vertex.is_group:
        parts += _group(vertex, strokes)
    elif vertex.members is not None:
        parts += _collapsed(vertex)
    else:
        parts += _node(vertex)
    if vertex.members is not None and not is_open:
        parts += _failures(vertex)
    if needs:
        parts.append(f"{strokes.needs} {needs}")
    if vertex.condition is not None:
        parts.append(f"if {vertex.condition}")
    parts += [f"#{tag}" for tag in vertex.tags]
    if vertex.later:
        parts.append(f"not built yet: {', '.join(vertex.later)}")
    return "  ".join(parts)


def _node(vertex: Vertex) -> Iterator[str]:
    if vertex.role:
        yield who(vertex)
    if vertex.stands_for:
        yield f"one per {vertex.stands_for}"
    if vertex.state is None:
        if vertex.kind == "approve":
            yield ASKS
        if waits_or_not(vertex):
            yield waits_or_not(vertex)
        return
    took = f" {duration(vertex.duration_ms)}" if vertex.duration_ms is not None else ""
    yield f"{vertex.state}{took}"
    if vertex.says:
        yield vertex.says
    if vertex.reused:
        yield "reused"
    if vertex.state in REASONED and vertex.reason:
        yield why(vertex.state, vertex.reason)


def _group(vertex: Vertex, strokes: Strokes) -> Iterator[str]:
    """`each: 3 ok  in 1.2 s`; the state where the members' do not tell it."""
    counts = vertex.members.counts if vertex.members is not None else ()
    kind = group_kind(vertex, sized=len(counts) != 1, times=strokes.times)
    if vertex.state is None:
        yield kind
        return
    state = "" if vertex.state in dict(counts) else f" {vertex.state}"
    yield f"{kind}{state}: {counted(dict(counts))}" if counts else f"{kind}: {vertex.state}"
    if vertex.duration_ms is not None:
        yield f"in {duration(vertex.duration_ms)}"
    if vertex.says:
        yield vertex.says
    if own_reason(vertex):
        yield why(vertex.state, own_reason(vertex))


def _collapsed(vertex: Vertex) -> Iterator[str]:
    """The figures of a group that only the ids tell of."""
    if vertex.members is not None and vertex.members.counts:
        yield counted(dict(vertex.members.counts))
    if vertex.duration_ms is not None:
        yield f"{duration(vertex.duration_ms)} of work"


def _failures(vertex: Vertex) -> Iterator[str]:
    members = vertex.members
    assert members is not None
    if members.reused:
        yield f"{members.reused:,} reused"
    if members.failed:
        names = ", ".join(within(id_, vertex.id) for id_ in members.failed)
        more = f" and {members.more_failed:,} more" if members.more_failed else ""
        yield f"failed: {names}{more}"


def needs_in_words(sources: Sequence[Vertex], target: Vertex, modes: Mapping[tuple[str, str], str]) -> str:
    """The needs of `target`, or nothing for a single one that must be ok: that the shape shows."""
    named = [within(source.id, source.group or "") for source in sources]
    asked = [modes.get((source.id, target.id), "ok") for source in sources]
    if len(named) < 2 and "ok" in asked:
        return ""
    common = asked[0] if asked and len(set(asked)) == 1 else None
    told = [
        name if common or mode == "ok" else f"{name} ({mode})"
        for name, mode in zip(named, asked, strict=True)
    ]
    if len(told) > 4:
        told = [*told[:3], f"{len(told) - 3} more"]
    text = ", ".join(told) if len(named) <= 4 else f"{', '.join(told[:3])} and {told[3]}"
    if common in {None, "ok"}:
        return text
    return f"{text} ({'each ' if len(named) > 1 else ''}{common})" if text else ""
