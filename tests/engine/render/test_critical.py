from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render.critical import critical_path, longest_way


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


GROUPS = {"a": None, "g": None, "z": None, "g[x]": "g", "g[y]": "g", "g[y]#1": "g[y]", "g[y]#2": "g[y]"}
EDGES = [("a", "g"), ("g", "z"), ("g[y]#1", "g[y]#2")]


def test_a_group_weighs_what_the_way_through_it_does() -> None:
    took = {"a": 1, "z": 1, "g[x]": 5, "g[y]#1": 3, "g[y]#2": 3}
    way = critical_path(took, GROUPS, EDGES)
    assert way.nodes == {"a", "g", "z", "g[y]", "g[y]#1", "g[y]#2"}
    assert way.edges == {("a", "g"), ("g", "z"), ("g[y]#1", "g[y]#2")}
    slow = critical_path({**took, "g[x]": 7}, GROUPS, EDGES)
    assert slow.nodes == {"a", "g", "z", "g[x]"}


def test_a_path_that_is_known_goes_on_inside() -> None:
    ones = dict.fromkeys(("a", "z", "g[x]", "g[y]#1", "g[y]#2"), 1)
    way = critical_path(ones, GROUPS, EDGES, ("g",))
    assert way.nodes == {"g", "g[y]", "g[y]#1", "g[y]#2"}


def test_a_group_in_which_nothing_ran_is_on_no_way() -> None:
    assert critical_path({"a": 1, "z": 1}, GROUPS, EDGES).nodes == {"a"}
    assert critical_path({}, GROUPS, EDGES).nodes == frozenset()
