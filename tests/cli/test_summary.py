from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from metaensemble.cli.summary import heading, say_summary, summary_lines
from metaensemble.schemas.report import Report
from metaensemble.schemas.states import NodeState
from support import grown_plans, plans


def text(report: Report) -> str:
    return "".join(f"{line}\n" for _, line in summary_lines(report))


def test_ok(golden: Callable[[str, str], None]) -> None:
    plan = plans.make_plan(plans.DIAMOND)
    report = plans.make_report(plan, {})
    nodes = (*report.nodes[:3], report.nodes[3].model_copy(update={"deliverable": "out/report.md"}))
    golden("cli/summary-ok.txt", text(report.model_copy(update={"nodes": nodes})))


def test_failed(golden: Callable[[str, str], None]) -> None:
    plan = plans.make_plan({**plans.DIAMOND, "review[a b]": ["fetch"]})
    report = plans.make_report(plan, {"left": "failed", "merge": "blocked", "review[a b]": "failed"})
    golden("cli/summary-failed.txt", text(report))


def test_many_failures_are_counted() -> None:
    plan = plans.make_plan({f"n{number}": [] for number in range(50)})
    report = plans.make_report(plan, {f"n{number}": "failed" for number in range(50)})
    assert "  and 30 more: me dag status 0190d1a0" in text(report)


def test_paused(golden: Callable[[str, str], None]) -> None:
    report = plans.make_report(
        plans.make_plan(plans.CHAIN),
        {"parse": "waiting", "clean": "pending", "load": "pending"},
        state="paused",
        reason="the end of `parse` was never seen",
        ended_ms=None,
        waiting_for=("me dag resume 0190d1a0 --lost parse=rerun",),
        source_changed=True,
    )
    golden("cli/summary-paused.txt", text(report))


def test_one_node_is_said_in_the_singular() -> None:
    assert heading(plans.make_report(plans.make_plan({"a": []}), {})) == "sample: ok, 1 node in 4.2 s (1 ok)"


def test_it_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say_summary(plans.make_report(plans.make_plan({"a": []}), {}))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("sample: ok")


def votes(states: dict[str, NodeState], **fields: Any) -> Report:
    members = {f".{number}": None for number in range(1, 4)}
    plan = grown_plans.grown_plan({"review": grown_plans.Group("pattern", members), "tell": None}, {})
    return plans.make_report(plan, states, **fields)


def test_what_a_pattern_got_over_is_counted_and_not_listed() -> None:
    said = text(votes({"review.2": "failed"}, state="ok"))
    assert "failed review.2" not in said
    assert "  1 failed in patterns that ended ok all the same: me dag status 0190d1a0" in said


def test_beside_other_failures_it_is_more_that_failed() -> None:
    said = text(votes({"review.2": "failed", "tell": "failed"}))
    assert "  failed tell [exit_status]: exit status 1" in said
    assert "  1 more failed in patterns that ended ok all the same" in said


def test_what_made_a_pattern_fail_is_listed() -> None:
    said = text(votes({"review": "failed", "review.2": "failed"}))
    assert "  failed review.2 [exit_status]: exit status 1" in said
    assert "all the same" not in said


@pytest.mark.parametrize(("piece", "count", "are_named"), [(".", 5, True), (".", 6, False), ("", 6, True)])
def test_of_many_reports_of_pieces_only_the_folder_is_named(piece: str, count: int, are_named: bool) -> None:
    ids = [f"n{piece}{number}" for number in range(count + 1)]
    report = plans.make_report(plans.make_plan({name: [] for name in ids}), {})
    folder = f".metaensemble/reports/{report.dag_run_id}/"
    left = [f"{folder}{name}.md" for name in ids[:-1]] + ["out.md"]
    nodes = [
        node.model_copy(update={"deliverable": path}) for node, path in zip(report.nodes, left, strict=True)
    ]
    said = text(report.model_copy(update={"nodes": tuple(nodes)}))
    assert (f"{folder}{ids[0]}.md  ({ids[0]})" in said) is are_named
    assert (f"  {folder}  ({count} reports)" in said) is not are_named
    assert f"out.md  ({ids[-1]})" in said


def test_what_a_graph_hands_on_is_shown_on_one_line_each() -> None:
    report = plans.make_report(plans.make_plan({"a": []}), {}, outputs={"said": "one\ntwo", "all": {"n": 1}})
    assert 'outputs:\n  said: one two\n  all: {"n": 1}\n' in text(report)


def test_work_on_branches_is_told_with_the_command_that_brings_it_over() -> None:
    report = plans.make_report(plans.make_plan({"a": [], "b": []}), {}, branches={"a": "metaensemble/x/a"})
    nodes = tuple(node.model_copy(update={"deliverable": f"{node.id}.txt"}) for node in report.nodes)
    said = text(report.model_copy(update={"nodes": nodes}))
    assert "  a.txt  (a, on its branch)\n  b.txt  (b)\n" in said
    assert "done in worktrees, on branches of their own: a\n" in said
    assert f"  me worktrees apply {report.dag_run_id}\n" in said


def test_tools_that_were_refused_are_told() -> None:
    report = plans.make_report(plans.make_plan({"a": []}), {})
    (node,) = report.nodes
    attempts = tuple(one.model_copy(update={"refused": {"Bash": 2}}) for one in node.attempts)
    said = text(report.model_copy(update={"nodes": (node.model_copy(update={"attempts": attempts}),)}))
    assert "refused: a asked for the tool `Bash`, 2 times; its Role does not allow it" in said
