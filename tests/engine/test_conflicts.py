"""Pairs of tasks are left out of the search for colliding writes only where no write can collide."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.conflicts import _pairs_worth_a_look
from metaensemble.engine.globs import may_overlap
from metaensemble.schemas.bound import BoundTask

segment = st.sampled_from(["a", "b", "a", "b", "ab", "*", "a*", "?", "[ab]", "**", "..", "."])
pattern = st.lists(segment, min_size=1, max_size=4).map("/".join)
writes = st.lists(pattern, max_size=3).map(tuple)


@given(st.lists(writes, min_size=2, max_size=6))
def test_no_pair_that_overlaps_is_left_out_and_the_order_is_that_of_the_tasks(
    all_writes: list[tuple[str, ...]],
) -> None:
    tasks = [BoundTask(id=str(index), writes=patterns) for index, patterns in enumerate(all_writes)]

    def overlap(pair: tuple[BoundTask, BoundTask]) -> bool:
        return any(may_overlap(one, two) for one in pair[0].writes for two in pair[1].writes)

    looked_at = _pairs_worth_a_look(tasks)
    assert list(filter(overlap, looked_at)) == list(filter(overlap, combinations(tasks, 2)))


def test_plain_paths_of_many_tasks_make_no_pairs() -> None:
    tasks = [BoundTask(id=str(index), writes=(f"data/f{index}",)) for index in range(2_000)]
    assert _pairs_worth_a_look(tasks) == []
