from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render.layered import Arranged, Box, Frame, Rect, arrange
from metaensemble.engine.render.picture import Picture
from support.pictures import NESTED, REWOUND, make_picture, pictures

EDGE = 1e-6


def arranged(picture: Picture, *, down: bool, sizes: list[int] | None = None) -> tuple[list[Box], Arranged]:
    boxes = [
        Box(
            id=vertex.id,
            width=(sizes or [80])[at % len(sizes or [80])],
            height=40 + 7 * (at % 3),
            frames=vertex.groups,
            stretches=at % 5 != 4,
        )
        for at, vertex in enumerate(picture.vertices)
    ]
    names = dict.fromkeys(group for vertex in picture.vertices for group in vertex.groups)
    frames = [
        Frame(name=name, title_width=40 + 9 * (at % 9), title_height=16) for at, name in enumerate(names)
    ]
    edges = [(edge.source, edge.target) for edge in picture.edges]
    return boxes, arrange(boxes, edges, frames, down=down)


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x + one.width > other.x + EDGE
        and other.x + other.width > one.x + EDGE
        and one.y + one.height > other.y + EDGE
        and other.y + other.height > one.y + EDGE
    )


def contains(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x <= inner.x + EDGE
        and outer.y <= inner.y + EDGE
        and outer.x + outer.width >= inner.x + inner.width - EDGE
        and outer.y + outer.height >= inner.y + inner.height - EDGE
    )


def check(boxes: list[Box], found: Arranged, *, down: bool) -> None:
    whole = Rect(0, 0, found.width, found.height)
    paths = {box.id: box.frames for box in boxes}
    assert set(found.boxes) == set(paths)
    for box in boxes:
        rect = found.boxes[box.id]
        assert contains(whole, rect)
        assert rect.width >= box.width - EDGE
        assert rect.height >= box.height - EDGE
    for one, other in combinations(found.boxes.values(), 2):
        assert not overlap(one, other)
    for name, frame in found.frames.items():
        assert contains(whole, frame)
        for id_, rect in found.boxes.items():
            assert contains(frame, rect) if name in paths[id_] else not overlap(frame, rect)
    nesting = {name: path[: path.index(name)] for path in paths.values() for name in path}
    for one_name, other_name in combinations(found.frames, 2):
        one, other = found.frames[one_name], found.frames[other_name]
        if one_name in nesting[other_name]:
            assert contains(one, other)
        elif other_name in nesting[one_name]:
            assert contains(other, one)
        else:
            assert not overlap(one, other)
    for (source, target), points in found.routes.items():
        check_route(found, found.boxes[source], found.boxes[target], points, down=down)


def check_route(
    found: Arranged, source: Rect, target: Rect, points: tuple[tuple[float, float], ...], *, down: bool
) -> None:
    """It goes from border to border, always forward, and runs through no box on its straight parts."""
    along, across = (1, 0) if down else (0, 1)
    ends = (source.y + source.height, target.y) if down else (source.x + source.width, target.x)
    assert points[0][along] == pytest.approx(ends[0])
    assert points[-1][along] == pytest.approx(ends[1])
    assert len(points) % 2 == 0
    for number, (start, end) in enumerate(pairwise(points)):
        assert end[along] >= start[along] - EDGE
        if number % 2 == 0:
            assert start[across] == pytest.approx(end[across])
            x, y = min(start[0], end[0]), min(start[1], end[1])
            line = Rect(x, y, abs(start[0] - end[0]), abs(start[1] - end[1]))
            assert not any(overlap(line, rect) for rect in found.boxes.values())


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("needs", [NESTED, REWOUND], ids=["nested", "rewound"])
def test_groups(needs: dict[str, list[str]], down: bool) -> None:
    boxes, found = arranged(make_picture(needs), down=down)
    check(boxes, found, down=down)


@given(pictures(), st.booleans(), st.lists(st.integers(10, 300), min_size=1, max_size=4))
def test_nothing_overlaps(picture: Picture, down: bool, sizes: list[int]) -> None:
    boxes, found = arranged(picture, down=down, sizes=sizes)
    check(boxes, found, down=down)


def test_a_chain_is_one_straight_line() -> None:
    needs = {f"n{n}": [f"n{n - 1}"] if n else [] for n in range(5)}
    _, found = arranged(make_picture(needs), down=False)
    middles = {rect.y + rect.height / 2 for rect in found.boxes.values()}
    assert max(middles) - min(middles) < EDGE


def test_a_fork_lies_around_where_it_comes_from() -> None:
    needs: dict[str, list[str]] = {"a": [], "x": ["a"], "y": ["a"], "z": ["a"], "end": ["x", "y", "z"]}
    boxes = [Box(id=id_, width=80, height=40) for id_ in needs]
    edges = [(source, target) for target, sources in needs.items() for source in sources]
    found = arrange(boxes, edges)
    middles = {id_: rect.y + 20 for id_, rect in found.boxes.items()}
    assert middles["a"] == pytest.approx(middles["y"]) == pytest.approx(middles["end"])
    assert middles["y"] - middles["x"] == pytest.approx(middles["z"] - middles["y"])


def test_what_is_apart_does_not_drift_away() -> None:
    boxes = [Box(id=id_, width=80, height=40) for id_ in "abcdefg"]
    found = arrange(boxes, [("a", "b"), ("c", "d"), ("c", "e"), ("f", "g")])
    assert found.height < 7 * 40 + 6 * 30


def test_boxes_of_a_layer_are_equally_long_unless_they_do_not_stretch() -> None:
    boxes = [Box(id=str(width), width=width, height=40) for width in (50, 80)]
    found = arrange([*boxes, Box(id="grid", width=500, height=300, stretches=False)], [])
    assert [rect.width for rect in found.boxes.values()] == [80, 80, 500]


def test_a_title_has_room() -> None:
    boxes = [Box(id=id_, width=20, height=20, frames=("f",)) for id_ in "ab"]
    for down in (False, True):
        found = arrange(boxes, [], [Frame(name="f", title_width=300, title_height=16)], down=down)
        assert found.frames["f"].width >= 300


def test_nothing_takes_no_place() -> None:
    assert arrange([], []) == Arranged()


def test_the_same_comes_out_each_time() -> None:
    assert arranged(make_picture(NESTED), down=False) == arranged(make_picture(NESTED), down=False)
