"""DOT, the language of graphviz."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape as html_escape
from typing import Final

from graphviz import Digraph, escape, nohtml

from .clusters import Cluster, clusters
from .direction import flows_down
from .group_ends import ends_of_groups
from .labels import edge_label, frame_label, label, plain, summary, tooltip
from .legend import Entry, legend
from .palette import CRITICAL, FAILED_LINE, FILLS, FRAMES, GROUND, LINE, NOTE, PLAIN, TEXT
from .picture import Edge, Picture, Vertex

FONT: Final = "Helvetica"

_LINES: Final = {"ok": "━━", "done": "╌╌", "failed": "┈┈"}
"""How the legend shows an edge of each mode."""


def dot(picture: Picture, *, dpi: int | None = None) -> str:
    """The picture as DOT. Nodes are named `n0`, `n1`, … in the order of the picture, clusters likewise,
    so that no id can be taken for a port or a keyword. `dpi` is for images made of pixels."""
    graph = Digraph(name=_quotable(picture.name) or "dag")
    graph.attr(
        rankdir="TB" if flows_down(picture) else "LR",
        bgcolor=GROUND,
        fontname=FONT,
        label=_heading(picture),
        labelloc="t",
        labeljust="l",
        nodesep="0.25",
        ranksep="0.6",
        pad="0.3",
        **({"dpi": str(dpi)} if dpi else {}),
    )
    graph.attr("node", shape="box", style="rounded,filled", fontname=FONT, fontsize="12", fontcolor=TEXT)
    graph.attr("node", fillcolor=PLAIN[0], color=PLAIN[1], margin="0.16,0.08")
    graph.attr("edge", color=LINE, fontname=FONT, fontsize="10", fontcolor=NOTE, arrowsize="0.7")
    names = {vertex.id: f"n{at}" for at, vertex in enumerate(picture.vertices)}
    root = clusters(picture)
    boxes = {cluster.name: f"cluster_{at}" for at, cluster in enumerate(root.below())}
    _fill(graph, root, names, 0, boxes)
    ends = ends_of_groups(picture)
    if ends:
        graph.attr(compound="true")
    for edge in picture.edges:
        tail, head = edge.source, edge.target
        style = _edge_style(edge)
        if tail in ends:
            style["ltail"] = boxes[tail]
            tail = ends[tail].last
        if head in ends:
            style["lhead"] = boxes[head]
            head = ends[head].first
        graph.edge(names[tail], names[head], _attributes=style)
    return str(graph.source)


def _fill(
    graph: Digraph, cluster: Cluster, names: Mapping[str, str], depth: int, known: Mapping[str, str]
) -> None:
    """Put the cluster's vertices and inner clusters into the graph."""
    for vertex in cluster.vertices:
        graph.node(names[vertex.id], _node_label(vertex, cluster.name), _attributes=_node_style(vertex))
    for inner in cluster.clusters:
        with graph.subgraph(name=known[inner.name]) as box:
            fill, border = FRAMES[depth % len(FRAMES)]
            style = {"label": _label(inner.title), "color": border, "penwidth": "1"}
            if inner.node is not None:
                style |= _frame_style(inner.node, cluster.name)
            box.attr(style="rounded,filled", fillcolor=fill, **style)
            box.attr(labelloc="t", labeljust="l", fontsize="12", fontcolor=NOTE, margin="12")
            _fill(box, inner, names, depth + 1, known)


def _frame_label(node: Vertex, group: str) -> str:
    said = frame_label(node, group)
    # graphviz takes `\l` for the end of a line that begins at the left.
    lines: str = nohtml("".join(f"{_label(line)}\\l" for line in (f"{said.name}  {said.kind}", *said.notes)))
    return lines


def _frame_style(node: Vertex, group: str) -> dict[str, str]:
    style = {"label": _frame_label(node, group), "tooltip": _label(tooltip(node)), "color": PLAIN[1]}
    if node.state is not None:
        style["color"] = FILLS[node.state][1]
    if node.critical:
        style |= {"color": CRITICAL, "penwidth": "2.5"}
    return style


def _node_label(vertex: Vertex, group: str) -> str:
    said = label(vertex, group)
    # graphviz keeps `\n` inside a label as a line break; the lines themselves are escaped.
    lines: str = nohtml("\\n".join(_label(line) for line in (said.name, *said.notes)))
    return lines


def _label(text: str) -> str:
    """Text in which graphviz reads neither escapes nor HTML; control characters become spaces."""
    label: str = escape(plain(text))
    return label


def _quotable(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in "-_ .")


def _node_style(vertex: Vertex) -> dict[str, str]:
    style = {"tooltip": _label(tooltip(vertex))}
    if vertex.state is not None:
        fill, border = FILLS[vertex.state]
        style |= {"fillcolor": fill, "color": border}
    if vertex.critical:
        style |= {"color": CRITICAL, "penwidth": "2.5"}
    if vertex.members is not None or vertex.stands_for:
        style["peripheries"] = "2"
    return style


def _edge_style(edge: Edge) -> dict[str, str]:
    style: dict[str, str] = {}
    if edge_label(edge):
        style["label"] = edge_label(edge)
    if edge.mode == "failed":
        style |= {"style": "dotted", "color": FAILED_LINE}
    elif edge.mode == "done":
        style["style"] = "dashed"
    if edge.critical:
        style |= {"color": CRITICAL, "penwidth": "2.5"}
    return style


def _heading(picture: Picture) -> str:
    """Title, summary and legend, as the HTML-like table that graphviz sets above the drawing."""
    rows = [
        _row(f"{_font(18, TEXT)}<B>{_html(picture.name)}</B></FONT>"),
        _row(f"{_font(12, NOTE)}{_html(summary(picture))}</FONT>"),
    ]
    entries = "".join(map(_legend_cells, legend(picture)))
    if entries:
        rows.append(_row(f'<TABLE BORDER="0" CELLSPACING="4" CELLPADDING="2"><TR>{entries}</TR></TABLE>'))
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}\n\t</TABLE>>'


def _legend_cells(entry: Entry) -> str:
    words = f"<TD>{_font(11, NOTE)}{_html(entry.words)}  </FONT></TD>"
    if entry.fill:
        colours = f'COLOR="{entry.stroke}" BGCOLOR="{entry.fill}"'
        return f'<TD BORDER="1" {colours} WIDTH="26" HEIGHT="14"></TD>{words}'
    return f"<TD>{_font(11, entry.stroke)}{_LINES[entry.mode]}</FONT></TD>{words}"


def _row(content: str) -> str:
    return f'\n\t\t<TR><TD ALIGN="LEFT">{content}</TD></TR>'


def _font(size: int, colour: str) -> str:
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">'


def _html(text: str) -> str:
    # An empty element is a syntax error there.
    return html_escape(plain(text)) or " "
