from __future__ import annotations

from collections.abc import Callable

import pytest

from metaensemble.cli.summary import heading, say_summary, summary_lines
from metaensemble.schemas.report import Report
from support import plans


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
