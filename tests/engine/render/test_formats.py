from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from metaensemble.engine.render import FORMATS, render
from metaensemble.schemas.plan import Plan
from support import plans


def odd() -> Plan:
    """Names and conditions that a careless writer of DOT or Mermaid would trip over."""
    return plans.make_plan(
        {**plans.NESTED, 'we"ird\\n:x[a]#;': ["docs:failed"]},
        e2e={"condition": "params.full == 'a\"<b>'"},
        docs={"later": ("pattern",)},
    )


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "ascii"])
def test_golden(form: str, golden: Callable[[str, str], None]) -> None:
    plan = odd()
    report = plans.make_report(plan, {"e2e": "failed", "package": "blocked", "notify": "skipped"})
    golden(f"render/odd.{form}", render(plan, form))
    golden(f"render/odd-states.{form}", render(plan, form, report=report))


@pytest.mark.parametrize("form", FORMATS)
def test_golden_of_a_large_group(form: str, golden: Callable[[str, str], None]) -> None:
    cells = [f"build/test[n={n}]" for n in range(14)]
    needs = {"build/compile": [], **{cell: ["build/compile"] for cell in cells}, "build/pack": cells}
    plan = plans.make_plan({**needs, "ship": ["build/pack"], "tidy": ["build/pack:done"]}, name="matrix")
    failed = {f"build/test[n={n}]": "failed" for n in range(3, 10)}
    report = plans.make_report(plan, {**failed, "build/pack": "blocked", "ship": "blocked"})
    golden(f"render/matrix.{form}", render(plan, form, report=report, collapse=12))


def test_json_has_all_nodes_and_edges() -> None:
    plan = odd()
    drawn = json.loads(render(plan, "json"))
    assert [node["id"] for node in drawn["nodes"]] == [node.id for node in plan.nodes]
    assert {(edge["from"], edge["to"]) for edge in drawn["edges"]} == set(plan.edges)
    assert {edge["mode"] for edge in drawn["edges"]} == {"ok", "failed"}


def test_the_critical_path_is_marked() -> None:
    plan = plans.make_plan(plans.DIAMOND)
    edges = json.loads(render(plan, "json"))["edges"]
    assert [(e["from"], e["to"]) for e in edges if e["critical"]] == [("fetch", "left"), ("left", "merge")]


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="pdf"):
        render(odd(), "pdf")


def test_drawing_twice_gives_the_same() -> None:
    plan = plans.make_plan(plans.LAYERED)
    assert [render(plan, form) for form in FORMATS] == [render(plan, form) for form in FORMATS]
