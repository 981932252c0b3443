from __future__ import annotations

from itertools import pairwise

from metaensemble.engine.render.layered.layers import layered, shared_depth
from metaensemble.engine.render.layered.shapes import Box


def box(id_: str, *frames: str) -> Box:
    return Box(id=id_, width=10, height=10, frames=frames)


def test_an_edge_over_layers_has_a_point_in_each() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]
    found = layered([box(id_) for id_ in "abcd"], edges, [None] * 4)
    chain = found.chains["a", "d"]
    assert [found.kinds[item] for item in chain] == ["box", "point", "point", "box"]
    assert [found.layer_of[item] for item in chain] == [0, 1, 2, 3]
    assert found.chains["a", "b"] == (0, 1)
    assert all(b in found.below[a] and a in found.above[b] for a, b in pairwise(chain))


def test_edges_of_one_kind_out_of_one_box_share_points() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("a", "e"), ("c", "e")]
    boxes = [box(id_) for id_ in "abcde"]
    alike = layered(boxes, edges, [None] * 6)
    assert alike.chains["a", "d"][:-1] == alike.chains["a", "e"][:-1]
    different = layered(boxes, edges, [None, None, None, "x", None, None])
    assert set(different.chains["a", "d"][1:-1]).isdisjoint(different.chains["a", "e"])


def test_the_points_of_an_edge_lie_in_the_frames_of_both_ends() -> None:
    boxes = [box("a", "f", "g"), box("b"), box("c", "f", "h")]
    found = layered(boxes, [("a", "b"), ("b", "c"), ("a", "c")], [None] * 3)
    point = found.chains["a", "c"][1]
    assert found.frames[point] == ("f",)


def test_a_frame_has_something_in_each_layer_that_it_reaches_over() -> None:
    boxes = [box("a", "f"), box("b"), box("c"), box("d", "f", "g")]
    found = layered(boxes, [("a", "b"), ("b", "c"), ("c", "d")], [None] * 3)
    assert found.spans() == {"f": (0, 3), "g": (3, 3)}
    for layer in found.layers:
        assert any("f" in found.frames[item] for item in layer)
    assert [found.kinds[item] for item in found.layers[1]] == ["box", "filler"]


def test_nothing_has_no_layers() -> None:
    assert layered([], [], []).layers == []


def test_shared_depth() -> None:
    assert shared_depth(("a", "b"), ("a", "b", "c")) == 2
    assert shared_depth(("a", "b"), ("b", "b")) == 0
    assert shared_depth((), ("a",)) == 0
