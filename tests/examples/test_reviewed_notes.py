"""examples/agents/reviewed-notes: played from its recordings, as its README says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.schemas.errors import InputErrors
from metaensemble.schemas.report import Report
from support.examples import copy_of, me


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return copy_of("agents/reviewed-notes", tmp_path)


def run(example: Path) -> Report:
    return api.run(example / "graph.yaml", replay=example / "recorded.jsonl", cwd=example)


def stored(example: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (example / ".metaensemble" / kind).glob("*.json")]


def test_the_author_mends_what_the_reviewer_found(example: Path) -> None:
    report = run(example)
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert report.outputs["rounds"] == 2
    assert "--no-wait" in report.outputs["notes"]["breaking"][0]
    reports = example / ".metaensemble" / "reports" / report.dag_run_id
    assert "- `--no-wait` is gone." in (reports / "page.md").read_text()
    assert "## Round 1: `reader` says reject" in (reports / "notes.verdict.md").read_text()

    (author,) = (one for one in api.list_executors(cwd=example) if one["role_id"] == "docs")
    assert author["runs"] == 3, "the draft, its revision and the page"
    told = me("relaunch", author["alias"], cwd=example).stdout
    assert author["alias"] in told
    assert "page" in told
    assert "notes.author#2.md" in me("registry", cwd=example).stdout

    manifests = [one["manifest"] for one in stored(example, "manifests")]
    pointed = [one["context"]["files"] for one in manifests if one["task"] == "notes"]
    assert pointed == [[{"path": "changes.md", "role": "source"}]] * 4
    handed_on = [one["result"] for one in stored(example, "briefs") if one["from"] == author["alias"]]
    assert report.outputs["notes"] in handed_on


def test_notes_that_are_rejected_again_are_not_made_a_page_of(example: Path) -> None:
    file = example / "recorded.jsonl"
    file.write_text(file.read_text().replace('"verdict": "approve"', '"verdict": "reject"'))
    nodes = {node.id: node for node in run(example).nodes}
    assert nodes["notes"].state == "failed"
    assert "rejected by `reader` in round 2" in nodes["notes.verdict"].reason
    assert nodes["page"].state == "blocked"


def test_nobody_reviews_their_own_work(example: Path) -> None:
    file = example / "graph.yaml"
    file.write_text(file.read_text().replace("role: code-quality", "role: docs"))
    with pytest.raises(InputErrors) as caught:
        run(example)
    assert [error.code for error in caught.value.errors] == ["ME336"]
