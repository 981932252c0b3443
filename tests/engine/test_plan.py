"""The plan: order, levels, the critical path, reasons, and what is refused."""

from __future__ import annotations

import pytest

from metaensemble.engine.dag import Dag
from metaensemble.engine.plan import build_plan
from metaensemble.schemas.bound import BoundGraph, BoundTask, LaterKey, Need, SettleSpec, SubGraph
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


def made_of_pattern(name: str, *, background: bool = False) -> BoundTask:
    """A task that a pattern made two voters of, the second of them held, and a verdict."""
    pieces = (
        BoundTask(id="1", hosted=True),
        BoundTask(id="2", hosted=True, held=True, background=background),
        BoundTask(
            id="verdict",
            made=True,
            needs=(Need(task="1", mode="done"), Need(task="2", mode="done")),
            settles=SettleSpec(rule="vote"),
        ),
    )
    inside = BoundGraph(name=name, source="/g.yaml", source_digest="0" * 64, project="/p", tasks=pieces)
    calls = {"expected": 1.5, "worst": 2, "model": "a model"}
    body = SubGraph(graph=inside, result="verdict", pattern="consensus", size=2, calls=calls)
    return BoundTask(id=name, kind="graph", runtime="graph", body=body)


def test_a_pattern_tells_its_calls_and_who_is_held() -> None:
    plan = plan_of(made_of_pattern("vote"))
    group, one, two, verdict = plan.nodes
    assert (group.kind, group.is_group) == ("pattern", True)
    assert group.details["pattern"] == "consensus of 2"
    assert group.details["calls"] == {"expected": 1.5, "worst": 2, "model": "a model"}
    assert (one.action, one.held, one.why) == ("run", False, "needs nothing")
    assert (two.action, two.held, two.why) == ("maybe", True, "held until `verdict` has need of it")
    assert verdict.why == "runs once it has seen enough of `1`, `2`"
    assert [node.group for node in plan.nodes] == [None, "vote", "vote", "vote"]


def test_what_is_in_the_background_says_so() -> None:
    two = plan_of(made_of_pattern("vote", background=True)).nodes[2]
    assert two.background
    assert two.why.endswith("; in the background: holds nothing else up")


def test_graphs_of_one_shape_are_ranked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ranked: list[str] = []

    class Counted(Dag):
        def __init__(self, graph: BoundGraph) -> None:
            ranked.append(graph.name)
            super().__init__(graph)

    monkeypatch.setattr("metaensemble.engine.plan.Dag", Counted)
    plan = plan_of(*(made_of_pattern(f"vote-{number}") for number in range(50)))
    assert ranked == ["g", "vote-0"]
    assert plan.edges[-1] == ("vote-49.2", "vote-49.verdict")
    assert {node.level for node in plan.nodes if node.task == "verdict"} == {1}
