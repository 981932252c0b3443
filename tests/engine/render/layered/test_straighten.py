from __future__ import annotations

from metaensemble.engine.render.layered.constraints import Constraints
from metaensemble.engine.render.layered.layers import layered
from metaensemble.engine.render.layered.shapes import Box
from metaensemble.engine.render.layered.straighten import compacted, straighten


def test_a_long_edge_becomes_straight() -> None:
    boxes = [Box(id=id_, width=10, height=10) for id_ in "abcd"]
    layers = layered(boxes, [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")], [None] * 4)
    at = [0.0, 0.0, 0.0, 0.0, 30.0, 44.0]
    straighten(layers, Constraints(layers, [10.0] * 4 + [0.0] * 2, 0.0, {}), at)
    assert at == [0.0, 0.0, 0.0, 0.0, 44.0, 44.0]


def test_what_stands_in_the_way_makes_a_bend() -> None:
    boxes = [Box(id=id_, width=10, height=10) for id_ in "abcdx"]
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("a", "x")]
    layers = layered(boxes, edges, [None] * 5)
    point, other = layers.chains["a", "d"][1:3]
    at = [0.0] * 7
    at[4], at[point], at[other] = 50.0, 80.0, 20.0
    layers.layers[1][:] = [1, 4, point]
    constraints = Constraints(layers, [10.0] * 5 + [0.0] * 2, 0.0, {})
    straighten(layers, constraints, at)
    low, high = constraints.room(point, at)
    assert low <= at[point] <= high
    assert at[point] == at[other] == 73.0


def test_high_bands_are_taken_out() -> None:
    assert compacted([(0.0, 10.0), (200.0, 210.0), (5.0, 50.0)]) == [(200.0, 123.0)]
    assert compacted([(0.0, 10.0), (30.0, 40.0)]) == []
    assert compacted([]) == []
