"""Mermaid, which code hosts and Markdown readers draw by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from .clusters import Cluster, clusters
from .direction import flows_down
from .labels import edge_label, frame_label, label, plain
from .palette import CRITICAL, FAILED_LINE, FILLS, FRAMES, PLAIN, TEXT
from .picture import Edge, Picture, Vertex


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart, in the order of the plan, groups as subgraphs."""
    names = {vertex.id: f"n{at}" for at, vertex in enumerate(picture.vertices)}
    root = clusters(picture)
    frames = [cluster.node for cluster in root.below() if cluster.node is not None]
    lines = [f"flowchart {'TD' if flows_down(picture) else 'LR'}"]
    lines.extend(_inside(root, names, count(), "    "))
    lines.extend(f"    {names[edge.source]} {_arrow(edge)} {names[edge.target]}" for edge in picture.edges)
    lines.extend(_classes(picture, frames, names))
    lines.extend(_link_styles(picture))
    return "\n".join(lines) + "\n"


def _inside(cluster: Cluster, names: Mapping[str, str], numbers: Iterator[int], lead: str) -> Iterator[str]:
    """A cluster's vertices, then its clusters; those that are no nodes are numbered as they come."""
    for vertex in cluster.vertices:
        words = label(vertex, cluster.name)
        text = "<br>".join(_escaped(line) for line in (words.name, *words.notes))
        yield f'{lead}{names[vertex.id]}["{text}"]{_class(vertex)}'
    for inner in cluster.clusters:
        if inner.node is None:
            yield f'{lead}subgraph g{next(numbers)}["{_escaped(inner.title)}"]'
        else:
            words = frame_label(inner.node, cluster.name)
            # A subgraph has room for one line above what it holds.
            text = _escaped(", ".join((f"{words.name}: {words.kind}", *words.notes)))
            yield f'{lead}subgraph {names[inner.name]}["{text}"]'
        yield from _inside(inner, names, numbers, f"{lead}    ")
        yield f"{lead}end"


def _class(vertex: Vertex) -> str:
    """One class is all that fits here."""
    name = vertex.state or ("critical" if vertex.critical else "")
    return f":::{name}" if name else ""


def _classes(picture: Picture, frames: Sequence[Vertex], names: Mapping[str, str]) -> Iterator[str]:
    """The colours of states, those of frames apart: they are no fill for what lies inside."""
    within = {vertex.id for vertex in frames}
    used = {vertex.state for vertex in picture.vertices if vertex.id not in within}
    for state, (fill, border) in FILLS.items():
        if state in used:
            yield f"    classDef {state} fill:{fill},stroke:{border},color:{TEXT}"
        framed = [names[vertex.id] for vertex in frames if vertex.state == state]
        if framed:
            yield f"    classDef {state}-frame fill:{FRAMES[0][0]},stroke:{border},color:{TEXT}"
            yield f"    class {','.join(framed)} {state}-frame"
    plain = [names[vertex.id] for vertex in frames if vertex.state is None]
    if plain:
        yield f"    classDef frame fill:{FRAMES[0][0]},stroke:{PLAIN[1]},color:{TEXT}"
        yield f"    class {','.join(plain)} frame"
    critical = [v for v in picture.vertices if v.critical]
    if critical:
        yield f"    classDef critical stroke:{CRITICAL},stroke-width:3px"
    unsaid = [names[v.id] for v in critical if v.state is not None or v.id in within]
    if unsaid:
        yield f"    class {','.join(unsaid)} critical"


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
