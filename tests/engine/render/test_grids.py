from __future__ import annotations

from itertools import combinations

from metaensemble.engine.render.grids import GRID_ABOVE, grid, gridded
from metaensemble.engine.render.layered import Rect
from support.pictures import make_picture


def fan(size: int) -> dict[str, list[str]]:
    items = [f"item-{n}" for n in range(size)]
    return {"split": [], **{item: ["split"] for item in items}, "join": items}


def test_what_is_alike_becomes_one_vertex() -> None:
    small, members = gridded(make_picture(fan(GRID_ABOVE + 1)))
    assert [vertex.id for vertex in small.vertices] == ["split", "grid item-0", "join"]
    assert members == {"grid item-0": tuple(f"item-{n}" for n in range(GRID_ABOVE + 1))}


def test_few_stay_one_below_the_other() -> None:
    picture = make_picture(fan(GRID_ABOVE))
    assert gridded(picture) == (picture, {})


def test_a_name_that_is_taken_makes_no_grid() -> None:
    picture = make_picture({**fan(GRID_ABOVE + 1), "grid item-0": []})
    assert gridded(picture) == (picture, {})


def test_different_needs_or_modes_are_not_alike() -> None:
    needs = {**fan(20), "item-3": ["split:done"], "item-4": []}
    _, members = gridded(make_picture(needs))
    assert {"item-3", "item-4"}.isdisjoint(members["grid item-0"])


def test_cells_do_not_overlap_and_fill_their_place() -> None:
    found = grid([f"n{n}" for n in range(40)], [(100, 50), (80, 60)] * 20)
    width, height = found.extent
    cells = found.cells(Rect(7, 9, width + 20, height))
    assert set(cells) == {f"n{n}" for n in range(40)}
    for one, other in combinations(cells.values(), 2):
        assert one.x + 100 < other.x or other.x + 100 < one.x or one.y + 60 < other.y or other.y + 60 < one.y
    assert min(cell.x for cell in cells.values()) > 17
    assert max(cell.x + cell.width for cell in cells.values()) < 17 + width
    assert max(cell.y + cell.height for cell in cells.values()) < 9 + height
    assert 1 < width / height < 2.5
