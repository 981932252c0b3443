"""Which groups get a frame around them, and how they lie in one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..node_ids import within
from .picture import Picture, Vertex


@dataclass(slots=True, kw_only=True)
class Cluster:
    """A group with a frame of its own; the outermost, of the empty name, is the picture itself.

    `node` is the group node whose frame it is, None for a group that only the ids tell of.
    """

    name: str
    title: str
    node: Vertex | None = None
    clusters: list[Cluster] = field(default_factory=list)
    vertices: list[Vertex] = field(default_factory=list)

    def below(self) -> Iterator[Cluster]:
        """All clusters inside it, those around others first."""
        for cluster in self.clusters:
            yield cluster
            yield from cluster.below()


def clusters(picture: Picture) -> Cluster:
    """The groups as a tree, in the order of the picture.

    A group node that holds anything here is a frame. Groups that only the ids tell of are left out when
    they hold a single vertex, or nothing but one other group: a frame there would say nothing.
    """
    root = Cluster(name="", title="")
    known: dict[str, Cluster] = {"": root}
    nodes = {vertex.id: vertex for vertex in picture.vertices if vertex.is_group}
    named = {group for vertex in picture.vertices for group in vertex.groups}
    for vertex in picture.vertices:
        is_frame = vertex.is_group and vertex.id in named
        above = root
        for group in (*vertex.groups, vertex.id) if is_frame else vertex.groups:
            if group not in known:
                known[group] = Cluster(name=group, title="", node=nodes.get(group))
                above.clusters.append(known[group])
            above = known[group]
        if not is_frame:
            above.vertices.append(vertex)
    _prune(root)
    return root


def paths(root: Cluster) -> dict[str, tuple[str, ...]]:
    """For each vertex the names of the drawn clusters around it, outermost first."""
    found = {vertex.id: () for vertex in root.vertices}
    return found | _paths(root.clusters, ())


def _paths(inner: list[Cluster], above: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for cluster in inner:
        path = (*above, cluster.name)
        found |= dict.fromkeys((vertex.id for vertex in cluster.vertices), path)
        found |= _paths(cluster.clusters, path)
    return found


def _prune(cluster: Cluster) -> None:
    kept: list[Cluster] = []
    for inner in cluster.clusters:
        _prune(inner)
        if inner.node is not None or len(inner.clusters) + len(inner.vertices) > 1:
            kept.append(inner)
        else:
            kept.extend(inner.clusters)
            cluster.vertices.extend(inner.vertices)
    cluster.clusters = kept
    for inner in kept:
        inner.title = within(inner.name, cluster.name)
