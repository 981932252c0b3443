from __future__ import annotations

from metaensemble.engine.render.picture import picture
from metaensemble.schemas.plan import PlanNeed
from support import plans


def test_groups_come_from_the_ids() -> None:
    drawn = picture(plans.make_plan({"build/compile": [], "build/test[py=3.12]": ["build/compile"]}))
    assert [vertex.groups for vertex in drawn.vertices] == [("build",), ("build", "build/test")]


def test_what_bears_the_name_of_a_group_belongs_to_it() -> None:
    drawn = picture(plans.make_plan({"review.1": [], "review.2": [], "review": ["review.1", "review.2"]}))
    assert [vertex.groups for vertex in drawn.vertices] == [("review",)] * 3


def test_a_quorum_is_kept() -> None:
    needs = {"needs": (PlanNeed(node="a", mode="ok", count=2, of=3), PlanNeed(node="b", mode="ok", count=2))}
    drawn = picture(plans.make_plan({"a": [], "b": [], "c": ["a", "b"]}, c=needs))
    assert [edge.quorum for edge in drawn.edges] == ["2/3", "2"]


def test_a_plan_has_the_critical_path_of_the_plan() -> None:
    drawn = picture(plans.make_plan(plans.DIAMOND))
    assert [vertex.id for vertex in drawn.vertices if vertex.critical] == ["fetch", "left", "merge"]
    assert drawn.outcome == ""


def test_a_dag_run_that_ended_has_the_path_that_took_longest() -> None:
    plan = plans.make_plan(plans.DIAMOND)
    report = plans.make_report(plan, {})
    slow = tuple(n.model_copy(update={"working_ms": 9_000 if n.id == "right" else 100}) for n in report.nodes)
    drawn = picture(plan, report.model_copy(update={"nodes": slow}))
    assert [vertex.id for vertex in drawn.vertices if vertex.critical] == ["fetch", "right", "merge"]
    assert [(e.source, e.target) for e in drawn.edges if e.critical] == [
        ("fetch", "right"),
        ("right", "merge"),
    ]
    assert drawn.outcome == "ok in 4.2 s: 4 ok"


def test_one_that_goes_on_keeps_the_path_of_the_plan() -> None:
    plan = plans.make_plan(plans.DIAMOND)
    report = plans.make_report(plan, {"left": "pending", "merge": "pending"}, ended_ms=None, state="running")
    drawn = picture(plan, report)
    assert [vertex.id for vertex in drawn.vertices if vertex.critical] == ["fetch", "left", "merge"]
    assert drawn.outcome == "running: 2 pending, 2 ok"
