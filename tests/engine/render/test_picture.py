from __future__ import annotations

from metaensemble.engine.render.picture import picture
from metaensemble.schemas.plan import PlanNeed
from support import plans
from support.grown_plans import FORESEEN, FORESEEN_NEEDS, SAMPLE, SAMPLE_NEEDS, SAMPLE_STATES, grown_plan


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


def test_rounds_follow_each_other() -> None:
    drawn = picture(grown_plan(SAMPLE, SAMPLE_NEEDS))
    assert ("draft#1", "draft#2") in {(edge.source, edge.target) for edge in drawn.edges}
    levels = {vertex.id: vertex.level for vertex in drawn.vertices}
    assert (levels["draft#1"], levels["draft#2"], levels["build[api]/pack"]) == (0, 1, 1)


def test_what_a_group_grows_from() -> None:
    drawn = picture(grown_plan(SAMPLE, SAMPLE_NEEDS))
    sources = {vertex.id: vertex.source for vertex in drawn.vertices if vertex.is_group}
    assert sources == {
        "build": "tasks.list.output",
        "build[api]": "package.yaml",
        "build[core]": "package.yaml",
        "draft": "5",
        "check": "",
        "late": "tasks.list.output",
    }


def test_in_a_plan_one_node_stands_for_all() -> None:
    plan = grown_plan(FORESEEN, FORESEEN_NEEDS)
    stands_for = {vertex.id: vertex.stands_for for vertex in picture(plan).vertices if vertex.stands_for}
    assert stands_for == {"build[*]": "item", "draft#1": "round", "check[*]": "item"}
    # A key may be a star, too.
    run = picture(plan, plans.make_report(plan, {}))
    assert not any(vertex.stands_for for vertex in run.vertices)


def test_a_group_takes_from_its_start_to_its_end() -> None:
    plan = grown_plan(SAMPLE, SAMPLE_NEEDS)
    drawn = picture(plan, plans.make_report(plan, SAMPLE_STATES))
    took = {vertex.id: vertex.duration_ms for vertex in drawn.vertices}
    assert (took["build"], took["late"], took["list"]) == (3_000, None, 1_500)


def test_what_was_reused_is_told() -> None:
    plan = plans.make_plan({"a": [], "b": []})
    report = plans.make_report(plan, {})
    first = report.nodes[0].model_copy(update={"reused_from": "run"})
    drawn = picture(plan, report.model_copy(update={"nodes": (first, report.nodes[1])}))
    assert [vertex.reused for vertex in drawn.vertices] == [True, False]


def test_without_times_only_states_tell_dag_runs_apart() -> None:
    plan = plans.make_plan(plans.DIAMOND)
    report = plans.make_report(plan, {})
    slow = tuple(n.model_copy(update={"working_ms": 9_000 if n.id == "right" else 100}) for n in report.nodes)
    other = report.model_copy(update={"nodes": slow, "ended_ms": report.ended_ms + 7})
    assert picture(plan, report, times=False) == picture(plan, other, times=False)
    drawn = picture(plan, other, times=False)
    assert drawn.outcome == "ok: 4 ok"
    assert {vertex.duration_ms for vertex in drawn.vertices} == {None}
    assert [vertex.id for vertex in drawn.vertices if vertex.critical] == list(plan.critical_path)
