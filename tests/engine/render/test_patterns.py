"""What patterns make, drawn: as a plan, and as a DAG run with votes and a decision."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from metaensemble.engine.render import FORMATS, render
from metaensemble.engine.render.clusters import clusters
from metaensemble.engine.render.dot import dot
from metaensemble.engine.render.picture import picture
from metaensemble.engine.render.svg import svg
from metaensemble.schemas.plan import Plan, PlanNode
from metaensemble.schemas.report import Report
from support.grown_plans import Group, grown_plan
from support.plans import make_report

VOTERS = [f"review.{number}" for number in range(1, 6)]
PLAN = {
    "review": Group("pattern", {**{f".{number}": None for number in range(1, 6)}, ".verdict": None}),
    "change": Group("pattern", {".author": None, ".review-1": None, ".author#2": None, ".verdict": None}),
    "tell": None,
}
NEEDS = {
    "review.verdict": [f"{one}:done" for one in VOTERS],
    "change.review-1": ["change.author"],
    "change.author#2": ["change.review-1:done"],
    "change.verdict": ["change.review-1:done", "change.author#2:done"],
    "tell": ["review", "change"],
}
SAID = {
    "review": "decision: ok",
    "review.1": "vote: ok",
    "review.2": "vote: bad",
    "review.3": "vote: ok",
    "review.4": "vote: ok",
    "review.verdict": "decision: ok",
}


def plan() -> Plan:
    made = grown_plan(PLAN, NEEDS)
    return made.model_copy(update={"nodes": tuple(map(dressed, made.nodes))})


def dressed(node: PlanNode) -> PlanNode:
    called = {"review": "consensus of 5", "change": "peer_review"}
    if node.id in called:
        return node.model_copy(update={"details": {"pattern": called[node.id]}})
    held = node.id in ("review.4", "review.5", "change.author#2")
    return node.model_copy(update={"held": held, "background": node.id == "change.review-1"})


def report(of: Plan) -> Report:
    made = make_report(of, {"review.5": "skipped"})
    reasons = {"review": "decided 3:1 of 5", "review.5": "decided 3:1 of 5", "change": "its attempt ended ok"}
    nodes = [node.model_copy(update={"reason": reasons.get(node.id, "")}) for node in made.nodes]
    return made.model_copy(update={"nodes": tuple(nodes)})


@pytest.mark.parametrize("form", FORMATS)
def test_golden(form: str, golden: Callable[[str, str], None]) -> None:
    golden(f"render/patterns.{form}", render(plan(), form))
    golden(f"render/patterns-states.{form}", render(plan(), form, report=report(plan()), said=SAID))


def test_a_pattern_is_a_frame_that_says_what_it_is() -> None:
    drawn = picture(plan())
    assert [(one.name, one.node.source if one.node else "") for one in clusters(drawn).clusters] == [
        ("review", "consensus of 5"),
        ("change", "peer_review"),
    ]
    for text in (dot(drawn), svg(drawn), render(plan(), "mermaid")):
        assert "consensus of 5" in text
        assert "held back" in text
        assert "in the background" in text


def test_later_rounds_are_no_group_of_their_own() -> None:
    found = {vertex.id: vertex.groups for vertex in picture(plan()).vertices}
    assert found["change.author"] == found["change.author#2"] == ("change",)


def test_a_run_says_votes_and_the_decision() -> None:
    nodes = {
        one["id"]: one
        for one in json.loads(render(plan(), "json", report=report(plan()), said=SAID))["nodes"]
    }
    assert nodes["review"]["says"] == "decision: ok"
    assert nodes["review.2"]["says"] == "vote: bad"
    assert "says" not in nodes["review.5"]


def test_a_collapsed_pattern_still_says_its_decision() -> None:
    drawn = render(plan(), "ascii", report=report(plan()), said=SAID, collapse=3)
    (line,) = [line for line in drawn.splitlines() if "review" in line and "change" not in line]
    assert "consensus of 5" in line
    assert "decision: ok" in line
    assert "decided 3:1 of 5" in line


def test_an_end_that_goes_without_saying_is_not_said() -> None:
    assert "its attempt ended ok" not in render(plan(), "ascii", report=report(plan()))
