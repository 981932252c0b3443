"""Rules about the graph as a whole, and what a bound task becomes for the scheduler."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metaensemble.engine.compile import DEFAULT_MAXIMUM, graph_errors, limits, node_specs
from metaensemble.schemas.bound import BoundGraph, BoundTask, Need, RetryPolicy
from metaensemble.schemas.template import Literal


def graph(*tasks: BoundTask, **more: object) -> BoundGraph:
    return BoundGraph(
        name="g",
        source="/g.yaml",
        source_digest="0" * 64,
        project="/p",
        tasks=tasks,
        **more,  # type: ignore[arg-type]
    )


def task(name: str, needs: str = "", **more: object) -> BoundTask:
    pairs = (word.partition("?") for word in needs.split())
    if "writes" in more:
        more["writes"] = tuple(map(Literal, more["writes"]))  # type: ignore[call-overload]
    return BoundTask(
        id=name,
        needs=tuple(Need(task=need, mode=mode or "ok") for need, _, mode in pairs),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def test_a_sound_graph_has_no_errors() -> None:
    assert graph_errors(graph(task("a"), task("b", "a"), task("c", "a b?done"))) == []


def test_a_cycle_is_walked_once_along_the_needs() -> None:
    (error,) = graph_errors(graph(task("merge", "review"), task("review", "draft"), task("draft", "merge")))
    assert error.code == "ME301"
    assert error.message == "task `merge` is part of a cycle: merge -> review -> draft -> merge"
    assert error.where == ("tasks", "merge", "needs", "review")


def test_each_knot_is_named_once_by_a_shortest_way_round() -> None:
    errors = graph_errors(
        graph(
            task("a", "b c"), task("b", "a"), task("c", "b"), task("x", "y"), task("y", "x"), task("z", "x")
        )
    )
    assert [error.facts["cycle"] for error in errors] == [["a", "b", "a"], ["x", "y", "x"]]


def test_needs_that_exclude_one_another() -> None:
    (error,) = graph_errors(
        graph(
            task("a"), task("b", "a"), task("c", "b a?failed"), task("d", "c"), task("e", "a?failed b?done")
        )
    )
    assert (error.code, error.task) == ("ME305", "c")
    assert "`a`" in error.message


def test_enough_items_can_end_ok_in_a_fan_out_that_fails() -> None:
    some = replace(task("b"), needs=(Need(task="a", count=1, of=2),))
    assert graph_errors(graph(task("a"), some, task("c", "b a?failed"))) == []


def test_writes_that_collide() -> None:
    (error,) = graph_errors(graph(task("a", writes=("out/*",)), task("b", writes=("x", "out/y"))))
    assert (error.code, error.task, error.where) == ("ME304", "b", ("tasks", "b", "writes", 1))


@pytest.mark.parametrize(
    "tasks",
    [
        (task("a", writes=("x",)), task("b", "a", writes=("x",))),
        (task("a", writes=("x",)), task("m", "a"), task("b", "m?done", writes=("x",))),
        (task("a", writes=("x",)), task("b", writes=("x",), isolation="worktree")),
        (task("r"), task("a", "r", writes=("x",)), task("b", "r?failed", writes=("x",))),
        (task("a", writes=("x",)), task("b", writes=("y",))),
    ],
    ids=["ordered", "ordered through others", "isolated", "never both", "other files"],
)
def test_writes_that_do_not(tasks: tuple[BoundTask, ...]) -> None:
    assert graph_errors(graph(*tasks)) == []


def test_node_specs() -> None:
    tasks = (
        task("a", effects="external", pool="gpu", priority=3),
        task("b", "a?done", condition=Literal(True), retry=RetryPolicy(maximum=2, on=frozenset({"timeout"}))),
        task("c", on_lost="fail", effects="external", pool="unlimited"),
    )
    a, b, c = node_specs(graph(*tasks, pools=(("gpu", 1), ("command", 3))))
    assert (a.pools, a.priority, a.on_lost) == (("gpu", "command"), 3, "ask")
    assert (b.has_condition, b.retry_max, b.retry_on, b.on_lost) == (True, 2, {"timeout"}, "rerun")
    assert (c.pools, c.on_lost) == (("command",), "fail")


def test_limits() -> None:
    assert limits(graph()).maximum == DEFAULT_MAXIMUM
    assert limits(graph(maximum=7)).maximum == 7
    assert limits(graph(maximum=7), 2).maximum == 2
