"""DOT, the language of graphviz."""

from __future__ import annotations

from graphviz import Digraph, escape

from .palette import CRITICAL, FILLS
from .picture import Edge, Picture, Vertex
from .words import duration


def dot(picture: Picture) -> str:
    """The picture as DOT, in the order of the plan. Nodes are named `n0`, `n1`, … and labelled with
    their ids, so that no id can be taken for a port or a keyword."""
    graph = Digraph(name=_quotable(picture.name) or "dag")
    graph.attr(rankdir="LR", label=_label(picture.name), labelloc="t", fontname="Helvetica")
    graph.attr("node", shape="box", style="rounded,filled", fontname="Helvetica", fillcolor="white")
    graph.attr("edge", color="#71717a", fontname="Helvetica", fontsize="10")
    names = {vertex.id: f"n{at}" for at, vertex in enumerate(picture.vertices)}
    for vertex in picture.vertices:
        graph.node(names[vertex.id], _node_label(vertex), _attributes=_node_style(vertex))
    for edge in picture.edges:
        graph.edge(names[edge.source], names[edge.target], _attributes=_edge_style(edge))
    return str(graph.source)


def _node_label(vertex: Vertex) -> str:
    lines = [vertex.id]
    if vertex.state is not None:
        took = f", {duration(vertex.duration_ms)}" if vertex.duration_ms is not None else ""
        lines.append(f"{vertex.state}{took}")
    elif vertex.runtime not in {"command", vertex.kind}:
        lines.append(vertex.runtime)
    if vertex.condition is not None:
        lines.append(f"if {vertex.condition}")
    if vertex.later:
        lines.append(f"not built yet: {', '.join(vertex.later)}")
    # graphviz keeps `\n` inside a label as a line break; the lines themselves are escaped.
    return "\\n".join(_label(line) for line in lines)


def _label(text: str) -> str:
    """Text in which graphviz reads no escape; control characters become spaces."""
    return str(escape("".join(c if c.isprintable() else " " for c in text)))


def _quotable(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in "-_ .")


def _node_style(vertex: Vertex) -> dict[str, str]:
    style: dict[str, str] = {}
    if vertex.state is not None:
        fill, border = FILLS[vertex.state]
        style |= {"fillcolor": fill, "color": border}
    if vertex.critical:
        style |= {"penwidth": "2.5"} if vertex.state is not None else {"penwidth": "2.5", "color": CRITICAL}
    return style


def _edge_style(edge: Edge) -> dict[str, str]:
    style: dict[str, str] = {}
    if edge.mode != "ok":
        style |= {"label": edge.mode, "style": "dashed"}
    if edge.critical:
        style |= {"color": CRITICAL, "penwidth": "2.5"}
    return style
