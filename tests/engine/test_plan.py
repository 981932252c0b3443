"""The plan: order, levels, the critical path, reasons, and what is refused."""

from __future__ import annotations

from metaensemble.engine.plan import build_plan
from metaensemble.schemas.bound import BoundGraph, BoundTask, LaterKey, Need
from metaensemble.schemas.template import Expr


def plan_of(*tasks: BoundTask):  # type: ignore[no-untyped-def]
    return build_plan(
        BoundGraph(name="g", source="/g.yaml", source_digest="0" * 64, project="/p", tasks=tasks)
    )


def test_a_diamond() -> None:
    plan = plan_of(
        BoundTask(id="a"),
        BoundTask(id="b", needs=(Need(task="a"),)),
        BoundTask(id="c", needs=(Need(task="a"),)),
        BoundTask(id="d", needs=(Need(task="a"), Need(task="b"), Need(task="c"))),
    )
    assert [(n.id, n.order, n.level, n.remaining) for n in plan.nodes] == [
        ("a", 0, 0, 3.0),
        ("b", 1, 1, 2.0),
        ("c", 2, 1, 2.0),
        ("d", 3, 2, 1.0),
    ]
    assert plan.levels == 3
    assert plan.critical_path == ("a", "b", "d")
    assert plan.edges == (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))
    assert plan.nodes[0].why == "needs nothing"


def test_conditions_and_failures_make_it_a_maybe() -> None:
    plan = plan_of(
        BoundTask(id="a"),
        BoundTask(id="b", needs=(Need(task="a"),), condition=Expr("tasks.a.output > 1")),
        BoundTask(id="c", needs=(Need(task="a", mode="failed"),)),
        BoundTask(id="d", needs=(Need(task="c", mode="done"),)),
    )
    _, b, c, d = plan.nodes
    assert (b.action, b.why) == ("maybe", "runs if its condition holds and `a` ends ok")
    assert b.condition == "tasks.a.output > 1"
    assert (c.action, c.why) == ("maybe", "runs if `a` fails")
    assert (d.action, d.why) == ("run", "runs once `c` ended, however")


def test_what_is_not_built_is_refused() -> None:
    plan = plan_of(BoundTask(id="a", later=(LaterKey(key="each", where=("tasks", "a", "each")),)))
    assert plan.nodes[0].action == "refused"
    assert [(item.key, item.task) for item in plan.refused] == [("each", "a")]


def test_an_empty_graph_has_an_empty_plan() -> None:
    plan = plan_of()
    assert (plan.levels, plan.nodes, plan.critical_path) == (0, (), ())
