"""Pairs of tasks are left out of the search for colliding writes only where no write can collide."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.conflicts import _pairs_worth_a_look, fixed_writes
from metaensemble.engine.globs import may_overlap
from metaensemble.schemas.bound import BoundTask
from metaensemble.schemas.template import Literal

segment = st.sampled_from(["a", "b", "a", "b", "ab", "*", "a*", "?", "[ab]", "**", "..", "."])
pattern = st.lists(segment, min_size=1, max_size=4).map("/".join)
writes = st.lists(pattern, max_size=3).map(tuple)


@given(st.lists(writes, min_size=2, max_size=6))
def test_no_pair_that_overlaps_is_left_out_and_the_order_is_that_of_the_tasks(
    all_writes: list[tuple[str, ...]],
) -> None:
    tasks = [
        BoundTask(id=str(index), writes=tuple(map(Literal, patterns)))
        for index, patterns in enumerate(all_writes)
    ]

    def overlap(pair: tuple[BoundTask, BoundTask]) -> bool:
        return any(may_overlap(one, two) for one in writes_of[pair[0].id] for two in writes_of[pair[1].id])

    writes_of = {task.id: fixed_writes(task) for task in tasks}
    looked_at = _pairs_worth_a_look(tasks, writes_of)
    assert list(filter(overlap, looked_at)) == list(filter(overlap, combinations(tasks, 2)))


def test_plain_paths_of_many_tasks_make_no_pairs() -> None:
    tasks = [BoundTask(id=str(index), writes=(Literal(f"data/f{index}"),)) for index in range(2_000)]
    assert _pairs_worth_a_look(tasks, {task.id: fixed_writes(task) for task in tasks}) == []
