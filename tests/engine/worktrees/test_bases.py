from __future__ import annotations

from metaensemble.engine.worktrees.bases import bases_of


def test_the_work_of_what_is_needed_comes_in_declared_order() -> None:
    commits = {"a": "1", "b": "2"}
    assert bases_of(["b", "a"], commits.get, lambda _: []) == [("b", "2"), ("a", "1")]


def test_nodes_without_a_worktree_hand_on_what_they_build_on() -> None:
    behind = {"join": ["x", "plain"], "plain": ["y"], "x": [], "y": []}
    commits = {"x": "1", "y": "2"}
    assert bases_of(["join"], commits.get, behind.__getitem__) == [("x", "1"), ("y", "2")]


def test_a_node_with_a_worktree_hides_what_is_behind_it() -> None:
    behind = {"b": ["a"], "a": []}
    assert bases_of(["b"], {"a": "1", "b": "2"}.get, behind.__getitem__) == [("b", "2")]


def test_the_same_commit_counts_once_and_circles_end() -> None:
    behind = {"p": ["q", "a"], "q": ["p", "b"]}
    commits = {"a": "1", "b": "1"}
    assert bases_of(["p"], commits.get, lambda node: behind.get(node, [])) == [("b", "1")]
