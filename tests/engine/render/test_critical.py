from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render.critical import longest_way


def test_the_slow_way_wins_over_the_long_one() -> None:
    took = {"a": 10, "b": 10, "c": 10, "slow": 100, "end": 1}
    edges = [("a", "b"), ("b", "c"), ("c", "end"), ("a", "slow"), ("slow", "end")]
    assert longest_way(took, edges) == ("a", "slow", "end")


def test_of_equal_ways_the_one_named_first() -> None:
    assert longest_way({"a": 1, "x": 2, "y": 2}, [("a", "x"), ("a", "y")]) == ("a", "x")


def test_what_did_not_run_is_on_no_way() -> None:
    assert longest_way({"a": 1}, [("a", "b"), ("b", "a")]) == ("a",)
    assert longest_way({}, [("a", "b")]) == ()


@given(st.lists(st.integers(0, 9), max_size=7), st.data())
def test_no_way_is_heavier(weights: list[int], data: st.DataObject) -> None:
    took = {f"n{at}": weight for at, weight in enumerate(weights)}
    pairs = [(a, b) for b in took for a in took if int(a[1:]) < int(b[1:])]
    edges = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    best = longest_way(took, edges)
    assert set(pairwise(best)) <= set(edges)
    heaviest = dict(took)
    for source, target in sorted(edges, key=lambda edge: int(edge[0][1:])):
        heaviest[target] = max(heaviest[target], heaviest[source] + took[target])
    assert sum(took[id_] for id_ in best) == max(heaviest.values(), default=0)


def test_the_way_leads_through_what_took_no_time_but_does_not_end_there() -> None:
    took = {"first": 0, "a": 5, "skipped": 0, "b": 5, "last": 0, "other": 9}
    edges = [("first", "a"), ("a", "skipped"), ("skipped", "b"), ("b", "last")]
    assert longest_way(took, edges) == ("a", "skipped", "b")
