"""Checks and the quality gate in a DAG run: from the YAML file to the Run, the gates and the report."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.engine.ledger import Ledger, queries, rebuild
from metaensemble.engine.ledger.gate_queries import coverage_of
from metaensemble.engine.ledger.rows import RunRow
from metaensemble.schemas.errors import InputErrors
from metaensemble.schemas.report import Report

BAD = "def f(n):\n" + "".join(f"    if n == {n}:\n        return {n}\n" for n in range(20))


def run(tmp_path: Path, text: str, **arguments: Any) -> Report:
    (tmp_path / ".metaensemble").mkdir(exist_ok=True)
    file = tmp_path / "graph.yaml"
    file.write_text(text)
    # The tools of the environment that runs this, whatever else there is.
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return api.run(file, cwd=tmp_path, environ=environ, **arguments)


def runs(tmp_path: Path, node: str) -> list[RunRow]:
    with Ledger.open(tmp_path / ".metaensemble" / "state", readonly=True) as ledger:
        found = [row for row in queries.recent_runs(ledger, limit=50) if row.node_id == node]
    return sorted(found, key=lambda row: row.seq)


def gates(tmp_path: Path) -> list[tuple[Any, ...]]:
    with Ledger.open(tmp_path / ".metaensemble" / "state", readonly=True) as ledger:
        rows = ledger.connection.execute(
            "SELECT gate, node_id, state, axes FROM gates ORDER BY seq"
        ).fetchall()
    return [(gate, node, state, json.loads(axes)) for gate, node, state, axes in rows]


def test_a_check_that_fails_fails_the_node(tmp_path: Path) -> None:
    report = run(
        tmp_path, 'tasks: {a: {run: echo 1 > a, checks: ["test $(cat a) = 1", "test $(cat a) = 2"]}}'
    )
    assert report.state == "failed"
    (row,) = runs(tmp_path, "a")
    assert (row.outcome, row.failure_reason) == ("failed", "quality_gate")
    assert row.reason == "the check `test $(cat a) = 2` failed: exit status 1"
    assert row.quality_state == "block"
    assert [one["state"] for one in row.quality_findings["checks"]] == ["ok", "failed"]


def test_checks_see_the_values_of_expressions_and_never_as_shell_text(tmp_path: Path) -> None:
    text = """
        tasks:
          a: {run: 'printf "x\\"; touch oops; \\""'}
          b:
            run: "true"
            checks:
              - test ${{ tasks.a.output }} = 'x"; touch oops; "'
              - [test, "${{ tasks.a.output }}", "=", 'x"; touch oops; "']
    """
    report = run(tmp_path, text.replace("\n        ", "\n"))
    assert report.state == "ok"
    assert not (tmp_path / "oops").exists()
    (row,) = runs(tmp_path, "b")
    assert row.quality_state == "auto"


def test_a_failed_check_is_tried_again_as_any_other_failure(tmp_path: Path) -> None:
    text = (
        "tasks: {a: {run: echo x >> a, checks: ['test $(grep -c x a) = 2'], retry: {max: 1, backoff: 1ms}}}"
    )
    assert run(tmp_path, text).state == "ok"
    assert [row.quality_state for row in runs(tmp_path, "a")] == ["block", "auto"]


def test_checks_of_a_callable(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("def work():\n    open('made', 'w').close()\n    return 1\n")
    assert (
        run(tmp_path, "tasks: {a: {python: 'steps:work', checks: [test -f made, test -f other]}}").state
        == "failed"
    )
    (row,) = runs(tmp_path, "a")
    assert row.failure_reason == "quality_gate"


def test_the_timeout_of_the_task_holds_for_its_checks(tmp_path: Path) -> None:
    run(tmp_path, "tasks: {a: {run: 'true', checks: [sleep 600], timeout: 200ms}}")
    (row,) = runs(tmp_path, "a")
    assert (row.outcome, row.failure_reason) == ("failed", "timeout")


QUALITY = """
tasks:
  a:
    run: cp source.txt a.py
    deliverables: [{path: a.py}]
    quality: QUALITY
"""


def test_the_gate_notes_what_it_finds(tmp_path: Path) -> None:
    (tmp_path / "source.txt").write_text(BAD)
    report = run(tmp_path, QUALITY.replace("QUALITY", "note"))
    assert report.state == "ok"
    assert report.nodes[0].attempts[0].quality_state == "block"
    (row,) = runs(tmp_path, "a")
    assert (row.outcome, row.quality_state) == ("ok", "block")
    axes = {one["axis"]: one for one in row.quality_findings["axes"]}
    assert (axes["complexity"]["state"], axes["complexity"]["value"]) == ("block", 21)
    assert axes["complexity"]["findings"][0]["file"] == "a.py"
    ((gate, node, state, kept),) = gates(tmp_path)
    assert (gate, node, state) == ("quality", "a", "block")
    assert [one["axis"] for one in kept] == [name for name, one in axes.items() if one["state"] != "skipped"]
    assert all(one.keys() <= {"axis", "state", "value", "files"} for one in kept)


def test_what_the_gate_would_block_fails_a_task_that_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "source.txt").write_text(BAD)
    assert run(tmp_path, QUALITY.replace("QUALITY", "reask")).state == "failed"
    (row,) = runs(tmp_path, "a")
    assert row.failure_reason == "quality_gate"
    assert str(row.reason).startswith("the quality gate blocks: complexity: ")


def test_a_gate_that_is_off_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "source.txt").write_text(BAD)
    assert run(tmp_path, QUALITY.replace("QUALITY", "off")).state == "ok"
    (row,) = runs(tmp_path, "a")
    assert (row.quality_state, row.quality_findings) == (None, None)
    assert gates(tmp_path) == []


def test_the_coverage_of_a_file_is_compared_with_the_last_time(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("from a import f\n\n\ndef test_f():\n    f(0)\n")
    (tmp_path / "source.txt").write_text("def f(n):\n    return n\n")
    run(tmp_path, QUALITY.replace("QUALITY", "note"))
    lines = "".join(f"        n += {n}\n" for n in range(1, 3))
    (tmp_path / "source.txt").write_text(
        "def f(n):\n    if n:\n" + lines + "    return n\n" + "    x = 1\n" * 9
    )
    state = tmp_path / ".metaensemble" / "state"
    (tmp_path / ".metaensemble" / "quality.yaml").write_text("coverage: {least: 10}\n")
    with Ledger.open(state, readonly=True) as ledger:
        assert coverage_of(ledger, "a.py") == 100.0
    run(tmp_path, QUALITY.replace("QUALITY", "note"))
    row = runs(tmp_path, "a")[-1]
    axis = next(one for one in row.quality_findings["axes"] if one["axis"] == "coverage")
    assert axis["state"] == "notify"
    assert axis["why"].endswith(" points, from 100.0 %")
    with Ledger.open(state, readonly=True) as ledger:
        assert coverage_of(ledger, "a.py") == axis["value"]
        assert coverage_of(ledger, "b.py") is None
        before = ledger.connection.execute("SELECT * FROM gates ORDER BY seq").fetchall()
    rebuild(state)
    with Ledger.open(state, readonly=True) as ledger:
        assert ledger.connection.execute("SELECT * FROM gates ORDER BY seq").fetchall() == before
        assert coverage_of(ledger, "a.py") == axis["value"]
        assert ledger.verify().is_clean


def test_a_dag_run_goes_by_the_rules_that_it_was_started_with(tmp_path: Path) -> None:
    (tmp_path / "source.txt").write_text(BAD)
    (tmp_path / ".metaensemble").mkdir()
    rules = tmp_path / ".metaensemble" / "quality.yaml"
    rules.write_text("complexity: {notify: never, block: never}\nmaintainability: off\n")
    text = QUALITY.replace("QUALITY", "note").replace(
        "cp source.txt a.py", "test -f go && cp source.txt a.py"
    )
    report = run(tmp_path, text)
    assert report.state == "failed"
    rules.write_text("complexity: {notify: 1, block: 2}\n")
    (tmp_path / "go").touch()
    assert api.resume(report.dag_run_id, cwd=tmp_path).state == "ok"
    row = runs(tmp_path, "a")[-1]
    assert row.quality_state == "auto"
    assert "maintainability" not in {one["axis"] for one in row.quality_findings["axes"]}


def test_rules_that_are_wrong_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / ".metaensemble" / "quality.yaml").write_text("complexty: off\n")
    with pytest.raises(InputErrors):
        run(tmp_path, "tasks: {a: {run: 'true', checks: ['true']}}")
    assert not (tmp_path / ".metaensemble" / "state").exists()
    # Who does not use the gate need not care.
    assert run(tmp_path, "tasks: {a: {run: 'true'}}").state == "ok"


def test_what_a_deliverable_must_export(tmp_path: Path) -> None:
    text = """
        tasks:
          a:
            run: printf 'def f():\\n    pass\\n' > a.py
            deliverables: [{path: a.py, must_export: [f, g]}]
    """
    assert run(tmp_path, text.replace("\n        ", "\n")).state == "failed"
    (row,) = runs(tmp_path, "a")
    assert row.failure_reason == "quality_gate"
    assert "does not export `g`" in str(row.reason)
    assert row.quality_state == "block"


def test_what_is_played_from_a_recording_is_not_looked_at_again(tmp_path: Path) -> None:
    recording = tmp_path / "recorded.jsonl"
    recording.write_text('{"node": "a", "outcome": "ok", "output": "x"}\n')
    text = "tasks: {a: {run: echo x, checks: ['touch looked; false']}}"
    assert run(tmp_path, text, replay=recording).state == "ok"
    assert not (tmp_path / "looked").exists()
