"""What a drawn group is, in words."""

from __future__ import annotations

from ...schemas.agent import AGENT
from .picture import Vertex
from .words import telling

TIMES = "×"  # noqa: RUF001  # a multiplication sign is what is meant


def group_kind(vertex: Vertex, *, sized: bool = True, times: str = TIMES) -> str:
    """What kind of group a group node is, how many members it has (unless not `sized`), and of a plan's
    node that stands for others what it stands for."""
    kind = _kind(vertex, sized=sized, times=times)
    return f"one per {vertex.stands_for}, {kind}" if vertex.stands_for else kind


def _kind(vertex: Vertex, *, sized: bool, times: str) -> str:
    size = vertex.members.size if vertex.members is not None else 0
    is_plan = vertex.state is None
    match vertex.kind:
        case "pattern":
            return vertex.source or "pattern"
        case "graph":
            return f"sub-graph {vertex.source}".rstrip()
        case "repeat" if is_plan:
            return f"repeat, at most {vertex.source} rounds" if vertex.source else "repeat"
        case "repeat":
            return f"repeat, {size} round{'s' if size != 1 else ''}" if size and sized else "repeat"
        case "each" if is_plan:
            return f"each of {vertex.source}" if vertex.source else "each"
        case kind:
            has_grown = size or vertex.state == "ok"
            return f"{kind} {times} {size:,}" if has_grown and sized else kind


def own_reason(vertex: Vertex) -> str:
    """Why a group did not end well where its members do not tell: it could not grow, or its rounds were
    used up; nothing otherwise. What a pattern made always has one of its own."""
    if vertex.kind == "pattern":
        return telling(vertex.reason)
    counts = dict(vertex.members.counts) if vertex.members is not None else {}
    is_told = vertex.state in counts
    return vertex.reason if vertex.state in {"failed", "blocked", "skipped"} and not is_told else ""


def who(vertex: Vertex) -> str:
    """The Role that does the work, and on which runtime, once that is known."""
    return vertex.role if vertex.runtime == AGENT else f"{vertex.role} on {vertex.runtime}"


def waits_or_not(vertex: Vertex) -> str:
    """What a plan says of a node that its pattern holds back, or that holds nothing else up."""
    return "held back" if vertex.held else "in the background" if vertex.background else ""
