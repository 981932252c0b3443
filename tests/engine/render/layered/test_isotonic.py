from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render.layered.isotonic import spread

ROWS = st.lists(
    st.tuples(st.integers(-50, 50), st.integers(1, 8), st.integers(0, 20)), min_size=1, max_size=8
)


def test_what_has_room_gets_its_wish() -> None:
    assert spread([(0.0, 1.0), (10.0, 1.0)], [5.0]) == [0.0, 10.0]


def test_what_wants_the_same_place_is_put_around_it() -> None:
    assert spread([(10.0, 1.0)] * 3, [4.0, 4.0]) == [6.0, 10.0, 14.0]


def test_the_heavier_wish_moves_less() -> None:
    assert spread([(0.0, 3.0), (0.0, 1.0)], [4.0]) == [-1.0, 3.0]


def test_nothing_needs_no_place() -> None:
    assert spread([], []) == []


@given(ROWS)
def test_the_places_are_apart_and_no_small_step_is_better(rows: list[tuple[int, int, int]]) -> None:
    wishes = [(float(wish), float(weight)) for wish, weight, _ in rows]
    gaps = [float(gap) for _, _, gap in rows[1:]]
    places = spread(wishes, gaps)
    assert all(b - a >= gap - 1e-6 for a, b, gap in zip(places, places[1:], gaps, strict=False))

    def cost(at: list[float]) -> float:
        return sum(weight * (x - wish) ** 2 for x, (wish, weight) in zip(at, wishes, strict=True))

    # The problem is convex: moving any run of neighbours, where that is allowed, must not help.
    for first in range(len(places)):
        for last in range(first, len(places)):
            for step in (-0.01, 0.01):
                moved = [x + step if first <= at <= last else x for at, x in enumerate(places)]
                if all(b - a >= gap - 1e-9 for a, b, gap in zip(moved, moved[1:], gaps, strict=False)):
                    assert cost(moved) >= cost(places) - 1e-6


def test_weights_and_wishes_belong_together() -> None:
    assert spread([(5.0, 1.0), (0.0, 1.0), (20.0, 1.0)], [0.0, 0.0]) == pytest.approx([2.5, 2.5, 20.0])
