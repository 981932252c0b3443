from __future__ import annotations

from metaensemble.engine.render.tally import NAMED, Members, members_of, tallies
from metaensemble.schemas.report import Report
from support.grown_plans import Group, grown_plan
from support.plans import make_report

ITEM = Group("graph", {"/one": None, "/two": None})
PLAN = grown_plan({"each": Group("each", {f"[{n}]": ITEM for n in range(8)}), "tell": None}, {})
GROUPS = {node.id: node.group for node in PLAN.nodes}


def seen(report: Report) -> dict[str, Members]:
    return tallies(PLAN.nodes, GROUPS, {node.id: node for node in report.nodes})


def test_members_are_counted_and_what_failed_deepest_is_named() -> None:
    states = {f"each[{n}]{end}": "failed" for n in range(7) for end in ("", "/two")}
    found = seen(make_report(PLAN, {**states, "each": "failed"}))  # type: ignore[arg-type]
    assert found["each"] == Members(
        size=8,
        counts=(("ok", 1), ("failed", 7)),
        failed=tuple(f"each[{n}]/two" for n in range(NAMED)),
        more_failed=2,
    )
    assert found["each[0]"] == Members(size=2, counts=(("ok", 1), ("failed", 1)), failed=("each[0]/two",))


def test_a_group_that_failed_by_itself_is_named() -> None:
    found = seen(make_report(PLAN, {"each[3]": "failed"}))
    assert found["each"].failed == ("each[3]",)
    assert found["each[3]"].failed == ()


def test_reuse_is_counted_at_any_depth() -> None:
    report = make_report(PLAN, {})
    taken = tuple(
        node.model_copy(update={"reused_from": "run"}) if node.id.endswith("/one") else node
        for node in report.nodes
    )
    found = seen(report.model_copy(update={"nodes": taken}))
    assert (found["each"].reused, found["each[0]"].reused) == (8, 1)


def test_of_a_plan_only_the_size_is_known() -> None:
    assert tallies(PLAN.nodes, GROUPS, {})["each"] == Members(size=8)
    assert members_of([], []) == Members(size=0)
