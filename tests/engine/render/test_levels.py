from __future__ import annotations

from metaensemble.engine.render.levels import longest_paths


def test_the_longest_way_counts() -> None:
    edges = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")]
    assert longest_paths("abcde", edges) == {"a": 0, "e": 0, "b": 1, "c": 2, "d": 3}


def test_what_lies_on_or_behind_a_cycle_is_left_out() -> None:
    assert longest_paths("abcd", [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]) == {"a": 0}
