from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render.layered.layers import Layers, layered
from metaensemble.engine.render.layered.order import crossings, order
from metaensemble.engine.render.layered.shapes import Box
from support.pictures import pictures


def layers_of(edges: list[tuple[str, str]], frames: dict[str, tuple[str, ...]] | None = None) -> Layers:
    ids = dict.fromkeys(id_ for edge in edges for id_ in edge)
    boxes = [Box(id=id_, width=10, height=10, frames=(frames or {}).get(id_, ())) for id_ in ids]
    return layered(boxes, edges, [None] * len(edges))


def counted_one_by_one(layers: Layers) -> int:
    place = {item: at for layer in layers.layers for at, item in enumerate(layer)}
    edges = [(upper, lower) for upper, below in enumerate(layers.below) for lower in below]
    return sum(
        layers.layer_of[a] == layers.layer_of[c] and (place[a] - place[c]) * (place[b] - place[d]) < 0
        for (a, b), (c, d) in combinations(edges, 2)
    )


def test_two_crossed_edges_are_uncrossed() -> None:
    layers = layers_of([("a", "y"), ("b", "x"), ("a", "z"), ("b", "w")])
    layers.layers[1].sort(key=lambda item: -item)
    order(layers)
    assert crossings(layers) == 0


def test_a_tree_has_no_crossings() -> None:
    edges = [(f"n{at}", f"n{3 * at + child}") for at in range(13) for child in (1, 2, 3)]
    layers = layers_of(sorted(edges, key=lambda edge: edge[1][::-1]))
    order(layers)
    assert crossings(layers) == 0


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(6, 11)), max_size=20))
def test_crossings_are_counted(pairs: set[tuple[int, int]]) -> None:
    layers = layers_of([(str(a), str(b)) for a, b in sorted(pairs)])
    assert crossings(layers) == counted_one_by_one(layers)


@given(pictures())
def test_frames_stay_together_and_in_one_order(picture: object) -> None:
    boxes = [Box(id=v.id, width=10, height=10, frames=v.groups) for v in picture.vertices]  # type: ignore[attr-defined]
    edges = [(edge.source, edge.target) for edge in picture.edges]  # type: ignore[attr-defined]
    layers = layered(boxes, edges, [None] * len(edges))
    before = [sorted(layer) for layer in layers.layers]
    order(layers)
    assert [sorted(layer) for layer in layers.layers] == before
    seen: dict[tuple[str, str], set[bool]] = {}
    for layer in layers.layers:
        places: dict[str, list[int]] = {}
        for at, item in enumerate(layer):
            for frame in layers.frames[item]:
                places.setdefault(frame, []).append(at)
        assert all(at[-1] - at[0] == len(at) - 1 for at in places.values())
        for one, other in combinations(sorted(places), 2):
            if set(places[one]).isdisjoint(places[other]):
                seen.setdefault((one, other), set()).add(places[one] < places[other])
    assert all(len(orders) == 1 for orders in seen.values())
