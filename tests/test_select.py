"""Tasks that are left out of a DAG run: what the others see of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.schemas.errors import InputErrors

GRAPH = """\
name: parts
tasks:
  list: {run: "printf 'a\\nb\\n'", output: {as: lines}, tags: [slow]}
  each:
    each: ${{ tasks.list.output }}
    key: ${{ item }}
    run: echo "<${{ item }}>"
  join: {run: "echo ${{ tasks.each.outputs | map(attribute='output') | join('') }} ${{ tasks.list.status }}"}
  alone: {run: echo alone}
  mop: {run: echo mopped, needs: {alone: failed}}
outputs:
  joined: ${{ tasks.join.output }}
  alone: ${{ tasks.alone.output }}
"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    (tmp_path / ".metaensemble").mkdir()
    file = tmp_path / "graph.yaml"
    file.write_text(GRAPH)
    return file


def states(report) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {node.id: node.state for node in report.nodes}


def test_what_is_left_out_is_not_in_the_dag_run(graph: Path) -> None:
    report = api.run(graph, select=["alone"], cwd=graph.parent)
    assert states(report) == {"alone": "ok"}
    assert report.outputs == {"alone": "alone"}


def test_a_reference_without_an_earlier_output_is_an_error(graph: Path) -> None:
    with pytest.raises(InputErrors) as found:
        api.run(graph, select=["join"], cwd=graph.parent)
    assert {error.code for error in found.value.errors} == {"ME518"}
    assert "`join` refers to `each`" in found.value.errors[0].message
    assert not (graph.parent / ".metaensemble" / "state").exists()


def test_references_take_the_last_ok_output(graph: Path) -> None:
    api.run(graph, exclude=["alone"], cwd=graph.parent)
    report = api.run(graph, select=["join"], cwd=graph.parent)
    assert states(report) == {"join": "ok"}
    assert report.outputs == {"joined": "<a><b> ok"}
    # And again, from a DAG run that had them from another one.
    assert api.run(graph, select=["join"], cwd=graph.parent).outputs == {"joined": "<a><b> ok"}


def test_with_all_that_it_needs(graph: Path) -> None:
    report = api.run(graph, select=["+join"], cwd=graph.parent)
    assert states(report)["join"] == "ok"
    assert "alone" not in states(report)


def test_what_failed_and_all_behind_it(graph: Path) -> None:
    graph.write_text(GRAPH.replace("echo alone", "test -e mended"))
    first = api.run(graph, cwd=graph.parent)
    assert states(first)["alone"] == "failed"
    (graph.parent / "mended").touch()
    report = api.run(graph, select=["result:failed"], cwd=graph.parent)
    assert states(report) == {"alone": "ok"}


def test_who_waits_for_a_left_out_failure_is_left_out_too(graph: Path) -> None:
    assert "mop" not in states(api.run(graph, exclude=["alone"], cwd=graph.parent))


def test_a_resume_keeps_the_selection(graph: Path) -> None:
    api.run(graph, exclude=["alone"], cwd=graph.parent)
    graph.write_text(GRAPH.replace('join: {run: "echo', 'join: {run: "test -e mended && echo'))
    first = api.run(graph, select=["join"], cwd=graph.parent)
    assert first.state == "failed"
    (graph.parent / "mended").touch()
    report = api.resume(first.dag_run_id, cwd=graph.parent)
    assert states(report) == {"join": "ok"}
    assert report.outputs == {"joined": "<a><b> ok"}


def test_the_plan_shows_the_selection(graph: Path) -> None:
    found = api.plan(graph, select=["alone", "tag:slow"], cwd=graph.parent)
    assert [node.id for node in found.nodes] == ["list", "alone"]
