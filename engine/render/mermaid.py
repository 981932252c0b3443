"""Mermaid, which code hosts and Markdown readers draw by themselves."""

from __future__ import annotations

from .palette import CRITICAL, FILLS
from .picture import Edge, Picture, Vertex
from .words import duration


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart, in the order of the plan."""
    names = {vertex.id: f"n{at}" for at, vertex in enumerate(picture.vertices)}
    lines = ["flowchart LR"]
    for vertex in picture.vertices:
        style = f":::{vertex.state}" if vertex.state is not None else ":::critical" if vertex.critical else ""
        lines.append(f'    {names[vertex.id]}["{_label(vertex)}"]{style}')
    lines.extend(f"    {names[edge.source]} {_arrow(edge)} {names[edge.target]}" for edge in picture.edges)
    used = {vertex.state for vertex in picture.vertices if vertex.state is not None}
    for state, (fill, border) in FILLS.items():
        if state in used:
            lines.append(f"    classDef {state} fill:{fill},stroke:{border},color:#18181b")
    if not picture.has_states and any(vertex.critical for vertex in picture.vertices):
        lines.append(f"    classDef critical stroke:{CRITICAL},stroke-width:3px")
    marked = ",".join(str(at) for at, edge in enumerate(picture.edges) if edge.critical)
    if marked:
        lines.append(f"    linkStyle {marked} stroke:{CRITICAL},stroke-width:3px")
    return "\n".join(lines) + "\n"


def _label(vertex: Vertex) -> str:
    text = vertex.id
    if vertex.state is not None:
        took = f", {duration(vertex.duration_ms)}" if vertex.duration_ms is not None else ""
        text += f"\n{vertex.state}{took}"
    if vertex.condition is not None:
        text += f"\nif {vertex.condition}"
    if vertex.later:
        text += f"\nnot built yet: {', '.join(vertex.later)}"
    return "<br>".join(_escaped(line) for line in text.split("\n"))


def _escaped(text: str) -> str:
    """Text that Mermaid takes as it is: everything but plain characters as a numbered entity."""
    return "".join(c if c.isalnum() or c in " -_./:,()=+" else f"#{ord(c)};" for c in text)


def _arrow(edge: Edge) -> str:
    return "-->" if edge.mode == "ok" else f"-. {edge.mode} .->"
