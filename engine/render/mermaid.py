"""Mermaid, which code hosts and Markdown readers draw by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from .clusters import Cluster, clusters
from .direction import flows_down
from .labels import edge_label, label, plain
from .palette import CRITICAL, FAILED_LINE, FILLS, TEXT
from .picture import Edge, Picture, Vertex


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart, in the order of the plan, groups as subgraphs."""
    names = {vertex.id: f"n{at}" for at, vertex in enumerate(picture.vertices)}
    lines = [f"flowchart {'TD' if flows_down(picture) else 'LR'}"]
    lines.extend(_inside(clusters(picture), names, count(), "    "))
    lines.extend(f"    {names[edge.source]} {_arrow(edge)} {names[edge.target]}" for edge in picture.edges)
    used = {vertex.state for vertex in picture.vertices if vertex.state is not None}
    for state, (fill, border) in FILLS.items():
        if state in used:
            lines.append(f"    classDef {state} fill:{fill},stroke:{border},color:{TEXT}")
    critical = [names[vertex.id] for vertex in picture.vertices if vertex.critical]
    if critical:
        lines.append(f"    classDef critical stroke:{CRITICAL},stroke-width:3px")
    if critical and picture.has_states:
        lines.append(f"    class {','.join(critical)} critical")
    lines.extend(_link_styles(picture))
    return "\n".join(lines) + "\n"


def _inside(cluster: Cluster, names: Mapping[str, str], numbers: Iterator[int], lead: str) -> Iterator[str]:
    """A cluster's vertices, then its clusters, which are numbered as they come."""
    for vertex in cluster.vertices:
        words = label(vertex, cluster.name)
        text = "<br>".join(_escaped(line) for line in (words.name, *words.notes))
        yield f'{lead}{names[vertex.id]}["{text}"]{_class(vertex)}'
    for inner in cluster.clusters:
        yield f'{lead}subgraph g{next(numbers)}["{_escaped(inner.title)}"]'
        yield from _inside(inner, names, numbers, f"{lead}    ")
        yield f"{lead}end"


def _class(vertex: Vertex) -> str:
    """One class is all that fits here."""
    name = vertex.state or ("critical" if vertex.critical else "")
    return f":::{name}" if name else ""


def _escaped(text: str) -> str:
    """Text that Mermaid takes as it is: everything but plain characters as a numbered entity."""
    return "".join(c if c.isalnum() or c in " -_./:,()=+" else f"#{ord(c)};" for c in plain(text))


def _arrow(edge: Edge) -> str:
    if edge.mode != "ok":
        return f"-. {edge.mode} .->"
    return f"-- {edge_label(edge)} -->" if edge_label(edge) else "-->"


def _link_styles(picture: Picture) -> Iterator[str]:
    failed = [at for at, edge in enumerate(picture.edges) if edge.mode == "failed" and not edge.critical]
    critical = [at for at, edge in enumerate(picture.edges) if edge.critical]
    if failed:
        yield f"    linkStyle {','.join(map(str, failed))} stroke:{FAILED_LINE}"
    if critical:
        yield f"    linkStyle {','.join(map(str, critical))} stroke:{CRITICAL},stroke-width:3px"
